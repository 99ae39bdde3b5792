//! What a site asks for, and what is refused before anything is paid.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use farthing_protocol::Secret;
use farthing_protocol::payment::{LockOption, PaymentError, PaymentRequest, header};
use farthing_wallet::error::payment::{Fate, RequestFault, Unpayable};
use farthing_wallet::error::{Advice, UsageError};
use farthing_wallet::pay::offer::PayOptions;
use farthing_wallet::pay::{Payment, Visit};
use farthing_wallet::{Error, PageRequest};
use support::shop::*;
use support::site::{FakeSite, Named, PAGE, SITE};
use support::*;

/// Returns what is refused when the site asks as `change` makes it.
async fn refused_when(change: impl FnOnce(&mut FakeSite)) -> Unpayable {
    let (world, mut wallet) = shop().await;
    change(&mut world.site.borrow_mut());
    let why = refused(&mut wallet, &article()).await;
    assert_eq!(
        (available(&wallet).await, world.site.borrow().tokens().len()),
        (100, 0)
    );
    assert!(world.mint.borrow().requests.is_empty());
    why
}

fn text(error: &Unpayable) -> String {
    Error::from(error.clone()).explain().what
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_refused() {
    let request = |reason| Unpayable::Request {
        site: SITE.to_owned(),
        reason,
    };
    let with = |values: &[&str]| {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        refused_when(move |site| site.x_cashu = Some(values))
    };
    let good = PaymentRequest {
        amount: Some(3),
        unit: Some("credit".to_owned()),
        ..PaymentRequest::default()
    };
    let good = good.encode();
    assert_eq!(with(&[&good, &good]).await, request(RequestFault::Twice));
    let long = format!("creqA{}", "A".repeat(16 * 1024));
    assert_eq!(with(&[&long]).await, request(RequestFault::TooLong));
    let prefix = RequestFault::Malformed(PaymentError::Prefix("creqA"));
    assert_eq!(with(&["cashuBx"]).await, request(prefix));
    let damaged = request(RequestFault::Malformed(PaymentError::Damaged));
    assert_eq!(with(&[&good[..20]]).await, damaged);
    assert_eq!(
        text(&damaged),
        "the payment request of https://site.test cannot be read: it is incomplete or altered"
    );
}

#[tokio::test]
async fn a_402_that_asks_for_no_ecash_is_a_page_like_any_other() {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().x_cashu = Some(vec![]);
    let answer = free(&mut wallet, &article()).await;
    assert_eq!((answer.head().status, answer.payment), (402, Payment::Free));
}

#[tokio::test]
async fn amount_unit_and_mint_must_be_what_the_wallet_has() {
    let why = refused_when(|site| site.request.amount = Some(0)).await;
    assert_eq!(why, Unpayable::NoAmount(SITE.to_owned()));
    let nothing = PaymentRequest::default().encode();
    let why = refused_when(move |site| site.x_cashu = Some(vec![nothing])).await;
    assert_eq!(why, Unpayable::NoAmount(SITE.to_owned()));
    let why = refused_when(|site| site.request.unit = Some("sat\x1b[2J".to_owned())).await;
    assert_eq!(
        text(&why),
        "https://site.test asks for sat [2J, and the mint https://mint.test has credit"
    );
    let why =
        refused_when(|site| site.request.mints = vec!["https://other\x07.test".to_owned()]).await;
    assert_eq!(
        text(&why),
        "https://site.test takes tokens of https://other .test, and the wallet has none there"
    );
    // No list means any mint, and addresses are compared in their normal form.
    for mints in [
        vec![],
        vec![
            "https://other.test".to_owned(),
            "HTTPS://Mint.test/".to_owned(),
        ],
    ] {
        let (world, mut wallet) = shop().await;
        world.site.borrow_mut().request.mints = mints;
        assert_eq!(offer(&mut wallet, &article()).await.mint(), URL);
    }
}

#[tokio::test]
async fn more_than_there_is_is_refused() {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().price = 101;
    let error = visit(&mut wallet, &article()).await.unwrap_err();
    let expected = UsageError::Insufficient {
        needed: 101,
        available: 100,
        unit: farthing_wallet::Unit::new("credit", 0),
    };
    assert_eq!(error, Error::Usage(expected));
    world.site.borrow_mut().price = 100;
    buy(&mut wallet, &article()).await.unwrap();
    assert_eq!(available(&wallet).await, 0);
    assert_eq!(
        world.site.borrow().header(header::OUTPUTS)[2],
        None,
        "no change, no outputs"
    );
}

#[tokio::test]
async fn only_plain_locks_to_a_key_are_made() {
    let lock = |kind: &str, data: &str, tags: &[&[&str]]| {
        let tags = tags
            .iter()
            .map(|tag| tag.iter().map(|t| (*t).to_owned()).collect());
        let lock = LockOption {
            kind: kind.to_owned(),
            data: data.to_owned(),
            tags: tags.collect(),
        };
        refused_when(move |site| site.request.lock = Some(lock))
    };
    let key = hex::encode(FakeSite::key().verifying_key().as_bytes());
    let says = "https://site.test asks for a lock that this wallet does not make: ";
    let told = text(&lock("HTLC", &key, &[]).await);
    assert_eq!(told, format!("{says}the kind HTLC"));
    let told = text(&lock("P2PK", &key, &[&["locktime", "17"]]).await);
    assert_eq!(told, format!("{says}the tag locktime 17"));
    let told = text(&lock("P2PK", "abcd", &[]).await);
    assert_eq!(told, format!("{says}abcd is not a key"));
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().wants_locked();
    let plain = vec!["sigflag".to_owned(), "SIG_INPUTS".to_owned()];
    world.site.borrow_mut().request.lock.as_mut().unwrap().tags = vec![plain];
    assert_eq!(offer(&mut wallet, &article()).await.lock, Some(key));
}

#[tokio::test]
async fn clear_text_is_paid_over_to_this_machine_and_onion_services_alone() {
    let clear = Unpayable::ClearText("http://site.test".to_owned());
    for (base, expected) in [
        ("http://site.test", Some(clear.clone())),
        (
            "http://127.0.0.1.site.test",
            Some(Unpayable::ClearText(
                "http://127.0.0.1.site.test".to_owned(),
            )),
        ),
        (
            "http://10.0.0.1",
            Some(Unpayable::ClearText("http://10.0.0.1".to_owned())),
        ),
        ("http://127.0.0.1:8080", None),
        ("http://[::1]:8080", None),
        ("http://localhost", None),
        ("http://abcdef.onion", None),
        ("https://site.test", None),
    ] {
        let (world, mut wallet) = shop().await;
        world.site.borrow_mut().base = base.to_owned();
        let visited = visit(&mut wallet, &PageRequest::get(&format!("{base}/x"))).await;
        match expected {
            Some(why) => assert_eq!(visited.unwrap_err(), Error::from(why)),
            None => assert_eq!(offer_of(visited).site, base),
        }
    }
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().base = "http://site.test".to_owned();
    let options = PayOptions {
        insecure_http: true,
        ..PayOptions::default()
    };
    let visited = wallet
        .payments()
        .visit(&PageRequest::get("http://site.test/x"), &options)
        .await;
    offer_of(visited);
    assert_eq!(
        text(&clear),
        "http://site.test is reached without encryption: anyone who reads the connection could take the token"
    );
}

#[tokio::test]
async fn what_is_no_address_and_headers_of_the_wallets_own_are_refused() {
    let (world, mut wallet) = shop().await;
    for wrong in [
        "",
        "site.test/x",
        "ftp://site.test/",
        "https://u:p@site.test/",
        "data:,x",
    ] {
        let why = refused(&mut wallet, &PageRequest::get(wrong)).await;
        assert_eq!(why, Unpayable::Url(wrong.to_owned()));
    }
    for name in ["X-Cashu", "x-cashu-receipt", "X-CASHU-Outputs"] {
        let request = article().with(name, Secret::new("cashuB".to_owned()));
        let why = refused(&mut wallet, &request).await;
        assert_eq!(why, Unpayable::Header(name.to_owned()));
    }
    assert!(world.site.borrow().seen.is_empty());
}

#[tokio::test]
async fn what_the_site_says_is_shown_without_control_characters() {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().request.description = Some("an\x1b[31m article\n".to_owned());
    let offer = offer(&mut wallet, &article()).await;
    assert_eq!(offer.description.as_deref(), Some("an [31m article "));
}

#[tokio::test]
async fn redirects_are_followed_until_there_is_a_price() {
    let (world, mut wallet) = shop().await;
    let redirect = |from: &str, status: u16, to: &str| {
        let to = (status, to.to_owned());
        world
            .site
            .borrow_mut()
            .redirects
            .insert(from.to_owned(), to);
    };
    redirect("/old", 301, "/new?a=1");
    redirect("/new?a=1", 307, "https://site.test/article");
    let offer = offer(&mut wallet, &PageRequest::get("https://site.test/old")).await;
    assert_eq!(offer.item.url, "https://site.test/article");
    let answer = wallet.payments().pay(&offer).await.unwrap();
    assert_eq!(answer.url, "https://site.test/article");
    assert_eq!(body(answer).await, PAGE);
    // The receipt is shown where the redirects lead, and not before.
    free(&mut wallet, &PageRequest::get("https://site.test/old")).await;
    let shown = world.site.borrow().header(header::RECEIPT);
    let shown: Vec<bool> = shown.iter().map(Option::is_some).collect();
    assert_eq!(shown, [false, false, false, false, false, false, true]);

    // A browser's rules: 303 and a POST's 302 become a GET without the body.
    redirect("/form", 302, "/article");
    let form = PageRequest {
        method: "POST".to_owned(),
        body: Some(b"a=1".to_vec()),
        ..PageRequest::get("https://site.test/form")
    };
    free(
        &mut wallet,
        &form.with("Content-Type", Secret::new("text/plain".to_owned())),
    )
    .await;
    let last = world.site.borrow().seen.last().unwrap().clone();
    assert_eq!((last.method.as_str(), last.body), ("GET", None));
    assert!(last.headers.iter().all(|(name, _)| name == header::RECEIPT));

    redirect("/loop", 302, "/loop");
    let why = refused(&mut wallet, &PageRequest::get("https://site.test/loop")).await;
    assert_eq!(why, Unpayable::Redirects(SITE.to_owned()));
    redirect("/out", 302, "ftp://site.test/");
    let why = refused(&mut wallet, &PageRequest::get("https://site.test/out")).await;
    assert_eq!(why, Unpayable::Url("ftp://site.test/".to_owned()));
}

#[tokio::test]
async fn a_redirect_takes_no_token_along() {
    let (world, mut wallet) = shop().await;
    let offer = offer(&mut wallet, &article()).await;
    let elsewhere = (302, "https://site.test/elsewhere".to_owned());
    world
        .site
        .borrow_mut()
        .redirects
        .insert("/article?page=1".to_owned(), elsewhere);
    let answer = wallet.payments().pay(&offer).await.unwrap();
    assert_eq!(answer.head().status, 302);
    assert!(matches!(
        answer.payment,
        Payment::Aside(Fate::Aside { held: 4, .. })
    ));
    assert_eq!(world.site.borrow().seen.len(), 2);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (96, 4));
}

