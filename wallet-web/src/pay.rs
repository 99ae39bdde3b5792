//! Paying for pages: what a link asks for, and what came of it.

use farthing_protocol::payment::{PaymentRequest, header};
use farthing_wallet::error::UsageError;
use farthing_wallet::error::payment::{RequestFault, Unpayable};
use farthing_wallet::pay::offer::{Offer, PayOptions};
use farthing_wallet::records::PaymentProof;
use farthing_wallet::{Answer, Error, PageRequest, Payment, Unit, Visit, printable};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::amount;
use crate::failure::explanation;
use crate::http::SitePage;
use crate::site::PayLink;
use crate::view;
use crate::wallet::{FarthingWallet, Result, list, text};

/// Reads a payment request without a wallet: `{"amount", "unit", "mints", "what"}`. How many decimals the unit
/// has, its mint says.
#[wasm_bindgen(js_name = readRequest)]
pub fn read_request(request: String) -> Result<String> {
    let site = "the site".to_owned();
    let request = PaymentRequest::decode(&request).map_err(|error| {
        let reason = RequestFault::Malformed(error);
        Unpayable::Request { site, reason }
    })?;
    text(json!({
        "amount": request.amount,
        "unit": request.unit.as_deref().map(printable),
        "mints": request.mints.iter().map(|url| printable(url)).collect::<Vec<_>>(),
        "what": request.description.as_deref().map(printable),
    }))
}

#[wasm_bindgen]
impl FarthingWallet {
    /// What a link asks for. Nothing new is paid; a payment for the same page that was begun before is gone on
    /// with, and then its end is in `payment`. With `receipt_refused` the receipt of an earlier payment is
    /// left aside, because the site did not take it.
    pub async fn offer(
        &mut self,
        request: String,
        url: String,
        keysets: Option<String>,
        receipt_refused: Option<bool>,
    ) -> Result<String> {
        let visit = self.visit(request, &url, keysets, receipt_refused).await?;
        match visit {
            Ok(Visit::Priced(offer)) => self.offered(&offer).await,
            Ok(Visit::Answer(answer)) => {
                let payment = self.payment(&answer, &url).await?;
                text(json!({"url": url, "payment": payment}))
            }
            Err(Error::Usage(UsageError::Insufficient {
                needed,
                available,
                unit,
            })) => text(price(&url, &unit, needed, available, false)),
            Err(error) => Err(error.into()),
        }
    }

    /// Pays what a link asks for. What nobody has `agreed` to is paid within the site's budget alone.
    pub async fn pay(
        &mut self,
        request: String,
        url: String,
        keysets: Option<String>,
        agreed: bool,
        receipt_refused: Option<bool>,
    ) -> Result<String> {
        let visit = self.visit(request, &url, keysets, receipt_refused).await?;
        let answer = match visit? {
            Visit::Answer(answer) => answer,
            Visit::Priced(offer) if agreed || offer.within_budget => {
                self.ready().await?.payments().pay(&offer).await?
            }
            Visit::Priced(offer) => {
                let (amount, unit) = (offer.amount, offer.shown_in());
                return Err(Unpayable::NotAgreed { amount, unit }.into());
            }
        };
        text(self.payment(&answer, &url).await?)
    }

    /// All budgets, by site.
    pub async fn budgets(&mut self) -> Result<String> {
        let budgets = self.ready().await?.budgets().all().await?;
        let mints = self.known_mints().await?;
        list(budgets.iter().map(|budget| view::budget(budget, &mints)))
    }

    /// Allows payments to a site without asking, in the unit of a mint: up to `per_item` each, and up to
    /// `per_day` in a UTC day. Replaces what was set before.
    #[wasm_bindgen(js_name = setBudget)]
    pub async fn set_budget(
        &mut self,
        site: String,
        mint: Option<String>,
        per_item: String,
        per_day: String,
    ) -> Result<String> {
        let wallet = self.ready().await?;
        let mint = wallet.mint(mint.as_deref()).await?;
        let read = |text: &str| amount::read(text, &mint.shown_in());
        let (per_item, per_day) = (read(&per_item)?, read(&per_day)?);
        let budget = wallet
            .budgets()
            .set(&site, &mint, per_item, per_day)
            .await?;
        let mints = self.known_mints().await?;
        text(view::budget(&budget, &mints))
    }

