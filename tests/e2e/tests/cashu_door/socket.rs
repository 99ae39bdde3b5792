//! The websocket (NUT-17).

use std::time::Duration;

use farthing_testkit::client::proofs;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::setting::{Shop, invoice, melt_body, y};

pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(shop: &Shop, path: &str) -> Self {
        let url = shop.mint.url().unwrap().replace("http://", "ws://");
        Self(connect_async(format!("{url}{path}")).await.unwrap().0)
    }

    pub(crate) async fn send(&mut self, message: Value) {
        let text = message.to_string();
        self.0.send(Message::Text(text.into())).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, kind: &str, filters: Value) {
        let params = json!({"kind": kind, "subId": kind, "filters": filters});
        self.send(json!({"jsonrpc": "2.0", "id": 7, "method": "subscribe", "params": params}))
            .await;
        let done = json!({"jsonrpc": "2.0", "result": {"status": "OK", "subId": kind}, "id": 7});
        assert_eq!(
            self.next().await,
            done,
            "the answer comes before the first notice"
        );
    }

    pub(crate) async fn next(&mut self) -> Value {
        let next = tokio::time::timeout(Duration::from_secs(60), self.0.next());
        let message = next.await.expect("a message").unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    /// The payload of the next message, which is a notice.
    pub(crate) async fn notice(&mut self, sub_id: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!(message["method"], "subscribe");
        assert_eq!(message["params"]["subId"], sub_id);
        assert_eq!(message["id"], Value::Null);
        message["params"]["payload"].take()
    }
}

#[tokio::test]
async fn a_wallet_is_told_when_its_invoice_is_paid_and_its_tokens_are_issued() {
    let shop = Shop::with(&[("LIGHTNING_BACKEND", "fake"), ("FAKE_DELAY_MS", "3600000")]).await;
    for path in ["/cashu/v1/ws", "/v1/ws"] {
        shop.order("incoming-default", "unpaid");
        let quote = shop.mint_quote(4).await;
        let mut socket = Socket::open(&shop, path).await;
        let kind = "bolt11_mint_quote";
        socket.subscribe(kind, json!([quote.quote])).await;
        let first = socket.notice(kind).await;
        assert_eq!(
            (&first["state"], &first["request"]),
            (&json!("UNPAID"), &json!(quote.request))
        );
        shop.order("incoming-default", "paid");
        let paid = socket.notice(kind).await;
        assert_eq!(
            (&paid["state"], &paid["amount_paid"]),
            (&json!("PAID"), &json!(4))
        );
        let outputs = shop.worth(4);
        let body = json!({"quote": quote.quote, "outputs": outputs.outputs});
        assert_eq!(shop.post("/v1/mint/bolt11", &body).await.status, 200);
        let issued = socket.notice(kind).await;
        assert_eq!(issued["state"], "ISSUED");
        // Each is newer than the one before, and the quote is the same whichever way it is asked for.
        let times = [&first, &paid, &issued].map(|told| told["updated_at"].as_u64().unwrap());
        assert!(
            times.is_sorted_by(|earlier, later| earlier < later),
            "{times:?}"
        );
        assert_eq!(first, serde_json::to_value(&quote).unwrap());
        let path = format!("/v1/mint/quote/bolt11/{}", quote.quote.as_str());
        assert_eq!(shop.client.get(&path, None).await.unwrap().body, issued);
    }
}

#[tokio::test]
async fn a_wallet_is_told_when_tokens_are_held_and_spent_and_a_payment_ends() {
    let shop = Shop::open().await;
    shop.order("outgoing-default", "pending");
    let tokens = shop.tokens(64).await;
    let never_seen = shop.tokens(1).await;
    let quote = shop.melt_quote(&invoice(Some(50_000))).await;
    let mut socket = Socket::open(&shop, "/cashu/v1/ws").await;
    socket
        .subscribe("proof_state", json!([y(&tokens[0]), y(&never_seen[0])]))
        .await;
    for token in [&tokens[0], &never_seen[0]] {
        let notice = socket.notice("proof_state").await;
        assert_eq!(
            notice,
            json!({"Y": y(token), "state": "UNSPENT", "witness": null})
        );
    }
    socket
        .subscribe("bolt11_melt_quote", json!([quote.quote]))
        .await;
    assert_eq!(socket.notice("bolt11_melt_quote").await["state"], "UNPAID");

    let mut body = melt_body(&quote, &tokens, &shop.outputs(&[1; 6]));
    body["prefer_async"] = json!(true);
    assert_eq!(shop.post("/v1/melt/bolt11", &body).await.status, 200);
    let mut states = [socket.next().await, socket.next().await];
    states.sort_by_key(|message| message["params"]["subId"].as_str().unwrap().to_owned());
    assert!(
        states
            .iter()
            .all(|m| m["params"]["payload"]["state"] == "PENDING"),
        "{states:?}"
    );
    shop.order("outgoing-default", "paid");
    let mut states = [socket.next().await, socket.next().await];
    states.sort_by_key(|message| message["params"]["subId"].as_str().unwrap().to_owned());
    assert_eq!(states[0]["params"]["payload"]["state"], "PAID");
    assert_eq!(
        states[0]["params"]["payload"]["change"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(states[1]["params"]["payload"]["state"], "SPENT");

    // Who has unsubscribed hears no more.
    let params = json!({"subId": "proof_state"});
    socket
        .send(json!({"jsonrpc": "2.0", "id": 8, "method": "unsubscribe", "params": params}))
        .await;
    assert_eq!(socket.next().await["result"]["status"], "OK");
    let fresh = shop.worth(1);
    let body = json!({"inputs": proofs(&never_seen), "outputs": fresh.outputs});
    assert_eq!(shop.post("/v1/swap", &body).await.status, 200);
    socket
        .send(json!({"jsonrpc": "2.0", "id": 9, "method": "nonsense"}))
        .await;
    let next = socket.next().await;
    assert_eq!(
        (&next["error"]["code"], &next["id"]),
        (&json!(-32601), &json!(9))
    );
    for (nonsense, code) in [("{", -32700), ("[]", -32600)] {
        socket.0.send(Message::Text(nonsense.into())).await.unwrap();
        assert_eq!(socket.next().await["error"]["code"], code, "{nonsense}");
    }
}

/// The command is another process than the mint that the wallet watches.
#[tokio::test]
async fn a_wallet_is_told_when_a_command_of_the_operators_has_paid_its_invoice() {
    let shop = Shop::with(&[("LIGHTNING_BACKEND", "fake"), ("FAKE_DELAY_MS", "3600000")]).await;
    shop.mint.account("ann", "read", 100).unwrap();
    let quote = shop.mint_quote(15).await;
    let mut socket = Socket::open(&shop, "/cashu/v1/ws").await;
    let kind = "bolt11_mint_quote";
    socket.subscribe(kind, json!([quote.quote])).await;
    assert_eq!(socket.notice(kind).await["state"], "UNPAID");
    let pay = ["account", "pay", "ann", &quote.request, "--yes"];
    assert_eq!(shop.mint.run(&pay).unwrap()["state"], "paid");
    assert_eq!(socket.notice(kind).await["state"], "PAID");
}
