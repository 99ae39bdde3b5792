//! A mint is its keys, not its address: imposters, mints that move, and what a mint must not change.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::result_large_err,
    reason = "a test that fails says so by panicking"
)]

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use farthing_client::Violation as OfApi;
use farthing_protocol::Token;
use farthing_protocol::api::Info;
use farthing_wallet::error::{Advice, Misbehaved, UsageError, Violation};
use farthing_wallet::http::{HttpError, Request, Response};
use farthing_wallet::records::Mint;
use farthing_wallet::{ApiToken, Error, Http, Need, Origin, Phrase, SendOptions, Unit, Wallet};
use support::mint::{FakeKeyset, Signs};
use support::*;

const A: &str = "https://mint.example";
const B: &str = "https://b.example";

/// What stands at an address.
#[derive(Clone)]
struct Host {
    mint: Rc<RefCell<FakeMint>>,
    /// What becomes of the mint's word about itself on the way.
    info: fn(&mut Info),
}

/// Mints at addresses, and all that was sent to each.
#[derive(Clone, Default)]
struct Net {
    hosts: Rc<RefCell<BTreeMap<String, Host>>>,
    sent: Rc<RefCell<Vec<(String, String)>>>,
}

impl Http for Net {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let hosts = self.hosts.borrow();
        let of = |(address, _): &(&String, &Host)| request.url.starts_with(address.as_str());
        let Some((address, host)) = hosts.iter().find(of) else {
            return Err(HttpError("connection refused".to_owned()));
        };
        let path = request.url.strip_prefix(address.as_str()).unwrap();
        let body = request.body.as_ref().map(|b| b.expose().to_owned());
        let seen = (address.clone(), body.unwrap_or_default());
        self.sent.borrow_mut().push(seen);
        let request = Request {
            url: format!("{URL}{path}"),
            ..request.clone()
        };
        let mut response = host.mint.borrow_mut().answer(&request);
        if path == "/v1/info" {
            let mut info: Info = serde_json::from_slice(&response.body).unwrap();
            (host.info)(&mut info);
            response.body = serde_json::to_vec(&info).unwrap();
        }
        Ok(response)
    }
}

impl Net {
    fn put(&self, address: &str, mint: &Rc<RefCell<FakeMint>>) {
        self.put_with(address, mint, |_| {});
    }

    fn put_with(&self, address: &str, mint: &Rc<RefCell<FakeMint>>, info: fn(&mut Info)) {
        let mint = Rc::clone(mint);
        let host = Host { mint, info };
        self.hosts.borrow_mut().insert(address.to_owned(), host);
    }

    fn gone(&self, address: &str) {
        self.hosts.borrow_mut().remove(address);
    }

    /// Returns how many requests with a body that says `what` went to an address.
    fn count(&self, address: &str, what: &str) -> usize {
        let sent = self.sent.borrow();
        let to = sent.iter().filter(|(to, _)| to == address);
        to.filter(|(_, body)| body.contains(what)).count()
    }

    async fn wallet(&self, phrase: &str, origin: Origin) -> NetWallet {
        let (store, _) = World::new(FakeMint::new(0)).parts(&Fuse::none());
        let phrase = Phrase::parse(phrase).unwrap();
        Wallet::create(store, self.clone(), clock, &phrase, origin)
            .await
            .unwrap()
    }
}

type NetWallet = Wallet<TestStore, Net>;

fn mint_with(keyset: u8, identity: Option<(u8, &[&str])>) -> Rc<RefCell<FakeMint>> {
    let mut mint = FakeMint::new(1000);
    mint.keysets = vec![FakeKeyset::new(keyset, 0, 8)];
    mint.identity = identity.map(|(seed, urls)| Signs {
        seed,
        urls: urls.iter().map(|url| (*url).to_owned()).collect(),
        issued: NOW,
    });
    Rc::new(RefCell::new(mint))
}

fn token() -> Option<ApiToken> {
    Some(ApiToken::new(API_TOKEN))
}

async fn add(wallet: &mut NetWallet, url: &str) -> Mint {
    wallet.mints().add(url, token()).await.unwrap()
}

/// Returns what the wallet holds, by address.
async fn held(wallet: &NetWallet) -> Vec<(String, u64)> {
    let balance = wallet.balance().await.unwrap();
    balance.into_iter().map(|b| (b.mint, b.available)).collect()
}

fn violation(error: Error) -> Violation {
    match error {
        Error::Misbehaved(Misbehaved { violation, .. }) => violation,
        other => panic!("no violation: {other:?}"),
    }
}

