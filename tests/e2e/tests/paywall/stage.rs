//! A mint, a publisher's service behind the paywall, and a reader with tokens.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use farthing_protocol::api::{PostingKind, Statement, path};
use farthing_protocol::payment::{PaymentRequest, Receipt, change};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{BlindSignature, Secret, Token, TokenProof};
use farthing_publisher::{Paywall, Price, Settings};
use farthing_testkit::client::{Blanks, proofs, swap_body};
use farthing_testkit::scene::Scene;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tower::Layer as _;

/// What an article costs.
pub(crate) const PRICE: u64 = 3;
/// What the reader's account is given.
pub(crate) const FUNDS: u64 = 1000;

/// A running paywall.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    pub(crate) url: String,
    pub(crate) upstream: Arc<Upstream>,
    settings: Settings,
    reader: String,
    publisher: String,
    /// What the paywall runs on: with it, all that it is doing ends. Something until this is dropped.
    server: Option<Runtime>,
}

/// What is behind the paywall.
#[derive(Default)]
pub(crate) struct Upstream {
    asked: AtomicUsize,
    /// What everything costs more than it did at first.
    pub(crate) raised_by: AtomicU64,
    /// The status with which it answers everything; 0 for as it is.
    pub(crate) fails_with: AtomicU16,
    /// The headers of the last request.
    seen: std::sync::Mutex<HeaderMap>,
}

impl Upstream {
    /// Returns how many requests reached it.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> HeaderMap {
        self.seen.lock().unwrap().clone()
    }
}

