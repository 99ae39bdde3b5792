//! Payments locked to the site's key, and what was paid and is not known any more.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::payment::header;
use farthing_protocol::{ErrorCode, Token};
use farthing_wallet::error::payment::{Fate, Unpayable};
use farthing_wallet::pay::Payment;
use farthing_wallet::records::Stage;
use farthing_wallet::records::{Kind, Outcome};
use support::shop::*;
use support::site::{PAGE, SITE};
use support::*;

async fn locked_shop() -> (World, TestWallet) {
    let (world, wallet) = shop().await;
    world.site.borrow_mut().wants_locked();
    (world, wallet)
}

#[tokio::test]
async fn a_locked_token_of_exactly_the_price_is_made_by_a_swap_and_carries_its_proofs() {
    let (world, mut wallet) = locked_shop().await;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    let Payment::Paid { entry, .. } = answer.payment.clone() else {
        panic!("{:?}", answer.payment);
    };
    assert_eq!(
        (entry.id, entry.kind, entry.outcome),
        (2, Kind::Pay, Outcome::Done)
    );
    assert_eq!((entry.amount, entry.lost), (3, 0));
    assert_eq!(body(answer).await, PAGE);
    assert_eq!(world.mint.borrow().paths(), ["/v1/swap"]);
    let token = Token::decode(&last_token(&world)).unwrap();
    assert_eq!(token.amount(), Ok(3));
    assert!(token.proofs.iter().all(|proof| proof.dleq.is_some()));
    assert!(
        world
            .site
            .borrow()
            .header(header::OUTPUTS)
            .iter()
            .all(Option::is_none)
    );
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 0));
    assert!(wallet.sent_tokens().all().await.unwrap().is_empty());
    adds_up(&world, &wallet, 3).await;
}

#[tokio::test]
async fn a_locked_payment_that_is_not_answered_waits_and_cannot_be_taken_back() {
    let (world, mut wallet) = locked_shop().await;
    world.site_fault.set(Some(Fault::DropRequest));
    let (_, fate) = site_error(buy(&mut wallet, &article()).await);
    assert!(matches!(
        fate,
        Fate::Open {
            id: 2,
            held: 3,
            minutes: 60,
            locked: true,
            ..
        }
    ));
    assert_eq!(
        wallet.cancel(2).await.unwrap_err(),
        Unpayable::Locked(2).into()
    );
    // An error of the site does not change that.
    world.site_fault.set(None);
    world.site.borrow_mut().upstream = 500;
    let answer = free(&mut wallet, &article()).await;
    assert!(matches!(
        answer.payment,
        Payment::Open(Fate::Open { locked: true, .. })
    ));
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 3));
    assert!(wallet.recover().await.unwrap()[0].result.is_err());

    // The same token pays in the end.
    world.site.borrow_mut().upstream = 200;
    let answer = free(&mut wallet, &article()).await;
    assert!(matches!(answer.payment, Payment::Paid { .. }));
    let tokens = world.site.borrow().tokens();
    assert!(tokens.len() == 2 && tokens[0] == tokens[1]);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 0));
}

#[tokio::test]
async fn after_an_hour_a_locked_payment_counts_as_paid_and_still_buys() {
    let (world, mut wallet) = locked_shop().await;
    world.site_fault.set(Some(Fault::DropRequest));
    site_error(buy(&mut wallet, &article()).await);
    drop(wallet);
    world.site_fault.set(None);
    let mut wallet = world.open_later().await;
    let entry = wallet
        .recover()
        .await
        .unwrap()
        .remove(0)
        .result
        .unwrap()
        .entry;
    assert_eq!(
        (entry.outcome, entry.amount, entry.lost),
        (Outcome::Done, 3, 0)
    );
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 0));
    world.site.borrow_mut().now = clock_later();
    let answer = free(&mut wallet, &article()).await;
    assert!(matches!(answer.payment, Payment::Before(_)));
    assert_eq!(world.site.borrow().tokens().len(), 1);
}

#[tokio::test]
async fn a_lock_that_was_begun_is_finished_before_it_is_shown() {
    let (world, mut wallet) = locked_shop().await;
    let offer = offer(&mut wallet, &article()).await;
    world.fault.set(Some(Fault::DropAnswer));
    wallet.payments().pay(&offer).await.unwrap_err();
    let open = wallet.open_operations().await.unwrap();
    assert_eq!(open[0].purchase().unwrap().stage, Stage::Prepare);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (96, 4));
    world.fault.set(None);
    let answer = free(&mut wallet, &article()).await;
    assert!(matches!(answer.payment, Payment::Paid { .. }));
    assert_eq!(available(&wallet).await, 97);
    adds_up(&world, &wallet, 3).await;
}

#[tokio::test]
async fn a_token_that_the_site_does_not_know_any_more_is_not_paid_for_again_unasked() {
    let (world, mut wallet) = shop().await;
    let mint = the_mint(&wallet).await;
    wallet.budgets().set(SITE, &mint, 10, 100).await.unwrap();
    world.site_fault.set(Some(Fault::DropAnswer));
    site_error(buy(&mut wallet, &article()).await);
    world.site_fault.set(None);
    wallet.recover().await.unwrap().remove(0).result.unwrap();
    world.site.borrow_mut().deeds.refuses = Some(ErrorCode::AlreadySpent);
    let again = offer(&mut wallet, &article()).await;
    assert!(again.paid_before && !again.within_budget);
    assert_eq!(available(&wallet).await, 97);
}
