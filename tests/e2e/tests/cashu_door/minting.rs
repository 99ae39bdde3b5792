//! Minting (NUT-04, NUT-20, NUT-23, NUT-29), swapping and restoring.

use std::time::{SystemTime, UNIX_EPOCH};

use farthing_protocol::api::{Restored, Signatures};
use farthing_protocol::cashu::bolt11::{MintQuote, MintQuoteState};
use farthing_protocol::cashu::nut20;
use farthing_protocol::suite::secp256k1::SigningKey;
use farthing_testkit::client::{Client, proofs};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::setting::{Shop, invoice, melt_body};

#[tokio::test]
async fn what_an_invoice_paid_for_is_minted_once() {
    let shop = Shop::with(&[("LIGHTNING_BACKEND", "fake"), ("FAKE_DELAY_MS", "3600000")]).await;
    let quote = shop.mint_quote(100).await;
    assert_eq!(quote.state, MintQuoteState::Unpaid);
    assert_eq!(
        (quote.amount, quote.unit.as_str(), quote.method.as_str()),
        (100, "sat", "bolt11")
    );
    assert!(quote.request.starts_with("lnbcrt1u1"), "{}", quote.request);
    assert_eq!(shop.sums(), (0, 0, 0));

    shop.order("incoming-default", "paid");
    let path = format!("/v1/mint/quote/bolt11/{}", quote.quote.as_str());
    let read = async || {
        shop.client
            .get(&path, None)
            .await
            .unwrap()
            .ok::<MintQuote>()
            .unwrap()
    };
    let paid = read().await;
    assert_eq!(paid.state, MintQuoteState::Paid);
    assert!(paid.updated_at > quote.updated_at);
    assert_eq!(read().await, paid, "asking changes nothing");
    assert_eq!((paid.amount_paid, paid.amount_issued), (100, 0));
    assert_eq!(shop.sums(), (100, 0, 0));
    assert_eq!(shop.books()["paid_in"]["balance"], 100);

    let outputs = shop.worth(100);
    let body = json!({"quote": quote.quote, "outputs": outputs.outputs});
    let answer = shop.post("/v1/mint/bolt11", &body).await;
    assert_eq!(
        shop.post("/v1/mint/bolt11", &body).await,
        answer,
        "it may be sent again"
    );
    let signed: Signatures = answer.ok().unwrap();
    assert_eq!(outputs.unblind(&signed.signatures).unwrap().len(), 3);
    assert_eq!(read().await.state, MintQuoteState::Issued);
    assert_eq!(shop.sums(), (100, 100, 0));
    assert_eq!(shop.books()["paid_in"]["balance"], 0);

    let again = shop.worth(100);
    let body = json!({"quote": quote.quote, "outputs": again.outputs});
    assert_eq!(shop.refusal("/v1/mint/bolt11", &body).await, (400, 20002));
}

#[tokio::test]
async fn a_part_of_what_was_paid_is_minted_and_the_rest_later() {
    let shop = Shop::open().await;
    let quote = shop.paid_quote(100).await;
    let mint = async |amount: u64| {
        let outputs = shop.worth(amount);
        let body = json!({"quote": quote.quote, "outputs": outputs.outputs});
        shop.post("/v1/mint/bolt11", &body).await
    };
    let read = async || {
        let path = format!("/v1/mint/quote/bolt11/{}", quote.quote.as_str());
        let reply = shop.client.get(&path, None).await.unwrap();
        reply.ok::<MintQuote>().unwrap()
    };
    assert_eq!(mint(101).await.refusal().unwrap(), (400, 11005));
    assert_eq!(mint(60).await.status, 200);
    let part = read().await;
    assert_eq!((part.amount_paid, part.amount_issued), (100, 60));
    assert_eq!(part.state, MintQuoteState::Paid);
    assert_eq!(shop.sums(), (100, 60, 0));
    assert_eq!(mint(41).await.refusal().unwrap(), (400, 20002));
    assert_eq!(mint(40).await.status, 200);
    let whole = read().await;
    assert_eq!(
        (whole.amount_issued, whole.state),
        (100, MintQuoteState::Issued)
    );
    assert!(whole.updated_at > part.updated_at);
    assert_eq!(mint(1).await.refusal().unwrap(), (400, 20002));
    assert_eq!(shop.sums(), (100, 100, 0));
}

/// The store as version 2 of its schema had it, in which no quote knew when it changed.
const VERSION_2: &str = "DROP INDEX mint_quotes_unpaid;
    DROP INDEX mint_quotes_unpaid_of;
    DROP INDEX melt_quotes_unbegun;
    DROP INDEX melt_quotes_unbegun_of;
    ALTER TABLE mint_quotes DROP COLUMN updated_at;
    CREATE INDEX mint_quotes_open ON mint_quotes (expiry) WHERE paid = 0;
    PRAGMA user_version = 2;";

