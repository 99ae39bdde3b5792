//! What the paywall takes out of requests and answers, and what it adds.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use farthing_protocol::payment::header as names;

use crate::receipts::{self, Issued};

/// Takes out what is between the client and the paywall: whoever reads a token can spend it.
pub(crate) fn strip_request(headers: &mut HeaderMap) {
    for name in [names::CASHU, names::OUTPUTS, names::RECEIPT] {
        headers.remove(name);
    }
    receipts::remove_cookies(headers);
}

/// Takes out what only the paywall may say: a receipt means that something was charged.
pub(crate) fn strip_answer(headers: &mut HeaderMap) {
    for name in [names::SIGNATURES, names::RECEIPT] {
        headers.remove(name);
    }
}

/// Adds what comes with a paid answer.
pub(crate) fn paid(
    answer: Response<Body>,
    receipt: Option<Issued>,
    signatures: Option<HeaderValue>,
) -> Response<Body> {
    let mut answer = keep_private(answer);
    let headers = answer.headers_mut();
    if let Some(Issued { header, cookie }) = receipt {
        headers.insert(names::RECEIPT, header);
        headers.append(header::SET_COOKIE, cookie);
    }
    if let Some(signatures) = signatures {
        headers.insert(names::SIGNATURES, signatures);
    }
    answer
}

/// Keeps caches between the paywall and the reader from serving the answer to others.
pub(crate) fn keep_private(mut answer: Response<Body>) -> Response<Body> {
    let headers = answer.headers_mut();
    let for_caches = headers.keys().filter(|name| is_for_caches(name.as_str()));
    for name in for_caches.cloned().collect::<Vec<HeaderName>>() {
        headers.remove(name);
    }
    let told = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>();
    let directives = told.iter().flat_map(|value| directives(value));
    let kept: Vec<&str> = std::iter::once("private")
        .chain(directives.filter(|directive| !is_for_all(directive)))
        .collect();
    if let Ok(value) = HeaderValue::from_str(&kept.join(", ")) {
        headers.insert(header::CACHE_CONTROL, value);
    }
    answer
}

/// Headers that some shared caches take before `Cache-Control`: those that are targeted at caches (RFC
/// 9213, and the names from before it, which all end alike), and those from before `Cache-Control`.
fn is_for_caches(name: &str) -> bool {
    let is_targeted = name.ends_with("cache-control") && name != "cache-control";
    let others = [
        "edge-control",
        "expires",
        "pragma",
        "surrogate-control",
        "x-accel-expires",
        "x-reverse-proxy-ttl",
    ];
    is_targeted || others.contains(&name)
}

/// Returns whether a directive is for shared caches, or one that is written anew.
fn is_for_all(directive: &str) -> bool {
    let name = directive.split('=').next().unwrap_or_default();
    let name = name.trim().to_ascii_lowercase();
    matches!(
        name.as_str(),
        "" | "public" | "s-maxage" | "private" | "proxy-revalidate"
    )
}

/// The directives of a line of `Cache-Control`: between commas that are not in quotes.
fn directives(line: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    line.split(move |c| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '\\' => is_escaped = is_quoted && !was_escaped,
            '"' if !was_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        c == ',' && !is_quoted
    })
    .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(cache_control: &[&'static str]) -> String {
        let mut answer = Response::new(Body::empty());
        for value in cache_control {
            let value = HeaderValue::from_static(value);
            answer.headers_mut().append(header::CACHE_CONTROL, value);
        }
        let answer = keep_private(answer);
        answer.headers()[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn shared_caches_do_not_keep_what_was_paid_for() {
        assert_eq!(kept(&[]), "private");
        assert_eq!(
            kept(&["public, max-age=60, s-maxage=600"]),
            "private, max-age=60"
        );
        assert_eq!(kept(&["no-store"]), "private, no-store");
        assert_eq!(kept(&["Private", "max-age=1"]), "private, max-age=1");
        let quoted = r#"private="a, public", no-cache="x\"y, s-maxage=9", max-age=2"#;
        let expected = r#"private, no-cache="x\"y, s-maxage=9", max-age=2"#;
        assert_eq!(kept(&[quoted]), expected);
    }

    #[test]
    fn no_header_that_a_shared_cache_may_prefer_is_left_on_what_was_paid_for() {
        let mut answer = Response::new(Body::empty());
        for name in [
            "surrogate-control",
            "cdn-cache-control",
            "cloudflare-cdn-cache-control",
            "vercel-cdn-cache-control",
            "netlify-cdn-cache-control",
            "akamai-cache-control",
            "x-litespeed-cache-control",
            "edge-control",
            "x-accel-expires",
            "expires",
            "pragma",
            "etag",
            "last-modified",
            "vary",
        ] {
            let value = HeaderValue::from_static("max-age=3600");
            answer.headers_mut().append(name, value.clone());
            answer.headers_mut().append(name, value);
        }
        let answer = keep_private(answer);
        let mut names: Vec<_> = answer.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["cache-control", "etag", "last-modified", "vary"]);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "private");
    }

    #[test]
    fn payments_and_receipts_stay_at_the_paywall() {
        let mut headers = HeaderMap::new();
        for name in ["x-cashu", "x-cashu-outputs", "x-cashu-receipt", "accept"] {
            headers.insert(name, HeaderValue::from_static("v"));
        }
        let cookie = HeaderValue::from_static("a=b; farthing-receipt-00=x; c=d");
        headers.insert(header::COOKIE, cookie);
        strip_request(&mut headers);
        assert_eq!(headers.len(), 2);
        assert_eq!(headers["accept"], "v");
        assert_eq!(headers[header::COOKIE], "a=b; c=d");
    }
}
