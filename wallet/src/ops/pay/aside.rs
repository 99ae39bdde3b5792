//! Tokens that a site has seen and did not charge.
//!
//! Whoever has seen a token can spend it, so it is swapped. But not at once: a mint that has just refused a
//! publisher's redemption, or is about to see another one, would learn from whose address the payment came.
//! So the payment is kept aside. The same token pays when the same is bought again; else it is swapped at a
//! quiet moment, some time later, where the wallet talks to the mint anyway.

use farthing_protocol::ErrorCode;
use farthing_protocol::payment::change::encode_outputs;

use super::offer::Offer;
use super::{Payments, Shown};
use crate::error::payment::Fate;
use crate::error::{Error, StoreError, UsageError};
use crate::http::Http;
use crate::operation::record::{Draft, Recovered, recovered};
use crate::purse::outputs;
use crate::purse::tables::Batch;
use crate::records::{Aside, Detail, Item, Operation, Purchase, Stage, worth};
use crate::store::Store;
use crate::tend::{Random, quiet_s};

/// Refusals after which the same token would be refused again.
const OF_THE_TOKEN: [ErrorCode; 8] = [
    ErrorCode::TokenBound,
    ErrorCode::AlreadySpent,
    ErrorCode::ProofsPending,
    ErrorCode::ProofInvalid,
    ErrorCode::LockMismatch,
    ErrorCode::MintUnsupported,
    ErrorCode::UnitUnsupported,
    ErrorCode::UnitMismatch,
];

/// Returns whether the token of a payment that is kept aside can take an offer.
pub(super) fn pays(operation: &Operation, offer: &Offer) -> bool {
    let held = worth(&operation.inputs);
    let fits = held == offer.amount || (held > offer.amount && offer.gives_change);
    fits && offer.lock.is_none()
}

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// Keeps the token of a payment aside that the site did not charge; `code` is that of its refusal.
    pub(super) async fn keep_aside(
        &self,
        shown: Shown,
        code: Option<ErrorCode>,
    ) -> Result<Fate, Error> {
        let Shown {
            mut operation,
            mut purchase,
            mint,
        } = shown;
        let quiet = quiet_s(&mut Random::of_system()?);
        purchase.stage = Stage::Aside;
        purchase.change.append(&mut operation.outputs);
        purchase.aside = Some(Aside {
            until: self.engine.purse.now().saturating_add(quiet),
            pays_again: code.is_none_or(|code| !OF_THE_TOKEN.contains(&code)),
        });
        operation.detail = Detail::Payment(purchase);
        let batch = Batch::default().put(&operation);
        self.engine.purse.tables.apply(batch).await?;
        Ok(Fate::Aside {
            id: operation.id,
            held: worth(&operation.inputs),
            unit: mint.shown_in(),
        })
    }

    /// Begins a payment with the token of one that is kept aside, in its place.
    pub(super) async fn show_aside(
        &self,
        aside: Operation,
        draft: Draft,
    ) -> Result<Operation, Error> {
        let mint = self.engine.purse.tables.mint(Some(&aside.mint)).await?;
        let lane = mint
            .lane
            .ok_or_else(|| UsageError::NotRestored(mint.url.clone()))?;
        let mut counters = self
            .engine
            .purse
            .tables
            .counters(&draft.requests, lane)
            .await?;
        let (outputs, messages) =
            outputs::plan(&self.engine.purse.seed, &mut counters, &draft.requests);
        let before = aside.purchase().expect("what is kept aside is a payment");
        let purchase = Purchase {
            outputs: encode_outputs(&messages),
            // The site may yet turn out to have redeemed it the first time.
            change: before.change.clone(),
            ..draft.purchase.expect("a draft of a payment")
        };
        let operation = Operation {
            begun: self.engine.purse.now(),
            outputs,
            amount: draft.amount,
            fee: draft.fee,
            memo: draft.memo,
            detail: Detail::Payment(purchase),
            ..aside
        };
        let batch = counters.put(Batch::default().put(&operation));
        self.engine.purse.tables.apply(batch).await?;
        Ok(operation)
    }

    /// The payments kept aside whose token can be shown to the site of `item` once more: first the one for
    /// the same item.
    pub(super) async fn aside_for(
        &self,
        item: &Item,
        mint: &str,
    ) -> Result<Vec<Operation>, StoreError> {
        let mut operations = self.engine.purse.tables.all::<Operation>().await?;
        operations.retain(|operation| {
            let purchase = operation.purchase();
            operation.mint == mint
                && purchase.is_some_and(|p| {
                    p.aside.as_ref().is_some_and(|aside| aside.pays_again)
                        && p.stage == Stage::Aside
                        && p.item.site() == item.site()
                })
        });
        operations.sort_by_key(|o| o.purchase().is_none_or(|p| p.item != *item));
        Ok(operations)
    }
}

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// Swaps tokens that sites have seen and did not charge, of those whose time has come: `waited` seconds
    /// more than the time drawn for them. To be called at a quiet moment, where a mint is asked for something
    /// anyway: neither beside a payment, nor beside a request that names the account.
    ///
    /// # Errors
    /// [`Error::Store`] alone; what the mints say is in the results.
    pub async fn swap_shown(&self, waited: u64) -> Result<Vec<Recovered>, Error> {
        let now = self.engine.purse.now();
        self.swap_aside(|aside| aside.until.saturating_add(waited) <= now)
            .await
    }

    /// The time from which the first of those kept aside at a mint is to be swapped, if there is one.
    pub(crate) async fn first_shown(
        &self,
        mint: &str,
    ) -> Result<Option<(u64, Operation)>, StoreError> {
        let operations = self
            .engine
            .purse
            .tables
            .all::<Operation>()
            .await?
            .into_iter();
        let aside = operations.filter(|operation| operation.mint == mint);
        let aside = aside.filter_map(|operation| {
            let purchase = operation.purchase().filter(|p| p.stage == Stage::Aside)?;
            let until = purchase.aside.as_ref().map_or(0, |aside| aside.until);
            Some((until, operation))
        });
        Ok(aside.min_by_key(|(until, _)| *until))
    }

    /// Swaps the first of those kept aside at a mint.
    pub(crate) async fn swap_first_shown(&self, mint: &str) -> Result<Vec<Recovered>, Error> {
        let Some((_, operation)) = self.first_shown(mint).await? else {
            return Ok(Vec::new());
        };
        let result = self.take_back(operation.clone()).await;
        Ok(vec![recovered(&operation, result)?])
    }

    /// Swaps those kept aside that are due.
    pub(crate) async fn swap_aside(
        &self,
        is_due: impl Fn(&Aside) -> bool,
    ) -> Result<Vec<Recovered>, Error> {
        let mut found = Vec::new();
        for operation in self.engine.purse.tables.all::<Operation>().await? {
            let aside = operation.purchase().filter(|p| p.stage == Stage::Aside);
            if aside.is_some_and(|p| p.aside.as_ref().is_none_or(&is_due)) {
                let result = self.take_back(operation.clone()).await;
                found.push(recovered(&operation, result)?);
            }
        }
        Ok(found)
    }
}
