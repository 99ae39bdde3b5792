//! Paying for pages: what goes over the wire, and where the money is afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::payment::header;
use farthing_protocol::{ErrorCode, Token, TokenProof};
use farthing_wallet::error::Advice;
use farthing_wallet::error::payment::{Fate, Fault as SiteFault, Unpayable};
use farthing_wallet::pay::Payment;
use farthing_wallet::records::{Item, Stage};
use farthing_wallet::records::{Kind, Outcome};
use farthing_wallet::store::Table;
use farthing_wallet::{Error, PageRequest};
use support::shop::*;
use support::site::{PAGE, SITE};
use support::*;

#[tokio::test]
async fn a_page_is_paid_for_with_change_in_the_same_round_trip() {
    let (world, mut wallet) = shop().await;
    let offer = offer(&mut wallet, &article()).await;
    assert_eq!(
        (offer.amount, offer.unit(), offer.mint()),
        (3, "credit", URL)
    );
    assert_eq!((offer.site.as_str(), offer.available), (SITE, 100));
    assert_eq!(offer.description.as_deref(), Some("an article"));
    assert_eq!(offer.item.url, "https://site.test/article?page=1");
    assert!(!offer.paid_before && !offer.within_budget);

    let answer = wallet.payments().pay(&offer).await.unwrap();
    let Payment::Paid { entry, until } = answer.payment.clone() else {
        panic!("{answer:?}");
    };
    assert_eq!((entry.kind, entry.outcome), (Kind::Pay, Outcome::Done));
    assert_eq!((entry.amount, entry.fee, entry.lost), (3, 0, 0));
    assert_eq!(entry.site.as_deref(), Some(SITE));
    assert_eq!(entry.memo.as_deref(), Some("an article"));
    assert_eq!(until, NOW + support::site::RECEIPT_S);
    assert_eq!(body(answer).await, PAGE);

    assert_eq!(wallet.history().await.unwrap().last(), Some(&entry));
    // The 4 was shown, 1 came back, and the mint saw one redemption and nothing else.
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 0));
    assert_eq!(world.account(), FUNDS - 100 + 3);
    assert_eq!(world.mint.borrow().paths(), ["/v1/redeem"]);
    assert!(wallet.open_operations().await.unwrap().is_empty());
    let site = world.site.borrow();
    let token = Token::decode(&site.tokens()[0]).unwrap();
    assert_eq!((token.amount(), token.memo), (Ok(4), None));
    assert_eq!(
        site.header(header::CASHU)[0],
        None,
        "the first request pays nothing"
    );
}

#[tokio::test]
async fn a_receipt_buys_the_same_again_until_it_expires_and_nothing_else() {
    let (world, mut wallet) = shop().await;
    buy(&mut wallet, &article()).await.unwrap();
    let again = free(&mut wallet, &article()).await;
    assert!(matches!(&again.payment, Payment::Before(bought) if bought.amount == 3));
    assert_eq!(body(again).await, PAGE);
    assert_eq!(world.site.borrow().tokens().len(), 1);
    let shown = world.site.borrow().header(header::RECEIPT);
    assert!(shown[0].is_none() && shown[1].is_none() && shown[2].is_some());

    // Another address, another method, another body: other things.
    let post = |body: &[u8]| PageRequest {
        method: "post".to_owned(),
        body: Some(body.to_vec()),
        ..article()
    };
    offer(&mut wallet, &PageRequest::get("https://site.test/article")).await;
    offer(&mut wallet, &post(b"a")).await;
    buy(&mut wallet, &post(b"a")).await.unwrap();
    assert_eq!(Item::of(&post(b"a")).body.unwrap().len(), 43);
    free(&mut wallet, &post(b"a")).await;
    offer(&mut wallet, &post(b"b")).await;
    assert_eq!(available(&wallet).await, 94);
    adds_up(&world, &wallet, 0).await;

    // Once it has expired it is not shown, and then forgotten.
    drop(wallet);
    let mut wallet = world.open_later().await;
    let offer = offer(&mut wallet, &article()).await;
    assert!(!offer.paid_before);
    assert_eq!(
        world.site.borrow().header(header::RECEIPT).last(),
        Some(&None)
    );
    let kept = |world: &World| {
        let rows = world.rows.borrow();
        rows.keys()
            .filter(|(table, _)| *table == Table::Bought)
            .count()
    };
    assert_eq!(kept(&world), 2);
    wallet.recover().await.unwrap();
    assert_eq!(kept(&world), 0);
}

