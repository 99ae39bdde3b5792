//! A mint and a publisher on one socket of this machine, answering one request after the other.

use std::cell::RefCell;
use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use farthing_protocol::Secret;
use farthing_wallet::http::Request;
use farthing_wallet::{ApiToken, PageRequest};

use crate::support::mint::{FakeMint, URL};
use crate::support::site::FakeSite;

type Call = Box<dyn FnOnce(&mut FakeSite) + Send>;

enum Event {
    Connection(TcpStream),
    Call(Call),
}

/// The server; it ends with the test.
pub(crate) struct Server {
    /// The address of the publisher, and of its mint if that has no other.
    pub(crate) base: String,
    /// Where it listens: host and port.
    pub(crate) listens: String,
    connections: Arc<AtomicUsize>,
    events: Sender<Event>,
}

impl Server {
    /// A publisher and its mint that are reached where they listen.
    pub(crate) fn start() -> Self {
        Self::under(None)
    }

    /// A publisher and its mint that are reached under these addresses, by whoever knows where they
    /// lead.
    pub(crate) fn named(site: &str, mint: &str) -> Self {
        Self::under(Some((site.to_owned(), mint.to_owned())))
    }

    fn under(names: Option<(String, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let listens = listener.local_addr().unwrap().to_string();
        let here = format!("http://{listens}");
        let (base, mint) = names.unwrap_or_else(|| (here.clone(), here));
        let (events, received) = channel();
        let accepted = events.clone();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                if accepted.send(Event::Connection(stream)).is_err() {
                    return;
                }
            }
        });
        let site = base.clone();
        std::thread::spawn(move || serve(&site, &mint, &received));
        Self {
            base,
            listens,
            connections,
            events,
        }
    }

    /// Returns how many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Asks or changes something of the publisher, or of its mint.
    pub(crate) fn with<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut FakeSite) -> T + Send + 'static,
    ) -> T {
        let (answer, answered) = channel();
        let call = move |site: &mut FakeSite| answer.send(call(site)).unwrap();
        self.events.send(Event::Call(Box::new(call))).unwrap();
        answered.recv().unwrap()
    }
}

fn serve(base: &str, mint_url: &str, events: &Receiver<Event>) {
    let mint = Rc::new(RefCell::new(FakeMint::new(1000)));
    let mut site = FakeSite::new(&mint, 3);
    site.base = base.to_owned();
    site.mint_url = mint_url.to_owned();
    site.request.mints = vec![mint_url.to_owned()];
    site.now = farthing_wallet::native::system_clock();
    for event in events {
        match event {
            Event::Call(call) => call(&mut site),
            // A client that went away is its own affair.
            Event::Connection(stream) => drop(answer(stream, base, &mut site)),
        }
    }
}

fn answer(mut stream: TcpStream, base: &str, site: &mut FakeSite) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let request = read(&mut reader, base)?;
    let path = request.url.strip_prefix(base).unwrap();
    if path.starts_with("/v1/") || path.starts_with("/cashu/v1/") {
        let header = |name: &str| {
            let mut found = request.headers.iter().filter(|(n, _)| n == name);
            found.next().map(|(_, value)| value.expose().to_owned())
        };
        let bearer = header("authorization");
        let bearer = bearer.map(|value| ApiToken::new(value.trim_start_matches("Bearer ")));
        let body = request
            .body
            .map(|body| Secret::new(String::from_utf8(body).unwrap()));
        let url = format!("{URL}{path}");
        let request = Request { url, bearer, body };
        let response = site.mint.borrow_mut().answer(&request);
        let wait = response.retry_after_s.map(|s| s.to_string());
        let headers: Vec<_> = wait
            .into_iter()
            .map(|s| ("retry-after".to_owned(), s))
            .collect();
        return write(&mut stream, response.status, &headers, &response.body, None);
    }
    let answer = site.answer(&request);
    let head = answer.head;
    let cut = match site.deeds.breaks_after {
        0 => site.deeds.breaks_off.take(),
        _ => None,
    };
    site.deeds.breaks_after = site.deeds.breaks_after.saturating_sub(1);
    write(&mut stream, head.status, &head.headers, &answer.body, cut)
}

fn read(reader: &mut impl std::io::BufRead, base: &str) -> std::io::Result<PageRequest> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
    let mut request = PageRequest {
        method: method.to_owned(),
        ..PageRequest::get(&format!("{base}{target}"))
    };
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let name = name.to_ascii_lowercase();
        if name == "content-length" {
            length = value.trim().parse().unwrap();
        }
        request = request.with(&name, Secret::new(value.trim().to_owned()));
    }
    if length > 0 {
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        request.body = Some(body);
    }
    Ok(request)
}

fn write(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    cut: Option<usize>,
) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} Status\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    ));
    stream.write_all(head.as_bytes())?;
    let body = cut.map_or(body, |cut| &body[..cut.min(body.len())]);
    stream.write_all(body)?;
    stream.flush()
}
