//! The real wallet pays the real paywall, as a person would have it.

use std::process::Output;

use farthing_protocol::api::keysets_digest;
use farthing_publisher::Accept;
use farthing_testkit::process::Wallet;
use farthing_testkit::proxy::{Fault, Proxy};

use crate::replays::gated;
use crate::stage::{PRICE, Stage};

/// What ann has in her wallet at the beginning.
const HELD: u64 = 64;

/// A wallet that holds one token of 64.
async fn wallet(stage: &Stage) -> Wallet {
    let token = stage.token(stage.tokens(&[HELD]).await);
    let wallet = Wallet::init(crate::BINARY, &stage.scene.folder().join("ann")).unwrap();
    let mint = stage.scene.mint.url().unwrap();
    wallet.run(&["mint", "add", mint]).unwrap();
    wallet.run(&["receive", &token]).unwrap();
    wallet
}

/// Runs a command while the paywall goes on.
async fn farthing(wallet: &Wallet, arguments: &[&str]) -> Output {
    let mut command = wallet.command(arguments);
    let run = tokio::task::spawn_blocking(move || command.output());
    run.await.unwrap().unwrap()
}

/// `farthing get` of a page that may cost 5; gives the exit code, what was printed, and what was said.
async fn get(wallet: &Wallet, url: &str) -> (i32, String, String) {
    let output = farthing(wallet, &["get", url, "--max", "5", "--yes"]).await;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let code = output.status.code().unwrap();
    (code, text(&output.stdout), text(&output.stderr))
}

async fn bought(wallet: &Wallet, url: &str, page: &str) {
    let (code, printed, said) = get(wallet, url).await;
    assert_eq!((code, printed.as_str()), (0, page), "{said}");
}

#[tokio::test]
async fn a_page_is_paid_for_once_with_change_and_read_again_free() {
    let stage = Stage::open().await;
    let ann = wallet(&stage).await;
    let url = format!("{}/articles/1", stage.url);
    bought(&ann, &url, "article 1").await;
    assert_eq!(ann.balance().unwrap(), HELD - PRICE);
    bought(&ann, &url, "article 1").await;
    assert_eq!(ann.balance().unwrap(), HELD - PRICE);
    bought(&ann, &format!("{}/articles/2", stage.url), "article 2").await;
    bought(&ann, &format!("{}/free", stage.url), "free").await;
    assert_eq!(ann.balance().unwrap(), HELD - 2 * PRICE);
    assert_eq!(stage.income().await, 2 * PRICE);
    let sheet = stage.scene.books().unwrap();
    assert_eq!(sheet.outstanding_total(), (HELD - 2 * PRICE).cast_signed());
}

