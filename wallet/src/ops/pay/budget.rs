//! What may be paid to a site without asking, and what was paid.

use std::collections::BTreeMap;

use super::offer::{Offer, site_url};
use crate::error::Error;
use crate::error::payment::Unpayable;
use crate::purse::Purse;
use crate::purse::tables::Batch;
use crate::records::{Budget, Entry, Kind, Mint, Operation, Outcome, Purchase, Stage};
use crate::store::Store;
use crate::time::DAY_S;

/// What was paid to a site on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The day's first second, Unix time (UTC).
    pub day: u64,
    /// The site.
    pub site: String,
    /// The unit.
    pub unit: String,
    /// How much, with the change that the site kept.
    pub amount: u64,
    /// In how many payments.
    pub payments: u64,
}

/// What may be paid to sites without asking, and what was paid.
pub struct Budgets<'a, S> {
    pub(crate) purse: &'a Purse<S>,
}

impl<S: Store> Budgets<'_, S> {
    /// Allows payments to a site without asking, in the unit of `mint`; replaces what was set before.
    ///
    /// # Errors
    /// [`Unpayable::SiteUrl`].
    pub async fn set(
        &self,
        site: &str,
        mint: &Mint,
        per_item: u64,
        per_day: u64,
    ) -> Result<Budget, Error> {
        let budget = Budget {
            site: site_url(site)?,
            unit: mint.unit.clone(),
            per_item,
            per_day,
        };
        let batch = Batch::default().put(&budget);
        self.purse.tables.apply(batch).await?;
        Ok(budget)
    }

    /// All budgets, by site.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn all(&self) -> Result<Vec<Budget>, Error> {
        Ok(self.purse.tables.all::<Budget>().await?)
    }

    /// Takes a budget back: payments to the site are asked about again.
    ///
    /// # Errors
    /// [`Unpayable::NoBudget`], [`Unpayable::SiteUrl`].
    pub async fn remove(&self, site: &str) -> Result<Budget, Error> {
        let site = site_url(site)?;
        let budget = self.purse.tables.get::<Budget>(&site).await?;
        let budget = budget.ok_or_else(|| Unpayable::NoBudget(site.clone()))?;
        let batch = Batch::default().delete(&budget);
        self.purse.tables.apply(batch).await?;
        Ok(budget)
    }

    /// Returns what was paid, by site and UTC day, on the last `days` days (today is the first of them) or
    /// ever; oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn spent(&self, days: Option<u64>) -> Result<Vec<Spent>, Error> {
        let today = self.purse.now() / DAY_S;
        let first = days.map_or(0, |days| (today + 1).saturating_sub(days));
        let mut sums: BTreeMap<(u64, String, String), (u64, u64)> = BTreeMap::new();
        for entry in self.purse.tables.all::<Entry>().await? {
            let day = entry.time / DAY_S;
            if let Some((site, amount)) = paid(&entry).filter(|_| day >= first) {
                let key = (day, site.to_owned(), entry.unit.clone());
                let (sum, payments) = sums.entry(key).or_default();
                *sum = sum.saturating_add(amount);
                *payments += 1;
            }
        }
        let spent = |((day, site, unit), (amount, payments))| Spent {
            day: day * DAY_S,
            site,
            unit,
            amount,
            payments,
        };
        Ok(sums.into_iter().map(spent).collect())
    }

    /// Returns whether an offer is covered by its site's budget. What is still open counts as paid, also what the
    /// site says it did not charge, but for what would pay now.
    pub(crate) async fn cover(&self, offer: &Offer) -> Result<bool, Error> {
        let budget = self.purse.tables.get::<Budget>(&offer.site).await?;
        let fits = |b: &Budget| b.unit == offer.unit() && offer.amount <= b.per_item;
        let Some(budget) = budget.filter(fits) else {
            return Ok(false);
        };
        let spent = self.spent(Some(1)).await?;
        let here = spent
            .iter()
            .filter(|s| s.site == offer.site && s.unit == budget.unit);
        let mut sum = here.fold(offer.amount, |sum, s| sum.saturating_add(s.amount));
        for operation in self.purse.tables.all::<Operation>().await? {
            let purchase = operation.purchase();
            let for_this = |p: &&Purchase| p.stage == Stage::Aside && p.item == offer.item;
            let others = purchase.filter(|purchase| !for_this(purchase));
            if others.is_some_and(|purchase| purchase.item.site() == offer.site) {
                sum = sum.saturating_add(operation.amount);
            }
        }
        Ok(sum <= budget.per_day)
    }
}

/// The site of a payment that was made, and what it got.
fn paid(entry: &Entry) -> Option<(&str, u64)> {
    let site = entry.site.as_deref()?;
    let made = entry.kind == Kind::Pay && entry.outcome == Outcome::Done;
    made.then(|| (site, entry.amount.saturating_add(entry.lost)))
}
