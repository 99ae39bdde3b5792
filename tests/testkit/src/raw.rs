//! A bare connection to the mint: for requests that no HTTP client would send.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::Result;
use crate::client::Reply;

/// How long an answer may take before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection.
#[derive(Debug)]
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Connects to `http://host:port`.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn open(url: &str) -> Result<Self> {
        let stream = TcpStream::connect(url.trim_start_matches("http://"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection is closed.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        Ok(self.0.get_mut().write_all(bytes.as_ref())?)
    }

    /// Sends a POST with a whole body.
    ///
    /// # Errors
    /// When the connection is closed.
    pub fn post(&mut self, path: &str, body: &str) -> Result<()> {
        self.send(format!("{}{body}", head(path, body.len())))
    }

    /// Reads one answer, and whether the mint says that it closes the connection after it.
    ///
    /// # Errors
    /// When the connection is closed first, or the body is not JSON.
    pub fn answer(&mut self) -> Result<(Reply, bool)> {
        let line = self.line()?;
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok());
        let status = status.ok_or_else(|| format!("not an answer: {line:?}"))?;
        let (mut length, mut closes) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", text)) => length = text.parse()?,
                Some(("connection", text)) => closes = text == "close",
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let body: Value = serde_json::from_slice(&body)?;
        Ok((Reply { status, body }, closes))
    }

    /// Waits until the mint closes the connection; gives what it sent before.
    ///
    /// # Errors
    /// When it leaves it open for a long time.
    pub fn rest(&mut self) -> Result<Vec<u8>> {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => Ok(rest),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(rest),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns whether an answer begins to come within a time.
    ///
    /// # Errors
    /// When the connection is closed, or broken.
    pub fn answers_within(&mut self, time: Duration) -> Result<bool> {
        self.0.get_ref().set_read_timeout(Some(time))?;
        let begun = self.0.fill_buf().map(|bytes| !bytes.is_empty());
        self.0.get_ref().set_read_timeout(Some(PATIENCE))?;
        match begun {
            Ok(true) => Ok(true),
            Ok(false) => Err("the connection was closed without an answer".into()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line)? == 0 {
            return Err("the connection was closed without an answer".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// The head of a POST that announces a body of `length` bytes.
#[must_use]
pub fn head(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: mint\r\ncontent-length: {length}\r\n\r\n")
}