impl Stage {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings that `change` makes of the usual ones.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let scene = Scene::start(crate::BINARY).await.unwrap();
        let mint = scene.mint.url().unwrap().to_owned();
        Self::on(scene, &mint, change).await
    }

    /// On a mint that the publisher reaches at `mint`.
    pub(crate) async fn on(scene: Scene, mint: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let reader = scene
            .mint
            .account("reader", "withdraw,read", FUNDS)
            .unwrap();
        let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
        let data = scene.folder().join("publisher");
        let token = Secret::new(publisher.clone());
        let mut settings = Settings::new("The Gazette", mint, token, data);
        change(&mut settings);
        let upstream = Arc::new(Upstream::default());
        let (url, server) = serve(settings.clone(), Arc::clone(&upstream)).await;
        let server = Some(server);
        Self {
            scene,
            url,
            upstream,
            settings,
            reader,
            publisher,
            server,
        }
    }

    /// Ends the paywall at once, wherever its requests are, and starts it again on the same folder.
    pub(crate) async fn restart(&mut self) {
        self.restart_after(|_| {}).await;
    }

    /// The same, and changes settings or files meanwhile.
    pub(crate) async fn restart_after(&mut self, change: impl FnOnce(&mut Settings)) {
        stop(self.server.take()).await;
        change(&mut self.settings);
        let (url, server) = serve(self.settings.clone(), Arc::clone(&self.upstream)).await;
        (self.url, self.server) = (url, Some(server));
    }

    /// The paywall's settings, changed.
    pub(crate) fn with_settings(&self, change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = self.settings.clone();
        change(&mut settings);
        settings
    }

    /// Another paywall of the same publisher, with settings that `change` makes of this one's.
    pub(crate) async fn another(&self, change: impl FnOnce(&mut Settings)) -> Wall {
        let mut settings = self.settings.clone();
        change(&mut settings);
        Wall::open(settings, &self.upstream).await
    }

    /// The publisher's folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.settings.data.clone()
    }

    /// The address by which wallets of the scene's suite know the mint.
    pub(crate) fn mint_url(&self) -> String {
        match self.scene.suite {
            SuiteId::Ristretto255 => self.settings.mint.clone(),
            SuiteId::Secp256k1 => format!("{}/cashu", self.settings.mint),
        }
    }

    /// Tokens of these amounts, out of the reader's account.
    pub(crate) async fn tokens(&self, amounts: &[u64]) -> Vec<TokenProof> {
        self.withdraw(self.blanks(amounts)).await
    }

    /// The tokens of these blanks, out of the reader's account.
    pub(crate) async fn withdraw(&self, blanks: Blanks) -> Vec<TokenProof> {
        let client = &self.scene.client;
        client.withdraw_blanks(&self.reader, blanks).await.unwrap()
    }

    /// Tokens as a reader sends them: without what only their holder needs.
    pub(crate) fn header(&self, tokens: &[TokenProof]) -> String {
        let bare = |token: &TokenProof| TokenProof {
            proof: token.proof.clone(),
            dleq: None,
        };
        self.token(tokens.iter().map(bare).collect())
    }

    pub(crate) fn token(&self, proofs: Vec<TokenProof>) -> String {
        let unit = match self.scene.suite {
            SuiteId::Ristretto255 => "credit",
            SuiteId::Secp256k1 => "sat",
        };
        let token = Token {
            mint: self.mint_url(),
            unit: unit.to_owned(),
            memo: None,
            proofs,
        };
        token.encode().to_string()
    }

    pub(crate) fn blanks(&self, amounts: &[u64]) -> Blanks {
        Blanks::of(&self.scene.keyset, amounts).unwrap()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        Self::request_at(&self.url, method, path)
    }

    fn request_at(url: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        client
            .request(method, format!("{url}{path}"))
            .timeout(Duration::from_secs(60))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path)).await
    }

    /// Asks the paywall at `url` for `path`.
    pub(crate) async fn get_at(&self, url: &str, path: &str) -> Answer {
        Answer::of(Self::request_at(url, "GET", path)).await
    }

    /// Asks for `path`, paying with these tokens exactly.
    pub(crate) async fn pay(&self, path: &str, tokens: &[TokenProof]) -> Answer {
        let request = self.request("GET", path);
        Answer::of(request.header("x-cashu", self.header(tokens))).await
    }

    /// The same, asking for change.
    pub(crate) async fn pay_with_change(
        &self,
        path: &str,
        tokens: &[TokenProof],
        blanks: &Blanks,
    ) -> Answer {
        let tokens = self.header(tokens);
        self.show(&self.url, path, &tokens, Some(blanks)).await
    }

    /// Asks the paywall at `url` for `path` with this token and with outputs for change.
    pub(crate) async fn show(
        &self,
        url: &str,
        path: &str,
        token: &str,
        blanks: Option<&Blanks>,
    ) -> Answer {
        let mut request = Self::request_at(url, "GET", path).header("x-cashu", token);
        if let Some(blanks) = blanks {
            let outputs = change::encode_outputs(&blanks.outputs).unwrap();
            request = request.header("x-cashu-outputs", outputs);
        }
        Answer::of(request).await
    }

    /// Returns what the publisher's account holds.
    pub(crate) async fn income(&self) -> u64 {
        self.scene.balance(&self.publisher).await.unwrap()
    }

    /// The postings of the publisher's account, newest first.
    pub(crate) async fn postings(&self) -> Vec<(PostingKind, i64)> {
        let client = &self.scene.client;
        let reply = client.get(path::STATEMENT, Some(&self.publisher)).await;
        let statement: Statement = reply.unwrap().ok().unwrap();
        let postings = statement.postings.into_iter();
        postings.map(|p| (p.kind, p.amount)).collect()
    }

    /// Checks that the reader can still spend these tokens, by spending them.
    pub(crate) async fn assert_unspent(&self, tokens: &[TokenProof]) {
        let amounts: Vec<u64> = tokens.iter().map(|t| t.proof.amount).collect();
        let blanks = self.blanks(&amounts);
        let swapped = self.scene.client.swap(tokens, blanks).await;
        swapped.expect("the tokens are unspent");
        self.scene.books().unwrap();
    }

    /// Checks that these tokens are spent.
    pub(crate) async fn assert_spent(&self, tokens: &[TokenProof]) {
        for token in tokens {
            let blanks = self.blanks(&[token.proof.amount]);
            let body = swap_body(proofs(std::slice::from_ref(token)), &blanks);
            let client = &self.scene.client;
            let reply = client.post(path::SWAP, None, body).await.unwrap();
            assert_eq!(reply.refusal().unwrap(), (400, 11001));
        }
    }
}

/// A paywall beside that of a stage.
pub(crate) struct Wall {
    pub(crate) url: String,
    pub(crate) settings: Settings,
    upstream: Arc<Upstream>,
    server: Option<Runtime>,
}

impl Wall {
    async fn open(settings: Settings, upstream: &Arc<Upstream>) -> Self {
        let upstream = Arc::clone(upstream);
        let (url, server) = serve(settings.clone(), Arc::clone(&upstream)).await;
        Self {
            url,
            settings,
            upstream,
            server: Some(server),
        }
    }

    /// Stops it, changes its files, and starts it again.
    pub(crate) async fn restart_after(&mut self, change: impl FnOnce(&std::path::Path)) {
        stop(self.server.take()).await;
        change(&self.settings.data);
        let (settings, upstream) = (self.settings.clone(), Arc::clone(&self.upstream));
        let (url, server) = serve(settings, upstream).await;
        (self.url, self.server) = (url, Some(server));
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        Self {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} comes twice");
        value.to_str().ok()
    }

