//! What a client asks of the network: send a request, get an answer.

use std::fmt;

use farthing_protocol::Secret;
use serde::{Deserialize, Serialize};

/// The bearer token of an account at a mint: whoever has it can empty the account.
///
/// Wiped when dropped; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiToken(Secret);

impl ApiToken {
    /// Wraps the text of an API token, without the white space around it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Secret::new(text.trim().to_owned()))
    }

    /// Returns the text, for the `Authorization` header.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(…)")
    }
}

/// A request to a mint.
#[derive(Clone, Debug)]
pub struct Request {
    /// The full URL.
    pub url: String,
    /// The token of `Authorization: Bearer`, if there is one.
    pub bearer: Option<ApiToken>,
    /// The JSON to POST; `None` makes it a GET. `Debug` does not show it: it may hold tokens.
    pub body: Option<Secret>,
}

/// The answer to a [`Request`], whatever its status.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// For how many seconds the mint asks to be left alone (`Retry-After`), if it says so.
    pub retry_after_s: Option<u64>,
    /// The body, unchanged.
    pub body: Vec<u8>,
}

/// Shows the status alone: a body may hold signatures.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

/// No answer came. Whether the mint got the request is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(
    /// The reason, for people. Holds no header and no body.
    pub String,
);

/// Sends requests: `reqwest` on a computer, `fetch` in a browser, a fake in tests.
///
/// An implementation follows no redirects (the bearer token would follow them), sends no cookies,
/// gives up after a while, and bounds the size of an answer.
///
/// The future need not be [`Send`], because a browser's is not. A server names its implementation, whose
/// future is `Send` if all it holds is.
#[expect(
    async_fn_in_trait,
    reason = "a bound would shut browsers out; who needs Send names a type whose futures are"
)]
pub trait Http {
    /// Sends one request and waits for the whole answer.
    ///
    /// # Errors
    /// [`HttpError`] when there is none. Any status is an answer.
    async fn send(&self, request: Request) -> Result<Response, HttpError>;
}
