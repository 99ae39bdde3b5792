//! Receipts: what was bought is free for a while, here and for nobody else.

use farthing_publisher::{Charged, Paywall};

use crate::stage::{Answer, PRICE, Stage};

#[tokio::test]
async fn a_receipt_opens_what_was_bought_and_nothing_else() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let paid = stage.pay("/articles/1", &tokens).await;
    paid.bought("article 1");
    let receipt = paid.header("x-cashu-receipt").unwrap();
    let show = async |path: &str| {
        let request = stage.request("GET", path);
        Answer::of(request.header("x-cashu-receipt", receipt)).await
    };
    let again = show("/articles/1").await;
    assert_eq!((again.status, again.text()), (200, "article 1"));
    again.assert_free();
    assert_eq!(again.header("cache-control"), Some("private, max-age=60"));
    assert!(!stage.upstream.seen().contains_key("x-cashu-receipt"));
    assert_eq!(show("/articles/2").await.refusal(), (402, 40201));
    assert_eq!(show("/articles/1?page=2").await.refusal(), (402, 40201));
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn whoever_has_a_receipt_does_not_pay_even_with_a_token() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let paid = stage.pay("/articles/1", &tokens).await;
    let more = stage.tokens(&[1, 2]).await;
    let request = stage.request("GET", "/articles/1");
    let request = request.header("x-cashu-receipt", paid.header("x-cashu-receipt").unwrap());
    let answer = Answer::of(request.header("x-cashu", stage.header(&more))).await;
    assert_eq!(answer.status, 200);
    answer.assert_free();
    stage.assert_unspent(&more).await;
}

#[tokio::test]
async fn a_browser_shows_its_cookie() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let paid = stage.pay("/articles/1", &tokens).await;
    let cookie = paid.header("set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "Path=/articles/1; Max-Age=86400; HttpOnly; SameSite=Lax"
    );
    let request = stage.request("GET", "/articles/1");
    let answer = Answer::of(request.header("cookie", format!("a=b; {pair}"))).await;
    assert_eq!(answer.status, 200);
    answer.assert_free();
    assert_eq!(stage.upstream.seen()["cookie"], "a=b");
}

#[tokio::test]
async fn a_receipt_for_a_body_opens_that_body_alone() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let request = stage.request("POST", "/api").body("one");
    let paid = Answer::of(request.header("x-cashu", stage.header(&tokens))).await;
    let receipt = paid.header("x-cashu-receipt").unwrap();
    let show = async |body: &'static str| {
        let request = stage.request("POST", "/api").body(body);
        Answer::of(request.header("x-cashu-receipt", receipt)).await
    };
    assert_eq!(show("one").await.status, 200);
    assert_eq!(show("two").await.refusal(), (402, 40201));
    assert_eq!(show("").await.refusal(), (402, 40201));
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn another_publishers_receipt_is_none() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let paid = stage.pay("/articles/1", &tokens).await;
    let mut forged = paid.bought("article 1");
    forged.expires += 1_000_000;
    let forger = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let request = stage.request("GET", "/articles/1");
    let forged = Answer::of(request.header("x-cashu-receipt", forged.sign(&forger))).await;
    assert_eq!(forged.refusal(), (402, 40201));
    // The token still fetches what it bought.
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    assert_eq!(stage.income().await, PRICE);
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").expect("a cookie");
    cookie.split("; ").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_foreign_cookie_of_any_bytes_hides_no_receipt_and_takes_none_along() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let ours = cookie(&stage.pay("/articles/1", &tokens).await);
    let ours = ours.as_bytes();
    let name = ours.split(|byte| *byte == b'=').next().unwrap();
    let foreign: [&[u8]; 3] = ["name=José".as_bytes(), b"name=Jos\xe9", b"a=\"b\"; c"];
    for foreign in foreign {
        // Beside it a junk cookie of the receipt's own name, which comes first.
        let line = [foreign, b"; ", name, b"=junk; ", ours].concat();
        let line = reqwest::header::HeaderValue::from_bytes(&line).unwrap();
        let request = stage.request("GET", "/articles/1").header("cookie", line);
        // And a token that is none: the receipt comes first.
        let answer = Answer::of(request.header("x-cashu", "cashuBgarbage")).await;
        assert_eq!((answer.status, answer.text()), (200, "article 1"));
        answer.assert_free();
        assert_eq!(stage.upstream.seen()["cookie"].as_bytes(), foreign);
    }
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn a_long_url_opens_by_its_cookie_and_one_that_no_receipt_can_name_is_not_sold() {
    let stage = Stage::open().await;
    for length in [2800, 8000] {
        let path = format!("/articles/1?q={}", "x".repeat(length));
        let paid = stage.pay(&path, &stage.tokens(&[1, 2]).await).await;
        paid.bought("article 1");
        assert!(paid.header("set-cookie").unwrap().len() < 4096);
        let request = stage.request("GET", &path);
        let again = Answer::of(request.header("cookie", cookie(&paid))).await;
        assert_eq!(again.status, 200);
        let request = stage.request("GET", &path);
        let receipt = paid.header("x-cashu-receipt").unwrap();
        let again = Answer::of(request.header("x-cashu-receipt", receipt)).await;
        assert_eq!(again.status, 200);
    }
    let asked = stage.upstream.asked();
    let tokens = stage.tokens(&[1, 2]).await;
    let path = format!("/articles/1?q={}", "x".repeat(8200));
    let refused = stage.pay(&path, &tokens).await;
    assert_eq!(refused.refusal(), (400, 40001));
    assert_eq!(stage.upstream.asked(), asked);
    stage.assert_unspent(&tokens).await;
}