    /// Checks that this is what was bought, with a receipt; gives the receipt.
    pub(crate) fn bought(&self, body: &str) -> Receipt {
        assert_eq!((self.status, self.text()), (200, body));
        let receipt = self.header("x-cashu-receipt").expect("a receipt");
        Receipt::verify(receipt).unwrap().0
    }

    /// Checks that nothing was charged for it.
    pub(crate) fn assert_free(&self) {
        assert_eq!(self.header("x-cashu-receipt"), None);
        assert_eq!(self.header("x-cashu-signatures"), None);
        assert_eq!(self.header("set-cookie"), None);
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Status and code of a refusal; it carries the payment request again, and was not charged.
    pub(crate) fn refusal(&self) -> (u16, u64) {
        self.assert_free();
        self.payment_request();
        let body = self.json();
        assert!(body["detail"].as_str().is_some_and(|d| !d.is_empty()));
        (self.status, body["code"].as_u64().unwrap())
    }

    pub(crate) fn payment_request(&self) -> PaymentRequest {
        PaymentRequest::decode(self.header("x-cashu").expect("a payment request")).unwrap()
    }

    pub(crate) fn signatures(&self) -> Vec<BlindSignature> {
        change::decode_signatures(self.header("x-cashu-signatures").expect("signatures")).unwrap()
    }
}

/// Articles and the API cost 3, or what that was raised to; all else is free.
fn price(parts: &Parts, raised_by: u64) -> Option<Price> {
    let path = parts.uri.path();
    let priced = ["/articles/", "/api", "/status/", "/slow", "/events"];
    priced
        .iter()
        .any(|start| path.starts_with(start))
        .then(|| Price {
            amount: PRICE + raised_by,
            description: path
                .strip_prefix("/articles/")
                .map(|n| format!("Article {n}")),
            ..Price::default()
        })
}

async fn serve(settings: Settings, upstream: Arc<Upstream>) -> (String, Runtime) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    let url = runtime.spawn(begin(settings, upstream)).await.unwrap();
    (url, runtime)
}

/// Ends all that runs there.
async fn stop(server: Option<Runtime>) {
    let server = server.unwrap();
    let stop = move || server.shutdown_timeout(Duration::from_secs(60));
    tokio::task::spawn_blocking(stop).await.unwrap();
}

/// Starts the service; gives its address.
async fn begin(settings: Settings, upstream: Arc<Upstream>) -> String {
    let prices = Arc::clone(&upstream);
    let price = move |parts: &Parts| price(parts, prices.raised_by.load(Ordering::SeqCst));
    let paywall = Paywall::open(settings, price).await.unwrap();
    let router = Router::new()
        .route("/free", get(|| async { "free" }))
        .route("/articles/{n}", get(article).post(article))
        .route("/status/{status}", any(status))
        .route("/api", any(echo))
        .route("/events", get(events))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&upstream),
            count,
        ));
    let service = paywall.layer(router);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = axum::ServiceExt::<Request<Body>>::into_make_service(service);
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    url
}

async fn count(
    State(upstream): State<Arc<Upstream>>,
    request: Request<Body>,
    next: axum::middleware::Next,
) -> Response {
    upstream.asked.fetch_add(1, Ordering::SeqCst);
    *upstream.seen.lock().unwrap() = request.headers().clone();
    match upstream.fails_with.load(Ordering::SeqCst) {
        0 => next.run(request).await,
        status => StatusCode::from_u16(status).unwrap().into_response(),
    }
}

async fn article(Path(n): Path<String>) -> Response {
    let caching = [(header::CACHE_CONTROL, "public, max-age=60")];
    (caching, format!("article {n}")).into_response()
}

/// Answers with a status, and claims that it was paid.
async fn status(Path(status): Path<u16>) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let forged = [("x-cashu-receipt", "forged"), ("x-upstream", "kept")];
    (status, forged, "as it is").into_response()
}

async fn echo(body: Bytes) -> Response {
    Json(serde_json::json!({ "bytes": body.len() })).into_response()
}

/// Events without an end: each is sent only when the one before was taken.
async fn events() -> Response {
    let (send, mut receive) = mpsc::channel::<Bytes>(1);
    tokio::spawn(async move {
        for number in 0.. {
            let event = Bytes::from(format!("data: {number}\n\n"));
            if send.send(event).await.is_err() {
                break;
            }
        }
    });
    let stream = futures_util::stream::poll_fn(move |context| {
        receive
            .poll_recv(context)
            .map(|event| event.map(Ok::<_, std::io::Error>))
    });
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    (kind, Body::from_stream(stream)).into_response()
}
