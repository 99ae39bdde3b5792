//! Blind authentication tokens (NUT-22): getting them, what they open, and what is refused.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use farthing_protocol::api::{Keys, Keysets, Signatures};
use farthing_protocol::{Proof, Secret, TokenProof};
use farthing_testkit::client::{Blanks, proofs};
use reqwest::Method;
use serde_json::{Value, json};

use super::setting::{AUTH_MINT, Auth, Club, MINT_QUOTE, SWAP, header};

const REQUIRED: (u16, u32) = (400, 31001);
const FAILED: (u16, u32) = (400, 31002);

/// From logging in to a swap that only a member may make.
#[tokio::test]
async fn a_token_got_with_an_access_token_opens_the_door_once() {
    let club = Club::open().await;
    let tokens = club.kept_passes(3).await;
    // Unblinding has verified the mint's proofs (NUT-12), and a holder keeps them.
    assert!(tokens.iter().all(|token| token.dleq.is_some()));
    assert_eq!(club.counted(), (3, 0));
    let pass = header(&tokens[0].proof);
    let money = club.tokens(5).await;
    let swap = club.swap(&money);
    assert_eq!(club.refusal(SWAP, Auth::None, &swap).await, REQUIRED);
    let reply = club.post(SWAP, Auth::Blind(&pass), &swap).await;
    let signed: Signatures = reply.ok().unwrap();
    assert_eq!(signed.signatures.len(), money.len());
    assert_eq!(club.counted(), (3, 1));
    let again = club.swap(&club.tokens(5).await);
    assert_eq!(club.refusal(SWAP, Auth::Blind(&pass), &again).await, FAILED);
    let pass = header(&tokens[1].proof);
    assert_eq!(
        club.post(SWAP, Auth::Blind(&pass), &again).await.status,
        200
    );
    assert_eq!(club.counted(), (3, 2));
}

#[tokio::test]
async fn c31001_endpoint_requires_blind_auth() {
    let club = Club::open().await;
    for path in [
        SWAP,
        MINT_QUOTE,
        "/v1/mint/bolt11",
        "/v1/mint/bolt11/batch",
        "/v1/melt/quote/bolt11",
        "/v1/melt/bolt11",
    ] {
        // Before the body's form comes who sends it.
        let nonsense = json!("nonsense");
        assert_eq!(club.refusal(path, Auth::None, &nonsense).await, REQUIRED);
        let clear = club.token("ann");
        let with_clear = club.refusal(path, Auth::Clear(&clear), &nonsense).await;
        assert_eq!(with_clear, REQUIRED, "{path}");
        let [pass] = club.passes().await;
        let with_blind = club.refusal(path, Auth::Blind(&pass), &nonsense).await;
        assert_eq!(with_blind, (400, 40001), "{path}");
    }
    // What only asks how something stands is open.
    for (path, body) in [
        ("/v1/checkstate", json!({"Ys": []})),
        ("/v1/restore", json!({"outputs": []})),
    ] {
        assert_eq!(club.post(path, Auth::None, &body).await.status, 200);
    }
    let unknown = (400, 40010);
    let body = json!({"quotes": ["none"]});
    let check = club.refusal("/v1/mint/quote/bolt11/check", Auth::None, &body);
    assert_eq!(check.await, unknown);
    for path in ["/v1/mint/quote/bolt11/none", "/v1/melt/quote/bolt11/none"] {
        let reply = club.get(path, Auth::None).await;
        assert_eq!(reply.refusal().unwrap(), unknown, "{path}");
    }
    for path in ["/v1/info", "/v1/keys", "/v1/keysets"] {
        assert_eq!(club.get(path, Auth::None).await.status, 200, "{path}");
    }
}

