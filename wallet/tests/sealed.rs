//! A wallet under a passphrase: what the disk shows, and setting, changing and removing it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use std::rc::Rc;

use farthing_wallet::error::UsageError;
use farthing_wallet::store::{Change, Store, Table};
use farthing_wallet::{
    ApiToken, Error, Origin, Passphrase, Phrase, Redeem, Sealed, SendOptions, StoreError, Wallet,
};
use support::shop::{article, buy_with};
use support::*;
use zeroize::Zeroizing;

type SealedWallet = Wallet<Sealed<TestStore>, TestHttp>;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

async fn open(
    world: &World,
    fuse: &Rc<Fuse>,
    passphrase: Option<&Passphrase>,
) -> Result<SealedWallet, Error> {
    let (store, http) = world.parts(fuse);
    let store = Sealed::open(store, passphrase).await?;
    Wallet::open(store, http, clock).await
}

async fn reopen(world: &World, text: &str) -> SealedWallet {
    open(world, &Fuse::none(), Some(&passphrase(text)))
        .await
        .unwrap()
}

/// A wallet with something in every table, and without a passphrase yet.
async fn full() -> (World, SealedWallet) {
    let world = World::new(FakeMint::new(1000));
    let (store, http) = world.parts(&Fuse::none());
    let store = Sealed::open(store, None).await.unwrap();
    let phrase = Phrase::parse(PHRASE).unwrap();
    let mut wallet = Wallet::create(store, http, clock, &phrase, Origin::New)
        .await
        .unwrap();
    let token = ApiToken::new(API_TOKEN);
    let mint = wallet.mints().add(URL, Some(token)).await.unwrap();
    wallet.withdraw(&mint, 127).await.unwrap();
    wallet.send(&mint, 5, SendOptions::default()).await.unwrap();
    buy_with(&mut wallet, &article()).await.unwrap();
    wallet
        .budgets()
        .set("https://site.test", &mint, 5, 9)
        .await
        .unwrap();
    world.fault.set(Some(Fault::DropAnswer));
    wallet.redeem(&mint, Redeem::Amount(7)).await.unwrap_err();
    world.fault.set(None);
    for table in Table::ALL {
        let rows = world.rows.borrow();
        assert!(rows.keys().any(|(t, _)| *t == table), "{table:?} is empty");
    }
    (world, wallet)
}

/// Everything that is stored, names and values, as text.
fn disk(world: &World) -> String {
    let rows = world.rows.borrow();
    let text = |((_, name), value): (&(Table, String), &Zeroizing<Vec<u8>>)| {
        format!("{name} {}\n", String::from_utf8_lossy(value))
    };
    rows.iter().map(text).collect()
}

/// Returns what must not be readable: the phrase, what is money, what names mints and sites.
fn secrets(world: &World) -> Vec<String> {
    let mut secrets: Vec<String> = [API_TOKEN, URL, "site.test", "article", "credit", "sausage"]
        .map(str::to_owned)
        .into();
    for (name, value) in world.rows.borrow().iter() {
        if name.0 == Table::Proofs {
            // Its point, by which the mint would know it.
            secrets.push(name.1.clone());
            let coin: farthing_wallet::records::Coin = serde_json::from_slice(value).unwrap();
            secrets.push(coin.token.proof.secret.expose().to_owned());
        }
    }
    secrets
}

#[tokio::test]
async fn with_a_passphrase_the_disk_shows_nothing_but_how_much_there_is() {
    let (world, mut wallet) = full().await;
    let secrets = secrets(&world);
    let clear = disk(&world);
    assert!(secrets.iter().all(|secret| clear.contains(secret)));
    let before = world.rows.borrow().clone();
    wallet
        .set_passphrase(Some(&passphrase("correct horse")))
        .await
        .unwrap();
    let sealed = disk(&world);
    for secret in &secrets {
        assert!(!sealed.contains(secret), "{secret}");
    }
    // Besides the seal there are as many records as before, under other names and with other values.
    assert_eq!(world.rows.borrow().len(), before.len() + 1);
    for ((table, name), value) in world.rows.borrow().iter() {
        if name != "seal" {
            assert!(!before.contains_key(&(*table, name.clone())));
            assert!(!before.values().any(|clear| clear == value));
        }
    }
    // What is written afterwards is sealed too.
    let mint = wallet.mint(None).await.unwrap();
    wallet.withdraw(&mint, 3).await.unwrap();
    let sealed = disk(&world);
    assert!(secrets.iter().all(|secret| !sealed.contains(secret)));
}

