//! The account at a mint: what it holds, and what moved on it.

use farthing_protocol::api::{Account, Statement, path};

use crate::error::{Error, UsageError, Violation};
use crate::http::{ApiToken, Http};
use crate::records::Mint;
use crate::store::Store;
use crate::wallet::Wallet;

impl<S: Store, H: Http> Wallet<S, H> {
    /// The mint `url`; without one, the first at which the wallet has an account.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no such mint; [`Error::Store`].
    pub async fn account_mint(&self, url: Option<&str>) -> Result<Mint, Error> {
        if url.is_none() {
            let mints = self.mints().await?;
            if let Some(mint) = mints.into_iter().find(|mint| mint.api_token.is_some()) {
                return Ok(mint);
            }
        }
        self.mint(url).await
    }

    /// What the account at a mint holds. The mint is told whose account it is, and nothing of the
    /// wallet's tokens.
    ///
    /// # Errors
    /// [`Error::Usage`] without an API token; [`Error::Refused`], [`Error::Network`], and
    /// [`Error::Misbehaved`] when it is in another unit than the mint's.
    pub async fn account(&self, mint: &Mint) -> Result<Account, Error> {
        let account = self.api(&mint.url).account(api_token(mint)?).await?;
        if account.unit != mint.unit {
            let violation = Violation::Answer(path::ACCOUNT.to_owned());
            return Err(Error::violation(&mint.url, violation));
        }
        Ok(account)
    }

    /// What moved on the account at a mint, newest first: at most `limit` postings, with numbers below
    /// `before` if it is given.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub async fn statement(
        &self,
        mint: &Mint,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Statement, Error> {
        let api = self.api(&mint.url);
        Ok(api.statement(api_token(mint)?, before, limit).await?)
    }
}

/// The API token of the account at a mint.
pub(crate) fn api_token(mint: &Mint) -> Result<&ApiToken, UsageError> {
    let missing = || UsageError::NoApiToken(mint.url.clone());
    mint.api_token.as_ref().ok_or_else(missing)
}
