//! The command line by itself: what it prints, where, and with which exit code. Hardly any mint is needed.

use crate::program::{farthing, json, text};
use crate::server::Server;
use serde_json::Value;

const PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
/// Nothing listens on the discard port.
const NOBODY: &str = "http://127.0.0.1:9";

#[test]
fn init_shows_a_phrase_once_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let wallet = dir.path().join("new");
    let output = farthing(&wallet, &["init"], "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout).split_whitespace().count(), 12);
    assert!(text(&output.stderr).contains("Write it down"));

    let file = || std::fs::read(wallet.join("wallet.sqlite")).unwrap();
    let before = file();
    let again = farthing(&wallet, &["init", "--json"], "");
    assert_eq!(again.status.code(), Some(7));
    let error = &json(&again)["error"];
    assert_eq!(
        (&error["code"], &error["exit_code"]),
        (&"wallet_exists".into(), &7.into())
    );
    assert_eq!(file(), before);
}

#[test]
fn a_phrase_is_taken_from_standard_input_and_gives_the_same_key_everywhere() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let keys: Vec<Value> = ["a", "b"]
        .map(|name| {
            let wallet = dir.path().join(name);
            let output = farthing(&wallet, &["init", "--restore", "--json"], PHRASE);
            assert_eq!(output.status.code(), Some(0));
            assert_eq!(json(&output)["phrase"], Value::Null);
            let none = farthing(&wallet, &["key", "--json"], "");
            assert_eq!(json(&none)["error"]["code"], "no_mint");
            let added = farthing(&wallet, &["mint", "add", &server.base], "");
            assert!(added.status.success());
            json(&farthing(&wallet, &["key", "--json"], ""))
        })
        .into();
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0]["key"].as_str().unwrap().len(), 64);
    // As an argument it would be seen by other users of the machine.
    let argument = farthing(&dir.path().join("c"), &["init", "--restore", PHRASE], "");
    assert_eq!(argument.status.code(), Some(2));
}

#[test]
fn a_wrong_phrase_is_refused_without_being_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = PHRASE.replace("yellow", "winner");
    let output = farthing(dir.path(), &["init", "--restore"], &wrong);
    assert_eq!(output.status.code(), Some(3));
    assert!(!text(&output.stderr).contains("sausage") && output.stdout.is_empty());
    assert_eq!(
        farthing(dir.path(), &["balance"], "").status.code(),
        Some(7),
        "nothing was made"
    );
}

#[test]
fn errors_say_what_happened_what_it_means_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let output = farthing(dir.path(), &["balance"], "");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(7), 0));
    let told = text(&output.stderr);
    assert!(told.starts_with("error: there is no wallet at "), "{told}");
    assert!(told.contains("\n  money: Nothing was moved.\n  to do: Make a wallet: farthing init."));

    farthing(dir.path(), &["init"], "");
    let output = farthing(dir.path(), &["withdraw", "5", "--json"], "");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(3), 0));
    assert_eq!(json(&output)["error"]["code"], "no_mint");

    let output = farthing(dir.path(), &["mint", "add", NOBODY, "--json"], "");
    assert_eq!(output.status.code(), Some(6));
    let error = &json(&output)["error"];
    assert_eq!(error["code"], "mint_unreachable");
    assert_eq!(
        (&error["open_operation"], &error["mint_code"]),
        (&Value::Null, &Value::Null)
    );

    let output = farthing(dir.path(), &["receive", "-", "--json"], "cashuBnonsense");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(json(&output)["error"]["code"], "token_malformed");
}

#[test]
fn a_wrong_command_line_is_a_json_error_too_when_that_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let output = farthing(dir.path(), &["--json", "withdraw", "-5"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json(&output)["error"]["code"], "usage");
    let output = farthing(dir.path(), &["withdraw", "1,5"], "");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let help = farthing(dir.path(), &["--help"], "");
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Exit codes:"));
}

#[test]
fn an_empty_wallet_lists_nothing() {
    let dir = tempfile::tempdir().unwrap();
    farthing(dir.path(), &["init"], "");
    for (command, field) in [
        (&["balance"][..], "balances"),
        (&["history"], "history"),
        (&["sent"], "sent"),
        (&["mint", "list"], "mints"),
    ] {
        let arguments = [command, &["--json"]].concat();
        let output = farthing(dir.path(), &arguments, "");
        assert_eq!(json(&output)[field], Value::Array(vec![]), "{command:?}");
        assert!(
            farthing(dir.path(), command, "").stdout.is_empty(),
            "{command:?}"
        );
    }
}
