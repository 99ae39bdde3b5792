//! Where the API has an object, an array of its values in some order is none: for every body of both APIs,
//! and every object in it.

use farthing_protocol::api::Signatures;
use farthing_testkit::client::{self, Blanks, Client, proofs};
use serde_json::json;

use super::setting::{Shop, invoice, y};

const MALFORMED: (u16, u32) = (400, 40001);

/// Every way to write one of the objects in `json` as an array of its values.
fn with_arrays(json: &str) -> Vec<String> {
    let starts = json.char_indices().filter(|(_, c)| *c == '{');
    starts.filter_map(|(at, _)| with_array(json, at)).collect()
}

/// The same for the object that begins at `start`; `None` when that is within a text.
fn with_array(json: &str, start: usize) -> Option<String> {
    let (mut depth, mut in_text, mut is_key) = (0, false, false);
    let mut out = String::new();
    let mut escaped = false;
    for (at, c) in json.char_indices() {
        let inside = at > start && depth > 0;
        let top = inside && depth == 1;
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            if at == start {
                return None;
            }
            if !(top && is_key) {
                out.push(c);
            }
            continue;
        }
        match c {
            '"' => in_text = true,
            '{' | '[' if inside => depth += 1,
            '{' if at == start => {
                (depth, is_key) = (1, true);
                out.push('[');
                continue;
            }
            '}' if top => {
                depth = 0;
                out.push(']');
                continue;
            }
            '}' | ']' if inside => depth -= 1,
            ':' if top && is_key => {
                is_key = false;
                continue;
            }
            ',' if top => is_key = true,
            _ => {}
        }
        if !(top && is_key && c == '"') {
            out.push(c);
        }
    }
    Some(out)
}

#[test]
fn an_object_becomes_an_array_of_its_values() {
    let json = r#"{"a":[{"b":1,"c":"{\"x\":"}],"d":{}}"#;
    assert_eq!(
        with_arrays(json),
        [
            r#"[[{"b":1,"c":"{\"x\":"}],{}]"#,
            r#"{"a":[[1,"{\"x\":"]],"d":{}}"#,
            r#"{"a":[{"b":1,"c":"{\"x\":"}],"d":[]}"#,
        ]
    );
}

