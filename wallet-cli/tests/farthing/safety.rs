//! What keeps money from getting lost, at the command line: the doctor, and what was sent.

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
