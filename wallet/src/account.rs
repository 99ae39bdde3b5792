//! The account at a mint: what it holds, and what moved on it.

use farthing_client::Violation;
use farthing_protocol::api::{Account, Statement, path};

use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::{ApiToken, Http};
use crate::purse::tables::Tables;
use crate::records::Mint;
use crate::store::Store;

impl<S: Store> Tables<S> {
    pub(crate) async fn account_mint(&self, url: Option<&str>) -> Result<Mint, Error> {
        if url.is_none() {
            let mints = self.all::<Mint>().await?;
            if let Some(mint) = mints.into_iter().find(|mint| mint.api_token.is_some()) {
                return Ok(mint);
            }
        }
        self.mint(url).await
    }
}

impl<S: Store, H: Http> Engine<S, H> {
    pub(crate) async fn account(&self, mint: &Mint) -> Result<Account, Error> {
        let account = self.api(&mint.url).account(api_token(mint)?).await?;
        if account.unit != mint.unit {
            let violation = Violation::Answer {
                path: path::ACCOUNT.to_owned(),
                status: 200,
            };
            return Err(Error::violation(&mint.url, violation.into()));
        }
        Ok(account)
    }

    pub(crate) async fn statement(
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
