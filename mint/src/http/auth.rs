//! Whose account a request acts on, by its API token, and what the token may be used for.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use farthing_protocol::ErrorCode;

use super::{App, SharedApp};
use crate::domain::{AccountId, Scope, Scopes, hash_api_token};
use crate::error::{Error, Result};

/// Makes a handler's argument of the account of a request's API token, refused when the token lacks a scope. It is
/// looked at before the body.
macro_rules! account_by_scope {
    ($(#[$doc:meta])* $name:ident, $scope:expr) => {
        $(#[$doc])*
        pub(super) struct $name(pub(super) AccountId);

        impl FromRequestParts<SharedApp> for $name {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self> {
                account(app, parts, $scope).map(Self)
            }
        }
    };
}

account_by_scope! {
    /// The account, by an API token that may move money out of it.
    MayWithdraw, Scope::Withdraw
}
account_by_scope! {
    /// The account, by an API token that may move money into it.
    MayRedeem, Scope::Redeem
}
account_by_scope! {
    /// The account, by an API token that may read it.
    MayRead, Scope::Read
}

/// Returns the account of a request's API token. The token is looked up on every request, so that a revoked one
/// ends at once.
///
/// # Errors
/// [`Error::Account`] with `Unauthorized` without a token that is known, with `Forbidden` when it lacks `scope`.
fn account(app: &App, parts: &Parts, scope: Scope) -> Result<AccountId> {
    let refuse = |detail| Error::account(ErrorCode::Unauthorized, detail);
    let header = parts.headers.get(AUTHORIZATION);
    let header = header.ok_or_else(|| refuse("an API token is needed: Authorization: Bearer …"))?;
    let text = header.to_str().ok().and_then(|h| h.split_once(' '));
    let token = match text {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) | None => return Err(refuse("the Authorization header is not Bearer …")),
    };
    let row = app
        .engine
        .read(|reader| reader.api_token(&hash_api_token(token)))?;
    let row = row.ok_or_else(|| refuse("this API token is not known, or was revoked"))?;
    if Scopes::parse(&row.scopes)?.has(scope) {
        return Ok(row.account);
    }
    let detail = format!("this API token lacks the scope {}", scope.as_str());
    Err(Error::account(ErrorCode::Forbidden, detail))
}
