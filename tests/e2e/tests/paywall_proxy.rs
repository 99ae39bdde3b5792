//! The real `farthing-paywall` with a real mint, in front of a real nginx and of a small server that
//! speaks websockets and server-sent events.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use farthing_protocol::{Token, TokenProof};
use farthing_testkit::client::Blanks;
use farthing_testkit::nginx::{self, Nginx};
use farthing_testkit::paywall::{PaywallPlan, PaywallProcess};
use farthing_testkit::scene::Scene;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

#[path = "paywall_proxy/caches.rs"]
mod caches;
#[path = "paywall_proxy/site.rs"]
mod site;
#[path = "paywall_proxy/slow.rs"]
mod slow;
#[path = "paywall_proxy/wire.rs"]
mod wire;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const PATIENCE: Duration = Duration::from_secs(30);
/// How many events the live server sends.
const EVENTS: usize = 3;
/// What a page costs.
const PRICE: u64 = 3;
const BIG_BYTES: usize = 50 * 1024 * 1024;

/// nginx with a site of its own.
fn gazette(program: &Path) -> Nginx {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    std::fs::create_dir_all(site.join("articles")).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(site.join(name), bytes).unwrap();
    write("index.html", b"<!DOCTYPE html><title>The Gazette</title>");
    write("articles/one.txt", "All the news. ".repeat(200).as_bytes());
    write("articles/photo.png", &picture());
    write("articles/big.bin", big());
    let root = site.display().to_string();
    let http = |listen| {
        format!(
            "types {{ text/html html; text/plain txt; image/png png; }}\n\
             gzip on; gzip_types text/plain; gzip_min_length 100;\n\
             server {{ listen {listen}; root {root};\n\
             location = /articles/broken {{ return 500 sorry; }} }}\n"
        )
    };
    Nginx::start(program, folder, http).unwrap()
}

fn picture() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend((0..20_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()));
    bytes
}

/// Made once: without optimisation it takes a second.
fn big() -> &'static [u8] {
    static BIG: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BIG.get_or_init(|| {
        let noise = |n: usize| (n as u32).wrapping_mul(2_654_435_761).to_le_bytes();
        (0..BIG_BYTES / 4).flat_map(noise).collect()
    })
}

/// A mint, a paywall in front of a site, and a reader with tokens.
struct Stage {
    paywall: Option<PaywallProcess>,
    url: String,
    operator_url: String,
    scene: Scene,
    reader: String,
    publisher: String,
    plan: PaywallPlan,
}

impl Stage {
    async fn before(upstream: &str) -> Self {
        Self::with(upstream, &[]).await
    }

    async fn with(upstream: &str, settings: &[(&str, &str)]) -> Self {
        let scene = Scene::start(BINARY).await.unwrap();
        let mint = scene.mint.url().unwrap().to_owned();
        let reader = scene.mint.account("reader", "withdraw,read", 1000).unwrap();
        let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
        let dir = scene.folder().join("paywall");
        let plan = PaywallPlan::new(BINARY, &dir, upstream, &mint, &publisher);
        let mut plan = plan
            .price(&format!("/articles/*={PRICE}"))
            .price("/live/*=2");
        for (setting, value) in settings {
            plan = plan.with(setting, value);
        }
        let paywall = plan.start().unwrap();
        Self {
            url: paywall.url.clone(),
            operator_url: paywall.operator_url.clone(),
            paywall: Some(paywall),
            scene,
            reader,
            publisher,
            plan,
        }
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        request(&self.url, method, path)
    }

    async fn tokens(&self, amounts: &[u64]) -> Vec<TokenProof> {
        let blanks = Blanks::of(&self.scene.keyset, amounts).unwrap();
        let client = &self.scene.client;
        client.withdraw_blanks(&self.reader, blanks).await.unwrap()
    }

    /// A token worth `amounts`, as a header.
    async fn token(&self, amounts: &[u64]) -> String {
        let tokens = self.tokens(amounts).await;
        let token = Token {
            mint: self.scene.mint.url().unwrap().to_owned(),
            unit: "credit".to_owned(),
            memo: None,
            proofs: tokens
                .into_iter()
                .map(|token| TokenProof {
                    dleq: None,
                    ..token
                })
                .collect(),
        };
        token.encode().to_string()
    }

    async fn income(&self) -> u64 {
        self.scene.books().unwrap();
        self.scene.balance(&self.publisher).await.unwrap()
    }

