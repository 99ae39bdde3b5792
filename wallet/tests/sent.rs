//! Tokens that were sent: their state, their text, and taking them back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::api::{CheckStateRequest, path};
use farthing_wallet::error::UsageError;
use farthing_wallet::records::{Kind, Mint, Outcome, Sent, SentState};
use farthing_wallet::{Error, Origin, SendOptions};
use support::*;

/// A wallet that holds 127, one of each denomination.
async fn wallet() -> (World, TestWallet, Mint) {
    let world = World::new(FakeMint::new(1000));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 127).await.unwrap();
    (world, wallet, mint)
}

async fn send(wallet: &mut TestWallet, mint: &Mint, amount: u64) -> Sent {
    wallet
        .send(mint, amount, SendOptions::default())
        .await
        .unwrap()
}

/// Has somebody claim those proofs of a token that are worth `amounts`.
async fn claim(world: &World, sent: &Sent, amounts: &[u64]) {
    let mut token = sent.token();
    token.proofs.retain(|p| amounts.contains(&p.proof.amount));
    let mut other = world.device().make_stranger().await;
    other.receive(&token.encode()).await.unwrap();
}

async fn state(wallet: &TestWallet, sent: &Sent) -> (SentState, u64, u64) {
    let sent = wallet.sent_tokens().get(sent.id).await.unwrap();
    (sent.state(), sent.claimed, sent.taken_back)
}

#[tokio::test]
async fn what_was_sent_is_listed_with_what_became_of_it() {
    let (world, mut wallet, mint) = wallet().await;
    let kept = send(&mut wallet, &mint, 1).await;
    let claimed = send(&mut wallet, &mint, 6).await;
    let partly = send(&mut wallet, &mint, 24).await;
    let back = send(&mut wallet, &mint, 32).await;
    claim(&world, &claimed, &[2, 4]).await;
    claim(&world, &partly, &[8]).await;
    wallet.reclaim(back.id).await.unwrap();

    // Nothing is known without asking.
    assert_eq!(state(&wallet, &claimed).await.0, SentState::Unclaimed);
    assert!(wallet.sent_tokens().check().await.unwrap().is_empty());
    assert_eq!(state(&wallet, &kept).await, (SentState::Unclaimed, 0, 0));
    assert_eq!(state(&wallet, &claimed).await, (SentState::Claimed, 6, 0));
    assert_eq!(state(&wallet, &partly).await, (SentState::Partly, 8, 0));
    assert_eq!(state(&wallet, &back).await, (SentState::TakenBack, 0, 32));
    // The text is there in each state.
    for sent in [&kept, &claimed, &partly, &back] {
        assert_eq!(
            wallet.sent_tokens().get(sent.id).await.unwrap().token(),
            sent.token()
        );
    }
}

#[tokio::test]
async fn a_mint_is_asked_in_batches_and_not_in_the_order_of_the_tokens() {
    let (world, mut wallet, _) = wallet().await;
    world.mint.borrow_mut().limits.inputs_max = 3;
    let mint = wallet.mints().add(URL, None).await.unwrap();
    for amount in [3, 12, 48] {
        send(&mut wallet, &mint, amount).await;
    }
    world.mint.borrow_mut().requests.clear();
    wallet.sent_tokens().check().await.unwrap();
    let requests = world.mint.borrow().requests.clone();
    let asked: Vec<CheckStateRequest> = requests
        .iter()
        .map(|(path, body)| {
            assert_eq!(path, path::CHECKSTATE);
            serde_json::from_str(body).unwrap()
        })
        .collect();
    assert_eq!(asked.iter().map(|a| a.ys.len()).collect::<Vec<_>>(), [3, 3]);
    assert!(asked.iter().flat_map(|a| &a.ys).is_sorted());
}

#[tokio::test]
async fn a_mint_that_does_not_answer_leaves_what_was_known() {
    let (world, mut wallet, mint) = wallet().await;
    let sent = send(&mut wallet, &mint, 6).await;
    claim(&world, &sent, &[2]).await;
    wallet.sent_tokens().check().await.unwrap();
    world.fault.set(Some(Fault::DropRequest));
    let failures = wallet.sent_tokens().check().await.unwrap();
    assert!(matches!(failures.as_slice(), [Error::Network(_)]));
    assert_eq!(state(&wallet, &sent).await, (SentState::Partly, 2, 0));
}

