//! Settling what was left open: at each start, and when the holder asks.

use crate::error::payment::Unpayable;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::{Finished, Recovered, recovered};
use crate::ops::pay::stage;
use crate::purse::tables::Batch;
use crate::records::{Kind, Operation, Outcome, Stage};
use crate::retry::Observer;
use crate::store::Store;
use crate::wallet::Wallet;

impl<S: Store, H: Http> Wallet<S, H> {
    /// Settles every open operation: finishes it, undoes it, or leaves it open when its mint cannot
    /// be asked. To be called after opening the wallet. A restore that was broken off is named and left
    /// to [`Wallet::recover_all`], since it may take long; what a site has seen and did not charge is left to
    /// [`Wallet::swap_shown`]. Forgets receipts that have expired, and
    /// tokens handed out that were claimed a while ago.
    ///
    /// # Errors
    /// [`Error::Store`] alone; what the mints say is in the results.
    pub async fn recover(&mut self) -> Result<Vec<Recovered>, Error> {
        let mut found = Vec::new();
        for operation in self.tables.all::<Operation>().await? {
            if stage(&operation) == Some(Stage::Aside) {
                continue;
            }
            let result = match operation.kind {
                Kind::Pay => self.recover_payment(operation.clone()).await,
                Kind::Reclaim => self.recover_reclaim(operation.clone()).await,
                Kind::Restore => Err(UsageError::RestoreOpen(operation.mint.clone()).into()),
                Kind::Withdraw | Kind::Send | Kind::Receive | Kind::Redeem | Kind::Renew => {
                    self.run(operation.clone()).await
                }
            };
            found.push(recovered(&operation, result)?);
        }
        self.forget_expired().await?;
        self.forget_settled().await?;
        Ok(found)
    }

    /// [`Wallet::recover`], goes on with every restore that was broken off, and swaps at once what sites have
    /// seen and did not charge.
    ///
    /// # Errors
    /// [`Error::Store`] alone.
    pub async fn recover_all(
        &mut self,
        observer: &mut impl Observer,
    ) -> Result<Vec<Recovered>, Error> {
        let mut found = self.recover().await?;
        found.extend(self.swap_aside(|_| true).await?);
        let operations = self.tables.all::<Operation>().await?;
        found.retain(|recovered| recovered.kind != Kind::Restore);
        for operation in operations.into_iter().filter(|o| o.kind == Kind::Restore) {
            let result = self.recover_restore(&operation, observer).await;
            found.push(recovered(&operation, result)?);
        }
        found.sort_by_key(|recovered| recovered.id);
        Ok(found)
    }

    /// Ends an open operation that does not come to an end by itself: it is done if the mint says that
    /// it did it, and undone otherwise. A payment is taken back. Of a search by the phrase what it found
    /// is kept.
    ///
    /// # Errors
    /// [`Unpayable::NotOpen`]; [`Unpayable::Locked`] for a payment that only the site can spend;
    /// [`UsageError::NotEndable`] for a token that is being taken in, whose text the wallet alone may have;
    /// any error of a mint that cannot be asked. Then it stays open.
    pub async fn cancel(&mut self, id: u64) -> Result<Finished, Error> {
        let operation = self.tables.numbered::<Operation>(id).await?;
        let operation = operation.ok_or(Unpayable::NotOpen(id))?;
        match operation.kind {
            Kind::Pay => self.cancel_payment(id).await,
            Kind::Receive => Err(UsageError::NotEndable(id).into()),
            Kind::Restore => {
                let found = operation.search.as_ref().map_or(0, |s| s.found.amount);
                let unit = self.mint(Some(&operation.mint)).await?.unit;
                let found = Operation {
                    amount: found,
                    ..operation
                };
                let entry = self.entry(&found, &unit, Outcome::Done, 0);
                let batch = Batch::default().delete(&found).put(&entry);
                self.tables.apply(batch).await?;
                Ok(Finished { entry, sent: None })
            }
            Kind::Withdraw | Kind::Send | Kind::Redeem | Kind::Renew | Kind::Reclaim => {
                let ended = self.end(&operation).await;
                ended.map_err(|error| error.keeps_open(id))
            }
        }
    }

    /// Goes on with a restore.
    async fn recover_restore(
        &mut self,
        operation: &Operation,
        observer: &mut impl Observer,
    ) -> Result<Finished, Error> {
        let mint = self.mint(Some(&operation.mint)).await?;
        let restored = self.restore(&mint, observer).await?;
        let done = Operation {
            amount: restored.amount,
            ..operation.clone()
        };
        let entry = self.entry(&done, &mint.unit, Outcome::Done, 0);
        Ok(Finished { entry, sent: None })
    }
}
