//! The wallet for browsers as a mint serves it, as `farthing-mint wallet export` writes it, and as
//! `farthing doctor` sees it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod doctor;
mod export;

use std::collections::{BTreeMap, BTreeSet};

use farthing_protocol::ErrorCode;
use farthing_protocol::api::{Info, path};
use farthing_testkit::scene::Scene;
use farthing_wallet_dist::{FILES, File, digest};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
/// What a browser accepts.
const BROWSER: &str = "gzip, deflate, br, zstd";

/// A client that sends what it is told, and changes nothing.
fn client() -> Client {
    let client = Client::builder().no_proxy().redirect(Policy::none());
    client.build().unwrap()
}

/// Asks for a path with these headers.
async fn ask(method: Method, url: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = client().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn get(url: &str, headers: &[(&str, &str)]) -> Response {
    ask(Method::GET, url, headers).await
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    let value = answer.headers().get(name);
    value.map(|value| value.to_str().unwrap())
}

/// All headers but those that say when, how long and by whom.
fn fixed(headers: &HeaderMap) -> BTreeMap<&str, &str> {
    let other = [
        "accept-ranges",
        "connection",
        "content-length",
        "date",
        "etag",
        "last-modified",
        "server",
        "vary",
    ];
    let all = headers.iter();
    let all = all.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    all.filter(|(name, _)| !other.contains(name)).collect()
}

/// Returns what `SHA256SUMS` says, by path.
fn sums() -> BTreeMap<&'static str, &'static str> {
    let list = farthing_wallet_dist::file("SHA256SUMS").unwrap().bytes;
    let lines = str::from_utf8(list).unwrap().lines();
    let pair = |line: &'static str| line.split_once("  ").map(|(sum, path)| (path, sum));
    lines.map(|line| pair(line).unwrap()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn unpacked(brotli: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut packed = brotli;
    brotli_decompressor::BrotliDecompress(&mut packed, &mut bytes).unwrap();
    bytes
}

/// The address of a file.
fn at(mint: &str, file: &File) -> String {
    format!("{mint}/wallet/{}", file.path)
}

#[tokio::test]
async fn every_file_is_the_one_of_the_list_with_its_type_packed_or_not() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    let sums = sums();
    let listed: BTreeSet<_> = sums.keys().copied().chain(["SHA256SUMS"]).collect();
    let files: BTreeSet<_> = FILES.iter().map(|file| file.path).collect();
    assert_eq!(files, listed);
    for file in FILES {
        let plain = get(&at(mint, file), &[]).await;
        assert_eq!(plain.status(), 200, "{}", file.path);
        assert_eq!(header(&plain, "content-type"), Some(file.content_type));
        assert_eq!(header(&plain, "content-encoding"), None);
        let vary = file.brotli.map(|_| "accept-encoding");
        assert_eq!(header(&plain, "vary"), vary, "{}", file.path);
        let plain_etag = header(&plain, "etag").unwrap().to_owned();
        let plain = plain.bytes().await.unwrap();
        match sums.get(file.path) {
            Some(sum) => assert_eq!(&sha256(&plain), sum, "{}", file.path),
            None => assert_eq!(sha256(&plain), digest()),
        }
        let packed = get(&at(mint, file), &[("accept-encoding", BROWSER)]).await;
        assert_eq!(header(&packed, "content-type"), Some(file.content_type));
        let etag = header(&packed, "etag").unwrap().to_owned();
        let encoding = header(&packed, "content-encoding").map(str::to_owned);
        let packed = packed.bytes().await.unwrap();
        if file.brotli.is_some() {
            assert_eq!(encoding.as_deref(), Some("br"), "{}", file.path);
            assert_ne!(etag, plain_etag);
            assert!(packed.len() < plain.len());
            assert_eq!(unpacked(&packed), plain, "{}", file.path);
        } else {
            assert_eq!((encoding, &etag), (None, &plain_etag));
            assert_eq!(packed, plain);
        }
    }
    let folder = get(&format!("{mint}/wallet/"), &[]).await;
    let type_of_folder = header(&folder, "content-type").map(str::to_owned);
    assert_eq!(type_of_folder.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(sha256(&folder.bytes().await.unwrap()), sums["index.html"]);
}

#[tokio::test]
async fn the_headers_are_these_and_no_others() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    let security = farthing_wallet_dist::HEADERS;
    let policy = security
        .iter()
        .find(|(name, _)| *name == "content-security-policy");
    let expected = |own: &[(&'static str, &'static str)]| -> BTreeMap<&str, &str> {
        let common = [
            *policy.unwrap(),
            ("cross-origin-resource-policy", "same-origin"),
            (
                "permissions-policy",
                "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
            ),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ];
        common.into_iter().chain(own.iter().copied()).collect()
    };
    let html = ("content-type", "text/html; charset=utf-8");
    let alone = ("cross-origin-opener-policy", "same-origin");
    let asked_again = ("cache-control", "no-cache");
    // A page of another origin asks as any other caller does.
    let origin = [("origin", "https://gazette.example")];
    for path in ["", "index.html"] {
        let answer = get(&format!("{mint}/wallet/{path}"), &origin).await;
        let found = fixed(answer.headers());
        assert_eq!(found, expected(&[html, alone, asked_again]), "{path}");
    }
    let popup = get(&format!("{mint}/wallet/popup.html"), &origin).await;
    assert_eq!(fixed(popup.headers()), expected(&[html, asked_again]));
    let worker = get(&format!("{mint}/wallet/sw.js"), &origin).await;
    let script = ("content-type", "text/javascript; charset=utf-8");
    let for_a_day = ("cache-control", "public, max-age=86400");
    let found = fixed(worker.headers());
    assert_eq!(found, expected(&[script, alone, for_a_day]));
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    let page = format!("{mint}/wallet/index.html");
    let plain = get(&page, &[]).await;
    let etag = header(&plain, "etag").unwrap();
    let known = get(&page, &[("if-none-match", etag)]).await;
    assert_eq!(known.status(), 304);
    assert_eq!(header(&known, "etag"), Some(etag));
    assert_eq!(header(&known, "cache-control"), Some("no-cache"));
    assert_eq!(header(&known, "vary"), Some("accept-encoding"));
    assert_eq!(known.bytes().await.unwrap(), "");
    let both = format!("\"0f\", W/{etag}");
    assert_eq!(get(&page, &[("if-none-match", &both)]).await.status(), 304);
    assert_eq!(
        get(&page, &[("if-none-match", "\"0f\"")]).await.status(),
        200
    );
    // The packed form is another one.
    let packed = [("if-none-match", etag), ("accept-encoding", BROWSER)];
    let packed = get(&page, &packed).await;
    assert_eq!(packed.status(), 200);
    let etag = header(&packed, "etag").unwrap().to_owned();
    let known = [
        ("if-none-match", etag.as_str()),
        ("accept-encoding", BROWSER),
    ];
    let known = get(&page, &known).await;
    assert_eq!(known.status(), 304);
    assert_eq!(header(&known, "content-encoding"), None);
}

#[tokio::test]
async fn the_head_alone_has_the_length_and_other_methods_are_refused() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    for file in FILES {
        let head = ask(Method::HEAD, &at(mint, file), &[]).await;
        assert_eq!(head.status(), 200);
        let length = file.bytes.len().to_string();
        assert_eq!(
            header(&head, "content-length"),
            Some(length.as_str()),
            "{}",
            file.path
        );
        assert_eq!(header(&head, "content-type"), Some(file.content_type));
    }
    for path in ["/wallet", "/wallet/", "/wallet/sw.js"] {
        let url = format!("{mint}{path}");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let refused = ask(method.clone(), &url, &[("origin", "https://a.example")]).await;
            assert_eq!(refused.status(), 405, "{method} {path}");
            assert_eq!(
                header(&refused, "allow"),
                Some("GET,HEAD"),
                "{method} {path}"
            );
            assert_eq!(header(&refused, "access-control-allow-origin"), None);
            let code = refused.json::<Value>().await.unwrap()["code"].clone();
            assert_eq!(code, ErrorCode::MethodNotAllowed.number());
        }
    }
}

