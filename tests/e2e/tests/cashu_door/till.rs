//! The operator funds accounts by invoices and pays invoices from them, while the mint runs and while it
//! does not.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use lightning_invoice::Bolt11Invoice;
use serde_json::{Value, json};

use super::setting::{Invoice, Shop, invoice};

const PATIENCE: Duration = Duration::from_secs(60);

/// A shop with accounts for ann and bob.
async fn till(settings: &[(&str, &str)]) -> Shop {
    let settings = [&[("LIGHTNING_BACKEND", "fake")], settings].concat();
    let shop = Shop::with(&settings).await;
    for name in ["ann", "bob"] {
        shop.mint.account(name, "read", 0).unwrap();
    }
    shop
}

fn fund(shop: &Shop, name: &str, amount: u64) {
    let amount = amount.to_string();
    shop.mint
        .run(&["account", "credit", name, &amount])
        .unwrap();
}

/// Runs `account` with these arguments and `--json`; gives its exit code and the objects that it printed.
fn account(shop: &Shop, arguments: &[&str]) -> (i32, Vec<Value>) {
    let arguments = [&["account"], arguments, &["--json"]].concat();
    ended(&shop.mint.output(&arguments).unwrap())
}

fn ended(output: &Output) -> (i32, Vec<Value>) {
    let objects = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    let objects = objects.collect::<Result<_, _>>().unwrap();
    (output.status.code().unwrap(), objects)
}

fn begin(shop: &Shop, arguments: &[&str]) -> Child {
    let arguments = [&["account"], arguments, &["--json"]].concat();
    let mut command = shop.mint.command(&arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(Stdio::null()).spawn().unwrap()
}

/// Returns why a command was refused, with exit code 2.
fn refused(shop: &Shop, arguments: &[&str]) -> String {
    let (code, objects) = account(shop, arguments);
    assert_eq!(code, 2, "{arguments:?}: {objects:?}");
    objects[0]["error"].as_str().unwrap().to_owned()
}

fn pay<'a>(name: &'a str, invoice: &'a Invoice) -> [&'a str; 4] {
    ["pay", name, &invoice.text, "--yes"]
}

/// Returns what an account holds.
fn balance(shop: &Shop, name: &str) -> u64 {
    let listed = shop.mint.run(&["account", "list"]).unwrap();
    let accounts = listed["accounts"].as_array().unwrap();
    let account = accounts.iter().find(|account| account["name"] == name);
    account.unwrap()["balance"].as_u64().unwrap()
}

/// An account's postings, oldest first.
fn postings(shop: &Shop, name: &str) -> Value {
    let statement = shop.mint.run(&["account", "statement", name]).unwrap();
    let postings = statement["postings"].as_array().unwrap().iter().rev();
    postings
        .map(|posting| json!([posting["kind"], posting["amount"]]))
        .collect()
}

