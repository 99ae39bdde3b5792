//! Money as people write and read it, in a unit of two decimals: every command that takes or shows an
//! amount, by real processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::process::Output;
use std::time::SystemTime;

use farthing_testkit::lightning::{Invoice, Node};
use farthing_testkit::paywall::PaywallPlan;
use farthing_testkit::process::{Mint, Wallet};
use farthing_testkit::site;
use serde_json::{Value, json};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
/// The operator's settings of the folder.
const SETTINGS: &str = "mint.toml";

/// A mint for euros.
fn mint(folder: &TempDir) -> Mint {
    let arguments = ["--unit", "eur", "--amounts", "20"];
    Mint::init(BINARY, &folder.path().join("mint"), &arguments).unwrap()
}

/// Returns what a command says on standard output, when it ends well.
fn said(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Returns what a command says on standard error, when it fails.
fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Amounts as they are typed, with what they are in cents or a part of what is said against them.
const TYPED: [(&str, Result<u64, &str>); 11] = [
    ("5", Ok(500)),
    ("5.00", Ok(500)),
    ("0.05", Ok(5)),
    ("7.05 eur", Ok(705)),
    ("7.05 EUR", Ok(705)),
    ("1.234", Err("it has 3 decimals, and eur has 2")),
    ("1.250", Err("it has 3 decimals, and eur has 2")),
    ("5 usd", Err("it is in usd, and amounts here are in eur")),
    ("1,25", Err("an amount is written with digits, and a point")),
    ("five", Err("an amount is written with digits, and a point")),
    ("184467440737095516.16", Err("it is too large")),
];

#[test]
fn init_knows_the_decimals_of_currencies_and_asks_for_those_of_others() {
    let folder = TempDir::new().unwrap();
    let init = |name: &str, arguments: &[&str]| {
        Mint::init(BINARY, &folder.path().join(name), arguments)
            .map(|mint| std::fs::read_to_string(mint.dir().join(SETTINGS)).unwrap())
            .map_err(|error| error.to_string())
    };
    for (arguments, decimals) in [
        (&["--unit", "eur"][..], 2),
        (&["--unit", "jpy"], 0),
        (&["--unit", "bhd"], 3),
        (&["--unit", "btc"], 8),
        (&["--unit", "sat"], 0),
        (&[], 0),
        (&["--unit", "hour", "--decimals", "2"], 2),
        (&["--unit", "eur", "--decimals", "0"], 0),
    ] {
        let name = format!("mint {}", arguments.join(" "));
        let settings = init(&name, arguments).unwrap();
        let expected = format!("\ndecimals = {decimals}\n");
        assert!(settings.contains(&expected), "{arguments:?}: {settings}");
    }
    let error = init("hour", &["--unit", "hour"]).unwrap_err();
    assert!(error.contains("--decimals 2"), "{error}");
    assert!(!folder.path().join("hour").exists());
}

#[test]
fn a_mint_keeps_the_decimals_it_has_and_is_warned_of_those_that_nobody_expects() {
    let folder = TempDir::new().unwrap();
    let mint = mint(&folder);
    // Those of the unit: a mint may be warned of other things.
    let warnings = || {
        let report = mint.run(&["check"]).unwrap();
        let warnings = report["warnings"].as_array().unwrap().clone();
        let warnings = warnings
            .iter()
            .map(|warning| warning.as_str().unwrap().to_owned());
        warnings
            .filter(|text| text.starts_with("decimals: "))
            .collect::<Vec<_>>()
    };
    assert_eq!(warnings(), Vec::<String>::new());
    // As an older version's init wrote it.
    let settings = mint.dir().join(SETTINGS);
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replace("decimals = 2", "decimals = 0");
    std::fs::write(&settings, text).unwrap();
    mint.run(&["account", "create", "ann"]).unwrap();
    let credited = mint.output(&["account", "credit", "ann", "5"]).unwrap();
    assert_eq!(said(&credited), "ann holds 5 eur.\n");
    let warned = warnings();
    let expected = "1000 eur, and would be 10.00 eur";
    assert!(warned[0].contains(expected), "{warned:?}");
    let text = said(&mint.output(&["check"]).unwrap());
    assert!(text.contains(&warned[0]), "{text}");
}

#[test]
fn an_operator_types_amounts_as_people_do() {
    let folder = TempDir::new().unwrap();
    let mint = mint(&folder);
    mint.run(&["account", "create", "ann"]).unwrap();
    mint.run(&["account", "credit", "ann", "1000"]).unwrap();
    let mut holds = 100_000;
    for (typed, amount) in TYPED {
        for command in ["credit", "debit"] {
            let arguments = ["account", command, "ann", typed];
            match amount {
                Ok(amount) if command == "credit" => holds += amount,
                Ok(amount) => holds -= amount,
                Err(why) => {
                    let error = refused(&mint.output(&arguments).unwrap());
                    assert!(error.contains(why), "{typed}: {error}");
                    continue;
                }
            }
            let balance = mint.run(&arguments).unwrap();
            assert_eq!(balance["balance"], holds, "{command} {typed}");
        }
    }
    let smallest = ["account", "credit", "ann", "5", "--smallest-unit"];
    assert_eq!(mint.run(&smallest).unwrap()["balance"], 100_005);
    let error = refused(&mint.output(&["account", "debit", "ann", "2000"]).unwrap());
    assert!(
        error.contains("the account holds 1000.05 eur, less than that"),
        "{error}"
    );
}

#[test]
fn an_operator_reads_amounts_as_people_do() {
    let folder = TempDir::new().unwrap();
    let mint = mint(&folder);
    let say = |arguments: &[&str]| said(&mint.output(arguments).unwrap());
    mint.run(&["account", "create", "ann"]).unwrap();
    assert_eq!(
        say(&["account", "credit", "ann", "10"]),
        "ann holds 10.00 eur.\n"
    );
    assert_eq!(
        say(&["account", "debit", "ann", "0.20", "--note", "tea"]),
        "ann holds 9.80 eur.\n"
    );
    assert_eq!(say(&["account", "list"]), "        9.80 eur  ann\n");
    let statement = say(&["account", "statement", "ann"]);
    let lines: Vec<_> = statement.lines().collect();
    assert_eq!(lines[0], "ann: 9.80 eur");
    assert!(
        lines[1].ends_with("debit           -0.20         9.80  tea"),
        "{statement}"
    );
    assert!(
        lines[2].ends_with("credit         +10.00        10.00  "),
        "{statement}"
    );
}

#[test]
fn the_books_are_read_as_people_read_money() {
    let folder = TempDir::new().unwrap();
    let mint = mint(&folder);
    let say = |arguments: &[&str]| said(&mint.output(arguments).unwrap());
    mint.run(&["account", "create", "ann"]).unwrap();
    mint.run(&["account", "credit", "ann", "9.80"]).unwrap();
    let issued = mint
        .run(&["issue", "0.05 eur", "--account", "ann"])
        .unwrap();
    assert_eq!(issued["amount"], 5);
    assert_eq!(
        say(&["suspense", "debit", "ann", "0.75"]),
        "The account holds 9.00 eur. 0.75 eur is in suspense.\n"
    );
    let audit = say(&["audit"]);
    for line in [
        "            9.80 eur  reserve",
        "            9.00  owed on accounts",
        "                    9.00  ann",
        "            0.05  owed on tokens",
        "            0.00  fees kept",
        "            0.75  in suspense",
    ] {
        assert!(
            audit.lines().any(|l| l.starts_with(line)),
            "{line}: {audit}"
        );
    }
    assert!(audit.contains(": issued 0.05, redeemed 0.00"), "{audit}");
    assert!(audit.ends_with("The books balance.\n"), "{audit}");
    assert!(say(&["keyset", "list"]).contains("issued 0.05 redeemed 0.00"));
    let keysets = mint.run(&["keyset", "list"]).unwrap();
    let id = keysets["keysets"][0]["id"].as_str().unwrap();
    say(&["keyset", "freeze", id]);
    let unfreeze = ["keyset", "unfreeze", id, "--reason", "x", "--allow", "0.10"];
    let unfrozen = say(&unfreeze);
    assert!(
        unfrozen.contains("Up to 0.15 eur of its tokens"),
        "{unfrozen}"
    );
    for arguments in [
        &["suspense", "credit", "ann", "0.755"][..],
        &["issue", "0.755", "--account", "ann"],
        &[
            "quarantine",
            "accept-loss",
            "x",
            "--credited-since",
            "0.755",
        ],
        &["account", "credit", "ann", "0.755"],
    ] {
        let error = refused(&mint.output(arguments).unwrap());
        assert!(
            error.contains("0.755 is not an amount here"),
            "{arguments:?}: {error}"
        );
    }
}

#[test]
fn payments_over_lightning_are_in_the_unit_too() {
    let folder = TempDir::new().unwrap();
    let arguments = ["--unit", "sat", "--decimals", "2", "--amounts", "16"];
    let mint = Mint::init(BINARY, &folder.path().join("mint"), &arguments).unwrap();
    let mint = mint.with("LIGHTNING_BACKEND", "fake");
    // A payment that is under way is left to itself soon.
    let mint = mint.with("LIGHTNING_TIMEOUT_MS", "100");
    let say = |arguments: &[&str]| said(&mint.output(arguments).unwrap());
    mint.run(&["account", "create", "ann"]).unwrap();
    let paid_in = say(&["account", "deposit", "ann", "5", "--wait", "60"]);
    assert!(
        paid_in.contains("this invoice funds ann with 5.00 sat:"),
        "{paid_in}"
    );
    let paid = "It is paid: ann holds 5.00 sat.";
    assert!(paid_in.contains(paid), "{paid_in}");

    let bill = || Invoice::of_others(Some(100_000), SystemTime::now()).unwrap();
    let node = Node::of(&mint);
    node.order("outgoing-default", "paid fee=2000").unwrap();
    let bill_of_one = bill();
    let pay = |invoice: &Invoice| {
        let pay = ["account", "pay", "ann", &invoice.text, "--yes"];
        let arguments = [&pay[..], &["--max-fee", "0.05"]].concat();
        mint.output(&arguments).unwrap()
    };
    let output = pay(&bill_of_one);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let cost = "Pays 1.00 sat from ann, and up to 0.05 sat in fees; ann holds 5.00 sat.";
    assert!(told.contains(cost), "{told}");
    assert_eq!(
        said(&output),
        "Paid 1.00 sat from ann, and 0.02 sat in fees; ann holds 3.98 sat.\n"
    );

    node.order("outgoing-default", "pending").unwrap();
    assert_eq!(pay(&bill()).status.code(), Some(3));
    let listed = say(&["payment", "list"]);
    let held = "1.00 sat and up to 0.05 sat for fees, 1.05 sat held from ann";
    assert!(listed.contains(held), "{listed}");
    let quote = listed.split(' ').next().unwrap();
    let end = |fee| {
        let end = ["payment", "end", quote, "--paid", "--reason", "seen"];
        mint.output(&[&end[..], &["--fee", fee]].concat()).unwrap()
    };
    assert!(refused(&end("0.015")).contains("it has 3 decimals, and sat has 2"));
    said(&end("0.01"));
    assert_eq!(say(&["account", "list"]), "        2.97 sat  ann\n");
    for arguments in [
        &["account", "deposit", "ann", "0.015"][..],
        &[
            "account",
            "pay",
            "ann",
            &bill().text,
            "--yes",
            "--max-fee",
            "0.015",
        ],
    ] {
        let error = refused(&mint.output(arguments).unwrap());
        assert!(error.contains("0.015 is not an amount here"), "{error}");
    }
}

/// A running mint for euros, and ann's wallet with an account of 10.00 eur.
fn with_a_wallet(folder: &TempDir) -> (Mint, Wallet) {
    let mut mint = mint(folder);
    mint.start().unwrap();
    let token = mint.account("ann", "withdraw,redeem,read", 1000).unwrap();
    let wallet = Wallet::init(BINARY, &folder.path().join("ann")).unwrap();
    let url = mint.url().unwrap();
    wallet
        .run(&["mint", "add", url, "--token", &token])
        .unwrap();
    (mint, wallet)
}

#[test]
fn a_reader_types_amounts_as_people_do() {
    let folder = TempDir::new().unwrap();
    let (_mint, wallet) = with_a_wallet(&folder);
    wallet.run(&["withdraw", "9"]).unwrap();
    for (typed, amount) in TYPED {
        let commands = [
            &["send", typed][..],
            &[
                "budget",
                "set",
                "https://a",
                "--per-item",
                typed,
                "--per-day",
                "9",
            ],
            &[
                "budget",
                "set",
                "https://a",
                "--per-item",
                "9",
                "--per-day",
                typed,
            ],
            &["redeem", typed],
            &["withdraw", typed],
        ];
        for arguments in commands {
            // What is sent does not come back.
            if arguments[0] == "send" && amount.is_ok_and(|amount| amount > 5) {
                continue;
            }
            match amount {
                Ok(amount) => {
                    let done = wallet.run(arguments).unwrap();
                    let name = match arguments.iter().position(|&word| word == typed) {
                        Some(4) => "per_item",
                        Some(6) => "per_day",
                        _ => "amount",
                    };
                    assert_eq!(done[name], amount, "{arguments:?}");
                    assert_eq!(done["decimals"], 2, "{arguments:?}");
                }
                Err(why) => {
                    let output = wallet.command(arguments).output().unwrap();
                    let error = refused(&output);
                    assert!(error.contains(why), "{arguments:?}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_reader_reads_amounts_as_people_do() {
    let folder = TempDir::new().unwrap();
    let (mint, wallet) = with_a_wallet(&folder);
    let output = |arguments: &[&str]| wallet.command(arguments).output().unwrap();
    let say = |arguments: &[&str]| said(&output(arguments));
    let url = mint.url().unwrap();
    assert_eq!(say(&["withdraw", "9"]), "withdrew 9.00 eur\n");
    assert_eq!(say(&["balance"]), format!("9.00 eur  {url}\n"));
    say(&["send", "1.95"]);
    assert!(say(&["sent"]).contains("1.95 eur"));
    assert_eq!(say(&["balance"]), format!("7.05 eur  {url}\n"));
    assert!(say(&["history"]).contains("1.95 eur"));
    let budget = [
        "budget",
        "set",
        "https://a",
        "--per-item",
        "0.05",
        "--per-day",
        "1",
    ];
    let budget = say(&budget);
    assert!(
        budget.contains("0.05") && budget.contains("1.00"),
        "{budget}"
    );
    // The mint's own words, which the wallet repeats.
    let error = refused(&output(&["withdraw", "5"]));
    assert!(
        error.contains("the account holds 1.00 eur, less than that"),
        "{error}"
    );
    let error = refused(&output(&["send", "8"]));
    assert!(
        error.contains("8.00 eur and the mint's fee are needed"),
        "{error}"
    );
    assert!(error.contains("7.05"), "{error}");
}

#[test]
fn a_reader_sees_the_account() {
    let folder = TempDir::new().unwrap();
    let (mint, wallet) = with_a_wallet(&folder);
    mint.run(&["account", "debit", "ann", "0.20", "--note", "tea"])
        .unwrap();
    wallet.run(&["withdraw", "5"]).unwrap();
    let url = mint.url().unwrap();
    let text = said(&wallet.command(&["account"]).output().unwrap());
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], format!("ann holds 4.80 eur at {url}"));
    assert!(lines[1].ends_with("withdraw   -5.00   4.80"), "{text}");
    assert!(lines[2].ends_with("debit      -0.20   9.80  tea"), "{text}");
    assert!(lines[3].ends_with("credit    +10.00  10.00"), "{text}");
    let page = wallet.run(&["account", "--limit", "2"]).unwrap();
    assert_eq!(
        (
            &page["balance"],
            &page["unit"],
            &page["decimals"],
            &page["next"]
        ),
        (&json!(480), &json!("eur"), &json!(2), &json!(2))
    );
    assert_eq!(page["postings"][0]["amount"], -500);
    let rest = wallet
        .run(&["account", "--before", "2", "--mint", url])
        .unwrap();
    assert_eq!(rest["postings"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest["next"], Value::Null);

    // Without an account, or with one that may not be read, it says what to do.
    let stranger = Wallet::init(BINARY, &folder.path().join("bob")).unwrap();
    stranger.run(&["mint", "add", url]).unwrap();
    let output = stranger.command(&["account"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(refused(&output).contains("farthing mint add URL --token -"));
    let token = mint
        .run(&["account", "token", "ann", "--scopes", "withdraw"])
        .unwrap();
    let token = token["token"].as_str().unwrap();
    stranger
        .run(&["mint", "add", url, "--token", token])
        .unwrap();
    let output = stranger.command(&["account"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let error = refused(&output);
    assert!(
        error.contains("an API token with the scope this needs"),
        "{error}"
    );
}

/// A paywall before a small site, at a mint for euros.
async fn plan(mint: &Mint, folder: &TempDir) -> PaywallPlan {
    let token = mint.account("gazette", "redeem,read", 0).unwrap();
    let upstream = site::serve().await.unwrap();
    let dir = folder.path().join("paywall");
    PaywallPlan::new(BINARY, &dir, &upstream, mint.url().unwrap(), &token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_is_the_same_in_settings_check_log_page_and_refusals() {
    let folder = TempDir::new().unwrap();
    let (mint, wallet) = with_a_wallet(&folder);
    wallet.run(&["withdraw", "9"]).unwrap();
    let plan = plan(&mint, &folder).await;
    for (typed, amount) in TYPED {
        let plan = plan.clone().price(&format!("/articles/*={typed}"));
        let output = plan.command("check").arg("/articles/1").output().unwrap();
        match amount {
            Ok(amount) => {
                let report: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(report["prices"][0]["amount"], amount, "{typed}");
            }
            // A comma parts prices.
            Err(_) if typed.contains(',') => assert!(!output.status.success()),
            Err(why) if typed == "five" => {
                let error = refused(&output);
                assert!(error.contains("is no price"), "{why}: {error}");
            }
            Err(why) => {
                let error = refused(&output);
                assert!(error.contains(why), "{typed}: {error}");
            }
        }
    }
    let plan = plan.price("/articles/*=0.03");
    let paywall = plan.start().unwrap();
    assert!(paywall.log().unwrap().contains("/articles/*: 0.03 eur"));
    let page = format!("{}/articles/1", paywall.url);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http.get(&page).send().await.unwrap().text().await.unwrap();
    let asked: Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(asked["amount"], 3);
    assert!(
        asked["detail"]
            .as_str()
            .unwrap()
            .starts_with("this costs 0.03 eur:")
    );
    let shown = http.get(&page).header("accept", "text/html").send();
    let shown = shown.await.unwrap().text().await.unwrap();
    assert!(shown.contains("<p class=\"price\">0.03 eur</p>"), "{shown}");
    let token = wallet.send(5).unwrap();
    let paid = http.get(&page).header("x-cashu", token).send();
    let paid: Value = serde_json::from_str(&paid.await.unwrap().text().await.unwrap()).unwrap();
    let detail = paid["detail"].as_str().unwrap();
    let expected = "the token is worth 0.05 eur and the price is 0.03 eur";
    assert!(detail.starts_with(expected), "{detail}");
    let get = |max: &str| {
        let mut command = wallet.command(&["get", &page, "--yes", "--max", max]);
        command.output().unwrap()
    };
    let error = refused(&get("0.02"));
    let expected = "it costs 0.03 eur, and 0.02 is the most you allowed";
    assert!(error.contains(expected), "{error}");
    assert_eq!(said(&get("0.03 eur")), site::article_text("1"));
    assert!(said(&wallet.command(&["spent"]).output().unwrap()).contains("0.03 eur"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paywall_of_an_older_version_does_not_raise_its_prices_silently() {
    let folder = TempDir::new().unwrap();
    let (mint, _wallet) = with_a_wallet(&folder);
    let plan = plan(&mint, &folder).await;
    let cheap = plan.clone().price("/articles/*=0.03");
    cheap.start().unwrap().stop().unwrap();
    // What an older version leaves: its record of payments, and no word of decimals.
    std::fs::remove_file(folder.path().join("paywall/prices.json")).unwrap();
    let bare = plan.clone().price("/articles/*=3");
    let error = bare.start().unwrap_err().to_string();
    assert!(
        error.contains("3 was 0.03 eur when this paywall ran last"),
        "{error}"
    );
    assert!(
        error.contains("Write \"0.03 eur\" or \"3.00 eur\""),
        "{error}"
    );
    let checked = refused(&bare.command("check").output().unwrap());
    assert!(checked.contains("3 was 0.03 eur"), "{checked}");
    plan.price("/articles/*=3.00")
        .start()
        .unwrap()
        .stop()
        .unwrap();
    bare.start().unwrap().stop().unwrap();
}
