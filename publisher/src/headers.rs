//! What the paywall takes out of requests and answers, and what it adds.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, header};
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
    let told = headers.get_all(header::CACHE_CONTROL).iter();
    let told = told
        .filter_map(|value| value.to_str().ok())
        .collect::<Vec<_>>();
    let directives = told
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim);
    let for_all = |directive: &&str| {
        let name = directive.split('=').next().unwrap_or_default();
        let name = name.trim().to_ascii_lowercase();
        !matches!(
            name.as_str(),
            "" | "public" | "s-maxage" | "private" | "proxy-revalidate"
        )
    };
    let kept: Vec<&str> = std::iter::once("private")
        .chain(directives.filter(for_all))
        .collect();
    if let Ok(value) = HeaderValue::from_str(&kept.join(", ")) {
        headers.insert(header::CACHE_CONTROL, value);
    }
    answer
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
