//! Melting (NUT-05, NUT-08, NUT-23): what is put in for a payment is spent when it has arrived, free when
//! it has failed, and held for as long as nobody knows.

use farthing_protocol::api::{Signatures, State};
use farthing_protocol::cashu::bolt11::{MeltQuote, MeltQuoteState, MintQuote, MintQuoteState};
use farthing_testkit::client::{Client, proofs};
use serde_json::{Value, json};

use super::setting::{Invoice, Node, Shop, invoice, melt_body};

const MELT: &str = "/v1/melt/bolt11";

#[tokio::test]
async fn a_payment_that_arrives_spends_the_tokens_and_gives_back_what_it_left_over() {
    let shop = Shop::open().await;
    shop.order("outgoing-default", "paid fee=3001");
    let invoice = invoice(Some(999_500));
    let quote = shop.melt_quote(&invoice).await;
    // 999.5 sat, rounded up; a hundredth of it as fee reserve.
    assert_eq!((quote.amount, quote.fee_reserve), (1000, 10));
    assert_eq!(
        (quote.state, quote.payment_preimage.as_deref()),
        (MeltQuoteState::Unpaid, None)
    );
    let tokens = shop.tokens(1024).await;
    let blanks = shop.outputs(&[1; 4]);
    let body = melt_body(&quote, &tokens, &blanks);
    let answer = shop.post(MELT, &body).await;
    let paid: MeltQuote = answer.clone().ok().unwrap();
    assert_eq!(paid.state, MeltQuoteState::Paid);
    assert_eq!(
        paid.payment_preimage,
        Some("00".repeat(32)),
        "the fake cannot know it"
    );
    // It cost 1,002.501 sat: 1,003 of 1,024, and 21 come back.
    let amounts: Vec<_> = paid
        .change
        .iter()
        .map(|signature| signature.amount)
        .collect();
    assert_eq!(amounts, [1, 4, 16]);
    assert_eq!(shop.post(MELT, &body).await, answer, "it may be sent again");
    assert_eq!(shop.read_melt_quote(&quote).await, paid);
    let change = blanks.unblind_change(&paid.change).unwrap();
    assert_eq!(shop.sums(), (1024 - 1003, 21, 0));
    assert!(
        shop.states(&tokens)
            .await
            .iter()
            .all(|s| s.state == State::Spent)
    );

    // What came back is money.
    let fresh = shop.worth(21);
    let body = json!({"inputs": proofs(&change), "outputs": fresh.outputs});
    assert_eq!(shop.post("/v1/swap", &body).await.status, 200);
}

#[tokio::test]
async fn what_no_blank_takes_stays_with_the_mint() {
    let shop = Shop::open().await;
    let quote = shop.melt_quote(&invoice(Some(100_000))).await;
    let tokens = shop.tokens(128).await;
    let blanks = shop.outputs(&[0]);
    let paid: MeltQuote = shop
        .post(MELT, &melt_body(&quote, &tokens, &blanks))
        .await
        .ok()
        .unwrap();
    let amounts: Vec<_> = paid
        .change
        .iter()
        .map(|signature| signature.amount)
        .collect();
    assert_eq!(amounts, [16], "of 28 left over");
    assert_eq!(shop.sums(), (28, 16, 12));

    let quote = shop.melt_quote(&invoice(Some(100_000))).await;
    let tokens = shop.tokens(102).await;
    let body = json!({"quote": quote.quote, "inputs": proofs(&tokens), "outputs": null});
    let paid: MeltQuote = shop.post(MELT, &body).await.ok().unwrap();
    assert_eq!(paid.change, []);
    assert_eq!(shop.sums(), (30, 16, 14));
}

#[tokio::test]
async fn a_payment_that_fails_gives_the_tokens_back_and_may_be_tried_again() {
    let shop = Shop::open().await;
    shop.order("outgoing-default", "failed");
    let quote = shop.melt_quote(&invoice(Some(50_000))).await;
    let tokens = shop.tokens(64).await;
    let blanks = shop.outputs(&[1; 6]);
    let body = melt_body(&quote, &tokens, &blanks);
    assert_eq!(shop.refusal(MELT, &body).await, (400, 20004));
    assert!(
        shop.states(&tokens)
            .await
            .iter()
            .all(|s| s.state == State::Unspent)
    );
    assert_eq!(
        shop.read_melt_quote(&quote).await.state,
        MeltQuoteState::Unpaid
    );
    assert_eq!(shop.sums(), (64, 64, 0));

    shop.order("outgoing-default", "paid");
    let paid: MeltQuote = shop.post(MELT, &body).await.ok().unwrap();
    assert_eq!(paid.state, MeltQuoteState::Paid);
    let change: u64 = paid.change.iter().map(|signature| signature.amount).sum();
    assert_eq!(change, 14);
    assert_eq!(shop.sums(), (14, 14, 0));
}

/// Neither the tokens nor the outputs of a payment under way can be used, and its quote and invoice are
/// taken. Gives a swap of the tokens, and a payment of the invoice with others.
async fn nothing_is_free_meanwhile(
    shop: &Shop,
    invoice: &Invoice,
    quote: &MeltQuote,
    body: &Value,
) -> (Value, Value) {
    let fresh = shop.worth(64);
    let swap = json!({"inputs": body["inputs"], "outputs": fresh.outputs});
    assert_eq!(shop.refusal("/v1/swap", &swap).await, (400, 11002));
    let more = shop.tokens(64).await;
    let another = melt_body(quote, &more, &shop.outputs(&[1; 6]));
    assert_eq!(shop.refusal(MELT, &another).await, (400, 20005));
    let same_invoice = shop.melt_quote(invoice).await;
    let another = melt_body(&same_invoice, &more, &shop.outputs(&[1; 6]));
    assert_eq!(shop.refusal(MELT, &another).await, (400, 20005));
    let mut taken = json!({"inputs": proofs(&more), "outputs": [body["outputs"][0]]});
    taken["outputs"][0]["amount"] = json!(64);
    assert_eq!(shop.refusal("/v1/swap", &taken).await, (400, 11004));
    (swap, another)
}