    async fn metrics(&self) -> String {
        let answer = request(&self.operator_url, "GET", "/metrics").send().await;
        answer.unwrap().text().await.unwrap()
    }

    fn stop(&mut self) {
        self.paywall.take().unwrap().stop().unwrap();
    }
}

fn request(url: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client
        .request(method, format!("{url}{path}"))
        .timeout(Duration::from_secs(120))
}

fn header<'a>(answer: &'a reqwest::Response, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// Returns what two answers for the same file must have in common.
fn essence(answer: &reqwest::Response) -> Vec<(u16, String)> {
    let names = [
        "content-type",
        "content-length",
        "content-encoding",
        "content-range",
        "etag",
        "last-modified",
        "accept-ranges",
        "server",
    ];
    let status = answer.status().as_u16();
    names
        .map(|name| (status, format!("{name}: {}", header(answer, name))))
        .to_vec()
}

#[tokio::test]
async fn a_site_of_nginx_is_the_same_behind_the_paywall() {
    let Some(program) = nginx::program() else {
        return;
    };
    let nginx = gazette(&program);
    let mut stage = Stage::before(&nginx.url).await;
    // The same files, free and paid for, asked in the same ways.
    type Ask = fn(reqwest::RequestBuilder) -> reqwest::RequestBuilder;
    let asks: [(&str, &str, Ask); 9] = [
        ("GET", "/", |r| r),
        ("HEAD", "/", |r| r),
        ("GET", "/articles/one.txt", |r| r),
        ("GET", "/articles/one.txt", |r| {
            r.header("accept-encoding", "gzip")
        }),
        ("GET", "/articles/one.txt", |r| {
            r.header("range", "bytes=4-11")
        }),
        ("GET", "/articles/one.txt?part=2", |r| r),
        ("HEAD", "/articles/one.txt", |r| r),
        ("GET", "/articles/photo.png", |r| r),
        ("GET", "/articles/photo.png", |r| {
            r.header("range", "bytes=-100")
        }),
    ];
    let mut expected = 0;
    for (method, path, ask) in asks {
        let direct = ask(request(&nginx.url, method, path)).send().await.unwrap();
        let mut paid = ask(stage.request(method, path));
        if path.starts_with("/articles/") {
            paid = paid.header("x-cashu", stage.token(&[1, 2]).await);
            expected += PRICE;
        }
        let paid = paid.send().await.unwrap();
        assert_eq!(essence(&paid), essence(&direct), "{method} {path}");
        let is_paid = paid.headers().contains_key("x-cashu-receipt");
        assert_eq!(is_paid, path.starts_with("/articles/"), "{method} {path}");
        let (paid, direct) = (paid.bytes().await.unwrap(), direct.bytes().await.unwrap());
        assert_eq!(paid, direct, "{method} {path}");
        assert_eq!(stage.income().await, expected, "{method} {path}");
    }
    stage.stop();
}

#[tokio::test]
async fn what_is_not_paid_for_is_asked_for_and_what_fails_is_free() {
    let Some(program) = nginx::program() else {
        return;
    };
    let nginx = gazette(&program);
    let mut stage = Stage::before(&nginx.url).await;
    let asked = stage
        .request("GET", "/articles/one.txt")
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 402);
    assert!(header(&asked, "x-cashu").starts_with("creqA"));
    assert_eq!(header(&asked, "cache-control"), "no-store");
    let body: Value = asked.json().await.unwrap();
    assert_eq!(
        (&body["amount"], &body["code"]),
        (&PRICE.into(), &40201.into())
    );

    let page = stage.request("GET", "/articles/one.txt");
    let page = page.header("accept", "text/html,*/*").send().await.unwrap();
    assert_eq!(page.status(), 402);
    assert!(header(&page, "content-security-policy").contains("default-src 'none'"));
    assert!(page.text().await.unwrap().contains("3 credit"));

    // One token: for what is not there, what is broken, and then for what is.
    let token = stage.token(&[1, 2]).await;
    for (path, status) in [("/articles/none.txt", 404), ("/articles/broken", 500)] {
        let answer = stage.request("GET", path).header("x-cashu", &token);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(!answer.headers().contains_key("x-cashu-receipt"));
        assert_eq!(stage.income().await, 0);
    }
    let answer = stage
        .request("GET", "/articles/one.txt")
        .header("x-cashu", &token);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let (etag, receipt) = (
        header(&answer, "etag").to_owned(),
        header(&answer, "x-cashu-receipt"),
    );
    // With the receipt it is free, and unchanged it stays where it is.
    let again = stage.request("GET", "/articles/one.txt");
    let again = again
        .header("x-cashu-receipt", receipt)
        .header("if-none-match", &etag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    assert_eq!(stage.income().await, PRICE);
    // A browser whose receipt is gone pays to hear that nothing has changed.
    let other = stage.token(&[1, 2]).await;
    let unchanged = stage
        .request("GET", "/articles/one.txt")
        .header("x-cashu", other);
    let unchanged = unchanged
        .header("if-none-match", &etag)
        .send()
        .await
        .unwrap();
    assert_eq!(unchanged.status(), 304);
    assert!(unchanged.headers().contains_key("x-cashu-receipt"));
    assert_eq!(stage.income().await, 2 * PRICE);
    stage.stop();
}

