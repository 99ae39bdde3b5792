//! A wallet's file that is damaged: the phrase is shown, and what can be read is saved.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::program::{farthing, json, secret_file, text};
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

/// A wallet with 100, of whose file one half is overwritten.
struct Damaged {
    server: Server,
    dir: tempfile::TempDir,
    phrase: String,
}

impl Damaged {
    fn new(first: bool, passphrase: bool) -> Self {
        let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
        secret_file(&dir.path().join("passphrase"), "correct horse");
        let mut damaged = Self {
            server,
            dir,
            phrase: String::new(),
        };
        let (wallet, file) = (damaged.wallet(), damaged.file());
        let init = match passphrase {
            true => vec!["init", "--new-passphrase-file", &file],
            false => vec!["init"],
        };
        let init = farthing(&wallet, &init, "");
        damaged.phrase = text(&init.stdout).trim().to_owned();
        let url = damaged.server.base.clone();
        damaged.run(&wallet, &["mint", "add", &url, "--token", API_TOKEN]);
        let withdrawn = damaged.run(&wallet, &["withdraw", "100"]);
        assert!(withdrawn.status.success(), "{}", text(&withdrawn.stderr));
        let shown = damaged.run(&wallet, &["phrase", "--yes"]);
        assert_eq!(text(&shown.stdout).trim(), damaged.phrase);
        let unasked = damaged.run(&wallet, &["phrase"]);
        assert_eq!(unasked.status.code(), Some(2), "nobody was asked");
        overwrite(&wallet, first);
        damaged
    }

    fn wallet(&self) -> PathBuf {
        self.dir.path().join("wallet")
    }

    fn file(&self) -> String {
        let file = self.dir.path().join("passphrase");
        file.to_str().unwrap().to_owned()
    }

    fn run(&self, wallet: &Path, arguments: &[&str]) -> Output {
        let file = self.file();
        let arguments = [arguments, &["--passphrase-file", &file]].concat();
        farthing(wallet, &arguments, &self.phrase)
    }
}

#[test]
fn the_phrase_is_shown_and_the_rest_saved_of_a_file_of_which_half_is_overwritten() {
    for (first, passphrase) in [(true, false), (false, false), (true, true), (false, true)] {
        let damaged = Damaged::new(first, passphrase);
        let (wallet, new) = (damaged.wallet(), damaged.dir.path().join("new"));
        let before = std::fs::read(wallet.join("wallet.sqlite")).unwrap();
        assert_eq!(damaged.run(&wallet, &["balance"]).status.code(), Some(7));
        let doctor = damaged.run(&wallet, &["doctor", "--json"]);
        assert_eq!(doctor.status.code(), Some(1));
        let found = &json(&doctor)["findings"][0];
        assert_eq!(found["code"], "wallet_damaged", "{found}");
        let advice = found["advice"].as_str().unwrap();
        assert!(advice.contains("farthing salvage"), "{advice}");
        // The phrase is in one half or the other.
        let shown = damaged.run(&wallet, &["phrase", "--yes"]);
        let new_dir = new.to_str().unwrap();
        let mut salvage = vec!["salvage", new_dir, "--json"];
        match shown.status.code() {
            Some(0) => assert_eq!(text(&shown.stdout).trim(), damaged.phrase),
            _ => {
                assert!(!holds(&wallet, &damaged.phrase));
                let lost = damaged.run(&wallet, &salvage);
                assert!(!lost.status.success());
                salvage.extend(["--phrase-file", "-"]);
            }
        }
        let saved = damaged.run(&wallet, &salvage);
        assert!(saved.status.success(), "{}", text(&saved.stdout));
        assert_eq!(std::fs::read(wallet.join("wallet.sqlite")).unwrap(), before);
        damaged.run(&new, &["mint", "add", &damaged.server.base]);
        let restored = damaged.run(&new, &["restore"]);
        assert!(restored.status.success(), "{}", text(&restored.stderr));
        let balance = json(&damaged.run(&new, &["balance", "--json"]));
        let available = &balance["balances"][0]["available"];
        assert_eq!(*available, 100, "{first} {passphrase}");
    }
}

#[test]
fn the_phrase_saves_a_wallet_whose_sealed_key_is_damaged() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    let (wallet, new) = (dir.path().join("wallet"), dir.path().join("new"));
    let file = dir.path().join("passphrase");
    secret_file(&file, "correct horse");
    let file = file.to_str().unwrap();
    let init = farthing(&wallet, &["init", "--new-passphrase-file", file], "");
    let phrase = text(&init.stdout).trim().to_owned();
    let run = |wallet: &Path, arguments: &[&str]| {
        farthing(
            wallet,
            &[arguments, &["--passphrase-file", file]].concat(),
            &phrase,
        )
    };
    run(
        &wallet,
        &["mint", "add", &server.base, "--token", API_TOKEN],
    );
    let withdrawn = run(&wallet, &["withdraw", "100"]);
    assert!(withdrawn.status.success(), "{}", text(&withdrawn.stderr));
    let path = wallet.join("wallet.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = b"\"wrapped\"";
    let at: Vec<usize> = (0..bytes.len() - needle.len())
        .filter(|at| bytes[*at..].starts_with(needle))
        .collect();
    assert!(!at.is_empty());
    for at in at {
        bytes[at..at + needle.len()].fill(0xa5);
    }
    std::fs::write(&path, bytes).unwrap();

    let new_dir = new.to_str().unwrap();
    assert_eq!(run(&wallet, &["balance"]).status.code(), Some(7));
    let lost = run(&wallet, &["salvage", new_dir, "--json"]);
    assert_eq!(json(&lost)["error"]["code"], "phrase_lost");
    assert!(!new.exists());
    let saved = run(
        &wallet,
        &["salvage", new_dir, "--json", "--phrase-file", "-"],
    );
    assert!(saved.status.success(), "{}", text(&saved.stdout));
    run(&new, &["mint", "add", &server.base]);
    let restored = run(&new, &["restore"]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    let balance = json(&run(&new, &["balance", "--json"]));
    assert_eq!(balance["balances"][0]["available"], 100);
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
