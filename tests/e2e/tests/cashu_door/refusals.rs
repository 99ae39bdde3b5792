//! The rows of the NUTs' table of error codes, one test each, by raw HTTP. Those of authentication (3xxxx) are
//! in `tests/e2e/tests/cashu_auth/`, with two units that meet (11009, 11010): a mint has one, and that of blind
//! authentication.

use std::time::{Duration, SystemTime};

use farthing_protocol::TokenProof;
use farthing_testkit::client::{Blanks, proofs};
use serde_json::{Value, json};

use super::setting::{Shop, invoice, invoice_made, melt_body};

const SWAP: &str = "/v1/swap";
const MINT: &str = "/v1/mint/bolt11";
const MELT: &str = "/v1/melt/bolt11";
const MINT_QUOTE: &str = "/v1/mint/quote/bolt11";
const MELT_QUOTE: &str = "/v1/melt/quote/bolt11";

fn swap(tokens: &[TokenProof], outputs: &Blanks) -> Value {
    json!({"inputs": proofs(tokens), "outputs": outputs.outputs})
}

/// Each row: a name, and what is refused how. All at one mint, one after the other.
macro_rules! rows {
    ($($name:ident = $code:literal: |$shop:ident| $refused:expr;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                let $shop = Shop::open().await;
                assert_eq!($refused, (400, $code));
                $shop.books();
            }
        )+
    };
}

