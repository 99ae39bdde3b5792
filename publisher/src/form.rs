//! Paying without a wallet in the browser: the page's form takes a pasted token, and the receipt's
//! cookie opens what it bought.
//!
//! The form is a `POST` to the paywall, and what it buys is a `GET` of the page. What the site answers to
//! the one is never passed on as the answer to the other: a browser would send the token on to where a
//! redirect leads, and resolve addresses against the form's.

use std::time::Duration;

use axum::Form;
use axum::body::Body;
use axum::extract::FromRequest as _;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use farthing_protocol::payment::header as names;
use farthing_protocol::{ErrorCode, Secret, token};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use reqwest::Url;
use serde::Deserialize;
use tower::Service;

use crate::cors::OwnAnswer;
use crate::error::{Refusal, is_too_slow};
use crate::serve::serve;
use crate::shared::{Outcome, Shared};
use crate::visit::Visit;

/// Bytes of the form: a token at its longest is 16 KiB.
const FORM_BYTES_MAX: usize = 64 * 1024;

/// The detail of the answer to a form that names no page. `farthing-paywall check` recognises the paywall by it.
pub const NO_PAGE: &str = "the form names no page of this site; nothing was spent";

/// The form's fields.
#[derive(Deserialize)]
struct Pasted {
    token: Secret,
    /// The page: a path with its query, or a whole URL.
    url: String,
}

/// Pays for a page with a pasted token, and sends the browser there.
pub(crate) async fn pay<S>(
    shared: &Shared,
    inner: S,
    request: Request<Body>,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let (parts, body) = request.into_parts();
    let limit = Duration::from_millis(shared.settings.read_timeout_ms);
    let Pasted { token, url } = match read(parts.clone(), body, limit).await {
        Ok(pasted) => pasted,
        Err(refused) => return Ok(*refused),
    };
    let Some(place) = place(&url) else {
        return Ok(refuse(ErrorCode::Malformed, NO_PAGE));
    };
    let found = token::find(token.expose());
    let text = found.as_ref().map_or("", |token| token.as_str());
    let Ok(mut token) = HeaderValue::from_str(text) else {
        let detail = "the token is not one line of text; nothing was spent";
        return Ok(refuse(ErrorCode::Malformed, detail));
    };
    token.set_sensitive(true);
    let bought = buy(parts, &place, token);
    let Some(price) = shared.price_of(&bought) else {
        return Ok(see(HeaderValue::from_str(place.as_str()).ok(), None));
    };
    let visit = Visit::new(shared, &bought, price, false);
    if let Err(fault) = found {
        let detail = format!("{fault}; nothing was spent");
        return Ok(visit.refuse(&Refusal::new(ErrorCode::Malformed, detail)));
    }
    let answer = serve(shared, inner, Request::from_parts(bought, Body::empty())).await?;
    Ok(match answer.extensions().get::<Outcome>() {
        Some(Outcome::Asked | Outcome::Refused(_)) => answer,
        Some(Outcome::Charged(_) | Outcome::Repeated | Outcome::Receipt) => {
            see(HeaderValue::from_str(place.as_str()).ok(), Some(answer))
        }
        Some(Outcome::NotCharged | Outcome::Free) | None => {
            match redirect(&visit.target.url, &answer) {
                Some(location) => see(Some(location), Some(answer)),
                None => not_charged(&visit, &answer),
            }
        }
    })
}

/// Reads the form, within its size and its time.
///
/// # Errors
/// The answer to what is no form.
async fn read(parts: Parts, body: Body, limit: Duration) -> Result<Pasted, Box<Response<Body>>> {
    let body = match tokio::time::timeout(limit, whole(body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let detail = "the form is too long for a token; nothing was spent";
            return Err(Box::new(close(refuse(ErrorCode::TooLarge, detail))));
        }
        Ok(Err(error)) if !is_too_slow(&*error) => {
            let detail = "the form did not arrive whole; nothing was spent";
            return Err(Box::new(close(refuse(ErrorCode::Malformed, detail))));
        }
        Ok(Err(_)) | Err(_) => {
            let detail = "the form did not arrive in time; nothing was spent";
            return Err(Box::new(close(refuse(ErrorCode::Timeout, detail))));
        }
    };
    let form = Form::from_request(Request::from_parts(parts, Body::from(body)), &()).await;
    let Form(pasted) = form.map_err(|rejection| Box::new(rejection.into_response()))?;
    Ok(pasted)
}