#[tokio::test]
async fn a_mint_of_an_older_version_is_brought_up_to_date_and_owes_what_it_owed() {
    let mut shop = Shop::open().await;
    let paid = shop.paid_quote(8).await;
    let melt = shop.melt_quote(&invoice(Some(3000))).await;
    let address = shop.mint.url().unwrap().replace("http://", "");
    shop.mint.stop().unwrap();
    let store = Connection::open(shop.mint.dir().join("mint.sqlite")).unwrap();
    store.execute_batch(VERSION_2).unwrap();
    drop(store);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    shop.mint.start_at(&address).unwrap();
    // The connections of the one before are gone.
    shop.client = Client::new(&format!("http://{address}/cashu")).unwrap();
    let path = format!("/v1/mint/quote/bolt11/{}", paid.quote.as_str());
    let reply = shop.client.get(&path, None).await.unwrap();
    let read: MintQuote = reply.ok().unwrap();
    assert_eq!((read.amount_paid, read.amount_issued), (8, 0));
    // That version told wallets the time of asking: what they are told now is no older.
    assert!(read.updated_at >= before.as_secs());
    let outputs = shop.worth(8);
    let body = json!({"quote": paid.quote, "outputs": outputs.outputs});
    let reply = shop.post("/v1/mint/bolt11", &body).await;
    let signed: Signatures = reply.ok().unwrap();
    let tokens = outputs.unblind(&signed.signatures).unwrap();
    let body = melt_body(&melt, &tokens, &shop.outputs(&[1; 3]));
    assert_eq!(shop.post("/v1/melt/bolt11", &body).await.status, 200);
    assert_eq!(shop.sums(), (5, 5, 0));
}

#[tokio::test]
async fn what_wallets_send_besides_is_skipped_the_blinding_factor_before_all() {
    let shop = Shop::open().await;
    let tokens = shop.tokens(100).await;
    let fresh = shop.worth(100);
    let mut inputs: Vec<Value> = proofs(&tokens)
        .iter()
        .map(|proof| serde_json::to_value(proof).unwrap())
        .collect();
    for (input, token) in inputs.iter_mut().zip(&tokens) {
        input["dleq"] = serde_json::to_value(token.dleq.clone().unwrap()).unwrap();
        input["witness"] = Value::Null;
        input["Y"] = json!("whatever");
    }
    let body = json!({"inputs": inputs, "outputs": fresh.outputs, "memo": null});
    let answer = shop.post("/v1/swap", &body).await;
    let signed: Signatures = answer.ok().unwrap();
    let outputs = fresh.outputs.clone();
    let swapped = fresh.unblind(&signed.signatures).unwrap();
    assert_eq!(swapped.len(), outputs.len());

    let blind: Vec<_> = outputs
        .iter()
        .map(|o| json!({"amount": 0, "id": o.id, "B_": o.b}))
        .collect();
    let body = json!({"outputs": blind, "quote": "restore"});
    let restored: Restored = shop.post("/v1/restore", &body).await.ok().unwrap();
    assert_eq!(restored.outputs, outputs);
    assert_eq!(restored.signatures, signed.signatures);
}

#[tokio::test]
async fn a_locked_quote_is_minted_by_its_keys_signature_of_either_form_alone() {
    let shop = Shop::open().await;
    let key = SigningKey::from_bytes(&[9; 32]).unwrap();
    let other = SigningKey::from_bytes(&[8; 32]).unwrap();
    let body = json!({"amount": 8, "unit": "sat", "pubkey": key.public_key()});
    for is_framed in [false, true] {
        let reply = shop.post("/v1/mint/quote/bolt11", &body).await;
        let quote: MintQuote = reply.ok().unwrap();
        assert_eq!(quote.pubkey, Some(key.public_key()));
        let outputs = shop.worth(8);
        let mint = |signature: Option<String>| json!({"quote": quote.quote, "outputs": outputs.outputs, "signature": signature});
        let sign = |key: &SigningKey| match is_framed {
            false => nut20::sign(key, &quote.quote, &outputs.outputs),
            true => hex::encode(key.sign(&nut20::framed_message(&quote.quote, &outputs.outputs))),
        };
        // The door looks for the payment, then for the signature.
        for bad in [
            None,
            Some(sign(&other)),
            Some("00".repeat(64)),
            Some(String::new()),
        ] {
            let refusal = shop.refusal("/v1/mint/bolt11", &mint(bad)).await;
            assert_eq!(refusal, (400, 20008));
        }
        let reply = shop.post("/v1/mint/bolt11", &mint(Some(sign(&key)))).await;
        let signed: Signatures = reply.ok().unwrap();
        assert_eq!(outputs.unblind(&signed.signatures).unwrap().len(), 1);
    }
    assert_eq!(shop.sums(), (16, 16, 0));
}

