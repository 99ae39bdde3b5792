//! What each operation does when nothing goes wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::ErrorCode;
use farthing_wallet::error::{Aftermath, Caller};
use farthing_wallet::records::SentState;
use farthing_wallet::{ApiToken, Error, Origin, Redeem, SendOptions};
use support::*;

#[tokio::test]
async fn money_goes_round_and_adds_up() {
    let world = World::new(FakeMint::new(100));
    let mut alice = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&alice).await;

    alice.withdraw(&mint, 60).await.unwrap();
    assert_eq!((available(&alice).await, world.account()), (60, 40));

    let options = SendOptions {
        memo: Some("thanks".into()),
        ..SendOptions::default()
    };
    let sent = alice.send(&mint, 13, options).await.unwrap();
    assert_eq!((sent.amount(), available(&alice).await), (13, 47));
    assert_eq!(alice.sent(sent.id).await.unwrap(), sent);

    let mut bob = world.device().make_stranger().await;
    let received = bob.receive(&sent.token().encode()).await.unwrap();
    assert_eq!(received.finished[0].entry.amount, 13);
    assert_eq!(received.finished[0].entry.memo.as_deref(), Some("thanks"));
    assert_eq!(available(&bob).await, 13);

    bob.redeem(&mint, Redeem::Amount(10)).await.unwrap();
    assert_eq!((available(&bob).await, world.account()), (3, 50));
    bob.redeem(&mint, Redeem::All).await.unwrap();
    assert_eq!((available(&bob).await, world.account()), (0, 53));
    assert_eq!(world.mint.borrow().outstanding(), 47);
}

#[tokio::test]
async fn an_exact_send_asks_the_mint_for_nothing() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 7).await.unwrap();
    let before = world.mint.borrow().requests.len();
    let sent = wallet.send(&mint, 5, SendOptions::default()).await.unwrap();
    assert_eq!(world.mint.borrow().requests.len(), before);
    assert_eq!((sent.amount(), available(&wallet).await), (5, 2));
    assert!(sent.proofs.iter().all(|p| p.dleq.is_some()));
}

#[tokio::test]
async fn a_token_of_ones_own_can_be_taken_back() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 7).await.unwrap();
    let sent = wallet.send(&mint, 3, SendOptions::default()).await.unwrap();
    wallet.receive(&sent.token().encode()).await.unwrap();
    assert_eq!(available(&wallet).await, 7);
    let sent = wallet.sent(sent.id).await.unwrap();
    assert_eq!((sent.state(), sent.taken_back), (SentState::TakenBack, 3));
}

#[tokio::test]
async fn a_locked_token_is_for_its_owner_alone() {
    let world = World::new(FakeMint::new(100));
    let mut alice = world.make(PHRASE, Origin::New).await;
    let mut bob = world.device().make_stranger().await;
    let mut eve = world.device().make_stranger().await;
    let mint = the_mint(&alice).await;
    alice.withdraw(&mint, 8).await.unwrap();
    let lock = Some(hex::encode(bob.lock_public_key(&mint).await.unwrap()));
    let sent = alice
        .send(
            &mint,
            8,
            SendOptions {
                lock,
                ..SendOptions::default()
            },
        )
        .await
        .unwrap();
    let token = sent.token().encode();
    let before = world.mint.borrow().requests.len();
    for other in [&mut alice, &mut eve] {
        let error = other.receive(&token).await.unwrap_err();
        assert!(
            matches!(error, Error::Caller(Caller::TokenLocked { number: 1, .. })),
            "{error:?}"
        );
    }
    assert_eq!(world.mint.borrow().requests.len(), before);
    bob.receive(&token).await.unwrap();
    assert_eq!((available(&bob).await, available(&alice).await), (8, 0));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_before_anything_moves() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 8).await.unwrap();
    for wrong in [
        "",
        "zz",
        "00",
        &"00".repeat(32),
        &"ff".repeat(32),
        &"11".repeat(33),
    ] {
        let options = SendOptions {
            lock: Some(wrong.to_owned()),
            ..SendOptions::default()
        };
        let error = wallet.send(&mint, 8, options).await.unwrap_err();
        assert!(
            matches!(error, Error::Caller(Caller::LockKey(_))),
            "{wrong}: {error:?}"
        );
    }
    assert_eq!(available(&wallet).await, 8);
}

#[tokio::test]
async fn fees_are_paid_once_for_each_request_and_add_up() {
    let mut mint = FakeMint::new(1000);
    mint.rotate(40, 300);
    let world = World::new(mint);
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 100).await.unwrap(); // 4 + 32 + 64
    let sent = wallet
        .send(&mint, 10, SendOptions::default())
        .await
        .unwrap();
    assert_eq!((sent.amount(), available(&wallet).await), (10, 89));
    let received = wallet.receive(&sent.token().encode()).await.unwrap();
    assert_eq!((received.finished[0].entry.amount, received.finished[0].entry.fee), (9, 1));
    assert_eq!(available(&wallet).await, 98);
    let all = wallet.redeem(&mint, Redeem::All).await.unwrap();
    let (amount, fee) = (all.finished[0].entry.amount, all.finished[0].entry.fee);
    assert_eq!(amount + fee, 98);
    assert_eq!(world.account(), 900 + amount);
    assert_eq!(world.mint.borrow().fees, 2 + fee);
    let entries = wallet.history().await.unwrap();
    assert_eq!(entries.iter().map(|e| e.fee).sum::<u64>(), 2 + fee);
}

