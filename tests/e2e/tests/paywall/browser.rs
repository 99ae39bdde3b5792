//! Paying from a wallet in a browser, whose page is of another origin: the button, the exchange as JSON,
//! and the form that hands the receipt over.

use std::sync::atomic::Ordering;

use farthing_protocol::payment::{Receipt, change};
use farthing_testkit::client::Blanks;
use farthing_testkit::scene::Scene;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stage::{Answer, PRICE, Stage};

const PAY: &str = "/.well-known/farthing/pay";
const OPEN: &str = "/.well-known/farthing/open";
const SCRIPT: &str = "/.well-known/farthing/farthing.js";
const WALLET: &str = "https://wallet.example/app/";
const ORIGIN: &str = "https://wallet.example";
const EXPOSED: &str = "x-cashu, x-cashu-outputs, x-cashu-keysets, retry-after";

async fn with_wallet() -> Stage {
    Stage::with(|settings| settings.wallet_url = Some(WALLET.to_owned())).await
}

fn order(stage: &Stage, token: &str, path: &str) -> Value {
    json!({"token": token, "method": "GET", "url": format!("{}{path}", stage.url)})
}

/// Sends an order as a wallet's page does.
async fn send(stage: &Stage, order: &Value) -> Answer {
    let request = stage.request("POST", PAY).header("origin", ORIGIN);
    let answer = Answer::of(request.json(order)).await;
    assert_cors(&answer.headers, Some("*"));
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some(EXPOSED)
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    // What is for the wallet is in the body; the browser keeps nothing.
    answer.assert_free();
    answer
}

/// Checks who may read an answer, never with credentials.
fn assert_cors(headers: &HeaderMap, origin: Option<&str>) {
    let allowed = headers.get("access-control-allow-origin");
    assert_eq!(allowed.map(|value| value.to_str().unwrap()), origin);
    assert!(!headers.contains_key("access-control-allow-credentials"));
}

/// The receipt of a paid order.
fn receipt_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["receipt"].as_str().unwrap().to_owned()
}

fn refused(answer: &Answer) -> (u16, u64) {
    let body = answer.json();
    assert!(body["detail"].as_str().is_some_and(|d| !d.is_empty()));
    assert_eq!(body.get("receipt"), None);
    (answer.status, body["code"].as_u64().unwrap())
}

async fn open(stage: &Stage, fields: &[(&str, &str)]) -> Answer {
    // A form that a page of another origin submits says no origin when that page hides it.
    let request = stage.request("POST", OPEN).header("origin", "null");
    Answer::of(request.header("accept", "text/html").form(fields)).await
}

async fn with_cookie(stage: &Stage, opened: &Answer, path: &str) -> Answer {
    let pair = opened
        .header("set-cookie")
        .unwrap()
        .split("; ")
        .next()
        .unwrap();
    Answer::of(stage.request("GET", path).header("cookie", pair)).await
}

