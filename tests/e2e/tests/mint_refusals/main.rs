//! What the mint says to bad requests, to the status and the code, and that nothing moves for them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod order;
mod setting;
mod transport;

use ed25519_dalek::{Signer as _, SigningKey};
use farthing_protocol::api::path;
use farthing_protocol::conditions::Witness;
use farthing_testkit::client::{Blanks, redeem_body, withdraw_body};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use setting::{BAD_POINTS, Setting, owner};

#[tokio::test]
async fn what_is_not_a_request() {
    let setting = Setting::new().await;
    let good = setting.swap().to_string();
    for cut in [0, 1, 30, good.len() / 2, good.len() - 1] {
        let body = good[..cut].to_owned();
        let name = format!("cut at {cut}");
        setting.refused(&name, path::SWAP, body, (400, 40001)).await;
    }
    let twice = format!("{good}{good}");
    let deep = "[".repeat(100_000);
    let same_key = good.replacen("\"amount\":8", "\"amount\":8,\"amount\":8", 1);
    let not_utf8 = good.replacen("secret\":\"", "secret\":\"\\ud800", 1);
    for (name, body) in [
        ("two objects", twice.as_str()),
        ("deep", deep.as_str()),
        ("a key twice", same_key.as_str()),
        ("half a surrogate", not_utf8.as_str()),
        ("null", "null"),
        ("a list", "[]"),
        ("nothing in it", "{}"),
    ] {
        setting
            .refused(name, path::SWAP, body.to_owned(), (400, 40001))
            .await;
        setting
            .refused(name, path::REDEEM, body.to_owned(), (400, 40001))
            .await;
        setting
            .refused(name, path::WITHDRAW, body.to_owned(), (400, 40001))
            .await;
    }
    for path in [path::CHECKSTATE, path::RESTORE] {
        setting
            .refused("truncated", path, "{\"".to_owned(), (400, 40001))
            .await;
        setting
            .refused("unknown", path, "{\"a\": 1}".to_owned(), (400, 40001))
            .await;
    }
    setting.still_good().await;
}

#[tokio::test]
async fn unknown_and_missing_fields() {
    let setting = Setting::new().await;
    let dleq = json!({"e": "00".repeat(32), "s": "00".repeat(32), "r": "00".repeat(32)});
    setting
        .spoiled("beside", |b| b["fee"] = json!(0), 40001)
        .await;
    let in_input = |b: &mut Value| b["inputs"][0]["dleq"] = dleq.clone();
    setting.spoiled("dleq in an input", in_input, 40001).await;
    setting
        .spoiled(
            "in an output",
            |b| b["outputs"][0]["C_"] = json!("00"),
            40001,
        )
        .await;
    for field in ["amount", "id", "secret", "C"] {
        let remove = |b: &mut Value| {
            b["inputs"][1]
                .as_object_mut()
                .unwrap()
                .remove(field)
                .unwrap();
        };
        setting.spoiled(field, remove, 40001).await;
    }
    for field in ["amount", "id", "B_"] {
        let remove = |b: &mut Value| {
            b["outputs"][1]
                .as_object_mut()
                .unwrap()
                .remove(field)
                .unwrap();
        };
        setting.spoiled(field, remove, 40001).await;
    }
    setting.still_good().await;
}