#[tokio::test]
async fn no_spelling_of_a_path_gets_a_page_of_nginx_for_nothing() {
    let Some(program) = nginx::program() else {
        return;
    };
    let nginx = gazette(&program);
    let mut stage = Stage::before(&nginx.url).await;
    let address = stage.url.trim_start_matches("http://").to_owned();
    for path in [
        "/articles/one.txt",
        "//articles/one.txt",
        "/articles//one.txt",
        "/./articles/one.txt",
        "/x/../articles/one.txt",
        "/x/..%2farticles/one.txt",
        "/%61rticles/one.txt",
        "/articles%2fone.txt",
        "/articles/%6fne.txt",
        "/x%2f..%2f/articles/one.txt",
        "/%2e/articles/one.txt",
        "http://a/articles/one.txt",
        "/articles/one.txt%3fx",
        "/articles/one.txt#x",
        "/%2561rticles/one.txt",
    ] {
        for method in ["GET", "HEAD", "get", "POST"] {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let text = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            stream.write_all(text.as_bytes()).await.unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            let status = answer.get(9..12).unwrap_or_default();
            assert!(
                ["400", "402"].contains(&status),
                "{method} {path}: {answer}"
            );
            assert!(!answer.contains("All the news"), "{method} {path}");
        }
    }
    stage.stop();
}

/// The most memory that a process has had, in bytes.
fn memory_peak(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

#[tokio::test]
async fn a_large_file_streams_and_can_be_continued_without_paying_again() {
    let Some(program) = nginx::program() else {
        return;
    };
    let nginx = gazette(&program);
    let mut stage = Stage::before(&nginx.url).await;
    let pid = stage.paywall.as_ref().unwrap().pid();
    let before = memory_peak(pid);
    let token = stage.token(&[1, 2]).await;
    let ask = || {
        stage
            .request("GET", "/articles/big.bin")
            .header("x-cashu", &token)
    };

    // The connection breaks in the middle …
    let mut first = ask().send().await.unwrap();
    assert_eq!(first.status(), 200);
    assert_eq!(first.content_length(), Some(BIG_BYTES as u64));
    let mut bytes = Vec::new();
    while bytes.len() < BIG_BYTES / 3 {
        bytes.extend(first.chunk().await.unwrap().unwrap());
    }
    drop(first);
    // … and the same token gets the rest, to a reader who takes a while.
    let range = format!("bytes={}-", bytes.len());
    let mut rest = ask().header("range", range).send().await.unwrap();
    assert_eq!(rest.status(), 206);
    let mut is_slow = true;
    while let Some(chunk) = rest.chunk().await.unwrap() {
        bytes.extend(chunk);
        if std::mem::take(&mut is_slow) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    assert_eq!(Sha256::digest(&bytes), Sha256::digest(big()));
    assert_eq!(stage.income().await, PRICE);
    let grown = memory_peak(pid) - before;
    eprintln!("{grown} bytes of memory for a file of {BIG_BYTES}");
    assert!(
        grown < 12 * 1024 * 1024,
        "{grown} bytes for a file of {BIG_BYTES}"
    );
    stage.stop();
}

#[tokio::test]
async fn a_stop_waits_for_a_download_but_not_for_ever() {
    let Some(program) = nginx::program() else {
        return;
    };
    let nginx = gazette(&program);
    let settings = [("STOP_TIMEOUT_MS", "20000")];
    let mut stage = Stage::with(&nginx.url, &settings).await;
    let download = stage.request("GET", "/articles/big.bin");
    let download = download.header("x-cashu", stage.token(&[1, 2]).await);
    let mut answer = download.send().await.unwrap();
    let mut length = answer.chunk().await.unwrap().unwrap().len();
    let mut paywall = stage.paywall.take().unwrap();
    paywall.terminate().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(
        stage.request("GET", "/").send().await.is_err(),
        "nobody new is let in"
    );
    while let Some(chunk) = answer.chunk().await.unwrap() {
        length += chunk.len();
    }
    assert_eq!(length, BIG_BYTES);
    assert!(paywall.wait().unwrap().success());
    assert_eq!(stage.income().await, PRICE);

    // A reader who reads no further is cut off, and may come again.
    let paywall = stage
        .plan
        .clone()
        .with("STOP_TIMEOUT_MS", "500")
        .start()
        .unwrap();
    stage.url.clone_from(&paywall.url);
    let download = stage.request("GET", "/articles/big.bin");
    let download = download.header("x-cashu", stage.token(&[1, 2]).await);
    let answer = download.send().await.unwrap();
    let begun = Instant::now();
    paywall.stop().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(answer);
}

/// A server for what nginx does not do by itself: a websocket that answers in capitals, server-sent
/// events, and what it was sent.
async fn live() -> (String, tokio::task::JoinHandle<()>) {
    live_with(Arc::new(Semaphore::new(EVENTS))).await
}

/// The same server, which sends each event when there is a permit for it.
async fn live_with(permits: Arc<Semaphore>) -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (url, tokio::spawn(serve_live(listener, permits)))
}

async fn serve_live(listener: TcpListener, permits: Arc<Semaphore>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer_live(stream, Arc::clone(&permits)));
    }
}