#[tokio::test]
async fn a_wallet_pays_gets_its_change_and_opens_the_page() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[8]).await;
    let blanks: Blanks = stage.blanks(&[1, 4]);
    let mut order = order(&stage, &stage.header(&tokens), "/articles/1?a=b");
    order["outputs"] = change::encode_outputs(&blanks.outputs).unwrap().into();
    let paid = send(&stage, &order).await;
    let receipt = receipt_of(&paid);
    let body = paid.json();
    let url = format!("{}/articles/1?a=b", stage.url);
    assert_eq!(body["url"], url.as_str());
    assert_eq!(body.as_object().unwrap().len(), 3);
    let (read, _) = Receipt::verify(&receipt).unwrap();
    assert_eq!(read.resource, format!("GET {url}"));
    assert_eq!((read.amount, read.body), (PRICE, None));
    assert_eq!(stage.income().await, PRICE);
    let signatures = change::decode_signatures(body["signatures"].as_str().unwrap()).unwrap();
    // The site was asked for the page, as anybody asks for it.
    assert_eq!(stage.upstream.asked(), 1);
    let seen = stage.upstream.seen();
    assert_eq!(seen["accept"], "*/*");
    for absent in [
        "x-cashu",
        "x-cashu-outputs",
        "origin",
        "content-type",
        "content-length",
    ] {
        assert!(!seen.contains_key(absent), "{absent}");
    }

    let opened = open(&stage, &[("receipt", &receipt), ("url", &url)]).await;
    assert_eq!(opened.status, 303);
    assert_eq!(opened.header("location"), Some("/articles/1?a=b"));
    assert_eq!(opened.header("cache-control"), Some("no-store"));
    assert_cors(&opened.headers, None);
    let cookie = opened.header("set-cookie").unwrap();
    assert!(cookie.contains("; Path=/articles/1; Max-Age="), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
    // The site is not asked to open a page.
    assert_eq!(stage.upstream.asked(), 1);
    let page = with_cookie(&stage, &opened, "/articles/1?a=b").await;
    assert_eq!((page.status, page.text()), (200, "article 1"));
    let other = with_cookie(&stage, &opened, "/articles/2").await;
    assert_eq!(other.refusal(), (402, 40201));
    let change = blanks.unblind(&signatures).unwrap();
    stage.assert_unspent(&change).await;
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn an_order_is_charged_once_and_answered_again_whatever_the_site_says_then() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[4]).await;
    let blanks = stage.blanks(&[1]);
    let mut order = order(&stage, &stage.header(&tokens), "/articles/1");
    order["outputs"] = change::encode_outputs(&blanks.outputs).unwrap().into();
    let first = send(&stage, &order).await;
    let (bought, key) = Receipt::verify(&receipt_of(&first)).unwrap();
    stage.upstream.fails_with.store(500, Ordering::SeqCst);
    for _ in 0..2 {
        let again = send(&stage, &order).await;
        let (repeated, signer) = Receipt::verify(&receipt_of(&again)).unwrap();
        assert_eq!(repeated.resource, bought.resource);
        assert_eq!((repeated.amount, signer), (bought.amount, key));
        assert_eq!(again.json()["signatures"], first.json()["signatures"]);
        stage.upstream.fails_with.store(0, Ordering::SeqCst);
    }
    // With a higher price too: it was paid at the price of then.
    stage.upstream.raised_by.store(5, Ordering::SeqCst);
    let again = send(&stage, &order).await;
    assert_eq!(
        Receipt::verify(&receipt_of(&again)).unwrap().0.amount,
        PRICE
    );
    assert_eq!(stage.income().await, PRICE);
    // For another page, or with other outputs, the token buys nothing.
    let elsewhere = self::order(&stage, &stage.header(&tokens), "/articles/2");
    assert_eq!(refused(&send(&stage, &elsewhere).await), (400, 40008));
    let other_outputs = self::order(&stage, &stage.header(&tokens), "/articles/1");
    assert_eq!(refused(&send(&stage, &other_outputs).await), (400, 40008));
    assert_eq!(stage.income().await, PRICE);
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn header_and_exchange_are_one_payment() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    let order = order(&stage, &stage.header(&tokens), "/articles/1");
    receipt_of(&send(&stage, &order).await);
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn what_the_site_answers_else_is_not_charged() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    for status in [302, 401, 402, 404, 500] {
        let order = order(&stage, &stage.header(&tokens), &format!("/status/{status}"));
        let answer = send(&stage, &order).await;
        assert_eq!(refused(&answer), (502, 50201), "{status}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.starts_with(&format!("the site answered {status} ")),
            "{detail}"
        );
        assert!(
            detail.ends_with("which is not charged: the token is unspent and can be used again")
        );
        assert_eq!(answer.payment_request().amount, Some(PRICE));
        assert_eq!(answer.header("x-upstream"), None);
    }
    stage.assert_unspent(&tokens).await;
    assert_eq!(stage.income().await, 0);
}

#[tokio::test]
async fn refusals_have_the_price_and_cost_nothing() {
    let stage = with_wallet().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let token = stage.header(&tokens);
    stage.upstream.raised_by.store(1, Ordering::SeqCst);
    let dearer = send(&stage, &order(&stage, &token, "/articles/1")).await;
    assert_eq!(refused(&dearer), (400, 40007));
    assert_eq!(dearer.payment_request().amount, Some(PRICE + 1));
    assert_eq!(dearer.json()["amount"], PRICE + 1);
    assert!(dearer.header("x-cashu-keysets").is_some());
    assert_eq!(dearer.header("x-cashu-outputs"), Some("outA"));
    stage.upstream.raised_by.store(0, Ordering::SeqCst);
    for (token, code) in [
        ("", 40001),
        ("hello", 40001),
        ("cashuBo2", 40001),
        ("a\nb", 40001),
    ] {
        let answer = send(&stage, &order(&stage, token, "/articles/1")).await;
        assert_eq!(refused(&answer), (400, code), "{token:?}");
        assert_eq!(answer.payment_request().amount, Some(PRICE));
    }
    let mut outputs = order(&stage, &token, "/articles/1");
    outputs["outputs"] = "outA!".into();
    assert_eq!(refused(&send(&stage, &outputs).await), (400, 40001));
    // What costs nothing is not paid for.
    let free = send(&stage, &order(&stage, &token, "/free")).await;
    assert_eq!(refused(&free), (400, 40007));
    assert!(
        free.text()
            .contains("the page costs nothing now: open it; nothing was spent")
    );
    assert_eq!(stage.upstream.asked(), 0);
    stage.assert_unspent(&tokens).await;
    assert_eq!(stage.income().await, 0);
}