#[tokio::test]
async fn the_mint_may_be_named() {
    let (_world, mut wallet) = shop().await;
    let named = |url: &str| PayOptions {
        mint: Some(url.to_owned()),
        insecure_http: false,
    };
    let visited = wallet.payments().visit(&article(), &named(URL)).await;
    assert!(matches!(visited, Ok(Visit::Priced(_))));
    let error = wallet
        .payments()
        .visit(&article(), &named("https://other.test"))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        Error::Usage(UsageError::MintUnknown("https://other.test".to_owned()))
    );
}

#[tokio::test]
async fn a_token_that_fits_into_no_header_is_not_begun() {
    let mut mint = FakeMint::new(1000);
    mint.keysets = vec![support::mint::FakeKeyset::new(1, 0, 1)];
    (mint.limits.inputs_max, mint.limits.outputs_max) = (200, 200);
    let world = World::new(mint);
    let mut wallet = world.make(PHRASE, farthing_wallet::Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 200).await.unwrap();
    world.site.borrow_mut().price = 150;
    let offer = offer(&mut wallet, &article()).await;
    let error = wallet.payments().pay(&offer).await.unwrap_err();
    let Error::Unpayable(Unpayable::TokenTooLong { bytes, max: 16384 }) = error else {
        panic!("{error:?}");
    };
    assert!(bytes > 16384);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (200, 0));
    assert_eq!(world.site.borrow().tokens().len(), 0);
}