#[tokio::test]
async fn amounts() {
    let setting = Setting::new().await;
    let no_numbers = [
        "-8",
        "8.0",
        "8.5",
        "8e0",
        "1e30",
        "18446744073709551616",
        "\"8\"",
        "null",
        "[8]",
    ];
    for text in no_numbers {
        for side in ["inputs", "outputs"] {
            let mut body = setting.swap();
            body[side][1]["amount"] = json!("AMOUNT");
            let body = body.to_string().replace("\"AMOUNT\"", text);
            let name = format!("{text} in {side}");
            setting.refused(&name, path::SWAP, body, (400, 40001)).await;
        }
    }
    for amount in [0, 3, 9, 1 << 16, 1 << 63, u64::MAX] {
        let name = amount.to_string();
        setting
            .spoiled(&name, |b| b["inputs"][1]["amount"] = json!(amount), 11006)
            .await;
        setting
            .spoiled(&name, |b| b["outputs"][1]["amount"] = json!(amount), 11006)
            .await;
        let overflow = |b: &mut Value| {
            for side in ["inputs", "outputs"] {
                b[side]
                    .as_array_mut()
                    .unwrap()
                    .iter_mut()
                    .for_each(|x| x["amount"] = json!(amount));
            }
        };
        setting.spoiled(&name, overflow, 11006).await;
    }
    // An amount of the keyset, but not the token's: its signature is of another key.
    setting
        .spoiled(
            "dearer",
            |b| {
                b["inputs"][0]["amount"] = json!(16);
                b["outputs"][0]["amount"] = json!(16);
            },
            10001,
        )
        .await;
    setting
        .spoiled("one more", |b| b["outputs"][0]["amount"] = json!(16), 11005)
        .await;
    setting
        .spoiled("one less", |b| b["outputs"][0]["amount"] = json!(4), 11005)
        .await;
    setting.still_good().await;
}

#[tokio::test]
async fn points() {
    let setting = Setting::new().await;
    for point in BAD_POINTS {
        setting
            .spoiled(point, |b| b["inputs"][2]["C"] = json!(point), 10001)
            .await;
        setting
            .spoiled(point, |b| b["outputs"][2]["B_"] = json!(point), 40003)
            .await;
        let body = json!({"outputs": [{"amount": 8, "id": setting.scene.keyset.id, "B_": point}]});
        setting
            .refused(point, path::WITHDRAW, body.to_string(), (400, 40003))
            .await;
    }
    for bytes in [0, 1, 31, 33, 34, 64] {
        let point = json!("02".repeat(bytes));
        setting
            .spoiled("length", |b| b["inputs"][2]["C"] = point.clone(), 40001)
            .await;
        setting
            .spoiled("length", |b| b["outputs"][2]["B_"] = point.clone(), 40001)
            .await;
        if bytes != 33 {
            let body = json!({"Ys": [point]}).to_string();
            setting
                .refused("length", path::CHECKSTATE, body, (400, 40001))
                .await;
        }
    }
    for text in [
        "zz".repeat(32),
        "0".repeat(63),
        "0x".to_owned() + &"1".repeat(62),
    ] {
        setting
            .spoiled(&text, |b| b["inputs"][2]["C"] = json!(text), 40001)
            .await;
        setting
            .spoiled(&text, |b| b["outputs"][2]["B_"] = json!(text), 40001)
            .await;
    }
    setting.still_good().await;
}

#[tokio::test]
async fn keysets_and_tokens_of_others() {
    let setting = Setting::new().await;
    let other = Setting::new().await;
    let unknown = json!(other.scene.keyset.id);
    setting
        .spoiled("input", |b| b["inputs"][1]["id"] = unknown.clone(), 12001)
        .await;
    setting
        .spoiled("output", |b| b["outputs"][1]["id"] = unknown.clone(), 12001)
        .await;
    let short = json!(setting.scene.keyset.id.short());
    setting
        .spoiled("short id", |b| b["inputs"][1]["id"] = short.clone(), 12001)
        .await;
    for id in [
        json!(""),
        json!("52"),
        json!("zz".repeat(33)),
        json!(52),
        json!(null),
    ] {
        setting
            .spoiled("no id", |b| b["inputs"][1]["id"] = id.clone(), 40001)
            .await;
        setting
            .spoiled("no id", |b| b["outputs"][1]["id"] = id.clone(), 40001)
            .await;
    }
    let theirs = serde_json::to_value(&other.inputs[0]).unwrap();
    setting
        .spoiled("theirs", |b| b["inputs"][0] = theirs.clone(), 12001)
        .await;
    let mut dressed_up = theirs;
    dressed_up["id"] = json!(setting.scene.keyset.id);
    setting
        .spoiled("dressed up", |b| b["inputs"][0] = dressed_up.clone(), 10001)
        .await;
    let mixed_up = |b: &mut Value| {
        let (first, second) = (b["inputs"][0]["C"].take(), b["inputs"][1]["C"].take());
        (b["inputs"][0]["C"], b["inputs"][1]["C"]) = (second, first);
    };
    setting.spoiled("signatures swapped", mixed_up, 10001).await;
    setting.still_good().await;
}