#[tokio::test]
async fn a_payment_that_nobody_knows_of_holds_the_tokens_until_the_node_says_also_across_kills() {
    let mut shop = Shop::open().await;
    for (first, then) in [
        ("unknown", "paid fee=1000"),
        ("pending", "paid fee=1000"),
        ("lost", "paid fee=1000"),
        ("unknown", "failed"),
        ("pending", "failed"),
    ] {
        let (reserve, owed, fees) = shop.sums();
        shop.order("outgoing-default", first);
        let invoice = invoice(Some(50_000));
        let quote = shop.melt_quote(&invoice).await;
        let tokens = shop.tokens(64).await;
        let blanks = shop.outputs(&[1; 6]);
        let mut body = melt_body(&quote, &tokens, &blanks);
        body["prefer_async"] = json!(true);
        let pending: MeltQuote = shop.post(MELT, &body).await.ok().unwrap();
        assert_eq!(pending.state, MeltQuoteState::Pending, "{first}");
        assert_eq!(
            shop.sums(),
            (reserve + 64, owed + 64, fees),
            "no value has moved"
        );

        let address = shop.mint.url().unwrap().replace("http://", "");
        shop.mint.kill().unwrap();
        shop.mint.start_at(&address).unwrap();
        shop.client = Client::new(&format!("http://{address}/cashu")).unwrap();
        assert_eq!(
            shop.read_melt_quote(&quote).await.state,
            MeltQuoteState::Pending
        );
        assert!(
            shop.states(&tokens)
                .await
                .iter()
                .all(|s| s.state == State::Pending)
        );
        let (swap, another) = nothing_is_free_meanwhile(&shop, &invoice, &quote, &body).await;
        let again: MeltQuote = shop.post(MELT, &body).await.ok().unwrap();
        assert_eq!(
            again.state,
            MeltQuoteState::Pending,
            "sent again, it is the same payment"
        );

        shop.order("outgoing-default", then);
        let ended = shop
            .wait_for(&quote, |quote| quote.state != MeltQuoteState::Pending)
            .await;
        let (reserve, owed) = (reserve + 128, owed + 128);
        if then == "failed" {
            assert_eq!(ended.state, MeltQuoteState::Unpaid);
            assert_eq!(shop.sums(), (reserve, owed, fees));
            assert_eq!(shop.post("/v1/swap", &swap).await.status, 200);
        } else {
            assert_eq!(ended.state, MeltQuoteState::Paid);
            let change: u64 = ended.change.iter().map(|signature| signature.amount).sum();
            assert_eq!(change, 13, "of 64, 51 were paid");
            assert_eq!(shop.sums(), (reserve - 51, owed - 51, fees));
            assert_eq!(shop.refusal("/v1/swap", &swap).await, (400, 11001));
            assert_eq!(shop.payments_seen(&invoice), 1);
            assert_eq!(shop.refusal(MELT, &another).await, (400, 20006));
        }
    }
}

#[tokio::test]
async fn an_invoice_of_the_mints_own_is_paid_without_leaving_the_house() {
    let shop = Shop::with(&[("LIGHTNING_BACKEND", "fake"), ("FAKE_DELAY_MS", "3600000")]).await;
    shop.order("incoming-default", "paid");
    let tokens = shop.tokens(64).await;
    shop.order("incoming-default", "unpaid");
    let own = shop.mint_quote(50).await;
    let body = json!({"request": own.request, "unit": "sat"});
    let quote: MeltQuote = shop
        .post("/v1/melt/quote/bolt11", &body)
        .await
        .ok()
        .unwrap();
    assert_eq!((quote.amount, quote.fee_reserve), (50, 0));
    let blanks = shop.outputs(&[1; 4]);
    let paid: MeltQuote = shop
        .post(MELT, &melt_body(&quote, &tokens, &blanks))
        .await
        .ok()
        .unwrap();
    assert_eq!(paid.state, MeltQuoteState::Paid);
    let change: u64 = paid.change.iter().map(|signature| signature.amount).sum();
    assert_eq!(change, 14);
    let path = format!("/v1/mint/quote/bolt11/{}", own.quote.as_str());
    let own: MintQuote = shop.client.get(&path, None).await.unwrap().ok().unwrap();
    assert_eq!(own.state, MintQuoteState::Paid);
    assert_eq!(shop.sums(), (64, 14, 0));
    let outputs = shop.worth(50);
    let body = json!({"quote": own.quote, "outputs": outputs.outputs});
    let signed: Signatures = shop.post("/v1/mint/bolt11", &body).await.ok().unwrap();
    let tokens = outputs.unblind(&signed.signatures).unwrap();
    assert_eq!(shop.sums(), (64, 64, 0));

    // It is paid once, here and at the node.
    let invoice = Invoice::read(&own.request).unwrap();
    assert!(Node::of(&shop.mint).is_taken_back(&invoice).unwrap());
    let body = json!({"request": own.request, "unit": "sat"});
    let again: MeltQuote = shop
        .post("/v1/melt/quote/bolt11", &body)
        .await
        .ok()
        .unwrap();
    let body = melt_body(&again, &tokens, &shop.outputs(&[]));
    assert_eq!(shop.refusal(MELT, &body).await, (400, 20006));
}
