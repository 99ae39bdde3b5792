//! A thread that panics is logged as everything else is.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::process::Command;

use farthing_service::log;

/// Set in the process that panics.
const CHILD: &str = "FARTHING_TEST_CHILD";

#[test]
fn a_panic_is_one_line_of_the_log() {
    if std::env::var_os(CHILD).is_some() {
        log::start(log::Level::Info, log::Format::Json).unwrap();
        assert!(std::thread::spawn(|| panic!("out of luck")).join().is_err());
        log::finish();
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_panic_is_one_line_of_the_log", "--nocapture"]);
    let output = command
        .env(CHILD, "1")
        .env_remove("RUST_BACKTRACE")
        .output();
    let told = String::from_utf8(output.unwrap().stderr).unwrap();
    let lines: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("out of luck"))
        .collect();
    assert_eq!(lines.len(), 1, "{told}");
    assert!(lines[0].starts_with('{'), "{told}");
    assert!(lines[0].contains("a thread panicked"), "{told}");
    assert!(lines[0].contains("panics.rs:"), "{told}");
}
