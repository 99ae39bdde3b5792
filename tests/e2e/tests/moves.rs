//! A mint is its keys, not its address: real mints that move, and a server that passes everything on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails says so by panicking"
)]

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use farthing_testkit::process::{Mint, Wallet};
use farthing_testkit::proxy::Proxy;
use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

struct Scene {
    mint: Mint,
    token: String,
    folder: TempDir,
}

impl Scene {
    /// A mint with an account, and settings from the environment.
    fn start(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let dir = folder.path().join("mint");
        let mut mint = Mint::init(BINARY, &dir, &["--amounts", "10"]).unwrap();
        for (name, value) in settings {
            mint = mint.with(name, value);
        }
        mint.start().unwrap();
        let token = mint.account("ann", "withdraw,redeem,read", 1000).unwrap();
        Self {
            mint,
            token,
            folder,
        }
    }

    fn url(&self) -> String {
        self.mint.url().unwrap().to_owned()
    }

    fn wallet(&self, name: &str) -> Wallet {
        Wallet::at(BINARY, &self.folder.path().join(name))
    }

    /// A wallet with 200, of which 3 are sent and 7 are being withdrawn while the mint is away.
    fn in_use(&mut self) -> Wallet {
        let wallet = self.wallet("wallet");
        wallet.run(&["init"]).unwrap();
        let add = [
            "mint",
            "add",
            &self.url(),
            "--unlisted",
            "--token",
            &self.token,
        ];
        wallet.run(&add).unwrap();
        wallet.run(&["withdraw", "200"]).unwrap();
        wallet.run(&["send", "3"]).unwrap();
        self.mint.stop().unwrap();
        assert!(wallet.run(&["withdraw", "7"]).is_err());
        wallet
    }
}

/// Address, spendable and pending sums.
fn balances(wallet: &Wallet) -> Vec<(String, u64, u64)> {
    let told = wallet.run(&["balance"]).unwrap();
    let number = |b: &Value, name: &str| b.get(name).and_then(Value::as_u64).unwrap();
    let line = |b: &Value| {
        let mint = b.get("mint").and_then(Value::as_str).unwrap();
        (
            mint.to_owned(),
            number(b, "available"),
            number(b, "pending"),
        )
    };
    let balances = told.get("balances").and_then(Value::as_array).unwrap();
    balances.iter().map(line).collect()
}

/// The error that a command ends with.
fn error(wallet: &Wallet, arguments: &[&str]) -> Value {
    let output = wallet.command(arguments).arg("--json").output().unwrap();
    assert!(!output.status.success());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told.get("error").unwrap().clone()
}

#[test]
fn a_mint_that_lists_its_new_address_is_followed_with_all_that_is_open() {
    let mut scene = Scene::start(&[]);
    let wallet = scene.in_use();
    let old = balances(&wallet);
    assert_eq!((old[0].1, old[0].2), (197, 7));
    // On another port. It has no other address than that of this machine, so it lists where it listens.
    scene.mint.start().unwrap();
    let new = scene.url();
    assert_ne!(old[0].0, new);
    wallet.run(&["mint", "add", &new]).unwrap();
    assert_eq!(balances(&wallet), [(new.clone(), 204, 0)]);
    wallet.run(&["reclaim", "2"]).unwrap();
    wallet.run(&["redeem", "207"]).unwrap();
    assert_eq!(balances(&wallet), [(new, 0, 0)]);
    scene.mint.balanced().unwrap();
}

#[test]
fn a_restore_at_the_new_address_finds_the_mint_as_well() {
    let mut scene = Scene::start(&[]);
    let wallet = scene.in_use();
    scene.mint.start().unwrap();
    let new = scene.url();
    wallet.run(&["restore", "--mint", &new]).unwrap();
    assert_eq!(balances(&wallet), [(new, 204, 0)]);
}

#[test]
fn a_mint_that_moves_without_notice_is_followed_when_its_holder_says_so() {
    let mut scene = Scene::start(&[("URL", "https://mint.example")]);
    let wallet = scene.in_use();
    let old = balances(&wallet)[0].0.clone();
    scene.mint.start().unwrap();
    let new = scene.url();
    let refused = error(&wallet, &["mint", "add", &new]);
    assert_eq!(refused["code"], "mint_address_not_named");
    let what = refused["what"].as_str().unwrap();
    assert!(what.contains(&old) && what.contains(&new), "{what}");
    let advice = refused["advice"].as_str().unwrap();
    assert!(advice.contains("farthing mint move OLD NEW"), "{advice}");

    let other = Scene::start(&[]);
    let refused = error(&wallet, &["mint", "move", &old, &other.url()]);
    assert_ne!(refused["code"], json!(null));
    assert_eq!(balances(&wallet), [(old.clone(), 197, 7)]);

    wallet.run(&["mint", "move", &old, &new]).unwrap();
    assert_eq!(balances(&wallet), [(new.clone(), 204, 0)]);
    // By its former address too.
    wallet.run(&["withdraw", "1", "--mint", &old]).unwrap();
    assert_eq!(balances(&wallet), [(new, 205, 0)]);
}

