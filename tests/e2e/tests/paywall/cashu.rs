//! Readers with Cashu's tokens: a client that knows NUT-24 alone pays exactly and is served, change comes in
//! either suite, and what is not this mint's is refused.

use farthing_protocol::api::PostingKind;
use farthing_protocol::conditions::Lock;
use farthing_protocol::payment::change;
use farthing_protocol::suite::{Secp256k1, Suite as _, SuiteId};
use farthing_protocol::{EncodedPoint, KeysetId, Token, TokenProof};
use farthing_publisher::Accept;
use farthing_testkit::client::{Blanks, Client, Keyset};
use farthing_testkit::scene::Scene;
use farthing_testkit::tokens::random_secret;

use crate::stage::{Answer, FUNDS, PRICE, Stage};

/// A stage on a mint with a Cashu API, whose reader has Cashu's tokens.
async fn stage() -> Stage {
    stage_with(|_| {}).await
}

async fn stage_with(change: impl FnOnce(&mut farthing_publisher::Settings)) -> Stage {
    let scene = Scene::of_suite(crate::BINARY, SuiteId::Secp256k1, &[]);
    let scene = scene.await.unwrap();
    let mint = scene.mint.url().unwrap().to_owned();
    Stage::on(scene, &mint, change).await
}

/// The active keyset of the mint's own API.
async fn native_keyset(stage: &Stage) -> Keyset {
    let client = Client::new(stage.scene.mint.url().unwrap()).unwrap();
    client.keyset().await.unwrap()
}

/// A token with one thing changed.
fn altered(stage: &Stage, tokens: &[TokenProof], change: impl FnOnce(&mut Token)) -> String {
    let mut token = Token::decode(&stage.header(tokens)).unwrap();
    change(&mut token);
    token.encode().to_string()
}

async fn pay_with(stage: &Stage, path: &str, token: &str) -> Answer {
    Answer::of(stage.request("GET", path).header("x-cashu", token)).await
}

/// Both of the mint's addresses, as a payment request lists them.
fn both(stage: &Stage) -> [String; 2] {
    let mint = stage.scene.mint.url().unwrap();
    [mint.to_owned(), format!("{mint}/cashu")]
}

#[tokio::test]
async fn a_client_that_knows_nut_24_alone_pays_exactly_and_is_served() {
    let stage = stage().await;
    let page = "/articles/7";
    let asked = stage.get(page).await;
    assert_eq!(asked.refusal(), (402, 40201));
    let request = asked.payment_request();
    assert_eq!(request.mints, both(&stage));
    assert_eq!(asked.json()["mints"], serde_json::json!(both(&stage)));
    assert_eq!(
        (request.amount, request.unit.as_deref()),
        (Some(PRICE), Some("sat"))
    );
    assert_eq!((request.lock, request.transports), (None, vec![]));

    let tokens = stage.tokens(&[1, 2]).await;
    assert!(tokens.iter().all(|t| t.proof.c.as_bytes().len() == 33));
    let token = stage.header(&tokens);
    assert_eq!(Token::decode(&token).unwrap().mint, request.mints[1]);
    let answer = pay_with(&stage, page, &token).await;
    let receipt = answer.bought("article 7");
    assert_eq!((receipt.amount, receipt.unit.as_str()), (PRICE, "sat"));
    assert_eq!(
        receipt.mint, request.mints[0],
        "it says nothing of the wallet"
    );
    assert_eq!(answer.header("x-cashu-signatures"), None);
    assert_eq!(stage.upstream.asked(), 1);

    // The same again is served and not charged; for another page it buys nothing.
    pay_with(&stage, page, &token).await.bought("article 7");
    let elsewhere = pay_with(&stage, "/articles/8", &token).await;
    assert_eq!(elsewhere.refusal(), (400, 40008));
    stage.assert_spent(&tokens).await;
    let posted = [(PostingKind::Redeem, PRICE.cast_signed())];
    assert_eq!(stage.postings().await, posted);
    let books = stage.scene.books().unwrap();
    assert_eq!(books.accounts_total(), FUNDS.cast_signed());
    assert_eq!(
        (books.reserve, books.outstanding_total()),
        (FUNDS.cast_signed(), 0)
    );
    assert_eq!(stage.scene.mint.balanced().unwrap()["fees"], 0);
}

