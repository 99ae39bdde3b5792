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

use farthing_protocol::Token;
use farthing_protocol::payment::header;
use farthing_wallet::pay::offer::{Offer, PayOptions};
use farthing_wallet::pay::{Answer, Payment, Visit};
use farthing_wallet::records::{Kind, Outcome};
use farthing_wallet::{Error, Origin, PageRequest};
use support::*;

const FUNDS: u64 = 1000;

fn article() -> PageRequest {
    PageRequest::get("https://site.test/article?page=1#top")
}

/// A wallet that holds 4 + 32 + 64, and a site that asks 3.
async fn world() -> (World, TestWallet) {
    let world = World::new(FakeMint::new(FUNDS));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 100).await.unwrap();
    world.mint.borrow_mut().requests.clear();
    (world, wallet)
}

type Visited = Visit<TestPage>;

async fn visit(wallet: &mut TestWallet, request: &PageRequest) -> Result<Visited, Error> {
    wallet.visit(request, &PayOptions::default()).await
}

async fn offer(wallet: &mut TestWallet, request: &PageRequest) -> Offer {
    match visit(wallet, request).await.unwrap() {
        Visit::Priced(offer) => offer,
        Visit::Answer(answer) => panic!("no price: {answer:?}"),
    }
}

#[expect(dead_code, reason = "used next")]
async fn free(wallet: &mut TestWallet, request: &PageRequest) -> Answer<TestPage> {
    match visit(wallet, request).await.unwrap() {
        Visit::Answer(answer) => answer,
        Visit::Priced(offer) => panic!("a price: {offer:?}"),
    }
}

async fn body(mut answer: Answer<TestPage>) -> String {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        body.extend(chunk);
    }
    String::from_utf8(body).unwrap()
}

#[tokio::test]
async fn a_page_is_paid_for_with_change_in_the_same_round_trip() {
    let (world, mut wallet) = world().await;
    let offer = offer(&mut wallet, &article()).await;
    assert_eq!(
        (offer.amount, offer.unit(), offer.mint()),
        (3, "credit", URL)
    );
    assert_eq!((offer.site.as_str(), offer.available), (SITE, 100));
    assert_eq!(offer.description.as_deref(), Some("an article"));
    assert_eq!(offer.item.url, "https://site.test/article?page=1");
    assert!(!offer.paid_before && !offer.within_budget);

    let answer = wallet.pay(&offer).await.unwrap();
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
