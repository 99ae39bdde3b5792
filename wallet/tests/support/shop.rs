//! A wallet with 100, a site that asks 3, and what tests of payments ask again and again.

use farthing_wallet::error::payment::{Fate, Fault as SiteFault, Unpayable};
use farthing_wallet::pay::offer::{Offer, PayOptions};
use farthing_wallet::pay::{Answer, Visit};
use farthing_wallet::{Error, Origin, PageRequest};

use super::site::SITE;
use super::*;

pub const FUNDS: u64 = 1000;

pub fn article() -> PageRequest {
    PageRequest::get("https://site.test/article?page=1#top")
}

/// A wallet that holds 4 + 32 + 64, and a site that asks 3.
pub async fn shop() -> (World, TestWallet) {
    let world = World::new(FakeMint::new(FUNDS));
    let mut wallet = world.make(PHRASE, Origin::New).await;
    hold(&world, &mut wallet, 100).await;
    world.mint.borrow_mut().requests.clear();
    (world, wallet)
}

pub type Visited = Visit<TestPage>;

pub async fn visit(wallet: &mut TestWallet, request: &PageRequest) -> Result<Visited, Error> {
    wallet
        .payments()
        .visit(request, &PayOptions::default())
        .await
}

pub fn offer_of(visited: Result<Visited, Error>) -> Offer {
    match visited.unwrap() {
        Visit::Priced(offer) => offer,
        Visit::Answer(answer) => panic!("no price: {answer:?}"),
    }
}

pub async fn offer(wallet: &mut TestWallet, request: &PageRequest) -> Offer {
    offer_of(visit(wallet, request).await)
}

pub async fn free(wallet: &mut TestWallet, request: &PageRequest) -> Answer<TestPage> {
    match visit(wallet, request).await.unwrap() {
        Visit::Answer(answer) => answer,
        Visit::Priced(offer) => panic!("a price: {offer:?}"),
    }
}

pub async fn body(mut answer: Answer<TestPage>) -> String {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        body.extend(chunk);
    }
    String::from_utf8(body).unwrap()
}

pub async fn refused(wallet: &mut TestWallet, request: &PageRequest) -> Unpayable {
    match visit(wallet, request).await {
        Err(Error::Unpayable(unpayable)) => unpayable,
        other => panic!("{other:?}"),
    }
}

/// Visits and pays; gives what became of it.
pub async fn buy(
    wallet: &mut TestWallet,
    request: &PageRequest,
) -> Result<Answer<TestPage>, Error> {
    buy_with(wallet, request).await
}

/// [`buy`] with a wallet over any store.
pub async fn buy_with<S: Store>(
    wallet: &mut Wallet<S, TestHttp>,
    request: &PageRequest,
) -> Result<Answer<TestPage>, Error> {
    match wallet
        .payments()
        .visit(request, &PayOptions::default())
        .await?
    {
        Visit::Answer(answer) => Ok(answer),
        Visit::Priced(offer) => wallet.payments().pay(&offer).await,
    }
}

pub fn site_error(result: Result<Answer<TestPage>, Error>) -> (SiteFault, Fate) {
    match result {
        Err(Error::Site(site)) => {
            assert_eq!(site.site, SITE);
            (site.fault, site.fate)
        }
        other => panic!("{other:?}"),
    }
}

/// All money is somewhere: in the wallet, at the account, or in tokens that nobody has claimed.
pub async fn adds_up(world: &World, wallet: &TestWallet, unclaimed: u64) {
    let held = available(wallet).await + pending(wallet).await + unclaimed;
    assert_eq!(held, world.mint.borrow().outstanding());
    assert_eq!(held + world.account(), FUNDS);
}

pub fn last_token(world: &World) -> String {
    let tokens = world.site.borrow().tokens();
    tokens.last().cloned().unwrap_or_default()
}
