//! Showing a token to a site, and what follows from its answer.

use farthing_protocol::error_code::ErrorBody;
use farthing_protocol::payment::header;
use farthing_protocol::text::printable;
use farthing_protocol::{ErrorCode, Secret};

use super::answer::{Charged, NotCharged, receipt_again};
use super::outcome::{Answer, Payment};
use super::{Payments, Shown, silent};
use crate::error::Error;
use crate::error::payment::{Fate, Fault, Site, Unpayable};
use crate::http::Http;
use crate::operation::settle::Settlement;
use crate::purse::tables::Batch;
use crate::records::{Bought, Coin, Entry, Operation, Outcome, PaymentProof, worth};
use crate::store::Store;
use crate::web::{Page, PageRequest, Web};

/// How much of an answer that may be a refusal is read to find out.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

impl<S: Store, H: Http + Web> Payments<'_, S, H> {
    /// Sends the request of a payment, and settles it by the head of the answer, if that can be.
    ///
    /// # Errors
    /// [`Error::Site`] when no page came; it says where the money is.
    pub(crate) async fn present(
        &self,
        operation: Operation,
        request: &PageRequest,
    ) -> Result<Answer<H::Page>, Error> {
        let shown = self.shown(operation).await?;
        let not_open = || Unpayable::NotOpen(shown.operation.id);
        let token = shown.purchase.token.clone().ok_or_else(not_open)?;
        let keysets = self.engine.purse.tables.keysets(&shown.mint.url).await?;
        let paying = paying(request, token, shown.purchase.outputs.as_ref());
        self.engine.purse.quieten(&shown.mint.url).await?;
        let page = self.engine.http.open(&paying).await.map_err(|error| {
            let fate = self.still_open(&shown);
            silent(shown.purchase.item.site(), error, fate)
        })?;
        let not_charged = match self.charged(&shown, &keysets, page.head()) {
            Ok(charged) => {
                let until = charged.until;
                let entry = self.settle_paid(&shown, charged).await?;
                let payment = Payment::Paid { entry, until };
                return Ok(Answer::new(request, payment, page));
            }
            Err(not_charged) => not_charged,
        };
        let answer = Answer::new(request, Payment::Free, page);
        self.not_charged(shown, not_charged, answer).await
    }

    /// The site charged it: the change goes into the balance, the receipt is kept.
    async fn settle_paid(&self, shown: &Shown, charged: Charged) -> Result<Entry, Error> {
        let (operation, mint) = (&shown.operation, &shown.mint);
        let entry = self
            .engine
            .purse
            .entry(operation, &mint.unit, Outcome::Done, 0);
        let proof = PaymentProof::Receipt(charged.receipt);
        let bought = Bought::new(&entry, &shown.purchase, charged.until, proof);
        let settlement = Settlement {
            bought: Some(bought),
            kept: Coin::of_mint(&mint.url, charged.change),
            signed: operation.outputs.clone(),
            ..Settlement::default()
        };
        Ok(self
            .engine
            .purse
            .settle(operation, entry, settlement)
            .await?
            .entry)
    }

    /// Keeps a receipt that is true, of an answer that is not.
    async fn keep_receipt(
        &self,
        shown: &Shown,
        (receipt, until): (Secret, u64),
    ) -> Result<(), Error> {
        let unit = &shown.mint.unit;
        let entry = self
            .engine
            .purse
            .entry(&shown.operation, unit, Outcome::Done, 0);
        let proof = PaymentProof::Receipt(receipt);
        let bought = Bought::new(&entry, &shown.purchase, until, proof);
        let batch = Batch::default().put(&bought);
        Ok(self.engine.purse.tables.apply(batch).await?)
    }

    /// An answer without a receipt that verifies: the mint decides what became of the money.
    async fn not_charged(
        &self,
        payment: Shown,
        why: NotCharged,
        mut answer: Answer<H::Page>,
    ) -> Result<Answer<H::Page>, Error> {
        let site = payment.purchase.item.site();
        let unit = payment.mint.shown_in();
        let open = self.still_open(&payment);
        let refused = answer.refusal().await;
        let code = refused.as_ref().map(|(_, code, _)| *code);
        let has_receipt = why.receipt.is_some();
        let fault = match refused {
            Some((503, ErrorCode::Unavailable, detail)) => {
                return Err(Error::Site(Site {
                    fate: open,
                    fault: Fault::MintUnasked(detail),
                    site,
                }));
            }
            Some((status @ (400 | 402), code, detail)) => Some(Fault::Refused {
                status,
                code: code.number(),
                detail,
            }),
            Some(_) | None => None,
        };
        if let Some(receipt) = why.receipt {
            self.keep_receipt(&payment, receipt).await?;
        }
        let shown = worth(&payment.operation.inputs);
        // An answer that publishers charge for and that has no receipt is settled by the mint at once, and
        // so is a refusal after which the wallet has to learn where it stands. Else nothing is asked of the
        // mint now.
        let is_delivered = matches!(answer.head().status, 101 | 200..=299 | 304);
        let is_refused = fault.is_some() && code != Some(ErrorCode::AlreadySigned);
        answer.payment = if payment.purchase.lock.is_some() {
            Payment::Open(open)
        } else if !has_receipt && (is_refused || (fault.is_none() && !is_delivered)) {
            Payment::Aside(self.keep_aside(payment, code).await?)
        } else {
            match self.take_back(payment.operation).await {
                Ok(done) if done.entry.outcome == Outcome::Undone => Payment::NotCharged {
                    returned: shown.saturating_sub(done.entry.fee),
                    entry: done.entry,
                    unit,
                },
                Ok(done) => Payment::Taken {
                    entry: done.entry,
                    fault: why.fault,
                    unit,
                },
                Err(Error::Store(error)) => return Err(error.into()),
                // The operation is kept, and the next start asks the mint again.
                Err(_) => Payment::Open(open.no_more_time()),
            }
        };
        match fault {
            None => Ok(answer),
            Some(fault) => Err(Error::Site(Site {
                site,
                fault,
                fate: answer.payment.fate(),
            })),
        }
    }

    /// Asks for something again that the mint says was paid, and that came without a receipt; `None`
    /// when there is a receipt, or the site refuses the token.
    pub(crate) async fn show_again(
        &self,
        bought: &Bought,
        request: &PageRequest,
    ) -> Result<Option<Answer<H::Page>>, Error> {
        let PaymentProof::Token { token, outputs } = &bought.proof else {
            return Ok(None);
        };
        let site = bought.item.site();
        let paying = paying(request, token.clone(), outputs.as_ref());
        let page = self.engine.http.open(&paying).await;
        let page = page.map_err(|error| silent(site.clone(), error, Fate::PaidBefore))?;
        let receipt = receipt_again(bought, page.head());
        if let Some(bought) = &receipt {
            let batch = Batch::default().put(bought);
            self.engine.purse.tables.apply(batch).await?;
        }
        let bought = receipt.unwrap_or_else(|| bought.clone());
        let mut answer = Answer::new(request, Payment::Before(bought), page);
        match answer.refusal().await {
            Some((503, ErrorCode::Unavailable, detail)) => Err(Error::Site(Site {
                site,
                fault: Fault::MintUnasked(detail),
                fate: Fate::PaidBefore,
            })),
            Some((400 | 402, ..)) => Ok(None),
            Some(_) | None => Ok(Some(answer)),
        }
    }
}

