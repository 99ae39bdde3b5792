//! What keeps money from getting lost, at the command line: the passphrase, the doctor, what was sent.

use std::path::Path;

use farthing_protocol::Token;
use serde_json::Value;

use crate::program::{farthing, json, text};
use crate::server::Server;
use crate::support::mint::{API_TOKEN, FakeKeyset};

/// A wallet with 100 at a mint on this machine.
struct Scene {
    server: Server,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let server = Server::start();
        server.with(|site| {
            let cashu = FakeKeyset::cashu(90, 0);
            site.mint.borrow_mut().keysets.push(cashu);
            site.mint.borrow_mut().now = farthing_wallet::native::system_clock();
        });
        let scene = Self {
            server,
            folder: tempfile::tempdir().unwrap(),
        };
        let url = scene.server.base.clone();
        for arguments in [
            &["init"][..],
            &["mint", "add", &url, "--token", API_TOKEN],
            &["withdraw", "100"],
        ] {
            scene.ok(arguments);
        }
        scene
    }

    fn wallet(&self) -> std::path::PathBuf {
        self.folder.path().join("wallet")
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let arguments = [arguments, &["--json"]].concat();
        let output = farthing(&self.wallet(), &arguments, "");
        (output.status.code(), json(&output))
    }

    fn ok(&self, arguments: &[&str]) -> Value {
        let (code, answer) = self.run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {answer}");
        answer
    }
}

fn holds(dir: &Path, words: &str) -> bool {
    let mut files = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path());
    files.any(|file| {
        let bytes = std::fs::read(file).unwrap();
        bytes.windows(words.len()).any(|w| w == words.as_bytes())
    })
}

#[test]
fn a_passphrase_seals_the_wallet_and_is_asked_for() {
    let scene = Scene::new();
    assert!(holds(&scene.wallet(), API_TOKEN));
    let one = scene.file("one", "correct horse\n");
    let two = scene.file("two", "battery staple\r\n");
    let empty = scene.file("empty", "\n");
    let set = scene.ok(&["passphrase", "set", "--new-file", &one]);
    assert_eq!(set["passphrase"], true);
    assert!(!holds(&scene.wallet(), API_TOKEN));

    // Without one, with a wrong one, with the right one.
    let (code, answer) = scene.run(&["balance"]);
    assert_eq!(
        (code, &answer["error"]["code"]),
        (Some(7), &"passphrase_needed".into())
    );
    let (code, answer) = scene.run(&["balance", "--passphrase-file", &two]);
    assert_eq!(
        (code, &answer["error"]["code"]),
        (Some(7), &"passphrase_wrong".into())
    );
    let balance = scene.ok(&["balance", "--passphrase-file", &one]);
    assert_eq!(balance["balances"][0]["available"], 100);
    let with = |file: &str, arguments: &[&str]| {
        scene.run(&[arguments, &["--passphrase-file", file]].concat())
    };
    let (code, answer) = with(&one, &["passphrase", "set", "--new-file", &empty]);
    assert_eq!(
        (code, &answer["error"]["code"]),
        (Some(3), &"passphrase_empty".into())
    );

    assert_eq!(
        with(&one, &["passphrase", "set", "--new-file", &two]).0,
        Some(0)
    );
    assert_eq!(with(&one, &["balance"]).0, Some(7));
    assert_eq!(with(&two, &["withdraw", "5"]).0, Some(0));
    let (code, answer) = with(&two, &["passphrase", "remove"]);
    assert_eq!(
        (code, &answer["passphrase"]),
        (Some(0), &Value::Bool(false))
    );
    let balance = scene.ok(&["balance"]);
    assert_eq!(balance["balances"][0]["available"], 105);
}

