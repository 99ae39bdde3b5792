//! HTTP/1.1 as far as a load generator needs it.

use std::net::{SocketAddr, ToSocketAddrs as _};

use farthing_testkit::Result;

/// Where requests go.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The address to connect to.
    pub(super) address: SocketAddr,
    host: String,
    prefix: String,
}

impl Target {
    /// Reads `http://HOST:PORT[/PREFIX]`.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://");
        let rest = rest.ok_or("the mint's URL must start with http://")?;
        let (host, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let mut addresses = host.to_socket_addrs()?;
        let prefix = prefix.trim_end_matches('/');
        Ok(Self {
            address: addresses.next().ok_or("the mint's URL has no address")?,
            host: host.to_owned(),
            prefix: if prefix.is_empty() {
                String::new()
            } else {
                format!("/{prefix}")
            },
        })
    }

    /// The target that `folder` is beneath, if this ends with it.
    pub(super) fn above(&self, folder: &str) -> Option<Self> {
        let prefix = self.prefix.strip_suffix(folder)?.to_owned();
        Some(Self {
            prefix,
            ..self.clone()
        })
    }

    /// The bytes of a GET.
    pub(super) fn get(&self, path: &str) -> Vec<u8> {
        self.get_with(path, "")
    }

    /// The bytes of a GET with more headers, each ending its line.
    pub(super) fn get_with(&self, path: &str, headers: &str) -> Vec<u8> {
        let (prefix, host) = (&self.prefix, &self.host);
        format!("GET {prefix}{path} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n").into_bytes()
    }

    /// The bytes of a POST of JSON.
    pub(super) fn post(&self, path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
        let (prefix, host, length) = (&self.prefix, &self.host, body.len());
        let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        let bearer = bearer.unwrap_or_default();
        format!(
            "POST {prefix}{path} HTTP/1.1\r\nhost: {host}\r\n{bearer}\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// What the head of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The status.
    pub(super) status: u16,
    /// How many bytes the head has, with the empty line that ends it.
    pub(super) length: usize,
    /// How many bytes follow it.
    pub(super) body_length: usize,
    /// Whether it says when to try again.
    pub(super) retry_after: bool,
    /// Whether the connection ends with this answer.
    pub(super) close: bool,
}

impl Head {
    /// Reads a head; `None` when it has not all come yet.
    ///
    /// # Errors
    /// When it is not one, or does not say how long the body is.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
        let mut head = Self {
            status: status.ok_or("not an answer of HTTP/1.1")?,
            length: end + 4,
            body_length: 0,
            retry_after: false,
            close: false,
        };
        let mut body_length = None;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let is = |other| name.eq_ignore_ascii_case(other);
            if is("content-length") {
                body_length = value.trim().parse().ok();
            } else if is("retry-after") {
                head.retry_after = value.trim().parse::<u32>().is_ok();
            } else if is("connection") {
                head.close = value.trim().eq_ignore_ascii_case("close");
            }
        }
        head.body_length = body_length.ok_or("an answer without content-length")?;
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let bytes = b"HTTP/1.1 503 Busy\r\nContent-Length: 12\r\nretry-after: 1\r\n\r\nhello";
        let head = Head::parse(bytes).unwrap().unwrap();
        assert_eq!((head.status, head.body_length), (503, 12));
        assert_eq!(head.length, bytes.len() - 5);
        assert!(head.retry_after && !head.close);
        assert_eq!(Head::parse(&bytes[..40]).unwrap(), None);
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(Head::parse(b"SSH-2.0\r\ncontent-length: 1\r\n\r\n").is_err());
    }

    #[test]
    fn a_target_has_an_address_and_perhaps_a_prefix() {
        let target = Target::parse("http://127.0.0.1:80/cashu/").unwrap();
        let request = String::from_utf8(target.post("/v1/swap", Some("t"), "{}")).unwrap();
        assert!(request.starts_with("POST /cashu/v1/swap HTTP/1.1\r\nhost: 127.0.0.1:80\r\n"));
        assert!(request.ends_with("content-length: 2\r\n\r\n{}"));
        assert!(request.contains("\r\nauthorization: Bearer t\r\n"));
        assert!(Target::parse("https://127.0.0.1:80").is_err());
        let above = target.above("/cashu").unwrap();
        assert!(
            above
                .get("/v1/info")
                .starts_with(b"GET /v1/info HTTP/1.1\r\n")
        );
        assert!(above.above("/cashu").is_none());
    }
}
