//! Tokens locked to the publisher: served without the mint, redeemed later, never taken twice.

use farthing_protocol::conditions::Lock;
use farthing_protocol::payment::LockOption;
use farthing_protocol::{Secret, TokenProof};
use farthing_publisher::Accept;
use farthing_testkit::client::Blanks;

use crate::replays::{copy_record, lose_record};
use crate::stage::{Answer, PRICE, Stage};

/// A stage whose publisher takes locked tokens, and redeems them every second.
async fn stage() -> Stage {
    Stage::with(|settings| {
        settings.accept = Accept::Locked {
            redeem_every_s: 1,
            locktime_hours_min: 48,
        };
    })
    .await
}

/// The key that the publisher asks for at `url`.
pub(crate) async fn key(stage: &Stage, url: &str) -> [u8; 32] {
    let asked = stage.get_at(url, "/articles/1").await;
    assert_eq!(asked.refusal(), (402, 40201));
    assert_eq!(asked.header("x-cashu-outputs"), None, "there is no change");
    let lock = asked.payment_request().lock.expect("nut10");
    let LockOption { kind, data, tags } = lock;
    assert_eq!((kind.as_str(), tags.len()), ("P2PK", 0));
    hex::decode(data).unwrap().try_into().unwrap()
}

pub(crate) fn nonce() -> Secret {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    Secret::new(hex::encode(bytes))
}

/// Tokens of these amounts with secrets that `secret` makes.
async fn tokens(stage: &Stage, amounts: &[u64], secret: impl Fn() -> Secret) -> Vec<TokenProof> {
    let mut all = Vec::new();
    for amount in amounts {
        let plain = stage.tokens(&[*amount]).await;
        let blanks = Blanks::of_secrets(&stage.scene.keyset, &[*amount], &[secret()]).unwrap();
        all.extend(stage.scene.client.swap(&plain, blanks).await.unwrap());
    }
    all
}

async fn pay(stage: &Stage, path: &str, tokens: &[TokenProof]) -> Answer {
    let request = stage.request("GET", path);
    Answer::of(request.header("x-cashu", stage.token(tokens.to_vec()))).await
}

