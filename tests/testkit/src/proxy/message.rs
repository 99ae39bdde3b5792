//! HTTP messages, as far as the proxy must know them: where one ends and how to cut it.

use std::io::BufRead;

use crate::Result;

/// A request or an answer, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// Reads a whole message with a `Content-Length` or without a body; `None` at the connection's end.
    pub(super) fn read(reader: &mut impl BufRead) -> Result<Option<Self>> {
        let (mut head, mut length) = (Vec::new(), 0);
        loop {
            let start = head.len();
            if reader.read_until(b'\n', &mut head)? == 0 {
                return match start {
                    0 => Ok(None),
                    _ => Err("the connection ended within a head".into()),
                };
            }
            let line = String::from_utf8_lossy(head.get(start..).unwrap_or_default());
            match line.trim_end().to_ascii_lowercase().split_once(':') {
                Some(("content-length", text)) => length = text.trim().parse()?,
                Some(("transfer-encoding", _)) => return Err("a body in chunks".into()),
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Some(Self { head, body }))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.head.as_slice(), &self.body].concat()
    }

    /// The head and the first half of the body; half the head when there is no body.
    pub(super) fn first_half(&self) -> Vec<u8> {
        let mut bytes = self.bytes();
        let end = match self.body.len() {
            0 => self.head.len() / 2,
            length => self.head.len() + length / 2,
        };
        bytes.truncate(end);
        bytes
    }

    pub(super) fn is_post(&self) -> bool {
        self.head.starts_with(b"POST ")
    }

    /// Method and path, or version and status.
    pub(super) fn first_line(&self) -> String {
        let head = String::from_utf8_lossy(&self.head);
        head.lines().next().unwrap_or_default().to_owned()
    }

    /// An answer's status, as text.
    pub(super) fn status(&self) -> Option<String> {
        let line = self.first_line();
        line.split(' ').nth(1).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that fails says so by panicking")]

    use super::*;

    #[test]
    fn messages_are_told_apart_and_cut_in_half() {
        let bytes =
            b"POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbodyGET /b HTTP/1.1\r\nhost: h\r\n\r\n";
        let mut reader = bytes.as_slice();
        let post = Message::read(&mut reader).unwrap().unwrap();
        assert_eq!((post.body.as_slice(), post.is_post()), (&b"body"[..], true));
        assert!(post.first_half().ends_with(b"\r\n\r\nbo"));
        let get = Message::read(&mut reader).unwrap().unwrap();
        assert_eq!(get.first_line(), "GET /b HTTP/1.1");
        assert!(get.body.is_empty() && get.first_half().len() < get.bytes().len());
        assert_eq!(Message::read(&mut reader).unwrap(), None);
        assert!(Message::read(&mut &b"POST /a HT"[..]).is_err());
        assert!(Message::read(&mut &b"A B C\r\nContent-Length: 9\r\n\r\nshort"[..]).is_err());
    }
}
