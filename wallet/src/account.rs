//! The account at a mint: what it holds, and what moved on it.

use farthing_client::Violation;
use farthing_protocol::api::{Account, Statement, path};

use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::{ApiToken, Http};
use crate::mints::Mints;
use crate::records::Mint;
use crate::store::Store;

impl<S: Store, H: Http> Mints<'_, S, H> {
    /// Returns the mint `url`; without one, the first at which the wallet has an account.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no such mint; [`Error::Store`].
    pub async fn with_account(&self, url: Option<&str>) -> Result<Mint, Error> {
        if url.is_none() {
            let mints = self.all().await?;
            if let Some(mint) = mints.into_iter().find(|mint| mint.api_token.is_some()) {
                return Ok(mint);
            }
        }
        self.engine.purse.tables.mint(url).await
    }
}

/// The account at a mint. The mint is told whose account it is, and nothing of the wallet's tokens.
pub struct MintAccount<'a, S, H> {
    pub(crate) engine: &'a Engine<S, H>,
    pub(crate) mint: &'a Mint,
}

impl<S, H: Http> MintAccount<'_, S, H> {
    /// Asks what the account holds.
    ///
    /// # Errors
    /// [`Error::Usage`] without an API token; [`Error::Refused`], [`Error::Network`], and
    /// [`Error::Misbehaved`] when it is in another unit than the mint's.
    pub async fn get(&self) -> Result<Account, Error> {
        let mint = self.mint;
        let account = self.engine.api(&mint.url).account(api_token(mint)?).await?;
        if account.unit != mint.unit {
            let violation = Violation::Answer {
                path: path::ACCOUNT.to_owned(),
                status: 200,
            };
            return Err(Error::violation(&mint.url, violation.into()));
        }
        Ok(account)
    }

    /// Asks what moved on the account, newest first: at most `limit` postings, with numbers below
    /// `before` if it is given.
    ///
    /// # Errors
    /// [`Error::Usage`] without an API token; [`Error::Refused`], [`Error::Network`].
    pub async fn statement(&self, before: Option<u64>, limit: u32) -> Result<Statement, Error> {
        let api = self.engine.api(&self.mint.url);
        Ok(api.statement(api_token(self.mint)?, before, limit).await?)
    }
}

/// The API token of the account at a mint.
pub(crate) fn api_token(mint: &Mint) -> Result<&ApiToken, UsageError> {
    let missing = || UsageError::NoApiToken(mint.url.clone());
    mint.api_token.as_ref().ok_or_else(missing)
}
