//! Planning with what the wallet has at a mint, and running what was planned.

use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::{Draft, Finished};
use crate::purse::holdings::Holdings;
use crate::records::Mint;
use crate::store::Store;

impl<S: Store, H: Http> Engine<S, H> {
    /// Plans with what the wallet has at a mint. Where a plan fails because of a clock, the error says so.
    pub(crate) async fn planned<T>(
        &self,
        mint: &Mint,
        plan: impl FnOnce(&Holdings) -> Result<T, UsageError>,
    ) -> Result<(Holdings, T), Error> {
        let held = self.purse.holdings(mint).await?;
        match plan(&held) {
            Ok(planned) => Ok((held, planned)),
            Err(error) => Err(self.or_clock(mint, error.into()).await),
        }
    }

    /// Begins one operation and runs it.
    pub(crate) async fn exchange(&self, mint: &Mint, draft: Draft) -> Result<Finished, Error> {
        let operation = self.purse.begin_one(mint, draft).await?;
        self.run(operation).await
    }
}

/// Whether an amount is more than nothing.
///
/// # Errors
/// [`UsageError::AmountZero`].
pub(crate) fn positive(amount: u64) -> Result<(), UsageError> {
    (amount > 0).then_some(()).ok_or(UsageError::AmountZero)
}