#[tokio::test]
async fn what_fails_behind_the_paywall_costs_nothing() {
    let stage = Stage::open().await;
    let ann = wallet(&stage).await;
    // The first is paid for exactly. For the second only 4 is left, with change asked for.
    for (status, left) in [(404, HELD - 3), (500, HELD - 3 - 4)] {
        let url = format!("{}/status/{status}", stage.url);
        let (code, ..) = get(&ann, &url).await;
        assert_ne!(code, 0);
        // The site has seen the token: it is kept aside.
        assert_eq!(ann.balance().unwrap(), left);
    }
    farthing(&ann, &["recover"]).await;
    assert_eq!(ann.balance().unwrap(), HELD);
    assert_eq!(stage.income().await, 0);
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn the_first_page_after_a_rotation_is_paid_with_change_and_no_refusal() {
    let (stage, gate) = gated(|settings| settings.keysets_every_s = 1).await;
    let mint = gate.url.clone();
    let token = stage.token(stage.tokens(&[HELD]).await);
    let ann = Wallet::init(crate::BINARY, &stage.scene.folder().join("ann")).unwrap();
    for arguments in [&["mint", "add", &mint], &["receive", &token] as &[&str]] {
        assert!(farthing(&ann, arguments).await.status.success());
    }
    let known = || async {
        let asked = stage.get("/articles/1").await;
        asked.header("x-cashu-keysets").unwrap().to_owned()
    };
    let before = known().await;
    let keyset = stage.scene.rotate().await.unwrap();
    let expected = keysets_digest([&keyset.id]);
    // The paywall learns of it by itself.
    for _ in 0..600 {
        if known().await != before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(known().await, expected);
    let url = format!("{}/articles/1", stage.url);
    bought(&ann, &url, "article 1").await;
    assert_eq!(ann.balance().unwrap(), HELD - PRICE);
    assert_eq!(
        (gate.arrived(), stage.income().await),
        (1, PRICE),
        "one try"
    );
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn more_than_the_reader_allows_is_not_paid() {
    let stage = Stage::open().await;
    let ann = wallet(&stage).await;
    let url = format!("{}/articles/1", stage.url);
    let refused = farthing(&ann, &["get", &url, "--max", "2", "--yes"]).await;
    assert_eq!(refused.status.code(), Some(3));
    let unasked = farthing(&ann, &["get", &url]).await;
    assert_eq!(unasked.status.code(), Some(3), "no terminal to ask on");
    assert_eq!(ann.balance().unwrap(), HELD);
    assert_eq!((stage.income().await, stage.upstream.asked()), (0, 0));
}

#[tokio::test]
async fn within_the_budget_nobody_is_asked() {
    let stage = Stage::open().await;
    let ann = wallet(&stage).await;
    let budget = [
        "budget",
        "set",
        &stage.url,
        "--per-item",
        "3",
        "--per-day",
        "6",
    ];
    ann.run(&budget).unwrap();
    for (number, expected) in [(1, 0), (2, 0), (3, 3)] {
        let url = format!("{}/articles/{number}", stage.url);
        let output = farthing(&ann, &["get", &url]).await;
        assert_eq!(output.status.code(), Some(expected), "article {number}");
    }
    assert_eq!(stage.income().await, 2 * PRICE);
    assert_eq!(ann.balance().unwrap(), HELD - 2 * PRICE);
}

#[tokio::test]
async fn a_publisher_that_takes_locked_tokens_is_paid_with_them() {
    let stage = Stage::with(|settings| {
        settings.accept = Accept::Locked {
            redeem_every_s: 1,
            locktime_hours_min: 48,
        };
    })
    .await;
    let ann = wallet(&stage).await;
    bought(&ann, &format!("{}/articles/1", stage.url), "article 1").await;
    assert_eq!(ann.balance().unwrap(), HELD - PRICE);
    for _ in 0..600 {
        if stage.income().await == PRICE {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(stage.income().await, PRICE);
    let sheet = stage.scene.books().unwrap();
    assert_eq!(sheet.outstanding_total(), (HELD - PRICE).cast_signed());
}

/// What the network does to the request that pays, and whether the mint was asked then.
const FAULTS: [Fault; 6] = [
    Fault::DropRequest,
    Fault::TruncateRequest,
    Fault::DropAnswer,
    Fault::TruncateAnswer,
    Fault::TwiceFirst,
    Fault::TwiceAtOnce,
];

#[tokio::test]
async fn a_purchase_whose_answer_is_lost_goes_on_with_the_same_command() {
    for fault in FAULTS {
        let stage = Stage::open().await;
        let ann = wallet(&stage).await;
        let proxy = Proxy::start(&stage.url).unwrap();
        let url = format!("{}/articles/1", proxy.url());
        // The first request asks for the price, the second pays.
        proxy.script([(2, fault)]);
        let (code, ..) = get(&ann, &url).await;
        assert_eq!(code == 0, fault.is_unnoticed(), "{fault:?}");
        bought(&ann, &url, "article 1").await;
        assert_eq!(stage.income().await, PRICE, "{fault:?}");
        assert_eq!(ann.balance().unwrap(), HELD - PRICE, "{fault:?}");
        let sheet = stage.scene.books().unwrap();
        assert_eq!(sheet.outstanding_total(), (HELD - PRICE).cast_signed());
    }
}
