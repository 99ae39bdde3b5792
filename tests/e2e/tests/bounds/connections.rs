//! Connections whose caller sends nothing, sends a head slowly, or does not read its answer.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use farthing_testkit::paywall::PaywallPlan;
use farthing_testkit::scene::Scene;
use farthing_testkit::site;

use crate::BINARY;

/// How long a connection may stay open before the test counts it as open for ever.
const FOR_EVER: Duration = Duration::from_secs(60);

fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(FOR_EVER)).unwrap();
    stream.set_write_timeout(Some(FOR_EVER)).unwrap();
    stream
}

/// Waits until the server closes the connection; gives what it said before.
fn rest(stream: &mut TcpStream) -> String {
    let mut told = Vec::new();
    match stream.read_to_end(&mut told) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    String::from_utf8_lossy(&told).into_owned()
}

/// What holds of every address that listens.
async fn holds(url: String, get: &'static str) {
    let check = move || {
        // Silent from the start.
        assert_eq!(rest(&mut connect(&url)), "");
        // A head that stops, and one that trickles.
        let mut stopped = connect(&url);
        stopped.write_all(b"GET / HTTP/1.1\r\nhost: m\r\n").unwrap();
        rest(&mut stopped);
        let mut trickling = connect(&url);
        trickling
            .write_all(b"GET / HTTP/1.1\r\nhost: m\r\nx: ")
            .unwrap();
        while trickling.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Idle after an answer.
        let mut idle = connect(&url);
        let request = format!("GET {get} HTTP/1.1\r\nhost: m\r\n\r\n");
        idle.write_all(request.as_bytes()).unwrap();
        let told = rest(&mut idle);
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
        // A head that is too large.
        let mut large = connect(&url);
        let header = format!(
            "GET / HTTP/1.1\r\nhost: m\r\nx: {}\r\n\r\n",
            "x".repeat(200_000)
        );
        // The server may have closed the connection before all of it is sent.
        let _ = large.write_all(header.as_bytes());
        let told = rest(&mut large);
        assert!(
            told.is_empty() || told.starts_with("HTTP/1.1 431"),
            "{told}"
        );
        let mut many = connect(&url);
        let headers: String = (0..1100).map(|n| format!("x{n}: y\r\n")).collect();
        let request = format!("GET / HTTP/1.1\r\nhost: m\r\n{headers}\r\n");
        many.write_all(request.as_bytes()).unwrap();
        let told = rest(&mut many);
        assert!(told.starts_with("HTTP/1.1 431"), "{told}");
    };
    tokio::task::spawn_blocking(check).await.unwrap();
}

#[tokio::test]
async fn a_mints_connections_end_in_time() {
    let settings = [
        ("READ_TIMEOUT_MS", "500"),
        ("METRICS_LISTEN", "127.0.0.1:0"),
    ];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    holds(scene.mint.url().unwrap().to_owned(), "/v1/keysets").await;
    let operator = scene.mint.operator_url().unwrap().to_owned();
    holds(operator, "/metrics").await;
}

#[tokio::test]
async fn a_paywalls_connections_end_in_time() {
    let scene = Scene::start(BINARY).await.unwrap();
    let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
    let site = site::serve().await.unwrap();
    let plan = PaywallPlan::new(
        BINARY,
        &scene.folder().join("paywall"),
        &site,
        scene.mint.url().unwrap(),
        &publisher,
    );
    let plan = plan.price("/articles/*=3").with("READ_TIMEOUT_MS", "500");
    let paywall = plan.start().unwrap();
    holds(paywall.url.clone(), "/").await;
    holds(paywall.operator_url.clone(), "/metrics").await;
}

/// Asks again and again, and reads no answer.
async fn deaf(url: String, get: &'static str) {
    let ask = move || {
        let mut stream = connect(&url);
        let request = format!("GET {get} HTTP/1.1\r\nhost: m\r\n\r\n").repeat(100);
        loop {
            match stream.write_all(request.as_bytes()) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    panic!("a connection whose answers are not read stays open")
                }
                Err(_) => return,
            }
        }
    };
    tokio::task::spawn_blocking(ask).await.unwrap();
}

#[tokio::test]
async fn a_caller_who_reads_no_answer_is_cut_off() {
    let settings = [
        ("READ_TIMEOUT_MS", "500"),
        ("METRICS_LISTEN", "127.0.0.1:0"),
    ];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    deaf(scene.mint.url().unwrap().to_owned(), "/v1/keys").await;
    deaf(scene.mint.operator_url().unwrap().to_owned(), "/metrics").await;
}

#[tokio::test]
async fn a_reader_who_reads_no_answer_is_cut_off() {
    let scene = Scene::start(BINARY).await.unwrap();
    let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
    let site = site::serve().await.unwrap();
    let plan = PaywallPlan::new(
        BINARY,
        &scene.folder().join("paywall"),
        &site,
        scene.mint.url().unwrap(),
        &publisher,
    );
    let plan = plan.price("/articles/*=3").with("STALL_TIMEOUT_MS", "500");
    let paywall = plan.start().unwrap();
    deaf(paywall.url.clone(), "/articles/1").await;
    deaf(paywall.operator_url.clone(), "/metrics").await;
}

/// Asks for a page, and keeps the connection.
fn ask(url: &str) -> TcpStream {
    let mut stream = connect(url);
    let request = "GET / HTTP/1.1\r\nhost: m\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn begins(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut told = [0; 12];
    stream.read_exact(&mut told)?;
    assert_eq!(&told, b"HTTP/1.1 200");
    Ok(())
}

#[tokio::test]
async fn a_paywalls_connections_beyond_the_limit_wait_until_one_ends() {
    let scene = Scene::start(BINARY).await.unwrap();
    let publisher = scene.mint.account("gazette", "redeem,read", 0).unwrap();
    let site = site::serve().await.unwrap();
    let plan = PaywallPlan::new(
        BINARY,
        &scene.folder().join("paywall"),
        &site,
        scene.mint.url().unwrap(),
        &publisher,
    );
    // Idle ones stay, for as long as this takes.
    let plan = plan.price("/articles/*=3").with("CONNECTIONS_MAX", "2");
    let paywall = plan.with("READ_TIMEOUT_MS", "600000").start().unwrap();
    let url = paywall.url.clone();
    let check = move || {
        let mut inside = [ask(&url), ask(&url)];
        for stream in &mut inside {
            begins(stream).unwrap();
        }
        let mut waiting = ask(&url);
        let a_while = Some(Duration::from_millis(300));
        waiting.set_read_timeout(a_while).unwrap();
        assert!(begins(&mut waiting).is_err());
        drop(inside);
        waiting.set_read_timeout(Some(FOR_EVER)).unwrap();
        begins(&mut waiting).unwrap();
    };
    tokio::task::spawn_blocking(check).await.unwrap();
}
