//! What is posted to the paywall itself: read within its size and its time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Form, FromRequest as _};
use axum::http::request::Parts;
use axum::http::{Request, Response};
use axum::response::IntoResponse as _;
use farthing_protocol::ErrorCode;
use farthing_protocol::payment::exchange::BODY_BYTES_MAX;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::answer::{close, refusal_as_text};
use crate::error::is_too_slow;

/// Reads a body of at most [`BODY_BYTES_MAX`] bytes within `limit`.
///
/// # Errors
/// The code and the text of the refusal. The rest of the body is not read.
pub(crate) async fn read(
    body: Body,
    limit: Duration,
) -> Result<Zeroizing<Vec<u8>>, (ErrorCode, &'static str)> {
    match tokio::time::timeout(limit, whole(body)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err((
            ErrorCode::TooLarge,
            "the form is too long for a token; nothing was spent",
        )),
        Ok(Err(error)) if !is_too_slow(&*error) => Err((
            ErrorCode::Malformed,
            "the form did not arrive whole; nothing was spent",
        )),
        Ok(Err(_)) | Err(_) => Err((
            ErrorCode::Timeout,
            "the form did not arrive in time; nothing was spent",
        )),
    }
}

/// The body in one buffer. A list of its pieces would take many times their bytes when they are small.
async fn whole(body: Body) -> Result<Zeroizing<Vec<u8>>, axum::BoxError> {
    let mut body = Limited::new(body, BODY_BYTES_MAX);
    let mut bytes = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

/// Reads the fields of a form.
///
/// # Errors
/// The answer to what is no form, as text.
pub(crate) async fn form<T: DeserializeOwned>(
    parts: &Parts,
    body: Body,
    limit: Duration,
) -> Result<T, Box<Response<Body>>> {
    let read = read(body, limit).await;
    let body = read.map_err(|(code, detail)| Box::new(close(refusal_as_text(code, detail))))?;
    let request = Request::from_parts(parts.clone(), Body::from(body.to_vec()));
    let form = Form::from_request(request, &()).await;
    let Form(fields) = form.map_err(|rejection| Box::new(rejection.into_response()))?;
    Ok(fields)
}