async fn answer_live(mut stream: TcpStream, permits: Arc<Semaphore>) {
    while let Some(head) = read_head(&mut stream).await {
        if head.starts_with("GET /live/socket ") {
            let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                          Upgrade: websocket\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes()).await;
            while let Ok(byte) = stream.read_u8().await {
                let _ = stream.write_u8(byte.to_ascii_uppercase()).await;
            }
            return;
        }
        if head.starts_with("GET /live/events ") {
            let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                          Transfer-Encoding: chunked\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes()).await;
            for n in 1..=EVENTS {
                permits.acquire().await.unwrap().forget();
                let event = format!("9\r\ndata: {n}\n\n\r\n");
                let _ = stream.write_all(event.as_bytes()).await;
            }
            let _ = stream.write_all(b"0\r\n\r\n").await;
            continue;
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}",
            head.len()
        );
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[tokio::test]
async fn a_websocket_is_paid_for_once_and_carried() {
    let (site, _server) = live().await;
    let mut stage = Stage::before(&site).await;
    let address = stage.url.trim_start_matches("http://").to_owned();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let open = async |payment: &str| {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = format!("GET /live/socket HTTP/1.1\r\nHost: a\r\n{upgrade}{payment}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let head = tokio::time::timeout(PATIENCE, read_head(&mut stream)).await;
        (stream, head.unwrap().unwrap().to_lowercase())
    };
    let (_, head) = open("").await;
    assert!(head.starts_with("http/1.1 402 "), "{head}");
    let token = stage.token(&[2]).await;
    let (mut stream, head) = open(&format!("X-Cashu: {token}\r\n")).await;
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("\r\nx-cashu-receipt: "), "{head}");
    for word in ["news", "and more"] {
        stream.write_all(word.as_bytes()).await.unwrap();
        let mut echo = vec![0; word.len()];
        stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(String::from_utf8(echo).unwrap(), word.to_uppercase());
    }
    assert_eq!(stage.income().await, 2);
    // A payment that is refused opens nothing.
    let token = stage.token(&[4]).await;
    let (mut refused, head) = open(&format!("X-Cashu: {token}\r\n")).await;
    assert!(head.starts_with("http/1.1 400 "), "{head}");
    refused
        .write_all(b"GET /live/socket HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(stage.income().await, 2);
    stage.stop();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "the socket ends with the paywall");
}