/// Texts that are no token of this mint's, made of one that is, and of what else there is.
fn bad_tokens(club: &Club, good: &[TokenProof], money: &TokenProof) -> Vec<(String, String)> {
    let text = header(&good[0].proof);
    let altered = |alter: &dyn Fn(&mut Proof)| {
        let mut proof = good[0].proof.clone();
        alter(&mut proof);
        header(&proof)
    };
    let encoded = |json: &Value| format!("authA{}", URL_SAFE_NO_PAD.encode(json.to_string()));
    let json = json!({"id": good[0].proof.id, "secret": "s", "C": good[0].proof.c});
    let mut bad = vec![
        ("nothing", String::new()),
        ("a prefix", "authA".to_owned()),
        ("no prefix", text["authA".len()..].to_owned()),
        ("another prefix", text.replacen("authA", "authB", 1)),
        ("cut off", text[..text.len() - 8].to_owned()),
        ("nonsense", "authA????".to_owned()),
        ("no JSON", format!("authA{}", URL_SAFE_NO_PAD.encode("x"))),
        ("forged", encoded(&json)),
        ("another's C", altered(&|p| p.c = good[1].proof.c)),
        ("money", header(&money.proof)),
        ("money's keyset", altered(&|p| p.id = club.money.id)),
        ("an access token", club.token("ann")),
    ];
    let no_point = format!("02{}", "ff".repeat(32));
    for (field, value) in [
        ("id", json!("00ffffffffffffff")),
        ("C", json!(no_point)),
        ("C", json!("00".repeat(32))),
        ("secret", json!("x".repeat(2000))),
        ("id", Value::Null),
        ("secret", Value::Null),
        ("C", Value::Null),
    ] {
        let mut json = json.clone();
        json[field] = value;
        bad.push((field, encoded(&json)));
        json.as_object_mut().unwrap().remove(field);
        bad.push((field, encoded(&json)));
    }
    let other = Secret::new("another".to_owned());
    bad.push(("another secret", altered(&|p| p.secret = other.clone())));
    let named = bad.into_iter();
    named
        .map(|(what, text)| (format!("{what}: {text:.200}"), text))
        .collect()
}

#[tokio::test]
async fn c31002_tokens_that_do_not_count() {
    let club = Club::open().await;
    let tokens = club.kept_passes(3).await;
    let money = club.tokens(1).await;
    let swap = club.swap(&money);
    let quote = json!({"amount": 1, "unit": "sat"});
    for (what, text) in bad_tokens(&club, &tokens, &money[0]) {
        let auth = Auth::Blind(&text);
        assert_eq!(club.refusal(SWAP, auth, &swap).await, FAILED, "{what}");
        let asked = club.refusal(MINT_QUOTE, auth, &quote).await;
        assert_eq!(asked, FAILED, "{what}");
    }
    assert_eq!(club.counted(), (3, 0));
    let good = header(&tokens[0].proof);
    assert_eq!(club.post(SWAP, Auth::Blind(&good), &swap).await.status, 200);
}

/// A lock cannot be opened in a header: such a token opens nothing.
#[tokio::test]
async fn a_locked_token_does_not_count() {
    let club = Club::open().await;
    let keyset = club.auth_keyset().await;
    let key = format!(
        "02{}",
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    );
    let lock = json!(["P2PK", {"nonce": "00", "data": key, "tags": []}]).to_string();
    let blanks = Blanks::of_secrets(&keyset, &[1], &[Secret::new(lock)]).unwrap();
    let signed: Signatures = club.ask_for("ann", &blanks).await.ok().unwrap();
    let token = blanks.unblind(&signed.signatures).unwrap().remove(0);
    let quote = json!({"amount": 1, "unit": "sat"});
    let auth = header(&token.proof);
    assert_eq!(
        club.refusal(MINT_QUOTE, Auth::Blind(&auth), &quote).await,
        FAILED
    );
}

/// NUT-22, "Serialization": with padding or without. Wallets must not send a `dleq`, and some do.
#[tokio::test]
async fn padding_and_a_dleq_do_not_matter() {
    let club = Club::open().await;
    let tokens = club.kept_passes(4).await;
    let quote = json!({"amount": 1, "unit": "sat"});
    for (token, padded) in tokens.iter().zip([true, false, true, false]) {
        let dleq = token.dleq.as_ref().unwrap();
        let mut json = json!({"id": token.proof.id, "secret": token.proof.secret});
        json["C"] = json!(token.proof.c);
        json["dleq"] = json!(dleq);
        json["amount"] = json!(1);
        // So that there is something to pad.
        while json.to_string().len().is_multiple_of(3) {
            json["x"] = json!(format!("{}x", json["x"].as_str().unwrap_or_default()));
        }
        let text = match padded {
            true => URL_SAFE.encode(json.to_string()),
            false => URL_SAFE_NO_PAD.encode(json.to_string()),
        };
        assert_eq!(text.ends_with('='), padded);
        let text = format!("authA{text}");
        let reply = club.post(MINT_QUOTE, Auth::Blind(&text), &quote).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
    }
    assert_eq!(club.counted(), (4, 4));
}

