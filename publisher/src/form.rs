//! Paying without a wallet in the browser: the page's form takes a pasted token, and the receipt's
//! cookie opens what it bought.

use axum::Form;
use axum::body::Body;
use axum::extract::FromRequest as _;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use farthing_protocol::Secret;
use farthing_protocol::payment::header as names;
use serde::Deserialize;
use tower::Service;

use crate::paywall::{Shared, is_served, serve};

/// What the form sends.
#[derive(Deserialize)]
struct Pasted {
    token: Secret,
    /// What is bought: a path with its query, or a whole URL.
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
    let (headers, extensions) = (parts.headers.clone(), parts.extensions.clone());
    let form = Form::from_request(Request::from_parts(parts, body), &()).await;
    let Form(Pasted { token, url }) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let Some(place) = place(&url) else {
        return Ok(bad(
            "the form names no page of this site; nothing was spent",
        ));
    };
    let Ok(mut token) = HeaderValue::from_str(token.expose().trim()) else {
        return Ok(bad("the token is not one line of text; nothing was spent"));
    };
    token.set_sensitive(true);
    let mut bought = Request::new(Body::empty());
    *bought.method_mut() = Method::GET;
    *bought.uri_mut() = Uri::from(place.clone());
    *bought.headers_mut() = headers;
    *bought.extensions_mut() = extensions;
    let headers = bought.headers_mut();
    for of_the_form in [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::EXPECT,
        header::RANGE,
    ] {
        headers.remove(of_the_form);
    }
    headers.insert(names::CASHU, token);
    let answer = serve(shared, inner, bought).await?;
    Ok(if is_served(&answer) {
        see(&place, answer)
    } else {
        answer
    })
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

/// Sends the browser to the page, with its receipt.
fn see(place: &PathAndQuery, answer: Response<Body>) -> Response<Body> {
    let mut seen = Response::new(Body::empty());
    *seen.status_mut() = StatusCode::SEE_OTHER;
    if let Some(outcome) = answer.extensions().get::<crate::Outcome>() {
        seen.extensions_mut().insert(*outcome);
    }
    let headers = seen.headers_mut();
    if let Ok(location) = HeaderValue::from_str(place.as_str()) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for name in [
        header::HeaderName::from_static(names::RECEIPT),
        header::SET_COOKIE,
    ] {
        for value in answer.headers().get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    seen
}

fn bad(detail: &'static str) -> Response<Body> {
    (StatusCode::BAD_REQUEST, detail).into_response()
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
}