#[tokio::test]
async fn a_sealed_wallet_does_all_that_an_open_one_does() {
    let (world, mut wallet) = full().await;
    let held = wallet.balance().await.unwrap();
    wallet
        .set_passphrase(Some(&passphrase("one")))
        .await
        .unwrap();
    drop(wallet);
    let mut wallet = reopen(&world, "one").await;
    assert_eq!(wallet.balance().await.unwrap(), held);
    // What was open is settled, what was sent is known, what was bought is not paid again.
    let recovered = wallet.recover().await.unwrap();
    assert!(recovered[0].result.is_ok());
    let sent = wallet.sent_tokens().all().await.unwrap();
    wallet.reclaim(sent[0].id).await.unwrap();
    buy_with(&mut wallet, &article()).await.unwrap();
    let mint = wallet.mint(None).await.unwrap();
    wallet.redeem(&mint, Redeem::All).await.unwrap();
    // The article's price went to the site's account, which is the same one.
    assert_eq!(world.account(), 1000);
    let ids: Vec<u64> = wallet
        .history()
        .await
        .unwrap()
        .iter()
        .map(|e| e.id)
        .collect();
    assert!(ids.is_sorted() && ids.len() >= 5, "{ids:?}");
}

#[tokio::test]
async fn a_wrong_passphrase_is_said_and_changes_nothing() {
    let (world, mut wallet) = full().await;
    wallet
        .set_passphrase(Some(&passphrase("right")))
        .await
        .unwrap();
    drop(wallet);
    let before = world.rows.borrow().clone();
    for (given, expected) in [
        (None, StoreError::Sealed),
        (Some("wrong"), StoreError::Passphrase),
        (Some("right "), StoreError::Passphrase),
        (Some("Right"), StoreError::Passphrase),
    ] {
        let given = given.map(passphrase);
        let error = open(&world, &Fuse::none(), given.as_ref()).await.err();
        assert_eq!(error, Some(Error::Store(expected)));
    }
    assert_eq!(*world.rows.borrow(), before);
    reopen(&world, "right").await;
    assert_eq!(
        Passphrase::new("").unwrap_err(),
        UsageError::PassphraseEmpty
    );
}

#[tokio::test]
async fn a_passphrase_is_changed_and_removed_and_old_ones_open_nothing() {
    let (world, mut wallet) = full().await;
    let clear = world.rows.borrow().clone();
    let one = passphrase("one");
    wallet.set_passphrase(Some(&one)).await.unwrap();
    let old = world.rows.borrow().clone();
    let two = passphrase("two");
    wallet.set_passphrase(Some(&two)).await.unwrap();
    assert!(wallet.has_passphrase());
    drop(wallet);
    let error = open(&world, &Fuse::none(), Some(&one)).await.err();
    assert_eq!(error, Some(Error::Store(StoreError::Passphrase)));
    // Not even with the old seal put back: everything was sealed anew.
    let seal = (Table::Meta, "seal".to_owned());
    let new = world.rows.borrow().clone();
    world
        .rows
        .borrow_mut()
        .insert(seal.clone(), old[&seal].clone());
    let error = open(&world, &Fuse::none(), Some(&one)).await.err();
    assert!(matches!(error, Some(Error::Store(StoreError::Missing(_)))));
    *world.rows.borrow_mut() = new;

    let mut wallet = reopen(&world, "two").await;
    wallet.set_passphrase(None).await.unwrap();
    assert!(!wallet.has_passphrase());
    assert_eq!(*world.rows.borrow(), clear);
    drop(wallet);
    open(&world, &Fuse::none(), None).await.unwrap();
}

#[tokio::test]
async fn killed_while_the_passphrase_changes_the_wallet_opens_with_one_or_the_other() {
    let (one, two) = (passphrase("one"), passphrase("two"));
    let steps = [
        (None, Some(&one)),
        (Some(&one), Some(&two)),
        (Some(&two), None),
    ];
    for (before, after) in steps {
        let mut kills = 0;
        for step in 0.. {
            let (world, mut wallet) = full().await;
            wallet.set_passphrase(before).await.unwrap();
            let held = wallet.balance().await.unwrap();
            drop(wallet);
            let fuse = Fuse::at(step);
            let mut wallet = open(&world, &fuse, before).await.unwrap();
            let _ = wallet.set_passphrase(after).await;
            let died = fuse.blown();
            drop(wallet);
            let (store, _) = world.parts(&Fuse::none());
            let sealed = Sealed::is_sealed(&store).await.unwrap();
            let mut opened = 0;
            for passphrase in [before, after] {
                if let Ok(wallet) = open(&world, &Fuse::none(), passphrase).await {
                    assert_eq!(wallet.balance().await.unwrap(), held);
                    opened += 1;
                }
            }
            // A wallet without a passphrase does not look at the one it is given.
            assert_eq!(opened, if sealed { 1 } else { 2 }, "{step}");
            if !died {
                break;
            }
            kills += 1;
        }
        assert!(kills >= 2, "{kills}");
    }
}

