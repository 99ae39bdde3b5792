//! A SOCKS5 proxy (RFC 1928, RFC 1929) that alone knows where names lead, and writes down who asked it
//! for what.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One connection that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Name and password.
    pub(crate) name: String,
    /// Host and port.
    pub(crate) target: String,
    /// Method and path of the request that went over it; nothing when it was refused.
    pub(crate) request: String,
}

/// What the proxy answers a greeting with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Name and password, as Tor does.
    Names,
    /// No method that the client offers.
    NoNames,
    /// Another protocol altogether.
    Http,
}

#[derive(Default)]
struct State {
    hosts: HashMap<String, String>,
    seen: Vec<Seen>,
}

/// The proxy; it ends with the test.
pub(crate) struct Proxy {
    /// Its address, `socks5h://…`.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// A proxy that leads each of the names, with a port, to an address of this machine.
    pub(crate) fn start<const N: usize>(hosts: [(&str, &str); N]) -> Self {
        Self::with(Manners::Names, hosts)
    }

    pub(crate) fn with<const N: usize>(manners: Manners, hosts: [(&str, &str); N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("socks5h://{}", listener.local_addr().unwrap());
        let hosts = hosts.map(|(name, to)| (name.to_owned(), to.to_owned()));
        let state = Arc::new(Mutex::new(State {
            hosts: hosts.into(),
            seen: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // Whoever only looks whether the proxy is there asks for nothing.
                std::thread::spawn(move || drop(serve(stream, manners, &state)));
            }
        });
        Self { url, state }
    }

    /// Returns what was asked for since the last time.
    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }

    /// Leads a name nowhere from now on, or somewhere again.
    pub(crate) fn lead(&self, name: &str, to: Option<&str>) {
        let hosts = &mut self.state.lock().unwrap().hosts;
        match to {
            Some(to) => hosts.insert(name.to_owned(), to.to_owned()),
            None => hosts.remove(name),
        };
    }
}

fn exactly(stream: &mut TcpStream, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A text with its length before it.
fn counted(stream: &mut TcpStream) -> std::io::Result<String> {
    let length = exactly(stream, 1)?[0];
    let bytes = exactly(stream, length.into())?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn serve(mut client: TcpStream, manners: Manners, state: &Mutex<State>) -> std::io::Result<()> {
    assert_eq!(
        exactly(&mut client, 3)?,
        [5, 1, 2],
        "names are offered alone"
    );
    match manners {
        Manners::Names => client.write_all(&[5, 2])?,
        Manners::NoNames => return client.write_all(&[5, 0xff]),
        Manners::Http => return client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    }
    assert_eq!(exactly(&mut client, 1)?, [1]);
    let name = format!("{}:{}", counted(&mut client)?, counted(&mut client)?);
    client.write_all(&[1, 0])?;
    let request = exactly(&mut client, 4)?;
    assert_eq!(
        request,
        [5, 1, 0, 3],
        "a connection to a name, not to an address"
    );
    let host = counted(&mut client)?;
    let port = exactly(&mut client, 2)?;
    let port = u16::from_be_bytes([port[0], port[1]]);
    let target = format!("{host}:{port}");
    let to = state.lock().unwrap().hosts.get(&target).cloned();
    let mut seen = Seen {
        name,
        target,
        request: String::new(),
    };
    let Some(to) = to else {
        state.lock().unwrap().seen.push(seen);
        // Host unreachable.
        return client.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]);
    };
    let server = TcpStream::connect(to)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let mut first = vec![0; 4096];
    let length = client.read(&mut first)?;
    first.truncate(length);
    let line = String::from_utf8_lossy(&first);
    let words: Vec<&str> = line.split_whitespace().take(2).collect();
    seen.request = words.join(" ");
    // Before the server can answer, so that it is there when the command has ended.
    state.lock().unwrap().seen.push(seen);
    relay(client, server, &first)
}

/// Carries bytes both ways, `first` before all others.
fn relay(mut client: TcpStream, mut server: TcpStream, first: &[u8]) -> std::io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    to_server.write_all(first)?;
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Write);
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}