rows! {
    c10001_proof_verification_failed = 10001: |shop| {
        let mut tokens = shop.tokens(3).await;
        tokens[0].proof.c = tokens[1].proof.c;
        shop.refusal(SWAP, &swap(&tokens, &shop.worth(3))).await
    };
    c11001_proofs_already_spent = 11001: |shop| {
        let tokens = shop.tokens(3).await;
        assert_eq!(shop.post(SWAP, &swap(&tokens, &shop.worth(3))).await.status, 200);
        shop.refusal(SWAP, &swap(&tokens, &shop.worth(3))).await
    };
    c11003_outputs_already_signed = 11003: |shop| {
        let (tokens, outputs) = (shop.tokens(3).await, shop.worth(3));
        assert_eq!(shop.post(SWAP, &swap(&tokens, &outputs)).await.status, 200);
        shop.refusal(SWAP, &swap(&shop.tokens(3).await, &outputs)).await
    };
    c11005_transaction_is_not_balanced = 11005: |shop| {
        let tokens = shop.tokens(3).await;
        assert_eq!(shop.refusal(SWAP, &swap(&tokens, &shop.worth(2))).await, (400, 11005));
        let quote = shop.melt_quote(&invoice(Some(2000))).await;
        assert_eq!(shop.refusal(MELT, &melt_body(&quote, &tokens, &shop.outputs(&[]))).await, (400, 11005));
        let quote = shop.paid_quote(4).await;
        shop.refusal(MINT, &json!({"quote": quote.quote, "outputs": shop.worth(5).outputs})).await
    };
    c11006_amount_outside_of_limit_range = 11006: |shop| {
        for amount in [0, 1_000_001_u64, u64::MAX] {
            let body = json!({"amount": amount, "unit": "sat"});
            assert_eq!(shop.refusal(MINT_QUOTE, &body).await, (400, 11006), "{amount}");
        }
        let body = json!({"request": invoice(Some(1_000_001_000)).text, "unit": "sat"});
        shop.refusal(MELT_QUOTE, &body).await
    };
    c11007_duplicate_inputs = 11007: |shop| {
        let token = shop.tokens(1).await.remove(0);
        shop.refusal(SWAP, &swap(&[token.clone(), token], &shop.worth(2))).await
    };
    c11008_duplicate_outputs = 11008: |shop| {
        let (tokens, outputs) = (shop.tokens(2).await, shop.worth(1));
        let twice = [&outputs.outputs[0], &outputs.outputs[0]];
        shop.refusal(SWAP, &json!({"inputs": proofs(&tokens), "outputs": twice})).await
    };
    c11011_amountless_invoice = 11011: |shop| {
        let body = json!({"request": invoice(None).text, "unit": "sat"});
        shop.refusal(MELT_QUOTE, &body).await
    };
    c11012_amount_does_not_equal_invoice = 11012: |shop| {
        let options = json!({"amountless": {"amount_msat": 1000}});
        let body = json!({"request": invoice(Some(2000)).text, "unit": "sat", "options": options});
        assert_eq!(shop.refusal(MELT_QUOTE, &body).await, (400, 11012));
        let options = json!({"mpp": {"amount": 3000}});
        let body = json!({"request": invoice(Some(2000)).text, "unit": "sat", "options": options});
        shop.refusal(MELT_QUOTE, &body).await
    };
    c11013_unit_not_supported = 11013: |shop| {
        assert_eq!(shop.refusal(MINT_QUOTE, &json!({"amount": 1, "unit": "usd"})).await, (400, 11013));
        let body = json!({"request": invoice(Some(1000)).text, "unit": "usd"});
        shop.refusal(MELT_QUOTE, &body).await
    };
    c11014_max_inputs_exceeded = 11014: |shop| {
        let input = &proofs(&shop.tokens(1).await)[0];
        let inputs = vec![input; 257];
        shop.refusal(SWAP, &json!({"inputs": inputs, "outputs": shop.worth(1).outputs})).await
    };
    c11015_max_outputs_exceeded = 11015: |shop| {
        let outputs = shop.outputs(&[1; 257]);
        shop.refusal(SWAP, &swap(&shop.tokens(1).await, &outputs)).await
    };
    c11016_duplicate_quotes = 11016: |shop| {
        let quote = shop.paid_quote(1).await.quote;
        let body = json!({"quotes": [quote, quote]});
        assert_eq!(shop.refusal("/v1/mint/quote/bolt11/check", &body).await, (400, 11016));
        let body = json!({"quotes": [quote, quote], "outputs": shop.worth(2).outputs});
        shop.refusal("/v1/mint/bolt11/batch", &body).await
    };
    c11017_max_batch_size_exceeded = 11017: |shop| {
        let quotes: Vec<_> = (0..101).map(|i| format!("quote {i}")).collect();
        shop.refusal("/v1/mint/quote/bolt11/check", &json!({"quotes": quotes})).await
    };
    c12001_keyset_is_not_known = 12001: |shop| {
        let mut body = swap(&shop.tokens(1).await, &shop.worth(1));
        body["outputs"][0]["id"] = json!("00ffffffffffffff");
        assert_eq!(shop.refusal(SWAP, &body).await, (400, 12001));
        shop.client.get("/v1/keys/00ffffffffffffff", None).await.unwrap().refusal().unwrap()
    };
    c12002_keyset_is_inactive = 12002: |shop| {
        let (tokens, outputs) = (shop.tokens(1).await, shop.worth(1));
        shop.mint.run(&["keyset", "rotate", "--suite", "secp256k1"]).unwrap();
        shop.refusal(SWAP, &swap(&tokens, &outputs)).await
    };
    c12003_keyset_has_expired = 12003: |shop| {
        let tokens = shop.tokens(1).await;
        shop.mint.run(&["keyset", "rotate", "--suite", "secp256k1", "--expiry", "1000000000"]).unwrap();
        let expired = shop.client.keyset().await.unwrap();
        let outputs = Blanks::of(&expired, &[1]).unwrap();
        shop.refusal(SWAP, &swap(&tokens, &outputs)).await
    };
    c20001_quote_is_not_paid = 20001: |shop| {
        shop.order("incoming-default", "unpaid");
        let quote = shop.mint_quote(1).await.quote;
        shop.refusal(MINT, &json!({"quote": quote, "outputs": shop.worth(1).outputs})).await
    };
    c20002_quote_has_already_been_issued = 20002: |shop| {
        let quote = shop.paid_quote(1).await.quote;
        let body = |outputs: &Blanks| json!({"quote": quote, "outputs": outputs.outputs});
        assert_eq!(shop.post(MINT, &body(&shop.worth(1))).await.status, 200);
        shop.refusal(MINT, &body(&shop.worth(1))).await
    };
    c20004_lightning_payment_failed = 20004: |shop| {
        shop.order("outgoing-default", "failed");
        let quote = shop.melt_quote(&invoice(Some(1000))).await;
        shop.refusal(MELT, &melt_body(&quote, &shop.tokens(3).await, &shop.outputs(&[1]))).await
    };
    c20005_quote_is_pending = 20005: |shop| {
        shop.order("outgoing-default", "pending");
        let quote = shop.melt_quote(&invoice(Some(1000))).await;
        let mut body = melt_body(&quote, &shop.tokens(3).await, &shop.outputs(&[1]));
        body["prefer_async"] = json!(true);
        assert_eq!(shop.post(MELT, &body).await.status, 200);
        shop.refusal(MELT, &melt_body(&quote, &shop.tokens(3).await, &shop.outputs(&[1]))).await
    };
    c11002_proofs_are_pending = 11002: |shop| {
        shop.order("outgoing-default", "pending");
        let (quote, tokens) = (shop.melt_quote(&invoice(Some(1000))).await, shop.tokens(3).await);
        let mut body = melt_body(&quote, &tokens, &shop.outputs(&[1]));
        body["prefer_async"] = json!(true);
        assert_eq!(shop.post(MELT, &body).await.status, 200);
        shop.refusal(SWAP, &swap(&tokens, &shop.worth(3))).await
    };
    c11004_outputs_are_pending = 11004: |shop| {
        shop.order("outgoing-default", "pending");
        let (quote, blanks) = (shop.melt_quote(&invoice(Some(1000))).await, shop.outputs(&[1]));
        let mut body = melt_body(&quote, &shop.tokens(3).await, &blanks);
        body["prefer_async"] = json!(true);
        assert_eq!(shop.post(MELT, &body).await.status, 200);
        shop.refusal(SWAP, &swap(&shop.tokens(1).await, &blanks)).await
    };
    c20006_invoice_already_paid = 20006: |shop| {
        let quote = shop.melt_quote(&invoice(Some(1000))).await;
        let body = melt_body(&quote, &shop.tokens(3).await, &shop.outputs(&[1]));
        assert_eq!(shop.post(MELT, &body).await.status, 200);
        shop.refusal(MELT, &melt_body(&quote, &shop.tokens(3).await, &shop.outputs(&[1]))).await
    };
    c20007_quote_is_expired = 20007: |shop| {
        let yesterday = SystemTime::now() - Duration::from_secs(86_400);
        let body = json!({"request": invoice_made(Some(1000), yesterday).text, "unit": "sat"});
        shop.refusal(MELT_QUOTE, &body).await
    };
    c20009_pubkey_is_no_key = 20009: |shop| {
        let body = json!({"amount": 1, "unit": "sat", "pubkey": format!("02{}", "ff".repeat(32))});
        shop.refusal(MINT_QUOTE, &body).await
    };
    an_unknown_quote = 40010: |shop| {
        assert_eq!(shop.client.get("/v1/melt/quote/bolt11/none", None).await.unwrap().refusal().unwrap(), (400, 40010));
        assert_eq!(shop.refusal(MELT, &json!({"quote": "none", "inputs": []})).await, (400, 40010));
        shop.client.get("/v1/mint/quote/bolt11/none", None).await.unwrap().refusal().unwrap()
    };
}

