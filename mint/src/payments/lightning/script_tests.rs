//! A server on a real socket that expects certain requests in a certain order and answers as told.

use std::any::Any;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Each connection is for one request.
const END: &str = "Connection: close\r\n";

/// One expected request, and its answer.
pub(super) struct Step {
    pub(super) request: &'static str,
    pub(super) body: Option<Value>,
    pub(super) answer: Answer,
}

/// How a request is answered.
pub(super) enum Answer {
    /// This status and JSON, with a line's end.
    Json(u16, Value),
    /// This status and text.
    Text(u16, &'static str),
    /// A status of 200 and the beginning of a body that breaks off.
    Break(&'static str),
    /// The connection ends.
    Close,
    /// Nothing, and the connection stays.
    Hang,
}

/// A `GET` and its answer.
pub(super) fn get(request: &'static str, answer: Answer) -> Step {
    Step {
        request,
        body: None,
        answer,
    }
}

/// A `POST` and its answer.
pub(super) fn post(request: &'static str, body: Value, answer: Answer) -> Step {
    Step {
        request,
        body: Some(body),
        answer,
    }
}

/// The server, until its steps are done.
pub(super) struct Script {
    port: u16,
    task: JoinHandle<Vec<Box<dyn Any + Send>>>,
}

impl Script {
    /// Serves the steps, and expects `header` in each request.
    pub(super) async fn start(header: &'static str, steps: Vec<Step>) -> Self {
        Self::start_with(header, steps, None).await
    }

    /// The same over TLS.
    pub(super) async fn start_tls(
        header: &'static str,
        steps: Vec<Step>,
        tls: TlsAcceptor,
    ) -> Self {
        Self::start_with(header, steps, Some(tls)).await
    }

    async fn start_with(header: &'static str, steps: Vec<Step>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut listener = Some(listener).filter(|_| !steps.is_empty());
        let task = tokio::spawn(async move {
            let mut hung: Vec<Box<dyn Any + Send>> = Vec::new();
            let last = steps.len().wrapping_sub(1);
            for (number, step) in steps.into_iter().enumerate() {
                let (stream, _) = listener.as_ref().unwrap().accept().await.unwrap();
                // Before the last answer, so that whoever has that finds nobody any more.
                listener = listener.filter(|_| number < last);
                let kept = match &tls {
                    None => serve(stream, header, step).await,
                    Some(tls) => serve(tls.accept(stream).await.unwrap(), header, step).await,
                };
                hung.extend(kept);
            }
            hung
        });
        Self { port, task }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the last step; panics where a request was not as expected.
    pub(super) async fn done(self) {
        let done = tokio::time::timeout(Duration::from_secs(20), self.task).await;
        drop(done.expect("a request is missing").unwrap());
    }
}

async fn serve<S>(mut stream: S, header: &str, step: Step) -> Option<Box<dyn Any + Send>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (head, body) = read_request(&mut stream).await;
    let mut lines = head.lines();
    let request = lines.next().unwrap();
    assert_eq!(request, format!("{} HTTP/1.1", step.request));
    assert!(lines.any(|line| line == header), "no {header} in {head}");
    match step.body {
        None => assert!(body.is_empty(), "a body in {request}"),
        Some(expected) => {
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body, expected, "{request}");
        }
    }
    let whole = |status: u16, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status} As Told\r\n{END}Content-Length: {length}\r\n\r\n{body}")
    };
    let answer = match step.answer {
        Answer::Json(status, body) => whole(status, &format!("{body}\n")),
        Answer::Text(status, body) => whole(status, body),
        Answer::Break(body) => {
            format!("HTTP/1.1 200 OK\r\n{END}Content-Length: 9999\r\n\r\n{body}")
        }
        Answer::Close => return None,
        Answer::Hang => return Some(Box::new(stream)),
    };
    stream.write_all(answer.as_bytes()).await.unwrap();
    // The client may be gone when it has read the line that it wanted.
    let _gone = stream.shutdown().await;
    None
}

/// A request's head in lower-case header names, and its body.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "a request broke off");
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |text| text.parse().unwrap());
        if bytes.len() >= end + 4 + length {
            return (head, bytes[end + 4..].to_vec());
        }
    }
}