#[tokio::test]
async fn several_quotes_are_minted_together_or_not_at_all() {
    let shop = Shop::open().await;
    let key = SigningKey::from_bytes(&[9; 32]).unwrap();
    let locked = json!({"amount": 5, "unit": "sat", "pubkey": key.public_key()});
    let locked = shop.post("/v1/mint/quote/bolt11", &locked).await;
    let locked: MintQuote = locked.ok().unwrap();
    let open = shop.paid_quote(11).await;
    let quotes = json!([open.quote, locked.quote]);
    let checked = shop
        .post("/v1/mint/quote/bolt11/check", &json!({"quotes": quotes}))
        .await;
    let checked: Vec<MintQuote> = checked.ok().unwrap();
    let states: Vec<_> = checked.iter().map(|q| (q.amount, q.state)).collect();
    assert_eq!(
        states,
        [(11, MintQuoteState::Paid), (5, MintQuoteState::Paid)]
    );

    let outputs = shop.outputs(&[16]);
    let signature = nut20::sign(&key, &locked.quote, &outputs.outputs);
    let batch = |signatures: Value| json!({"quotes": quotes, "outputs": outputs.outputs, "signatures": signatures});
    let path = "/v1/mint/bolt11/batch";
    for bad in [
        json!(null),
        json!([null, null]),
        json!([signature, null]),
        json!([signature]),
        json!([signature, signature]),
    ] {
        assert_eq!(shop.refusal(path, &batch(bad)).await, (400, 20008));
    }
    let mut unequal = batch(json!([null, signature]));
    unequal["quote_amounts"] = json!([10, 6]);
    assert_eq!(shop.refusal(path, &unequal).await, (400, 11005));
    assert_eq!(shop.sums(), (16, 0, 0));

    let mut good = batch(json!([null, signature]));
    good["quote_amounts"] = json!([11, 5]);
    let signed: Signatures = shop.post(path, &good).await.ok().unwrap();
    assert_eq!(
        outputs.unblind(&signed.signatures).unwrap()[0].proof.amount,
        16
    );
    assert_eq!(shop.sums(), (16, 16, 0));
    let again = shop.outputs(&[1, 2, 8]);
    let body = json!({"quote": open.quote, "outputs": again.outputs});
    assert_eq!(shop.refusal("/v1/mint/bolt11", &body).await, (400, 20002));
}

#[tokio::test]
async fn what_does_not_work_is_not_advertised() {
    let without = Shop::with(&[]).await;
    let info: Value = without
        .client
        .get("/v1/info", None)
        .await
        .unwrap()
        .ok()
        .unwrap();
    let nuts = &info["nuts"];
    assert_eq!(nuts["4"], json!({"methods": [], "disabled": true}));
    assert_eq!(nuts["5"], json!({"methods": [], "disabled": true}));
    for absent in ["8", "15", "20", "21", "22", "29"] {
        assert_eq!(nuts[absent], Value::Null, "{absent}");
    }
    let cached = json!([{"method": "POST", "path": "/v1/swap"}]);
    assert_eq!(
        nuts["19"],
        json!({"ttl": 604_800, "cached_endpoints": cached})
    );
    let quote = json!({"amount": 1, "unit": "sat"});
    assert_eq!(
        without.refusal("/v1/mint/quote/bolt11", &quote).await,
        (400, 20003)
    );

    let with = Shop::open().await;
    let info: Value = with
        .client
        .get("/v1/info", None)
        .await
        .unwrap()
        .ok()
        .unwrap();
    let nuts = &info["nuts"];
    let method = &nuts["4"]["methods"][0];
    assert_eq!(method["options"], json!({"description": true}));
    for works in ["7", "8", "9", "10", "11", "12", "14", "20"] {
        assert_eq!(nuts[works], json!({"supported": true}), "{works}");
    }
    assert_eq!(
        nuts["15"],
        json!({"methods": [{"method": "bolt11", "unit": "sat"}]})
    );
    let slashes = info["version"].as_str().unwrap().matches('/').count();
    assert_eq!(slashes, 1);
    // Each door shows the keysets of its own suite.
    let keysets: Value = with
        .client
        .get("/v1/keysets", None)
        .await
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(keysets["keysets"].as_array().unwrap().len(), 1);
    assert_eq!(keysets["keysets"][0]["id"], json!(with.keyset.id));
}
