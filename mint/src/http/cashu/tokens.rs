//! What moves tokens, and what is asked about them.

use axum::Json;
use axum::extract::State;
use farthing_protocol::api::{
    CheckStateRequest, RestoreRequest, Restored, Signatures, States, SwapRequest,
};
use farthing_protocol::cashu::Lenient;

use crate::domain::Transaction;
use crate::error::Result;
use crate::http::SharedApp;
use crate::http::extract::Body;
use crate::http::guard::Blind;

/// POST `/cashu/v1/swap` (NUT-03).
pub(in crate::http) async fn swap(
    State(app): State<SharedApp>,
    Blind(pass): Blind,
    Body { value, sent }: Body<Lenient<SwapRequest>>,
) -> Result<Json<Signatures>> {
    let Lenient(SwapRequest { inputs, outputs }) = value;
    let transaction = Transaction::swap(inputs, outputs).with_auth(pass);
    sent.sign(&app, transaction).await
}

/// POST `/cashu/v1/checkstate` (NUT-07).
pub(in crate::http) async fn check_state(
    State(app): State<SharedApp>,
    Body { value, .. }: Body<Lenient<CheckStateRequest>>,
) -> Result<Json<States>> {
    let Lenient(CheckStateRequest { ys }) = value;
    let states = app.engine.check_state(ys).await?;
    Ok(Json(States { states }))
}

/// POST `/cashu/v1/restore` (NUT-09).
pub(in crate::http) async fn restore(
    State(app): State<SharedApp>,
    Body { value, .. }: Body<Lenient<RestoreRequest>>,
) -> Result<Json<Restored>> {
    let Lenient(RestoreRequest { outputs }) = value;
    app.engine.restore(outputs).await.map(Json)
}