/// The bodies of the Cashu API, in the order in which the program has their fields, and how many objects
/// each holds.
async fn cashu_bodies(shop: &Shop) -> Vec<(&'static str, String, usize)> {
    let token = shop.tokens(1).await.remove(0);
    let proof = &proofs(std::slice::from_ref(&token))[0];
    let input = serde_json::to_string(proof).unwrap();
    let blanks = shop.outputs(&[1]);
    let output = serde_json::to_string(&blanks.outputs[0]).unwrap();
    let paid = shop.paid_quote(1).await.quote;
    let paid = paid.as_str();
    let bill = invoice(None);
    let melt = shop.melt_quote(&invoice(Some(1000))).await.quote;
    let (melt, bill, y) = (melt.as_str(), &bill.text, y(&token));
    let key = "02".to_owned() + "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    vec![
        (
            "/v1/mint/quote/bolt11",
            format!(r#"{{"amount":1,"unit":"sat","description":"x","pubkey":"{key}"}}"#),
            1,
        ),
        (
            "/v1/mint/quote/bolt11/check",
            format!(r#"{{"quotes":["{paid}"]}}"#),
            1,
        ),
        (
            "/v1/mint/bolt11",
            format!(r#"{{"quote":"{paid}","outputs":[{output}],"signature":null}}"#),
            2,
        ),
        (
            "/v1/mint/bolt11/batch",
            format!(
                r#"{{"quotes":["{paid}"],"quote_amounts":[1],"outputs":[{output}],"signatures":[null]}}"#
            ),
            2,
        ),
        (
            "/v1/melt/quote/bolt11",
            format!(r#"{{"request":"{bill}","unit":"sat","options":{{"mpp":{{"amount":1}}}}}}"#),
            3,
        ),
        (
            "/v1/melt/quote/bolt11",
            format!(
                r#"{{"request":"{bill}","unit":"sat","options":{{"mpp":null,"amountless":{{"amount_msat":1000}}}}}}"#
            ),
            3,
        ),
        (
            "/v1/melt/bolt11",
            format!(
                r#"{{"quote":"{melt}","inputs":[{input}],"outputs":[{output}],"prefer_async":false}}"#
            ),
            3,
        ),
        (
            "/v1/swap",
            format!(r#"{{"inputs":[{input}],"outputs":[{output}]}}"#),
            3,
        ),
        (
            "/v1/checkstate",
            format!(r#"{{"Ys":["{}"]}}"#, y.to_hex()),
            1,
        ),
        ("/v1/restore", format!(r#"{{"outputs":[{output}]}}"#), 2),
    ]
}

#[tokio::test]
async fn at_the_cashu_door() {
    let shop = Shop::open().await;
    let bodies = cashu_bodies(&shop).await;
    let before = shop.sums();
    for (path, body, objects) in &bodies {
        let spoilt = with_arrays(body);
        assert_eq!(spoilt.len(), *objects, "{path}");
        for body in spoilt {
            let reply = shop.client.post(path, None, body.clone()).await.unwrap();
            assert_eq!(reply.refusal().unwrap(), MALFORMED, "{path} {body}");
        }
    }
    assert_eq!(shop.sums(), before);
    // The very same with its names is read: what follows depends on what comes before.
    for (path, body, _) in bodies {
        let reply = shop.client.post(path, None, body).await.unwrap();
        let is_malformed = reply.refusal().is_ok_and(|refusal| refusal == MALFORMED);
        assert!(!is_malformed, "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn at_farthings_own_door() {
    let shop = Shop::open().await;
    let ann = shop
        .mint
        .account("ann", "withdraw,redeem,read", 100)
        .unwrap();
    let client = Client::new(shop.mint.url().unwrap()).unwrap();
    let keyset = client.keyset().await.unwrap();
    let blanks = Blanks::of(&keyset, &[1]).unwrap();
    let output = serde_json::to_string(&blanks.outputs[0]).unwrap();
    let withdraw = format!(r#"{{"outputs":[{output}]}}"#);
    let reply = client.post("/v1/withdraw", Some(&ann), withdraw.clone());
    let signed = reply.await.unwrap().ok::<Signatures>();
    let token = blanks
        .unblind(&signed.unwrap().signatures)
        .unwrap()
        .remove(0);
    let input = serde_json::to_string(&proofs(std::slice::from_ref(&token))[0]).unwrap();
    let fresh = Blanks::of(&keyset, &[1]).unwrap();
    let output = serde_json::to_string(&fresh.outputs[0]).unwrap();
    let bill = invoice(Some(1000)).text;
    let point = client::y(&token.proof).unwrap().to_hex();
    let bodies = [
        ("/v1/withdraw", format!(r#"{{"outputs":[{output}]}}"#), 2),
        (
            "/v1/swap",
            format!(r#"{{"inputs":[{input}],"outputs":[{output}]}}"#),
            3,
        ),
        (
            "/v1/redeem",
            format!(r#"{{"inputs":[{input}],"outputs":[]}}"#),
            2,
        ),
        (
            "/v1/redeem",
            format!(r#"{{"inputs":[{input}],"outputs":[{output}]}}"#),
            3,
        ),
        ("/v1/checkstate", format!(r#"{{"Ys":["{point}"]}}"#), 1),
        ("/v1/restore", format!(r#"{{"outputs":[{output}]}}"#), 2),
        (
            "/v1/account/deposit",
            r#"{"amount":1,"description":"x"}"#.to_owned(),
            1,
        ),
        (
            "/v1/account/payout/quote",
            format!(r#"{{"request":"{bill}"}}"#),
            1,
        ),
        ("/v1/account/payout", r#"{"quote":"none"}"#.to_owned(), 1),
    ];
    for (path, body, objects) in bodies {
        let spoilt = with_arrays(&body);
        assert_eq!(spoilt.len(), objects, "{path}");
        for body in spoilt {
            let reply = client.post(path, Some(&ann), body.clone()).await.unwrap();
            assert_eq!(reply.refusal().unwrap(), MALFORMED, "{path} {body}");
        }
        let reply = client.post(path, Some(&ann), body).await.unwrap();
        let is_malformed = reply.refusal().is_ok_and(|refusal| refusal == MALFORMED);
        assert!(!is_malformed, "{path}: {}", reply.body);
    }
}

/// A lock's fields, and a witness's: whoever reads them otherwise would take a locked token for a plain one.
#[tokio::test]
async fn within_a_lock_and_a_witness() {
    let shop = Shop::open().await;
    let token = shop.tokens(1).await.remove(0);
    let proof = serde_json::to_value(&proofs(&[token])[0]).unwrap();
    let key = format!(
        "02{}",
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    );
    let output = shop.outputs(&[1]);
    for (field, value) in [
        ("secret", json!(format!(r#"["P2PK",["00","{key}",[]]]"#))),
        ("witness", json!([null, []])),
    ] {
        let mut input = proof.clone();
        input[field] = value;
        let body = json!({"inputs": [input], "outputs": output.outputs});
        let reply = shop.post("/v1/swap", &body).await;
        let (status, code) = reply.refusal().unwrap();
        assert_eq!(status, 400, "{}", reply.body);
        assert!([40001, 10001].contains(&code), "{}", reply.body);
    }
    let good = json!({"inputs": [proof], "outputs": output.outputs});
    assert_eq!(shop.post("/v1/swap", &good).await.status, 200);
}