impl<P: Page> Answer<P> {
    /// The refusal that the body of an error is, if it is one of section 12.4: status, code and words.
    /// What is read of the body for it stays with the answer.
    async fn refusal(&mut self) -> Option<(u16, ErrorCode, String)> {
        let status = self.page.head().status;
        let json = self.page.head().first("content-type");
        let json = json.is_some_and(|kind| kind.starts_with("application/json"));
        if !matches!(status, 400 | 402 | 502 | 503) || !json {
            return None;
        }
        let mut begun = Vec::new();
        while begun.len() < REFUSAL_BYTES_MAX
            && let Ok(Some(chunk)) = self.page.chunk().await
        {
            begun.extend_from_slice(&chunk);
        }
        let body: Option<ErrorBody> = farthing_protocol::json::from_slice(&begun).ok();
        self.begun = Some(begun);
        let body = body?;
        let code = ErrorCode::from_number(body.code)?;
        Some((status, code, printable(&body.detail)))
    }
}

/// The request of a payment.
fn paying(request: &PageRequest, token: Secret, outputs: Option<&String>) -> PageRequest {
    let request = request.clone().with(header::CASHU, token);
    match outputs {
        Some(outputs) => request.with(header::OUTPUTS, Secret::new(outputs.clone())),
        None => request,
    }
}