#[tokio::test]
async fn c31003_maximum_bat_mint_amount_exceeded() {
    let club = Club::with(&[("BLIND_AUTH_MAX", "3")]).await;
    assert_eq!(club.nuts().await["22"]["bat_max_mint"], 3);
    let blanks = club.auth_blanks(4).await;
    let reply = club.ask_for("ann", &blanks).await;
    assert_eq!(reply.refusal().unwrap(), (400, 31003));
    // Amounts count, and they cannot be added up to less.
    for amount in [4, u64::MAX] {
        let mut body = json!({"outputs": club.auth_blanks(2).await.outputs});
        body["outputs"][0]["amount"] = json!(amount);
        let token = club.token("ann");
        let refusal = club.refusal(AUTH_MINT, Auth::Clear(&token), &body).await;
        assert_eq!(refusal, (400, 31003), "{amount}");
    }
    assert_eq!(club.kept_passes(3).await.len(), 3);
    assert_eq!(club.counted(), (3, 0));
}

#[tokio::test]
async fn c31004_bat_mint_rate_limit_exceeded() {
    let club = Club::with(&[("BLIND_AUTH_DAILY_MAX", "5")]).await;
    // A test that begins on one day and ends on the next would count two days.
    let day = || super::provider::now() / 86_400;
    let today = day();
    let too_many = (400, 31004);
    let first = club.auth_blanks(3).await;
    let signed = club.ask_for("ann", &first).await;
    assert_eq!(signed.status, 200);
    let refused = club.ask_for("ann", &club.auth_blanks(3).await).await;
    // What was refused for anything does not count.
    let outputs = &first.outputs;
    let body = json!({"outputs": [outputs[0]]});
    let token = club.token("ann");
    let signed_before = club.refusal(AUTH_MINT, Auth::Clear(&token), &body).await;
    let rest = club.ask_for("ann", &club.auth_blanks(2).await).await;
    let more = club.ask_for("ann", &club.auth_blanks(1).await).await;
    // The same request again is answered as before, and counts no more.
    let again = club.ask_for("ann", &first).await;
    let other = club.ask_for("bob", &club.auth_blanks(5).await).await;
    if day() != today {
        return;
    }
    assert_eq!(refused.refusal().unwrap(), too_many);
    assert_eq!(signed_before, (400, 11003));
    assert_eq!(rest.status, 200);
    assert_eq!(more.refusal().unwrap(), too_many);
    assert_eq!(again, signed);
    assert_eq!(other.status, 200);
    assert_eq!(club.counted(), (10, 0));
}

/// As in NUT-22, "Keys" and "Keysets"; and at the other endpoints there is none of it.
#[tokio::test]
async fn its_keys_are_apart_from_those_of_money() {
    let club = Club::open().await;
    let auth = club.auth_keyset().await;
    let listed = async |path: &str| {
        let reply = club.get(path, Auth::None).await;
        let keysets: Keysets = reply.ok().unwrap();
        keysets.keysets
    };
    let keysets = listed("/v1/auth/blind/keysets").await;
    assert_eq!(keysets.len(), 1);
    let one = &keysets[0];
    assert_eq!((one.id, one.unit.as_str()), (auth.id, "auth"));
    assert_eq!((one.active, one.input_fee_ppk), (true, 0));
    let path = format!("/v1/auth/blind/keys/{}", auth.id);
    let keys: Keys = club.get(&path, Auth::None).await.ok().unwrap();
    assert_eq!(keys.keysets[0].keys, auth.keys);
    let money = listed("/v1/keysets").await;
    assert_eq!(money.len(), 1);
    assert_eq!(money[0].id, club.money.id);
    let keys: Keys = club.get("/v1/keys", Auth::None).await.ok().unwrap();
    assert_eq!(keys.keysets.len(), 1);
    for path in [
        format!("/v1/keys/{}", auth.id),
        format!("/v1/auth/blind/keys/{}", club.money.id),
        "/v1/auth/blind/keys/nonsense".to_owned(),
    ] {
        let reply = club.get(&path, Auth::None).await;
        assert_eq!(reply.refusal().unwrap(), (400, 12001), "{path}");
    }
    for path in ["/v1/keys", "/v1/keysets"] {
        let native = club.ask_at(Method::GET, path, Auth::None, None).await;
        assert!(!native.body.to_string().contains("\"auth\""), "{path}");
    }
}