#[tokio::test]
async fn a_price_for_what_a_receipt_was_shown_for_is_said_and_never_within_the_budget() {
    let (world, mut wallet) = shop().await;
    let mint = the_mint(&wallet).await;
    wallet.budgets().set(SITE, &mint, 10, 100).await.unwrap();
    assert!(offer(&mut wallet, &article()).await.within_budget);
    buy(&mut wallet, &article()).await.unwrap();
    world.site.borrow_mut().deeds.ignores_receipts = true;
    let again = offer(&mut wallet, &article()).await;
    assert!(again.paid_before && !again.within_budget);
    assert_eq!(available(&wallet).await, 97);
}

#[tokio::test]
async fn no_answer_leaves_it_open_and_the_next_visit_shows_the_same_token_and_outputs() {
    for fault in [Fault::DropRequest, Fault::DropAnswer] {
        let (world, mut wallet) = shop().await;
        world.site_fault.set(Some(fault));
        let (what, fate) = site_error(buy(&mut wallet, &article()).await);
        assert!(matches!(what, SiteFault::Silent(_)));
        let open = Fate::Open {
            id: 2,
            held: 4,
            minutes: 60,
            subject: "GET https://site.test/article?page=1".to_owned(),
            locked: false,
            unit: farthing_wallet::Unit::new("credit", 0),
        };
        assert_eq!(fate, open);
        assert_eq!((available(&wallet).await, pending(&wallet).await), (96, 4));
        world.site_fault.set(None);
        drop(wallet);

        let mut wallet = world.open(&Fuse::none()).await;
        let answer = free(&mut wallet, &article()).await;
        assert!(matches!(answer.payment, Payment::Paid { .. }), "{fault:?}");
        let tokens = world.site.borrow().tokens();
        let outputs = world.site.borrow().header(header::OUTPUTS);
        let outputs: Vec<_> = outputs.into_iter().flatten().collect();
        let sent = if fault == Fault::DropAnswer { 2 } else { 1 };
        assert_eq!((tokens.len(), outputs.len()), (sent, sent));
        assert!(tokens.iter().all(|t| *t == tokens[0]));
        assert!(outputs.iter().all(|o| *o == outputs[0]));
        assert_eq!((available(&wallet).await, world.account()), (97, 903));
    }
}

#[tokio::test]
async fn a_site_that_cannot_ask_its_mint_leaves_it_open() {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().deeds.mint_unasked = true;
    let (what, fate) = site_error(buy(&mut wallet, &article()).await);
    assert_eq!(what, SiteFault::MintUnasked("site: Unavailable".to_owned()));
    assert!(matches!(
        fate,
        Fate::Open {
            id: 2,
            held: 4,
            minutes: 60,
            ..
        }
    ));
    world.site.borrow_mut().deeds.mint_unasked = false;
    let answer = free(&mut wallet, &article()).await;
    assert!(matches!(answer.payment, Payment::Paid { .. }));
    assert_eq!(available(&wallet).await, 97);
}

#[tokio::test]
async fn recovery_leaves_an_unspent_payment_for_an_hour_and_then_takes_it_back() {
    let (world, mut wallet) = shop().await;
    world.site_fault.set(Some(Fault::DropRequest));
    site_error(buy(&mut wallet, &article()).await);
    let waiting = wallet.recover().await.unwrap();
    let Err(Error::Site(site)) = &waiting[0].result else {
        panic!("{waiting:?}");
    };
    assert_eq!(site.fault, SiteFault::Waiting);
    assert_eq!(world.mint.borrow().paths(), ["/v1/checkstate"]);
    let told = waiting[0].result.as_ref().unwrap_err().explain();
    assert_eq!(
        told.what,
        "https://site.test did not answer a payment that was begun before"
    );
    assert_eq!(
        told.money,
        "Nothing is lost: whether the site was paid is not known yet, and payment 2 holds 4 credit. In 60 \
         minutes the wallet takes back what was not paid."
    );
    assert_eq!(
        told.advice,
        [
            Advice::PayAgain {
                subject: "GET https://site.test/article?page=1".to_owned()
            },
            Advice::Cancel { id: 2 }
        ]
    );
    drop(wallet);

    let mut wallet = world.open_later().await;
    let over = wallet.recover().await.unwrap();
    let entry = over[0].result.as_ref().unwrap().entry.clone();
    assert_eq!(
        (entry.kind, entry.outcome, entry.amount),
        (Kind::Pay, Outcome::Undone, 3)
    );
    assert_eq!((available(&wallet).await, pending(&wallet).await), (100, 0));
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn a_payment_is_taken_back_at_once_when_its_owner_gives_up() {
    let (world, mut wallet) = shop().await;
    world.site_fault.set(Some(Fault::DropRequest));
    site_error(buy(&mut wallet, &article()).await);
    let finished = wallet.cancel(2).await.unwrap();
    assert_eq!(finished.entry.outcome, Outcome::Undone);
    assert_eq!(world.mint.borrow().paths(), ["/v1/swap"]);
    assert_eq!(available(&wallet).await, 100);
    let none = wallet.cancel(2).await.unwrap_err();
    assert_eq!(none, Unpayable::NotOpen(2).into());

    // Too late: the swap decides.
    world.site_fault.set(Some(Fault::DropAnswer));
    site_error(buy(&mut wallet, &article()).await);
    let finished = wallet.cancel(3).await.unwrap();
    assert_eq!(
        (finished.entry.outcome, finished.entry.amount),
        (Outcome::Done, 3)
    );
    assert_eq!((available(&wallet).await, finished.entry.lost), (97, 0));
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn what_recovery_finds_paid_can_still_be_fetched_with_the_same_token() {
    let (world, mut wallet) = shop().await;
    world.site_fault.set(Some(Fault::DropAnswer));
    site_error(buy(&mut wallet, &article()).await);
    drop(wallet);
    let mut wallet = world.open(&Fuse::none()).await;
    let recovered = wallet.recover().await.unwrap();
    let entry = recovered[0].result.as_ref().unwrap().entry.clone();
    assert_eq!((entry.kind, entry.outcome), (Kind::Pay, Outcome::Done));
    assert_eq!(
        (entry.amount, entry.lost, entry.site.as_deref()),
        (3, 0, Some(SITE))
    );
    let asked = [
        "/v1/redeem",
        "/v1/checkstate",
        "/v1/restore",
        "/v1/checkstate",
    ];
    assert_eq!(world.mint.borrow().paths(), asked);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 0));

    let (what, fate) = site_error(buy(&mut wallet, &article()).await);
    assert!(matches!(what, SiteFault::Silent(_)));
    assert_eq!(fate, Fate::PaidBefore);
    world.site_fault.set(None);
    let answer = free(&mut wallet, &article()).await;
    assert!(matches!(answer.payment, Payment::Before(_)));
    assert_eq!(body(answer).await, PAGE);
    let tokens = world.site.borrow().tokens();
    assert!(tokens.len() == 3 && tokens.iter().all(|t| *t == tokens[0]));
    // From now on the receipt serves.
    free(&mut wallet, &article()).await;
    assert_eq!(world.site.borrow().tokens().len(), 3);
    assert_eq!(available(&wallet).await, 97);
}

