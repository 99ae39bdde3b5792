//! The program as its users run it: with arguments, on a wallet of its own, with nobody at a terminal.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A command on the wallet in `wallet`, with no settings from this process's environment.
pub(crate) fn command(wallet: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("FARTHING_") || ["NO_COLOR", "COLUMNS"].contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("FARTHING_WALLET", wallet);
    command
}

/// Runs a command with `input` on standard input.
pub(crate) fn farthing(wallet: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(wallet, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// The object that a command with `--json` printed.
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns what a command printed.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Writes a file with a secret, for its owner alone.
pub(crate) fn secret_file(path: &Path, content: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