/// They are worth nothing, whatever they are offered for.
#[tokio::test]
async fn it_is_no_money_and_money_is_none_of_it() {
    let club = Club::open().await;
    let auth = club.auth_keyset().await;
    let tokens = club.kept_passes(4).await;
    let (inputs, pass) = (proofs(&tokens[..1]), header(&tokens[3].proof));
    let blind = Auth::Blind(&pass);
    let one = |keyset| Blanks::of(keyset, &[1]).unwrap().outputs;
    let money = club.tokens(1).await;
    let swap = |inputs: &Value, outputs: &Value| json!({"inputs": inputs, "outputs": outputs});
    let (bat, sat) = (json!(inputs), json!(proofs(&money)));
    let (bats, sats) = (json!(one(&auth)), json!(one(&club.money)));
    let both = json!([inputs[0], money[0].proof]);
    for (body, code) in [
        (swap(&bat, &bats), 11013),
        (swap(&bat, &sats), 11010),
        (swap(&sat, &bats), 11010),
        (swap(&both, &sats), 11009),
    ] {
        assert_eq!(club.refusal(SWAP, blind, &body).await, (400, code));
    }
    // At Farthing's own API, where authentication is not asked for.
    let body = swap(&bat, &bats);
    let native = club.ask_at(Method::POST, "/v1/swap", Auth::None, Some(&body));
    assert_eq!(native.await.refusal().unwrap(), (400, 31001));
    let (redeemed, withdrawn) = club.redeem_and_withdraw(&bat, &bats).await;
    assert_eq!(redeemed.refusal().unwrap(), (400, 11013));
    assert_eq!(withdrawn.refusal().unwrap(), (400, 11013));
    let clear = club.token("ann");
    let body = json!({"outputs": sats});
    let minted = club.refusal(AUTH_MINT, Auth::Clear(&clear), &body).await;
    assert_eq!(minted, (400, 11013));
    let mut body = json!({"outputs": bats});
    body["outputs"][0]["amount"] = json!(2);
    let minted = club.refusal(AUTH_MINT, Auth::Clear(&clear), &body).await;
    assert_eq!(minted, (400, 11006));
    let body = json!({"outputs": []});
    let minted = club.refusal(AUTH_MINT, Auth::Clear(&clear), &body);
    assert_eq!(minted.await, (400, 40005));
    let [first, second] = club.passes().await;
    let quote = json!({"amount": 1, "unit": "sat"});
    let quote = club
        .post(MINT_QUOTE, Auth::Blind(&first), &quote)
        .await
        .body["quote"]
        .clone();
    let path = format!("/v1/mint/quote/bolt11/{}", quote.as_str().unwrap());
    assert_eq!(club.get(&path, Auth::None).await.body["state"], "PAID");
    let body = json!({"quote": quote, "outputs": bats});
    let minted = club
        .refusal("/v1/mint/bolt11", Auth::Blind(&second), &body)
        .await;
    assert_eq!(minted, (400, 11013));
    let (_, quote) = club.melt_quote(1000, &second).await;
    let body = json!({"quote": quote["quote"], "inputs": bat, "outputs": []});
    let melted = club.refusal("/v1/melt/bolt11", blind, &body).await;
    assert_eq!(melted, (400, 11013));
    // And all that cost nothing but the two quotes.
    assert_eq!(club.counted(), (6, 2));
    assert_eq!(club.post(SWAP, blind, &swap(&sat, &sats)).await.status, 200);
}

