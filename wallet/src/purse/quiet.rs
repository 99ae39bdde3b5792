//! The quiet after a payment, in which upkeep asks for nothing.

use super::Purse;
use super::tables::Batch;
use crate::error::Error;
use crate::records::Mint;
use crate::store::Store;
use crate::tend::{Random, Schedule};

impl<S: Store> Purse<S> {
    /// Writes down that a token of the mint at `url` is about to be shown to a site.
    ///
    /// # Errors
    /// [`Error::Store`]; [`crate::error::UsageError::Randomness`].
    pub(crate) async fn quieten(&self, url: &str) -> Result<(), Error> {
        let (now, mut random) = (self.now(), Random::of_system()?);
        let mint = self.tables.mint(Some(url)).await?;
        let new = || Schedule::new(now, &mut random);
        let mut schedule = mint.schedule.clone().unwrap_or_else(new);
        schedule.paid(now, &mut random);
        let mint = Mint {
            schedule: Some(schedule),
            ..mint
        };
        Ok(self.tables.apply(Batch::default().put(&mint)).await?)
    }
}
