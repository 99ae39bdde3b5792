//! Who is asking, by the API token of the request, and what they may do.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use farthing_protocol::ErrorCode;

use super::SharedApp;
use crate::domain::{AccountId, Scope, Scopes, hash_api_token};
use crate::error::{Error, Result};

/// Who is asking, by the API token of the request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    account: AccountId,
    scopes: Scopes,
}

impl Caller {
    /// The account, if the token may be used for `scope`.
    ///
    /// # Errors
    /// [`Error::Account`] with `Forbidden`.
    pub(super) fn allow(&self, scope: Scope) -> Result<AccountId> {
        if self.scopes.has(scope) {
            return Ok(self.account);
        }
        let detail = format!("this API token lacks the scope {}", scope.as_str());
        Err(Error::account(ErrorCode::Forbidden, detail))
    }
}

/// Looks the token up on every request, so that a revoked one ends at once.
impl FromRequestParts<SharedApp> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self> {
        let refuse = |detail| Error::account(ErrorCode::Unauthorized, detail);
        let header = parts.headers.get(AUTHORIZATION);
        let header =
            header.ok_or_else(|| refuse("an API token is needed: Authorization: Bearer …"))?;
        let text = header.to_str().ok().and_then(|h| h.split_once(' '));
        let token = match text {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            Some(_) | None => return Err(refuse("the Authorization header is not Bearer …")),
        };
        let row = app
            .engine
            .read(|reader| reader.api_token(&hash_api_token(token)))?;
        let row = row.ok_or_else(|| refuse("this API token is not known, or was revoked"))?;
        Ok(Self {
            account: row.account,
            scopes: Scopes::parse(&row.scopes)?,
        })
    }
}
