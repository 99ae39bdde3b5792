//! `farthing get` and what belongs to it, against a mint and a publisher on real sockets.

use std::process::Output;

use crate::program::{farthing, json, text};
use crate::server::Server;
use crate::support::mint::API_TOKEN;
use crate::support::site::PAGE;
#[cfg(target_os = "linux")]
use crate::terminal::on_a_terminal;
use farthing_protocol::Token;
use serde_json::json;

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
        farthing(&self.wallet(), arguments, "")
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
    assert_eq!(Token::decode(&tokens[0]).unwrap().amount(), Ok(3));
}

#[test]
fn without_a_yes_a_terminal_or_a_budget_nothing_is_paid() {
    let shop = Shop::new();
    let url = shop.url("/article");
    let output = shop.run(&["get", &url]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0));
    let said = text(&output.stderr);
    assert!(
        said.starts_with(
            "error: it costs 3 credit; confirmation is needed, and there is no terminal\n"
        ),
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
    assert!(
        (3500..=crate::support::site::RECEIPT_S).contains(&left),
        "{left}"
    );
    assert_eq!(
        said,
        json!({
            "url": url, "status": 200, "bytes": PAGE.len(), "file": path,
            "payment": {
                "outcome": "paid", "id": 2, "site": shop.server.base, "amount": 3,
                "unit": "credit", "decimals": 0, "mint": shop.server.base, "lost": 0, "until": null,
            },
        })
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), PAGE);
}

#[test]
fn an_error_of_the_site_is_passed_on_with_its_own_exit_code() {
    let shop = Shop::new();
    let url = shop.url("/article");
    shop.server.with(|site| site.upstream = 404);
    let output = shop.run(&["get", &url, "--yes", "--max", "3"]);
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        (PAGE, Some(8))
    );
    assert_eq!(
        text(&output.stderr),
        "the site answered with status 404\nthe site did not charge this answer\n  money: Nothing was \
         paid; payment 2 keeps 3 credit aside, since the site has seen the token: the wallet swaps it at a \
         quiet moment.\n  to do: Try again if you need another answer. To have the money back at once: \
         farthing cancel 2.\n"
    );
    // Another command does not swap it yet; who needs it does it at once.
    assert_eq!(shop.available(), 97);
    assert!(shop.run(&["recover"]).status.success());
    assert_eq!(shop.available(), 100);

    shop.server.with(|site| site.price = 0);
    let output = shop.run(&["get", &url]);
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        (PAGE, Some(8))
    );
    assert_eq!(text(&output.stderr), "the site answered with status 404\n");
}

#[test]
fn a_refused_payment_is_one_json_object() {
    let shop = Shop::new();
    let url = shop.url("/article");
    shop.server
        .with(|site| site.deeds.refuses = Some(farthing_protocol::ErrorCode::TokenBound));
    let file = shop.dir.path().join("page");
    let path = file.to_str().unwrap();
    let output = shop.run(&["get", &url, "--yes", "--max", "3", "-o", path, "--json"]);
    assert_eq!(output.status.code(), Some(8));
    let error = &json(&output)["error"];
    assert_eq!(error["code"], "site_refused");
    assert_eq!(
        (&error["mint_code"], &error["exit_code"]),
        (&json!(40008), &json!(8))
    );
    assert_eq!(
        error["money"],
        "Nothing was paid; payment 2 keeps 3 credit aside, since the site has seen the token: the wallet \
         swaps it at a quiet moment."
    );
    assert!(!file.exists(), "nothing is written before there is a page");
}

#[test]
fn a_payment_without_an_answer_is_kept_resumed_and_cancelled() {
    let shop = Shop::new();
    let url = shop.url("/article");
    shop.server.with(|site| site.deeds.mint_unasked = true);
    let output = shop.run(&["get", &url, "--yes", "--max", "3"]);
    assert_eq!(output.status.code(), Some(6));
    let said = text(&output.stderr);
    assert!(
        said.contains("could not ask the mint: site: Unavailable\n"),
        "{said}"
    );
    assert!(
        said.contains("payment 2 holds 3 credit. In 60 minutes the wallet takes back"),
        "{said}"
    );
    assert!(said.contains("Or give up: farthing cancel 2."), "{said}");
    let output = shop.run(&["balance"]);
    let told = text(&output.stderr);
    assert!(
        told.starts_with("pay 2, begun before: http://127.0.0.1:"),
        "{told}"
    );
    assert!(text(&output.stdout).starts_with("97 credit (and 3 in open operations)"));

    // Resumed without another yes: it was said before.
    shop.server.with(|site| site.deeds.mint_unasked = false);
    let output = shop.run(&["get", &url]);
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        (PAGE, Some(0))
    );
    assert_eq!(shop.available(), 97);

    shop.server.with(|site| site.deeds.mint_unasked = true);
    let other = shop.url("/other");
    assert_eq!(
        shop.run(&["get", &other, "--yes", "--max", "3"])
            .status
            .code(),
        Some(6)
    );
    let output = shop.run(&["cancel", "3", "--json"]);
    assert_eq!(
        (
            json(&output)["kind"].clone(),
            json(&output)["outcome"].clone()
        ),
        (json!("pay"), json!("undone"))
    );
    assert_eq!(shop.available(), 97);
    let output = shop.run(&["cancel", "3", "--json"]);
    assert_eq!(
        (output.status.code(), json(&output)["error"]["code"].clone()),
        (Some(3), json!("payment_not_open"))
    );
}