#[tokio::test]
async fn events_come_as_they_happen() {
    let permits = Arc::new(Semaphore::new(1));
    let (site, _server) = live_with(Arc::clone(&permits)).await;
    let mut stage = Stage::before(&site).await;
    let request = stage.request("GET", "/live/events");
    let request = request.header("x-cashu", stage.token(&[2]).await);
    let mut answer = request.send().await.unwrap();
    assert_eq!(header(&answer, "content-type"), "text/event-stream");
    let mut events = Vec::new();
    // The server sends the next event when this one has arrived: a proxy that waits for more gets none.
    while let Some(chunk) = answer.chunk().await.unwrap() {
        events.push(String::from_utf8(chunk.to_vec()).unwrap());
        permits.add_permits(1);
    }
    assert_eq!(events, ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
    assert_eq!(stage.income().await, 2);
    stage.stop();
}

#[tokio::test]
async fn a_dead_site_costs_nothing() {
    let free = StdListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut stage = Stage::before(&format!("http://{free}")).await;
    let token = stage.token(&[1, 2]).await;
    for _ in 0..2 {
        let request = stage.request("GET", "/articles/one.txt");
        let answer = request.header("x-cashu", &token).send().await.unwrap();
        assert_eq!(answer.status(), 502);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["code"], 50201);
    }
    assert_eq!(
        stage.request("GET", "/").send().await.unwrap().status(),
        502
    );
    assert_eq!(stage.income().await, 0);
    // The token still buys something once the site is there.
    let listener = TcpListener::bind(free).await.unwrap();
    tokio::spawn(serve_live(listener, Arc::new(Semaphore::new(0))));
    let request = stage.request("GET", "/articles/one.txt");
    let answer = request.header("x-cashu", &token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(stage.income().await, PRICE);
    assert!(
        stage
            .metrics()
            .await
            .contains("{outcome=\"upstream_error\"} 3\n")
    );
    stage.stop();
}

#[tokio::test]
async fn the_figures_add_up_and_the_log_holds_no_secret() {
    let (site, _server) = live().await;
    let mut stage = Stage::before(&site).await;
    let token = stage.token(&[1, 2]).await;
    let path = "/articles/one?reader=ann";
    let paid = async || {
        let request = stage.request("GET", path).header("x-cashu", &token);
        request.send().await.unwrap()
    };
    stage.request("GET", "/").send().await.unwrap();
    stage.request("GET", path).send().await.unwrap();
    let first = paid().await;
    let receipt = header(&first, "x-cashu-receipt").to_owned();
    let sent = first.text().await.unwrap().to_lowercase();
    assert!(
        !sent.contains("x-cashu") && !sent.contains("x-forwarded-for"),
        "{sent}"
    );
    assert_eq!(paid().await.status(), 200);
    let again = stage
        .request("GET", path)
        .header("x-cashu-receipt", &receipt);
    assert_eq!(again.send().await.unwrap().status(), 200);
    let wrong = stage
        .request("GET", path)
        .header("x-cashu", stage.token(&[4]).await);
    assert_eq!(wrong.send().await.unwrap().status(), 400);
    let metrics = stage.metrics().await;
    for line in [
        "farthing_paywall_requests_total{outcome=\"free\"} 1",
        "farthing_paywall_requests_total{outcome=\"asked\"} 1",
        "farthing_paywall_requests_total{outcome=\"charged\"} 1",
        "farthing_paywall_requests_total{outcome=\"repeated\"} 1",
        "farthing_paywall_requests_total{outcome=\"receipt\"} 1",
        "farthing_paywall_requests_total{outcome=\"refused\",code=\"40007\"} 1",
        "farthing_paywall_charged_amount_total 3",
    ] {
        assert!(
            metrics.lines().any(|l| l == line),
            "{line} not in\n{metrics}"
        );
    }
    let healthy = request(&stage.operator_url, "GET", "/healthz")
        .send()
        .await
        .unwrap();
    assert_eq!(healthy.status(), 200);
    let log = stage.paywall.as_ref().unwrap().log().unwrap();
    stage.stop();
    assert!(log.contains("outcome=\"charged\""), "{log}");
    for secret in [
        token.as_str(),
        &receipt,
        &stage.publisher,
        "reader=ann",
        "cashuB",
    ] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}

#[tokio::test]
async fn check_tells_prices_and_faults_and_settings_that_are_wrong_are_named() {
    let mut stage = Stage::before("http://127.0.0.1:9").await;
    stage.stop();
    let paths = ["/articles/1", "POST /live/x", "/about", "/articles%2F1"];
    let run = |plan: &PaywallPlan| plan.command("check").args(paths).output().unwrap();
    let output = run(&stage.plan);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["unit"], "credit");
    assert_eq!(report["api_token"]["account"], "gazette");
    let amounts: Vec<&Value> = (0..4).map(|n| &report["prices"][n]["amount"]).collect();
    assert_eq!(
        amounts,
        [&Value::from(PRICE), &2.into(), &0.into(), &Value::Null]
    );
    assert!(report["prices"][3]["refused"].is_string());
    assert_eq!(
        report["wallet_url"],
        format!("{}/wallet/", stage.scene.mint.url().unwrap())
    );
    let button = |setting, value| {
        let plan = stage.plan.clone().with(setting, value);
        let mut command = plan.command("check");
        let report = command.output().unwrap();
        assert!(report.status.success());
        serde_json::from_slice::<Value>(&report.stdout).unwrap()["wallet_url"].clone()
    };
    let wallet = "https://wallet.example/app/";
    assert_eq!(button("WALLET_URL", wallet), wallet);
    assert_eq!(button("PAY_PATH", "/pay"), Value::Null);

    let dir = stage.scene.folder();
    let mint = stage.scene.mint.url().unwrap();
    let stranger = PaywallPlan::new(BINARY, dir, "http://127.0.0.1:9", mint, "nobody's");
    let output = run(&stranger);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"refused\""));
    for (setting, value) in [
        ("NMAE", "x"),
        ("MINT", "http://127.0.0.1:9"),
        ("PRICE", "/articles/*"),
        ("UPSTREAM", "http://127.0.0.1:9/path"),
        ("WALLET_URL", "http://wallet.example/"),
    ] {
        let plan = stage.plan.clone().with(setting, value);
        let mut command = if ["PRICE", "UPSTREAM", "WALLET_URL"].contains(&setting) {
            PaywallPlan::new(BINARY, dir, "http://127.0.0.1:9", mint, "x")
                .with(setting, value)
                .command("run")
        } else {
            plan.command("run")
        };
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{setting}");
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(said.contains(&setting.to_lowercase()), "{setting}: {said}");
    }
}

