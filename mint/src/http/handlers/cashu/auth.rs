//! Blind authentication tokens: the keys that sign them, and getting some (NUT-22). They are there where
//! something needs such tokens.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use farthing_protocol::api::{Keys, Keysets, Signatures};
use farthing_protocol::cashu::auth::MintRequest;
use farthing_protocol::{ErrorCode, amount};

use super::super::super::guard::Clear;
use super::super::super::{SharedApp, body};
use super::super::public::{keys_of, keyset_keys_of, keysets_of};
use crate::clock;
use crate::domain::KeysetKind;
use crate::domain::Transaction;
use crate::error::{Error, Result};

/// GET `/cashu/v1/auth/blind/keys`.
pub(in crate::http) async fn keys(State(app): State<SharedApp>) -> Result<Json<Keys>> {
    app.blind_auth()?;
    keys_of(&app, KeysetKind::Auth)
}

/// GET `/cashu/v1/auth/blind/keys/{id}`, active or not.
pub(in crate::http) async fn keyset_keys(
    State(app): State<SharedApp>,
    id: std::result::Result<Path<String>, PathRejection>,
) -> Result<Json<Keys>> {
    app.blind_auth()?;
    keyset_keys_of(&app, KeysetKind::Auth, id)
}

/// GET `/cashu/v1/auth/blind/keysets`.
pub(in crate::http) async fn keysets(State(app): State<SharedApp>) -> Result<Json<Keysets>> {
    app.blind_auth()?;
    keysets_of(&app, KeysetKind::Auth)
}

/// POST `/cashu/v1/auth/blind/mint`. Sent again it counts once, and so do its tokens.
pub(in crate::http) async fn mint(
    State(app): State<SharedApp>,
    Clear(subject): Clear,
    headers: HeaderMap,
    request: Body,
) -> Result<Json<Signatures>> {
    let (guard, settings) = app.blind_auth()?;
    let body = body::read(&app, &headers, request).await?;
    let MintRequest { outputs } = body::parse(&body)?;
    let count = amount::sum(outputs.iter().map(|output| output.amount)).unwrap_or(u64::MAX);
    if count > settings.max {
        let detail = format!("at most {} tokens in one request", settings.max);
        return Err(Error::request(ErrorCode::BlindAuthMax, detail));
    }
    let digest = app
        .engine
        .request_digest("/cashu/v1/auth/blind/mint", 0, &body);
    let (today, days) = (clock::day(), app.config.replay_days);
    let is_repeated = app
        .engine
        .read(|reader| reader.has_request(&digest, today, days))?;
    // The settings see to it that there is a user.
    let subject = subject.ok_or(Error::Invariant("blind authentication for nobody"))?;
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