#[tokio::test]
async fn twice_and_again() {
    let setting = Setting::new().await;
    let input_twice = |b: &mut Value| b["inputs"][3] = b["inputs"][0].clone();
    setting.spoiled("input twice", input_twice, 11007).await;
    // The secret is the token: another signature or witness beside it makes no other token.
    let disguised = |b: &mut Value| {
        b["inputs"][3]["secret"] = b["inputs"][0]["secret"].clone();
        b["inputs"][3]["witness"] = json!("{}");
    };
    setting.spoiled("disguised", disguised, 11007).await;
    let output_twice = |b: &mut Value| b["outputs"][3] = b["outputs"][0].clone();
    setting.spoiled("output twice", output_twice, 11008).await;
    let upper = |b: &mut Value| {
        let point = b["outputs"][0]["B_"].as_str().unwrap().to_uppercase();
        b["outputs"][3]["B_"] = json!(point);
    };
    setting
        .spoiled("output twice, once in capitals", upper, 11008)
        .await;
    let spent = serde_json::to_value(&setting.spent).unwrap();
    setting
        .spoiled("spent", |b| b["inputs"][3] = spent.clone(), 11001)
        .await;
    setting
        .spoiled(
            "signed",
            |b| b["outputs"][3] = setting.signed.clone(),
            11003,
        )
        .await;
    let body = json!({"outputs": [setting.signed]}).to_string();
    setting
        .refused("signed", path::WITHDRAW, body, (400, 11003))
        .await;
    let body = redeem_body(vec![setting.spent.clone()], None);
    setting
        .refused("spent", path::REDEEM, body, (400, 11001))
        .await;
    // Signed for 8, asked for 4: still the same output.
    let mut cheaper = setting.signed.clone();
    cheaper["amount"] = json!(4);
    let body = json!({"outputs": [cheaper]}).to_string();
    setting
        .refused(
            "signed for another amount",
            path::WITHDRAW,
            body,
            (400, 11003),
        )
        .await;
    setting.still_good().await;
}

#[tokio::test]
async fn limits() {
    // Room for a body with 10,000 inputs; see below for what happens without.
    let setting = Setting::with(&[("BODY_BYTES_MAX", "4000000")]).await;
    setting
        .spoiled("no inputs", |b| b["inputs"] = json!([]), 40005)
        .await;
    setting
        .spoiled("no outputs", |b| b["outputs"] = json!([]), 40005)
        .await;
    let empty = json!({"outputs": []}).to_string();
    setting
        .refused("nothing", path::WITHDRAW, empty, (400, 40005))
        .await;
    let empty = json!({"inputs": []}).to_string();
    setting
        .refused("nothing", path::REDEEM, empty, (400, 40005))
        .await;
    for (side, most, code) in [("inputs", 256, 11014), ("outputs", 256, 11015)] {
        for count in [most + 1, 10_000] {
            let many = |b: &mut Value| {
                let first = b[side][0].clone();
                b[side] = json!(vec![first; count]);
            };
            setting
                .spoiled(&format!("{count} {side}"), many, code)
                .await;
        }
        // As many as there may be are past this limit, and stopped by the next rule.
        let many = |b: &mut Value| b[side] = json!(vec![b[side][0].clone(); most]);
        let next = if side == "inputs" { 11007 } else { 11008 };
        setting.spoiled("as many as may be", many, next).await;
    }
    let point = "02".repeat(32);
    let body = json!({"Ys": vec![point; 257]}).to_string();
    setting
        .refused("points", path::CHECKSTATE, body, (400, 11014))
        .await;
    let body = json!({"outputs": vec![setting.signed.clone(); 257]}).to_string();
    setting
        .refused("restore", path::RESTORE, body, (400, 11015))
        .await;
    let secret = |length| move |b: &mut Value| b["inputs"][0]["secret"] = json!("s".repeat(length));
    setting.spoiled("long secret", secret(1025), 40002).await;
    setting.spoiled("longest secret", secret(1024), 10001).await;
    let umlauts = |b: &mut Value| b["inputs"][0]["secret"] = json!("ä".repeat(513));
    setting.spoiled("513 times two bytes", umlauts, 40002).await;
    let witness =
        |length| move |b: &mut Value| b["inputs"][0]["witness"] = json!("w".repeat(length));
    setting.spoiled("long witness", witness(4097), 40001).await;
    setting.still_good().await;
}