#[tokio::test]
async fn an_unclaimed_token_is_taken_back_by_a_swap_and_its_text_is_worthless_then() {
    let (world, mut wallet, mint) = wallet().await;
    let sent = send(&mut wallet, &mint, 40).await;
    assert_eq!(available(&wallet).await, 87);
    let finished = wallet.reclaim(sent.id).await.unwrap();
    assert_eq!(finished.finished.len(), 1);
    let entry = &finished.finished[0].entry;
    assert_eq!((entry.kind, entry.amount), (Kind::Reclaim, 40));
    assert_eq!(available(&wallet).await, 127);
    let mut other = world.device().make_stranger().await;
    let late = other.receive(&sent.token().encode()).await.unwrap_err();
    assert!(matches!(late, Error::Refused(refused) if refused.already_spent()));
    // Again does nothing.
    let again = wallet.reclaim(sent.id).await.unwrap_err();
    assert_eq!(again, Error::Usage(UsageError::SentTakenBack(sent.id)));
    assert_eq!(available(&wallet).await, 127);
}

#[tokio::test]
async fn somebody_who_was_faster_keeps_it_and_that_is_said() {
    let (world, mut wallet, mint) = wallet().await;
    let sent = send(&mut wallet, &mint, 6).await;
    claim(&world, &sent, &[2, 4]).await;
    let error = wallet.reclaim(sent.id).await.unwrap_err();
    assert_eq!(error, Error::Usage(UsageError::SentClaimed(sent.id)));
    assert!(error.to_string().contains("was claimed before"));
    assert_eq!(state(&wallet, &sent).await, (SentState::Claimed, 6, 0));
    assert_eq!(available(&wallet).await, 121);
    assert!(wallet.open_operations().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_left_of_a_token_is_taken_back() {
    let (world, mut wallet, mint) = wallet().await;
    let sent = send(&mut wallet, &mint, 7).await;
    claim(&world, &sent, &[4]).await;
    let finished = wallet.reclaim(sent.id).await.unwrap();
    assert_eq!(finished.finished[0].entry.amount, 3);
    assert_eq!(state(&wallet, &sent).await, (SentState::TakenBack, 4, 3));
    assert_eq!(available(&wallet).await, 123);
}

#[tokio::test]
async fn a_race_lost_between_question_and_swap_is_settled_by_the_mint() {
    let (world, mut wallet, mint) = wallet().await;
    let sent = send(&mut wallet, &mint, 7).await;
    // Written down, and the mint did not get it. Then somebody claims a part.
    world.fault.set(Some(Fault::DropRequest));
    wallet.reclaim(sent.id).await.unwrap_err();
    assert!(wallet.open_operations().await.unwrap().is_empty());
    world.fault.set(None);
    world.mint.borrow_mut().lies.unavailable_swap = true;
    let error = wallet.reclaim(sent.id).await.unwrap_err();
    assert!(matches!(error, Error::Network(n) if n.open.is_some()));
    world.mint.borrow_mut().lies.unavailable_swap = false;
    // Not the wallet's while that is open, and not twice.
    assert_eq!((available(&wallet).await, pending(&wallet).await), (120, 0));
    claim(&world, &sent, &[1, 2]).await;
    let back = wallet.reclaim(sent.id).await.unwrap();
    assert_eq!(back.finished[0].entry.amount, 4);
    assert_eq!(state(&wallet, &sent).await, (SentState::TakenBack, 3, 4));
    assert_eq!(available(&wallet).await, 124);
    let history = wallet.history().await.unwrap();
    let undone = history.iter().filter(|e| e.outcome == Outcome::Undone);
    assert_eq!(undone.map(|e| e.kind).collect::<Vec<_>>(), [Kind::Reclaim]);
}

#[tokio::test]
async fn a_recovered_reclaim_that_came_too_late_says_so() {
    let (world, mut wallet, mint) = wallet().await;
    let sent = send(&mut wallet, &mint, 4).await;
    world.mint.borrow_mut().lies.unavailable_swap = true;
    wallet.reclaim(sent.id).await.unwrap_err();
    world.mint.borrow_mut().lies.unavailable_swap = false;
    claim(&world, &sent, &[4]).await;
    let recovered = wallet.recover().await.unwrap();
    let error = recovered[0].result.as_ref().unwrap_err();
    assert_eq!(*error, Error::Usage(UsageError::SentClaimed(sent.id)));
    wallet.sent_tokens().check().await.unwrap();
    assert_eq!(state(&wallet, &sent).await, (SentState::Claimed, 4, 0));
}

#[tokio::test]
async fn a_locked_token_cannot_be_taken_back_but_by_its_owner() {
    let (world, mut wallet, mint) = wallet().await;
    let friend = world.device().make_stranger().await;
    let lock = |key| SendOptions {
        lock: Some(hex::encode(key)),
        ..SendOptions::default()
    };
    let theirs = lock(friend.lock_public_key(&mint).await.unwrap());
    let sent = wallet.send(&mint, 8, theirs).await.unwrap();
    let error = wallet.reclaim(sent.id).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Usage(UsageError::TokenLocked { number: 1, .. })
    ));
    let own = lock(wallet.lock_public_key(&mint).await.unwrap());
    let sent = wallet.send(&mint, 8, own).await.unwrap();
    wallet.reclaim(sent.id).await.unwrap();
    assert_eq!(available(&wallet).await, 119);
}

