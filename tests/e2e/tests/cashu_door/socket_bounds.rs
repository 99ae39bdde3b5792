//! What a websocket may cost: places, subjects, and patience.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::setting::Shop;
use super::socket::Socket;

const PATH: &str = "/cashu/v1/ws";
const KIND: &str = "bolt11_mint_quote";

async fn shop(settings: &[(&str, &str)]) -> Shop {
    let settings = [
        &[("LIGHTNING_BACKEND", "fake"), ("FAKE_DELAY_MS", "3600000")],
        settings,
    ];
    Shop::with(&settings.concat()).await
}

fn subscribe(sub_id: &str, filters: &[String]) -> Value {
    let params = json!({"kind": KIND, "subId": sub_id, "filters": filters});
    json!({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": params})
}

fn names(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("no quote {number}"))
        .collect()
}

/// A websocket that says nothing, not even that it is there: its program sleeps.
async fn sleeper(shop: &Shop) -> TcpStream {
    let address = shop.mint.url().unwrap().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "GET {PATH} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Waits until the mint closes a connection; gives what it sent before.
async fn closed(mut stream: TcpStream) -> Vec<u8> {
    let mut sent = Vec::new();
    let end = stream.read_to_end(&mut sent);
    let end = tokio::time::timeout(Duration::from_secs(60), end).await;
    end.expect("the mint closes the connection").unwrap();
    sent
}

#[tokio::test]
async fn a_silent_websocket_is_pinged_and_closed() {
    let shop = shop(&[("WEBSOCKET_IDLE_MS", "900")]).await;
    let sent = closed(sleeper(&shop).await).await;
    assert!(sent.starts_with(b"HTTP/1.1 101 "));
    let end = sent
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .unwrap();
    let frames = &sent[end + 4..];
    // A ping or more, and then the end (RFC 6455, section 5.2).
    assert!(frames.starts_with(&[0x89, 0]), "{frames:?}");
    assert!(frames.ends_with(&[0x88, 0]), "{frames:?}");
}

/// The library answers pings by itself, as a wallet's does.
#[tokio::test]
async fn who_has_subscribed_stays_and_who_has_not_goes() {
    let shop = shop(&[("WEBSOCKET_IDLE_MS", "3000")]).await;
    let mut idle = Socket::open(&shop, PATH).await;
    let mut busy = Socket::open(&shop, PATH).await;
    let quote = shop.mint_quote(4).await;
    busy.subscribe(KIND, json!([quote.quote])).await;
    assert_eq!(busy.notice(KIND).await["state"], "UNPAID");
    // While one is read to its end, the other has to be read too, to be answered for.
    let mut pings = 0;
    let mut left = async || {
        while let Some(Ok(message)) = idle.0.next().await {
            assert!(message.is_ping() || message.is_close(), "{message:?}");
        }
    };
    let mut stayed = async || {
        while pings < 4 {
            let message = busy.0.next().await.unwrap().unwrap();
            assert!(message.is_ping(), "{message:?}");
            pings += 1;
        }
    };
    let both = async { tokio::join!(left(), stayed()) };
    let both = tokio::time::timeout(Duration::from_secs(60), both).await;
    both.expect("one is closed, the other goes on");
    shop.order("incoming-default", "paid");
    loop {
        let message = busy.0.next().await.unwrap().unwrap();
        if let Message::Text(text) = message {
            assert!(text.contains("\"PAID\""), "{text}");
            break;
        }
    }
}

#[tokio::test]
async fn only_so_many_websockets_are_open() {
    let shop = shop(&[("WEBSOCKETS_MAX", "2"), ("REFUSAL_DELAY_MS", "0")]).await;
    let url = format!(
        "{}{PATH}",
        shop.mint.url().unwrap().replace("http://", "ws://")
    );
    let mut places = vec![
        Socket::open(&shop, PATH).await,
        Socket::open(&shop, PATH).await,
    ];
    let Err(Error::Http(refusal)) = connect_async(&url).await else {
        panic!("a third one is open");
    };
    assert_eq!(refusal.status().as_u16(), 503);
    // Who goes makes room.
    places.pop().unwrap().0.close(None).await.unwrap();
    let again = async {
        while connect_async(&url).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let again = tokio::time::timeout(Duration::from_secs(60), again).await;
    again.expect("there is room again");
}

#[tokio::test]
async fn one_websocket_subscribes_to_so_much() {
    let shop = shop(&[("INPUTS_MAX", "3")]).await;
    let mut socket = Socket::open(&shop, PATH).await;
    socket.send(subscribe("many", &names(4))).await;
    assert_eq!(socket.next().await["error"]["code"], -32602);
    for number in 0..64 {
        socket
            .send(subscribe(&format!("{number}"), &names(3)))
            .await;
        assert_eq!(socket.next().await["result"]["status"], "OK", "{number}");
    }
    socket.send(subscribe("one more", &names(1))).await;
    assert_eq!(socket.next().await["error"]["code"], -32602);
}

#[tokio::test]
async fn all_websockets_together_subscribe_to_so_much() {
    let shop = shop(&[("WEBSOCKET_SUBJECTS_MAX", "5")]).await;
    let mut one = Socket::open(&shop, PATH).await;
    let mut two = Socket::open(&shop, PATH).await;
    let done = async |socket: &mut Socket, sub_id: &str, count: usize| {
        socket.send(subscribe(sub_id, &names(count))).await;
        let answer = socket.next().await;
        match answer["result"]["status"].as_str() {
            Some("OK") => Ok(()),
            _ => Err(answer["error"]["code"].as_i64().unwrap()),
        }
    };
    assert_eq!(done(&mut one, "a", 3).await, Ok(()));
    assert_eq!(done(&mut two, "b", 3).await, Err(-32000));
    assert_eq!(done(&mut two, "b", 2).await, Ok(()));
    // What takes the place of another needs no more room than it makes.
    assert_eq!(done(&mut one, "a", 3).await, Ok(()));
    assert_eq!(done(&mut one, "c", 1).await, Err(-32000));
    let params = json!({"subId": "a"});
    one.send(json!({"jsonrpc": "2.0", "id": 2, "method": "unsubscribe", "params": params}))
        .await;
    assert_eq!(one.next().await["result"]["status"], "OK");
    assert_eq!(done(&mut two, "c", 3).await, Ok(()));
    // A name that no quote of the mint's has costs no memory.
    let long = "x".repeat(257);
    one.send(subscribe("a", &[long])).await;
    assert_eq!(one.next().await["error"]["code"], -32602);
    // A connection that ends gives back what it had.
    two.0.send(Message::Close(None)).await.unwrap();
    let room = async {
        while done(&mut one, "all", 5).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let room = tokio::time::timeout(Duration::from_secs(60), room).await;
    room.expect("there is room again");
}
