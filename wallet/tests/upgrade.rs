//! Wallets of the version before mints had identities are opened, and lose nothing. How they were made:
//! `fixtures/make_wallets.py`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

use std::path::Path;

use farthing_wallet::http::{HttpError, Request, Response};
use farthing_wallet::native::SqliteStore;
use farthing_wallet::records::{Kind, Operation, SentState};
use farthing_wallet::{Http, Passphrase, Sealed, Wallet};
use serde_json::Value;
use tempfile::TempDir;

const ONE: &str = "http://127.0.0.1:39100";
const ONE_AGAIN: &str = "http://localhost:39100";
const OTHER: &str = "http://127.0.0.1:39200";
const PASSPHRASE: &str = "a passphrase of several words";

/// No mint can be asked: whatever is there comes out of the file.
struct Offline;

impl Http for Offline {
    async fn send(&self, _: Request) -> Result<Response, HttpError> {
        Err(HttpError("nobody is there".to_owned()))
    }
}

/// Returns when the files were made.
fn clock() -> u64 {
    1_795_840_300
}

type OldWallet = Wallet<Sealed<SqliteStore>, Offline>;

/// A copy of a file, and what its version said of it.
fn copy(name: &str) -> (TempDir, Value) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    let dir = TempDir::new().unwrap();
    std::fs::copy(from.join("wallet.sqlite"), dir.path().join("wallet.sqlite")).unwrap();
    let said = std::fs::read(from.join("said.json")).unwrap();
    (dir, serde_json::from_slice(&said).unwrap())
}

async fn open(dir: &TempDir, passphrase: Option<&str>) -> OldWallet {
    let store = SqliteStore::open(dir.path()).unwrap();
    let passphrase = passphrase.map(|text| Passphrase::new(text).unwrap());
    let store = Sealed::open(store, passphrase.as_ref()).await.unwrap();
    Wallet::open(store, Offline, clock).await.unwrap()
}

/// Unit, spendable and pending sums by address, as the old version said them.
fn said_balances(said: &Value) -> Vec<(String, u64, u64)> {
    let balances = said["balance"]["balances"].as_array().unwrap();
    let number = |b: &Value, name: &str| b[name].as_u64().unwrap();
    let line = |b: &Value| {
        let mint = b["mint"].as_str().unwrap().to_owned();
        (mint, number(b, "available"), number(b, "pending"))
    };
    balances.iter().map(line).collect()
}

async fn balances(wallet: &OldWallet) -> Vec<(String, u64, u64)> {
    let balances = wallet.balance().await.unwrap().into_iter();
    balances.map(|b| (b.mint, b.available, b.pending)).collect()
}

#[tokio::test]
async fn a_wallet_with_several_mints_loses_nothing_and_two_names_of_one_mint_become_one() {
    let (dir, said) = copy("several");
    assert_eq!(
        said_balances(&said),
        [
            (ONE.to_owned(), 82, 11),
            (OTHER.to_owned(), 46, 9),
            (ONE_AGAIN.to_owned(), 100, 0)
        ]
    );
    // The second time there is nothing left to do.
    for _ in 0..2 {
        let wallet = open(&dir, None).await;
        let expected = [(ONE.to_owned(), 182, 11), (OTHER.to_owned(), 46, 9)];
        assert_eq!(balances(&wallet).await, expected);

        let mints = wallet.mints().all().await.unwrap();
        assert_eq!((mints[0].lane, mints[1].lane), (Some(0), Some(0)));
        assert!(
            mints
                .iter()
                .all(|m| m.api_token.is_some() && m.identity.is_none())
        );
        // Whose tokens are locked to the former key is not known.
        assert!(mints.iter().all(|m| !m.former_lock));
        let again = wallet.mint(Some(ONE_AGAIN)).await.unwrap();
        assert_eq!(again, mints[0]);

        let open = wallet.open_operations().await.unwrap();
        let open: Vec<_> = open
            .iter()
            .map(|o| (o.kind, o.amount, o.mint.as_str()))
            .collect();
        let expected = [
            (Kind::Pay, 3, ONE),
            (Kind::Withdraw, 7, ONE),
            (Kind::Withdraw, 9, OTHER),
        ];
        assert_eq!(open, expected);
        let sent = wallet.sent_tokens().all().await.unwrap();
        let sent: Vec<_> = sent
            .iter()
            .map(|s| (s.amount(), s.state(), s.mint.as_str()))
            .collect();
        let expected = [
            (11, SentState::Unclaimed, ONE),
            (4, SentState::Unclaimed, OTHER),
        ];
        assert_eq!(sent, expected);
        compare_history(&wallet, &said).await;
        assert_eq!(wallet.budgets().all().await.unwrap()[0].per_day, 20);
        assert_eq!(wallet.budgets().spent(None).await.unwrap()[0].amount, 3);
        // What is there can be spent, without a mint.
        for mint in [&mints[0], &mints[1]] {
            wallet.lock_public_key(mint).await.unwrap();
        }
    }
}

