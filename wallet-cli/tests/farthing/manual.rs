//! The manual, `docs/reference/wallet.md`: every object in it has the form of what the command prints, and what
//! it says of exit codes is what the program says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::program::secret_file;
use crate::session::Session;
use crate::support::site::FakeSite;

const MANUAL: &str = include_str!("../../../docs/reference/wallet.md");

/// The objects of the manual, each with the command that it says prints it.
fn documented() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (start, _) in MANUAL.match_indices("\n```json\n") {
        let (before, block) = MANUAL.split_at(start);
        let (_, command) = before.rsplit_once("\n`farthing ").unwrap();
        let (command, _) = command.split_once(" --json`").unwrap();
        let block = block.trim_start().trim_start_matches("```json");
        let (block, _) = block.split_once("```").unwrap();
        found.push((
            format!("farthing {command}"),
            serde_json::from_str(block).unwrap(),
        ));
    }
    found
}

/// Whether a value has the form of a documented one: the same fields, the same types. What is null in
/// either may be anything in the other.
fn same_form(documented: &Value, printed: &Value, place: &str) {
    match (documented, printed) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(documented), Value::Object(printed)) => {
            let names = |fields: &serde_json::Map<String, Value>| -> BTreeSet<String> {
                fields.keys().cloned().collect()
            };
            assert_eq!(names(documented), names(printed), "{place}");
            for (name, value) in documented {
                same_form(value, &printed[name], &format!("{place}, {name}"));
            }
        }
        (Value::Array(documented), Value::Array(printed)) if documented.is_empty() => {
            assert!(printed.is_empty(), "{place}: {printed:?}");
        }
        (Value::Array(documented), Value::Array(printed)) => {
            // Other addresses of the mint, which few have.
            let may_be_empty = place.ends_with("urls");
            assert!(
                may_be_empty || !printed.is_empty(),
                "{place}: nothing to compare with"
            );
            for value in printed {
                same_form(&documented[0], value, place);
            }
        }
        (documented, printed) => {
            let kind = std::mem::discriminant;
            assert_eq!(kind(documented), kind(printed), "{place}: {printed}");
        }
    }
}

/// The manual's commands, each with one that prints such an object here, in an order that works.
const TRIED: [(&str, &str); 28] = [
    ("farthing init", "farthing init"),
    (
        "farthing mint add https://mint.example",
        "farthing mint add $MINT --token $API_TOKEN",
    ),
    ("farthing withdraw 100", "farthing withdraw 100"),
    ("farthing withdraw 5000", "farthing withdraw 5000"),
    ("farthing balance", "farthing balance"),
    ("farthing account", "farthing account"),
    ("farthing mint list", "farthing mint list"),
    ("farthing send 1.25", "farthing send 10 --memo tea"),
    ("farthing sent", "farthing sent"),
    (
        "farthing get https://site.example/article -o article.html",
        "farthing get $MINT/article -o $DIR/article.html --yes --max 3",
    ),
    (
        "farthing budget set https://site.example --per-item 3 --per-day 20",
        "farthing budget set $MINT --per-item 3 --per-day 20",
    ),
    ("farthing budget list", "farthing budget list"),
    (
        "farthing export wallet.farthing",
        "farthing export $DIR/out --file-passphrase $DIR/pass",
    ),
    (
        "farthing import wallet.farthing",
        "farthing import $DIR/out --file-passphrase $DIR/pass",
    ),
    ("farthing spent", "farthing spent"),
    ("farthing history", "farthing history"),
    ("farthing restore", "farthing restore"),
    ("farthing recover", "farthing recover"),
    ("farthing tend", "farthing tend"),
    ("farthing phrase --yes", "farthing phrase --yes"),
    ("farthing salvage ~/new-wallet", "farthing salvage $DIR/new"),
    ("farthing doctor", "farthing doctor"),
    ("farthing key", "farthing key"),
    ("farthing passphrase show", "farthing passphrase show"),
    (
        "farthing proxy show",
        "farthing proxy set socks5h://127.0.0.1:9050",
    ),
    ("farthing completions bash", "farthing completions bash"),
    ("farthing man", "farthing man"),
    ("farthing man man1", "farthing man $DIR/man1"),
];

#[test]
fn every_object_in_the_manual_is_what_the_command_prints() {
    let mut session = Session::new();
    secret_file(&session.dir().join("pass"), "correct horse\n");
    let mut printed: Vec<(&str, Value)> = Vec::new();
    for (documented, line) in TRIED {
        if line == "farthing recover" {
            // So that there is something to recover.
            let unavailable = |site: &mut FakeSite| site.mint.borrow_mut().lies.unavailable = true;
            session.server.with(unavailable);
            session.run("farthing withdraw 5");
        }
        let out = session.run(&format!("{line} --json"));
        printed.push((documented, serde_json::from_str(&out).unwrap()));
    }
    let documented = documented();
    let commands: BTreeSet<&str> = documented
        .iter()
        .map(|(command, _)| command.as_str())
        .collect();
    let tried: BTreeSet<&str> = printed.iter().map(|(command, _)| *command).collect();
    assert_eq!(commands, tried);
    for (command, object) in &documented {
        let of_command = printed.iter().find(|(tried, _)| tried == command);
        same_form(object, &of_command.unwrap().1, command);
    }
}

#[test]
fn the_manual_has_the_programs_exit_codes_and_commands() {
    let mut session = Session::new();
    let help = session.run("farthing --help");
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    let (codes, _) = codes.split_once("\n\n").unwrap();
    // Lines of the help may be broken.
    let codes = codes.replace("\n  ", "\n").replace('\n', " ");
    for row in MANUAL
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains(" | "))
    {
        let Some((code, meaning)) = row.trim_matches(['|', ' ']).split_once(" | ") else {
            continue;
        };
        if code.parse::<u8>().is_ok() {
            assert!(
                codes.contains(&format!("{code}  {meaning}")),
                "{row}: {codes}"
            );
        }
    }
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    for line in commands.lines().take_while(|line| line.starts_with("  ")) {
        let name = line.split_whitespace().next().unwrap();
        let known = ["help"].contains(&name) || MANUAL.contains(&format!("`{name}"));
        assert!(known, "{name} is not in the manual");
    }
}
