//! What moves tokens, and what asks about them.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use farthing_protocol::api::{
    CheckStateRequest, RedeemRequest, Redeemed, RestoreRequest, Restored, Signatures, States,
    SwapRequest, WithdrawRequest, path,
};

use super::super::auth::Caller;
use super::super::{SharedApp, body};
use crate::domain::{Scope, Transaction};
use crate::error::Result;

/// POST `/v1/swap` (NUT-03).
pub(in crate::http) async fn swap(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Signatures>> {
    let body = body::read(&app, &headers, request).await?;
    let SwapRequest { inputs, outputs } = body::parse(&body)?;
    let transaction = Transaction::swap(inputs, outputs);
    app.check_open_swap(&transaction)?;
    signed(&app, path::SWAP, &body, transaction).await
}

/// POST `/v1/withdraw`: out of the caller's account.
pub(in crate::http) async fn withdraw(
    State(app): State<SharedApp>,
    caller: Caller,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Signatures>> {
    let account = caller.allow(Scope::Withdraw)?;
    let body = body::read(&app, &headers, request).await?;
    let WithdrawRequest { outputs } = body::parse(&body)?;
    let transaction = Transaction::withdraw(account, outputs);
    signed(&app, path::WITHDRAW, &body, transaction).await
}

/// POST `/v1/redeem`: into the caller's account, with change.
pub(in crate::http) async fn redeem(
    State(app): State<SharedApp>,
    caller: Caller,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Redeemed>> {
    let account = caller.allow(Scope::Redeem)?;
    let body = body::read(&app, &headers, request).await?;
    // The reference counts in the request's digest, with the rest of the body, and nowhere else.
    let RedeemRequest {
        inputs,
        outputs,
        reference: _,
    } = body::parse(&body)?;
    let transaction = Transaction::redeem(account, inputs, outputs);
    let answer = execute(&app, path::REDEEM, &body, transaction).await?;
    Ok(Json(Redeemed {
        credited: answer.credited,
        signatures: answer.signatures,
    }))
}

/// POST `/v1/checkstate` (NUT-07).
pub(in crate::http) async fn check_state(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<States>> {
    let body = body::read(&app, &headers, request).await?;
    let CheckStateRequest { ys } = body::parse(&body)?;
    let states = app.engine.check_state(ys).await?;
    Ok(Json(States { states }))
}

/// POST `/v1/restore` (NUT-09).
pub(in crate::http) async fn restore(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Restored>> {
    let body = body::read(&app, &headers, request).await?;
    let RestoreRequest { outputs } = body::parse(&body)?;
    app.engine.restore(outputs).await.map(Json)
}

/// The signatures of what a body asks for, once it is carried out.
pub(super) async fn signed(
    app: &SharedApp,
    path: &str,
    body: &[u8],
    transaction: Transaction,
) -> Result<Json<Signatures>> {
    let answer = execute(app, path, body, transaction).await?;
    Ok(Json(Signatures {
        signatures: answer.signatures,
    }))
}

/// Has the engine carry out what a body asks for, so that the same body can be sent again.
pub(super) async fn execute(
    app: &SharedApp,
    path: &str,
    body: &[u8],
    transaction: Transaction,
) -> Result<crate::engine::Answer> {
    let digest = app.engine.request_digest(path, transaction.account(), body);
    app.engine.execute(transaction, Some(digest)).await
}