#[test]
fn no_request_to_the_mint_precedes_a_payment() {
    let shop = Shop::new();
    shop.server
        .with(|site| site.mint.borrow_mut().requests.clear());
    shop.run(&["get", &shop.url("/article"), "--yes", "--max", "3"]);
    let paths = shop.server.with(|site| {
        let mint = site.mint.borrow();
        mint.paths()
            .iter()
            .map(|p| (*p).to_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(paths, ["/v1/redeem"]);
    let headers = shop.server.with(|site| {
        let names = site.seen[0].headers.iter().map(|(name, _)| name.clone());
        names.collect::<Vec<_>>()
    });
    assert_eq!(headers, ["accept", "host"], "nothing that tells who asks");
}

#[test]
fn a_budget_pays_silently_and_spent_adds_up() {
    let shop = Shop::new();
    let base = shop.server.base.clone();
    let output = shop.run(&[
        "budget",
        "set",
        &base,
        "--per-item",
        "3",
        "--per-day",
        "6",
        "--json",
    ]);
    let budget =
        json!({"site": base, "unit": "credit", "decimals": 0, "per_item": 3, "per_day": 6});
    assert_eq!(json(&output), budget);
    let output = shop.run(&["budget", "list", "--json"]);
    assert_eq!(json(&output), json!({"budgets": [budget]}));
    for page in ["/1", "/2"] {
        assert_eq!(shop.run(&["get", &shop.url(page)]).status.code(), Some(0));
    }
    let over = shop.run(&["get", &shop.url("/3")]);
    assert_eq!(over.status.code(), Some(3), "3 + 3 + 3 is more than 6");
    let lower = shop.run(&["get", &shop.url("/3"), "--max", "2"]);
    assert!(text(&lower.stderr).contains("2 is the most you allowed"));

    let spent = json(&shop.run(&["spent", "--days", "1", "--json"]));
    let day = spent["spent"][0]["day"].clone();
    let expected = json!({
        "day": day, "site": base, "unit": "credit", "decimals": 0, "amount": 6, "payments": 2,
    });
    assert_eq!(spent, json!({"spent": [expected]}));
    assert_eq!(day.as_str().unwrap().len(), "2026-01-31".len());
    let told = shop.run(&["spent"]);
    let line = format!(
        "{}  6 credit  {base}  (2 payments)\n",
        day.as_str().unwrap()
    );
    assert_eq!(text(&told.stdout), line);
    let history = shop.run(&["history"]);
    let last = format!("3  pay  3 credit to {base}, \"an article\"\n");
    assert!(text(&history.stdout).ends_with(&last));

    assert_eq!(
        json(&shop.run(&["budget", "remove", &base, "--json"])),
        budget
    );
    assert_eq!(shop.run(&["budget", "list"]).stdout, b"");
    assert_eq!(
        shop.run(&["budget", "remove", &base]).status.code(),
        Some(3)
    );
}

#[test]
fn a_download_that_breaks_off_is_continued_with_the_receipt() {
    let shop = Shop::new();
    let url = shop.url("/film");
    let film: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let (body, file) = (film.clone(), shop.dir.path().join("film"));
    shop.server.with(move |site| {
        site.body = body;
        site.deeds.breaks_off = Some(40_000);
        site.deeds.breaks_after = 1;
    });
    let path = file.to_str().unwrap();
    let output = shop.run(&["get", &url, "--yes", "--max", "3", "-o", path]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(std::fs::read(&file).unwrap() == film);
    let ranges = shop.server.with(|site| site.header("range"));
    assert_eq!(ranges, [None, None, Some("bytes=40000-".to_owned())]);
    assert_eq!(shop.server.with(|site| site.tokens().len()), 1);
    assert_eq!(shop.available(), 97);
}

#[test]
fn a_download_that_cannot_be_continued_says_how_to_have_it_again() {
    let shop = Shop::new();
    let url = shop.url("/film");
    shop.server.with(|site| {
        site.deeds.breaks_off = Some(4);
        site.deeds.breaks_after = 1;
        site.deeds.ignores_range = true;
    });
    let output = shop.run(&["get", &url, "--yes", "--max", "3"]);
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        ("the ", Some(6))
    );
    let said = text(&output.stderr);
    assert!(
        said.starts_with("error: the page broke off after 4 bytes: "),
        "{said}"
    );
    assert!(
        said.contains("money: It is paid, and the wallet keeps the receipt."),
        "{said}"
    );
    let output = shop.run(&["get", &url]);
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        (PAGE, Some(0))
    );
    assert_eq!(shop.available(), 97);
}

#[test]
fn method_headers_and_body_are_the_callers() {
    let shop = Shop::new();
    let url = shop.url("/form");
    shop.server.with(|site| site.price = 0);
    let file = shop.dir.path().join("body");
    std::fs::write(&file, b"\x00\xff").unwrap();
    let data = format!("@{}", file.display());
    for arguments in [
        &["get", &url, "-d", "a=1", "-H", "X-One: 1", "-H", "x-two:2"][..],
        &[
            "get",
            &url,
            "-X",
            "put",
            "-d",
            &data,
            "-H",
            "content-type: text/plain",
        ],
    ] {
        assert_eq!(shop.run(arguments).status.code(), Some(0));
    }
    let seen = shop.server.with(|site| site.seen.clone());
    let header = |n: usize, name: &str| {
        let mut found = seen[n].headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.expose().to_owned())
    };
    assert_eq!(
        (seen[0].method.as_str(), seen[0].body.as_deref()),
        ("POST", Some(&b"a=1"[..]))
    );
    assert_eq!(
        (header(0, "x-one").as_deref(), header(0, "x-two").as_deref()),
        (Some("1"), Some("2"))
    );
    let form = "application/x-www-form-urlencoded";
    assert_eq!(header(0, "content-type").as_deref(), Some(form));
    assert_eq!(
        (seen[1].method.as_str(), seen[1].body.as_deref()),
        ("PUT", Some(&b"\x00\xff"[..]))
    );
    assert_eq!(header(1, "content-type").as_deref(), Some("text/plain"));
    assert_eq!(
        shop.run(&["get", &url, "-H", "nonsense"]).status.code(),
        Some(2)
    );
    assert_eq!(
        shop.run(&["get", &url, "-H", "X-Cashu: a"]).status.code(),
        Some(3)
    );
}

#[test]
fn a_site_that_took_the_money_without_a_receipt_is_named() {
    let shop = Shop::new();
    shop.server.with(|site| site.deeds.no_receipt = true);
    let output = shop.run(&["get", &shop.url("/article"), "--yes", "--max", "3"]);
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        (PAGE, Some(8))
    );
    assert_eq!(
        text(&output.stderr),
        "the site took the payment, but it gave no receipt\n  money: The mint reports the token \
         as spent; 3 credit is recorded as paid.\n  to do: Be careful with this site.\n"
    );
    assert_eq!(shop.available(), 97);
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_it_asks_before_it_pays() {
    let shop = Shop::new();
    let (url, base) = (shop.url("/article"), shop.server.base.clone());
    shop.server
        .with(|site| site.request.description = Some("an\x1b[2J article".to_owned()));
    let get = ["get", &url];
    let (code, shown) = on_a_terminal(&shop.wallet(), &get, "n\n");
    assert_eq!(code, Some(3), "{shown}");
    let question = format!(
        "{base} asks for 3 credit.\n  page:    GET {url}\n  for:     an [2J article\n  balance: \
         100 credit at {base}\nPay 3 credit? [y/N] "
    );
    assert!(shown.contains(&question), "{shown}");
    assert!(shown.contains("error: you chose not to pay"), "{shown}");
    assert_eq!(shop.server.with(|site| site.tokens().len()), 0);

    let (code, shown) = on_a_terminal(&shop.wallet(), &get, "y\n");
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains(PAGE) && shown.contains("paid 3 credit to "),
        "{shown}"
    );
    assert_eq!(shop.available(), 97);

    // A receipt that is not taken is said, and even a yes on the command line is not enough.
    shop.server.with(|site| site.deeds.ignores_receipts = true);
    let (code, shown) = on_a_terminal(&shop.wallet(), &["get", &url, "--yes", "--max", "3"], "\n");
    assert_eq!(code, Some(3));
    let told = format!("You have paid for this before: {base} was shown that, and asks again.");
    assert!(shown.contains(&told), "{shown}");
    let output = shop.run(&["get", &url, "--yes", "--max", "3"]);
    assert_eq!(output.status.code(), Some(3));
    let said = format!("error: {base} asks 3 credit again for what was paid before\n");
    assert!(text(&output.stderr).starts_with(&said));
    assert_eq!(shop.available(), 97);
}

#[test]
fn nothing_is_paid_for_a_page_that_cannot_be_written() {
    let shop = Shop::new();
    let url = shop.url("/article");
    let nowhere = shop.dir.path().join("no/such/folder");
    let path = nowhere.to_str().unwrap();
    let output = shop.run(&["get", &url, "--yes", "--max", "3", "-o", path]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(shop.server.with(|site| site.tokens().len()), 0);
    assert_eq!(shop.available(), 100);
}