/// Waits for something that happens in another process.
fn until(what: &str, happens: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happens() {
        assert!(Instant::now() < deadline, "not yet: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn payments(shop: &Shop) -> usize {
    let listed = shop.mint.run(&["payment", "list"]).unwrap();
    listed["payments"].as_array().unwrap().len()
}

fn stop_unless(running: bool, shop: &mut Shop) {
    if !running {
        shop.mint.stop().unwrap();
    }
}

#[tokio::test]
async fn an_invoice_funds_an_account_with_and_without_a_running_mint() {
    for running in [true, false] {
        let mut shop = till(&[]).await;
        stop_unless(running, &mut shop);
        shop.order("incoming-default", "unpaid");
        let (code, printed) = account(&shop, &["deposit", "ann", "200"]);
        let [offered] = printed.as_slice() else {
            panic!("{printed:?}");
        };
        assert_eq!((code, &offered["state"]), (0, &json!("unpaid")));
        assert_eq!(
            (&offered["account"], &offered["unit"]),
            (&json!("ann"), &json!("sat"))
        );
        assert_eq!(
            (&offered["amount"], &offered["balance"]),
            (&json!(200), &json!(0))
        );
        let text = offered["invoice"].as_str().unwrap();
        let read: Bolt11Invoice = text.parse().unwrap();
        assert_eq!(read.amount_milli_satoshis(), Some(200_000));

        let (code, printed) = account(&shop, &["deposit", "ann", "7", "--wait", "1"]);
        assert_eq!((code, printed.len()), (3, 2));
        assert_eq!(printed[0], printed[1], "nothing has happened");

        // Paid while it is waited for.
        let mut waiting = begin(&shop, &["deposit", "ann", "30", "--wait", "600"]);
        let mut stdout = BufReader::new(waiting.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let offered: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&offered["amount"], &offered["state"]),
            (&json!(30), &json!("unpaid"))
        );
        let read: Bolt11Invoice = offered["invoice"].as_str().unwrap().parse().unwrap();
        shop.order(&format!("incoming-{:x}", read.payment_hash()), "paid");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(waiting.wait().unwrap().code(), Some(0));
        let paid: Value = serde_json::from_str(&rest).unwrap();
        assert_eq!(
            (&paid["quote"], &paid["state"]),
            (&offered["quote"], &json!("paid"))
        );
        assert_eq!(paid["balance"], 30);
        assert_eq!(postings(&shop, "ann"), json!([["deposit", 30]]));
        assert_eq!((shop.sums(), balance(&shop, "bob")), ((30, 0, 0), 0));
    }
}

#[tokio::test]
async fn the_invoice_is_the_last_line_for_people_and_scripts() {
    let shop = till(&[]).await;
    shop.order("incoming-default", "unpaid");
    let output = shop.mint.output(&["account", "deposit", "ann", "9"]);
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let (told, invoice) = text.trim_end().split_once('\n').unwrap();
    assert!(
        told.ends_with("this invoice funds ann with 9 sat:"),
        "{told}"
    );
    assert!(invoice.parse::<Bolt11Invoice>().is_ok(), "{invoice}");
}

#[tokio::test]
async fn an_invoice_is_paid_from_an_account_with_and_without_a_running_mint() {
    for running in [true, false] {
        let mut shop = till(&[]).await;
        fund(&shop, "ann", 200);
        stop_unless(running, &mut shop);
        shop.order("outgoing-default", "paid fee=1000");
        let bill = invoice(Some(100_000));
        let (code, printed) = account(&shop, &pay("ann", &bill));
        assert_eq!((code, printed.len()), (0, 1), "{printed:?}");
        let paid = &printed[0];
        assert_eq!(
            (&paid["state"], &paid["account"]),
            (&json!("paid"), &json!("ann"))
        );
        assert_eq!((&paid["amount"], &paid["fee"]), (&json!(100), &json!(1)));
        assert_eq!(
            (&paid["balance"], &paid["unit"]),
            (&json!(99), &json!("sat"))
        );
        assert_eq!(paid["preimage"].as_str().unwrap().len(), 64);
        let expected = json!([["credit", 200], ["payout", -102], ["payout", 1]]);
        assert_eq!(postings(&shop, "ann"), expected);
        assert_eq!(shop.sums(), (99, 0, 0));

        let again = refused(&shop, &pay("ann", &bill));
        assert!(again.contains("paid before"), "{again}");
        assert_eq!(balance(&shop, "ann"), 99);
    }
}

#[tokio::test]
async fn a_failed_payment_costs_nothing_with_and_without_a_running_mint() {
    for running in [true, false] {
        let mut shop = till(&[]).await;
        fund(&shop, "ann", 200);
        stop_unless(running, &mut shop);
        shop.order("outgoing-default", "failed");
        let bill = invoice(Some(100_000));
        let why = refused(&shop, &pay("ann", &bill));
        assert!(why.contains("the payment failed"), "{why}");
        assert_eq!(balance(&shop, "ann"), 200);
        // It may be tried anew.
        shop.order("outgoing-default", "paid");
        assert_eq!(account(&shop, &pay("ann", &bill)).0, 0);
        assert_eq!(balance(&shop, "ann"), 100);
        assert_eq!(shop.sums(), (100, 0, 0));
    }
}

#[tokio::test]
async fn a_payment_is_waited_for_until_it_has_ended() {
    for running in [true, false] {
        let mut shop = till(&[]).await;
        fund(&shop, "ann", 200);
        stop_unless(running, &mut shop);
        let bill = invoice(Some(100_000));
        let orders = format!("outgoing-{}", hex::encode(bill.hash));
        shop.order(&orders, "pending");
        let mut paying = begin(&shop, &pay("ann", &bill));
        until("the node has it", || shop.payments_seen(&bill) == 1);
        assert_eq!((payments(&shop), balance(&shop, "ann")), (1, 98));
        assert_eq!(shop.books()["paying_out"]["balance"], 102);
        assert!(paying.try_wait().unwrap().is_none(), "it waits");
        // Nobody begins the same payment beside it.
        let again = refused(&shop, &pay("ann", &bill));
        assert!(again.contains("is being paid"), "{again}");
        shop.order(&orders, "paid fee=2000");
        let (code, printed) = ended(&paying.wait_with_output().unwrap());
        assert_eq!((code, &printed[0]["state"]), (0, &json!("paid")));
        assert_eq!(
            (&printed[0]["fee"], &printed[0]["balance"]),
            (&json!(2), &json!(98))
        );
        assert_eq!(payments(&shop), 0);
        assert_eq!(shop.sums(), (98, 0, 0));
    }
}

#[tokio::test]
async fn what_a_command_leaves_under_way_is_seen_through_by_the_mint() {
    for (running, killed) in [(true, false), (false, false), (false, true)] {
        // A payment may take a moment, so that the command gives up soon; or it is killed.
        let timeout = if killed { "600000" } else { "100" };
        let mut shop = till(&[("LIGHTNING_TIMEOUT_MS", timeout)]).await;
        fund(&shop, "ann", 200);
        stop_unless(running, &mut shop);
        shop.order("outgoing-default", "pending");
        let bill = invoice(Some(100_000));
        let mut paying = begin(&shop, &pay("ann", &bill));
        until("the node has it", || shop.payments_seen(&bill) == 1);
        if killed {
            paying.kill().unwrap();
            paying.wait().unwrap();
        } else {
            let (code, printed) = ended(&paying.wait_with_output().unwrap());
            assert_eq!((code, &printed[0]["state"]), (3, &json!("pending")));
            assert_eq!(
                (&printed[0]["preimage"], &printed[0]["balance"]),
                (&json!(null), &json!(98))
            );
        }
        assert_eq!(payments(&shop), 1);
        if !running {
            shop.mint.start().unwrap();
        }
        shop.order("outgoing-default", "paid");
        until("it has ended", || payments(&shop) == 0);
        assert_eq!(balance(&shop, "ann"), 100);
        assert_eq!(shop.sums(), (100, 0, 0));
    }
}

#[tokio::test]
async fn two_commands_at_once_are_two_payments() {
    let mut shop = till(&[]).await;
    fund(&shop, "ann", 200);
    shop.mint.stop().unwrap();
    let bills = [invoice(Some(50_000)), invoice(Some(60_000))];
    let paying = bills.each_ref().map(|bill| begin(&shop, &pay("ann", bill)));
    for paying in paying {
        let (code, printed) = ended(&paying.wait_with_output().unwrap());
        assert_eq!((code, &printed[0]["state"]), (0, &json!("paid")));
    }
    assert_eq!(balance(&shop, "ann"), 90);
    assert_eq!(shop.sums(), (90, 0, 0));
}

#[tokio::test]
async fn fees_are_what_the_operator_allows() {
    let shop = till(&[]).await;
    fund(&shop, "ann", 200);
    shop.order("outgoing-default", "paid fee=3000");
    let bill = invoice(Some(100_000));
    let dear = refused(&shop, &pay("ann", &bill));
    assert!(dear.contains("the payment failed"), "{dear}");
    let allowed = [&pay("ann", &bill)[..], &["--max-fee", "3"]].concat();
    let (code, printed) = account(&shop, &allowed);
    assert_eq!((code, &printed[0]["fee"]), (0, &json!(3)));
    assert_eq!(balance(&shop, "ann"), 97);
    // With none at all an account can be emptied.
    shop.order("outgoing-default", "paid");
    let rest = invoice(Some(97_000));
    let all = refused(&shop, &pay("ann", &rest));
    assert!(all.contains("less than that"), "{all}");
    let free = [&pay("ann", &rest)[..], &["--max-fee", "0"]].concat();
    assert_eq!(account(&shop, &free).0, 0);
    assert_eq!(balance(&shop, "ann"), 0);
    assert_eq!(shop.sums(), (0, 0, 0));
}

#[tokio::test]
async fn an_invoice_of_the_mints_own_is_paid_in_the_house() {
    for running in [true, false] {
        let mut shop = till(&[]).await;
        fund(&shop, "ann", 200);
        stop_unless(running, &mut shop);
        shop.order("incoming-default", "unpaid");
        let offered = account(&shop, &["deposit", "bob", "50"]).1;
        let text = offered[0]["invoice"].as_str().unwrap();
        let (code, printed) = account(&shop, &["pay", "ann", text, "--yes"]);
        assert_eq!((code, &printed[0]["state"]), (0, &json!("paid")));
        assert_eq!(
            (&printed[0]["fee"], &printed[0]["preimage"]),
            (&json!(0), &json!(null))
        );
        assert_eq!((balance(&shop, "ann"), balance(&shop, "bob")), (150, 50));
        assert_eq!(shop.sums(), (200, 0, 0));
    }
}

#[tokio::test]
async fn what_cannot_be_paid_or_asked_is_refused_and_nothing_moves() {
    let shop = till(&[]).await;
    fund(&shop, "ann", 200);
    let bill = invoice(Some(100_000));
    let open = invoice(None);
    let cases: &[(&[&str], &str)] = &[
        (&["pay", "ann", &bill.text], "say --yes"),
        (
            &["pay", "nobody", &bill.text, "--yes"],
            "no account named nobody",
        ),
        (
            &["pay", "reserve", &bill.text, "--yes"],
            "no account named reserve",
        ),
        (
            &["pay", "ann", "lnbcrt1", "--yes"],
            "not a Lightning invoice",
        ),
        (&["pay", "bob", &bill.text, "--yes"], "less than that"),
        (&["pay", "ann", &open.text, "--yes"], "names no amount"),
        (
            &["pay", "ann", &bill.text, "--yes", "--amount-msat", "5"],
            "names another amount",
        ),
        (&["deposit", "ann", "0"], "the amount is zero"),
        (&["deposit", "nobody", "1"], "no account named nobody"),
    ];
    for (arguments, told) in cases {
        let why = refused(&shop, arguments);
        assert!(why.contains(told), "{arguments:?}: {why}");
    }
    assert_eq!((balance(&shop, "ann"), payments(&shop)), (200, 0));
    assert_eq!(
        (shop.payments_seen(&bill), shop.payments_seen(&open)),
        (0, 0)
    );
    let paid = ["pay", "ann", &open.text, "--yes", "--amount-msat", "4001"];
    let (code, printed) = account(&shop, &paid);
    assert_eq!((code, &printed[0]["amount"]), (0, &json!(5)));
    assert_eq!(balance(&shop, "ann"), 195);
}

#[tokio::test]
async fn a_mint_without_lightning_says_so() {
    let shop = Shop::with(&[]).await;
    shop.mint.account("ann", "read", 10).unwrap();
    let bill = invoice(Some(1000));
    for arguments in [&["deposit", "ann", "1"][..], &pay("ann", &bill)] {
        let why = refused(&shop, arguments);
        assert!(why.contains("no Lightning"), "{why}");
    }
}
