//! Bodies that come slowly, stand still, or are not read.

use super::site::{NEWS, Site, news, raw, send_bytes};
use super::*;

const HOST: &str = "Host: gazette.example\r\n";

fn page(_: &str) -> String {
    "200 OK\r\n".to_owned()
}

/// Sends the head and then one byte after another for as long as the other side lets; gives the answer.
async fn drip(url: &str, head: &str) -> site::Raw {
    let stream = TcpStream::connect(url.trim_start_matches("http://"))
        .await
        .unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(head.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = Vec::new();
    let read = reader.read_to_end(&mut answer);
    let _ = tokio::time::timeout(PATIENCE, read).await.expect("an end");
    dripping.abort();
    raw(&answer)
}

#[tokio::test]
async fn a_form_or_an_upload_that_drips_is_ended() {
    let site = Site::open(page).await;
    let settings = [("READ_TIMEOUT_MS", "500")];
    let mut stage = Stage::with(&site.url, &settings).await;
    let length = "Content-Length: 5000\r\n";
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let head = format!("POST /.well-known/farthing/pay HTTP/1.1\r\n{HOST}{kind}{length}\r\n");
    let form = drip(&stage.url, &head).await;
    assert_eq!(
        (form.status, form.header("connection")),
        (408, Some("close"))
    );
    assert!(form.body.contains("nothing was spent"), "{}", form.body);
    let json = "Content-Type: application/json\r\n";
    let head = format!("POST /.well-known/farthing/pay HTTP/1.1\r\n{HOST}{json}{length}\r\n");
    let order = drip(&stage.url, &head).await;
    assert_eq!(
        (order.status, order.header("access-control-allow-origin")),
        (408, Some("*"))
    );
    assert!(order.body.contains("\"code\":40801"), "{}", order.body);
    let head = format!("POST /upload HTTP/1.1\r\n{HOST}{length}\r\n");
    let upload = drip(&stage.url, &head).await;
    assert_eq!(
        (upload.status, upload.header("connection")),
        (408, Some("close"))
    );
    assert!(upload.body.contains("\"code\":40801"), "{}", upload.body);
    let token = stage.token(&[1, 2]).await;
    let head = format!("POST /articles/one HTTP/1.1\r\n{HOST}X-Cashu: {token}\r\n{length}\r\n");
    assert_eq!(drip(&stage.url, &head).await.status, 408);
    assert_eq!(stage.income().await, 0);
    let whole = vec![b'x'; 5000];
    let headers = format!("{HOST}X-Cashu: {token}\r\n{length}");
    let paid = send_bytes(&stage.url, "POST /articles/one", &headers, &whole).await;
    assert_eq!((paid.status, paid.body.as_str()), (200, NEWS));
    assert_eq!(stage.income().await, PRICE);
    stage.stop();
}

#[tokio::test]
async fn a_long_form_is_refused_before_it_is_read() {
    let mut stage = Stage::before("http://127.0.0.1:9").await;
    let head = format!(
        "{HOST}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n"
    );
    let line = "POST /.well-known/farthing/pay";
    let answer = send_bytes(&stage.url, line, &head, &[b'x'; 100_000]).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("nothing was spent"), "{}", answer.body);
    stage.stop();
}

#[tokio::test]
async fn a_request_that_the_site_answers_before_it_has_read_it_is_charged_once_it_is_there() {
    let site = Site::open(page).await;
    let mut stage = Stage::before(&site.url).await;
    let body = vec![7; 8 * 1024 * 1024];
    let length = body.len();
    let mut income = 0;
    for path in [
        "/articles/early",
        "/articles/early/closed",
        "/articles/early/closed/long",
    ] {
        for _ in 0..3 {
            let token = stage.token(&[1, 2]).await;
            let headers = format!("{HOST}X-Cashu: {token}\r\nContent-Length: {length}\r\n");
            let line = format!("POST {path}");
            let answer = send_bytes(&stage.url, &line, &headers, &body).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            assert!(
                answer.body == news(path),
                "{path}: {} bytes",
                answer.body.len()
            );
            income += PRICE;
            assert_eq!(stage.income().await, income, "{path}");
        }
    }
    stage.stop();
}

#[tokio::test]
async fn an_answer_that_stands_still_is_ended_but_for_events() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let head = read_head(&mut stream).await.unwrap_or_default();
                let kind = match head.contains("/events") {
                    true => "text/event-stream; charset=utf-8",
                    false => "text/plain",
                };
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n\
                     5\r\nfirst\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                if head.contains("/events") {
                    // Longer than anything else may stand still.
                    tokio::time::sleep(Duration::from_millis(1500)).await;
                    let _ = stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await;
                }
                let _ = stream.read_u8().await;
            });
        }
    });
    let settings = [("STALL_TIMEOUT_MS", "500")];
    let mut stage = Stage::with(&url, &settings).await;
    let read = async |path: &str, tokens: &[u64]| {
        let request = stage.request("GET", path);
        let request = request.header("x-cashu", stage.token(tokens).await);
        let mut answer = request.send().await.unwrap();
        let mut text = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => text.extend(chunk),
                Ok(None) => return (text, true),
                Err(_) => return (text, false),
            }
        }
    };
    assert_eq!(
        read("/articles/one", &[1, 2]).await,
        (b"first".to_vec(), false)
    );
    assert_eq!(
        read("/live/events", &[2]).await,
        (b"firstlast".to_vec(), true)
    );
    assert_eq!(stage.income().await, PRICE + 2);
    stage.stop();
}