#[tokio::test]
async fn a_receipt_for_one_body_is_not_in_the_way_of_paying_for_another() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let post = async |body: &'static str, cookie: &str, token: &str| {
        let request = stage.request("POST", "/api").body(body);
        Answer::of(request.header("cookie", cookie).header("x-cashu", token)).await
    };
    let paid = post("one", "a=b", &stage.header(&tokens)).await;
    let ours = cookie(&paid);
    let more = stage.tokens(&[1, 2]).await;
    let other = post("other", &ours, &stage.header(&more)).await;
    assert_eq!((other.status, other.text()), (200, "{\"bytes\":5}"));
    assert_eq!(stage.income().await, 2 * PRICE);
    // Garbage beside the receipt does not matter for its body, and is refused for another.
    assert_eq!(post("one", &ours, "garbage").await.status, 200);
    let refused = post("third", &ours, "garbage").await;
    assert_eq!(refused.refusal(), (400, 40001));
    assert_eq!(stage.income().await, 2 * PRICE);
}

#[tokio::test]
async fn forty_pages_of_one_path_fit_into_a_cookie_header_and_the_newest_open() {
    let stage = Stage::open().await;
    let mut jar: Vec<String> = Vec::new();
    let with_jar = |n: usize, jar: &[String]| {
        let request = stage.request("GET", &format!("/articles/1?v={n}"));
        request.header("cookie", jar.join("; "))
    };
    for n in 0..40 {
        let token = stage.header(&stage.tokens(&[1, 2]).await);
        let paid = Answer::of(with_jar(n, &jar).header("x-cashu", token)).await;
        assert_eq!(paid.status, 200);
        for line in paid.headers.get_all("set-cookie") {
            let (pair, attributes) = line.to_str().unwrap().split_once("; ").unwrap();
            let name = pair.split('=').next().unwrap();
            assert!(attributes.starts_with("Path=/articles/1; "), "{attributes}");
            match attributes.contains("Max-Age=0;") {
                true => jar.retain(|kept| !kept.starts_with(name)),
                false => jar.push(pair.to_owned()),
            }
        }
        assert!(jar.join("; ").len() < 4096);
    }
    assert_eq!(jar.len(), 32);
    for n in [39, 20, 8] {
        assert_eq!(Answer::of(with_jar(n, &jar)).await.status, 200, "{n}");
    }
    assert_eq!(Answer::of(with_jar(7, &jar)).await.status, 402);
}

#[tokio::test]
async fn what_charges_and_could_not_be_opened_is_refused_at_the_start() {
    let stage = Stage::open().await;
    for (settings, name) in [
        (
            stage.with_settings(|s| s.receipt_hours = 0),
            "receipt_hours",
        ),
        (
            stage.with_settings(|s| s.charged = Charged::parse::<&str>(&[]).unwrap()),
            "charged",
        ),
        (
            stage.with_settings(|s| s.public_url = Some("https://u:p@x".to_owned())),
            "public_url",
        ),
        (
            stage.with_settings(|s| s.pay_path = "pay".to_owned()),
            "pay_path",
        ),
    ] {
        let refused = Paywall::open(settings, |_| None).await.err().unwrap();
        let refused = refused.to_string();
        assert!(refused.starts_with(name), "{refused}");
        assert!(!refused.contains("u:p"), "{refused}");
    }
    // The folder has its owner.
    let second = Paywall::open(stage.with_settings(|_| {}), |_| None).await;
    let refused = second.err().unwrap().to_string();
    assert!(
        refused.contains("another paywall is running on this folder"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_publishers_records_name_no_page_and_hold_no_token() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[4]).await;
    let blanks = stage.blanks(&[1]);
    stage
        .pay_with_change("/articles/1", &tokens, &blanks)
        .await
        .bought("article 1");
    let secret = tokens[0].proof.secret.expose().to_owned();
    let traces = [
        secret.clone().into_bytes(),
        hex::decode(&secret).unwrap(),
        tokens[0].proof.c.as_bytes().to_vec(),
        blanks.outputs[0].b.as_bytes().to_vec(),
        b"articles".to_vec(),
        b"127.0.0.1".to_vec(),
    ];
    let mut searched = 0;
    for file in std::fs::read_dir(stage.scene.folder().join("publisher")).unwrap() {
        let path = file.unwrap().path();
        // What the mint says of itself, its address with it.
        if path.ends_with("mint.json") {
            continue;
        }
        let bytes = std::fs::read(path).unwrap();
        searched += bytes.len();
        for trace in &traces {
            let found = bytes.windows(trace.len()).any(|window| window == trace);
            assert!(!found, "{}", String::from_utf8_lossy(trace));
        }
    }
    assert!(searched > 4096, "the record is there: {searched} bytes");
}
