//! A SOCKS5 proxy such as Tor's, and the names that keep requests apart on it.

use std::fmt;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::http::HttpError;

/// For the connection to the proxy itself, which is near.
const CHECK_TIMEOUT_S: u64 = 10;
/// The port of SOCKS (RFC 1928).
const PORT: u16 = 1080;
/// A client that offers one method, name and password ([RFC 1928, section 3](https://www.rfc-editor.org/rfc/rfc1928#section-3); RFC 1929).
const GREETING: [u8; 3] = [5, 1, 2];
/// A proxy that takes it.
const ACCEPTED: [u8; 2] = [5, 2];

/// A SOCKS5 proxy that looks names up itself: `socks5h://HOST:PORT`.
///
/// Names are looked up by the proxy alone. To the proxy each request comes with a random name and password: Tor gives
/// each name a circuit of its own, so that what has different names comes from different places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocksProxy {
    host: Host,
    port: u16,
}

/// Why a text is not the address of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyFault {
    /// Not an address at all.
    #[error("this is not the address of a proxy, such as socks5h://127.0.0.1:9050")]
    Address,
    /// `socks5://` has names looked up on this machine, where others see it.
    #[error(
        "socks5:// looks names up outside the proxy, which tells who you talk to: write socks5h://"
    )]
    LocalNames,
    /// Another kind of proxy.
    #[error("only SOCKS5 proxies that look names up themselves are used: socks5h://HOST:PORT")]
    Scheme,
    /// A name or a password in the address.
    #[error("leave name and password out: the wallet makes them up, to keep requests apart")]
    Credentials,
    /// Something after the port.
    #[error("the address of a proxy ends with its port: socks5h://HOST:PORT")]
    Path,
}

impl SocksProxy {
    /// Reads an address, `socks5h://HOST:PORT`; without a port it is 1080.
    ///
    /// # Errors
    /// [`ProxyFault`].
    pub fn parse(text: &str) -> Result<Self, ProxyFault> {
        let url = Url::parse(text.trim()).map_err(|_| ProxyFault::Address)?;
        match url.scheme() {
            "socks5h" => {}
            "socks5" => return Err(ProxyFault::LocalNames),
            // `127.0.0.1:9050` reads as an address without a scheme, or as a scheme of its own.
            _ if url.host().is_none() => return Err(ProxyFault::Address),
            _ => return Err(ProxyFault::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ProxyFault::Credentials);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyFault::Path);
        }
        // The host of a scheme that is not the web's is read as it stands, also an IPv4 address.
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(ProxyFault::Address)?;
        Ok(Self {
            host: Host::parse(host).map_err(|_| ProxyFault::Address)?,
            port: url.port().unwrap_or(PORT),
        })
    }

    /// Finds out whether the proxy is there and keeps requests apart by name, without asking it for a
    /// connection to anybody.
    ///
    /// # Errors
    /// [`HttpError`] saying what is wrong with it.
    pub async fn check(&self) -> Result<(), HttpError> {
        let wrong = |what: &str| HttpError(format!("the proxy {self} {what}"));
        let greeted = tokio::time::timeout(Duration::from_secs(CHECK_TIMEOUT_S), self.greet());
        match greeted.await {
            Err(_) => Err(wrong("gives no answer")),
            Ok(Err(error)) => Err(wrong(&format!("cannot be used: {error}"))),
            Ok(Ok(ACCEPTED)) => Ok(()),
            Ok(Ok([5, _])) => Err(wrong(
                "takes no names and passwords, so it cannot keep requests apart",
            )),
            Ok(Ok(_)) => Err(wrong("does not speak SOCKS5")),
        }
    }

    async fn greet(&self) -> std::io::Result<[u8; 2]> {
        let mut stream = match &self.host {
            Host::Domain(name) => TcpStream::connect((name.as_str(), self.port)).await?,
            Host::Ipv4(address) => TcpStream::connect((*address, self.port)).await?,
            Host::Ipv6(address) => TcpStream::connect((*address, self.port)).await?,
        };
        stream.write_all(&GREETING).await?;
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    /// The proxy under a name that nothing else has had: a circuit of its own.
    ///
    /// # Errors
    /// [`HttpError`] when the system gives no random numbers.
    pub(super) fn circuit(&self) -> Result<reqwest::Proxy, HttpError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|_| HttpError("the system gave no random numbers".to_owned()))?;
        let (name, password) = random.split_at(random.len() / 2);
        let proxy = reqwest::Proxy::all(self.to_string());
        let proxy = proxy.map_err(|error| HttpError(error.to_string()))?;
        Ok(proxy.basic_auth(&hex::encode(name), &hex::encode(password)))
    }
}

impl fmt::Display for SocksProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "socks5h://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_proxies_are_read_and_written() {
        for (text, expected) in [
            ("socks5h://127.0.0.1:9050", "socks5h://127.0.0.1:9050"),
            (
                " SOCKS5H://Tor.Example:9150/ ",
                "socks5h://tor.example:9150",
            ),
            ("socks5h://[::1]:9050", "socks5h://[::1]:9050"),
            ("socks5h://tor", "socks5h://tor:1080"),
        ] {
            assert_eq!(SocksProxy::parse(text).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_would_leak_or_is_no_address_is_refused() {
        for (text, expected) in [
            ("socks5://127.0.0.1:9050", ProxyFault::LocalNames),
            ("socks4a://127.0.0.1:9050", ProxyFault::Scheme),
            ("http://127.0.0.1:8118", ProxyFault::Scheme),
            (
                "socks5h://me:secret@127.0.0.1:9050",
                ProxyFault::Credentials,
            ),
            ("socks5h://127.0.0.1:9050/path", ProxyFault::Path),
            ("socks5h://127.0.0.1:9050?a", ProxyFault::Path),
            ("socks5h://", ProxyFault::Address),
            ("socks5h://:9050", ProxyFault::Address),
            ("127.0.0.1:9050", ProxyFault::Address),
            ("localhost:9050", ProxyFault::Address),
            ("", ProxyFault::Address),
        ] {
            assert_eq!(SocksProxy::parse(text), Err(expected), "{text}");
        }
    }
}