#[tokio::test]
async fn what_is_no_order_is_refused_before_the_site_is_asked() {
    let stage = Stage::with(|settings| settings.read_timeout_ms = 300).await;
    let tokens = stage.tokens(&[1, 2]).await;
    let token = stage.header(&tokens);
    let good = order(&stage, &token, "/articles/1");
    let changed = |field: &str, value: Value| {
        let mut order = good.clone();
        order[field] = value;
        order
    };
    let port = stage.url.rsplit(':').next().unwrap();
    let mut without_method = good.clone();
    without_method.as_object_mut().unwrap().remove("method");
    for wrong in [
        changed("method", "POST".into()),
        changed("method", "get".into()),
        changed("method", "HEAD".into()),
        changed("url", "/articles/1".into()),
        changed("url", format!("http://localhost:{port}/articles/1").into()),
        changed("url", format!("https://127.0.0.1:{port}/articles/1").into()),
        changed("url", "http://127.0.0.1/articles/1".into()),
        changed("url", format!("{}//evil.example/", stage.url).into()),
        changed(
            "url",
            format!("http://127.0.0.1:{port}@evil.example/").into(),
        ),
        changed("url", Value::Null),
        changed("tip", 1.into()),
        changed("token", 1.into()),
        without_method,
        json!([token, null, "GET", "u"]),
        json!("cashuB"),
    ] {
        let answer = send(&stage, &wrong).await;
        assert_eq!(refused(&answer), (400, 40001), "{wrong}");
        assert!(!answer.text().contains(&token), "{}", answer.text());
        assert!(
            answer.text().contains("nothing was spent"),
            "{}",
            answer.text()
        );
    }
    // Too long a body, one that is cut off, and one that never ends.
    let long = changed("token", "a".repeat(70_000).into());
    assert_eq!(refused(&send(&stage, &long).await), (413, 41301));
    let json = |body: &'static str| {
        let request = stage.request("POST", PAY).header("origin", ORIGIN);
        request
            .header("content-type", "Application/JSON; charset=utf-8")
            .body(body)
    };
    assert_eq!(
        refused(&Answer::of(json("{\"token\":")).await),
        (400, 40001)
    );
    let slow = never_ending(&stage.url).await;
    assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
    assert!(
        slow.contains("\r\naccess-control-allow-origin: *\r\n"),
        "{slow}"
    );
    assert!(slow.contains("\"code\":40801"), "{slow}");
    assert_eq!(stage.upstream.asked(), 0);
    stage.assert_unspent(&tokens).await;
}

