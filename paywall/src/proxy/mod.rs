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
use farthing_service::server::Connection;
use http::Request;
use hyper::body::Incoming;
use tower::util::MapRequest;

pub(crate) use body::Pace;
use body::Paced;
pub(crate) use filter::{Filter, Forwarding, filter};
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

#[cfg(test)]
#[path = "../proxy_tests.rs"]
mod tests;
