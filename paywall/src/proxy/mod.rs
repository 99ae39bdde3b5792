//! The reverse proxy: what is in front of the paywall, and what is behind it.
//!
//! ```text
//! server   farthing-service's: connections in and out, and the graceful stop
//!   filter   refuses requests that cannot be priced; removes headers that only a proxy may write
//!     paywall  the tower layer, the same as for a Rust service
//!       upstream the site's own server
//! ```
//!
//! Bodies stream through all of them in both directions; nothing is collected.

mod body;
mod connector;
mod filter;
mod headers;
mod upstream;

use axum::body::Body;
use axum::extract::ConnectInfo;
use farthing_protocol::ErrorCode;
use farthing_protocol::error_code::ErrorBody;
use farthing_service::server::Connection;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use tower::util::MapRequest;

pub(crate) use body::Pace;
use body::Paced;
use farthing_publisher::{Outcome, OwnAnswer};
pub(crate) use filter::{Filter, Forwarding};
pub(crate) use headers::may_be_trusted;
pub(crate) use upstream::{Timeouts, Unanswered, Upstream};

/// Lines of a message's head.
pub(crate) const HEADERS_MAX: usize = 1024;

/// Brings a server's requests to `service`, their bodies at `pace`.
pub(crate) fn paced<S>(
    service: S,
    pace: Pace,
) -> MapRequest<S, impl Fn(Request<Incoming>) -> Request<Body> + Clone> {
    MapRequest::new(service, move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(Paced::new(Body::new(body), pace)));
        let peer = request.extensions().get().map(Connection::peer);
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        request
    })
}

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
