//! Blind authentication tokens (NUT-22).

use axum::Json;
use axum::extract::State;
use farthing_protocol::api::Signatures;
use farthing_protocol::cashu::auth::MintRequest;
use farthing_protocol::{ErrorCode, amount};

use crate::clock;
use crate::domain::Transaction;
use crate::error::{Error, Result};
use crate::http::SharedApp;
use crate::http::extract::Body;
use crate::http::guard::AuthTokenUser;

/// POST `/cashu/v1/auth/blind/mint`. Sent again it counts once, and so do its tokens.
pub(in crate::http) async fn mint(
    State(app): State<SharedApp>,
    AuthTokenUser(subject): AuthTokenUser,
    Body { value, sent }: Body<MintRequest>,
) -> Result<Json<Signatures>> {
    let MintRequest { outputs } = value;
    let (guard, settings) = app.blind_auth()?;
    let count = amount::sum(outputs.iter().map(|output| output.amount)).unwrap_or(u64::MAX);
    if count > settings.max {
        let detail = format!("at most {} tokens in one request", settings.max);
        return Err(Error::request(ErrorCode::BlindAuthMax, detail));
    }
    let digest = sent.digest(&app, 0);
    let (today, days) = (clock::day(), app.config.replay_days);
    let is_repeated = app
        .engine
        .read(|reader| reader.has_request(&digest, today, days))?;
    if !is_repeated {
        guard.quotas.take(&subject, count, today)?;
    }
    let transaction = Transaction::issue_auth(outputs);
    let answer = app.engine.execute(transaction, Some(digest)).await;
    if answer.is_err() && !is_repeated {
        guard.quotas.give_back(&subject, count, today);
    }
    Ok(Json(Signatures {
        signatures: answer?.signatures,
    }))
}