#[tokio::test]
async fn a_token_received_back_as_text_is_marked_taken_back_too() {
    let (_, mut wallet, mint) = wallet().await;
    let sent = send(&mut wallet, &mint, 12).await;
    let mut part = sent.token();
    part.proofs.retain(|p| p.proof.amount == 4);
    wallet.receive(&part.encode()).await.unwrap();
    assert_eq!(state(&wallet, &sent).await, (SentState::Partly, 0, 4));
    wallet.sent_tokens().check().await.unwrap();
    assert_eq!(state(&wallet, &sent).await, (SentState::Partly, 0, 4));
    wallet.reclaim(sent.id).await.unwrap();
    assert_eq!(state(&wallet, &sent).await, (SentState::TakenBack, 0, 12));
    assert_eq!(available(&wallet).await, 127);
}

#[tokio::test]
async fn a_token_larger_than_one_request_is_taken_back_in_several() {
    let (world, mut wallet, mint) = wallet().await;
    let sent = send(&mut wallet, &mint, 63).await;
    world.mint.borrow_mut().limits.inputs_max = 4;
    wallet.mints().add(URL, None).await.unwrap();
    let finished = wallet.reclaim(sent.id).await.unwrap();
    let amounts: Vec<u64> = finished.finished.iter().map(|f| f.entry.amount).collect();
    assert_eq!((amounts.len(), amounts.iter().sum::<u64>()), (2, 63));
    assert_eq!(state(&wallet, &sent).await, (SentState::TakenBack, 0, 63));
    assert_eq!(available(&wallet).await, 127);
}

#[tokio::test]
async fn what_was_claimed_is_forgotten_after_a_while_and_what_was_not_never() {
    let (world, mut wallet, mint) = wallet().await;
    let claimed = send(&mut wallet, &mint, 1).await;
    let unclaimed = send(&mut wallet, &mint, 2).await;
    claim(&world, &claimed, &[1]).await;
    wallet.sent_tokens().check().await.unwrap();
    wallet.recover().await.unwrap();
    assert_eq!(wallet.sent_tokens().all().await.unwrap().len(), 2);
    drop(wallet);
    let mut wallet = world.open_later().await;
    wallet.recover().await.unwrap();
    let left = wallet.sent_tokens().all().await.unwrap();
    assert_eq!(
        left.iter().map(|s| s.id).collect::<Vec<_>>(),
        [unclaimed.id]
    );
    let gone = wallet.reclaim(claimed.id).await.unwrap_err();
    assert_eq!(gone, Error::Usage(UsageError::SentUnknown(claimed.id)));
    // The history still knows.
    let history = wallet.history().await.unwrap();
    assert!(history.iter().any(|e| e.id == claimed.id && e.amount == 1));
}