#[tokio::test]
async fn what_does_not_pay_the_price_exactly_is_told_so_and_nothing_is_spent() {
    let stage = stage().await;
    for (amounts, told) in [
        (
            &[4][..],
            "the token is worth 4 sat and the price is 3 sat: pay exactly",
        ),
        (&[2], "the price is 3 sat"),
    ] {
        let tokens = stage.tokens(amounts).await;
        let answer = stage.pay("/articles/1", &tokens).await;
        assert_eq!(answer.refusal(), (400, 40007));
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(told), "{detail}");
        assert!(detail.contains("nothing was spent"), "{detail}");
        stage.assert_unspent(&tokens).await;
    }
    assert_eq!((stage.upstream.asked(), stage.income().await), (0, 0));
}

#[tokio::test]
async fn change_is_signed_in_the_suite_that_it_was_asked_for() {
    let stage = stage().await;
    let native = native_keyset(&stage).await;
    let cashu = stage.scene.keyset.clone();
    let mut income = 0;
    for (number, (paid, wanted)) in [(&cashu, &cashu), (&cashu, &native), (&native, &cashu)]
        .into_iter()
        .enumerate()
    {
        let tokens = stage.withdraw(Blanks::of(paid, &[8]).unwrap()).await;
        let blanks = Blanks::of(wanted, &[1, 4]).unwrap();
        let path = format!("/articles/{number}");
        let answer = stage.pay_with_change(&path, &tokens, &blanks).await;
        answer.bought(&format!("article {number}"));
        let again = stage.pay_with_change(&path, &tokens, &blanks).await;
        assert_eq!(again.signatures(), answer.signatures());
        // Each is for its output, and the published key's.
        let change = blanks.unblind(&answer.signatures()).unwrap();
        assert!(change.iter().all(|token| token.proof.id == wanted.id));
        stage.assert_unspent(&change).await;
        stage.assert_spent(&tokens).await;
        income += PRICE;
        assert_eq!(stage.income().await, income);
    }
    let books = stage.scene.books().unwrap();
    let accounts = (FUNDS - 3 * 8 + income).cast_signed();
    assert_eq!(
        (books.accounts_total(), books.outstanding_total()),
        (accounts, 3 * 5)
    );
}

#[tokio::test]
async fn outputs_that_the_mint_cannot_sign_are_refused_and_the_token_is_free() {
    let stage = stage().await;
    let native = native_keyset(&stage).await;
    let tokens = stage.tokens(&[4]).await;
    // A point of one suite under a keyset of the other.
    let mut outputs = stage.blanks(&[1]).outputs;
    outputs[0].id = native.id;
    let outputs = change::encode_outputs(&outputs).unwrap();
    let request = stage.request("GET", "/articles/1");
    let request = request.header("x-cashu", stage.header(&tokens));
    let answer = Answer::of(request.header("x-cashu-outputs", outputs)).await;
    assert_eq!(answer.refusal(), (400, 40001));
    stage.assert_unspent(&tokens).await;
    assert_eq!(stage.income().await, 0);
}

#[tokio::test]
async fn a_token_by_either_address_may_be_of_either_suite_or_of_both() {
    let stage = stage().await;
    let native = native_keyset(&stage).await;
    let mut income = 0;
    for (number, (mint, is_short)) in [(0, true), (0, false), (1, true), (1, false)]
        .into_iter()
        .enumerate()
    {
        let mut tokens = stage.tokens(&[1]).await;
        tokens.extend(stage.withdraw(Blanks::of(&native, &[2]).unwrap()).await);
        let mint = &both(&stage)[mint];
        let token = altered(&stage, &tokens, |token| token.mint.clone_from(mint));
        let short = |token: &TokenProof| token.proof.id.as_bytes().len() == 8;
        let read = Token::decode(&token).unwrap();
        assert!(read.proofs.iter().all(short), "ids travel short");
        let token = match is_short {
            true => token,
            // Older wallets write them in full, in JSON.
            false => in_json(mint, &tokens),
        };
        let path = format!("/articles/{number}");
        let answer = pay_with(&stage, &path, &token).await;
        answer.bought(&format!("article {number}"));
        stage.assert_spent(&tokens).await;
        income += PRICE;
        assert_eq!(stage.income().await, income);
    }
}

