//! Headers that are for one connection only, and headers that a proxy writes.

use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Version};

/// The headers that RFC 9110, section 7.6.1, names, and those that older programs send.
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

/// Headers by which some servers take another path, method or host for the request's own, or another
/// file for the answer. They would take the price with them, whoever wrote them. A star is for whatever
/// follows, or precedes.
const OVERRIDES: &[&str] = &[
    // What many frameworks and application servers heed.
    "x-original-*",
    "x-rewrite-*",
    "x-http-method*",
    "*-override",
    "x-method",
    "x-script-name",
    "x-request-uri",
    "x-envoy-original-path",
    "x-waws-unencoded-url",
    // Rack::Sendfile's, by which an answer may become another file.
    "x-sendfile-type",
    "x-accel-*",
    // The variables of CGI (RFC 3875) and its successors; with `_` they are no names here at all.
    "auth-type",
    "document-*",
    "gateway-interface",
    "https",
    "orig-*",
    "path-*",
    "php-*",
    "query-string",
    "redirect-*",
    "request-method",
    "request-scheme",
    "request-uri",
    "script-*",
    "server-addr",
    "server-name",
    "server-port",
    "server-protocol",
    "server-software",
    "scheme",
    // To CGI it is `HTTP_PROXY`, which programs take for their proxy (httpoxy).
    "proxy",
];

/// Headers that only a proxy in front may write: what it was asked for, by whom, and as which user.
const FROM_PROXIES: &[&str] = &[
    "x-forwarded",
    "x-forwarded-*",
    "x-scheme",
    "x-host",
    "x-envoy-*",
    "x-azure-*",
    "x-appengine-*",
    "cf-*",
    "remote-*",
    "x-remote-*",
    "x-auth-request-*",
    "x-authenticated-*",
    "x-webauth-*",
    "x-client-cert*",
    "ssl-*",
    "x-ssl-*",
];

/// Headers that tell the client's address.
const ADDRESSES: &[&str] = &[
    "forwarded",
    "x-forwarded",
    "x-forwarded-for",
    "*-ip",
    "*-ipv6",
    "*-clientip",
    "*-addr",
];

/// `X-Forwarded-For`.
pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// `X-Forwarded-Host`.
pub(super) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// `X-Forwarded-Proto`.
pub(super) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Removes what the client says to this connection alone, and what may make the server behind see
/// another request. What remains of the first is a wish for trailers, and an upgrade that can be passed on.
pub(super) fn clean_request(headers: &mut HeaderMap) {
    let wants_trailers = list(headers, &TE).any(|item| item.eq_ignore_ascii_case(b"trailers"));
    let upgrade = upgrade(headers);
    remove_hop_by_hop(headers);
    // What waits for 100 is told so when its body is first read, here.
    headers.remove(EXPECT);
    headers.remove("http2-settings");
    remove(headers, |name| !is_plain(name) || is_among(OVERRIDES, name));
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
    let is_asked = list(headers, &CONNECTION).any(|item| item.eq_ignore_ascii_case(b"upgrade"));
    let mut protocols = list(headers, &UPGRADE);
    let (Some(protocol), None, true) = (protocols.next(), protocols.next(), is_asked) else {
        return None;
    };
    let name = protocol.to_ascii_lowercase();
    let is_http = ["h2", "http", "tls"]
        .iter()
        .any(|http| name.starts_with(http.as_bytes()));
    HeaderValue::from_bytes(protocol).ok().filter(|_| !is_http)
}

/// Returns whether a body comes in a coding that was not taken off.
pub(super) fn has_unknown_coding(headers: &HeaderMap) -> bool {
    list(headers, &TRANSFER_ENCODING).any(|coding| !coding.eq_ignore_ascii_case(b"chunked"))
}

/// Returns what is wrong with how a request names its host (RFC 9112, section 3.2).
pub(super) fn host_fault(headers: &HeaderMap, version: Version) -> Option<&'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version < Version::HTTP_11 => None,
        (None, _) => Some("a request of HTTP/1.1 has a Host header"),
        (Some(_), Some(_)) => Some("the Host header comes more than once"),
        (Some(host), None) if is_host(host.as_bytes()) => None,
        (Some(_), None) => Some("the Host header is no host"),
    }
}

/// A host, perhaps with a port.
fn is_host(text: &[u8]) -> bool {
    let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_~%:[]".contains(byte);
    let authority = Authority::try_from(text).ok();
    let Some(authority) = authority.filter(|_| text.iter().all(is_usual)) else {
        return false;
    };
    let port = authority.as_str().strip_prefix(authority.host());
    !authority.host().is_empty()
        && port.is_some_and(|port| {
            let digits = port.strip_prefix(':').unwrap_or(port);
            digits.bytes().all(|digit| digit.is_ascii_digit())
        })
}

