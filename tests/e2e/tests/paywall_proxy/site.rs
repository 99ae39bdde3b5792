//! A site that answers by the path alone, whatever the method, as many do; and bare connections to the
//! paywall before it.

use std::sync::{Arc, Mutex};

use super::*;

/// What every page of the site says.
pub(crate) const NEWS: &str = "All the news.";

/// Returns what a page says; on some much of it.
pub(crate) fn news(path: &str) -> String {
    match path.contains("long") {
        true => NEWS.repeat(2500),
        false => NEWS.to_owned(),
    }
}

/// A running site.
pub(crate) struct Site {
    pub(crate) url: String,
    /// The requests that reached it, in lower case.
    seen: Arc<Mutex<Vec<String>>>,
    _server: tokio::task::JoinHandle<()>,
}

impl Site {
    /// A site whose pages have these status lines and headers by `page`, each line with its end.
    pub(crate) async fn open(page: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, page, Arc::clone(&all)));
            }
        });
        Self {
            url,
            seen,
            _server: server,
        }
    }

    /// The requests since this was last asked.
    pub(crate) fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn answer(mut stream: TcpStream, page: fn(&str) -> String, seen: Arc<Mutex<Vec<String>>>) {
    while let Some(head) = read_head(&mut stream).await {
        let head = head.to_lowercase();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let length = head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        seen.lock().unwrap().push(head);
        let head = page(&path);
        let mut body = vec![0; length.unwrap_or(0)];
        let is_early = path.contains("early");
        if !is_early && stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let news = news(&path);
        let length = news.len();
        let text = format!("HTTP/1.1 {head}content-length: {length}\r\n\r\n{news}");
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        if path.contains("closed") {
            // Until there is more that will not be read: then the connection is reset.
            let _ = stream.shutdown().await;
            let _ = stream.readable().await;
            return;
        }
        if is_early && stream.read_exact(&mut body).await.is_err() {
            return;
        }
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    /// In lower case.
    lines: Vec<String>,
    pub(crate) body: String,
}

impl Raw {
    /// The value of a header, which comes once at the most.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.lines.iter().filter_map(|line| {
            let (n, value) = line.split_once(": ")?;
            (n == name).then_some(value)
        });
        let value = values.next();
        assert_eq!(values.next(), None, "{name} comes twice");
        value
    }

    /// The names of all headers, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        let names = self.lines.iter().filter_map(|line| line.split(": ").next());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }
}

/// Sends a request of this first line with these headers, each with its end.
pub(crate) async fn send(url: &str, line: &str, headers: &str) -> Raw {
    send_bytes(url, line, headers, &[]).await
}

/// The same with a body.
pub(crate) async fn send_bytes(url: &str, line: &str, headers: &str, body: &[u8]) -> Raw {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{line} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
    // An answer may come before all was sent.
    let (mut reader, mut writer) = stream.split();
    let mut bytes = Vec::new();
    let write = async {
        let _ = writer.write_all(head.as_bytes()).await;
        let _ = writer.write_all(body).await;
    };
    let read = async { reader.read_to_end(&mut bytes).await };
    let both = async { tokio::join!(write, read) };
    let (_, read) = tokio::time::timeout(PATIENCE, both).await.unwrap();
    let _ = read;
    raw(&bytes)
}

/// Reads an answer.
pub(crate) fn raw(bytes: &[u8]) -> Raw {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next().unwrap_or_default();
    let status = status.get(9..12).and_then(|status| status.parse().ok());
    let lower = |line: String| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_lowercase()),
        None => line,
    };
    Raw {
        status: status.unwrap_or_else(|| panic!("no answer: {text}")),
        lines: lines.map(lower).collect(),
        body: body.to_owned(),
    }
}