#[tokio::test]
async fn records_that_were_tampered_with_are_damaged() {
    let (world, mut wallet) = full().await;
    wallet
        .set_passphrase(Some(&passphrase("one")))
        .await
        .unwrap();
    drop(wallet);
    let rows = world.rows.borrow().clone();
    let names = |table: Table| -> Vec<(Table, String)> {
        let of = rows
            .keys()
            .filter(|(t, name)| *t == table && name != "seal");
        of.cloned().collect()
    };
    let (a, b) = (
        names(Table::Proofs)[0].clone(),
        names(Table::Proofs)[1].clone(),
    );
    // One record in another's place, in another table, altered, or cut short.
    let sent = names(Table::Sent)[0].clone();
    let mut flipped = rows[&a].clone();
    flipped[40] ^= 1;
    let cut = Zeroizing::new(rows[&a][..20].to_vec());
    for value in [rows[&b].clone(), rows[&sent].clone(), flipped, cut] {
        *world.rows.borrow_mut() = rows.clone();
        world.rows.borrow_mut().insert(a.clone(), value);
        let wallet = reopen(&world, "one").await;
        let error = wallet.balance().await.unwrap_err();
        let damaged = StoreError::Damaged {
            table: "proofs",
            key: a.1.clone(),
        };
        assert_eq!(error, Error::Store(damaged));
    }
}

#[tokio::test]
async fn a_seal_that_asks_for_too_much_is_refused() {
    let (world, mut wallet) = full().await;
    wallet
        .set_passphrase(Some(&passphrase("one")))
        .await
        .unwrap();
    drop(wallet);
    let seal = (Table::Meta, "seal".to_owned());
    let text = String::from_utf8(world.rows.borrow()[&seal].to_vec()).unwrap();
    assert!(text.contains("\"memory_kib\":65536,\"passes\":3,\"lanes\":4"));
    for (from, to) in [
        ("\"memory_kib\":65536", "\"memory_kib\":4294967295"),
        ("\"passes\":3", "\"passes\":4000000000"),
        ("\"lanes\":4", "\"lanes\":16000000"),
        ("\"salt\":\"", "\"salt\":\"z"),
    ] {
        let altered = text.replace(from, to).into_bytes();
        world.rows.borrow_mut().insert(seal.clone(), altered.into());
        let error = open(&world, &Fuse::none(), Some(&passphrase("one"))).await;
        assert!(
            matches!(error.err(), Some(Error::Store(StoreError::Damaged { .. }))),
            "{to}"
        );
    }
    // Cheaper terms give another key.
    let cheaper = text.replace("\"passes\":3", "\"passes\":1").into_bytes();
    world.rows.borrow_mut().insert(seal.clone(), cheaper.into());
    let error = open(&world, &Fuse::none(), Some(&passphrase("one")))
        .await
        .err();
    assert_eq!(error, Some(Error::Store(StoreError::Passphrase)));
    let newer = text.replace("\"version\":1", "\"version\":2").into_bytes();
    world.rows.borrow_mut().insert(seal, newer.into());
    let error = open(&world, &Fuse::none(), Some(&passphrase("one")))
        .await
        .err();
    assert!(matches!(error, Some(Error::Store(StoreError::Version(_)))));
}

#[tokio::test]
async fn a_scan_comes_in_the_order_of_the_hidden_names() {
    let world = World::new(FakeMint::new(0));
    let (store, _) = world.parts(&Fuse::none());
    let mut store = Sealed::open(store, None).await.unwrap();
    store
        .set_passphrase(Some(&passphrase("one")))
        .await
        .unwrap();
    let value = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    let names = ["d", "a", "c", "b", "e"];
    let puts = names.map(|name| Change::Put(Table::Sent, name.to_owned(), value(name)));
    store.apply(puts.into()).await.unwrap();
    let delete = Change::Delete(Table::Sent, "c".to_owned());
    store.apply(vec![delete]).await.unwrap();
    let rows = store.scan(Table::Sent).await.unwrap();
    let rows: Vec<_> = rows.into_iter().map(|(name, _)| name).collect();
    assert_eq!(rows, ["a", "b", "d", "e"]);
    assert_eq!(store.get(Table::Sent, "d").await.unwrap(), Some(value("d")));
    assert_eq!(store.get(Table::Sent, "c").await.unwrap(), None);
    assert_eq!(store.get(Table::Proofs, "d").await.unwrap(), None);
    assert!(store.scan(Table::Meta).await.unwrap().is_empty());
}