/// Removes every header with a client's address.
pub(super) fn remove_addresses(headers: &mut HeaderMap) {
    remove(headers, |name| is_among(ADDRESSES, name));
}

/// Removes every header that only a proxy in front may write, but for those that `is_kept`.
pub(super) fn remove_forwarded(headers: &mut HeaderMap, is_kept: impl Fn(&str) -> bool) {
    remove(headers, |name| {
        (is_among(FROM_PROXIES, name) || is_among(ADDRESSES, name)) && !is_kept(name)
    });
}

/// Returns whether a header may be passed on when a trusted proxy writes it.
pub(crate) fn may_be_trusted(name: &str) -> bool {
    is_plain(name) && !is_among(OVERRIDES, name)
}

/// The first host that a request names.
pub(super) fn host(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(HOST)
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = list(headers, &CONNECTION)
        .filter_map(|item| HeaderName::from_bytes(item).ok())
        // The client's body alone decides its length, and the request alone where it goes.
        .filter(|name| ![CONTENT_LENGTH, HOST].contains(name))
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Returns whether a name has letters, digits and hyphens alone. To CGI and its successors every other character
/// is a hyphen, so that `X_Real_IP` is `X-Real-IP`, and to some servers `SCRIPT_NAME` is the variable.
fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_among(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(
        |pattern| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(end), _) => name.ends_with(end),
            (None, Some(start)) => name.starts_with(start),
            (None, None) => name == *pattern,
        },
    )
}

fn remove(headers: &mut HeaderMap, is_removed: impl Fn(&str) -> bool) {
    let names = headers.keys().filter(|name| is_removed(name.as_str()));
    for name in names.cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
}

/// The items of a header that is a list with commas, of all its lines.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let lines = headers.get_all(name).into_iter();
    lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
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
            "X-Original-Method",
            "x-rewrite-url",
            "X_Rewrite_URL",
            "X.Rewrite.URL",
            "X-HTTP-Method-Override",
            "X-HTTP-Method",
            "X-Method-Override",
            "X-HTTP-Path-Override",
            "X-Sendfile-Type",
            "X-Accel-Mapping",
            "X-Script-Name",
            "SCRIPT_NAME",
            "Script-Name",
            "PATH_INFO",
            "Path-Info",
            "PATH_TRANSLATED",
            "REQUEST_URI",
            "Request-Method",
            "REMOTE_USER",
            "Server-Name",
            "wsgi.url_scheme",
            "Proxy",
            "a_b",
        ] {
            assert_eq!(cleaned(&[(name, "/free")]), [], "{name}");
        }
        for name in [
            "Origin",
            "Range",
            "X-Requested-With",
            "Authorization",
            "X-API-Key",
        ] {
            assert_eq!(cleaned(&[(name, "x")]).len(), 1, "{name}");
        }
    }

    #[test]
    fn a_request_names_one_host() {
        let fault = |hosts: &[&str], version| {
            let lines: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            host_fault(&headers(&lines), version)
        };
        for host in [
            "a",
            "A.example:80",
            "a:",
            "127.0.0.1:8402",
            "[::1]",
            "[::1]:80",
            "my_site",
        ] {
            assert_eq!(fault(&[host], Version::HTTP_11), None, "{host}");
        }
        for host in ["", "a b", "a/b", "u@a", "a:b", ":80", "a,b", "a?b", "[::1"] {
            assert!(fault(&[host], Version::HTTP_11).is_some(), "{host}");
        }
        assert!(fault(&["a", "a"], Version::HTTP_11).is_some());
        assert!(fault(&["a", "b"], Version::HTTP_10).is_some());
        assert!(fault(&[], Version::HTTP_11).is_some());
        assert_eq!(fault(&[], Version::HTTP_10), None);
    }

    #[test]
    fn a_body_is_chunked_or_nothing() {
        assert!(!has_unknown_coding(&headers(&[])));
        assert!(!has_unknown_coding(&headers(&[(
            "transfer-encoding",
            "Chunked"
        )])));
        for coding in ["gzip, chunked", "chunked, é", "\u{b}chunked"] {
            let value = HeaderValue::from_bytes(coding.as_bytes());
            let Ok(value) = value else { continue };
            let headers = HeaderMap::from_iter([(TRANSFER_ENCODING, value)]);
            assert!(has_unknown_coding(&headers), "{coding}");
        }
    }
}
