//! Blind authentication tokens in the header, and the request that asks for them (NUT-22).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use farthing_protocol::cashu::auth::{AuthProof, MintRequest, NoAuthProof};
use farthing_protocol::{BlindedMessage, EncodedPoint, KeysetId, Secret};
use serde_json::{Value, json};

const ID: &str = "000e479673849bf6";
const POINT: &str = "024ec000e31e230e4c59760def29601557c0b1650617dc8f38d3b2cfd21ad0351b";

fn token(secret: &str) -> AuthProof {
    AuthProof {
        id: KeysetId::from_hex(ID).unwrap(),
        secret: Secret::new(secret.to_owned()),
        c: EncodedPoint::from_hex(POINT).unwrap(),
    }
}

fn json_of(secret: &str) -> Value {
    json!({"id": ID, "secret": secret, "C": POINT})
}

fn read(json: &Value) -> Result<AuthProof, NoAuthProof> {
    let text = URL_SAFE_NO_PAD.encode(json.to_string());
    AuthProof::decode(&format!("authA{text}"))
}

#[test]
fn a_token_is_a_prefix_and_the_base64url_of_its_json() {
    let text = token("s").encode();
    let json = URL_SAFE_NO_PAD.decode(text.strip_prefix("authA").unwrap());
    let json: Value = serde_json::from_slice(&json.unwrap()).unwrap();
    assert_eq!(json, json_of("s"));
    assert!(!text.contains('='), "{}", *text);
    assert_eq!(AuthProof::decode(&text), Ok(token("s")));
}

/// NUT-22, "Serialization": both forms must be accepted.
#[test]
fn padding_may_be_there_or_not() {
    let mut paddings = Vec::new();
    for secret in ["", "s", "se", "sec"] {
        let json = json_of(secret).to_string();
        let padded = URL_SAFE.encode(&json);
        paddings.push(padded.matches('=').count());
        for text in [padded, URL_SAFE_NO_PAD.encode(&json)] {
            let read = AuthProof::decode(&format!("authA{text}"));
            assert_eq!(read, Ok(token(secret)), "{text}");
        }
    }
    paddings.sort_unstable();
    paddings.dedup();
    assert_eq!(paddings, [0, 1, 2], "all lengths of padding were tried");
}

/// The blinding factor leaves no trace in what was read, and none in what is shown or written of it.
#[test]
fn a_dleq_and_whatever_else_is_sent_along_is_dropped() {
    let r = "5ec2e7".repeat(11)[..64].to_owned();
    for dleq in [
        json!({"e": "01".repeat(32), "s": "02".repeat(32), "r": r}),
        json!(null),
        json!("5ec2e7"),
        json!([[[{"r": 1}]]]),
    ] {
        let mut json = json_of("s");
        json["dleq"] = dleq;
        json["amount"] = json!(1);
        json["witness"] = json!("");
        let read = read(&json).unwrap();
        assert_eq!(read, token("s"));
        assert!(!read.encode().contains("5ec2e7"));
        assert!(!format!("{read:?}").contains("5ec2e7"));
    }
}

#[test]
fn what_is_no_token_is_refused() {
    for text in [
        "",
        "authA",
        "authA!",
        "authB",
        "cashuAeyJ9",
        "authAbm8ganNvbg",
    ] {
        assert_eq!(AuthProof::decode(text), Err(NoAuthProof), "{text}");
    }
    let json = json_of("s").to_string();
    let text = URL_SAFE_NO_PAD.encode(&json);
    assert_eq!(AuthProof::decode(&text), Err(NoAuthProof), "no prefix");
    let cut = &text[..text.len() - 4];
    assert!(AuthProof::decode(&format!("authA{cut}")).is_err());
    for field in ["id", "secret", "C"] {
        let mut json = json_of("s");
        json.as_object_mut().unwrap().remove(field);
        assert_eq!(read(&json), Err(NoAuthProof), "{field}");
        json[field] = json!(7);
        assert_eq!(read(&json), Err(NoAuthProof), "{field}");
    }
    // The other alphabet, where it makes a difference.
    let other = STANDARD.encode(json_of("???>>>").to_string());
    assert!(other.contains('+') || other.contains('/'), "{other}");
    assert!(AuthProof::decode(&format!("authA{other}")).is_err());
}

#[test]
fn the_secret_is_not_shown() {
    let shown = format!("{:?}", token("5ec2e7"));
    assert!(!shown.contains("5ec2e7"), "{shown}");
}

#[test]
fn asking_for_tokens_is_read_with_what_wallets_send_besides() {
    let output = BlindedMessage {
        amount: 1,
        id: KeysetId::from_hex(ID).unwrap(),
        b: EncodedPoint::from_hex(POINT).unwrap(),
    };
    let json = json!({
        "outputs": [{"amount": 1, "id": ID, "B_": POINT, "C_": null, "witness": null}],
        "quote": null
    });
    let read: MintRequest = serde_json::from_value(json).unwrap();
    assert_eq!(
        read,
        MintRequest {
            outputs: vec![output]
        }
    );
    for bad in [json!({}), json!({"outputs": null}), json!({"outputs": [1]})] {
        assert!(serde_json::from_value::<MintRequest>(bad).is_err());
    }
}