#[test]
fn the_doctor_says_what_is_well_and_what_is_not() {
    let scene = Scene::new();
    let codes = |answer: &Value, worse: bool| -> Vec<String> {
        let findings = answer["findings"].as_array().unwrap().iter();
        let fine = |f: &&Value| (f["severity"] != "fine") == worse;
        let code = |f: &Value| f["code"].as_str().unwrap().to_owned();
        findings.filter(fine).map(code).collect()
    };
    let found = scene.ok(&["doctor"]);
    assert_eq!(codes(&found, true), ["no_passphrase"]);
    for well in [
        "file_whole",
        "records_readable",
        "mint_reachable",
        "clocks",
        "digest",
    ] {
        assert!(
            codes(&found, false).contains(&well.to_owned()),
            "{well}: {found}"
        );
    }
    // A false digest is trouble, and the exit code says so.
    scene
        .server
        .with(|site| site.mint.borrow_mut().lies.digest = true);
    let (code, found) = scene.run(&["doctor"]);
    assert_eq!(code, Some(1));
    assert_eq!(codes(&found, true), ["no_passphrase", "digest_differs"]);
    let output = farthing(&scene.wallet(), &["doctor"], "");
    let told = text(&output.stdout);
    assert!(told.contains("\ntrouble  http://127.0.0.1:"), "{told}");
    assert!(
        told.contains("         to do: Look again in a minute"),
        "{told}"
    );
    // Where there is no wallet it says that, and makes none.
    let nowhere = scene.folder.path().join("nowhere");
    let output = farthing(&nowhere, &["doctor", "--json"], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(codes(&json(&output), true), ["no_wallet"]);
    assert!(!nowhere.exists());
}

#[test]
fn a_token_for_cashus_wallets_names_their_door_and_is_taken_back() {
    let scene = Scene::new();
    let sent = scene.ok(&["send", "10", "--cashu"]);
    let token = Token::decode(sent["token"].as_str().unwrap()).unwrap();
    assert_eq!(token.mint, format!("{}/cashu", scene.server.base));
    assert_eq!(token.amount(), Ok(10));
    let id = sent["id"].to_string();
    assert_eq!(scene.ok(&["sent"])["sent"][0]["state"], "unclaimed");
    assert_eq!(scene.ok(&["reclaim", &id])["amount"], 10);
    assert_eq!(scene.ok(&["sent"])["sent"][0]["state"], "taken_back");
    let (code, answer) = scene.run(&["reclaim", &id]);
    assert_eq!(
        (code, &answer["error"]["code"]),
        (Some(3), &"sent_taken_back".into())
    );
    // Taken in as text, it becomes the wallet's own.
    let sent = scene.ok(&["send", "10", "--cashu"]);
    let token = sent["token"].as_str().unwrap();
    assert_eq!(scene.ok(&["receive", token])["amount"], 10);
    assert_eq!(scene.ok(&["balance"])["balances"][0]["available"], 100);
}

#[test]
fn recover_says_what_it_found() {
    let scene = Scene::new();
    let nothing = scene.ok(&["recover"]);
    assert_eq!(nothing["recovered"], Value::Array(vec![]));
    scene
        .server
        .with(|site| site.mint.borrow_mut().lies.unavailable = true);
    let (code, answer) = scene.run(&["redeem", "7"]);
    assert_eq!(
        (code, &answer["error"]["open_operation"]),
        (Some(6), &2.into())
    );
    let found = scene.ok(&["recover"]);
    assert_eq!(found["recovered"][0]["outcome"], "failed");
    assert_eq!(
        (&found["open"], &found["recovered"][0]["id"]),
        (&1.into(), &2.into())
    );
    scene
        .server
        .with(|site| site.mint.borrow_mut().lies.unavailable = false);
    let found = scene.ok(&["recover"]);
    assert_eq!(found["recovered"][0]["outcome"], "done");
    assert_eq!(
        (&found["open"], &found["recovered"][0]["amount"]),
        (&0.into(), &7.into())
    );
    assert_eq!(scene.ok(&["balance"])["balances"][0]["available"], 93);
}