/// A shop whose mint takes `fee` thousandths of a unit for each token spent.
async fn shop_with_fee(fee: u64) -> (World, TestWallet) {
    let mut mint = FakeMint::new(1000);
    mint.keysets = vec![support::mint::FakeKeyset::new(1, fee, 8)];
    let world = World::new(mint);
    let mut wallet = world.make(PHRASE, farthing_wallet::Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 100).await.unwrap();
    (world, wallet)
}

#[tokio::test]
async fn the_fee_for_redeeming_is_the_sites_and_the_fee_for_taking_back_is_the_wallets() {
    let (world, mut wallet) = shop_with_fee(1000).await;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    assert!(matches!(&answer.payment, Payment::Paid { entry, .. } if entry.fee == 0));
    assert_eq!((available(&wallet).await, world.account()), (97, 902));

    world.site.borrow_mut().upstream = 500;
    let other = PageRequest::get("https://site.test/other");
    let answer = buy(&mut wallet, &other).await.unwrap();
    let Payment::Aside(Fate::Aside { id, held: 32, .. }) = answer.payment else {
        panic!("{:?}", answer.payment);
    };
    let entry = wallet.cancel(id).await.unwrap().entry;
    assert_eq!((entry.fee, available(&wallet).await), (1, 96));

    // What the fee would eat whole stays as it is, although the site has seen it.
    world.site.borrow_mut().price = 1;
    let answer = buy(&mut wallet, &other).await.unwrap();
    let Payment::Aside(Fate::Aside { id, held: 1, .. }) = answer.payment else {
        panic!("{:?}", answer.payment);
    };
    let entry = wallet.cancel(id).await.unwrap().entry;
    assert_eq!((entry.fee, available(&wallet).await), (0, 96));
}

