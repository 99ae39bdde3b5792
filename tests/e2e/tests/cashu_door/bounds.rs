//! What anybody may have open at the door: quotes, questions to the node, websockets and what they are
//! subscribed to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use farthing_protocol::cashu::bolt11::{MeltQuote, MintQuote};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::setting::{Invoice, Shop, invoice, melt_body};

const MINT_QUOTE: &str = "/v1/mint/quote/bolt11";
const MELT_QUOTE: &str = "/v1/melt/quote/bolt11";
const FULL: (u16, u32) = (503, 50301);

async fn few_quotes() -> Shop {
    let settings = [
        ("LIGHTNING_BACKEND", "fake"),
        ("LIGHTNING_QUOTES_MAX", "3"),
        ("REFUSAL_DELAY_MS", "0"),
    ];
    let shop = Shop::with(&settings).await;
    shop.order("incoming-default", "unpaid");
    shop
}

async fn read(shop: &Shop, quote: &MintQuote) -> MintQuote {
    let path = format!("{MINT_QUOTE}/{}", quote.quote.as_str());
    shop.client.get(&path, None).await.unwrap().ok().unwrap()
}

fn asks(invoice: &Invoice) -> Value {
    json!({"request": invoice.text, "unit": "sat"})
}

fn rows(shop: &Shop, sql: &str) -> u64 {
    let store = Connection::open(shop.mint.dir().join("mint.sqlite")).unwrap();
    store.busy_timeout(Duration::from_secs(60)).unwrap();
    store.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn only_so_many_invoices_wait_to_be_paid() {
    let shop = few_quotes().await;
    shop.mint.account("ann", "read", 0).unwrap();
    let first = shop.mint_quote(5).await;
    for _ in 0..2 {
        shop.mint_quote(5).await;
    }
    let wish = json!({"amount": 5, "unit": "sat"});
    let refusal = shop.post(MINT_QUOTE, &wish).await;
    assert_eq!(refusal.refusal().unwrap(), FULL);
    let told = refusal.body["detail"].as_str().unwrap();
    assert!(told.contains("as many open quotes as it keeps"), "{told}");
    // The node was not asked for an invoice that nobody gets.
    let invoices = std::fs::read_dir(shop.mint.dir().join("fake")).unwrap();
    let names = invoices.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("invoice-")).count(), 3);
    // Accounts have room of their own.
    let deposit = ["account", "deposit", "ann", "9"];
    assert_eq!(shop.mint.run(&deposit).unwrap()["state"], "unpaid");
    // What is paid waits no more.
    let paid = Invoice::read(&first.request).unwrap();
    shop.order(&format!("incoming-{}", hex::encode(paid.hash)), "paid");
    assert_eq!(read(&shop, &first).await.amount_paid, 5);
    shop.mint_quote(5).await;
    assert_eq!(shop.refusal(MINT_QUOTE, &wish).await, FULL);
}

#[tokio::test]
async fn only_so_many_payments_wait_to_be_begun() {
    let shop = few_quotes().await;
    shop.order("incoming-default", "paid");
    let bills = [(); 4].map(|()| invoice(Some(3000)));
    let first = shop.melt_quote(&bills[0]).await;
    for bill in &bills[1..3] {
        shop.melt_quote(bill).await;
    }
    assert_eq!(shop.refusal(MELT_QUOTE, &asks(&bills[3])).await, FULL);
    // Asked about again, an invoice has the quote that it has.
    assert_eq!(shop.melt_quote(&bills[0]).await, first);
    // What is begun waits no more.
    let tokens = shop.tokens(5).await;
    let body = melt_body(&first, &tokens, &shop.outputs(&[1]));
    assert_eq!(shop.post("/v1/melt/bolt11", &body).await.status, 200);
    shop.melt_quote(&bills[3]).await;
}

#[tokio::test]
async fn an_invoice_has_one_quote_that_waits() {
    let shop = Shop::open().await;
    let bill = invoice(Some(3000));
    let quote = shop.melt_quote(&bill).await;
    let again = futures_util::future::join_all((0..8).map(|_| shop.melt_quote(&bill))).await;
    assert!(again.iter().all(|other| *other == quote));
    assert_eq!(rows(&shop, "SELECT count(*) FROM melt_quotes"), 1);

    // On other terms it is another quote, and the one before is gone.
    let open = invoice(None);
    let with = |msat: u64| {
        let options = json!({"amountless": {"amount_msat": msat}});
        json!({"request": open.text, "unit": "sat", "options": options})
    };
    let ask =
        async |msat: u64| -> MeltQuote { shop.post(MELT_QUOTE, &with(msat)).await.ok().unwrap() };
    let (seven, nine) = (ask(7000).await, ask(9000).await);
    assert_eq!((seven.amount, nine.amount), (7, 9));
    let path = format!("{MELT_QUOTE}/{}", seven.quote.as_str());
    let gone = shop.client.get(&path, None).await.unwrap();
    assert_eq!(gone.refusal().unwrap(), (400, 40010));
    assert_eq!(shop.read_melt_quote(&nine).await, nine);
    assert_eq!(rows(&shop, "SELECT count(*) FROM melt_quotes"), 2);

    // What was begun stays, also when it has failed.
    shop.order("outgoing-default", "failed");
    let tokens = shop.tokens(12).await;
    let body = melt_body(&nine, &tokens, &shop.outputs(&[1]));
    assert_eq!(shop.refusal("/v1/melt/bolt11", &body).await, (400, 20004));
    let anew = ask(9000).await;
    assert_ne!(anew.quote, nine.quote);
    assert_eq!(shop.read_melt_quote(&nine).await.amount, 9);
    assert_eq!(ask(9000).await.quote, anew.quote);
    assert_eq!(rows(&shop, "SELECT count(*) FROM melt_quotes"), 3);
}