/// A mint with 100 of a phrase, and an address of somebody else's that passes everything on to it.
async fn imposter(net: &Net, identity: Option<(u8, &[&str])>, info: fn(&mut Info)) -> u64 {
    let mint = mint_with(1, identity);
    net.put(A, &mint);
    let mut wallet = net.wallet(PHRASE, Origin::New).await;
    let known = add(&mut wallet, A).await;
    wallet.withdraw(&known, 100).await.unwrap();
    net.put_with(B, &mint, info);
    net.sent.borrow_mut().clear();
    100
}

#[tokio::test]
async fn keysets_that_a_false_mint_showed_first_go_to_the_mint_whose_they_are() {
    let net = Net::default();
    // It leaves the identity out, as an old mint does.
    let all = imposter(&net, Some((7, &[A])), |info| info.identity = None).await;
    let mut wallet = net.wallet(PHRASE, Origin::Restored).await;
    add(&mut wallet, B).await;
    add(&mut wallet, A).await;
    assert_eq!(held(&wallet).await, [(A.to_owned(), 0)]);
    for mint in wallet.mints().all().await.unwrap() {
        wallet.restore(&mint, &mut Eager).await.unwrap();
    }
    assert_eq!(held(&wallet).await, [(A.to_owned(), all)]);
    // It comes back, and is refused with both mints named.
    let error = wallet.mints().add(B, None).await.unwrap_err();
    assert!(
        matches!(&error, Error::Usage(UsageError::KeysetElsewhere { mint, known, .. })
            if mint == B && known == A),
        "{error:?}"
    );
    let what = error.explain().what;
    assert!(what.contains(A) && what.contains(B), "{what}");
    assert_eq!(net.count(B, "secret"), 0);
    assert_eq!(net.count(B, "outputs"), 0);
    let mint = wallet.mint(None).await.unwrap();
    wallet.send(&mint, 3, SendOptions::default()).await.unwrap();
}

#[tokio::test]
async fn what_was_found_at_a_false_mint_goes_to_the_true_one_as_well() {
    let net = Net::default();
    let all = imposter(&net, Some((7, &[A])), |info| info.identity = None).await;
    let mut wallet = net.wallet(PHRASE, Origin::Restored).await;
    let false_one = add(&mut wallet, B).await;
    wallet.restore(&false_one, &mut Eager).await.unwrap();
    assert_eq!(held(&wallet).await, [(B.to_owned(), all)]);
    add(&mut wallet, A).await;
    assert_eq!(held(&wallet).await, [(A.to_owned(), all)]);
    assert_eq!(net.count(B, "secret"), 0);
}

