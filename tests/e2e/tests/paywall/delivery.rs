//! Only a delivered answer is charged.

use farthing_publisher::Charged;

use crate::stage::{Answer, PRICE, Stage};

#[tokio::test]
async fn what_is_no_success_is_passed_on_free_and_the_token_stays_the_readers() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    for status in [301, 400, 402, 403, 404, 429, 500, 503] {
        let path = format!("/status/{status}");
        let answer = stage.pay(&path, &tokens).await;
        assert_eq!((answer.status, answer.text()), (status, "as it is"));
        assert_eq!(answer.header("x-upstream"), Some("kept"));
        answer.assert_free();
    }
    assert_eq!(stage.income().await, 0);
    // The same token buys what is delivered.
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn every_success_and_not_modified_is_charged_once_each() {
    let stage = Stage::open().await;
    for (paid, status) in (1..).zip([200, 201, 206, 304]) {
        let tokens = stage.tokens(&[1, 2]).await;
        let answer = stage.pay(&format!("/status/{status}"), &tokens).await;
        assert_eq!(answer.status, status);
        let receipt = answer.header("x-cashu-receipt").unwrap();
        assert_ne!(receipt, "forged");
        assert_eq!(stage.income().await, paid * PRICE);
    }
}

#[tokio::test]
async fn the_publisher_chooses_what_is_charged() {
    let charged = Charged::parse(&["404"]).unwrap();
    let stage = Stage::with(|settings| settings.charged = charged).await;
    let tokens = stage.tokens(&[1, 2]).await;
    let free = stage.pay("/articles/1", &tokens).await;
    assert_eq!((free.status, free.text()), (200, "article 1"));
    free.assert_free();
    assert_eq!(stage.income().await, 0);
    let charged = stage.pay("/status/404", &tokens).await;
    assert_eq!(charged.status, 404);
    assert!(charged.header("x-cashu-receipt").is_some());
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn an_endless_answer_is_charged_at_its_head_and_streamed() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let request = stage.request("GET", "/events");
    let request = request.header("x-cashu", stage.header(&tokens));
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-cashu-receipt"));
    assert_eq!(stage.income().await, PRICE);
    let mut read = String::new();
    while !read.contains("data: 2000\n") {
        let chunk = answer.chunk().await.unwrap().expect("more events");
        read.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(read.starts_with("data: 0\n\ndata: 1\n\n"));
}

#[tokio::test]
async fn a_head_request_costs_what_the_page_costs_and_is_one_purchase_with_it() {
    let stage = Stage::open().await;
    let unpaid = Answer::of(stage.request("HEAD", "/articles/1")).await;
    assert_eq!(unpaid.status, 402);
    assert_eq!(unpaid.payment_request().amount, Some(PRICE));
    let tokens = stage.tokens(&[1, 2]).await;
    let request = stage.request("HEAD", "/articles/1");
    let head = Answer::of(request.header("x-cashu", stage.header(&tokens))).await;
    assert_eq!(head.status, 200);
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    assert_eq!(stage.income().await, PRICE);
}
