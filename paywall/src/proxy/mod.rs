//! The reverse proxy: what is in front of the paywall, and what is behind it.
//!
//! ```text
//! server   connections in and out, and the graceful stop
//!   door     refuses what no one can price; takes away what the client has no business to say
//!     paywall  the tower layer, the same as for a Rust service
//!       upstream the site's own server
//! ```
//!
//! Bodies stream through all of them in both directions; nothing is collected.

mod body;
mod connector;
mod door;
mod headers;
mod server;
mod upstream;

use std::time::Duration;

use axum::body::Body;
use farthing_protocol::ErrorCode;
use farthing_protocol::error_code::ErrorBody;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

pub(crate) use body::Pace;
pub(crate) use door::{Door, Forwarding};
use farthing_publisher::{Outcome, OwnAnswer};
pub(crate) use headers::may_be_trusted;
pub(crate) use server::{Limits, Listener};
pub(crate) use upstream::{Timeouts, Unanswered, Upstream};

/// How many lines a message's head may have.
const HEADERS_MAX: usize = 1024;

/// How long a connection is silent before the system asks whether there is still somebody.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A refusal of the proxy's own, as `{"detail", "code"}`.
fn refusal(code: ErrorCode, detail: impl Into<String>) -> Response<Body> {
    let body = ErrorBody {
        detail: detail.into(),
        code: code.number(),
    };
    let body = serde_json::to_string(&body).expect("text and a number can be written as JSON");
    let mut response = Response::new(Body::from(body));
    let status = StatusCode::from_u16(code.http_status());
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let outcome = Outcome::Refused(code.number());
    response.extensions_mut().insert(outcome);
    response.extensions_mut().insert(OwnAnswer);
    response
}

#[cfg(test)]
#[path = "../proxy_tests.rs"]
mod tests;
