//! Addresses that the mint asks.

use std::net::IpAddr;

use axum::http::Uri;
use axum::http::uri::Scheme;

/// Whether an address is asked over TLS, or is on this machine.
pub(crate) fn is_secure(text: &str) -> bool {
    text.parse().is_ok_and(|uri: Uri| {
        let host = uri.host().unwrap_or_default();
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        secure || (uri.scheme() == Some(&Scheme::HTTP) && is_this_machine(host))
    })
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address: Result<IpAddr, _> = address.parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