#[tokio::test]
async fn a_price_that_the_fee_would_eat_is_not_paid() {
    let (world, mut wallet) = shop_with_fee(2000).await;
    world.site.borrow_mut().price = 1;
    let offer = offer(&mut wallet, &article()).await;
    let error = wallet.payments().pay(&offer).await.unwrap_err();
    assert_eq!(
        error,
        Error::Usage(UsageError::FeeEatsAll {
            amount: 1,
            fee: 2,
            unit: farthing_wallet::Unit::new("credit", 0)
        })
    );
    assert_eq!(available(&wallet).await, 100);
}

/// What the mint is asked to learn its keysets.
const LEARNED: [&str; 3] = ["/v1/info", "/v1/keysets", "/v1/keys"];

/// Returns what the mint was asked, but for redemptions.
fn asked_besides(world: &World) -> Vec<String> {
    let mint = world.mint.borrow();
    let paths = mint.paths();
    let besides = paths.iter().filter(|path| **path != "/v1/redeem");
    besides.map(ToString::to_string).collect()
}

#[tokio::test]
async fn after_a_rotation_the_first_payment_asks_for_the_keysets_and_is_not_refused() {
    let (world, mut wallet) = shop().await;
    world.mint.borrow_mut().rotate(40, 0);
    let answer = buy(&mut wallet, &article()).await.unwrap();
    assert!(matches!(answer.payment, Payment::Paid { .. }));
    assert_eq!(
        world.mint.borrow().paths(),
        ["/v1/info", "/v1/keysets", "/v1/keys", "/v1/redeem"]
    );
    assert_eq!(available(&wallet).await, 97);
    // From then on it knows them.
    buy(&mut wallet, &PageRequest::get("https://site.test/other"))
        .await
        .unwrap();
    assert_eq!(asked_besides(&world), LEARNED);
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn who_pays_exactly_needs_no_keysets() {
    let (world, mut wallet) = shop().await;
    world.mint.borrow_mut().rotate(40, 0);
    world.site.borrow_mut().price = 4;
    buy(&mut wallet, &article()).await.unwrap();
    assert_eq!(world.mint.borrow().paths(), ["/v1/redeem"]);
}

#[tokio::test]
async fn a_site_that_knows_less_than_the_wallet_sends_it_to_the_mint_once_a_day() {
    let (world, mut wallet) = shop().await;
    let stale = world.mint.borrow().active_digest();
    world.mint.borrow_mut().rotate(40, 0);
    buy(&mut wallet, &article()).await.unwrap();
    let pages = |day: u64| (0..3).map(move |n| format!("https://site.test/{day}/{n}"));
    for (named, times) in [
        // The mint's last keysets, and nothing at all that it ever had.
        (Named::Text(stale), 1),
        (Named::Text("ab".repeat(32)), 1),
        // What is none tells nothing.
        (Named::Text("ab".repeat(31)), 0),
        (Named::Text("zz".repeat(32)), 0),
        (Named::Nothing, 0),
    ] {
        world.site.borrow_mut().keysets = named.clone();
        world.mint.borrow_mut().requests.clear();
        for page in pages(times) {
            let page = PageRequest::get(&format!("{page}?{named:?}").replace([' ', '"'], ""));
            let answer = buy(&mut wallet, &page).await.unwrap();
            assert!(matches!(answer.payment, Payment::Paid { .. }), "{named:?}");
        }
        let learned = LEARNED.repeat(times as usize);
        assert_eq!(asked_besides(&world), learned, "{named:?}");
    }
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn a_mint_that_cannot_be_asked_for_its_keysets_is_no_reason_not_to_pay() {
    let (world, mut wallet) = shop().await;
    world.site.borrow_mut().keysets = Named::Text("ab".repeat(32));
    let offer = offer(&mut wallet, &article()).await;
    world.fault.set(Some(Fault::DropAnswer));
    let answer = wallet.payments().pay(&offer).await.unwrap();
    assert!(matches!(answer.payment, Payment::Paid { .. }));
}

#[tokio::test]
async fn a_site_that_has_not_heard_of_a_rotation_costs_one_try_and_the_same_token_pays() {
    let (world, mut wallet) = shop().await;
    let stale = world.mint.borrow().active_digest();
    world.site.borrow_mut().keysets = Named::Text(stale);
    world.mint.borrow_mut().rotate(40, 0);
    let error = buy(&mut wallet, &article()).await.unwrap_err();
    let told = error.explain();
    assert!(
        told.what.contains("(code 12002, status 400)"),
        "{}",
        told.what
    );
    assert_eq!(
        told.advice,
        [Advice::TryAgainWithNewKeysets, Advice::SwapNow { id: 2 }]
    );
    assert!(asked_besides(&world).is_empty());
    assert_eq!((available(&wallet).await, pending(&wallet).await), (96, 4));
    world.site.borrow_mut().keysets = Named::Now;
    let answer = buy(&mut wallet, &article()).await.unwrap();
    assert!(matches!(answer.payment, Payment::Paid { .. }));
    assert_eq!(asked_besides(&world), LEARNED);
    let tokens = world.site.borrow().tokens();
    assert!(tokens.len() == 2 && tokens[0] == tokens[1]);
    assert_eq!((available(&wallet).await, pending(&wallet).await), (97, 0));
    adds_up(&world, &wallet, 0).await;
}

#[tokio::test]
async fn a_place_that_a_copy_of_the_wallet_has_used_costs_one_try() {
    let (world, mut wallet) = shop().await;
    let copy = world.device();
    *copy.rows.borrow_mut() = world.rows.borrow().clone();
    let mut copy = copy.open(&Fuse::none()).await;
    world.site.borrow_mut().price = 61; // 64, and 3 of change
    buy(&mut copy, &article()).await.unwrap();
    world.site.borrow_mut().price = 3; // 4, and 1 of change
    let other = PageRequest::get("https://site.test/other");
    let error = buy(&mut wallet, &other).await.unwrap_err();
    assert!(
        error.explain().what.contains("(code 11003, status 400)"),
        "{error}"
    );
    assert_eq!(
        available(&wallet).await,
        100,
        "the swap has found a free lane"
    );
    let answer = buy(&mut wallet, &other).await.unwrap();
    assert!(matches!(answer.payment, Payment::Paid { .. }));
}