#[tokio::test]
async fn a_fee_that_eats_a_token_whole_is_said_so() {
    let mut mint = FakeMint::new(1000);
    mint.rotate(40, 1000);
    let world = World::new(mint);
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 1).await.unwrap();
    let sent = wallet.send(&mint, 1, SendOptions::default()).await.unwrap();
    let error = wallet.receive(&sent.token().encode()).await.unwrap_err();
    assert_eq!(
        error,
        Error::Caller(Caller::FeeEatsAll {
            amount: 1,
            fee: 1,
            unit: farthing_wallet::Unit::new("credit", 0)
        })
    );
}

#[tokio::test]
async fn a_rotation_of_keysets_is_followed_by_itself() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 33).await.unwrap();
    world.mint.borrow_mut().rotate(40, 0);
    wallet.withdraw(&mint, 1).await.unwrap();
    assert_eq!((available(&wallet).await, world.account()), (34, 66));
    // The token of the retired keyset goes first.
    let sent = wallet.send(&mint, 1, SendOptions::default()).await.unwrap();
    assert_eq!(
        sent.proofs[0].proof.id,
        world.mint.borrow().keysets[0].info.id
    );
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_without_a_request() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 7).await.unwrap();
    let before = world.mint.borrow().requests.len();
    let insufficient = Caller::Insufficient {
        needed: 8,
        available: 7,
        unit: farthing_wallet::Unit::new("credit", 0),
    };
    let error = wallet
        .send(&mint, 8, SendOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error, Error::Caller(insufficient.clone()));
    let error = wallet.redeem(&mint, Redeem::Amount(8)).await.unwrap_err();
    assert_eq!(error, Error::Caller(insufficient));
    for amount in [u64::MAX, 100 * 128 * 100 * 200] {
        let error = wallet.withdraw(&mint, amount).await.unwrap_err();
        assert_eq!(error, Error::Caller(Caller::AmountUnpayable { amount }));
        assert!(
            wallet
                .send(&mint, amount, SendOptions::default())
                .await
                .is_err()
        );
    }
    assert_eq!(
        wallet.withdraw(&mint, 0).await.unwrap_err(),
        Error::Caller(Caller::AmountZero)
    );
    let mut poor = mint.clone();
    poor.api_token = None;
    let error = wallet.withdraw(&poor, 1).await.unwrap_err();
    assert_eq!(error, Error::Caller(Caller::NoApiToken(URL.into())));
    assert_eq!(world.mint.borrow().requests.len(), before);
    assert_eq!(available(&wallet).await, 7);
}

#[tokio::test]
async fn a_refused_withdrawal_is_undone_and_a_wrong_api_token_keeps_it() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    let error = wallet.withdraw(&mint, 101).await.unwrap_err();
    let Error::Refused(refused) = error else {
        panic!("{error:?}")
    };
    assert_eq!(refused.known_code(), Some(ErrorCode::InsufficientFunds));
    assert_eq!(
        refused.aftermath,
        Aftermath::Undone {
            returned: 0,
            lost: 0,
            unit: farthing_wallet::Unit::new("credit", 0),
        }
    );
    assert!(wallet.open_operations().await.unwrap().is_empty());

    wallet
        .add_mint(URL, Some(ApiToken::new("wrong")))
        .await
        .unwrap();
    let mint = the_mint(&wallet).await;
    let error = wallet.withdraw(&mint, 5).await.unwrap_err();
    let Error::Refused(refused) = error else {
        panic!("{error:?}")
    };
    assert_eq!(refused.aftermath, Aftermath::Kept(2));
    wallet
        .add_mint(URL, Some(ApiToken::new(API_TOKEN)))
        .await
        .unwrap();
    assert!(wallet.recover().await.unwrap()[0].result.is_ok());
    assert_eq!((available(&wallet).await, world.account()), (5, 95));
}

#[tokio::test]
async fn an_overloaded_mint_is_asked_again_later() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    world.mint.borrow_mut().lies.unavailable = true;
    let error = wallet.withdraw(&mint, 5).await.unwrap_err();
    assert!(
        matches!(&error, Error::Network(n) if n.open == Some(1)),
        "{error:?}"
    );
    world.mint.borrow_mut().lies.unavailable = false;
    assert!(wallet.recover().await.unwrap()[0].result.is_ok());
    assert_eq!(available(&wallet).await, 5);
}

#[tokio::test]
async fn a_claimed_token_is_refused_and_leaves_nothing_open() {
    let world = World::new(FakeMint::new(100));
    let mut alice = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&alice).await;
    alice.withdraw(&mint, 7).await.unwrap();
    let token = alice
        .send(&mint, 7, SendOptions::default())
        .await
        .unwrap()
        .token()
        .encode();
    let mut bob = world.device().make_stranger().await;
    bob.receive(&token).await.unwrap();
    let error = alice.receive(&token).await.unwrap_err();
    let Error::Refused(refused) = error else {
        panic!("{error:?}")
    };
    assert_eq!(refused.known_code(), Some(ErrorCode::AlreadySpent));
    assert!(alice.open_operations().await.unwrap().is_empty());
    assert_eq!((available(&alice).await, available(&bob).await), (0, 7));
}