#[tokio::test]
async fn an_identity_that_is_passed_on_proves_nothing_at_an_address_that_it_does_not_name() {
    let net = Net::default();
    imposter(&net, Some((7, &[A])), |_| {}).await;
    let mut wallet = net.wallet(PHRASE, Origin::Restored).await;
    // Nothing is known yet.
    let error = wallet.mints().add(B, None).await.unwrap_err();
    assert!(
        matches!(&error, Error::Usage(UsageError::MintElsewhere { mint, named })
            if mint == B && named == A),
        "{error:?}"
    );
    let add_unlisted = Advice::AddUnlisted { url: B.to_owned() };
    assert_eq!(error.explain().advice, [add_unlisted]);
    add(&mut wallet, A).await;
    let error = wallet.mints().add_unlisted(B, None).await;
    let error = error.unwrap_err();
    assert!(
        matches!(&error, Error::Usage(UsageError::AddressNotNamed { mint, known })
            if mint == B && known == A),
        "{error:?}"
    );
    let (from, to) = (A.to_owned(), B.to_owned());
    assert_eq!(error.explain().advice, [Advice::MoveMint { from, to }]);
    assert_eq!(wallet.mints().all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_address_that_is_taken_unlisted_is_left_for_one_that_the_identity_names() {
    let net = Net::default();
    let all = imposter(&net, Some((7, &[A])), |_| {}).await;
    let mut wallet = net.wallet(PHRASE, Origin::Restored).await;
    let mint = wallet.mints().add_unlisted(B, None).await;
    wallet.restore(&mint.unwrap(), &mut Eager).await.unwrap();
    add(&mut wallet, A).await;
    assert_eq!(held(&wallet).await, [(A.to_owned(), all)]);
}

#[tokio::test]
async fn an_identity_of_its_own_does_not_make_keysets_a_mints_own() {
    let net = Net::default();
    imposter(&net, Some((7, &[A])), |info| {
        let other = mint_with(2, Some((8, &[B])));
        let signed = other.borrow().public_info().identity;
        let theirs = info.identity.take().unwrap();
        info.identity = signed;
        // With the signatures of the keysets' keys, which are for another identity.
        info.identity.as_mut().unwrap().keysets = theirs.keysets;
    })
    .await;
    let wallet = net.wallet(PHRASE, Origin::Restored).await;
    let error = wallet.mints().add(B, None).await.unwrap_err();
    assert!(matches!(
        violation(error),
        Violation::Api(OfApi::KeysetNotOwned(_))
    ));
    assert!(wallet.mints().all().await.unwrap().is_empty());
}

#[tokio::test]
async fn of_two_mints_without_identity_the_second_with_the_same_keysets_is_refused() {
    let net = Net::default();
    imposter(&net, None, |_| {}).await;
    for (first, second) in [(A, B), (B, A)] {
        let mut wallet = net.wallet(PHRASE, Origin::Restored).await;
        add(&mut wallet, first).await;
        let error = wallet.mints().add(second, token()).await.unwrap_err();
        assert!(
            matches!(&error, Error::Usage(UsageError::KeysetElsewhere { mint, known, .. })
                if mint == second && known == first),
            "{error:?}"
        );
        let (from, to) = (first.to_owned(), second.to_owned());
        assert_eq!(error.explain().advice, [Advice::MoveMint { from, to }]);
        let mint = wallet.mints().move_to(first, second).await.unwrap();
        assert_eq!((mint.url.as_str(), mint.is_at(first)), (second, true));
    }
}

/// A wallet with 100 at A, of which 3 are sent and 5 are being withdrawn.
async fn in_use(net: &Net, mint: &Rc<RefCell<FakeMint>>) -> NetWallet {
    net.put(A, mint);
    let mut wallet = net.wallet(PHRASE, Origin::New).await;
    let known = add(&mut wallet, A).await;
    wallet.withdraw(&known, 100).await.unwrap();
    wallet
        .send(&known, 3, SendOptions::default())
        .await
        .unwrap();
    net.gone(A);
    wallet.withdraw(&known, 5).await.unwrap_err();
    wallet
}

async fn goes_on_at(wallet: &mut NetWallet, address: &str) {
    assert_eq!(held(wallet).await, [(address.to_owned(), 97)]);
    assert!(
        wallet
            .history()
            .await
            .unwrap()
            .iter()
            .all(|e| e.mint == address)
    );
    for done in wallet.recover().await.unwrap() {
        done.result.unwrap();
    }
    assert_eq!(held(wallet).await, [(address.to_owned(), 102)]);
    let sent = wallet.sent_tokens().all().await.unwrap();
    assert_eq!((sent.len(), sent[0].mint.as_str()), (1, address));
    wallet.reclaim(sent[0].id).await.unwrap();
    assert_eq!(held(wallet).await, [(address.to_owned(), 105)]);
}

#[tokio::test]
async fn a_mint_whose_identity_names_its_new_address_is_followed_there() {
    let net = Net::default();
    let mint = mint_with(1, Some((7, &[A, "https://new.example:443/"])));
    let mut wallet = in_use(&net, &mint).await;
    net.put("https://new.example", &mint);
    let moved = wallet
        .mints()
        .add("https://NEW.example/", None)
        .await
        .unwrap();
    assert_eq!(moved.url, "https://new.example");
    assert!(moved.api_token.is_some() && moved.is_at(A));
    goes_on_at(&mut wallet, "https://new.example").await;
    // By its former address as well.
    assert_eq!(
        wallet.mint(Some(A)).await.unwrap().url,
        "https://new.example"
    );
}

#[tokio::test]
async fn a_mint_that_moves_unannounced_is_followed_when_its_holder_says_so() {
    for identity in [None, Some((7, [A].as_slice()))] {
        let net = Net::default();
        let mint = mint_with(1, identity);
        let mut wallet = in_use(&net, &mint).await;
        net.put(B, &mint);
        net.put("https://other.example", &mint_with(2, identity));
        let other = wallet.mints().move_to(A, "https://other.example").await;
        let error = other.unwrap_err();
        match identity {
            None => assert!(
                matches!(error, Error::Usage(UsageError::NotTheSameMint { .. })),
                "{error:?}"
            ),
            // The identity is relayed, and the keysets are not its own.
            Some(_) => assert!(
                matches!(error, Error::Usage(UsageError::NotTheSameMint { .. })),
                "{error:?}"
            ),
        }
        assert_eq!(held(&wallet).await, [(A.to_owned(), 97)]);
        wallet.mints().move_to(A, B).await.unwrap();
        goes_on_at(&mut wallet, B).await;
    }
}

#[tokio::test]
async fn an_identity_is_learned_and_must_be_shown_from_then_on() {
    let net = Net::default();
    let mint = mint_with(1, None);
    let wallet = in_use(&net, &mint).await;
    net.put(A, &mint);
    assert_eq!(wallet.mint(None).await.unwrap().identity, None);
    mint.borrow_mut().identity = mint_with(9, Some((7, &[A]))).borrow().identity.clone();
    let learned = wallet.mints().add(A, None).await.unwrap();
    assert!(learned.identity.is_some());

    for other in [None, Some((8, [A].as_slice()))] {
        mint.borrow_mut().identity = mint_with(9, other).borrow().identity.clone();
        let error = wallet.mints().add(A, None).await.unwrap_err();
        assert_eq!(violation(error), Violation::IdentityChanged);
    }
    // An old list of addresses does not win over a later one.
    let list = |url: &str, issued| Signs {
        seed: 7,
        urls: vec![url.to_owned()],
        issued,
    };
    mint.borrow_mut().identity = Some(list(A, NOW + 2));
    wallet.mints().add(A, None).await.unwrap();
    mint.borrow_mut().identity = Some(list(B, NOW + 1));
    net.put(B, &mint);
    let error = wallet.mints().add(B, None).await.unwrap_err();
    assert!(
        matches!(error, Error::Usage(UsageError::AddressNotNamed { .. })),
        "{error:?}"
    );
    assert!(!wallet.mint(None).await.unwrap().is_at(B));
}

#[tokio::test]
async fn a_mint_that_changes_its_unit_or_decimals_is_refused_and_nothing_is_taken_over() {
    let net = Net::default();
    let mint = mint_with(1, None);
    net.put(A, &mint);
    let mut wallet = net.wallet(PHRASE, Origin::New).await;
    let known = add(&mut wallet, A).await;
    wallet.withdraw(&known, 100).await.unwrap();
    let changes: [fn(&mut FakeMint); 3] = [
        |mint| mint.unit = "sat".to_owned(),
        |mint| mint.decimals = 2,
        |mint| mint.decimals = 255,
    ];
    for change in changes {
        let before = wallet.mint(None).await.unwrap();
        change(&mut mint.borrow_mut());
        mint.borrow_mut().name_is("Another name");
        let refused = violation(wallet.mints().add(A, None).await.unwrap_err());
        let searched = violation(wallet.restore(&known, &mut Eager).await.unwrap_err());
        assert_eq!(refused, searched);
        match mint.borrow().decimals {
            255 => assert_eq!(refused, Violation::Api(OfApi::Decimals(255))),
            _ => assert!(
                matches!(refused, Violation::UnitChanged { .. }),
                "{refused:?}"
            ),
        }
        assert_eq!(wallet.mint(None).await.unwrap(), before);
        mint.borrow_mut().unit = "credit".to_owned();
        mint.borrow_mut().decimals = 0;
    }
    wallet.restore(&known, &mut Eager).await.unwrap();
    // A new one that says so is not even added.
    mint.borrow_mut().decimals = 9;
    let other = net.wallet(PHRASE, Origin::Restored).await;
    assert_eq!(
        violation(other.mints().add(A, None).await.unwrap_err()),
        Violation::Api(OfApi::Decimals(9))
    );
}

#[tokio::test]
async fn a_token_is_of_the_mint_whose_keysets_it_has_whatever_address_it_names() {
    let net = Net::default();
    let (mint, other) = (mint_with(1, None), mint_with(2, None));
    net.put(A, &mint);
    net.put(B, &other);
    let mut alice = net.wallet(PHRASE, Origin::New).await;
    let known = add(&mut alice, A).await;
    alice.withdraw(&known, 100).await.unwrap();
    let phrase = Phrase::generate().unwrap();
    let mut bob = net.wallet(&phrase.expose(), Origin::New).await;
    add(&mut bob, B).await;
    add(&mut bob, A).await;
    let addresses = [
        "http://127.0.0.1:5100",
        "https://MINT.example:443/",
        // Of another mint of the wallet.
        B,
    ];
    for (n, address) in (1..).zip(addresses) {
        let sent = alice.send(&known, 4, SendOptions::default()).await.unwrap();
        let token = Token {
            mint: address.to_owned(),
            ..sent.token()
        };
        bob.receive(&token.encode()).await.unwrap();
        let held = held(&bob).await;
        assert_eq!(held, [(B.to_owned(), 0), (A.to_owned(), n * 4)]);
    }
    assert_eq!(net.count(B, "inputs"), 0);
}

#[tokio::test]
async fn each_mint_has_a_lock_key_and_the_former_one_is_of_one_mint() {
    let net = Net::default();
    net.put(A, &mint_with(1, Some((7, &[A]))));
    net.put(B, &mint_with(2, None));
    let mut wallet = net.wallet(PHRASE, Origin::New).await;
    let (a, b) = (add(&mut wallet, A).await, add(&mut wallet, B).await);
    let key_a = wallet.lock_public_key(&a).await.unwrap();
    let key_b = wallet.lock_public_key(&b).await.unwrap();
    assert_ne!(key_a, key_b);
    for mint in [&a, &b] {
        wallet.withdraw(mint, 20).await.unwrap();
    }
    let hex = |key: [u8; 32]| Some(key.map(|byte| format!("{byte:02x}")).concat());
    let locked = |key| SendOptions {
        lock: hex(key),
        ..SendOptions::default()
    };
    // Each is taken in at its own mint, and nowhere else.
    for (mint, key, opens) in [(&a, key_a, true), (&b, key_b, true), (&a, key_b, false)] {
        let sent = wallet.send(mint, 2, locked(key)).await.unwrap();
        let taken = wallet.receive(&sent.token().encode()).await;
        match (taken, opens) {
            (Ok(_), true) | (Err(Error::Usage(UsageError::TokenLocked { .. })), false) => {}
            (other, _) => panic!("{opens}: {other:?}"),
        }
    }
    let former = wallet.mints().use_former_lock_key(&a).await.unwrap();
    let sent = wallet.send(&b, 2, locked(former)).await.unwrap();
    let text = sent.token().encode();
    let error = wallet.receive(&text).await.unwrap_err();
    assert!(
        matches!(&error, Error::Usage(UsageError::TokenLockedFormerly { mint, .. }) if mint == B),
        "{error:?}"
    );
    let use_former = Advice::UseFormerKey { mint: B.to_owned() };
    assert_eq!(error.explain().advice, [use_former]);
    assert_eq!(
        wallet.mints().use_former_lock_key(&b).await.unwrap(),
        former
    );
    wallet.receive(&text).await.unwrap();
    let sent = wallet.send(&a, 2, locked(former)).await.unwrap();
    let error = wallet.receive(&sent.token().encode()).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Usage(UsageError::TokenLockedFormerly { .. })
    ));
}

