//! The real paywall, killed at random moments while readers buy: whoever paid gets what they paid for
//! by asking again, and is charged once.
//!
//! `FARTHING_CRASH_KILLS` says how often it is killed in each test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use farthing_protocol::conditions::Lock;
use farthing_protocol::payment::{PaymentRequest, Receipt, change};
use farthing_protocol::{Secret, Token, TokenProof};
use farthing_testkit::client::Blanks;
use farthing_testkit::dice::Dice;
use farthing_testkit::paywall::{PaywallPlan, PaywallProcess};
use farthing_testkit::scene::Scene;
use farthing_testkit::site;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const PRICE: u64 = 3;
const READERS: usize = 8;

fn kills() -> usize {
    let kills = std::env::var("FARTHING_CRASH_KILLS");
    kills.map_or(10, |kills| kills.parse().unwrap())
}

/// What readers need to buy.
struct Shop {
    scene: Scene,
    reader: String,
    publisher: String,
    url: String,
    http: reqwest::Client,
    /// The key that tokens are to be locked to, where they are.
    lock: Option<[u8; 32]>,
    over: AtomicBool,
    bought: AtomicUsize,
    asked_again: AtomicUsize,
}

impl Shop {
    async fn open(locked: bool) -> (Arc<Self>, PaywallPlan, PaywallProcess) {
        let scene = Scene::start(BINARY).await.unwrap();
        let reader = scene.mint.account("reader", "withdraw", 1_000_000).unwrap();
        let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
        let upstream = site::serve().await.unwrap();
        let mint = scene.mint.url().unwrap();
        let dir = scene.folder().join("paywall");
        let plan = PaywallPlan::new(BINARY, &dir, &upstream, mint, &publisher);
        let mut plan = plan.price(&format!("/articles/*={PRICE}"));
        if locked {
            plan = plan.with("ACCEPT", "locked").with("REDEEM_EVERY_S", "1");
        }
        let paywall = plan.start().unwrap();
        // The same address after each start: a payment belongs to its URL.
        let plan = plan.with("LISTEN", paywall.url.trim_start_matches("http://"));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = http.get(format!("{}/articles/1", paywall.url)).send();
        let asked = asked.await.unwrap();
        let request = asked.headers()["x-cashu"].to_str().unwrap();
        let request = PaymentRequest::decode(request).unwrap();
        let key = |lock: farthing_protocol::payment::LockOption| hex::decode(lock.data).unwrap();
        let lock = request.lock.map(|lock| key(lock).try_into().unwrap());
        assert_eq!(lock.is_some(), locked);
        let shop = Self {
            scene,
            reader,
            publisher,
            url: paywall.url.clone(),
            http,
            lock,
            over: AtomicBool::new(false),
            bought: AtomicUsize::new(0),
            asked_again: AtomicUsize::new(0),
        };
        (Arc::new(shop), plan, paywall)
    }