#[tokio::test]
async fn c20003_minting_is_disabled() {
    let shop = Shop::with(&[]).await;
    for (path, body) in [
        (MINT_QUOTE, json!({"amount": 1, "unit": "sat"})),
        (MINT, json!({"quote": "none", "outputs": []})),
        (
            MELT_QUOTE,
            json!({"request": invoice(Some(1000)).text, "unit": "sat"}),
        ),
    ] {
        assert_eq!(shop.refusal(path, &body).await, (400, 20003), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_as_such() {
    let shop = Shop::open().await;
    for (path, body) in [
        (
            MELT_QUOTE,
            json!({"request": "lnbc1nonsense", "unit": "sat"}),
        ),
        (MINT_QUOTE, json!({"amount": -1, "unit": "sat"})),
        (MINT_QUOTE, json!({"amount": 1.5, "unit": "sat"})),
        (SWAP, json!({"inputs": []})),
        (MINT, json!({"quote": 7, "outputs": []})),
    ] {
        assert_eq!(
            shop.refusal(path, &body).await,
            (400, 40001),
            "{path} {body}"
        );
    }
    let blank = shop.outputs(&[1]);
    let quote = shop.paid_quote(1).await.quote;
    let mut body = json!({"quote": quote, "outputs": blank.outputs});
    body["outputs"][0]["B_"] = json!(format!("02{}", "ff".repeat(32)));
    assert_eq!(shop.refusal(MINT, &body).await, (400, 40003), "not a point");
    let swap = json!({"inputs": [], "outputs": []});
    assert_eq!(shop.refusal(SWAP, &swap).await, (400, 40005));
}
