//! Exactly once: a payment belongs to one request, and is charged for it once, whatever breaks.

use farthing_testkit::proxy::{Fault, Proxy};
use farthing_testkit::scene::Scene;

use crate::stage::{Answer, PRICE, Stage};

#[tokio::test]
async fn the_same_request_again_is_served_again_and_not_charged_again() {
    let mut stage = Stage::open().await;
    let tokens = stage.tokens(&[4]).await;
    let blanks = stage.blanks(&[1]);
    let first = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
    first.bought("article 1");
    let again = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
    again.bought("article 1");
    assert_eq!(again.signatures(), first.signatures());
    assert_eq!(stage.income().await, PRICE);
    stage.restart().await;
    let later = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
    // Another port is another URL, and the token belongs to the first.
    assert_eq!(later.refusal(), (400, 40008));
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn a_restarted_paywall_remembers() {
    let public = |settings: &mut farthing_publisher::Settings| {
        settings.public_url = Some("https://gazette.example".to_owned());
    };
    let mut stage = Stage::with(public).await;
    let tokens = stage.tokens(&[1, 2]).await;
    let receipt = stage.pay("/articles/1", &tokens).await.bought("article 1");
    assert_eq!(receipt.resource, "GET https://gazette.example/articles/1");
    stage.restart().await;
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    assert_eq!(
        stage.pay("/articles/2", &tokens).await.refusal(),
        (400, 40008)
    );
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn the_same_token_buys_nothing_else() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    assert_eq!(
        stage.pay("/articles/2", &tokens).await.refusal(),
        (400, 40008)
    );
    let query = stage.pay("/articles/1?page=2", &tokens).await;
    assert_eq!(query.refusal(), (400, 40008));
    let post = stage.request("POST", "/articles/1");
    let post = Answer::of(post.header("x-cashu", stage.header(&tokens))).await;
    assert_eq!(post.refusal(), (400, 40008));
    let blanks = stage.blanks(&[1]);
    let more = stage.tokens(&[1]).await;
    let mixed: Vec<_> = tokens.iter().chain(&more).cloned().collect();
    let other = stage.pay_with_change("/articles/1", &mixed, &blanks).await;
    assert_eq!(other.refusal(), (400, 40008));
    assert_eq!(stage.income().await, PRICE);
    stage.assert_unspent(&more).await;
    stage.pay("/articles/1", &tokens).await.bought("article 1");
}

#[tokio::test]
async fn the_same_token_with_another_body_buys_nothing() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let ask = async |body: &'static str| {
        let request = stage.request("POST", "/api").body(body);
        Answer::of(request.header("x-cashu", stage.header(&tokens))).await
    };
    ask("one").await.bought(r#"{"bytes":3}"#);
    assert_eq!(ask("three").await.refusal(), (400, 40008));
    assert_eq!(ask("").await.refusal(), (400, 40008));
    ask("one").await.bought(r#"{"bytes":3}"#);
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn many_at_once_with_one_token_are_one_charge_and_all_are_served() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[4]).await;
    let blanks = stage.blanks(&[1]);
    let one = || stage.pay_with_change("/articles/1", &tokens, &blanks);
    let answers = futures_util::future::join_all((0..16).map(|_| one())).await;
    for answer in &answers {
        answer.bought("article 1");
        assert_eq!(answer.signatures(), answers[0].signatures());
    }
    assert_eq!(stage.income().await, PRICE);
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn many_at_once_for_different_pages_buy_one_of_them() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let paths: Vec<String> = (0..16).map(|n| format!("/articles/{n}")).collect();
    let all = paths.iter().map(|path| stage.pay(path, &tokens));
    let answers = futures_util::future::join_all(all).await;
    let served = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(served.count(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.refusal(), (400, 40008));
    }
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn a_spent_token_is_refused_and_its_company_is_free() {
    let stage = Stage::open().await;
    let spent = stage.tokens(&[1]).await;
    stage.assert_unspent(&spent).await;
    let good = stage.tokens(&[2]).await;
    let both = [spent[0].clone(), good[0].clone()];
    assert_eq!(
        stage.pay("/articles/1", &both).await.refusal(),
        (400, 11001)
    );
    assert_eq!(stage.income().await, 0);
    // Nothing binds the good one to that request.
    let fresh = stage.tokens(&[1]).await;
    let both = [fresh[0].clone(), good[0].clone()];
    stage.pay("/articles/2", &both).await.bought("article 2");
    assert_eq!(stage.income().await, PRICE);
}

/// A stage whose paywall reaches the mint through a proxy that breaks connections.
async fn behind_a_proxy() -> (Stage, Proxy) {
    let scene = Scene::start(crate::BINARY).await.unwrap();
    let proxy = Proxy::start(scene.mint.url().unwrap()).unwrap();
    let url = proxy.url();
    (Stage::on(scene, &url, |_| {}).await, proxy)
}

#[tokio::test]
async fn when_the_mints_answer_is_lost_the_same_request_tells() {
    for fault in [
        Fault::DropRequest,
        Fault::TruncateRequest,
        Fault::DropAnswer,
        Fault::TruncateAnswer,
    ] {
        let (stage, proxy) = behind_a_proxy().await;
        let tokens = stage.tokens(&[4]).await;
        let blanks = stage.blanks(&[1]);
        proxy.script([(1, fault)]);
        let answer = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
        assert_eq!(answer.refusal(), (503, 50301), "{fault:?}");
        assert_eq!(answer.header("retry-after"), Some("2"));
        let reached = matches!(fault, Fault::DropAnswer | Fault::TruncateAnswer);
        assert_eq!(stage.income().await, if reached { PRICE } else { 0 });
        // Until then it buys nothing else.
        let other = stage.pay_with_change("/articles/2", &tokens, &blanks).await;
        assert_eq!(other.refusal(), (400, 40008), "{fault:?}");
        let again = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
        again.bought("article 1");
        let change = blanks.unblind(&again.signatures()).unwrap();
        stage.assert_unspent(&change).await;
        assert_eq!(stage.income().await, PRICE, "{fault:?}");
    }
}

#[tokio::test]
async fn when_the_mint_is_away_nothing_is_spent_and_what_was_paid_is_served() {
    let mut stage = Stage::open().await;
    let paid = stage.tokens(&[1, 2]).await;
    stage.pay("/articles/1", &paid).await.bought("article 1");
    let tokens = stage.tokens(&[1, 2]).await;
    let address = stage.scene.mint.url().unwrap().to_owned();
    let listen = address.trim_start_matches("http://").to_owned();
    stage.scene.mint.stop().unwrap();
    assert_eq!(
        stage.pay("/articles/2", &tokens).await.refusal(),
        (503, 50301)
    );
    stage.pay("/articles/1", &paid).await.bought("article 1");
    stage.scene.mint.start_at(&listen).unwrap();
    assert_eq!(stage.income().await, PRICE);
    stage.pay("/articles/2", &tokens).await.bought("article 2");
    assert_eq!(stage.income().await, 2 * PRICE);
}

#[tokio::test]
async fn a_reader_that_hangs_up_can_come_back() {
    let stage = Stage::open().await;
    for round in 1..=20 {
        let tokens = stage.tokens(&[1, 2]).await;
        let path = format!("/articles/{round}");
        let request = stage.request("GET", &path);
        let request = request.header("x-cashu", stage.header(&tokens));
        // Hangs up somewhere on the way, a little later each time.
        let patience = std::time::Duration::from_micros(400 * round);
        let _ = tokio::time::timeout(patience, request.send()).await;
        let expected = format!("article {round}");
        stage.pay(&path, &tokens).await.bought(&expected);
        assert_eq!(stage.income().await, round * PRICE);
    }
}
