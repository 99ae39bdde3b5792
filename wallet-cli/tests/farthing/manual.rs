//! The manual, `docs/wallet.md`: every object in it has the form of what the command prints, and what
//! it says of exit codes is what the program says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::session::Session;

const MANUAL: &str = include_str!("../../../docs/wallet.md");

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
        (Value::Array(documented), Value::Array(printed)) => {
            assert!(!printed.is_empty(), "{place}: nothing to compare with");
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

#[test]
fn every_object_in_the_manual_is_what_the_command_prints() {
    let mut session = Session::new();
    let mut printed: Vec<(&str, Value)> = Vec::new();
    let mut run = |session: &mut Session, documented: &'static str, line: &str| {
        let out = session.run(&format!("{line} --json"));
        printed.push((documented, serde_json::from_str(&out).unwrap()));
    };
    run(&mut session, "farthing init", "farthing init");
    run(
        &mut session,
        "farthing mint add https://mint.example",
        "farthing mint add $MINT --token $API_TOKEN",
    );
    run(
        &mut session,
        "farthing withdraw 100",
        "farthing withdraw 100",
    );
    run(
        &mut session,
        "farthing withdraw 5000",
        "farthing withdraw 5000",
    );
    run(&mut session, "farthing balance", "farthing balance");
    run(&mut session, "farthing mint list", "farthing mint list");
    run(
        &mut session,
        "farthing send 1.25",
        "farthing send 10 --memo tea",
    );
    run(&mut session, "farthing sent", "farthing sent");
    run(
        &mut session,
        "farthing get https://site.example/article -o article.html",
        "farthing get $MINT/article -o $DIR/article.html --yes --max 3",
    );
    let site = "farthing budget set https://site.example --per-item 3 --per-day 20";
    run(
        &mut session,
        site,
        "farthing budget set $MINT --per-item 3 --per-day 20",
    );
    run(&mut session, "farthing budget list", "farthing budget list");
    run(&mut session, "farthing spent", "farthing spent");
    run(&mut session, "farthing history", "farthing history");
    run(&mut session, "farthing restore", "farthing restore");
    session
        .server
        .with(|site| site.mint.borrow_mut().lies.unavailable = true);
    session.run("farthing withdraw 5");
    run(&mut session, "farthing recover", "farthing recover");
    run(&mut session, "farthing doctor", "farthing doctor");
    run(&mut session, "farthing key", "farthing key");
    run(
        &mut session,
        "farthing passphrase show",
        "farthing passphrase show",
    );
    session.run("farthing proxy set socks5h://127.0.0.1:9050");
    run(&mut session, "farthing proxy show", "farthing proxy show");
    run(
        &mut session,
        "farthing completions bash",
        "farthing completions bash",
    );
    run(&mut session, "farthing man", "farthing man");
    run(&mut session, "farthing man man1", "farthing man $DIR/man1");

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