/// A token as NUT-00's older version has it, `cashuA…`.
fn in_json(mint: &str, tokens: &[TokenProof]) -> String {
    use base64::Engine as _;
    let proofs = farthing_testkit::client::proofs(tokens);
    let token = serde_json::json!({"token": [{"mint": mint, "proofs": proofs}], "unit": "sat"});
    let text = base64::engine::general_purpose::URL_SAFE.encode(token.to_string());
    format!("cashuA{text}")
}

#[tokio::test]
async fn one_secret_in_two_suites_is_two_tokens() {
    let stage = stage().await;
    let native = native_keyset(&stage).await;
    let secrets = [random_secret().unwrap(), random_secret().unwrap()];
    let of = |keyset: &Keyset| Blanks::of_secrets(keyset, &[1, 2], &secrets).unwrap();
    let cashu = stage.withdraw(of(&stage.scene.keyset)).await;
    let ours = stage.withdraw(of(&native)).await;
    stage.pay("/articles/1", &cashu).await.bought("article 1");
    stage.pay("/articles/2", &ours).await.bought("article 2");
    assert_eq!(stage.income().await, 2 * PRICE);
}

#[tokio::test]
async fn tokens_of_other_mints_units_and_keysets_are_refused() {
    let stage = stage().await;
    let native = native_keyset(&stage).await;
    let tokens = stage.tokens(&[1, 2]).await;
    let url = stage.scene.mint.url().unwrap();
    let foreign = KeysetId::from_bytes(&[0x01; 8]).unwrap();
    let of_keyset = |id: KeysetId| {
        altered(&stage, &tokens, |token| {
            token
                .proofs
                .iter_mut()
                .for_each(|proof| proof.proof.id = id);
        })
    };
    let at = |mint: String| {
        altered(&stage, &tokens, |token| {
            token.mint = mint;
            token
                .proofs
                .iter_mut()
                .for_each(|proof| proof.proof.id = foreign);
        })
    };
    let cases = [
        (
            "another mint",
            at("https://other.example/cashu".to_owned()),
            40006,
        ),
        ("no door", at(format!("{url}/cash")), 40006),
        ("no door of a door", at(format!("{url}/cashu/cashu")), 40006),
        (
            "another unit",
            altered(&stage, &tokens, |token| token.unit = "credit".to_owned()),
            11013,
        ),
        ("another mint's keyset", of_keyset(foreign), 12001),
        (
            "no suite's keyset",
            of_keyset(KeysetId::from_bytes(&[0x77; 8]).unwrap()),
            12001,
        ),
    ];
    for (what, token, code) in cases {
        let answer = pay_with(&stage, "/articles/1", &token).await;
        assert_eq!(answer.refusal(), (400, code), "{what}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("nothing was spent"), "{what}: {detail}");
    }
    assert_eq!(stage.upstream.asked(), 0);
    // What only the mint can see: the signature is not of the keyset that it names.
    let other_suite = of_keyset(native.id);
    let forged = altered(&stage, &tokens, |token| {
        token.proofs[0].proof.c = token.proofs[1].proof.c;
    });
    let no_point = altered(&stage, &tokens, |token| {
        token.proofs[0].proof.c = EncodedPoint::from([0xff; 33]);
    });
    for (token, code) in [(other_suite, 40001), (forged, 10001), (no_point, 10001)] {
        let answer = pay_with(&stage, "/articles/1", &token).await;
        assert_eq!(answer.refusal(), (400, code));
    }
    assert_eq!(stage.income().await, 0);
    // All of these tokens are as good as before.
    stage.pay("/articles/1", &tokens).await.bought("article 1");
}

#[tokio::test]
async fn the_page_tells_people_which_mint_to_add_to_a_cashu_wallet() {
    let stage = stage().await;
    let request = stage
        .request("GET", "/articles/7")
        .header("accept", "text/html");
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 402);
    assert_eq!(answer.payment_request().mints, both(&stage));
    let link = format!("<a href=\"{}/cashu\"", stage.scene.mint.url().unwrap());
    assert!(answer.text().contains(&link), "{}", answer.text());
    assert!(
        answer
            .text()
            .contains("Any Cashu wallet pays, once you have added the mint")
    );
}

