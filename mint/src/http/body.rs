//! Reading request bodies: bounded in size, time and memory, and parsed into nothing but the wanted type.

use std::ops::Deref;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use farthing_protocol::ErrorCode;
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;

use super::App;
use super::budget::{GivenUp, Share};
use crate::error::{Error, Result};

/// A body that has arrived, with its share of the memory for all bodies.
pub(super) struct Arrived {
    bytes: Vec<u8>,
    _share: Share,
}

impl Deref for Arrived {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a body did not arrive.
enum Broken {
    TooLarge,
    Connection,
    GivenUp,
}

impl From<GivenUp> for Broken {
    fn from(_: GivenUp) -> Self {
        Self::GivenUp
    }
}

/// Reads a whole body, unless it is too large or too slow, or others need its memory.
///
/// # Errors
/// [`Error::Request`] with `TooLarge` (at once, when the length is announced), `Timeout`, or
/// `Malformed` when the connection broke; [`Error::Busy`] when it was given up for others.
pub(super) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Arrived> {
    let max = app.config.body_bytes_max;
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|h| h.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        linger(body);
        return Err(too_large(max));
    }
    let limit = Duration::from_millis(app.config.read_timeout_ms);
    let mut body = body;
    let mut share = app.bodies.begin();
    let given_up = share.given_up();
    let read = fill(&mut body, &mut share, announced.unwrap_or(max));
    let read = tokio::select! {
        read = tokio::time::timeout(limit, read) => read,
        () = given_up => Ok(Err(Broken::GivenUp)),
    };
    let read = match read {
        // It was not the caller who was slow.
        Err(_) if share.is_waiting() => Ok(Err(Broken::GivenUp)),
        read => read,
    };
    let read = read.map(|read| read.and_then(|bytes| Ok((bytes, share.arrived()?))));
    match read {
        Ok(Ok((bytes, ()))) => Ok(Arrived {
            bytes,
            _share: share,
        }),
        Ok(Err(Broken::TooLarge)) => {
            linger(body);
            Err(too_large(max))
        }
        Ok(Err(Broken::GivenUp)) => {
            linger(body);
            Err(Error::Busy("out of memory for requests"))
        }
        Ok(Err(Broken::Connection)) => {
            Err(Error::request(ErrorCode::Malformed, "the body broke off"))
        }
        Err(_) => {
            let detail = "the body took too long to arrive";
            Err(Error::request(ErrorCode::Timeout, detail))
        }
    }
}

fn too_large(max: usize) -> Error {
    let detail = format!("a request has at most {max} bytes");
    Error::request(ErrorCode::TooLarge, detail)
}

/// What a body's buffer has at first, if so many bytes are to come.
const BUFFER_BYTES: usize = 4096;

/// Reads up to `max` bytes into one buffer, which is paid for before it grows. Its size follows what has
/// arrived, never what was announced, and callers who send one byte at a time cost no more than others.
async fn fill(
    body: &mut Body,
    share: &mut Share,
    max: usize,
) -> std::result::Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Broken::Connection)?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let length = bytes.len() + data.len();
        if length > max {
            return Err(Broken::TooLarge);
        }
        if length > bytes.capacity() {
            let capacity = (bytes.capacity() * 2)
                .max(BUFFER_BYTES)
                .max(length)
                .min(max);
            share.grow(capacity - bytes.capacity()).await?;
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// How long, and for how many bytes, a caller who was refused may go on sending.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Reads on and forgets, while the refusal is on its way: a connection that is closed on somebody who is
/// still sending breaks, and the answer is lost with it.
fn linger(body: Body) {
    let mut rest = Limited::new(body, LINGER_BYTES_MAX);
    tokio::spawn(tokio::time::timeout(LINGER, async move {
        while let Some(Ok(_)) = rest.frame().await {}
    }));
}

/// Parses a body.
///
/// # Errors
/// [`Error::Request`] with `Malformed`, naming the place and never a value: values are secrets.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        let what = explain(&e);
        let detail = format!("malformed body, line {line} column {column}: {what}");
        Error::request(ErrorCode::Malformed, detail)
    })
}

/// What is wrong, without any value that was sent.
fn explain(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    match error.classify() {
        Category::Eof => "it ends too early".to_owned(),
        Category::Syntax => "it is not JSON".to_owned(),
        Category::Io => "it could not be read".to_owned(),
        Category::Data => {
            let message = error.to_string();
            let about_names = ["missing field", "unknown field", "duplicate field"];
            let about_form = ["point", "scalar", "keyset id"];
            let safe = about_names.iter().chain(&about_form);
            if safe.into_iter().any(|start| message.starts_with(start)) {
                let end = message.rfind(" at line").unwrap_or(message.len());
                message.get(..end).unwrap_or_default().to_owned()
            } else {
                "a value of the wrong type, or out of range".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_protocol::api::SwapRequest;

    fn detail(body: &str) -> String {
        parse::<SwapRequest>(body.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn errors_name_the_place_and_no_value() {
        assert_eq!(
            detail("{\"inputs\": ["),
            "malformed body, line 1 column 12: it ends too early"
        );
        assert!(detail("{]").ends_with("it is not JSON"));
        assert!(detail("{}").ends_with("missing field `inputs`"));
        let value = detail("{\"inputs\": \"s3cret\", \"outputs\": []}");
        assert!(
            value.ends_with("a value of the wrong type, or out of range"),
            "{value}"
        );
        let point = r#"{"inputs": [], "outputs": [{"amount": 1, "id": "52", "B_": ""}]}"#;
        assert!(detail(point).ends_with("keyset id has 1 bytes, expected 8 or 33"));
    }
}
