//! Tests of the proxy without the paywall, over real sockets, with servers and clients that say exactly
//! what they are told to.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::middleware::from_fn_with_state;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower::Layer as _;

use super::*;
use crate::rules::{Rule, Rules};
use farthing_publisher::AllowedOrigins;
use farthing_service::server::{Limits, Listener};

const PATIENCE: Duration = Duration::from_secs(20);

/// A server behind that handles each connection with `handle`; counts them.
async fn site<F>(handle: impl Fn(TcpStream) -> F + Send + 'static) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(handle(stream));
        }
    });
    (address, count)
}

/// A server that answers each request with what it read of it.
async fn mirror() -> (SocketAddr, Arc<AtomicUsize>) {
    site(|mut stream| async move {
        while let Some(request) = read_message(&mut stream).await {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                request.len()
            );
            if stream
                .write_all(&[head.as_bytes(), &request].concat())
                .await
                .is_err()
            {
                return;
            }
        }
    })
    .await
}

/// A head, and the body that its framing says.
async fn read_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = read_until(stream, b"\r\n\r\n").await?;
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    if head.contains("transfer-encoding: chunked") {
        bytes.extend(read_until(stream, b"0\r\n\r\n").await?);
    } else if let Some((_, rest)) = head.split_once("content-length: ") {
        let length: usize = rest.split("\r\n").next()?.parse().ok()?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        bytes.extend(body);
    }
    Some(bytes)
}

async fn read_until(stream: &mut TcpStream, end: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(bytes)
}

/// A proxy that runs.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: tokio::task::JoinHandle<()>,
}

async fn proxy(upstream: SocketAddr) -> Running {
    proxy_with(upstream, true, Duration::from_secs(5)).await
}

async fn proxy_with(upstream: SocketAddr, keep_host: bool, answer: Duration) -> Running {
    let paid = Rule {
        path: "/articles/*".to_owned(),
        amount: 3,
        ..Rule::default()
    };
    let rules = Arc::new(Rules::new(&[paid], 0, false).unwrap());
    let timeouts = Timeouts {
        connect: Duration::from_secs(1),
        answer,
        stall: PATIENCE,
    };
    let url = format!("http://{upstream}").parse().unwrap();
    let upstream = Upstream::new(&url, keep_host, timeouts).unwrap();
    let checks = Filter {
        rules,
        forwarding: Arc::default(),
        origins: AllowedOrigins::Any,
    };
    let service = from_fn_with_state(checks, filter).layer(upstream);
    let limits = Limits {
        connections_max: 16,
        head: Duration::from_secs(5),
        write: PATIENCE,
        stop: Duration::from_secs(5),
        head_bytes_max: 128 * 1024,
        headers_max: Some(HEADERS_MAX),
    };
    let pace = Pace {
        grace: Duration::from_secs(5),
        rate: 1,
        stall: PATIENCE,
    };
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), limits).unwrap();
    let address = listener.address().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move {
        let _ = stopped.await;
    };
    let done = tokio::spawn(listener.serve(paced(service, pace), stopped));
    Running {
        address,
        stop,
        done,
    }
}

/// Sends bytes and reads until the other side closes.
async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the answer ends");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn expect(stream: &mut TcpStream, expected: &str) {
    let mut bytes = vec![0; expected.len()];
    let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut bytes)).await;
    read.expect("in time").expect("as much as expected");
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}

