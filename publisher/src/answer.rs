//! Answers of the paywall's own that have no page of the site to speak of.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use farthing_protocol::ErrorCode;
use farthing_protocol::error_code::ErrorBody;

use crate::cors::OwnAnswer;
use crate::shared::{Outcome, tell};

/// Returns the answer to a request that is refused before anything is known of what it is for: the status
/// of `code`, and [`ErrorBody`] as JSON.
#[must_use]
pub fn refusal(code: ErrorCode, detail: impl Into<String>) -> Response<Body> {
    let told = ErrorBody {
        detail: detail.into(),
        code: code.number(),
    };
    let body = serde_json::to_string(&told).expect("text and a number can be written as JSON");
    own(code, body, "application/json")
}

/// The same, as text for people.
pub(crate) fn refusal_as_text(code: ErrorCode, detail: &str) -> Response<Body> {
    own(code, detail.to_owned(), "text/plain; charset=utf-8")
}

fn own(code: ErrorCode, body: String, kind: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::from(body));
    let status = StatusCode::from_u16(code.http_status());
    *answer.status_mut() = status.expect("every code has a status of HTTP");
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.extensions_mut().insert(OwnAnswer);
    tell(answer, Outcome::Refused(code.number()))
}

/// The rest of the request is not read, so the connection cannot be used again.
pub(crate) fn close(mut answer: Response<Body>) -> Response<Body> {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(header::CONNECTION, close);
    answer
}
