//! Headers that are for one connection only, and headers that a proxy writes.

use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, FORWARDED, HOST, HeaderName, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue};

/// What RFC 9110, section 7.6.1, names, and what older programs send.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Headers by which some servers take another path or method for the request's own. They would take
/// the price with them.
const OVERRIDES: [&str; 6] = [
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// Headers that tell the client's address.
const ADDRESSES: [&str; 7] = [
    "x-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "forwarded",
];

/// Headers that tell what the client asked the first proxy.
const ASKED: [&str; 5] = [
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-server",
];

/// `X-Forwarded-For`.
pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// `X-Forwarded-Host`.
pub(super) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// `X-Forwarded-Proto`.
pub(super) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Removes what the client says to this connection alone. What remains of it is a wish for trailers,
/// and an upgrade that can be passed on.
pub(super) fn clean_request(headers: &mut HeaderMap) {
    let wants_trailers = list(headers, &TE).any(|item| item.eq_ignore_ascii_case("trailers"));
    let upgrade = upgrade(headers);
    remove_hop_by_hop(headers);
    // What waits for 100 is told so when its body is first read, here.
    headers.remove(EXPECT);
    headers.remove("http2-settings");
    remove(headers, &OVERRIDES);
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if let Some(upgrade) = upgrade {
        headers.insert(UPGRADE, upgrade);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// Removes what the server behind says to its connection alone; an upgrade stays.
pub(super) fn clean_response(headers: &mut HeaderMap, upgrade: Option<HeaderValue>) {
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    remove_hop_by_hop(headers);
    if let Some(upgrade) = upgrade {
        headers.insert(UPGRADE, upgrade);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// The protocol that a message upgrades to. Not to another HTTP: requests that are made in it would
/// pass by without being priced.
pub(super) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let is_asked = list(headers, &CONNECTION).any(|item| item.eq_ignore_ascii_case("upgrade"));
    let mut protocols = list(headers, &UPGRADE);
    let (Some(protocol), None, true) = (protocols.next(), protocols.next(), is_asked) else {
        return None;
    };
    let name = protocol.to_ascii_lowercase();
    let is_http = ["h2", "http", "tls"]
        .iter()
        .any(|http| name.starts_with(http));
    HeaderValue::from_str(protocol).ok().filter(|_| !is_http)
}

/// Whether a body comes in a coding that was not taken off.
pub(super) fn has_unknown_coding(headers: &HeaderMap) -> bool {
    list(headers, &TRANSFER_ENCODING).any(|coding| !coding.eq_ignore_ascii_case("chunked"))
}

/// Removes every header that tells a client's address.
pub(super) fn remove_addresses(headers: &mut HeaderMap) {
    remove(headers, &ADDRESSES);
}

/// Removes every header that a proxy in front would have written.
pub(super) fn remove_forwarded(headers: &mut HeaderMap) {
    remove(headers, &ADDRESSES);
    remove(headers, &ASKED);
    headers.remove(FORWARDED);
}

/// The first host that a request names.
pub(super) fn host(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(HOST)
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = list(headers, &CONNECTION)
        .filter_map(|item| item.parse().ok())
        // Nobody but the client's body decides its length, and nobody but the request where it goes.
        .filter(|name| ![CONTENT_LENGTH, HOST].contains(name))
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Removes headers by name, and those that a server behind might take for them: to CGI and its
/// successors `X_Real_IP` is `X-Real-IP`.
fn remove(headers: &mut HeaderMap, names: &[&str]) {
    let found: Vec<HeaderName> = headers
        .keys()
        .filter(|name| names.contains(&name.as_str().replace('_', "-").as_str()))
        .cloned()
        .collect();
    for name in found {
        headers.remove(name);
    }
}

/// The items of a header that is a list with commas, of all its lines.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    let items = lines.filter_map(|line| line.to_str().ok());
    items
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        headers
    }

    fn cleaned(lines: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut headers = headers(lines);
        clean_request(&mut headers);
        let line =
            |(n, v): (&HeaderName, &HeaderValue)| (n.to_string(), v.to_str().unwrap().to_owned());
        let mut lines: Vec<_> = headers.iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn what_is_for_one_connection_ends_here() {
        let kept = cleaned(&[
            ("host", "a"),
            ("content-length", "3"),
            ("connection", "keep-alive, X-Secret, host"),
            ("connection", "Content-Length"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic x"),
            ("proxy-connection", "keep-alive"),
            ("x-secret", "1"),
            ("te", "gzip"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("expect", "100-continue"),
            ("cookie", "a=b"),
        ]);
        let names: Vec<_> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["content-length", "cookie", "host"]);
    }

    #[test]
    fn trailers_and_upgrades_are_passed_on() {
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(
            cleaned(&[("te", "gzip, Trailers"), ("connection", "te")]),
            [pair("connection", "te"), pair("te", "trailers")]
        );
        assert_eq!(
            cleaned(&[
                ("connection", "keep-alive, Upgrade"),
                ("upgrade", "websocket")
            ]),
            [pair("connection", "upgrade"), pair("upgrade", "websocket")]
        );
    }

    #[test]
    fn no_upgrade_to_another_http() {
        for protocol in [
            "h2c",
            "H2C",
            "HTTP/2.0",
            "TLS/1.2",
            "websocket, h2c",
            "h2c, websocket",
            "",
        ] {
            let lines = [
                ("connection", "upgrade, http2-settings"),
                ("upgrade", protocol),
            ];
            assert_eq!(cleaned(&lines), [], "{protocol}");
        }
    }

    #[test]
    fn no_header_takes_the_price_of_another_path_or_method() {
        for name in [
            "X-Original-URL",
            "x-rewrite-url",
            "X_Rewrite_URL",
            "X-HTTP-Method-Override",
        ] {
            assert_eq!(cleaned(&[(name, "/free")]), [], "{name}");
        }
    }

    #[test]
    fn a_body_is_chunked_or_nothing() {
        assert!(!has_unknown_coding(&headers(&[])));
        assert!(!has_unknown_coding(&headers(&[(
            "transfer-encoding",
            "Chunked"
        )])));
        assert!(has_unknown_coding(&headers(&[(
            "transfer-encoding",
            "gzip, chunked"
        )])));
    }
}
