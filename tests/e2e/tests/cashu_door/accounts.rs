//! Accounts and Lightning: funded by an invoice, paid out to one.

use farthing_protocol::api::{Account, PostingKind, Statement};
use farthing_protocol::cashu::bolt11::{MeltQuote, MeltQuoteState, MintQuote, MintQuoteState};
use farthing_testkit::client::{Client, Reply};
use serde_json::{Value, json};

use super::setting::{Shop, invoice};

/// An account's holder at the native API.
struct Holder {
    client: Client,
    token: String,
}

impl Holder {
    fn new(shop: &Shop, name: &str, scopes: &str) -> Self {
        Self {
            client: Client::new(shop.mint.url().unwrap()).unwrap(),
            token: shop.mint.account(name, scopes, 0).unwrap(),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        let post = self.client.post(path, Some(&self.token), body.to_string());
        post.await.unwrap()
    }

    async fn get(&self, path: &str) -> Reply {
        self.client.get(path, Some(&self.token)).await.unwrap()
    }

    async fn balance(&self) -> u64 {
        self.get("/v1/account")
            .await
            .ok::<Account>()
            .unwrap()
            .balance
    }

    async fn postings(&self) -> Vec<(PostingKind, i64)> {
        let statement: Statement = self.get("/v1/account/statement").await.ok().unwrap();
        let postings = statement.postings.iter().rev();
        postings
            .map(|posting| (posting.kind, posting.amount))
            .collect()
    }
}

#[tokio::test]
async fn an_account_is_funded_by_an_invoice_and_paid_out_to_one() {
    let shop = Shop::open().await;
    shop.order("outgoing-default", "paid fee=1000");
    let ann = Holder::new(&shop, "ann", "withdraw,redeem,read");
    let bob = Holder::new(&shop, "bob", "withdraw,redeem,read");
    let body = json!({"amount": 200, "description": "at the till"});
    let deposit: MintQuote = ann.post("/v1/account/deposit", &body).await.ok().unwrap();
    let path = format!("/v1/account/deposit/{}", deposit.quote.as_str());
    let paid: MintQuote = ann.get(&path).await.ok().unwrap();
    assert_eq!(paid.state, MintQuoteState::Issued);
    assert_eq!(ann.balance().await, 200);
    assert_eq!(bob.get(&path).await.refusal().unwrap(), (400, 40010));
    // Nobody mints tokens of it.
    let mint = json!({"quote": deposit.quote, "outputs": []});
    assert_eq!(shop.refusal("/v1/mint/bolt11", &mint).await, (400, 40010));

    let ask = json!({"request": invoice(Some(100_000)).text});
    let quote: MeltQuote = ann
        .post("/v1/account/payout/quote", &ask)
        .await
        .ok()
        .unwrap();
    assert_eq!((quote.amount, quote.fee_reserve), (100, 2));
    let pay = json!({"quote": quote.quote});
    assert_eq!(
        bob.post("/v1/account/payout", &pay)
            .await
            .refusal()
            .unwrap(),
        (400, 40010)
    );
    let answer = ann.post("/v1/account/payout", &pay).await;
    let paid: MeltQuote = answer.clone().ok().unwrap();
    assert_eq!(paid.state, MeltQuoteState::Paid);
    assert_eq!(ann.balance().await, 99);
    assert_eq!(
        ann.post("/v1/account/payout", &pay).await,
        answer,
        "it may be sent again"
    );
    assert_eq!(ann.balance().await, 99);
    let expected = [
        (PostingKind::Deposit, 200),
        (PostingKind::Payout, -102),
        (PostingKind::Payout, 1),
    ];
    assert_eq!(ann.postings().await, expected);
    assert_eq!(shop.sums(), (99, 0, 0));
}

#[tokio::test]
async fn what_an_account_puts_in_is_kept_apart_until_the_payment_has_ended() {
    let shop = Shop::open().await;
    let ann = Holder::new(&shop, "ann", "withdraw,redeem,read");
    let body = json!({"amount": 200});
    let deposit: MintQuote = ann.post("/v1/account/deposit", &body).await.ok().unwrap();
    ann.get(&format!("/v1/account/deposit/{}", deposit.quote.as_str()))
        .await;
    shop.order("outgoing-default", "failed");
    let ask = json!({"request": invoice(Some(100_000)).text});
    let quote: MeltQuote = ann
        .post("/v1/account/payout/quote", &ask)
        .await
        .ok()
        .unwrap();
    let pay = json!({"quote": quote.quote});
    let refusal = ann
        .post("/v1/account/payout", &pay)
        .await
        .refusal()
        .unwrap();
    assert_eq!(refusal, (400, 20004));
    assert_eq!(ann.balance().await, 200);

    let ask = json!({"request": invoice(Some(300_000)).text});
    let dear: MeltQuote = ann
        .post("/v1/account/payout/quote", &ask)
        .await
        .ok()
        .unwrap();
    let refusal = ann
        .post("/v1/account/payout", &json!({"quote": dear.quote}))
        .await;
    assert_eq!(refusal.refusal().unwrap(), (400, 40004));
    assert_eq!(shop.books()["paying_out"]["balance"], 0);
    assert_eq!(shop.sums(), (200, 0, 0));

    let reader = Holder::new(&shop, "carl", "read");
    for (path, body) in [
        ("/v1/account/deposit", json!({"amount": 1})),
        ("/v1/account/payout/quote", ask),
        ("/v1/account/payout", pay),
    ] {
        let refusal = reader.post(path, &body).await.refusal().unwrap();
        assert_eq!(refusal, (403, 40301), "{path}");
    }
}