/// The nginx of docs/how-to/publishing.md, but for TLS and the ports.
fn documented(listen: SocketAddr, paywall: &str) -> String {
    const DOCUMENT: &str = include_str!("../../../docs/how-to/publishing.md");
    let block = DOCUMENT
        .split("```nginx\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let lines = block
        .lines()
        .filter(|line| !line.contains("ssl_certificate"));
    let text = lines.collect::<Vec<_>>().join("\n");
    assert!(text.contains("listen 443 ssl;") && text.contains("http://127.0.0.1:8402;"));
    let text = text.replace("listen 443 ssl;", &format!("listen {listen};"));
    format!("{}\n", text.replace("http://127.0.0.1:8402", paywall))
}

#[tokio::test]
async fn the_nginx_of_the_documentation_lets_everything_through() {
    let Some(program) = nginx::program() else {
        return;
    };
    let (site, _server) = live().await;
    let settings = [
        ("PUBLIC_URL", "https://gazette.example"),
        ("TRUSTED_PROXIES", "127.0.0.1/32"),
    ];
    let mut stage = Stage::with(&site, &settings).await;
    let folder = tempfile::tempdir().unwrap();
    let front = Nginx::start(&program, folder, |listen| documented(listen, &stage.url)).unwrap();

    // Spelled in a way that has a price for the paywall, and must not have none for nginx.
    for path in ["/%61rticles/one", "/articles/%6fne"] {
        let asked = request(&front.url, "GET", path).send().await.unwrap();
        assert_eq!(asked.status(), 402, "{path}");
    }
    // Headers of many kilobytes: 64 tokens, and change in nearly as many.
    let token = stage.token(&[1; 64]).await;
    let change = Blanks::of(&stage.scene.keyset, &[1; 61]).unwrap();
    let outputs = farthing_protocol::payment::change::encode_outputs(&change.outputs).unwrap();
    let paid = request(&front.url, "GET", "/articles/one");
    let paid = paid
        .header("x-cashu", &token)
        .header("x-cashu-outputs", outputs);
    let paid = paid.send().await.unwrap();
    assert_eq!(paid.status(), 200);
    assert!(header(&paid, "x-cashu-signatures").len() > 8 * 1024);
    assert!(header(&paid, "cache-control").contains("private"));
    let sent = paid.text().await.unwrap().to_lowercase();
    assert!(sent.contains("x-forwarded-proto: http\r\n"), "{sent}");
    assert_eq!(stage.income().await, PRICE);

    let mut stream = TcpStream::connect(front.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let token = stage.token(&[2]).await;
    let head = format!(
        "GET /live/socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         X-Cashu: {token}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let head = tokio::time::timeout(PATIENCE, read_head(&mut stream)).await;
    assert!(head.unwrap().unwrap().starts_with("HTTP/1.1 101 "));
    stream.write_all(b"news").await.unwrap();
    let mut echo = [0; 4];
    stream.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"NEWS");
    stage.stop();
}
