//! What moves tokens, and what is asked about them.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use farthing_protocol::api::{
    CheckStateRequest, RestoreRequest, Restored, Signatures, States, SwapRequest,
};
use farthing_protocol::cashu::Lenient;

use super::super::super::guard::Blind;
use super::super::super::{SharedApp, body};
use super::super::tokens::signed;
use crate::domain::Transaction;
use crate::error::Result;

/// POST `/cashu/v1/swap` (NUT-03).
pub(in crate::http) async fn swap(
    State(app): State<SharedApp>,
    Blind(pass): Blind,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Signatures>> {
    let body = body::read(&app, &headers, request).await?;
    let Lenient(SwapRequest { inputs, outputs }) = body::parse(&body)?;
    let transaction = Transaction::swap(inputs, outputs).with_auth(pass);
    signed(&app, "/cashu/v1/swap", &body, transaction).await
}

/// POST `/cashu/v1/checkstate` (NUT-07).
pub(in crate::http) async fn check_state(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<States>> {
    let body = body::read(&app, &headers, request).await?;
    let Lenient(CheckStateRequest { ys }) = body::parse(&body)?;
    let states = app.engine.check_state(ys).await?;
    Ok(Json(States { states }))
}

/// POST `/cashu/v1/restore` (NUT-09).
pub(in crate::http) async fn restore(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Restored>> {
    let body = body::read(&app, &headers, request).await?;
    let Lenient(RestoreRequest { outputs }) = body::parse(&body)?;
    app.engine.restore(outputs).await.map(Json)
}