#[tokio::test]
async fn the_folder_has_these_files_and_nothing_else() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    for path in [
        "mint.toml",
        "index.html/",
        "index.html.br",
        "texts",
        "texts/",
        "//index.html",
        "..%2fv1/info",
        "index%2ehtml",
        "INDEX.HTML",
    ] {
        let missing = get(&format!("{mint}/wallet/{path}"), &[]).await;
        assert_eq!(missing.status(), 404, "{path}");
        let code = missing.json::<Value>().await.unwrap()["code"].clone();
        assert_eq!(code, ErrorCode::NotFound.number(), "{path}");
    }
    let folder = get(&format!("{mint}/wallet"), &[]).await;
    assert_eq!(folder.status(), 308);
    assert_eq!(header(&folder, "location"), Some("wallet/"));
}

#[tokio::test]
async fn a_mint_that_serves_none_says_so() {
    let scene = Scene::with(BINARY, &[("WALLET", "false")]).await.unwrap();
    let mint = scene.mint.url().unwrap();
    for path in ["/wallet", "/wallet/", "/wallet/index.html", "/wallet/sw.js"] {
        let missing = get(&format!("{mint}{path}"), &[]).await;
        assert_eq!(missing.status(), 404, "{path}");
    }
    let info = scene.client.get(path::INFO, None).await.unwrap();
    assert_eq!(info.body.get("wallet"), None);
    assert_eq!(info.ok::<Info>().unwrap().wallet, None);
    let other = Scene::start(BINARY).await.unwrap();
    let info: Info = other
        .client
        .get(path::INFO, None)
        .await
        .unwrap()
        .ok()
        .unwrap();
    let wallet = info.wallet.unwrap();
    assert_eq!(wallet, format!("{}/wallet/", other.mint.url().unwrap()));
    assert_eq!(get(&wallet, &[]).await.status(), 200);
}

#[tokio::test]
async fn the_metrics_and_the_log_know_one_path_of_the_wallet() {
    let settings = [("METRICS_LISTEN", "127.0.0.1:0"), ("LOG_LEVEL", "debug")];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    let mint = scene.mint.url().unwrap();
    for path in [
        "",
        "/",
        "/index.html",
        "/texts/en.js",
        "/s3cret-name",
        "/a/b/c",
    ] {
        get(&format!("{mint}/wallet{path}?s3cret=query"), &[]).await;
    }
    let metrics = format!("{}/metrics", scene.mint.operator_url().unwrap());
    let metrics = get(&metrics, &[]).await.text().await.unwrap();
    let of_wallet: Vec<_> = metrics
        .lines()
        .filter(|line| line.contains("wallet"))
        .collect();
    let mut expected = [
        "farthing_mint_requests_total{path=\"/wallet/\",status=\"308\"} 1",
        "farthing_mint_requests_total{path=\"/wallet/\",status=\"200\"} 3",
        "farthing_mint_requests_total{path=\"/wallet/\",status=\"404\"} 2",
    ];
    let mut found = of_wallet.clone();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let log = scene.mint.log().unwrap();
    assert!(log.contains("/wallet/"), "{log}");
    assert!(!log.contains("s3cret") && !log.contains("en.js"), "{log}");
}
