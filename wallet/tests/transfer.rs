//! A wallet moves by a file: what arrives, what stays, and what a file does that is not what it was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_wallet::error::UsageError;
use farthing_wallet::records::SentState;
use farthing_wallet::transfer::{Exported, Imported, Kept};
use farthing_wallet::{
    Error, Origin, Passphrase, Phrase, SendOptions, Transfer, Wallet, store::Table,
};
use support::mint::Signs;
use support::shop::{article, buy, free};
use support::*;

const SITE: &str = "https://site.test";
const TEXT: &str = "four words or more";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

async fn export(wallet: &mut TestWallet) -> Exported {
    let transfers = wallet.transfers();
    transfers
        .export(&passphrase(TEXT), Some("moved"))
        .await
        .unwrap()
}

fn open(file: &str) -> Transfer {
    Transfer::open(file, &passphrase(TEXT)).unwrap()
}

async fn import(wallet: &mut TestWallet, file: &str) -> Result<Imported, Error> {
    wallet.transfers().import(&open(file)).await
}

/// A wallet with 100 at the mint, an account there, a budget, and a page that it bought for 3 of them.
async fn old() -> (World, TestWallet) {
    let world = World::new(FakeMint::new(1000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    hold(&world, &mut wallet, 100).await;
    let mint = the_mint(&wallet).await;
    wallet.budgets().set(SITE, &mint, 5, 9).await.unwrap();
    buy(&mut wallet, &article()).await.unwrap();
    (world, wallet)
}

/// Another device, with a wallet that knows no mint.
async fn new_at(world: &World) -> (World, TestWallet) {
    let device = world.device();
    let (store, http) = device.parts(&Fuse::none());
    let phrase = Phrase::generate().unwrap();
    let wallet = Wallet::create(store, http, clock, &phrase, Origin::New)
        .await
        .unwrap();
    (device, wallet)
}

fn amounts(done: &Imported) -> u64 {
    let finished = done.received.iter().flat_map(|(_, done)| &done.finished);
    finished.map(|finished| finished.entry.amount).sum()
}

/// Replaces a text in the one record of a table.
fn alter(world: &World, table: Table, old: &str, new: &str) {
    let mut rows = world.rows.borrow_mut();
    let (_, row) = rows.iter_mut().find(|((t, _), _)| *t == table).unwrap();
    let text = String::from_utf8(row.to_vec()).unwrap();
    assert!(text.contains(old), "{text}");
    *row = text.replace(old, new).into_bytes().into();
}

#[tokio::test]
async fn all_of_a_wallet_arrives_and_the_old_one_has_nothing_left() {
    let (world, mut from) = old().await;
    let before = world.mint.borrow().requests.len();
    let exported = export(&mut from).await;
    assert_eq!(
        world.mint.borrow().requests.len(),
        before,
        "no mint is asked"
    );
    let counts = (
        exported.mints,
        exported.budgets,
        exported.bought,
        exported.open,
    );
    assert_eq!(counts, (1, 1, 1, 0));
    assert_eq!(available(&from).await, 0);
    let [sent] = exported.sent.as_slice() else {
        panic!("{exported:?}");
    };
    assert_eq!((sent.amount(), sent.memo.as_deref()), (97, Some("moved")));

    let (device, mut to) = new_at(&world).await;
    let done = import(&mut to, &exported.file).await.unwrap();
    assert!(!done.before && done.failures.is_empty() && done.kept.is_empty());
    assert_eq!((done.mints.len(), done.budgets, done.bought), (1, 1, 1));
    assert_eq!((amounts(&done), available(&to).await), (97, 97));
    // The account, the budget and the receipt do what they did there.
    let mint = the_mint(&to).await;
    to.withdraw(&mint, 3).await.unwrap();
    assert_eq!(
        to.budgets().all().await.unwrap(),
        from.budgets().all().await.unwrap()
    );
    let answer = free(&mut to, &article()).await;
    assert_eq!(answer.head().status, 200);
    assert_eq!(available(&to).await, 100, "the page was not paid again");

    from.sent_tokens().check().await.unwrap();
    assert_eq!(
        from.sent_tokens().get(sent.id).await.unwrap().state(),
        SentState::Claimed
    );
    // The tokens that arrived are the new wallet's own: the old phrase finds none of them.
    let restored = world.device();
    let mut restored = restored.make(PHRASE, Origin::Restored).await;
    restored.restore(&mint, &mut Eager).await.unwrap();
    assert_eq!(available(&restored).await, 0);
    drop(device);
}

#[tokio::test]
async fn a_file_shows_nothing_of_what_is_in_it() {
    let (_, mut from) = old().await;
    let exported = export(&mut from).await;
    let transfer = open(&exported.file);
    let [mint] = transfer.mints() else {
        panic!("{transfer:?}");
    };
    assert_eq!(
        (mint.url.as_str(), mint.amount(), mint.has_account()),
        (URL, 97, true)
    );
    let token = exported.sent[0].token().encode();
    for secret in [URL, API_TOKEN, SITE, PHRASE, &token, "cashuB"] {
        assert!(!exported.file.contains(secret), "{secret}");
    }
    let shown = format!("{transfer:?}");
    for secret in [API_TOKEN, PHRASE, &token, "cashuB"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_file_is_imported_twice_and_counts_once() {
    let (world, mut from) = old().await;
    let file = export(&mut from).await.file;
    let (_, mut to) = new_at(&world).await;
    import(&mut to, &file).await.unwrap();
    let again = import(&mut to, &file).await.unwrap();
    assert!(again.before && again.received.is_empty() && again.failures.is_empty());
    assert_eq!((again.budgets, again.bought), (0, 0));
    assert_eq!(available(&to).await, 97);
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_is_refused_and_says_why() {
    let (_, mut from) = old().await;
    let file = export(&mut from).await.file;
    let refused = |text: &str, passphrase: &str| {
        let opened = Transfer::open(text, &self::passphrase(passphrase));
        match opened.unwrap_err() {
            Error::Usage(error) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&file, "another"), UsageError::ImportPassphrase);
    let newer = file.replacen("\"version\":1", "\"version\":2", 1);
    assert_eq!(refused(&newer, TEXT), UsageError::ImportVersion(2));
    let cut = &file[..file.len() / 2];
    assert_eq!(refused(cut, TEXT), UsageError::ImportDamaged);
    assert_eq!(refused("", TEXT), UsageError::ImportDamaged);
    assert_eq!(
        refused("{\"format\":\"other\",\"version\":1}", TEXT),
        UsageError::ImportDamaged
    );
    // One digit of the content, and then of the seal.
    let at = file.find("\"content\":\"").unwrap() + 200;
    let digit = if &file[at..=at] == "0" { "1" } else { "0" };
    let altered = format!("{}{digit}{}", &file[..at], &file[at + 1..]);
    assert_eq!(refused(&altered, TEXT), UsageError::ImportDamaged);
    let at = file.find("\"wrapped\":\"").unwrap() + 20;
    let digit = if &file[at..=at] == "0" { "1" } else { "0" };
    let altered = format!("{}{digit}{}", &file[..at], &file[at + 1..]);
    assert_eq!(refused(&altered, TEXT), UsageError::ImportPassphrase);
    let spacious = format!("\n{file}\n ");
    assert_eq!(open(&spacious).mints().len(), 1);
}

#[tokio::test]
async fn money_that_was_taken_back_or_claimed_is_not_there_and_the_rest_is() {
    let (world, mut from) = old().await;
    let exported = export(&mut from).await;
    from.reclaim(exported.sent[0].id).await.unwrap();
    assert_eq!(available(&from).await, 97);
    let (_, mut to) = new_at(&world).await;
    let refused = import(&mut to, &exported.file).await.unwrap_err();
    assert_eq!(refused, UsageError::ImportClaimed.into());
    assert_eq!(available(&to).await, 0);
    assert_eq!(to.budgets().all().await.unwrap().len(), 1);

    let second = export(&mut from).await;
    let (_, mut third) = new_at(&world).await;
    import(&mut third, &second.file).await.unwrap();
    let (_, mut late) = new_at(&world).await;
    let refused = import(&mut late, &second.file).await.unwrap_err();
    assert_eq!(refused, UsageError::ImportClaimed.into());
    assert_eq!((available(&third).await, available(&late).await), (97, 0));
}

#[tokio::test]
async fn while_a_mint_is_silent_its_money_waits_in_the_file() {
    let (world, mut from) = old().await;
    let file = export(&mut from).await.file;
    let (device, mut to) = new_at(&world).await;
    device.fault.set(Some(Fault::DropRequest));
    let done = import(&mut to, &file).await.unwrap();
    assert!(
        matches!(done.failures.as_slice(), [Error::Network(_)]),
        "{done:?}"
    );
    assert_eq!((done.budgets, available(&to).await), (1, 0));
    device.fault.set(None);
    let done = import(&mut to, &file).await.unwrap();
    assert!(done.before && done.failures.is_empty());
    assert_eq!(available(&to).await, 97);
}

#[tokio::test]
async fn what_the_wallet_has_otherwise_stays() {
    let (world, mut from) = old().await;
    let file = export(&mut from).await.file;
    let device = world.device();
    let mut to = device.make_stranger().await;
    hold(&device, &mut to, 8).await;
    let mint = the_mint(&to).await;
    let own = to.budgets().set(SITE, &mint, 1, 2).await.unwrap();
    buy(&mut to, &article()).await.unwrap();
    // Another account at the same mint, and another receipt.
    alter(&device, Table::Mints, API_TOKEN, "another-token");
    alter(
        &device,
        Table::Bought,
        "\"receipt\":\"",
        "\"receipt\":\"another",
    );
    let done = import(&mut to, &file).await.unwrap();
    let kept = [
        Kept::Budget(SITE.to_owned()),
        Kept::Receipt("GET https://site.test/article?page=1".to_owned()),
        Kept::ApiToken(URL.to_owned()),
    ];
    assert_eq!(done.kept, kept);
    assert_eq!((done.budgets, done.bought), (0, 0));
    assert_eq!(to.budgets().all().await.unwrap(), [own]);
    let token = the_mint(&to).await.api_token.unwrap();
    assert_eq!(token.expose(), "another-token");
    assert_eq!(available(&to).await, 8 - 3 + 97);
}

#[tokio::test]
async fn another_mint_at_the_address_gets_neither_account_nor_money() {
    let (world, mut from) = old().await;
    let signs = |seed| Signs {
        seed,
        urls: vec![URL.to_owned()],
        issued: NOW,
    };
    world.mint.borrow_mut().identity = Some(signs(5));
    from.mints().add(URL, None).await.unwrap();
    let file = export(&mut from).await.file;
    world.mint.borrow_mut().identity = Some(signs(6));
    let before = world.mint.borrow().requests.len();
    let (_, mut to) = new_at(&world).await;
    let done = import(&mut to, &file).await.unwrap();
    let other = Error::from(UsageError::ImportOtherMint(URL.to_owned()));
    assert_eq!(done.failures, [other]);
    let asked: Vec<String> = world.mint.borrow().requests[before..]
        .iter()
        .map(|(path, _)| path.clone())
        .collect();
    assert_eq!(asked, ["/v1/info"]);
    assert!(to.mints().all().await.unwrap().is_empty());
    world.mint.borrow_mut().identity = Some(signs(5));
    import(&mut to, &file).await.unwrap();
    assert_eq!(available(&to).await, 97);
}

#[tokio::test]
async fn what_was_sent_before_and_the_phrase_stay_where_they_are() {
    let (world, mut from) = old().await;
    let mint = the_mint(&from).await;
    let sent = from.send(&mint, 5, SendOptions::default()).await.unwrap();
    let exported = export(&mut from).await;
    assert_eq!(exported.sent[0].amount(), 92);
    let again = export(&mut from).await;
    assert!(again.sent.is_empty());
    from.reclaim(sent.id).await.unwrap();
    assert_eq!(available(&from).await, 5);
    let (device, mut to) = new_at(&world).await;
    import(&mut to, &again.file).await.unwrap();
    assert_eq!(available(&to).await, 0);
    let phrases =
        [&world, &device].map(|d| d.rows.borrow()[&(Table::Meta, "phrase".to_owned())].clone());
    assert_ne!(phrases[0], phrases[1]);
}

#[tokio::test]
async fn killed_at_any_step_an_export_leaves_the_money_where_it_can_be_had() {
    for step in 0.. {
        let (world, wallet) = old().await;
        drop(wallet);
        let fuse = Fuse::at(step);
        let mut wallet = world.open(&fuse).await;
        let exported = wallet.transfers().export(&passphrase(TEXT), None).await;
        let mut wallet = world.open(&Fuse::none()).await;
        let handed = handed_out(&world, &wallet).await;
        assert_eq!(available(&wallet).await + handed, 97, "step {step}");
        for sent in wallet.sent_tokens().all().await.unwrap() {
            wallet.reclaim(sent.id).await.unwrap();
        }
        assert_eq!(available(&wallet).await, 97, "step {step}");
        if exported.is_ok() {
            assert!(step > 0, "it was killed at least once");
            break;
        }
    }
}

#[tokio::test]
async fn killed_at_any_step_an_import_is_finished_by_the_same_file() {
    for step in 0.. {
        let (world, mut from) = old().await;
        let transfer = open(&export(&mut from).await.file);
        let (device, to) = new_at(&world).await;
        drop(to);
        let mut to = device.open(&Fuse::at(step)).await;
        let done = to.transfers().import(&transfer).await;
        let whole = done.is_ok_and(|done| done.failures.is_empty());
        let mut to = device.open(&Fuse::none()).await;
        to.recover().await.unwrap();
        let done = to.transfers().import(&transfer).await.unwrap();
        assert!(done.failures.is_empty(), "step {step}: {done:?}");
        assert_eq!(available(&to).await, 97, "step {step}");
        assert_eq!(to.budgets().all().await.unwrap().len(), 1);
        if whole {
            assert!(step > 3, "it was killed more than once");
            break;
        }
    }
}