#[tokio::test]
async fn the_mint_that_has_it_is_used_or_all_are_named() {
    let net = Net::default();
    net.put(A, &mint_with(1, None));
    net.put(B, &mint_with(2, None));
    let mut wallet = net.wallet(PHRASE, Origin::New).await;
    let (b, a) = (
        wallet.mints().add(B, None).await.unwrap(),
        add(&mut wallet, A).await,
    );
    wallet.withdraw(&a, 20).await.unwrap();
    let read = |amount: u64| move |_: &Unit| Ok::<_, Error>(amount);
    let choose = async |named: Option<&str>, need, amount| {
        let chosen = wallet.mints().choose(named, need, read(amount)).await;
        chosen.map(|(mint, _)| mint.url)
    };
    // The first in order, B, is empty.
    assert_eq!(choose(None, Need::Balance, 5).await.unwrap(), A);
    assert_eq!(choose(None, Need::Account, 5).await.unwrap(), A);
    assert_eq!(choose(None, Need::BalanceAndAccount, 0).await.unwrap(), A);
    assert_eq!(choose(Some(B), Need::Balance, 5).await.unwrap(), b.url);
    let error = choose(None, Need::Balance, 21).await.unwrap_err();
    let what = error.explain().what;
    assert!(what.contains(&format!("{B} 0 credit")), "{what}");
    assert!(what.contains(&format!("{A} 20 credit")), "{what}");
    assert_eq!(error.explain().advice, [Advice::HoldMoreOrNameMint]);
    let error = choose(None, Need::Mint, 0).await.unwrap_err();
    assert!(matches!(error, Error::Usage(UsageError::WhichMint(_))));
}
