//! What people see at a terminal: tables, colours, questions and QR codes.

#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{self, farthing, text};
use crate::server::Server;
use crate::session::PHRASE;
use crate::support::mint::API_TOKEN;

/// Runs a command on a terminal of its own, and types `input`; gives the exit code, and what the
/// terminal shows, without colours.
pub(crate) fn on_a_terminal(
    wallet: &Path,
    arguments: &[&str],
    input: &str,
) -> (Option<i32>, String) {
    on_a_terminal_with(wallet, arguments, input, &[("NO_COLOR", "1")])
}

fn on_a_terminal_with(
    wallet: &Path,
    arguments: &[&str],
    input: &str,
    environment: &[(&str, &str)],
) -> (Option<i32>, String) {
    let words: Vec<String> = arguments.iter().map(|word| format!("'{word}'")).collect();
    let line = format!(
        "stty rows 24 cols 80; '{}' {}",
        env!("CARGO_BIN_EXE_farthing"),
        words.join(" ")
    );
    let mut command = Command::new("script");
    // The same environment as elsewhere.
    for (name, value) in program::command(wallet, &[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .env("TERM", "xterm-256color")
        .envs(environment.iter().copied());
    let mut child = command
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), text(&output.stdout).replace('\r', ""))
}

fn wallet_with_money(server: &Server, wallet: &Path) {
    for (arguments, input) in [
        (&["init", "--restore"][..], PHRASE),
        (&["mint", "add", &server.base, "--token", API_TOKEN], ""),
        (&["restore"], ""),
        (&["withdraw", "100"], ""),
    ] {
        let output = farthing(wallet, arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

#[test]
fn lists_are_tables_and_colours_can_be_had_or_not() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let wallet = dir.path().join("wallet");
    wallet_with_money(&server, &wallet);
    let base = &server.base;
    let plain = format!("100 credit  {base}\n");
    let table = format!("   BALANCE  MINT\n100 credit  {base}\n");
    assert_eq!(text(&farthing(&wallet, &["balance"], "").stdout), plain);
    assert_eq!(
        on_a_terminal(&wallet, &["balance"], ""),
        (Some(0), table.clone())
    );
    let never = on_a_terminal_with(&wallet, &["balance", "--color", "never"], "", &[]);
    assert_eq!(never, (Some(0), table));
    let (_, coloured) = on_a_terminal_with(&wallet, &["balance"], "", &[]);
    assert!(
        coloured.contains("\x1b[1m100 credit\x1b[0m"),
        "{coloured:?}"
    );
    let dumb = on_a_terminal_with(&wallet, &["balance"], "", &[("TERM", "dumb")]).1;
    assert!(!dumb.contains('\x1b'), "{dumb:?}");
    let piped = farthing(&wallet, &["withdraw", "0", "--color", "always"], "");
    assert!(text(&piped.stderr).starts_with("\x1b[31m\x1b[1merror:\x1b[0m the amount"));
    let (_, shown) = on_a_terminal(&wallet, &["history"], "");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "#  WHEN (UTC)        WHAT          AMOUNT  DETAILS"
    );
    assert!(
        lines[1].starts_with("2  20") && lines[1].ends_with("  withdraw  100 credit"),
        "{shown}"
    );
}

#[test]
fn a_key_is_drawn_and_a_token_only_when_it_is_asked_for() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let wallet = dir.path().join("wallet");
    wallet_with_money(&server, &wallet);
    let (code, shown) = on_a_terminal(&wallet, &["key"], "");
    let key = text(&farthing(&wallet, &["key"], "").stdout)
        .trim()
        .to_owned();
    assert_eq!(code, Some(0));
    let (first, drawing) = shown.split_once('\n').unwrap();
    assert_eq!(
        (first, scanned(drawing).as_str()),
        (key.as_str(), key.as_str())
    );
    let piped = farthing(&wallet, &["key"], "");
    assert_eq!(text(&piped.stdout).lines().count(), 1);
    let drawn = farthing(&wallet, &["key", "--qr"], "");
    assert_eq!(
        scanned(text(&drawn.stdout).split_once('\n').unwrap().1),
        key
    );

    let (_, shown) = on_a_terminal(&wallet, &["send", "10"], "");
    assert!(!shown.contains('█') && shown.contains("As a QR code: farthing sent 3 --qr"));
    let token = text(&farthing(&wallet, &["sent", "3"], "").stdout)
        .trim()
        .to_owned();
    let drawn = farthing(&wallet, &["sent", "3", "--qr"], "");
    assert_eq!(
        scanned(text(&drawn.stdout).split_once('\n').unwrap().1),
        token
    );
    // It moves until a key is pressed, and then it is gone: the screen's lines are cleared.
    let (code, shown) = on_a_terminal(&wallet, &["sent", "3", "--qr"], "q");
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains(" parts, over and over. Press a key to go on."),
        "{shown}"
    );
    assert!(shown.contains("\x1b[2K"), "{shown:?}");
}

/// Returns what a scanner reads in a drawing without colours.
fn scanned(drawing: &str) -> String {
    const SCALE: usize = 4;
    let drawing: Vec<&str> = drawing
        .lines()
        .filter(|line| line.contains(['█', '▀', '▄']))
        .collect();
    let width = drawing[0].chars().count();
    let light = |x: usize, y: usize| match drawing[y / 2].chars().nth(x) {
        Some('█') => true,
        Some('▀') => y.is_multiple_of(2),
        Some('▄') => !y.is_multiple_of(2),
        _ => false,
    };
    let rows: Vec<Vec<bool>> = (0..drawing.len() * 2)
        .map(|y| (0..width).map(|x| light(x, y)).collect())
        .collect();
    let size = (width * SCALE, rows.len() * SCALE);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(size.0, size.1, |x, y| {
        if rows[y / SCALE][x / SCALE] { 255 } else { 0 }
    });
    let grids = image.detect_grids();
    grids.first().expect("a QR code").decode().unwrap().1
}
