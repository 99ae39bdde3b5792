//! Receipts: what was bought is free for a while, here and for nobody else.

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
async fn a_receipt_expires_and_another_publishers_is_none() {
    let stage = Stage::with(|settings| settings.receipt_hours = 0).await;
    let tokens = stage.tokens(&[1, 2]).await;
    let paid = stage.pay("/articles/1", &tokens).await;
    let receipt = paid.bought("article 1");
    assert_eq!(receipt.expires, receipt.issued);
    let shown = paid.header("x-cashu-receipt").unwrap();
    let request = stage.request("GET", "/articles/1");
    let expired = Answer::of(request.header("x-cashu-receipt", shown)).await;
    assert_eq!(expired.refusal(), (402, 40201));

    let mut forged = receipt;
    forged.expires += 1_000_000;
    let forger = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let request = stage.request("GET", "/articles/1");
    let forged = Answer::of(request.header("x-cashu-receipt", forged.sign(&forger))).await;
    assert_eq!(forged.refusal(), (402, 40201));
    // The token still fetches what it bought.
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    assert_eq!(stage.income().await, PRICE);
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
