//! A wallet's file that is damaged: the phrase is shown, and what can be read is saved.

use std::path::Path;

use serde_json::Value;

use crate::program::{farthing, json, text};
use crate::server::Server;
use crate::support::mint::API_TOKEN;

/// Overwrites a part of a wallet's file, in halves: the first or the second.
fn overwrite(wallet: &Path, first: bool) {
    let path = wallet.join("wallet.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    let half = if first {
        &mut bytes[..middle]
    } else {
        &mut bytes[middle..]
    };
    half.fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
}

fn holds(wallet: &Path, needle: &str) -> bool {
    let bytes = std::fs::read(wallet.join("wallet.sqlite")).unwrap();
    bytes.windows(needle.len()).any(|w| w == needle.as_bytes())
}

#[test]
fn the_phrase_is_shown_and_the_rest_saved_of_a_file_of_which_half_is_overwritten() {
    for (first, passphrase) in [(true, false), (false, false), (true, true), (false, true)] {
        let server = Server::start();
        let dir = tempfile::tempdir().unwrap();
        let (wallet, new) = (dir.path().join("wallet"), dir.path().join("new"));
        let file = dir.path().join("passphrase");
        std::fs::write(&file, "correct horse").unwrap();
        let file = file.to_str().unwrap();
        let init = match passphrase {
            true => vec!["init", "--new-passphrase-file", file],
            false => vec!["init"],
        };
        let init = farthing(&wallet, &init, "");
        let phrase = text(&init.stdout).trim().to_owned();
        let run = |wallet: &Path, arguments: &[&str]| {
            let arguments = [arguments, &["--passphrase-file", file]].concat();
            farthing(wallet, &arguments, "")
        };
        run(
            &wallet,
            &["mint", "add", &server.base, "--token", API_TOKEN],
        );
        let withdrawn = run(&wallet, &["withdraw", "100"]);
        assert!(withdrawn.status.success(), "{}", text(&withdrawn.stderr));
        let shown = run(&wallet, &["phrase", "--yes"]);
        assert_eq!(text(&shown.stdout).trim(), phrase);
        assert_eq!(
            run(&wallet, &["phrase"]).status.code(),
            Some(2),
            "nobody was asked"
        );

        overwrite(&wallet, first);
        let before = std::fs::read(wallet.join("wallet.sqlite")).unwrap();
        let balance = run(&wallet, &["balance"]);
        assert_eq!(balance.status.code(), Some(7));
        let doctor = run(&wallet, &["doctor", "--json"]);
        assert_eq!(doctor.status.code(), Some(1));
        let found = &json(&doctor)["findings"][0];
        assert_eq!(found["code"], "wallet_damaged", "{found}");
        assert!(
            found["advice"]
                .as_str()
                .unwrap()
                .contains("farthing salvage")
        );

        // The phrase is in one half or the other.
        let shown = run(&wallet, &["phrase", "--yes"]);
        let new_dir = new.to_str().unwrap();
        let saved = match shown.status.code() {
            Some(0) => {
                assert_eq!(text(&shown.stdout).trim(), phrase);
                run(&wallet, &["salvage", new_dir, "--json"])
            }
            code => {
                assert!(
                    !holds(&wallet, &phrase),
                    "{code:?}: {}",
                    text(&shown.stderr)
                );
                let lost = run(&wallet, &["salvage", new_dir]);
                assert!(!lost.status.success());
                let arguments = ["salvage", new_dir, "--phrase-file", "-", "--json"];
                let arguments = [&arguments[..], &["--passphrase-file", file]].concat();
                farthing(&wallet, &arguments, &phrase)
            }
        };
        if passphrase && saved.status.code() != Some(0) {
            // The key that opens the records was in the half that is gone.
            continue;
        }
        assert!(saved.status.success(), "{}", text(&saved.stderr));
        assert_eq!(std::fs::read(wallet.join("wallet.sqlite")).unwrap(), before);
        run(&new, &["mint", "add", &server.base]);
        let restored = run(&new, &["restore"]);
        assert!(restored.status.success(), "{}", text(&restored.stderr));
        let balance = json(&run(&new, &["balance", "--json"]));
        assert_eq!(
            balance["balances"][0]["available"], 100,
            "{first} {passphrase}"
        );
        let spent = run(&new, &["redeem", "--all"]);
        assert!(spent.status.code().is_some());
    }
}

#[test]
fn all_that_is_whole_is_saved() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let (wallet, new) = (dir.path().join("wallet"), dir.path().join("new"));
    let run = |wallet: &Path, arguments: &[&str]| farthing(wallet, arguments, "");
    run(&wallet, &["init"]);
    run(
        &wallet,
        &["mint", "add", &server.base, "--token", API_TOKEN],
    );
    run(&wallet, &["withdraw", "100"]);
    let sent = run(&wallet, &["send", "4"]);
    let saved = run(&wallet, &["salvage", new.to_str().unwrap(), "--json"]);
    let saved = json(&saved);
    assert_eq!(
        (&saved["sent"], &saved["unreadable"]),
        (&1.into(), &0.into())
    );
    assert_eq!(saved["mints"][0]["amount"], 96);
    assert_eq!(run(&new, &["sent", "2"]).stdout, sent.stdout);
    // It is used as a new device is: after a restore.
    let refused = json(&run(&new, &["withdraw", "1", "--json"]));
    assert_eq!(refused["error"]["code"], "not_restored");
    assert!(run(&new, &["restore"]).status.success());
    let balance = json(&run(&new, &["balance", "--json"]));
    assert_eq!(balance["balances"][0]["available"], 96);
    assert!(run(&new, &["withdraw", "1"]).status.success());
    // What is there is not written over.
    let again = run(&wallet, &["salvage", new.to_str().unwrap(), "--json"]);
    assert_eq!(json(&again)["error"]["code"], "wallet_exists");
    assert_ne!(
        json(&run(&new, &["history", "--json"]))["history"],
        Value::Null
    );
}
