//! Paying from a wallet in a browser, whose page is of another origin: JSON in and out, without cookies
//! (`docs/reference/protocol.md`, section 12.7).

use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use farthing_protocol::payment::{Paid, PayRequest, header as names};
use farthing_protocol::{ErrorCode, Secret};
use tower::Service;

use super::{Bought, buy};
use crate::answer::{close, refusal};
use crate::binding;
use crate::shared::Shared;
use crate::visit::Visit;
use crate::{cors, place, posted};

/// Returns whether a request has a body of JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    essence
        .trim_ascii()
        .eq_ignore_ascii_case(b"application/json")
}

/// Pays for a page, and gives the receipt to whoever asked.
pub(super) async fn pay<S>(
    shared: &Shared,
    inner: S,
    parts: Parts,
    body: Body,
    limit: Duration,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let read = read(shared, &parts, body, limit).await;
    let answer = match read {
        Ok((place, ordered)) => order(shared, inner, parts, &place, ordered).await?,
        Err(refused) => *refused,
    };
    Ok(cors::for_any_origin(answer))
}

/// Reads what is ordered, and which page of this site it is.
///
/// # Errors
/// The answer to what is none.
async fn read(
    shared: &Shared,
    parts: &Parts,
    body: Body,
    limit: Duration,
) -> Result<(PathAndQuery, PayRequest), Box<Response<Body>>> {
    let body = posted::read(body, limit).await;
    let body = body.map_err(|(code, detail)| Box::new(close(refusal(code, detail))))?;
    let malformed = |detail: String| Box::new(refusal(ErrorCode::Malformed, detail));
    // The error's text may repeat the token.
    let ordered = farthing_protocol::json::from_slice(&body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        malformed(format!(
            "the body is not the JSON of a payment (line {line}, column {column}); nothing was spent"
        ))
    });
    let ordered: PayRequest = ordered?;
    if ordered.method != Method::GET.as_str() {
        let detail = "only a GET can be paid for here: send other requests again with the token in X-Cashu; \
                      nothing was spent";
        return Err(malformed(detail.to_owned()));
    }
    let origin = binding::origin(parts, shared.settings.public_url.as_deref());
    let place = place::of_whole(&ordered.url, &origin).ok_or_else(|| {
        malformed(format!(
            "the url is no page of this site, whose address is {origin}; nothing was spent"
        ))
    })?;
    Ok((place, ordered))
}

async fn order<S>(
    shared: &Shared,
    inner: S,
    parts: Parts,
    place: &PathAndQuery,
    ordered: PayRequest,
) -> Result<Response<Body>, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let request = request(parts, place);
    let payment = super::header("the token", ordered.token.expose()).and_then(|token| {
        let outputs = ordered.outputs.as_deref();
        let outputs = outputs.map(|outputs| super::header("what is in outputs", outputs));
        Ok((token, outputs.transpose()?))
    });
    Ok(match buy(shared, inner, request, payment).await? {
        Bought::Free => refusal(
            ErrorCode::PriceMismatch,
            "the page costs nothing now: open it; nothing was spent",
        ),
        Bought::Refused(answer) => answer,
        Bought::Paid(visit, answer) => paid(&visit, &answer),
        Bought::NotCharged(visit, answer) => not_charged(&visit, &answer),
    })
}

/// The request for the page, as anybody sends it: a wallet sends no cookies, and what is sent along all the
/// same makes no difference.
fn request(parts: Parts, place: &PathAndQuery) -> Parts {
    let mut request = place::request(parts, place);
    let headers = &mut request.headers;
    for of_the_sender in [
        header::COOKIE,
        header::AUTHORIZATION,
        header::REFERER,
        HeaderName::from_static(names::RECEIPT),
        HeaderName::from_static("sec-fetch-dest"),
        HeaderName::from_static("sec-fetch-mode"),
        HeaderName::from_static("sec-fetch-site"),
    ] {
        headers.remove(of_the_sender);
    }
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    request
}

/// The receipt and the signatures of a paid answer.
fn paid(visit: &Visit<'_>, answer: &Response<Body>) -> Response<Body> {
    let text = |name| {
        let value = answer.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let Some(receipt) = text(names::RECEIPT) else {
        // The checks of URL and settings rule it out, and the same request gives it later if they err.
        let detail =
            "the payment was taken, and its receipt cannot be written: send the same request again";
        return refusal(ErrorCode::Internal, detail);
    };
    let paid = Paid {
        receipt: Secret::new(receipt),
        signatures: text(names::SIGNATURES),
        url: visit.target.url.clone(),
    };
    let body = serde_json::to_string(&paid).expect("text can be written as JSON");
    let mut told = Response::new(Body::from(body));
    *told.extensions_mut() = answer.extensions().clone();
    let headers = told.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    told
}

/// Returns what the site answered, with the price. It is always the paywall's 502: to the wallet a status of the
/// site's would be one of the paywall's.
fn not_charged(visit: &Visit<'_>, answer: &Response<Body>) -> Response<Body> {
    let led_to = place::redirect(&visit.target.url, answer);
    let mut refused = visit.refuse(&super::not_charged(answer, led_to.as_deref()));
    place::take(&mut refused, answer, &[header::RETRY_AFTER]);
    refused
}
