//! `farthing doctor` on the wallet for browsers that a mint serves.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use farthing_testkit::process::Wallet;

use super::*;

/// A server before a mint that hands everything on, but for what it changes.
struct Front {
    mint: String,
    url: String,
    change: fn(&str, Vec<u8>) -> Vec<u8>,
}

impl Front {
    async fn start(mint: &str, change: fn(&str, Vec<u8>) -> Vec<u8>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let front = Arc::new(Self {
            mint: mint.to_owned(),
            url: url.clone(),
            change,
        });
        let router = Router::new().fallback(pass).with_state(front);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }
}

async fn pass(State(front): State<Arc<Front>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let answer = get(&format!("{}{path}", front.mint), &[]).await;
    let status = answer.status().as_u16();
    let mut bytes = answer.bytes().await.unwrap().to_vec();
    if path == path::INFO {
        let mut info: Value = serde_json::from_slice(&bytes).unwrap();
        info["wallet"] = format!("{}/wallet/", front.url).into();
        bytes = serde_json::to_vec(&info).unwrap();
    }
    let body = (front.change)(&path, bytes);
    Response::builder()
        .status(status)
        .body(Body::from(body))
        .unwrap()
}

/// Returns what the doctor says of the wallet for browsers of the mint at `url`: its exit code, and severity and code of each
/// finding.
async fn look(url: &str) -> (Option<i32>, Vec<(String, String)>, String) {
    let folder = tempfile::tempdir().unwrap();
    let wallet = Wallet::init(BINARY, &folder.path().join("wallet")).unwrap();
    let url = url.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        wallet.run(&["mint", "add", &url]).unwrap();
        let output = wallet.command(&["doctor", "--json"]).output().unwrap();
        drop(folder);
        output
    });
    let output = output.await.unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let ours = findings.iter();
    let ours: Vec<_> = ours
        .filter(|f| text(f, "code").starts_with("browser_wallet"))
        .collect();
    let named = ours.iter().map(|f| (text(f, "severity"), text(f, "code")));
    let what = ours.iter().map(|f| text(f, "what")).collect();
    (output.status.code(), named.collect(), what)
}

fn found(severity: &str, code: &str) -> Vec<(String, String)> {
    vec![(severity.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn this_versions_wallet_is_known() {
    let scene = Scene::start(BINARY).await.unwrap();
    let (exit, named, what) = look(scene.mint.url().unwrap()).await;
    assert_eq!((exit, named), (Some(0), found("fine", "browser_wallet")));
    assert!(what.ends_with(digest()), "{what}");
    // The server before it is no fault of its own.
    let front = Front::start(scene.mint.url().unwrap(), |_, bytes| bytes).await;
    let (exit, named, _) = look(&front).await;
    assert_eq!((exit, named), (Some(0), found("fine", "browser_wallet")));
}

#[tokio::test]
async fn one_changed_byte_of_one_file_is_found() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    let front = Front::start(mint, |path, mut bytes| {
        if path == "/wallet/farthing_bg.wasm" {
            *bytes.last_mut().unwrap() ^= 1;
        }
        bytes
    });
    let (exit, named, what) = look(&front.await).await;
    assert_eq!(
        (exit, named),
        (Some(1), found("trouble", "browser_wallet_damaged"))
    );
    assert!(what.contains("farthing_bg.wasm"), "{what}");
    // The folder's own answer is what a browser opens.
    let front = Front::start(mint, |path, mut bytes| {
        if path == "/wallet/" {
            bytes.push(b'\n');
        }
        bytes
    });
    let (exit, named, what) = look(&front.await).await;
    assert_eq!(
        (exit, named),
        (Some(1), found("trouble", "browser_wallet_damaged"))
    );
    assert!(what.contains("the first page"), "{what}");
}

/// A wallet of one page and its version, `0.0.9`, that fits its list.
fn another(path: &str, bytes: Vec<u8>, version: &str) -> Vec<u8> {
    let page = b"<!DOCTYPE html><title>Another</title>";
    let version = format!("{{\"version\": \"{version}\"}}");
    match path.strip_prefix("/wallet/") {
        Some("" | "index.html") => page.to_vec(),
        Some("version.json") => version.into_bytes(),
        Some("SHA256SUMS") => {
            let (page, version) = (sha256(page), sha256(version.as_bytes()));
            format!("{page}  index.html\n{version}  version.json\n").into_bytes()
        }
        _ => bytes,
    }
}

#[tokio::test]
async fn another_wallet_is_noted_and_one_that_pretends_is_warned_of() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    let front = Front::start(mint, |path, bytes| another(path, bytes, "0.0.9"));
    let (exit, named, what) = look(&front.await).await;
    assert_eq!(
        (exit, named),
        (Some(0), found("note", "browser_wallet_other"))
    );
    assert!(what.contains("version 0.0.9"), "{what}");
    let front = Front::start(mint, |path, bytes| {
        another(path, bytes, env!("CARGO_PKG_VERSION"))
    });
    let (exit, named, _) = look(&front.await).await;
    assert_eq!(
        (exit, named),
        (Some(0), found("warning", "browser_wallet_changed"))
    );
}

#[tokio::test]
async fn a_list_that_is_none_and_a_wallet_elsewhere_are_told() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    let front = Front::start(mint, |path, bytes| match path {
        "/wallet/SHA256SUMS" => b"../v1/info\n".to_vec(),
        _ => bytes,
    });
    let (exit, named, _) = look(&front.await).await;
    assert_eq!(
        (exit, named),
        (Some(1), found("trouble", "browser_wallet_damaged"))
    );
    let front = Front::start(mint, |path, bytes| {
        if path != path::INFO {
            return bytes;
        }
        let mut info: Value = serde_json::from_slice(&bytes).unwrap();
        info["wallet"] = "https://other.example/wallet/".into();
        serde_json::to_vec(&info).unwrap()
    });
    let (exit, named, _) = look(&front.await).await;
    assert_eq!(
        (exit, named),
        (Some(0), found("note", "browser_wallet_elsewhere"))
    );
}

/// Runs the commands of the documents, with another address in them.
async fn documented(wallet: String) -> String {
    let page = include_str!("../../../../docs/how-to/operating.md");
    let example = "wallet=https://mint.example/wallet/";
    let start = page.find(example).unwrap();
    let block = &page[start..];
    let block = block[..block.find("```").unwrap()].replace(example, &format!("wallet={wallet}"));
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new("sh");
    command.args(["-euc", &block]).current_dir(folder.path());
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = run.await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_commands_of_the_documents_find_the_same() {
    let scene = Scene::start(BINARY).await.unwrap();
    let mint = scene.mint.url().unwrap();
    let expected = format!("{}  SHA256SUMS\n", digest());
    assert_eq!(documented(format!("{mint}/wallet/")).await, expected);
    let front = Front::start(mint, |path, mut bytes| {
        if matches!(path, "/wallet/" | "/wallet/app.js") {
            bytes.push(b'\n');
        }
        bytes
    });
    let wallet = format!("{}/wallet/", front.await);
    let other = format!("{wallet}app.js is another file\n{wallet} is another file\n");
    assert_eq!(documented(wallet).await, other + &expected);
}

#[tokio::test]
async fn an_older_mint_and_one_without_a_wallet_are_no_finding() {
    let scene = Scene::with(BINARY, &[("WALLET", "false")]).await.unwrap();
    let (exit, named, _) = look(scene.mint.url().unwrap()).await;
    assert_eq!((exit, named), (Some(0), Vec::new()));
}
