//! The README's tour, run as it is written, by real processes at a terminal, and what is seen of it.
//!
//! Only its ports are others, so that it runs beside whatever else runs on the machine. It needs bash,
//! Python and `script`, which gives it a terminal; where `CI` is set they must be there.

#![cfg(target_os = "linux")]
#![allow(clippy::panic, reason = "a test that fails says so by panicking")]

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use farthing_testkit::Result;
use farthing_testkit::programs::{AS_MINT, AS_PAYWALL, AS_WALLET};

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const README: &str = include_str!("../../../README.md");

/// What goes before the tour's own lines: jobs have numbers, `up PORT` waits for a minute until somebody
/// listens, and whatever happens, nothing is left running.
const PRELUDE: &str = "\
set -em
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
up() {
    for _ in {1..600}; do
        if (exec 3<>\"/dev/tcp/127.0.0.1/$1\") 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo \"nobody listens on $1\"
    return 1
}
";

/// The blocks of the tour, but for the one that builds the programs.
fn blocks() -> Result<Vec<&'static str>> {
    let (_, tour) = README.split_once("## A tour").ok_or("there is no tour")?;
    let (tour, _) = tour.split_once("\n## ").ok_or("the tour has no end")?;
    let blocks = tour.split("```sh\n").skip(2);
    let blocks = blocks.filter_map(|rest| rest.split_once("\n```"));
    Ok(blocks.map(|(block, _)| block).collect())
}

/// Returns whether all is there that the tour needs besides Farthing.
fn tools_are_there() -> bool {
    let there = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let all = ["bash", "python3", "script"].iter().all(|name| there(name));
    assert!(
        all || std::env::var_os("CI").is_none(),
        "bash, python3 and script are needed"
    );
    all
}

/// Three ports that nobody listens on.
fn free_ports() -> Result<[u16; 3]> {
    let bind = || TcpListener::bind("127.0.0.1:0");
    let listeners = [bind()?, bind()?, bind()?];
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// The three programs, in a folder for `PATH`.
fn programs(folder: &Path) -> Result<()> {
    for (name, role) in [
        ("farthing-mint", AS_MINT),
        ("farthing", AS_WALLET),
        ("farthing-paywall", AS_PAYWALL),
    ] {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\nexec '{BINARY}' {role} \"$@\"\n"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[test]
fn the_readmes_tour_runs_as_written() -> Result<()> {
    if !tools_are_there() {
        eprintln!("bash, python3 or script is missing: the README's tour was not tried");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    programs(folder.path())?;
    let [mint, site, paywall] = free_ports()?;
    let ports = [("3338", mint), ("8000", site), ("8402", paywall)];
    let mut script = PRELUDE.to_owned();
    for block in blocks()? {
        let with = |text: String, (written, port): &(&str, u16)| {
            text.replace(&format!(":{written}"), &format!(":{port}"))
        };
        let block = ports.iter().fold(block.to_owned(), with);
        script.push_str(&block.replace("http.server 8000", &format!("http.server {site}")));
        script.push('\n');
        // Whoever types the next block does so when this one is at rest.
        if block.contains("farthing-mint run") {
            script.push_str(&format!("up {mint}\n"));
        }
        if block.contains("farthing-paywall run") {
            script.push_str(&format!("up {site}; up {paywall}\n"));
        }
    }
    let tour = folder.path().join("tour.sh");
    fs::write(&tour, &script)?;

    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("script");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FARTHING_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .args([
            "-q",
            "-e",
            "-c",
            "stty cols 80 rows 24; bash tour.sh",
            "/dev/null",
        ])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env("HOME", folder.path())
        .env("NO_COLOR", "1")
        .env("FARTHING_MINT_LISTEN", format!("127.0.0.1:{mint}"))
        .env("FARTHING_PAYWALL_LISTEN", format!("127.0.0.1:{paywall}"))
        .env("FARTHING_PAYWALL_METRICS_LISTEN", "127.0.0.1:0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    // The wallet asks once whether to pay.
    child
        .stdin
        .take()
        .ok_or("no standard input")?
        .write_all(b"y\n")?;
    let output = child.wait_with_output()?;
    let shown = String::from_utf8(output.stdout)?.replace('\r', "");
    assert!(output.status.success(), "{}:\n{shown}", output.status);
    assert_seen_in_order(&shown, mint, paywall);
    Ok(())
}

/// What people see of it, in this order.
fn assert_seen_in_order(shown: &str, mint: u16, paywall: u16) {
    let expected = [
        "ann holds 500 credit.",
        "This phrase is the wallet: whoever has it has the money",
        &format!("http://127.0.0.1:{mint}  Corner shop (credit), with an account\n"),
        "withdrew 100 credit\n",
        &format!("   BALANCE  MINT\n100 credit  http://127.0.0.1:{mint}\n"),
        "This token is worth 10 credit. Anyone who has it can spend it. Show it again:\nfarthing sent 2",
        &format!("http://127.0.0.1:{mint}  Corner shop (credit), without an account\n"),
        "received 10 credit\n",
        &format!("http://127.0.0.1:{paywall} asks for 5 credit.\n"),
        &format!("  page:    GET http://127.0.0.1:{paywall}/articles/one.txt\n"),
        &format!("  balance: 90 credit at http://127.0.0.1:{mint}\n"),
        "Pay 5 credit? [y/N] ",
        "It was worth it.\n",
        "paid 5 credit to http://127.0.0.1:",
        "It was worth it.\n",
        "nothing to pay: it was paid for before\n",
        "DAY (UTC)     AMOUNT  PAYMENTS  SITE\n",
        &format!("  5 credit         1  http://127.0.0.1:{paywall}\n"),
        "gazette holds 0 credit.",
        "The books balance",
    ];
    let mut rest = shown;
    for line in expected {
        let found = rest.split_once(line);
        let Some((_, after)) = found else {
            panic!("not seen, or not here: {line:?}\n{shown}");
        };
        rest = after;
    }
}