#[tokio::test]
async fn funds_and_permissions() {
    let setting = Setting::new().await;
    let Setting { scene, ann, .. } = &setting;
    let held = scene.balance(ann).await.unwrap();
    assert_eq!(held, 1000 - 5 * 8 - 8);
    let more = withdraw_body(&Blanks::worth(&scene.keyset, held + 1).unwrap());
    setting
        .refused("funds", path::WITHDRAW, more, (400, 40004))
        .await;
    assert_eq!(scene.balance(ann).await.unwrap(), held);
    let change = Blanks::of(&scene.keyset, &[8, 1]).unwrap();
    let body = redeem_body(setting.inputs[..1].to_vec(), Some(&change));
    setting
        .refused("more change than tokens", path::REDEEM, body, (400, 11005))
        .await;
    let body = withdraw_body(&change);
    for token in [
        None,
        Some(""),
        Some("farthing_AAAA"),
        Some(&ann[..ann.len() - 1]),
    ] {
        let refusal = setting.refusal(path::WITHDRAW, token, body.clone()).await;
        assert_eq!(refusal, (401, 40101), "{token:?}");
    }
    let reader = scene.mint.account("reader", "read", 100).unwrap();
    let refusal = setting
        .refusal(path::WITHDRAW, Some(&reader), body.clone())
        .await;
    assert_eq!(refusal, (403, 40301));
    let in_all = redeem_body(setting.inputs.clone(), None);
    let refusal = setting.refusal(path::REDEEM, Some(&reader), in_all).await;
    assert_eq!(refusal, (403, 40301));
    assert_eq!(scene.balance(&reader).await.unwrap(), 100);
    let all = withdraw_body(&Blanks::worth(&scene.keyset, held).unwrap());
    let reply = scene
        .client
        .post(path::WITHDRAW, Some(ann), all)
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "to the last unit: {}", reply.body);
    assert_eq!(scene.balance(ann).await.unwrap(), 0);
    setting.still_good().await;
}

#[tokio::test]
async fn locks() {
    let setting = Setting::new().await;
    let mut proof = setting.locked.clone();
    let sign = |key: &SigningKey, message: &str| {
        let signature = key.sign(&Sha256::digest(message));
        Witness {
            preimage: None,
            signatures: vec![hex::encode(signature.to_bytes())],
        }
        .to_json()
    };
    let secret = proof.secret.expose().to_owned();
    let other = SigningKey::from_bytes(&[8; 32]);
    let wrong = [
        None,
        Some(String::new()),
        Some("{}".to_owned()),
        Some("not json".to_owned()),
        Some(sign(&other, &secret)),
        Some(sign(&owner(), &format!("{secret} "))),
        Some(json!({"signatures": ["00".repeat(64)]}).to_string()),
        Some(json!({"signatures": ["00"]}).to_string()),
    ];
    for witness in wrong {
        let name = format!("{witness:?}");
        proof.witness = witness;
        let body = redeem_body(vec![proof.clone()], None);
        setting
            .refused(&name, path::REDEEM, body, (400, 10001))
            .await;
    }
    proof.witness = Some(sign(&owner(), &secret));
    let body = redeem_body(vec![proof], None);
    let ann = Some(setting.ann.as_str());
    let reply = setting
        .scene
        .client
        .post(path::REDEEM, ann, body)
        .await
        .unwrap();
    assert_eq!((reply.status, &reply.body["credited"]), (200, &json!(8)));
    setting.still_good().await;
}