/// The answer to an order whose body never ends.
async fn never_ending(url: &str) -> String {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {PAY} HTTP/1.1\r\nHost: {address}\r\nOrigin: {ORIGIN}\r\nContent-Length: 99\r\n\
         Content-Type: application/json\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn what_is_sent_along_makes_no_difference() {
    let stage = Stage::open().await;
    let first = stage.pay("/articles/1", &stage.tokens(&[1, 2]).await).await;
    let pair = first
        .header("set-cookie")
        .unwrap()
        .split("; ")
        .next()
        .unwrap();
    let token = stage.header(&stage.tokens(&[1, 2]).await);
    let another = stage.header(&stage.tokens(&[1, 2]).await);
    let request = stage
        .request("POST", PAY)
        .header("cookie", format!("session=1; {pair}"))
        .header("authorization", "Basic YTpi")
        .header("x-cashu-receipt", first.header("x-cashu-receipt").unwrap())
        .header("x-cashu", another)
        .header("x-cashu-outputs", "outAoA")
        .header("accept", "text/html")
        .header("range", "bytes=0-1")
        .json(&order(&stage, &token, "/articles/1#part"));
    let paid = Answer::of(request).await;
    receipt_of(&paid);
    assert_eq!(paid.json()["url"], format!("{}/articles/1", stage.url));
    // The receipt that it showed does not stand in for the payment, and the other token is not touched.
    assert_eq!(stage.income().await, 2 * PRICE);
    let seen = stage.upstream.seen();
    for absent in ["cookie", "authorization", "range", "x-cashu-receipt"] {
        assert!(!seen.contains_key(absent), "{absent}");
    }
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn pages_of_any_origin_may_send_orders_and_nothing_else() {
    // Also where the settings let no page read what the paywall answers.
    for origins in [vec!["*"], Vec::new(), vec!["https://reader.example"]] {
        let allowed = farthing_publisher::AllowedOrigins::parse(&origins).unwrap();
        let is_any = origins == ["*"];
        let stage = Stage::with(|settings| settings.allowed_origins = allowed).await;
        let preflight = |path: &str| {
            stage
                .request("OPTIONS", path)
                .header("origin", ORIGIN)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type")
        };
        let answer = Answer::of(preflight(PAY)).await;
        assert_eq!((answer.status, answer.text()), (204, ""));
        assert_cors(&answer.headers, Some("*"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("content-type")
        );
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
        for path in [OPEN, SCRIPT, "/free", "/articles/1"] {
            assert_cors(&Answer::of(preflight(path)).await.headers, None);
        }
        let token = stage.header(&stage.tokens(&[1, 2]).await);
        let receipt = receipt_of(&send(&stage, &order(&stage, &token, "/articles/1")).await);
        let opened = open(&stage, &[("receipt", &receipt), ("url", "/articles/1")]).await;
        assert_eq!(opened.status, 303);
        assert_cors(&opened.headers, None);
        let script = stage.request("GET", SCRIPT).header("origin", ORIGIN);
        assert_cors(&Answer::of(script).await.headers, None);
        // Other answers of the paywall's own are shared as the settings say.
        let asked = stage.request("GET", "/articles/1").header("origin", ORIGIN);
        let asked = Answer::of(asked).await;
        assert_eq!(asked.status, 402);
        assert_cors(&asked.headers, is_any.then_some("*"));
    }
}

#[tokio::test]
async fn a_receipt_opens_the_page_that_it_is_for_and_no_other() {
    let stage = Stage::open().await;
    let token = stage.header(&stage.tokens(&[1, 2]).await);
    let receipt = receipt_of(&send(&stage, &order(&stage, &token, "/articles/1")).await);
    // To the page that has what was bought as a part of it.
    let part = [
        ("receipt", receipt.as_str()),
        ("url", "/articles/1"),
        ("page", "/free?x=y"),
    ];
    let opened = open(&stage, &part).await;
    assert_eq!(opened.header("location"), Some("/free?x=y"));
    let page = with_cookie(&stage, &opened, "/articles/1").await;
    assert_eq!((page.status, page.text()), (200, "article 1"));

    let others = Stage::open().await;
    let token = others.header(&others.tokens(&[1, 2]).await);
    let of_another = receipt_of(&send(&others, &order(&others, &token, "/articles/1")).await);
    let altered = format!("{receipt}A");
    for (receipt, url, why) in [
        (
            receipt.as_str(),
            "/articles/2",
            "the receipt is for another page than this",
        ),
        (
            &receipt,
            "/articles/1?a=b",
            "the receipt is for another page than this",
        ),
        (
            &altered,
            "/articles/1",
            "this is not a receipt of this site",
        ),
        (
            &of_another,
            "/articles/1",
            "this is not a receipt of this site",
        ),
        ("", "/articles/1", "this is not a receipt of this site"),
    ] {
        let refused = open(&stage, &[("receipt", receipt), ("url", url)]).await;
        assert_eq!(refused.status, 402, "{url}");
        refused.assert_free();
        assert_eq!(refused.payment_request().amount, Some(PRICE));
        let html = "text/html; charset=utf-8";
        assert_eq!(refused.header("content-type"), Some(html));
        assert!(refused.text().contains(why), "{}", refused.text());
        assert!(refused.text().contains("nothing was charged now"));
    }
    let fields = [("receipt", altered.as_str()), ("url", "/articles/1")];
    let told = Answer::of(stage.request("POST", OPEN).form(&fields)).await;
    assert_eq!(told.refusal(), (402, 40202));
    assert_eq!(stage.income().await, PRICE);
    assert_eq!(stage.upstream.asked(), 2);
}

#[tokio::test]
async fn a_receipt_leads_to_this_site_alone_and_to_what_is_free_without_a_cookie() {
    let stage = Stage::open().await;
    let token = stage.header(&stage.tokens(&[1, 2]).await);
    let receipt = receipt_of(&send(&stage, &order(&stage, &token, "/articles/1")).await);
    for (url, page) in [
        ("//evil.example/", "/free"),
        ("/articles/1", "//evil.example/"),
        ("/articles/1", "https://evil.example"),
        ("/articles/1", "/\\evil.example"),
        ("javascript:alert(1)", "/free"),
        ("", "/free"),
    ] {
        let fields = [("receipt", receipt.as_str()), ("url", url), ("page", page)];
        let refused = open(&stage, &fields).await;
        assert_eq!((refused.status, refused.header("location")), (400, None));
        refused.assert_free();
    }
    let free = open(&stage, &[("receipt", &receipt), ("url", "/free")]).await;
    assert_eq!((free.status, free.header("location")), (303, Some("/free")));
    free.assert_free();
}

#[tokio::test]
async fn the_page_has_a_button_that_leads_to_the_wallet() {
    let stage = with_wallet().await;
    let asked = stage.get("/articles/7?a=b&c=d").await;
    let (request, keysets) = (asked.header("x-cashu"), asked.header("x-cashu-keysets"));
    let url = format!("{}/articles/7?a=b&c=d", stage.url);
    let escaped = url
        .replace(':', "%3A")
        .replace('/', "%2F")
        .replace('?', "%3F");
    let escaped = escaped.replace('=', "%3D").replace('&', "%26");
    let (request, keysets) = (request.unwrap(), keysets.unwrap());
    let link = format!("{WALLET}#pay={request}&url={escaped}&keysets={keysets}");
    assert_eq!(asked.json()["pay"], link.as_str());
    assert_eq!(asked.json()["price"], "3 credit");
    let page = stage
        .request("GET", "/articles/7?a=b&c=d")
        .header("accept", "text/html");
    let page = Answer::of(page).await;
    let button = format!(
        "<a class=\"button\" href=\"{}\"",
        link.replace('&', "&amp;")
    );
    assert!(page.text().contains(&button), "{}", page.text());
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
    // Only a GET of an address can be bought so.
    let post = Answer::of(stage.request("POST", "/api").body("x")).await;
    assert_eq!(post.refusal(), (402, 40201));
    assert_eq!(post.json().get("pay"), None);
}

#[tokio::test]
async fn the_button_leads_to_the_wallet_of_the_mint_if_it_serves_one() {
    let stage = Stage::open().await;
    let asked = stage.get("/articles/7").await;
    let wallet = format!("{}/wallet/#pay=creqA", stage.scene.mint.url().unwrap());
    let told = asked.json();
    let link = told["pay"].as_str().unwrap();
    assert!(link.starts_with(&wallet), "{link}");

    let scene = Scene::with(crate::BINARY, &[("WALLET", "false")]).await;
    let scene = scene.unwrap();
    let mint = scene.mint.url().unwrap().to_owned();
    let stage = Stage::on(scene, &mint, |_| {}).await;
    let asked = stage.get("/articles/7").await;
    assert_eq!(asked.refusal(), (402, 40201));
    assert_eq!(asked.json().get("pay"), None);
    let page = stage
        .request("GET", "/articles/7")
        .header("accept", "text/html");
    let page = Answer::of(page).await;
    assert!(!page.text().contains("class=\"button\""));
}

#[tokio::test]
async fn the_script_is_served_and_no_price_is_asked_for_it() {
    let stage = Stage::open().await;
    for method in ["GET", "HEAD"] {
        let script = Answer::of(stage.request(method, SCRIPT)).await;
        assert_eq!(script.status, 200);
        let kind = "text/javascript; charset=utf-8";
        assert_eq!(script.header("content-type"), Some(kind));
        assert_eq!(script.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(script.header("cache-control"), Some("public, max-age=3600"));
        assert_eq!(script.text().contains("data-farthing"), method == "GET");
    }
    assert_eq!(stage.upstream.asked(), 0);
    let post = Answer::of(stage.request("POST", SCRIPT)).await;
    assert_eq!(post.status, 404, "the site's own");
}

#[tokio::test]
async fn with_another_pay_path_wallets_are_not_sent_here() {
    let stage = Stage::with(|settings| {
        settings.wallet_url = Some(WALLET.to_owned());
        settings.pay_path = "/articles/.farthing/pay".to_owned();
    })
    .await;
    let asked = stage.get("/articles/7").await;
    assert_eq!(asked.refusal(), (402, 40201));
    assert_eq!(asked.json().get("pay"), None);
    for (method, path) in [("GET", SCRIPT), ("POST", OPEN), ("POST", PAY)] {
        let elsewhere = Answer::of(stage.request(method, path)).await;
        assert_eq!(elsewhere.status, 404, "{path}: the site's own");
    }
    assert_eq!(stage.upstream.asked(), 3);
}
