//! Addresses that the mint asks.

use std::net::IpAddr;

use axum::http::Uri;
use axum::http::uri::Scheme;
use farthing_protocol::identity::URL_BYTES_MAX;

/// Returns whether an address is asked over TLS, or is on this machine.
pub(crate) fn is_secure(text: &str) -> bool {
    text.parse().is_ok_and(|uri: Uri| {
        let host = uri.host().unwrap_or_default();
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        secure || (uri.scheme() == Some(&Scheme::HTTP) && is_this_machine(host))
    })
}

/// Returns whether an address is of this machine alone.
pub(crate) fn is_local(text: &str) -> bool {
    let uri: Option<Uri> = text.parse().ok();
    uri.is_some_and(|uri| uri.host().is_some_and(is_this_machine))
}

/// The port of an address of this machine alone, asked without TLS; `None` for any other address.
pub(crate) fn plain_local_port(text: &str) -> Option<u16> {
    let uri: Uri = text.parse().ok()?;
    let is_plain = uri.scheme() == Some(&Scheme::HTTP) && is_this_machine(uri.host()?);
    is_plain.then(|| uri.port_u16().unwrap_or(80))
}

/// Returns whether a text is an address that paths of the API can follow: `http` or `https`, a host, and
/// neither query nor user. A port is a number.
pub(crate) fn is_base(text: &str) -> bool {
    text.len() <= URL_BYTES_MAX
        && !text.contains(['#', '@'])
        && text.parse().is_ok_and(|uri: Uri| {
            let scheme = uri.scheme();
            let web = scheme == Some(&Scheme::HTTP) || scheme == Some(&Scheme::HTTPS);
            let authority = uri.authority().map_or("", |authority| authority.as_str());
            let has_port = !authority.ends_with(']') && authority.contains(':');
            let port_ok = !has_port || uri.port_u16().is_some();
            web && port_ok
                && uri.query().is_none()
                && uri.host().is_some_and(|host| !host.is_empty())
        })
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address: Result<IpAddr, _> = address.parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