    /// Takes a budget back: payments to the site are asked about again.
    #[wasm_bindgen(js_name = removeBudget)]
    pub async fn remove_budget(&mut self, site: String) -> Result<()> {
        self.ready().await?.budgets().remove(&site).await?;
        Ok(())
    }

    /// What was paid, by site and UTC day, on the last `days` days or ever; oldest first.
    pub async fn spent(&mut self, days: Option<u32>) -> Result<String> {
        let wallet = self.ready().await?;
        let spent = wallet.budgets().spent(days.map(u64::from)).await?;
        let mints = self.known_mints().await?;
        list(spent.iter().map(|spent| view::spent(spent, &mints)))
    }
}

impl FarthingWallet {
    /// Asks for the page of a link.
    async fn visit(
        &mut self,
        request: String,
        url: &str,
        keysets: Option<String>,
        receipt_refused: Option<bool>,
    ) -> Result<std::result::Result<Visit<SitePage>, Error>> {
        self.fetch.link.replace(Some(PayLink {
            request,
            keysets,
            receipt_refused: receipt_refused.unwrap_or_default(),
        }));
        let request = PageRequest::get(url);
        let options = PayOptions::default();
        Ok(self
            .ready()
            .await?
            .payments()
            .visit(&request, &options)
            .await)
    }

    /// [`price`] of an offer, with `"site"`, `"what"`, `"mint"`, `"mintName"`, `"left"`, `"leftShown"` and
    /// `"budget": null | {…}`.
    #[expect(clippy::indexing_slicing, reason = "an object takes every key")]
    async fn offered(&mut self, offer: &Offer) -> Result<String> {
        let mint = self.mint(offer.mint()).await?;
        let budgets = self.ready().await?.budgets().all().await?;
        let budget = budgets.iter().find(|budget| budget.site == offer.site);
        let mints = self.known_mints().await?;
        let (unit, available) = (offer.shown_in(), offer.available);
        let left = available.saturating_sub(offer.amount);
        let mut json = price(&offer.item.url, &unit, offer.amount, available, true);
        json["site"] = json!(offer.site);
        json["what"] = json!(offer.description);
        json["mint"] = json!(offer.mint());
        json["mintName"] = json!(mint.name);
        json["left"] = json!(left);
        json["leftShown"] = json!(unit.show(left));
        json["withinBudget"] = json!(offer.within_budget);
        json["budget"] = json!(budget.map(|budget| view::budget(budget, &mints)));
        json["paidBefore"] = json!(offer.paid_before);
        text(json)
    }

    /// [`view::payment`] of an answer, with `"url"`, `"receipt"` and `"explanation"`.
    #[expect(clippy::indexing_slicing, reason = "an object takes every key")]
    async fn payment(&self, answer: &Answer<SitePage>, url: &str) -> Result<Value> {
        let mints = self.known_mints().await?;
        let mut json = view::payment(&answer.payment, &mints);
        let receipt = match &answer.payment {
            Payment::Before(bought) => match &bought.proof {
                PaymentProof::Receipt(receipt) => Some(receipt.expose()),
                PaymentProof::Token { .. } => None,
            },
            _ => None,
        };
        let receipt = receipt.or_else(|| answer.head().first(header::RECEIPT));
        let told = answer.payment.explain();
        json["url"] = url.into();
        json["receipt"] = receipt.into();
        json["explanation"] = told.as_ref().map(explanation).into();
        Ok(json)
    }
}

/// `{"url", "amount", "shown", "available", "availableShown", "enough", "withinBudget": false,
/// "paidBefore": false, "payment": null}`.
fn price(url: &str, unit: &Unit, amount: u64, available: u64, enough: bool) -> Value {
    json!({
        "url": url,
        "amount": amount,
        "shown": unit.show(amount),
        "available": available,
        "availableShown": unit.show(available),
        "enough": enough,
        "withinBudget": false,
        "paidBefore": false,
        "payment": null,
    })
}