async fn compare_history(wallet: &OldWallet, said: &Value) {
    let history = wallet.history().await.unwrap();
    let said = said["history"]["history"].as_array().unwrap();
    assert_eq!(history.len(), said.len());
    for (entry, said) in history.iter().zip(said) {
        let mint = match said["mint"].as_str().unwrap() {
            ONE_AGAIN => ONE,
            other => other,
        };
        assert_eq!(entry.mint, mint);
        let numbers = [entry.id, entry.time, entry.amount, entry.fee, entry.lost];
        let of = ["id", "time", "amount", "fee", "lost"];
        assert_eq!(numbers, of.map(|name| said[name].as_u64().unwrap()));
        assert_eq!(entry.memo.as_deref(), said["memo"].as_str());
    }
}

#[tokio::test]
async fn a_sealed_wallet_loses_nothing_and_its_one_mint_keeps_the_lock_key() {
    let (dir, said) = copy("sealed");
    for _ in 0..2 {
        let wallet = open(&dir, Some(PASSPHRASE)).await;
        assert_eq!(balances(&wallet).await, said_balances(&said));
        assert_eq!(balances(&wallet).await, [(ONE.to_owned(), 54, 5)]);
        compare_history(&wallet, &said).await;
        assert_eq!(wallet.open_operations().await.unwrap()[0].amount, 5);
        let sent = wallet.sent_tokens().all().await.unwrap();
        assert_eq!((sent.len(), sent[0].amount()), (1, 6));
        let mint = wallet.mint(None).await.unwrap();
        assert!(mint.former_lock);
        // The key that the old version showed.
        let former = wallet.mints().use_former_lock_key(&mint).await.unwrap();
        let former = former.map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(said["key"]["key"], former);
        assert!(wallet.has_passphrase());
    }
}

const HEAD: &str = r#"{"id":7,"kind":"restore","mint":"https://mint.example","begun":1,"path":"/v1/restore","body":"","inputs":[],"outputs":[],"amount":0,"fee":0,"memo":null"#;
const SEARCH: &str = r#","search":{"walked":[],"walking":null,"found":{"amount":3,"tokens":2,"signed":9,"lane":0},"places":100}"#;
const PURCHASE: &str = r#","purchase":{"stage":"present","item":{"method":"GET","url":"https://site.example/"},"token":"cashuB","gone":0}"#;

fn read(json: &str) -> Result<Operation, impl Sized> {
    farthing_protocol::json::from_slice(json.as_bytes())
}

#[test]
fn a_detail_is_stored_as_a_field_of_its_operation_and_never_dropped() {
    for detail in ["", SEARCH, PURCHASE] {
        let stored = format!("{HEAD}{detail}}}");
        let Ok(operation) = read(&stored) else {
            panic!("{stored} is not read");
        };
        assert_eq!(serde_json::to_string(&operation).unwrap(), stored);
        assert_eq!(operation.purchase().is_some(), detail == PURCHASE);
    }
    for damaged in [
        format!("{HEAD}{SEARCH}{PURCHASE}}}"),
        format!(r#"{HEAD},"purchase":5}}"#),
        format!(r#"{HEAD},"search":{{}}}}"#),
        format!("{HEAD}{SEARCH}{SEARCH}}}"),
    ] {
        assert!(read(&damaged).is_err(), "{damaged}");
    }
}
