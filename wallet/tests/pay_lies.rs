//! Sites that lie about payments: the mint's word decides where the money is, and the wallet says what
//! the site did.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_client::Violation as OfApi;
use farthing_protocol::payment::{PaymentError, header};
use farthing_wallet::Error;
use farthing_wallet::error::Violation;
use farthing_wallet::error::payment::AnswerFault;
use farthing_wallet::pay::Payment;
use farthing_wallet::records::{Entry, Kind, Outcome};
use support::shop::*;
use support::site::{Deeds, PAGE};
use support::*;

/// Buys the article from a site that does something; gives what it took and what was wrong.
async fn taken(deeds: Deeds) -> (World, TestWallet, Entry, AnswerFault) {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().deeds = deeds;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    let Payment::Taken { entry, fault, .. } = answer.payment.clone() else {
        panic!("{:?}", answer.payment);
    };
    assert_eq!((entry.kind, entry.outcome), (Kind::Pay, Outcome::Done));
    assert_eq!(wallet.history().await.unwrap().last(), Some(&entry));
    assert!(wallet.open_operations().await.unwrap().is_empty());
    adds_up(&world, &wallet, 0).await;
    (world, wallet, entry, fault)
}

#[tokio::test]
async fn an_answer_without_a_true_receipt_is_paid_when_the_mint_says_so_and_the_change_comes_back()
{
    let none = Deeds::default();
    let altered = AnswerFault::Receipt(PaymentError::Signature);
    let other = AnswerFault::OtherReceipt("the address");
    let twice = AnswerFault::Twice(header::RECEIPT);
    for (deeds, expected) in [
        (
            Deeds {
                no_receipt: true,
                ..none
            },
            AnswerFault::NoReceipt,
        ),
        (
            Deeds {
                other_receipt: true,
                ..none
            },
            other,
        ),
        (
            Deeds {
                altered_receipt: true,
                ..none
            },
            altered,
        ),
        (
            Deeds {
                two_receipts: true,
                ..none
            },
            twice,
        ),
    ] {
        let (world, mut wallet, entry, fault) = taken(deeds).await;
        assert_eq!(fault, expected);
        assert_eq!((entry.amount, entry.lost), (3, 0));
        assert_eq!((available(&wallet).await, world.account()), (97, 903));
        // Swap refused, facts, change restored.
        let asked = [
            "/v1/redeem",
            "/v1/swap",
            "/v1/restore",
            "/v1/checkstate",
            "/v1/restore",
        ];
        assert_eq!(world.mint.borrow().paths()[..5], asked);

        // What was paid for can be fetched with the same token.
        world.site.borrow_mut().deeds = Deeds::default();
        let again = free(&mut wallet, &article()).await;
        assert!(matches!(again.payment, Payment::Before(_)));
        assert_eq!(body(again).await, PAGE);
        let tokens = world.site.borrow().tokens();
        assert!(tokens.len() == 2 && tokens[0] == tokens[1]);
        assert_eq!(available(&wallet).await, 97);
    }
}

#[tokio::test]
async fn missing_and_false_signatures_are_replaced_by_the_mints_and_the_receipt_counts() {
    let missing = Deeds {
        no_signatures: true,
        ..Deeds::default()
    };
    let (world, mut wallet, entry, fault) = taken(missing).await;
    assert_eq!(
        (fault, entry.amount, entry.lost),
        (AnswerFault::NoSignatures, 3, 0)
    );
    assert_eq!(available(&wallet).await, 97);
    let again = free(&mut wallet, &article()).await;
    assert!(matches!(again.payment, Payment::Before(_)));
    assert_eq!(
        world.site.borrow().tokens().len(),
        1,
        "the receipt was shown"
    );

    let made_up = Deeds {
        false_signatures: true,
        ..Deeds::default()
    };
    let (world, wallet, entry, fault) = taken(made_up).await;
    let keyset = world.mint.borrow().keysets[0].info.id;
    let expected = AnswerFault::FalseSignatures(Violation::Proof { amount: 1, keyset });
    assert_eq!((fault, entry.lost), (expected, 0));
    assert_eq!(available(&wallet).await, 97);
}

#[tokio::test]
async fn change_that_the_site_kept_is_lost_and_said_to_be() {
    let deeds = Deeds {
        keeps_change: true,
        ..Deeds::default()
    };
    let (world, wallet, entry, fault) = taken(deeds).await;
    assert_eq!(
        (fault, entry.amount, entry.lost),
        (AnswerFault::NoSignatures, 3, 1)
    );
    assert_eq!((available(&wallet).await, world.account()), (96, 904));
    let spent = wallet.budgets().spent(None).await.unwrap();
    assert_eq!((spent[0].amount, spent[0].payments), (4, 1));
    let payment = Payment::Taken {
        entry,
        fault: AnswerFault::NoSignatures,
        unit: farthing_wallet::Unit::new("usd", 2),
    };
    let told = payment.explain().unwrap();
    assert_eq!(
        told.what,
        "the site took the payment, but it gave no signatures for the change"
    );
    assert_eq!(
        told.money,
        "The mint reports the token as spent; 0.03 usd is recorded as paid, and 0.01 are lost: the site did not \
         ask the mint for that change."
    );
}

#[tokio::test]
async fn what_the_site_left_of_the_token_is_swapped_back() {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().price = 35; // 4 + 32 are shown
    world.site.borrow_mut().deeds.redeems_first_only = true;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    let Payment::Taken { entry, .. } = answer.payment else {
        panic!("{:?}", answer.payment);
    };
    let first = world.account() - 900;
    assert!(first == 4 || first == 32);
    assert_eq!((entry.amount, entry.lost), (first, 0));
    assert_eq!(available(&wallet).await, 100 - first);
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn a_receipt_for_nothing_is_a_gift_or_a_payment() {
    // With change asked for and none given, the mint swaps the token: it was a gift.
    let deeds = Deeds {
        receipt_without_charge: true,
        ..Deeds::default()
    };
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().deeds = deeds;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    assert!(matches!(
        answer.payment,
        Payment::NotCharged { returned: 4, .. }
    ));
    assert_eq!(available(&wallet).await, 100);
    free(&mut wallet, &article()).await;

    // Paid exactly, the token is the site's, whenever it redeems it.
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().deeds = deeds;
    world.site.borrow_mut().price = 4;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    assert!(matches!(answer.payment, Payment::Paid { .. }));
    assert_eq!(available(&wallet).await, 96);
    adds_up(&world, &wallet, 4).await;
}

#[tokio::test]
async fn a_mint_that_lies_about_states_keeps_the_payment_open() {
    let (world, mut wallet) = shop().await;
    world.site_fault.set(Some(Fault::DropAnswer));
    site_error(buy(&mut wallet, &article()).await);
    world.mint.borrow_mut().lies.states_of_others = true;
    let recovered = wallet.recover().await.unwrap();
    let Err(Error::Misbehaved(misbehaved)) = &recovered[0].result else {
        panic!("{recovered:?}");
    };
    assert_eq!(
        (&misbehaved.violation, misbehaved.open),
        (&Violation::Api(OfApi::States), Some(2))
    );
    world.mint.borrow_mut().lies.states_of_others = false;
    assert!(wallet.recover().await.unwrap()[0].result.is_ok());
    assert_eq!(available(&wallet).await, 97);
}
