//! Paths, methods, and bodies that are too large, too slow, or on a connection with others.

use farthing_protocol::api::path;
use farthing_testkit::client::{Blanks, swap_body};
use farthing_testkit::raw::{Connection, head};
use farthing_testkit::scene::Scene;
use serde_json::json;

use crate::setting::{BINARY, Setting};

#[tokio::test]
async fn bodies_that_are_too_large() {
    let setting = Setting::new().await;
    let url = setting.scene.mint.url().unwrap();
    let before = setting.books();
    // Announced: answered although not one byte of it was sent.
    for length in ["104857600", "1048577", "9223372036854775807"] {
        let mut connection = Connection::open(url).unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: m\r\ncontent-length: {length}\r\n\r\n",
            path::SWAP
        );
        connection.send(head).unwrap();
        let (reply, closes) = connection.answer().unwrap();
        assert_eq!(reply.refusal().unwrap(), (413, 41301), "{length}");
        assert!(closes, "{length}");
        assert!(connection.rest().unwrap().is_empty());
    }
    // Not announced: answered once the limit is passed.
    let mut connection = Connection::open(url).unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: m\r\ntransfer-encoding: chunked\r\n\r\n",
        path::SWAP
    );
    connection.send(head).unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    for _ in 0..16 {
        connection.send(&chunk).unwrap();
    }
    connection.send("1\r\n \r\n").unwrap();
    let (reply, closes) = connection.answer().unwrap();
    assert_eq!((reply.refusal().unwrap(), closes), ((413, 41301), true));
    // 10,000 inputs do not fit by default.
    let mut body = setting.swap();
    body["inputs"] = json!(vec![body["inputs"][0].clone(); 10_000]);
    assert!(body.to_string().len() > 1_048_576);
    setting
        .refused("10,000 inputs", path::SWAP, body.to_string(), (413, 41301))
        .await;
    // A body of just the greatest size is read.
    let good = setting.swap().to_string();
    let padded = format!("{good}{}", " ".repeat(1_048_576 - good.len()));
    assert_eq!(setting.books(), before);
    let reply = setting
        .scene
        .client
        .post(path::SWAP, None, padded)
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn bodies_and_heads_that_are_too_slow() {
    let setting = Setting::with(&[("READ_TIMEOUT_MS", "300")]).await;
    let url = setting.scene.mint.url().unwrap();
    let before = setting.books();
    let body = swap_one(&setting, 0);
    let mut slow = Connection::open(url).unwrap();
    slow.send(head(path::SWAP, body.len())).unwrap();
    slow.send(&body[..body.len() - 1]).unwrap();
    let (reply, closes) = slow.answer().unwrap();
    assert_eq!((reply.refusal().unwrap(), closes), ((408, 40801), true));
    assert!(slow.rest().unwrap().is_empty());
    let mut slow = Connection::open(url).unwrap();
    slow.send("POST /v1/swap HTTP/1.1\r\nhost: m\r\n").unwrap();
    slow.rest().unwrap();
    // Broken off: nobody is left to be answered.
    let mut broken = Connection::open(url).unwrap();
    broken.send(head(path::SWAP, body.len())).unwrap();
    broken.send(&body[..body.len() - 1]).unwrap();
    drop(broken);
    assert_eq!(setting.books(), before);
    let mut good = Connection::open(url).unwrap();
    good.post(path::SWAP, &body).unwrap();
    assert_eq!(good.answer().unwrap().0.status, 200);
    setting.books();
}

#[tokio::test]
async fn a_connection_goes_on_after_a_refusal() {
    let setting = Setting::new().await;
    let mut connection = Connection::open(setting.scene.mint.url().unwrap()).unwrap();
    for place in 0..4 {
        let spent = swap_body(vec![setting.spent.clone()], &setting.outputs);
        let bad = ["{", &spent, "{\"inputs\": [], \"outputs\": []}"];
        for (body, code) in bad.into_iter().zip([40001, 11005, 40005]) {
            connection.post(path::SWAP, body).unwrap();
            let (reply, closes) = connection.answer().unwrap();
            assert_eq!((reply.refusal().unwrap(), closes), ((400, code), false));
        }
        connection
            .post(path::SWAP, &swap_one(&setting, place))
            .unwrap();
        let (reply, closes) = connection.answer().unwrap();
        assert_eq!((reply.status, closes), (200, false), "{}", reply.body);
    }
    setting.books();
}

#[tokio::test]
async fn paths_and_methods() {
    let scene = Scene::start(BINARY).await.unwrap();
    for path in [
        "/",
        "/v1",
        "/v1/swap/",
        "/v1/nothing",
        "/v2/info",
        "/metrics",
        "/V1/info",
    ] {
        let reply = scene.client.get(path, None).await.unwrap();
        assert_eq!(reply.refusal().unwrap(), (404, 40401), "{path}");
    }
    for path in [
        path::SWAP,
        path::WITHDRAW,
        path::REDEEM,
        path::CHECKSTATE,
        path::RESTORE,
    ] {
        let reply = scene.client.get(path, None).await.unwrap();
        assert_eq!(reply.refusal().unwrap(), (405, 40501), "{path}");
    }
    for path in [
        path::INFO,
        path::KEYS,
        path::KEYSETS,
        path::ACCOUNT,
        "/healthz",
    ] {
        let reply = scene.client.post(path, None, "{}").await.unwrap();
        assert_eq!(reply.refusal().unwrap(), (405, 40501), "{path}");
    }
    for id in [
        "52",
        "zz",
        "%ff",
        "%00",
        &"52".repeat(33),
        &"52".repeat(1000),
    ] {
        let reply = scene
            .client
            .get(&format!("/v1/keys/{id}"), None)
            .await
            .unwrap();
        assert_eq!(reply.refusal().unwrap(), (400, 12001), "{id}");
    }
}

/// A swap of one token on a connection of its own.
fn swap_one(setting: &Setting, place: usize) -> String {
    let outputs = Blanks::of(&setting.scene.keyset, &[8]).unwrap();
    swap_body(vec![setting.inputs[place].clone()], &outputs)
}