/// The body in one buffer. A list of its pieces would take many times their bytes when they are small.
async fn whole(body: Body) -> Result<Vec<u8>, axum::BoxError> {
    let mut body = Limited::new(body, FORM_BYTES_MAX);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

/// The request that the form pays for: what a browser would ask at this address, without anything that
/// was said of the form.
fn buy(form: Parts, place: &PathAndQuery, token: HeaderValue) -> Parts {
    let mut bought = form;
    bought.method = Method::GET;
    bought.uri = Uri::from(place.clone());
    let headers = &mut bought.headers;
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
        headers.remove(of_the_form);
    }
    headers.insert(names::CASHU, token);
    bought
}

/// A page of this site: never a way to another one.
fn place(url: &str) -> Option<PathAndQuery> {
    let path = match url.split_once("://") {
        None => url,
        Some((_, rest)) => rest.get(rest.find('/')?..)?,
    };
    let is_here = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    is_here.then(|| path.parse().ok()).flatten()
}

/// Where an answer leads; resolved against the address that was bought, as a browser there would.
fn redirect(bought: &str, answer: &Response<Body>) -> Option<HeaderValue> {
    if !answer.status().is_redirection() {
        return None;
    }
    let location = answer.headers().get(header::LOCATION)?;
    let location = std::str::from_utf8(location.as_bytes()).ok()?;
    let base = Url::parse(bought).ok()?;
    let resolved = base.join(location).ok()?;
    let is_whole = Url::parse(location).is_ok();
    let text = if is_whole || resolved.origin() != base.origin() {
        String::from(resolved)
    } else {
        // Without scheme and host, of which a proxy in front may know better.
        let mut path = resolved.path().to_owned();
        path.extend(resolved.query().map(|query| format!("?{query}")));
        path.extend(resolved.fragment().map(|fragment| format!("#{fragment}")));
        // Two slashes would be another host.
        let guard = if path.starts_with("//") { "/." } else { "" };
        format!("{guard}{path}")
    };
    HeaderValue::from_str(&text).ok()
}

/// Sends the browser to `location`, with the receipt and the cookies of `answer`.
fn see(location: Option<HeaderValue>, answer: Option<Response<Body>>) -> Response<Body> {
    let mut seen = Response::new(Body::empty());
    *seen.status_mut() = StatusCode::SEE_OTHER;
    seen.extensions_mut().insert(Outcome::Free);
    let headers = seen.headers_mut();
    headers.extend(location.map(|location| (header::LOCATION, location)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(answer) = answer {
        let receipt = header::HeaderName::from_static(names::RECEIPT);
        take(&mut seen, &answer, &[receipt, header::SET_COOKIE]);
    }
    seen
}

/// The page again, with what the site answered: it was not charged, and it is no answer to a form.
fn not_charged(visit: &Visit<'_>, answer: &Response<Body>) -> Response<Body> {
    let status = answer.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let detail = format!(
        "the site answered {status}, which is not charged: the token is unspent and can be used again"
    );
    let mut page = visit.refuse(&Refusal {
        code: ErrorCode::BadGateway.number(),
        status: if is_error { status.as_u16() } else { 502 },
        detail: detail.into(),
    });
    let kept = [
        header::SET_COOKIE,
        header::WWW_AUTHENTICATE,
        header::RETRY_AFTER,
    ];
    take(&mut page, answer, &kept);
    page.extensions_mut().insert(OwnAnswer);
    page
}

/// Copies some headers of an answer to another, and what became of its request.
fn take(to: &mut Response<Body>, from: &Response<Body>, names: &[header::HeaderName]) {
    *to.extensions_mut() = from.extensions().clone();
    for name in names {
        for value in from.headers().get_all(name) {
            to.headers_mut().append(name.clone(), value.clone());
        }
    }
}

fn refuse(code: ErrorCode, detail: &'static str) -> Response<Body> {
    let status = StatusCode::from_u16(code.http_status());
    let mut refused =
        (status.unwrap_or(StatusCode::BAD_REQUEST), detail.to_owned()).into_response();
    let headers = refused.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let extensions = refused.extensions_mut();
    extensions.insert(Outcome::Refused(code.number()));
    extensions.insert(OwnAnswer);
    refused
}

/// The rest of the request is not read, so the connection cannot be used again.
fn close(mut answer: Response<Body>) -> Response<Body> {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(header::CONNECTION, close);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_leads_to_this_site_alone() {
        let path = |url| place(url).map(|place| place.to_string());
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
    fn a_redirect_leads_where_it_would_from_the_page_that_was_bought() {
        let bought = "https://gazette.example/a/b?x=y";
        let leads = |status: u16, location: &str| {
            let answer = Response::builder().status(status);
            let answer = answer.header("location", location).body(Body::empty());
            let location = redirect(bought, &answer.unwrap())?;
            Some(location.to_str().unwrap().to_owned())
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
