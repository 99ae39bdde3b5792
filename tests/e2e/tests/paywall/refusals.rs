//! Bad payments: a clear answer with the right code, nothing asked of what is behind the paywall, and
//! nothing moved.

use farthing_protocol::payment::change;
use farthing_protocol::{EncodedPoint, Token, TokenProof};

use crate::stage::{Answer, Stage};

type Headers<'a> = &'a [(&'a str, &'a str)];

async fn pay_with(stage: &Stage, headers: Headers<'_>) -> Answer {
    let mut request = stage.request("GET", "/articles/1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request).await
}

/// A token with one thing changed.
fn altered(stage: &Stage, tokens: &[TokenProof], change: impl FnOnce(&mut Token)) -> String {
    let mut token = Token::decode(&stage.header(tokens)).unwrap();
    change(&mut token);
    token.encode().to_string()
}

#[tokio::test]
async fn what_can_be_seen_to_be_wrong_reaches_nobody() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let good = stage.header(&tokens);
    let blanks = stage.blanks(&[1]);
    let outputs = change::encode_outputs(&blanks.outputs).unwrap();
    let other = farthing_protocol::KeysetId::from_bytes(&[0x52; 8]).unwrap();
    let elsewhere = altered(&stage, &tokens, |t| {
        t.mint = "https://other.example".to_owned();
        t.proofs.iter_mut().for_each(|proof| proof.proof.id = other);
    });
    let unit = altered(&stage, &tokens, |t| t.unit = "sat".to_owned());
    let small = stage.header(&tokens[..1]);
    let too_much = stage.header(&stage.tokens(&[4]).await);
    let foreign = altered(&stage, &tokens, |t| {
        t.proofs.iter_mut().for_each(|proof| proof.proof.id = other);
    });
    let long = format!("cashuB{}", "A".repeat(64 * 1024));
    let cases: &[(&str, Headers<'_>, u64)] = &[
        ("garbage", &[("x-cashu", "cashuBgarbage")], 40001),
        ("no token", &[("x-cashu", "hello")], 40001),
        ("a request for a token", &[("x-cashu", "creqApWF0")], 40001),
        ("twice", &[("x-cashu", &good), ("x-cashu", &good)], 40001),
        ("64 KB", &[("x-cashu", &long)], 40001),
        ("another mint", &[("x-cashu", &elsewhere)], 40006),
        ("another unit", &[("x-cashu", &unit)], 11013),
        ("too small", &[("x-cashu", &small)], 40007),
        ("too much, no change", &[("x-cashu", &too_much)], 40007),
        ("no such keyset", &[("x-cashu", &foreign)], 12001),
        ("outputs alone", &[("x-cashu-outputs", &outputs)], 40001),
        (
            "outputs are garbage",
            &[("x-cashu", &good), ("x-cashu-outputs", "outAx")],
            40001,
        ),
        (
            "too little after change",
            &[("x-cashu", &good), ("x-cashu-outputs", &outputs)],
            40007,
        ),
    ];
    for (what, headers, code) in cases {
        let answer = pay_with(&stage, headers).await;
        assert_eq!(answer.refusal(), (400, *code), "{what}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("nothing was spent"), "{what}: {detail}");
        assert!(!detail.contains("AAAA"), "{what}: the token is not echoed");
    }
    assert_eq!(stage.upstream.asked(), 0);
    assert_eq!(stage.income().await, 0);
    stage.assert_unspent(&tokens).await;
}

#[tokio::test]
async fn too_much_with_too_little_change_is_refused_too() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[8]).await;
    let blanks = stage.blanks(&[4]);
    let answer = stage.pay_with_change("/articles/1", &tokens, &blanks).await;
    assert_eq!(answer.refusal(), (400, 40007));
    stage.assert_unspent(&tokens).await;
}

#[tokio::test]
async fn what_only_the_mint_can_see_is_refused_with_its_code_and_frees_the_token() {
    let stage = Stage::open().await;
    let tokens = stage.tokens(&[1, 2]).await;
    let forged = altered(&stage, &tokens, |t| {
        t.proofs[0].proof.c = t.proofs[1].proof.c
    });
    assert_eq!(
        pay_with(&stage, &[("x-cashu", &forged)]).await.refusal(),
        (400, 10001)
    );
    let no_point = altered(&stage, &tokens, |t| {
        t.proofs[0].proof.c = EncodedPoint::from([0xff; 32]);
    });
    assert_eq!(
        pay_with(&stage, &[("x-cashu", &no_point)]).await.refusal(),
        (400, 10001)
    );
    let twice = altered(&stage, &tokens, |t| {
        t.proofs[1] = t.proofs[0].clone();
        t.proofs.push(t.proofs[0].clone());
    });
    assert_eq!(
        pay_with(&stage, &[("x-cashu", &twice)]).await.refusal(),
        (400, 11007)
    );
    // An output that was signed before.
    let blanks = stage.blanks(&[1]);
    let four = stage.tokens(&[4]).await;
    let first = stage.pay_with_change("/articles/9", &four, &blanks).await;
    first.bought("article 9");
    let more = stage.tokens(&[4]).await;
    let again = stage.pay_with_change("/articles/1", &more, &blanks).await;
    assert_eq!(again.refusal(), (400, 11003));
    // All of these tokens are as good as before.
    stage.pay("/articles/1", &tokens).await.bought("article 1");
    stage.assert_unspent(&more).await;
}

#[tokio::test]
async fn without_an_account_at_the_mint_nothing_is_sold_and_nothing_is_spent() {
    let wrong = farthing_protocol::Secret::new("not-a-token".to_owned());
    let stage = Stage::with(|settings| settings.api_token = wrong).await;
    let tokens = stage.tokens(&[1, 2]).await;
    let answer = stage.pay("/articles/1", &tokens).await;
    assert_eq!(answer.refusal(), (503, 50301));
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("publisher's own account")
    );
    stage.assert_unspent(&tokens).await;
}

#[tokio::test]
async fn a_token_is_of_the_mint_whose_keysets_it_has_whatever_address_it_names() {
    let stage = Stage::open().await;
    let addresses = ["http://localhost:1", "https://moved.example/", "?"];
    for (n, address) in addresses.iter().enumerate() {
        let tokens = stage.tokens(&[1, 2]).await;
        let token = altered(&stage, &tokens, |t| (*address).clone_into(&mut t.mint));
        let request = stage.request("GET", &format!("/articles/{n}"));
        let answer = Answer::of(request.header("x-cashu", &token)).await;
        answer.bought(&format!("article {n}"));
    }
    assert_eq!(stage.income().await, 9);
}