/// Farthing's own API asks nobody who they are, and so it does not swap what the Cashu API guards.
#[tokio::test]
async fn there_is_no_way_around_by_the_other_door() {
    let club = Club::open().await;
    let native = farthing_testkit::client::Client::new(club.mint.url().unwrap()).unwrap();
    let other = native.keyset().await.unwrap();
    let money = club.tokens(3).await;
    let ask = async |body: &Value| {
        let swap = club.ask_at(Method::POST, "/v1/swap", Auth::None, Some(body));
        swap.await
    };
    assert_eq!(ask(&club.swap(&money)).await.refusal().unwrap(), REQUIRED);
    let outputs = Blanks::worth(&other, 3).unwrap();
    let across = json!({"inputs": proofs(&money), "outputs": outputs.outputs});
    assert_eq!(ask(&across).await.refusal().unwrap(), REQUIRED);
    // It is the Cashu API's swap, by whoever may make it.
    let [pass] = club.passes().await;
    let reply = club.post(SWAP, Auth::Blind(&pass), &across).await;
    let signed: Signatures = reply.ok().unwrap();
    let tokens = outputs.unblind(&signed.signatures).unwrap();
    let back = Blanks::worth(&club.money, 3).unwrap();
    let body = json!({"inputs": proofs(&tokens), "outputs": back.outputs});
    assert_eq!(ask(&body).await.refusal().unwrap(), REQUIRED);
    let same = Blanks::worth(&other, 3).unwrap();
    let body = json!({"inputs": proofs(&tokens), "outputs": same.outputs});
    assert_eq!(
        ask(&body).await.status,
        200,
        "Farthing's own tokens are free"
    );
}

/// Any path may be protected: what begins so, and asking for its head alone.
#[tokio::test]
async fn what_the_settings_name_is_protected_and_nothing_else() {
    let club = Club::with(&[(
        "BLIND_AUTH_PATHS",
        "GET /v1/mint/*, GET /v1/keysets, GET /v1/ws",
    )])
    .await;
    let [one, two] = club.passes().await;
    let quote = json!({"amount": 1, "unit": "sat"});
    let quote = club.post(MINT_QUOTE, Auth::None, &quote).await.body["quote"].clone();
    let path = format!("/v1/mint/quote/bolt11/{}", quote.as_str().unwrap());
    assert_eq!(
        club.get(&path, Auth::None).await.refusal().unwrap(),
        REQUIRED
    );
    let read = club.get(&path, Auth::Blind(&one)).await;
    assert_eq!(read.body["state"], "PAID");
    assert_eq!(
        club.get(&path, Auth::Blind(&one)).await.refusal().unwrap(),
        FAILED
    );
    assert_eq!(club.get("/v1/keys", Auth::None).await.status, 200);
    let id = club.money.id;
    assert_eq!(
        club.get(&format!("/v1/keys/{id}"), Auth::None).await.status,
        200
    );
    assert_eq!(
        club.get("/v1/keysets", Auth::None).await.refusal().unwrap(),
        REQUIRED
    );
    let head = async |auth| {
        club.ask(Method::HEAD, "/v1/keysets", auth, None)
            .await
            .status
    };
    assert_eq!(head(Auth::None).await, 400);
    assert_eq!(head(Auth::Blind(&two)).await, 200);
    assert_eq!(head(Auth::Blind(&two)).await, 400);
    // Some wallets drop the path of the mint's address for the websocket.
    for path in ["/v1/ws", "/cashu/v1/ws"] {
        let reply = club.ask_at(Method::GET, path, Auth::None, None).await;
        assert_eq!(reply.refusal().unwrap(), REQUIRED, "{path}");
    }
    let swap = club.swap(&club.tokens(3).await);
    assert_eq!(club.post(SWAP, Auth::None, &swap).await.status, 200);
    assert_eq!(club.counted(), (2, 2));
}

/// Browsers ask first, and are told that they may send both headers.
#[tokio::test]
async fn browsers_may_send_both_headers() {
    let club = Club::open().await;
    let url = format!("{}/cashu{SWAP}", club.mint.url().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http
        .request(Method::OPTIONS, &url)
        .header("origin", "https://wallet.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type, clear-auth, blind-auth",
        );
    let asked = asked.send().await.unwrap();
    assert_eq!(asked.status(), 200);
    assert_eq!(asked.headers()["access-control-allow-origin"], "*");
    let allowed = asked.headers()["access-control-allow-headers"].to_str();
    let allowed: Vec<_> = allowed.unwrap().split(", ").collect();
    assert!(allowed.contains(&"clear-auth") && allowed.contains(&"blind-auth"));
    let refused = http.post(&url).send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
}
