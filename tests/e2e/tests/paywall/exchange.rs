//! The exchange: the price, the payment, the change.

use farthing_protocol::api::path;
use farthing_protocol::payment::PaymentRequest;
use farthing_testkit::client::redeem_body;
use farthing_testkit::scene::Scene;

use crate::stage::{Answer, FUNDS, PRICE, Stage};

#[tokio::test]
async fn a_request_that_pays_nothing_is_told_the_price_and_goes_no_further() {
    let stage = Stage::open().await;
    let answer = stage.get("/articles/7").await;
    assert_eq!(answer.refusal(), (402, 40201));
    let mint = stage.scene.mint.url().unwrap().to_owned();
    let expected = PaymentRequest {
        amount: Some(PRICE),
        unit: Some("credit".to_owned()),
        mints: vec![mint.clone()],
        description: Some("Article 7".to_owned()),
        ..PaymentRequest::default()
    };
    assert_eq!(answer.payment_request(), expected);
    assert!(answer.header("x-cashu").unwrap().starts_with("creqA"));
    assert_eq!(answer.header("x-cashu-outputs"), Some("outA"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert_eq!(body["amount"], PRICE);
    assert_eq!(body["unit"], "credit");
    assert_eq!(body["mints"], serde_json::json!([mint]));
    assert_eq!(body["description"], "Article 7");
    assert_eq!(body["request"], answer.header("x-cashu").unwrap());
    assert_eq!(stage.upstream.asked(), 0);
}

#[tokio::test]
async fn a_browser_gets_a_page() {
    let stage = Stage::open().await;
    let accept = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";
    let request = stage.request("GET", "/articles/7").header("accept", accept);
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 402);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(answer.header("content-security-policy").is_some());
    assert_eq!(answer.payment_request().amount, Some(PRICE));
    assert!(answer.text().contains("credit"));
}

#[tokio::test]
async fn what_is_free_passes_but_for_what_is_the_paywalls() {
    let stage = Stage::open().await;
    let request = stage.request("GET", "/free");
    let request = request
        .header("x-cashu", "anything")
        .header("x-other", "kept");
    let answer = Answer::of(request).await;
    assert_eq!((answer.status, answer.text()), (200, "free"));
    answer.assert_free();
    assert_eq!(answer.header("cache-control"), None);
    let seen = stage.upstream.seen();
    assert_eq!(seen["x-other"], "kept");
    assert!(!seen.contains_key("x-cashu"), "no token goes further");
}

#[tokio::test]
async fn an_exact_token_buys_the_page_and_does_not_reach_it() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let answer = stage.pay("/articles/7", &tokens).await;
    let receipt = answer.bought("article 7");
    assert_eq!(receipt.issuer, "The Gazette");
    assert_eq!(receipt.resource, format!("GET {}/articles/7", stage.url));
    assert_eq!((receipt.amount, receipt.unit.as_str()), (PRICE, "credit"));
    assert_eq!(receipt.mint, stage.scene.mint.url().unwrap());
    assert_eq!(receipt.issued % 60, 0);
    assert_eq!(receipt.expires, receipt.issued + 24 * 3600);
    assert_eq!(answer.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(answer.header("x-cashu-signatures"), None);
    let seen = stage.upstream.seen();
    assert!(!seen.contains_key("x-cashu") && !seen.contains_key("x-cashu-outputs"));
    assert_eq!(stage.income().await, PRICE);
    stage.assert_spent(&tokens).await;
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn change_comes_back_with_the_answer_and_is_worth_what_it_says() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[8]).await;
    let blanks = stage.blanks(&[1, 4]);
    let answer = stage.pay_with_change("/articles/7", &tokens, &blanks).await;
    answer.bought("article 7");
    let change = blanks.unblind(&answer.signatures()).unwrap();
    assert_eq!(stage.income().await, PRICE);
    stage.assert_unspent(&change).await;
    let sheet = stage.scene.books().unwrap();
    assert_eq!(sheet.accounts_total(), (FUNDS - 8 + PRICE).cast_signed());
}

#[tokio::test]
async fn a_program_posts_and_pays_and_the_body_arrives() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let body = "x".repeat(300_000);
    let request = stage.request("POST", "/api").body(body);
    let answer = Answer::of(request.header("x-cashu", stage.header(&tokens))).await;
    let receipt = answer.bought(r#"{"bytes":300000}"#);
    assert!(receipt.body.is_some());
    assert_eq!(receipt.resource, format!("POST {}/api", stage.url));
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn the_mints_fee_is_the_publishers() {
    let fee = [("INPUT_FEE_PPK", "400")];
    let scene = Scene::with(crate::BINARY, &fee).await.unwrap();
    let mint = scene.mint.url().unwrap().to_owned();
    let stage = Stage::on(scene, &mint, |_| {}).await;
    stage.scene.mint.run(&["keyset", "rotate"]).unwrap();
    let keyset = stage.scene.client.keyset().await.unwrap();
    let reader = stage.scene.mint.account("second", "withdraw", 10).unwrap();
    let tokens = stage
        .scene
        .client
        .withdraw(&reader, &keyset, PRICE)
        .await
        .unwrap();
    let mut answer = stage.pay("/articles/7", &tokens).await;
    // The paywall learns of new keysets when a token names one, at most every ten seconds.
    while answer.status == 400 {
        assert_eq!(answer.refusal(), (400, 12001));
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        answer = stage.pay("/articles/7", &tokens).await;
    }
    answer.bought("article 7");
    assert_eq!(stage.income().await, PRICE - 1);
    // The fee does not hide in a second charge.
    let again = redeem_body(farthing_testkit::client::proofs(&tokens), None);
    let publisher = stage.scene.mint.account("other", "redeem", 0).unwrap();
    let reply = stage
        .scene
        .client
        .post(path::REDEEM, Some(&publisher), again)
        .await
        .unwrap();
    assert_eq!(reply.refusal().unwrap(), (400, 11001));
    stage.scene.books().unwrap();
}
