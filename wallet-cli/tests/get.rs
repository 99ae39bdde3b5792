//! `farthing get` and what belongs to it, against a mint and a publisher on real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

#[path = "../../wallet/tests/support"]
#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::wildcard_enum_match_arm
)]
mod support {
    pub mod mint;
    pub mod site;
}
mod server;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use farthing_protocol::Token;
use serde_json::{Value, json};
use server::Server;
use support::mint::API_TOKEN;
use support::site::PAGE;

fn farthing(wallet: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_farthing"))
        .args(arguments)
        .env("FARTHING_WALLET", wallet)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A wallet that holds 4 + 32 + 64, and a site that asks 3.
struct Shop {
    server: Server,
    dir: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let server = Server::start();
        let dir = tempfile::tempdir().unwrap();
        let shop = Self { server, dir };
        let base = shop.server.base.clone();
        for arguments in [
            &["init"][..],
            &["mint", "add", &base, "--token", API_TOKEN],
            &["withdraw", "100"],
        ] {
            let output = shop.run(arguments);
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        shop
    }

    fn wallet(&self) -> std::path::PathBuf {
        self.dir.path().join("wallet")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        farthing(&self.wallet(), arguments)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base)
    }

    fn available(&self) -> u64 {
        let balance = json(&self.run(&["balance", "--json"]));
        balance["balances"][0]["available"].as_u64().unwrap()
    }
}

#[test]
fn a_page_comes_to_standard_output_when_its_price_is_allowed() {
    let shop = Shop::new();
    let url = shop.url("/article");
    let output = shop.run(&["get", &url, "--yes", "--max", "3"]);
    assert_eq!(text(&output.stdout), PAGE, "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert_eq!(
        said,
        format!("paid 3 credit to {}, \"an article\"\n", shop.server.base)
    );
    assert_eq!(shop.available(), 97);

    // Again: the receipt is shown, and nothing is paid.
    let output = shop.run(&["get", &url]);
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        (PAGE, Some(0))
    );
    assert_eq!(
        text(&output.stderr),
        "nothing to pay: it was paid for before\n"
    );
    assert_eq!(shop.available(), 97);
    let tokens = shop.server.with(|site| site.tokens());
    assert_eq!(tokens.len(), 1);
    assert_eq!(Token::decode(&tokens[0]).unwrap().amount(), Ok(4));
}

#[test]
fn without_a_yes_a_terminal_or_a_budget_nothing_is_paid() {
    let shop = Shop::new();
    let url = shop.url("/article");
    let output = shop.run(&["get", &url]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("error: it costs 3 credit, and nobody was there to say yes\n"),
        "{said}"
    );
    let output = shop.run(&["get", &url, "--yes", "--max", "2"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("it costs 3 credit, and 2 is the most you allowed"));
    // A yes says up to how much.
    assert_eq!(shop.run(&["get", &url, "--yes"]).status.code(), Some(2));
    assert_eq!(shop.server.with(|site| site.tokens().len()), 0);
    assert_eq!(shop.available(), 100);
}

#[test]
fn a_file_and_json() {
    let shop = Shop::new();
    let (url, file) = (shop.url("/article"), shop.dir.path().join("page"));
    let path = file.to_str().unwrap();
    let refused = shop.run(&["get", &url, "--json"]);
    assert_eq!(refused.status.code(), Some(2));
    let arguments = ["get", &url, "--yes", "--max", "3", "-o", path, "--json"];
    let output = shop.run(&arguments);
    let mut said = json(&output);
    let until = said["payment"]["until"].take();
    let left = until.as_u64().unwrap() - farthing_wallet::native::system_clock();
    assert!((3500..=support::site::RECEIPT_S).contains(&left), "{left}");
    assert_eq!(
        said,
        json!({
            "url": url, "status": 200, "bytes": PAGE.len(), "file": path,
            "payment": {
                "outcome": "paid", "id": 2, "site": shop.server.base, "amount": 3,
                "unit": "credit", "mint": shop.server.base, "lost": 0, "until": null,
            },
        })
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), PAGE);
}