#[test]
fn a_server_that_passes_everything_on_to_a_mint_gets_nothing_of_it() {
    let scene = Scene::start(&[]);
    let owner = scene.wallet("owner");
    let made = owner.run(&["init"]).unwrap();
    let phrase = scene.folder.path().join("phrase");
    let options = std::fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&phrase);
    options
        .unwrap()
        .write_all(made["phrase"].as_str().unwrap().as_bytes())
        .unwrap();
    let (a, b) = (scene.url(), Proxy::start(&scene.url()).unwrap());
    owner
        .run(&["mint", "add", &a, "--token", &scene.token])
        .unwrap();
    owner.run(&["withdraw", "197"]).unwrap();

    let wallet = scene.wallet("restored");
    let phrase = phrase.to_str().unwrap();
    wallet
        .run(&["init", "--restore", "--phrase-file", phrase])
        .unwrap();
    wallet.run(&["mint", "add", &b.url()]).unwrap();
    wallet.run(&["mint", "add", &a]).unwrap();
    wallet.run(&["restore"]).unwrap();
    assert_eq!(balances(&wallet), [(a.clone(), 197, 0)]);
    let refused = error(&wallet, &["mint", "add", &b.url()]);
    assert_eq!(refused["code"], "mint_address_not_named");
    // Without it, all can be spent.
    let url = b.url();
    drop(b);
    let refused = error(&wallet, &["send", "5", "--mint", &url]);
    assert_eq!(refused["code"], "mint_unknown");
    wallet.run(&["send", "5"]).unwrap();
}

#[test]
fn one_mint_has_one_place_in_the_wallet_whatever_its_address_is_called() {
    let scene = Scene::start(&[]);
    let wallet = scene.wallet("wallet");
    wallet.run(&["init"]).unwrap();
    let port = scene.url().rsplit(':').next().unwrap().to_owned();
    for url in [
        scene.url(),
        format!("http://localhost:{port}"),
        format!("HTTP://LocalHost:{port}/"),
    ] {
        wallet
            .run(&["mint", "add", &url, "--token", &scene.token])
            .unwrap();
        wallet.run(&["withdraw", "10", "--mint", &url]).unwrap();
    }
    assert_eq!(balances(&wallet), [(scene.url(), 30, 0)]);
}

#[test]
fn the_mint_that_holds_it_is_used_or_all_are_named() {
    let (empty, full) = (Scene::start(&[]), Scene::start(&[]));
    let wallet = full.wallet("wallet");
    wallet.run(&["init"]).unwrap();
    wallet.run(&["mint", "add", &empty.url()]).unwrap();
    wallet
        .run(&["mint", "add", &full.url(), "--token", &full.token])
        .unwrap();
    wallet.run(&["withdraw", "20"]).unwrap();
    let sent = wallet.run(&["send", "5"]).unwrap();
    assert_eq!(sent["mint"], full.url());
    let refused = error(&wallet, &["send", "16"]);
    assert_eq!(refused["code"], "no_mint_holds");
    let what = refused["what"].as_str().unwrap();
    for (url, held) in [(empty.url(), 0), (full.url(), 15)] {
        assert!(what.contains(&format!("{url} {held} credit")), "{what}");
    }
    assert!(refused["advice"].as_str().unwrap().contains("--mint"));
    let refused = error(&wallet, &["key"]);
    assert_eq!(refused["code"], "which_mint");
    let key = |url: &str| wallet.run(&["key", "--mint", url]).unwrap()["key"].clone();
    assert_ne!(key(&empty.url()), key(&full.url()));
}

#[test]
fn a_mint_that_changes_its_decimals_is_refused_until_it_says_again_what_it_said() {
    let mut scene = Scene::start(&[]);
    let wallet = scene.in_use();
    let old = balances(&wallet)[0].0.clone();
    let listen = old.trim_start_matches("http://").to_owned();
    let Scene { mint, folder, .. } = scene;
    let mut mint = mint.with("DECIMALS", "2");
    mint.start_at(&listen).unwrap();
    for command in [&["restore"][..], &["mint", "add", &old]] {
        let refused = error(&wallet, command);
        assert_eq!(refused["code"], "mint_misbehaved", "{command:?}");
        let what = refused["what"].as_str().unwrap();
        assert!(
            what.contains("its unit was credit with 0 decimals"),
            "{what}"
        );
    }
    let mints = wallet.run(&["mint", "list"]).unwrap();
    assert_eq!(mints["mints"][0]["decimals"], 0);
    mint.stop().unwrap();
    let mut mint = mint.with("DECIMALS", "0");
    mint.start_at(&listen).unwrap();
    wallet.run(&["mint", "add", &old]).unwrap();
    assert_eq!(balances(&wallet), [(old, 204, 0)]);
    drop((mint, folder));
}