#[tokio::test]
async fn a_mint_without_a_cashu_door_lists_one_address() {
    let stage = Stage::open().await;
    let mint = stage.scene.mint.url().unwrap().to_owned();
    let asked = stage.get("/articles/7").await;
    assert_eq!(asked.payment_request().mints, [mint]);
    let request = stage
        .request("GET", "/articles/7")
        .header("accept", "text/html");
    assert!(!Answer::of(request).await.text().contains("/cashu"));
}

#[tokio::test]
async fn a_paywall_that_starts_without_the_mint_knows_both_doors_still() {
    let mut stage = stage().await;
    let expected = both(&stage);
    stage.scene.mint.stop().unwrap();
    stage.restart().await;
    let asked = stage.get("/articles/7").await;
    assert_eq!(asked.payment_request().mints, expected);
}

#[tokio::test]
async fn a_keyset_that_was_made_later_is_learned_from_the_first_token_of_it() {
    let stage = stage().await;
    let made = stage.scene.rotate().await.unwrap();
    let tokens = stage.withdraw(Blanks::of(&made, &[1, 2]).unwrap()).await;
    let mut answer = stage.pay("/articles/7", &tokens).await;
    // The mint is asked at most every ten seconds.
    while answer.status == 400 {
        assert_eq!(answer.refusal(), (400, 12001));
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        answer = stage.pay("/articles/7", &tokens).await;
    }
    answer.bought("article 7");
    assert_eq!(stage.income().await, PRICE);
}

/// A publisher's secret whose lock key is, by chance, the x coordinate of a point of secp256k1 too.
const SECRET_OF_BOTH_SUITES: &str =
    "0000000000000000000000000000000000000000000000000000000000000001";

#[tokio::test]
async fn where_tokens_are_to_be_locked_none_of_cashus_is_taken() {
    let stage = stage_with(|settings| {
        settings.accept = Accept::Locked {
            redeem_every_s: 1,
            locktime_hours_min: 48,
        };
        write_secret(&settings.data);
    })
    .await;
    let asked = stage.get("/articles/1").await;
    let request = asked.payment_request();
    assert_eq!(request.mints, [stage.scene.mint.url().unwrap()]);
    let key = hex::decode(request.lock.expect("nut10").data).unwrap();
    let compressed = [&[2], key.as_slice()].concat();
    let point = EncodedPoint::from(<[u8; 33]>::try_from(compressed.as_slice()).unwrap());
    Secp256k1::decode_point(&point).expect("the key is one of both suites");

    let locked = |keyset: &Keyset, key: &[u8]| {
        let secret = || Lock::p2pk_secret(key, &random_secret().unwrap());
        Blanks::of_secrets(keyset, &[1, 2], &[secret(), secret()]).unwrap()
    };
    let plain = stage.tokens(&[1, 2]).await;
    let to_the_same_bytes = stage
        .withdraw(locked(&stage.scene.keyset, &compressed))
        .await;
    for tokens in [plain, to_the_same_bytes] {
        let token = stage.token(tokens);
        let answer = pay_with(&stage, "/articles/1", &token).await;
        assert_eq!(answer.refusal(), (400, 40009));
    }
    assert_eq!(stage.upstream.asked(), 0);
    let good = locked(&native_keyset(&stage).await, &key);
    let good = stage.token(stage.withdraw(good).await);
    pay_with(&stage, "/articles/1", &good)
        .await
        .bought("article 1");
}

fn write_secret(data: &std::path::Path) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::create_dir_all(data).unwrap();
    let mut options = std::fs::File::options();
    let file = options.write(true).create_new(true).mode(0o600);
    let mut file = file.open(data.join("publisher.key")).unwrap();
    file.write_all(SECRET_OF_BOTH_SUITES.as_bytes()).unwrap();
}
