//! What moves tokens, and what asks about them.

use axum::Json;
use axum::extract::State;
use farthing_protocol::api::{
    CheckStateRequest, RedeemRequest, Redeemed, RestoreRequest, Restored, Signatures, States,
    SwapRequest, WithdrawRequest,
};

use crate::domain::Transaction;
use crate::error::Result;
use crate::http::SharedApp;
use crate::http::auth::{MayRedeem, MayWithdraw};
use crate::http::extract::Body;

/// POST `/v1/swap` (NUT-03).
pub(in crate::http) async fn swap(
    State(app): State<SharedApp>,
    Body { value, sent }: Body<SwapRequest>,
) -> Result<Json<Signatures>> {
    let SwapRequest { inputs, outputs } = value;
    let transaction = Transaction::swap(inputs, outputs);
    app.check_open_swap(&transaction)?;
    sent.sign(&app, transaction).await
}

/// POST `/v1/withdraw`: out of the caller's account.
pub(in crate::http) async fn withdraw(
    State(app): State<SharedApp>,
    MayWithdraw(account): MayWithdraw,
    Body { value, sent }: Body<WithdrawRequest>,
) -> Result<Json<Signatures>> {
    let WithdrawRequest { outputs } = value;
    let transaction = Transaction::withdraw(account, outputs);
    sent.sign(&app, transaction).await
}

/// POST `/v1/redeem`: into the caller's account, with change.
pub(in crate::http) async fn redeem(
    State(app): State<SharedApp>,
    MayRedeem(account): MayRedeem,
    Body { value, sent }: Body<RedeemRequest>,
) -> Result<Json<Redeemed>> {
    // The reference counts in the request's digest, with the rest of the body, and nowhere else.
    let RedeemRequest {
        inputs,
        outputs,
        reference: _,
    } = value;
    let transaction = Transaction::redeem(account, inputs, outputs);
    let answer = sent.execute(&app, transaction).await?;
    Ok(Json(Redeemed {
        credited: answer.credited,
        signatures: answer.signatures,
    }))
}

/// POST `/v1/checkstate` (NUT-07).
pub(in crate::http) async fn check_state(
    State(app): State<SharedApp>,
    Body { value, .. }: Body<CheckStateRequest>,
) -> Result<Json<States>> {
    let CheckStateRequest { ys } = value;
    let states = app.engine.check_state(ys).await?;
    Ok(Json(States { states }))
}

/// POST `/v1/restore` (NUT-09).
pub(in crate::http) async fn restore(
    State(app): State<SharedApp>,
    Body { value, .. }: Body<RestoreRequest>,
) -> Result<Json<Restored>> {
    let RestoreRequest { outputs } = value;
    app.engine.restore(outputs).await.map(Json)
}
