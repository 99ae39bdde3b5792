//! A page of this site that a form or a wallet names: the request for it, and sending a browser there.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use farthing_protocol::payment::header as names;
use reqwest::Url;

use crate::binding;
use crate::shared::{Outcome, tell};

/// The detail of the answer to a form that names no page. `farthing-paywall check` recognises the paywall
/// by it.
pub const NO_PAGE: &str = "the form names no page of this site; nothing was spent";

/// A page of this site: never a way to another one. Of a whole URL the path counts.
pub(crate) fn of(url: &str) -> Option<PathAndQuery> {
    let path = match url.split_once("://") {
        None => url,
        Some((_, rest)) => rest.get(rest.find('/')?..)?,
    };
    let is_here = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    is_here.then(|| path.parse().ok()).flatten()
}

/// A page of this site, named by a whole URL whose scheme and host are those of `origin`.
pub(crate) fn of_whole(url: &str, origin: &str) -> Option<PathAndQuery> {
    let host = url.find("://")? + "://".len();
    let end = host + url.get(host..)?.find('/')?;
    let is_ours = binding::normal(url.get(..end)?) == origin;
    is_ours.then(|| of(url)).flatten()
}

/// Returns what a browser would ask for at this address, of a request that posted a form: without anything that
/// was said of the form.
pub(crate) fn request(form: Parts, place: &PathAndQuery) -> Parts {
    let mut request = form;
    request.method = Method::GET;
    request.uri = Uri::from(place.clone());
    for of_the_form in [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::TRANSFER_ENCODING,
        header::EXPECT,
        header::RANGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
        header::IF_RANGE,
        header::UPGRADE,
        header::ORIGIN,
    ] {
        request.headers.remove(of_the_form);
    }
    request
}

/// Sends the browser to `location`.
pub(crate) fn see(location: &str) -> Response<Body> {
    let mut seen = Response::new(Body::empty());
    *seen.status_mut() = StatusCode::SEE_OTHER;
    let headers = seen.headers_mut();
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    tell(seen, Outcome::Free)
}

/// The same, with the receipt and the cookies of the answer at `location`.
pub(crate) fn see_with(location: &str, answer: &Response<Body>) -> Response<Body> {
    let mut seen = see(location);
    let receipt = HeaderName::from_static(names::RECEIPT);
    take(&mut seen, answer, &[receipt, header::SET_COOKIE]);
    seen
}

/// Returns where an answer leads; resolved against the address that was bought, as a browser there would.
pub(crate) fn redirect(bought: &str, answer: &Response<Body>) -> Option<String> {
    if !answer.status().is_redirection() {
        return None;
    }
    let location = answer.headers().get(header::LOCATION)?;
    let location = std::str::from_utf8(location.as_bytes()).ok()?;
    let base = Url::parse(bought).ok()?;
    let resolved = base.join(location).ok()?;
    let is_whole = Url::parse(location).is_ok();
    if is_whole || resolved.origin() != base.origin() {
        return Some(String::from(resolved));
    }
    // Without scheme and host, of which a proxy in front may know better.
    let mut path = resolved.path().to_owned();
    path.extend(resolved.query().map(|query| format!("?{query}")));
    path.extend(resolved.fragment().map(|fragment| format!("#{fragment}")));
    // Two slashes would be another host.
    let guard = if path.starts_with("//") { "/." } else { "" };
    Some(format!("{guard}{path}"))
}

/// Copies some headers of an answer to another, and what became of its request.
pub(crate) fn take(to: &mut Response<Body>, from: &Response<Body>, names: &[HeaderName]) {
    *to.extensions_mut() = from.extensions().clone();
    for name in names {
        for value in from.headers().get_all(name) {
            to.headers_mut().append(name.clone(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_to_this_site_alone() {
        let path = |url| of(url).map(|place| place.to_string());
        assert_eq!(path("/a/1?x=y").as_deref(), Some("/a/1?x=y"));
        let whole = "https://gazette.example/a/1";
        assert_eq!(path(whole).as_deref(), Some("/a/1"));
        for other in [
            "",
            "a",
            "//evil.example/",
            "https://x//evil.example/",
            "/\\evil.example",
            "https://evil.example",
        ] {
            assert_eq!(path(other), None, "{other}");
        }
    }

    #[test]
    fn a_whole_url_is_of_this_site_by_scheme_host_and_port() {
        let path = |url| of_whole(url, "https://gazette.example").map(|place| place.to_string());
        for (url, expected) in [
            ("https://gazette.example/a/1?x=y", "/a/1?x=y"),
            ("https://gazette.example/", "/"),
            ("HTTPS://Gazette.example:443/a", "/a"),
            ("https://gazette.example/a#part", "/a"),
        ] {
            assert_eq!(path(url).as_deref(), Some(expected), "{url}");
        }
        for other in [
            "",
            "/a/1",
            "https://gazette.example",
            "https://gazette.example?a",
            "http://gazette.example/a",
            "https://gazette.example:8443/a",
            "https://gazette.example.evil.example/a",
            "https://gazette.example@evil.example/a",
            "https://evil.example/https://gazette.example/a",
            "https://gazette.example//evil.example/",
            "https://gazette.example/\\evil.example",
            " https://gazette.example/a",
            "https://é.example/a",
        ] {
            assert_eq!(path(other), None, "{other}");
        }
    }

    #[test]
    fn a_redirect_leads_where_it_would_from_the_page_that_was_bought() {
        let bought = "https://gazette.example/a/b?x=y";
        let leads = |status: u16, location: &str| {
            let answer = Response::builder().status(status);
            let answer = answer.header("location", location).body(Body::empty());
            redirect(bought, &answer.unwrap())
        };
        for (location, expected) in [
            ("/c", "/c"),
            ("c", "/a/c"),
            ("./", "/a/"),
            ("../d?e=f#g", "/d?e=f#g"),
            ("?p=2", "/a/b?p=2"),
            ("", "/a/b?x=y"),
            ("é", "/a/%C3%A9"),
            ("https://gazette.example/c", "https://gazette.example/c"),
            ("http://other.example/c", "http://other.example/c"),
            ("//other.example/c", "https://other.example/c"),
            ("/.//other.example/", "/.//other.example/"),
            ("/x/..//other.example/", "/.//other.example/"),
            ("/\\other.example/", "https://other.example/"),
        ] {
            for status in [301, 302, 303, 307, 308] {
                let leads = leads(status, location);
                assert_eq!(leads.as_deref(), Some(expected), "{status} {location}");
            }
            assert_eq!(leads(404, location), None);
        }
        assert_eq!(leads(302, "https://"), None);
        let nowhere = Response::builder().status(304).body(Body::empty());
        assert_eq!(redirect(bought, &nowhere.unwrap()), None);
    }
}
