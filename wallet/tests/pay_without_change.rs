//! Payments to sites that know NUT-24 alone, and would keep what they are paid too much.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::Token;
use farthing_protocol::payment::header;
use farthing_wallet::error::payment::Fate;
use farthing_wallet::pay::Payment;
use farthing_wallet::records::Outcome;
use farthing_wallet::records::Stage;
use support::shop::*;
use support::site::PAGE;
use support::*;

/// A shop that gives no change. The wallet holds 64, 32 and 4, and a page costs 3.
async fn strict_shop() -> (World, TestWallet) {
    let (world, wallet) = shop().await;
    world.site.borrow_mut().deeds.gives_no_change = true;
    (world, wallet)
}

fn no_outputs(world: &World) -> bool {
    let outputs = world.site.borrow().header(header::OUTPUTS);
    outputs.iter().all(Option::is_none)
}

#[tokio::test]
async fn exact_tokens_are_made_by_a_swap_first_and_shown_without_their_proofs() {
    let (world, mut wallet) = strict_shop().await;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    assert!(matches!(answer.payment, Payment::Paid { .. }));
    assert_eq!(body(answer).await, PAGE);
    assert_eq!(world.mint.borrow().paths(), ["/v1/swap", "/v1/redeem"]);
    let token = Token::decode(&last_token(&world)).unwrap();
    assert_eq!(token.amount(), Ok(3));
    assert!(token.proofs.iter().all(|proof| proof.dleq.is_none()));
    assert!(no_outputs(&world));
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 0));
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn who_has_exact_tokens_needs_no_swap() {
    let (world, mut wallet) = strict_shop().await;
    world.site.borrow_mut().price = 4;
    buy(&mut wallet, &article()).await.unwrap();
    assert_eq!(world.mint.borrow().paths(), ["/v1/redeem"]);
    assert!(no_outputs(&world));
    assert_eq!(available(&wallet).await, 96);
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn what_is_not_charged_comes_back_whole() {
    let (world, mut wallet) = strict_shop().await;
    world.site.borrow_mut().upstream = 500;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    let Payment::Aside(Fate::Aside { held: 3, .. }) = answer.payment else {
        panic!("{:?}", answer.payment);
    };
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 3));
    wallet.recover_all(&mut Eager).await.unwrap();
    assert_eq!((available(&wallet).await, pending(&wallet).await), (100, 0));
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn a_payment_that_is_cancelled_while_its_tokens_are_made_comes_back_whole() {
    let (world, mut wallet) = strict_shop().await;
    let offer = offer(&mut wallet, &article()).await;
    world.fault.set(Some(Fault::DropAnswer));
    wallet.payments().pay(&offer).await.unwrap_err();
    let open = wallet.open_operations().await.unwrap();
    assert_eq!(open[0].purchase().unwrap().stage, Stage::Prepare);
    world.fault.set(None);
    let done = wallet.cancel(open[0].id).await.unwrap();
    assert_eq!(done.entry.outcome, Outcome::Undone);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (100, 0));
    adds_up(&world, &wallet, 0).await;
}