#[tokio::test]
async fn an_error_of_what_is_behind_the_site_costs_nothing_and_the_token_is_kept_aside() {
    let (world, mut wallet) = shop().await;
    let offer = offer(&mut wallet, &article()).await;
    world.site.borrow_mut().upstream = 404;
    let answer = wallet.payments().pay(&offer).await.unwrap();
    assert_eq!(answer.head().status, 404);
    assert_eq!(answer.payment, Payment::Aside(aside(2, 4)));
    let told = answer.payment.explain().unwrap();
    assert_eq!(
        told.money,
        "Nothing was paid; payment 2 keeps 4 credit aside, since the site has seen the token: the wallet \
         swaps it at a quiet moment."
    );
    assert_eq!(
        told.advice,
        [Advice::TryAgainForAnswer, Advice::SwapNow { id: 2 }]
    );
    assert_eq!(body(answer).await, PAGE);
    // Nobody at the mint hears of it from the reader.
    assert!(world.mint.borrow().paths().is_empty());
    assert_eq!((available(&wallet).await, pending(&wallet).await), (96, 4));
    assert_eq!(world.account(), 900);
    let token = Token::decode(&last_token(&world)).unwrap();
    let spent = |proof: &TokenProof| world.mint.borrow().is_spent(&proof.proof);
    assert!(!token.proofs.iter().any(spent));

    // Not a moment later either, nor when the wallet is opened next, nor after a while that is too short.
    assert!(wallet.recover().await.unwrap().is_empty());
    assert!(wallet.payments().swap_shown(0).await.unwrap().is_empty());
    drop(wallet);
    set_clock(NOW + 20 * 60 - 1);
    let mut wallet = world.open_with_clock().await;
    assert!(wallet.payments().swap_shown(0).await.unwrap().is_empty());
    set_clock(NOW + 40 * 60);
    assert!(wallet.recover().await.unwrap().is_empty());
    assert!(
        wallet
            .payments()
            .swap_shown(24 * 60 * 60)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(world.mint.borrow().paths().is_empty());
    let swapped = wallet.payments().swap_shown(0).await.unwrap();
    let entry = &swapped[0].result.as_ref().unwrap().entry;
    assert_eq!((entry.kind, entry.outcome), (Kind::Pay, Outcome::Undone));
    assert_eq!(world.mint.borrow().paths(), ["/v1/swap"]);
    assert!(token.proofs.iter().all(spent));
    assert_eq!((available(&wallet).await, pending(&wallet).await), (100, 0));
    adds_up(&world, &wallet, 0).await;
}

fn aside(id: u64, held: u64) -> Fate {
    let unit = farthing_wallet::Unit::new("credit", 0);
    Fate::Aside { id, held, unit }
}

#[tokio::test]
async fn a_refused_payment_is_kept_aside_and_explained() {
    for (code, pays_again) in [
        (ErrorCode::Malformed, true),
        (ErrorCode::MintUnsupported, false),
        (ErrorCode::UnitMismatch, false),
        (ErrorCode::PriceMismatch, true),
        (ErrorCode::TokenBound, false),
        (ErrorCode::LockMismatch, false),
        (ErrorCode::KeysetInactive, true),
    ] {
        let (world, mut wallet) = shop().await;
        world.site.borrow_mut().deeds.refuses = Some(code);
        let error = buy(&mut wallet, &article()).await.unwrap_err();
        let told = error.explain();
        let number = code.number();
        assert_eq!(
            told.what,
            format!("{SITE} refused the payment: site: {code:?} (code {number}, status 400)")
        );
        assert!(
            told.money
                .starts_with("Nothing was paid; payment 2 keeps 4 credit")
        );
        assert_eq!(told.advice.last(), Some(&Advice::SwapNow { id: 2 }));
        assert_eq!(error.code(), "site_refused");
        assert_eq!((available(&wallet).await, pending(&wallet).await), (96, 4));
        assert!(world.mint.borrow().paths().is_empty(), "{code:?}");

        // The same page: the same token pays, unless it is the token that the site does not take.
        world.site.borrow_mut().deeds.refuses = None;
        let answer = buy(&mut wallet, &article()).await.unwrap();
        let Payment::Paid { entry, .. } = answer.payment else {
            panic!("{answer:?}");
        };
        let tokens = world.site.borrow().tokens();
        assert_eq!(tokens[0] == tokens[1], pays_again, "{code:?}");
        let (id, left) = if pays_again { (2, 0) } else { (3, 4) };
        assert_eq!((entry.id, pending(&wallet).await), (id, left));
        assert_eq!(available(&wallet).await, 97 - left);
        wallet.recover_all(&mut Eager).await.unwrap();
        assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 0));
        adds_up(&world, &wallet, 0).await;
    }
}

