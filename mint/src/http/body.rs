//! Reading request bodies: bounded in size and time, and parsed into nothing but the wanted type.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use farthing_protocol::{ErrorCode, json};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::App;
use crate::error::{Error, Result};

/// Reads a whole body, unless it is too large or too slow.
///
/// # Errors
/// [`Error::Request`] with `TooLarge` (at once, when the length is announced), `Timeout`, or
/// `Malformed` when the connection broke.
pub(super) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let max = app.config.body_bytes_max;
    let too_large = || {
        let detail = format!("a request has at most {max} bytes");
        Error::request(ErrorCode::TooLarge, detail)
    };
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|h| h.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        linger(body);
        return Err(too_large());
    }
    let limit = Duration::from_millis(app.config.read_timeout_ms);
    let mut body = body;
    match tokio::time::timeout(limit, Limited::new(&mut body, max).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            linger(body);
            Err(too_large())
        }
        Ok(Err(_)) => Err(Error::request(ErrorCode::Malformed, "the body broke off")),
        Err(_) => {
            let detail = "the body took too long to arrive";
            Err(Error::request(ErrorCode::Timeout, detail))
        }
    }
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
    json::from_slice(body).map_err(|e| {
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