async fn head_of(stream: &mut TcpStream) -> String {
    let head = tokio::time::timeout(PATIENCE, read_until(stream, b"\r\n\r\n")).await;
    String::from_utf8(head.expect("in time").expect("a head")).unwrap()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent_but_for_what_is_the_connections() {
    let (site, _) = mirror().await;
    let proxy = proxy(site).await;
    let answer = exchange(
        proxy.address,
        "PUT /a%20b//c?x=%2F&y HTTP/1.1\r\nHost: Site.Example\r\nConnection: close, x-mine\r\n\
         X-Mine: 1\r\nRange: bytes=0-3\r\nAccept-Encoding: br\r\nX-Forwarded-For: 1.1.1.1\r\n\
         X-Original-URL: /articles/1\r\nIf-None-Match: \"e\"\r\nContent-Length: 5\r\n\r\nhello",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let sent = answer.split_once("\r\n\r\n").unwrap().1.to_lowercase();
    assert!(
        sent.starts_with("put /a%20b//c?x=%2f&y http/1.1\r\n"),
        "{sent}"
    );
    assert!(sent.ends_with("\r\n\r\nhello"), "{sent}");
    for kept in [
        "host: site.example\r\n",
        "range: bytes=0-3\r\n",
        "accept-encoding: br\r\n",
        "if-none-match: \"e\"\r\n",
        "content-length: 5\r\n",
        "x-forwarded-host: site.example\r\n",
        "x-forwarded-proto: http\r\n",
    ] {
        let kept = format!("\r\n{kept}");
        assert_eq!(sent.matches(&kept).count(), 1, "{kept} in {sent}");
    }
    for gone in [
        "x-mine",
        "connection",
        "x-forwarded-for",
        "x-original-url",
        "1.1.1.1",
    ] {
        assert!(!sent.contains(gone), "{gone} in {sent}");
    }
}

#[tokio::test]
async fn the_host_is_the_sites_own_where_the_settings_say_so() {
    let (site, _) = mirror().await;
    let proxy = proxy_with(site, false, Duration::from_secs(5)).await;
    let request =
        "GET http://reader.example/a HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n";
    let answer = exchange(proxy.address, request).await;
    assert!(
        answer.contains(&format!("\r\nhost: {site}\r\n")),
        "{answer}"
    );
    assert!(
        answer.contains("\r\nx-forwarded-host: reader.example\r\n"),
        "{answer}"
    );
    assert!(answer.contains("GET /a HTTP/1.1\r\n"), "{answer}");
}

#[tokio::test]
async fn what_nobody_can_price_does_not_reach_the_site() {
    let (site, count) = mirror().await;
    let proxy = proxy(site).await;
    for line in [
        "GET //articles/1",
        "GET /x/../articles/1",
        "GET /articles%2f1",
        "GET /a/%00",
        "GET /a/%zz",
        "GET *",
        "CONNECT example.com:443",
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = exchange(proxy.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{line}: {answer}");
        assert!(
            answer.contains("\"code\":40") || answer.contains("400 Bad Request"),
            "{answer}"
        );
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let answer = exchange(
        proxy.address,
        "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.contains("\r\n\r\nOPTIONS * HTTP/1.1\r\n"),
        "{answer}"
    );
}

/// Whatever a client says about where its body ends, the site hears one thing.
#[tokio::test]
async fn no_request_is_smuggled() {
    let (site, count) = mirror().await;
    let proxy = proxy(site).await;
    let second = "GET /articles/1 HTTP/1.1\r\nHost: a\r\n\r\n";
    for framing in [
        "Content-Length: 6\r\nContent-Length: 5",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: 0x5",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\u{b}chunked",
    ] {
        let request = format!("POST /a HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n0\r\n\r\n{second}");
        let answer = exchange(proxy.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{framing}: {answer}");
        assert!(!answer.contains("/articles/1"), "{framing}: {answer}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    // Both lengths at once: the chunks count, and the site hears of nothing else.
    for framing in [
        "Content-Length: 99\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
    ] {
        let request = format!(
            "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{framing}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        );
        let answer = exchange(proxy.address, &request).await;
        let sent = answer.split_once("\r\n\r\n").unwrap().1.to_lowercase();
        assert!(sent.contains("transfer-encoding: chunked\r\n"), "{sent}");
        assert!(!sent.contains("content-length"), "{sent}");
        assert!(sent.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), "{sent}");
    }
}

#[tokio::test]
async fn bodies_stream_both_ways_at_the_same_time() {
    let (site, _) = site(|mut stream| async move {
        read_until(&mut stream, b"\r\n\r\n").await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        for _ in 0..3 {
            let size = read_until(&mut stream, b"\r\n").await.unwrap();
            let chunk = read_until(&mut stream, b"\r\n").await.unwrap();
            stream.write_all(&[size, chunk].concat()).await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    })
    .await;
    let proxy = proxy(site).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let head = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut is_first = true;
    for chunk in ["3\r\none\r\n", "3\r\ntwo\r\n", "5\r\nthree\r\n"] {
        stream.write_all(chunk.as_bytes()).await.unwrap();
        if std::mem::take(&mut is_first) {
            assert!(
                head_of(&mut stream)
                    .await
                    .starts_with("HTTP/1.1 200 OK\r\n")
            );
        }
        // Before the next is sent: nothing waits for the whole.
        expect(&mut stream, chunk).await;
    }
}

#[tokio::test]
async fn events_come_one_by_one_and_trailers_at_the_end() {
    let (site, _) = site(|mut stream| async move {
        let head = read_until(&mut stream, b"\r\n\r\n").await.unwrap();
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(
            head.contains("\r\nte: trailers\r\n") && head.contains("\r\nconnection: te\r\n"),
            "{head}"
        );
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTrailer: x-sum\r\n\
                    Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream
            .write_all(b"9\r\ndata: 2\n\n\r\n0\r\nX-Sum: 3\r\n\r\n")
            .await
            .unwrap();
    })
    .await;
    let proxy = proxy(site).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let request = "GET /events HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = head_of(&mut stream).await.to_lowercase();
    assert!(head.contains("trailer: x-sum\r\n"), "{head}");
    let begun = Instant::now();
    expect(&mut stream, "9\r\ndata: 1\n\n\r\n").await;
    assert!(
        begun.elapsed() < Duration::from_millis(250),
        "it was held back"
    );
    expect(&mut stream, "9\r\ndata: 2\n\n\r\n0\r\nx-sum: 3\r\n\r\n").await;
}

#[tokio::test]
async fn a_websocket_is_carried_both_ways_and_ends_with_the_server() {
    let (site, _) = site(|mut stream| async move {
        let head = read_until(&mut stream, b"\r\n\r\n").await.unwrap();
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.contains("\r\nupgrade: websocket\r\n"), "{head}");
        assert!(head.contains("\r\nsec-websocket-key: k\r\n"), "{head}");
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\
                      Sec-WebSocket-Accept: x\r\n\r\nhello";
        stream.write_all(answer.as_bytes()).await.unwrap();
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            stream.write_all(&byte.map(|b| b.to_ascii_uppercase())).await.unwrap();
        }
    })
    .await;
    let proxy = proxy(site).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = head_of(&mut stream).await.to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(
        head.contains("upgrade: websocket\r\n") && head.contains("connection: upgrade\r\n"),
        "{head}"
    );
    expect(&mut stream, "hello").await;
    for word in ["one", "two"] {
        stream.write_all(word.as_bytes()).await.unwrap();
        expect(&mut stream, &word.to_uppercase()).await;
    }
    let begun = Instant::now();
    proxy.stop.send(()).unwrap();
    proxy.done.await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "a stop does not wait for a websocket"
    );
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn nobody_comes_past_the_prices_by_another_http() {
    let (site, _) = mirror().await;
    let proxy = proxy(site).await;
    for upgrade in ["h2c", "websocket, h2c", "HTTP/2.0"] {
        let request = format!(
            "GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
             Upgrade: {upgrade}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
        );
        let answer = exchange(proxy.address, &request).await.to_lowercase();
        assert!(answer.starts_with("http/1.1 200 "), "{answer}");
        assert!(
            !answer.contains("upgrade") && !answer.contains("settings"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_site_that_upgrades_to_what_was_not_asked_for_is_not_believed() {
    let (site, _) = site(|mut stream| async move {
        let _ = read_until(&mut stream, b"\r\n\r\n").await;
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = read_until(&mut stream, b"never").await;
    })
    .await;
    let proxy = proxy(site).await;
    for line in [
        "Connection: close",
        "Connection: Upgrade, close\r\nUpgrade: websocket",
    ] {
        let request = format!("GET /a HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n");
        let answer = exchange(proxy.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    }
}

#[tokio::test]
async fn who_waits_for_100_is_told_to_go_on() {
    let (site, _) = mirror().await;
    let proxy = proxy(site).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let head = "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    expect(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
    stream.write_all(b"hello").await.unwrap();
    let head = head_of(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
}

#[tokio::test]
async fn a_site_that_does_not_answer_is_a_502() {
    let dead = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let (mute, _) = site(|mut stream| async move {
        let _ = read_until(&mut stream, b"never").await;
    })
    .await;
    let (broken, _) = site(|mut stream| async move {
        let _ = read_until(&mut stream, b"\r\n\r\n").await;
        let _ = stream.write_all(b"HTTP/1.1 200").await;
    })
    .await;
    for address in [dead, mute, broken] {
        let proxy = proxy_with(address, true, Duration::from_millis(300)).await;
        let begun = Instant::now();
        let request = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answer = exchange(proxy.address, request).await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        assert!(answer.contains("\"code\":50201"), "{answer}");
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn a_slow_upload_is_no_slow_answer() {
    let (site, _) = mirror().await;
    let proxy = proxy_with(site, true, Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    let head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(b"x").await.unwrap();
    }
    assert!(
        head_of(&mut stream)
            .await
            .starts_with("HTTP/1.1 200 OK\r\n")
    );
}

#[tokio::test]
async fn a_stop_lets_the_answer_under_way_finish() {
    let (site, _) = site(|mut stream| async move {
        read_until(&mut stream, b"\r\n\r\n").await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst";
        stream.write_all(head).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        stream.write_all(b"-last").await.unwrap();
    })
    .await;
    let proxy = proxy(site).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream
        .write_all(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    head_of(&mut stream).await;
    expect(&mut stream, "first").await;
    proxy.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(
        TcpStream::connect(proxy.address).await.is_err(),
        "nobody new is let in"
    );
    expect(&mut stream, "-last").await;
    proxy.done.await.unwrap();
}

#[test]
fn a_site_is_a_host_and_nothing_more() {
    let timeouts = Timeouts {
        connect: PATIENCE,
        answer: PATIENCE,
        stall: PATIENCE,
    };
    for url in ["http://a", "http://a:8000/", "https://a"] {
        assert!(
            Upstream::new(&url.parse().unwrap(), true, timeouts).is_ok(),
            "{url}"
        );
    }
    for url in [
        "/a",
        "a:80",
        "ftp://a",
        "http://a/b",
        "http://a/?b",
        "http://u:p@a",
    ] {
        let url = url.parse().unwrap();
        assert!(Upstream::new(&url, true, timeouts).is_err(), "{url}");
    }
}