/// Nothing here waits for a time to pass: the store is told that it has.
#[tokio::test]
async fn what_has_expired_unpaid_leaves_the_disk() {
    let mut shop = few_quotes().await;
    shop.mint_quote(5).await;
    let paid = shop.mint_quote(6).await;
    shop.melt_quote(&invoice(Some(3000))).await;
    let kept = shop.mint_quote(7).await;
    shop.order("incoming-default", "expired");
    let hash = Invoice::read(&paid.request).unwrap().hash;
    shop.order(&format!("incoming-{}", hex::encode(hash)), "paid");
    let address = shop.mint.url().unwrap().replace("http://", "");
    shop.mint.stop().unwrap();
    let store = Connection::open(shop.mint.dir().join("mint.sqlite")).unwrap();
    let aged = format!(
        "UPDATE mint_quotes SET expiry = expiry - 7200 WHERE id <> '{}';
         UPDATE melt_quotes SET expiry = expiry - 7200;",
        kept.quote.as_str()
    );
    store.execute_batch(&aged).unwrap();
    drop(store);
    shop.mint.start_at(&address).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    // The one that can still be paid, and the one that was: its tokens are owed.
    while rows(&shop, "SELECT count(*) FROM mint_quotes") > 2
        || rows(&shop, "SELECT count(*) FROM melt_quotes") > 0
        || rows(&shop, "SELECT count(*) FROM mint_quotes WHERE paid = 6") == 0
    {
        assert!(Instant::now() < deadline, "expired quotes are still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(rows(&shop, "SELECT count(*) FROM mint_quotes"), 2);
    assert_eq!(shop.sums(), (6, 0, 0));
}

/// LND as far as invoices go, which counts how often it is asked about each.
#[derive(Clone, Default)]
struct CountingNode {
    asked: Arc<AtomicUsize>,
}

impl CountingNode {
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/v1/invoices", post(Self::make))
            .route("/v1/invoice/{hash}", get(Self::look))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    async fn make(Json(wish): Json<Value>) -> Json<Value> {
        let amount = wish["value_msat"].as_str().unwrap().parse().unwrap();
        let made = Invoice::of_others(Some(amount), SystemTime::now()).unwrap();
        Json(json!({"r_hash": STANDARD.encode(made.hash), "payment_request": made.text}))
    }

    async fn look(State(node): State<Self>, Path(hash): Path<String>) -> Json<Value> {
        node.asked.fetch_add(1, Ordering::SeqCst);
        let hash = STANDARD.encode(hex::decode(hash).unwrap());
        Json(json!({"r_hash": hash, "state": "OPEN", "amt_paid_msat": "0"}))
    }
}

#[tokio::test]
async fn the_node_is_asked_about_an_invoice_once_a_second_whoever_asks() {
    let node = CountingNode::default();
    let url = node.listen().await;
    let folder = tempfile::tempdir().unwrap();
    let macaroon = folder.path().join("macaroon");
    std::fs::write(&macaroon, "0201").unwrap();
    private(&macaroon);
    let settings = [
        ("LIGHTNING_BACKEND", "lnd"),
        ("LND_URL", &url),
        ("LND_MACAROON_FILE", macaroon.to_str().unwrap()),
    ];
    let shop = Shop::with(&settings).await;
    let started = Instant::now();
    let quote = shop.mint_quote(5).await;
    let reads = futures_util::future::join_all((0..200).map(|_| read(&shop, &quote))).await;
    assert!(reads.iter().all(|read| read.amount_paid == 0));
    for _ in 0..3 {
        read(&shop, &quote).await;
    }
    let checks = json!({"quotes": [quote.quote]});
    let path = "/v1/mint/quote/bolt11/check";
    let checked: Vec<MintQuote> = shop.post(path, &checks).await.ok().unwrap();
    assert_eq!(checked.len(), 1);
    // One at the beginning of each second, however long all of that took.
    let asked = node.asked.load(Ordering::SeqCst);
    let most = usize::try_from(started.elapsed().as_secs()).unwrap() + 1;
    assert!(
        (1..=most).contains(&asked),
        "{asked} questions, {most} at most"
    );
}

fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(file, mode).unwrap();
}
