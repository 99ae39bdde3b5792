//! The table of the API.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use farthing_protocol::ErrorCode;
use farthing_protocol::api::path;

use super::handlers::{account, operator, public, tokens};
use super::{App, SharedApp};
use crate::error::Error;

/// What everybody may ask.
pub(super) fn public(app: SharedApp) -> Router {
    Router::new()
        .route(path::INFO, get(public::info))
        .route(path::KEYS, get(public::keys))
        .route("/v1/keys/{id}", get(public::keyset_keys))
        .route(path::KEYSETS, get(public::keysets))
        .route(path::SWAP, post(tokens::swap))
        .route(path::WITHDRAW, post(tokens::withdraw))
        .route(path::REDEEM, post(tokens::redeem))
        .route(path::CHECKSTATE, post(tokens::check_state))
        .route(path::RESTORE, post(tokens::restore))
        .route(path::ACCOUNT, get(account::account))
        .route(path::STATEMENT, get(account::statement))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), observe))
        .with_state(app)
}

/// What only the operator may ask, on an address of its own.
pub(super) fn operator(app: SharedApp) -> Router {
    Router::new()
        .route("/metrics", get(operator::metrics))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .fallback(not_found)
        .with_state(app)
}

/// Counts each answer, and logs it at debug level: method, path of this table, status, code. Never an
/// address, a query, a header or a body. A 503 is held back for a while.
async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let path = matched.map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    app.metrics.count(&path, status);
    let code = response.extensions().get::<ErrorCode>();
    tracing::debug!(%method, path, status, code = code.map(|c| c.number()), "answered");
    if code == Some(&ErrorCode::Unavailable) {
        tokio::time::sleep(Duration::from_millis(app.config.refusal_delay_ms)).await;
    }
    response
}

async fn not_found() -> Error {
    Error::request(ErrorCode::NotFound, "no such path; the API is under /v1")
}

async fn method_not_allowed() -> Error {
    Error::request(ErrorCode::MethodNotAllowed, "this path has another method")
}
