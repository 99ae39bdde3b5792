//! Settling what was left open: at each start, and when the holder asks.

use crate::engine::Engine;
use crate::error::payment::Unpayable;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::{Finished, Recovered, recovered};
use crate::operation::settle::Settlement;
use crate::ops::pay::{Payments, stage};
use crate::ops::restore::Restore;
use crate::ops::sent::SentTokens;
use crate::records::{Detail, Kind, Operation, Outcome, Stage};
use crate::retry::Observer;
use crate::store::Store;

/// The operations that are open, to be settled.
pub(crate) struct Recovery<'a, S, H> {
    engine: &'a Engine<S, H>,
}

impl<'a, S, H> Recovery<'a, S, H> {
    pub(crate) fn of(engine: &'a Engine<S, H>) -> Self {
        Self { engine }
    }
}

impl<S: Store, H: Http> Recovery<'_, S, H> {
    pub(crate) async fn run(&self) -> Result<Vec<Recovered>, Error> {
        let engine = self.engine;
        let (payments, sent) = (Payments::of(engine), SentTokens::of(engine));
        let mut found = Vec::new();
        for operation in self.engine.purse.tables.all::<Operation>().await? {
            if stage(&operation) == Some(Stage::Aside) {
                continue;
            }
            let result = match operation.kind {
                Kind::Pay => payments.recover(operation.clone()).await,
                Kind::Reclaim => sent.recover_reclaim(operation.clone()).await,
                Kind::Restore => Err(UsageError::RestoreOpen(operation.mint.clone()).into()),
                Kind::Withdraw | Kind::Send | Kind::Receive | Kind::Redeem | Kind::Renew => {
                    self.engine.run(operation.clone()).await
                }
            };
            found.push(recovered(&operation, result)?);
        }
        payments.forget_expired().await?;
        sent.forget_settled().await?;
        Ok(found)
    }

    pub(crate) async fn run_all(
        &self,
        observer: &mut impl Observer,
    ) -> Result<Vec<Recovered>, Error> {
        let mut found = self.run().await?;
        found.extend(Payments::of(self.engine).swap_aside(|_| true).await?);
        let operations = self.engine.purse.tables.all::<Operation>().await?;
        found.retain(|recovered| recovered.kind != Kind::Restore);
        for operation in operations.into_iter().filter(|o| o.kind == Kind::Restore) {
            let result = self.recover_restore(&operation, observer).await;
            found.push(recovered(&operation, result)?);
        }
        found.sort_by_key(|recovered| recovered.id);
        Ok(found)
    }

    pub(crate) async fn cancel(&self, id: u64) -> Result<Finished, Error> {
        let operation = self.engine.purse.tables.numbered::<Operation>(id).await?;
        let operation = operation.ok_or(Unpayable::NotOpen(id))?;
        match operation.kind {
            Kind::Pay => Payments::of(self.engine).cancel(id).await,
            Kind::Receive => Err(UsageError::NotEndable(id).into()),
            Kind::Restore => {
                let found = match &operation.detail {
                    Detail::Search(search) => search.found.amount,
                    Detail::Nothing | Detail::Payment(_) => 0,
                };
                let unit = self
                    .engine
                    .purse
                    .tables
                    .mint(Some(&operation.mint))
                    .await?
                    .unit;
                let found = Operation {
                    amount: found,
                    ..operation
                };
                let entry = self.engine.purse.entry(&found, &unit, Outcome::Done, 0);
                self.engine
                    .purse
                    .settle(&found, entry, Settlement::default())
                    .await
            }
            Kind::Withdraw | Kind::Send | Kind::Redeem | Kind::Renew | Kind::Reclaim => {
                let ended = self.engine.end(&operation).await;
                ended.map_err(|error| error.keeps_open(id))
            }
        }
    }

    /// Goes on with a restore.
    async fn recover_restore(
        &self,
        operation: &Operation,
        observer: &mut impl Observer,
    ) -> Result<Finished, Error> {
        let mint = self.engine.purse.tables.mint(Some(&operation.mint)).await?;
        let restored = Restore::at(self.engine, &mint).await?.run(observer).await?;
        let done = Operation {
            amount: restored.amount,
            ..operation.clone()
        };
        let entry = self.engine.purse.entry(&done, &mint.unit, Outcome::Done, 0);
        Ok(Finished { entry, sent: None })
    }
}
