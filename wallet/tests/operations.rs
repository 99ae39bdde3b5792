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
use farthing_wallet::error::{Aftermath, UsageError};
use farthing_wallet::records::{Outcome, SentState};
use farthing_wallet::{ApiToken, Error, Origin, Redeem, SendOptions};
use support::mint::FakeKeyset;
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
    assert_eq!(alice.sent_tokens().get(sent.id).await.unwrap(), sent);

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
    let sent = wallet.sent_tokens().get(sent.id).await.unwrap();
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
            matches!(
                error,
                Error::Usage(UsageError::TokenLocked { number: 1, .. })
            ),
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
            matches!(error, Error::Usage(UsageError::LockKey(_))),
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
    assert_eq!(
        (
            received.finished[0].entry.amount,
            received.finished[0].entry.fee
        ),
        (9, 1)
    );
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
        Error::Usage(UsageError::FeeEatsAll {
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
    let insufficient = UsageError::Insufficient {
        needed: 8,
        available: 7,
        unit: farthing_wallet::Unit::new("credit", 0),
    };
    let error = wallet
        .send(&mint, 8, SendOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error, Error::Usage(insufficient.clone()));
    let error = wallet.redeem(&mint, Redeem::Amount(8)).await.unwrap_err();
    assert_eq!(error, Error::Usage(insufficient));
    for amount in [u64::MAX, 100 * 128 * 100 * 200] {
        let error = wallet.withdraw(&mint, amount).await.unwrap_err();
        assert_eq!(error, Error::Usage(UsageError::AmountUnpayable { amount }));
        assert!(
            wallet
                .send(&mint, amount, SendOptions::default())
                .await
                .is_err()
        );
    }
    assert_eq!(
        wallet.withdraw(&mint, 0).await.unwrap_err(),
        Error::Usage(UsageError::AmountZero)
    );
    let mut poor = mint.clone();
    poor.api_token = None;
    let error = wallet.withdraw(&poor, 1).await.unwrap_err();
    assert_eq!(error, Error::Usage(UsageError::NoApiToken(URL.into())));
    assert_eq!(world.mint.borrow().requests.len(), before);
    assert_eq!(available(&wallet).await, 7);
}

#[tokio::test]
async fn a_refused_withdrawal_is_undone_whatever_the_refusal() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    let undone = Aftermath::Undone {
        returned: 0,
        lost: 0,
        unit: farthing_wallet::Unit::new("credit", 0),
    };
    for (revoked, amount, code) in [
        (false, 101, ErrorCode::InsufficientFunds),
        (true, 5, ErrorCode::Unauthorized),
        (true, 5, ErrorCode::Unauthorized),
        (true, 5, ErrorCode::Unauthorized),
    ] {
        world.mint.borrow_mut().lies.revoked = revoked;
        let error = wallet.withdraw(&mint, amount).await.unwrap_err();
        let Error::Refused(refused) = error else {
            panic!("{error:?}")
        };
        assert_eq!(refused.known_code(), Some(code));
        assert_eq!(refused.aftermath, undone);
        assert!(wallet.open_operations().await.unwrap().is_empty());
    }
    // When the token is good again, none of the three is done.
    world.mint.borrow_mut().lies.revoked = false;
    assert!(wallet.recover().await.unwrap().is_empty());
    assert_eq!((available(&wallet).await, world.account()), (0, 100));
    wallet.withdraw(&mint, 5).await.unwrap();
    assert_eq!((available(&wallet).await, world.account()), (5, 95));
}

#[tokio::test]
async fn a_withdrawal_that_was_done_is_kept_when_the_token_is_revoked_before_its_answer_came() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    world.fault.set(Some(Fault::DropAnswer));
    wallet.withdraw(&mint, 5).await.unwrap_err();
    world.fault.set(None);
    world.mint.borrow_mut().lies.revoked = true;
    assert!(wallet.recover().await.unwrap()[0].result.is_ok());
    assert_eq!((available(&wallet).await, world.account()), (5, 95));
}

#[tokio::test]
async fn an_api_token_is_asked_about_before_it_is_kept() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let wrong = Some(ApiToken::new("wrong"));
    let error = wallet.mints().add(URL, wrong).await.unwrap_err();
    assert!(
        matches!(&error, Error::Refused(refused) if refused.status == 401),
        "{error:?}"
    );
    let mint = the_mint(&wallet).await;
    assert_eq!(mint.api_token, Some(ApiToken::new(API_TOKEN)));
    wallet.withdraw(&mint, 5).await.unwrap();
}