#[tokio::test]
async fn what_a_site_has_seen_pays_there_for_something_else_when_nothing_else_does() {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().price = 60;
    world.site.borrow_mut().upstream = 404;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    assert_eq!(answer.payment, Payment::Aside(aside(2, 64)));
    world.site.borrow_mut().upstream = 200;
    // 4 + 32 are left: a cheap page is paid with those, and a dear one with what was seen.
    let page = |name: &str| PageRequest::get(&format!("https://site.test/{name}"));
    world.site.borrow_mut().price = 3;
    buy(&mut wallet, &page("cheap")).await.unwrap();
    world.site.borrow_mut().price = 50;
    let dear = offer(&mut wallet, &page("dear")).await;
    assert_eq!(dear.available, 64);
    let answer = wallet.payments().pay(&dear).await.unwrap();
    assert!(matches!(answer.payment, Payment::Paid { .. }));
    let tokens = world.site.borrow().tokens();
    assert!(tokens[2] == tokens[0] && tokens[1] != tokens[0]);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (47, 0));
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn a_site_that_refuses_what_it_has_redeemed_is_found_out_when_it_is_swapped() {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().deeds.charges_failure = true;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    assert_eq!(answer.payment, Payment::Aside(aside(2, 4)));
    // Shown again, with other outputs: the first ones are not forgotten.
    world.site.borrow_mut().deeds.charges_failure = false;
    let error = buy(&mut wallet, &article()).await.unwrap_err();
    assert!(error.explain().what.contains("AlreadySpent"), "{error}");
    let found = wallet.recover_all(&mut Eager).await.unwrap();
    let entry = &found[0].result.as_ref().unwrap().entry;
    assert_eq!(
        (entry.outcome, entry.amount, entry.lost),
        (Outcome::Done, 3, 0)
    );
    assert_eq!((available(&wallet).await, world.account()), (97, 903));
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn a_swap_back_that_cannot_be_made_now_is_made_later() {
    let (world, mut wallet) = shop().await;
    let offer = offer(&mut wallet, &article()).await;
    world.site.borrow_mut().upstream = 404;
    wallet.payments().pay(&offer).await.unwrap();
    world.mint.borrow_mut().lies.unavailable = true;
    wallet.cancel(2).await.unwrap_err();
    assert_eq!((available(&wallet).await, pending(&wallet).await), (96, 4));
    let open = wallet.open_operations().await.unwrap();
    assert_eq!(open[0].purchase().unwrap().stage, Stage::TakeBack);
    // The next visit takes it back first.
    visit(&mut wallet, &article()).await.unwrap_err();
    world.mint.borrow_mut().lies.unavailable = false;
    offer_of(visit(&mut wallet, &article()).await);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (100, 0));
}