    /// Buys one article after the other until the shop is over.
    async fn read_on(self: Arc<Self>, reader: usize) {
        for number in 0.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let article = format!("{reader}-{number}");
            match &self.lock {
                Some(key) => {
                    let tokens = self.locked(key).await;
                    self.buy(&article, &tokens, None).await;
                }
                None => {
                    let plain = Blanks::of(&self.scene.keyset, &[4]).unwrap();
                    let client = &self.scene.client;
                    let mut tokens = client.withdraw_blanks(&self.reader, plain).await.unwrap();
                    tokens.iter_mut().for_each(|token| token.dleq = None);
                    let blanks = Blanks::of(&self.scene.keyset, &[1]).unwrap();
                    self.buy(&article, &tokens, Some(blanks)).await;
                }
            }
            self.bought.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Tokens worth the price, locked to the publisher.
    async fn locked(&self, key: &[u8; 32]) -> Vec<TokenProof> {
        let secret = |_| {
            let mut nonce = [0; 32];
            getrandom::fill(&mut nonce).unwrap();
            Lock::p2pk_secret(key, &Secret::new(hex::encode(nonce)))
        };
        let secrets: Vec<Secret> = (0..2).map(secret).collect();
        let blanks = Blanks::of_secrets(&self.scene.keyset, &[1, 2], &secrets).unwrap();
        let client = &self.scene.client;
        client.withdraw_blanks(&self.reader, blanks).await.unwrap()
    }

    /// Asks for an article with these tokens until it comes; checks it, its receipt and the change.
    async fn buy(&self, article: &str, tokens: &[TokenProof], blanks: Option<Blanks>) {
        let token = Token {
            mint: self.scene.mint.url().unwrap().to_owned(),
            unit: "credit".to_owned(),
            memo: None,
            proofs: tokens.to_vec(),
        };
        let outputs = blanks
            .as_ref()
            .map(|b| change::encode_outputs(&b.outputs).unwrap());
        loop {
            let request = self.http.get(format!("{}/articles/{article}", self.url));
            let mut request = request.header("x-cashu", token.encode().as_str());
            if let Some(outputs) = &outputs {
                request = request.header("x-cashu-outputs", outputs);
            }
            let Some((status, headers, body)) = answer(request).await else {
                self.asked_again.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            assert_eq!(
                (status, body.as_str()),
                (200, site::article_text(article).as_str())
            );
            let receipt = Receipt::verify(headers["x-cashu-receipt"].to_str().unwrap())
                .unwrap()
                .0;
            let page = format!("GET {}/articles/{article}", self.url);
            assert_eq!((receipt.amount, receipt.resource), (PRICE, page));
            if let Some(blanks) = blanks {
                let signatures = headers["x-cashu-signatures"].to_str().unwrap();
                let signatures = change::decode_signatures(signatures).unwrap();
                assert_eq!(blanks.unblind(&signatures).unwrap().len(), 1);
            }
            return;
        }
    }
}

/// A whole answer; `None` when the connection broke, or the paywall said to ask again.
async fn answer(
    request: reqwest::RequestBuilder,
) -> Option<(u16, reqwest::header::HeaderMap, String)> {
    let answer = request.send().await.ok()?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.text().await.ok()?;
    (status != 503).then_some((status, headers, body))
}

/// Kills the paywall again and again while readers buy; gives how many articles were bought.
async fn kill_while_they_read(locked: bool) -> (Arc<Shop>, PaywallProcess) {
    let (shop, plan, mut paywall) = Shop::open(locked).await;
    let readers: Vec<_> = (0..READERS)
        .map(|reader| tokio::spawn(Arc::clone(&shop).read_on(reader)))
        .collect();
    let mut dice = Dice::for_test("paywall_crash").unwrap();
    for _ in 0..kills() {
        let patience = 20 + dice.below(130);
        tokio::time::sleep(Duration::from_millis(patience)).await;
        paywall.kill().unwrap();
        paywall = plan.start().unwrap();
    }
    shop.over.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    let (bought, again) = (&shop.bought, &shop.asked_again);
    println!(
        "{} articles bought, asked again {} times",
        bought.load(Ordering::SeqCst),
        again.load(Ordering::SeqCst)
    );
    assert!(again.load(Ordering::SeqCst) > 0, "the kills hit nobody");
    (shop, paywall)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_charges_once_and_delivers() {
    let (shop, _paywall) = kill_while_they_read(false).await;
    let income = shop.scene.balance(&shop.publisher).await.unwrap();
    assert_eq!(income, PRICE * shop.bought.load(Ordering::SeqCst) as u64);
    shop.scene.books().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_no_locked_token_it_served_for() {
    let (shop, _paywall) = kill_while_they_read(true).await;
    let expected = PRICE * shop.bought.load(Ordering::SeqCst) as u64;
    for _ in 0..600 {
        if shop.scene.balance(&shop.publisher).await.unwrap() == expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(shop.scene.balance(&shop.publisher).await.unwrap(), expected);
    assert_eq!(shop.scene.books().unwrap().outstanding_total(), 0);
}