#[tokio::test]
async fn what_the_mint_does_not_answer_can_be_ended() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 7).await.unwrap();
    // The mint did neither: both are undone, and what was held is back.
    world.fault.set(Some(Fault::DropRequest));
    wallet.withdraw(&mint, 5).await.unwrap_err();
    wallet.redeem(&mint, Redeem::Amount(3)).await.unwrap_err();
    assert!(matches!(wallet.cancel(2).await, Err(Error::Network(_))));
    assert_eq!(wallet.open_operations().await.unwrap().len(), 2);
    world.fault.set(None);
    for id in [2, 3] {
        let ended = wallet.cancel(id).await.unwrap();
        assert_eq!(ended.entry.outcome, Outcome::Undone);
    }
    assert_eq!((available(&wallet).await, pending(&wallet).await), (7, 0));
    // The mint did it, and its answer was lost: it is done.
    world.fault.set(Some(Fault::DropAnswer));
    wallet.withdraw(&mint, 5).await.unwrap_err();
    world.fault.set(None);
    assert_eq!(wallet.cancel(4).await.unwrap().entry.outcome, Outcome::Done);
    assert_eq!((available(&wallet).await, world.account()), (12, 88));
    assert!(wallet.open_operations().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_fee_leaves_is_taken_and_the_rest_is_named() {
    let mut mint = FakeMint::new(1000);
    mint.rotate(40, 100);
    mint.limits.inputs_max = 2;
    let world = World::new(mint);
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    for _ in 0..3 {
        wallet.withdraw(&mint, 1).await.unwrap();
    }
    let options = SendOptions::default();
    assert_eq!(wallet.receiver_gets(&mint, 3, &options).await, Ok(1));
    let sent = wallet.send(&mint, 3, options.clone()).await.unwrap();
    let mut other = world.device().make_stranger().await;
    let done = other.receive(&sent.token().encode()).await.unwrap();
    assert_eq!((done.finished.len(), done.dust), (1, 1));
    assert_eq!(available(&other).await, 1);
    // What is left of it is dust for its sender too.
    let error = wallet.reclaim(sent.id).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Usage(UsageError::FeeEatsAll { amount: 1, .. })
    ));
    for _ in 0..3 {
        wallet.withdraw(&mint, 1).await.unwrap();
    }
    let sent = wallet.send(&mint, 3, options).await.unwrap();
    let done = wallet.reclaim(sent.id).await.unwrap();
    assert_eq!((done.finished[0].entry.amount, done.dust), (1, 1));
    assert_eq!(
        wallet
            .sent_tokens()
            .get(sent.id)
            .await
            .unwrap()
            .outstanding(),
        1
    );
    assert_eq!(available(&wallet).await, 1);
}

#[tokio::test]
async fn a_token_of_which_a_part_was_claimed_is_taken_for_the_rest() {
    let world = World::new(FakeMint::new(100));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 7).await.unwrap();
    let sent = wallet.send(&mint, 7, SendOptions::default()).await.unwrap();
    world.mint.borrow_mut().cash_in(&sent.proofs[0].proof);
    let rest = 7 - sent.proofs[0].proof.amount;
    let mut other = world.device().make_stranger().await;
    let done = other.receive(&sent.token().encode()).await.unwrap();
    assert_eq!(done.finished[0].entry.amount, rest);
    assert!(matches!(&done.failures[..], [Error::Refused(r)] if r.already_spent()));
    assert_eq!(available(&other).await, rest);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named() {
    const DAY_S: u64 = 24 * 60 * 60;
    let mut mint = FakeMint::new(100);
    mint.keysets = vec![FakeKeyset::expiring(1, 0, 8, Some(NOW + 90 * DAY_S))];
    let world = World::new(mint);
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 5).await.unwrap();
    set_clock(NOW + 100 * DAY_S);
    let mut wallet = world.open_with_clock().await;
    let wrong = Error::Usage(UsageError::Clock {
        mint: URL.to_owned(),
        ahead: true,
        apart_s: 100 * DAY_S,
    });
    assert!(
        wrong
            .to_string()
            .contains("clock is ahead of the clock of the mint")
    );
    assert!(wrong.to_string().ends_with("by 100 days"));
    assert_eq!(wallet.withdraw(&mint, 5).await.unwrap_err(), wrong);
    let sent = wallet.send(&mint, 5, SendOptions::default()).await;
    assert_eq!(sent.unwrap_err(), wrong);
    let redeemed = wallet.redeem(&mint, Redeem::All).await;
    assert_eq!(redeemed.unwrap_err(), wrong);
    // When the clocks agree, the keyset's time is over indeed.
    world.mint.borrow_mut().now = NOW + 100 * DAY_S;
    let error = wallet.withdraw(&mint, 5).await.unwrap_err();
    assert_eq!(
        error,
        Error::Usage(UsageError::NoActiveKeyset(URL.to_owned()))
    );
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
