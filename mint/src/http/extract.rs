//! Request bodies as handlers' arguments: bounded in size, time and memory, parsed into nothing but the wanted type,
//! and kept with their path to know a request again.

use std::ops::Deref;
use std::time::Duration;

use axum::Json;
use axum::body;
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::{HeaderMap, header};
use farthing_protocol::api::Signatures;
use farthing_protocol::{ErrorCode, json};
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;

use super::budget::{GivenUp, Share};
use super::{App, SharedApp};
use crate::domain::{RequestDigest, Transaction};
use crate::engine::Answer;
use crate::error::{Error, Result};

/// A body, parsed. It is the last argument of its handler: what is refused by the head alone is refused before.
pub(super) struct Body<T> {
    pub(super) value: T,
    pub(super) sent: Sent,
}

impl<T: DeserializeOwned> FromRequest<SharedApp> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &SharedApp) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let body = read(app, &parts.headers, body).await?;
        let value = parse(&body)?;
        let path = parts.extensions.get::<MatchedPath>();
        let path = path
            .expect("only handlers of the table take bodies")
            .clone();
        Ok(Self {
            value,
            sent: Sent { path, body },
        })
    }
}

/// What was sent, by which a request is known when it is sent again: the path of the table, and the body byte for
/// byte.
pub(super) struct Sent {
    path: MatchedPath,
    body: Arrived,
}

impl Sent {
    /// Returns the digest of the request, which acts on `account` (0 for none).
    pub(super) fn digest(&self, app: &App, account: i64) -> RequestDigest {
        app.engine
            .request_digest(self.path.as_str(), account, &self.body)
    }

    /// Has the engine carry out what was asked for, so that the same request can be sent again.
    ///
    /// # Errors
    /// As [`crate::engine::Engine::execute`].
    pub(super) async fn execute(&self, app: &App, transaction: Transaction) -> Result<Answer> {
        let digest = self.digest(app, transaction.account());
        app.engine.execute(transaction, Some(digest)).await
    }

    /// [`Self::execute`], answered with the signatures.
    ///
    /// # Errors
    /// As [`crate::engine::Engine::execute`].
    pub(super) async fn sign(
        &self,
        app: &App,
        transaction: Transaction,
    ) -> Result<Json<Signatures>> {
        let Answer { signatures, .. } = self.execute(app, transaction).await?;
        Ok(Json(Signatures { signatures }))
    }
}

/// A body that has arrived, with its share of the memory for all bodies.
struct Arrived {
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
async fn read(app: &App, headers: &HeaderMap, body: body::Body) -> Result<Arrived> {
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
    body: &mut body::Body,
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
fn linger(body: body::Body) {
    let mut rest = Limited::new(body, LINGER_BYTES_MAX);
    tokio::spawn(tokio::time::timeout(LINGER, async move {
        while let Some(Ok(_)) = rest.frame().await {}
    }));
}

/// Parses a body.
///
/// # Errors
/// [`Error::Request`] with `Malformed`, naming the place and never a value: values are secrets.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    json::from_slice(body).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        let what = explain(&e);
        let detail = format!("malformed body, line {line} column {column}: {what}");
        Error::request(ErrorCode::Malformed, detail)
    })
}

/// Returns what is wrong, without any value that was sent.
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
    use axum::Router;
    use axum::routing::post;
    use farthing_protocol::api::{SwapRequest, path};
    use farthing_protocol::cashu;
    use tower::ServiceExt as _;

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

    #[tokio::test]
    async fn the_path_in_a_requests_digest_never_changes() {
        // A request sent before an upgrade may be sent again after it, and is known by these paths.
        let paths = [
            (path::SWAP, "/v1/swap"),
            (path::WITHDRAW, "/v1/withdraw"),
            (path::REDEEM, "/v1/redeem"),
            (path::PAYOUT, "/v1/account/payout"),
        ];
        let nested = [
            (cashu::path::SWAP, "/cashu/v1/swap"),
            (cashu::path::MINT, "/cashu/v1/mint/bolt11"),
            (cashu::path::MINT_BATCH, "/cashu/v1/mint/bolt11/batch"),
            (cashu::path::MELT, "/cashu/v1/melt/bolt11"),
            (cashu::path::AUTH_MINT, "/cashu/v1/auth/blind/mint"),
        ];
        let table = |paths: &[(&str, &str)]| {
            paths.iter().fold(Router::new(), |table, (path, _)| {
                table.route(
                    path,
                    post(async |path: MatchedPath| path.as_str().to_owned()),
                )
            })
        };
        let router = table(&paths).nest(cashu::path::PREFIX, table(&nested));
        for (_, digested) in paths.into_iter().chain(nested) {
            let request = Request::post(digested).body(body::Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let text = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(text, digested.as_bytes());
        }
    }
}