/// Waits until the publisher's account holds this much.
async fn wait_for_income(stage: &Stage, expected: u64) {
    for _ in 0..600 {
        if stage.income().await == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the income is {}, not {expected}", stage.income().await);
}

#[tokio::test]
async fn locked_tokens_are_served_without_the_mint_and_redeemed_when_it_is_back() {
    let mut stage = stage().await;
    let key = key(&stage, &stage.url).await;
    let locked = || Lock::p2pk_secret(&key, &nonce());
    let mut paid = Vec::new();
    for _ in 0..5 {
        paid.push(tokens(&stage, &[1, 2], locked).await);
    }
    let listen = stage
        .scene
        .mint
        .url()
        .unwrap()
        .trim_start_matches("http://")
        .to_owned();
    stage.scene.mint.stop().unwrap();
    for (number, tokens) in paid.iter().enumerate() {
        let path = format!("/articles/{number}");
        let answer = pay(&stage, &path, tokens).await;
        answer.bought(&format!("article {number}"));
    }
    // Killed in between, nothing is forgotten.
    stage.restart().await;
    stage.scene.mint.start_at(&listen).unwrap();
    wait_for_income(&stage, 5 * PRICE).await;
    assert_eq!(stage.scene.books().unwrap().outstanding_total(), 0);
}

#[tokio::test]
async fn a_locked_token_is_taken_once() {
    let stage = stage().await;
    let key = key(&stage, &stage.url).await;
    let locked = || Lock::p2pk_secret(&key, &nonce());
    let tokens = tokens(&stage, &[1, 2, 1], locked).await;
    pay(&stage, "/articles/1", &tokens[..2])
        .await
        .bought("article 1");
    pay(&stage, "/articles/1", &tokens[..2])
        .await
        .bought("article 1");
    let elsewhere = pay(&stage, "/articles/2", &tokens[..2]).await;
    assert_eq!(elsewhere.refusal(), (400, 40008));
    let in_other_company = pay(&stage, "/articles/1", &tokens[1..]).await;
    assert_eq!(in_other_company.refusal(), (400, 40008));
    let twice = [tokens[2].clone(), tokens[2].clone(), tokens[2].clone()];
    let twice = pay(&stage, "/articles/1", &twice).await;
    assert_eq!(twice.refusal(), (400, 11007));
    wait_for_income(&stage, PRICE).await;
    // Also after it was redeemed.
    let later = pay(&stage, "/articles/2", &tokens[..2]).await;
    assert_eq!(later.refusal(), (400, 40008));
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn tokens_that_are_not_surely_the_publishers_are_refused() {
    let stage = stage().await;
    let key = key(&stage, &stage.url).await;
    let other = ed25519_dalek::SigningKey::from_bytes(&[9; 32])
        .verifying_key()
        .to_bytes();
    let (ours, theirs) = (hex::encode(key), hex::encode(other));
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let with = |data: &str, tags: &str| {
        let nonce = nonce();
        let nonce = nonce.expose();
        Secret::new(format!(
            r#"["P2PK",{{"nonce":"{nonce}","data":"{data}","tags":[{tags}]}}]"#
        ))
    };
    let soon = format!(
        r#"["locktime","{}"],["refund","{theirs}"]"#,
        now + 47 * 3600
    );
    let two_keys = format!(r#"["pubkeys","{theirs}"]"#);
    let cases = [
        ("not locked", nonce()),
        ("to another key", Lock::p2pk_secret(&other, &nonce())),
        ("to two keys", with(&ours, &two_keys)),
        ("only for a while", with(&ours, &soon)),
        ("SIG_ALL", with(&ours, r#"["sigflag","SIG_ALL"]"#)),
        ("malformed", with(&ours, r#"["sigflag","SIG_WHAT"]"#)),
    ];
    for (what, secret) in cases {
        let mut bad = tokens(&stage, &[1], || secret.clone()).await;
        bad.extend(tokens(&stage, &[2], || Lock::p2pk_secret(&key, &nonce())).await);
        let answer = pay(&stage, "/articles/1", &bad).await;
        assert_eq!(answer.refusal(), (400, 40009), "{what}");
    }
    let late = format!(
        r#"["locktime","{}"],["refund","{theirs}"]"#,
        now + 50 * 3600
    );
    let good = tokens(&stage, &[1, 2], || with(&ours, &late)).await;
    pay(&stage, "/articles/1", &good).await.bought("article 1");
    assert_eq!(stage.upstream.asked(), 1);
}

#[tokio::test]
async fn a_token_that_the_mint_did_not_sign_is_seen_without_the_mint() {
    let stage = stage().await;
    let key = key(&stage, &stage.url).await;
    let locked = || Lock::p2pk_secret(&key, &nonce());
    let good = tokens(&stage, &[1, 2], locked).await;
    let mut unproved = good.clone();
    unproved[0].dleq = None;
    assert_eq!(
        pay(&stage, "/articles/1", &unproved).await.refusal(),
        (400, 40009)
    );
    let mut forged = good.clone();
    forged[0].proof.secret = locked();
    assert_eq!(
        pay(&stage, "/articles/1", &forged).await.refusal(),
        (400, 10001)
    );
    let mut dearer = good.clone();
    dearer.remove(1);
    dearer[0].proof.amount = PRICE - 1;
    dearer.push(good[0].clone());
    assert_eq!(
        pay(&stage, "/articles/1", &dearer).await.refusal(),
        (400, 11007)
    );
    let mut dearer = vec![good[0].clone()];
    dearer[0].proof.amount = PRICE;
    assert_eq!(
        pay(&stage, "/articles/1", &dearer).await.refusal(),
        (400, 40009)
    );
    assert_eq!(stage.upstream.asked(), 0);
}

#[tokio::test]
async fn locked_payments_are_exact_and_have_no_change() {
    let stage = stage().await;
    let key = key(&stage, &stage.url).await;
    let tokens = tokens(&stage, &[4], || Lock::p2pk_secret(&key, &nonce())).await;
    let blanks = stage.blanks(&[1]);
    let outputs = farthing_protocol::payment::change::encode_outputs(&blanks.outputs).unwrap();
    let request = stage.request("GET", "/articles/1");
    let request = request.header("x-cashu", stage.token(tokens.clone()));
    let answer = Answer::of(request.header("x-cashu-outputs", outputs)).await;
    assert_eq!(answer.refusal(), (400, 40009));
    assert_eq!(
        pay(&stage, "/articles/1", &tokens).await.refusal(),
        (400, 40007)
    );
}

#[tokio::test]
async fn after_the_record_is_lost_locked_tokens_are_redeemed_before_they_are_served_for() {
    let mut stage = stage().await;
    let key = key(&stage, &stage.url).await;
    let locked = || Lock::p2pk_secret(&key, &nonce());
    let spent = tokens(&stage, &[1, 2], locked).await;
    pay(&stage, "/articles/1", &spent).await.bought("article 1");
    wait_for_income(&stage, PRICE).await;
    stage.restart_after(|s| lose_record(&s.data)).await;
    let again = pay(&stage, "/articles/2", &spent).await;
    assert_eq!(again.refusal(), (400, 11001));
    assert_eq!(stage.income().await, PRICE);
    // New ones are as good as before, and in the account when the page comes.
    let fresh = tokens(&stage, &[1, 2], locked).await;
    for _ in 0..2 {
        pay(&stage, "/articles/3", &fresh).await.bought("article 3");
        assert_eq!(stage.income().await, 2 * PRICE);
    }
    let elsewhere = pay(&stage, "/articles/4", &fresh).await;
    assert_eq!(elsewhere.refusal(), (400, 40008));
    stage.scene.books().unwrap();
}

#[tokio::test]
async fn a_locked_token_pays_also_where_any_token_is_taken_now() {
    let mut stage = stage().await;
    let key = key(&stage, &stage.url).await;
    let made = tokens(&stage, &[1, 2], || Lock::p2pk_secret(&key, &nonce())).await;
    stage.restart_after(|s| s.accept = Accept::Online).await;
    pay(&stage, "/articles/1", &made).await.bought("article 1");
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn a_batch_of_tokens_that_were_redeemed_before_is_a_loss_and_no_income() {
    let stage = stage().await;
    let key = key(&stage, &stage.url).await;
    // Two paywalls with copies of one folder, each of which takes the token for itself.
    let copy = stage.scene.folder().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(
        stage.data().join("publisher.key"),
        copy.join("publisher.key"),
    )
    .unwrap();
    copy_record(&stage.data(), &copy);
    let second = stage.another(|s| s.data = copy.clone()).await;
    let token = tokens(&stage, &[1, 2], || Lock::p2pk_secret(&key, &nonce())).await;
    pay(&stage, "/articles/1", &token).await.bought("article 1");
    let text = stage.token(token.clone());
    let other = stage.show(&second.url, "/articles/2", &text, None).await;
    other.bought("article 2");
    // One of them notes the loss, as an error in its log and in its record.
    let losses = |data: &std::path::Path| -> u64 {
        let record = rusqlite::Connection::open(data.join("payments.sqlite")).unwrap();
        let sql = "SELECT coalesce(sum(amount), 0) FROM refused";
        record.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    for _ in 0..600 {
        if losses(&stage.data()) + losses(&copy) == PRICE {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(losses(&stage.data()) + losses(&copy), PRICE);
    assert_eq!(stage.income().await, PRICE);
}

#[tokio::test]
async fn a_wallet_in_a_browser_pays_with_locked_tokens_too_and_gets_no_change() {
    let stage = stage().await;
    let key = key(&stage, &stage.url).await;
    let tokens = tokens(&stage, &[1, 2], || Lock::p2pk_secret(&key, &nonce())).await;
    let order = serde_json::json!({
        "token": stage.token(tokens),
        "method": "GET",
        "url": format!("{}/articles/1", stage.url),
    });
    let send = |order: &serde_json::Value| {
        let request = stage.request("POST", "/.well-known/farthing/pay");
        Answer::of(request.json(order))
    };
    for _ in 0..2 {
        let paid = send(&order).await;
        assert_eq!(paid.status, 200, "{}", paid.text());
        assert!(paid.json()["receipt"].is_string());
        assert_eq!(paid.json().get("signatures"), None);
    }
    wait_for_income(&stage, PRICE).await;
    let mut with_outputs = order;
    let blanks = stage.blanks(&[1]);
    let outputs = farthing_protocol::payment::change::encode_outputs(&blanks.outputs);
    with_outputs["outputs"] = outputs.unwrap().into();
    assert_eq!(send(&with_outputs).await.refusal(), (400, 40008));
    assert_eq!(stage.income().await, PRICE);
}
