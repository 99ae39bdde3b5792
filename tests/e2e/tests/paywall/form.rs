//! Paying from a browser without a wallet in it: a pasted token, and the cookie that it gives.

use crate::stage::{Answer, PRICE, Stage};

const PAY: &str = "/.well-known/farthing/pay";

async fn paste(stage: &Stage, token: &str, url: &str) -> Answer {
    let form = [("token", token), ("url", url)];
    let request = stage.request("POST", PAY).header("accept", "text/html");
    Answer::of(request.form(&form)).await
}

#[tokio::test]
async fn a_pasted_token_opens_the_page() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let whole = format!("{}/articles/1?a=b", stage.url);
    let answer = paste(&stage, &format!(" {}\n", stage.header(&tokens)), &whole).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/articles/1?a=b"));
    assert_eq!(stage.income().await, PRICE);
    let cookie = answer.header("set-cookie").unwrap();
    let pair = cookie.split("; ").next().unwrap();
    let request = stage.request("GET", "/articles/1?a=b");
    let page = Answer::of(request.header("cookie", pair)).await;
    assert_eq!((page.status, page.text()), (200, "article 1"));
    // Sent twice, as browsers do when somebody reloads.
    let again = paste(&stage, &stage.header(&tokens), &whole).await;
    assert_eq!(again.status, 303);
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn a_token_is_found_in_what_people_paste() {
    let stage = Stage::open().await;
    let token = stage.header(&stage.tokens(&[1, 2]).await);
    let lines: Vec<&str> = (0..token.len())
        .step_by(76)
        .map(|at| &token[at..token.len().min(at + 76)])
        .collect();
    let cut = &token[..token.len() - 9];
    let answer = paste(&stage, cut, "/articles/1").await;
    assert_eq!(answer.status, 400);
    let told = "the token is cut off: its end is missing; nothing was spent";
    assert!(answer.text().contains(told), "{}", answer.text());
    let two = stage.header(&stage.tokens(&[1]).await);
    let answer = paste(&stage, &format!("{token} {two}"), "/articles/1").await;
    assert!(answer.text().contains("there is more than one token"));
    answer.assert_free();
    let pasted = format!("Here it is: <web+cashu:{}>, bye", lines.join("\r\n"));
    let answer = paste(&stage, &pasted, "/articles/1").await;
    assert_eq!(answer.status, 303);
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn what_does_not_pay_is_told_so_on_the_page() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[4]).await;
    let answer = paste(&stage, &stage.header(&tokens), "/articles/1").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(answer.payment_request().amount, Some(PRICE));
    answer.assert_free();
    let garbage = paste(&stage, "hello", "/articles/1").await;
    assert_eq!(garbage.status, 400);
    let failing = paste(
        &stage,
        &stage.header(&stage.tokens(&[1, 2]).await),
        "/status/500",
    )
    .await;
    // The site's own page is no answer to the form.
    assert_eq!(failing.status, 500);
    assert_eq!(failing.payment_request().amount, Some(PRICE));
    let told =
        "the site answered 500 Internal Server Error, which is not charged: the token is unspent";
    assert!(failing.text().contains(told), "{}", failing.text());
    failing.assert_free();
    stage.assert_unspent(&tokens).await;
    assert_eq!(stage.income().await, 0);
}

#[tokio::test]
async fn the_form_leads_nowhere_else() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    for place in [
        "//evil.example/",
        "https://evil.example//x",
        "javascript:alert(1)",
        "",
    ] {
        let answer = paste(&stage, &stage.header(&tokens), place).await;
        assert_eq!(answer.status, 400, "{place}");
        assert_eq!(answer.header("location"), None, "{place}");
    }
    stage.assert_unspent(&tokens).await;
}

#[tokio::test]
async fn the_form_goes_where_the_settings_say() {
    let path = "/articles/.farthing/pay";
    let stage = Stage::with(|settings| settings.pay_path = path.to_owned()).await;
    let request = stage.request("GET", "/articles/1");
    let page = Answer::of(request.header("accept", "text/html")).await;
    let form = format!("<form method=\"post\" action=\"{path}\">");
    assert!(page.text().contains(&form), "{}", page.text());
    let token = stage.header(&stage.tokens(&[1, 2]).await);
    let fields = [("token", token.as_str()), ("url", "/articles/1")];
    // The path of other sites is the site's own here.
    let elsewhere = Answer::of(stage.request("POST", PAY).form(&fields)).await;
    assert_eq!(elsewhere.status, 404);
    let paid = Answer::of(stage.request("POST", path).form(&fields)).await;
    assert_eq!(paid.status, 303);
    assert_eq!(stage.income().await, PRICE);
    let cookie = paid.header("set-cookie").unwrap();
    assert!(cookie.contains("; Path=/articles/1; "), "{cookie}");
}
