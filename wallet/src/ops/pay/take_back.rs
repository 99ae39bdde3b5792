//! Taking a payment back, and settling one that was not answered: the mint says what is spent, and a
//! swap decides what is not.

use super::{Payments, Shown, stage};
use crate::error::Error;
use crate::error::payment::{Fate, Fault, Site, Unpayable};
use crate::http::Http;
use crate::operation::record::Finished;
use crate::purse::tables::Batch;
use crate::records::{Bought, Operation, Stage, worth};
use crate::store::Store;

/// For how long a payment without an answer is left to be sent again, before it is taken back.
const OPEN_S: u64 = 60 * 60;

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// Takes back a payment that is open. The mint decides: what the site has redeemed was paid.
    ///
    /// # Errors
    /// [`Unpayable::NotOpen`]; [`Unpayable::Locked`] for tokens that only the site can spend.
    pub(crate) async fn cancel(&self, id: u64) -> Result<Finished, Error> {
        let payment = self.engine.purse.tables.numbered::<Operation>(id).await?;
        let payment = payment
            .filter(|payment| payment.purchase().is_some())
            .ok_or(Unpayable::NotOpen(id))?;
        if payment.purchase().is_some_and(|p| p.lock.is_some()) {
            return Err(Unpayable::Locked(id).into());
        }
        self.take_back(payment).await
    }

    /// Swaps what a site was shown, as far as it has not redeemed it.
    ///
    /// # Errors
    /// When the mint cannot be asked: the operation stays open.
    pub(crate) async fn take_back(&self, mut operation: Operation) -> Result<Finished, Error> {
        match stage(&operation) {
            Some(Stage::TakeBack) => return self.engine.run(operation).await,
            Some(Stage::Prepare) => operation = self.run_prepare(operation).await?,
            Some(Stage::Present | Stage::Aside) | None => {}
        }
        self.engine.take_back(operation, &[]).await
    }

    /// Settles a payment that was not answered, by what the mint says of its inputs.
    ///
    /// # Errors
    /// [`Fault::Waiting`] while it is left to be sent again.
    pub(crate) async fn recover(&self, mut operation: Operation) -> Result<Finished, Error> {
        match stage(&operation) {
            Some(Stage::Present) => {}
            Some(Stage::Aside) => return self.take_back(operation).await,
            Some(Stage::Prepare) => operation = self.run_prepare(operation).await?,
            Some(Stage::TakeBack) | None => return self.engine.run(operation).await,
        }
        let shown = self.shown(operation).await?;
        let Shown {
            operation,
            purchase,
            ..
        } = &shown;
        let spent = self.engine.spent(&operation.mint, &operation.inputs).await;
        let spent = spent.map_err(|error| error.keeps_open(operation.id))?;
        if spent.is_empty() && self.engine.purse.now() < operation.begun + OPEN_S {
            return Err(Error::Site(Site {
                site: purchase.item.site(),
                fault: Fault::Waiting,
                fate: self.still_open(&shown),
            }));
        }
        // What is locked to the site is the site's, whether or not it has redeemed it yet.
        let gone = match purchase.lock {
            Some(_) => operation.inputs.clone(),
            None => spent,
        };
        self.engine.take_back(shown.operation, &gone).await
    }

    /// A payment that is shown to its site.
    ///
    /// # Errors
    /// [`Unpayable::NotOpen`] for any other operation.
    pub(super) async fn shown(&self, operation: Operation) -> Result<Shown, Error> {
        let purchase = operation.purchase().cloned();
        Ok(Shown {
            purchase: purchase.ok_or(Unpayable::NotOpen(operation.id))?,
            mint: self.engine.purse.tables.mint(Some(&operation.mint)).await?,
            operation,
        })
    }

    /// Returns where the money of an open payment is, for messages.
    pub(super) fn still_open(&self, shown: &Shown) -> Fate {
        let Shown {
            operation,
            purchase,
            mint,
        } = shown;
        let left_s = (operation.begun + OPEN_S).saturating_sub(self.engine.purse.now());
        Fate::Open {
            id: operation.id,
            held: worth(&operation.inputs),
            minutes: left_s.div_ceil(60),
            subject: purchase.item.subject(),
            locked: purchase.lock.is_some(),
            unit: mint.shown_in(),
        }
    }

    /// Forgets what was bought and cannot be had again any more.
    pub(crate) async fn forget_expired(&self) -> Result<(), Error> {
        let now = self.engine.purse.now();
        for bought in self.engine.purse.tables.all::<Bought>().await? {
            if bought.until <= now {
                let batch = Batch::default().delete(&bought);
                self.engine.purse.tables.apply(batch).await?;
            }
        }
        Ok(())
    }
}
