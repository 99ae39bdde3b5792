//! What an account's holder may read.

use axum::Json;
use axum::extract::{Query, State};
use farthing_protocol::ErrorCode;
use farthing_protocol::api::{Account, Statement};
use serde::Deserialize;

use crate::domain::to_statement;
use crate::error::{Error, Result};
use crate::http::SharedApp;
use crate::http::auth::MayRead;

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 500;

/// GET `/v1/account`.
pub(in crate::http) async fn account(
    State(app): State<SharedApp>,
    MayRead(id): MayRead,
) -> Result<Json<Account>> {
    let row = app.engine.read(|reader| reader.account(id))?;
    let row = row.ok_or(Error::Invariant("an API token of no account"))?;
    Ok(Json(Account {
        name: row.name,
        balance: row.balance.cast_unsigned(),
        unit: app.config.unit.clone(),
    }))
}

/// The query of a statement.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Page {
    /// Postings with numbers below this one.
    before: Option<i64>,
    /// How many at the most.
    limit: Option<u32>,
}

/// GET `/v1/account/statement?before=&limit=`: newest first.
pub(in crate::http) async fn statement(
    State(app): State<SharedApp>,
    MayRead(id): MayRead,
    page: std::result::Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Statement>> {
    let malformed = |_| Error::request(ErrorCode::Malformed, "before and limit are whole numbers");
    let Query(page) = page.map_err(malformed)?;
    let limit = page.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let before = page.before.unwrap_or(i64::MAX);
    let rows = app
        .engine
        .read(|reader| reader.postings(id, before, limit))?;
    Ok(Json(to_statement(&rows, limit)))
}
