//! Seeing payments through, and noticing those that come in.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use farthing_protocol::cashu::QuoteId;

use super::{Cashier, POISONED, SHOWN_S};
use crate::clock;
use crate::domain::{MeltQuote, MeltState, MintQuote};
use crate::engine::{Event, QuoteChange};
use crate::error::{Error, Result};
use crate::payments::lightning::{Attempt, Outgoing, Payment};

/// How often the backend is asked about what is open.
const ROUND: Duration = Duration::from_secs(1);
/// How many invoices are looked at in every round: the newest.
const NEWEST_MAX: usize = 256;
/// How many others are looked at in a round, in turns.
const OTHERS_MAX: usize = 64;
/// For how many seconds after its expiry an invoice is looked at, where the node does not say what became of
/// it.
const DOUBTFUL_S: u64 = 86_400;

impl Cashier {
    /// Looks at what is open again and again: invoices that may have been paid, and payments that this
    /// process did not begin or whose end it did not hear. Never ends.
    pub async fn run(self: Arc<Self>) {
        let mut next = None;
        loop {
            if let Err(error) = self.round(&mut next).await {
                tracing::warn!(%error, "what is open at the payment backend could not be looked at");
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Looks at one payment again and again, as [`Self::run`] does at all: for a command, which leaves the
    /// payments of others alone, because it keeps no spent log and theirs may spend tokens.
    pub async fn follow(self: &Arc<Self>, id: &QuoteId) -> Infallible {
        loop {
            tokio::time::sleep(ROUND).await;
            let driven = match self.find(id) {
                Ok(quote) if quote.state == MeltState::Pending => self.drive(quote),
                seen => seen.map(|_| ()),
            };
            if let Err(error) = driven {
                tracing::warn!(%error, "a payment that is under way could not be looked at");
            }
        }
    }

    /// Looks at the payments under way, at the newest invoices, and at some of the others, those after
    /// `next`.
    async fn round(self: &Arc<Self>, next: &mut Option<(u64, QuoteId)>) -> Result<()> {
        if self.makes_payments()? {
            for quote in self.engine.read(|view| view.pending_melt_quotes())? {
                self.drive(quote)?;
            }
        }
        let before = self.open_quotes()?.clone();
        let newest = self
            .engine
            .read(|view| view.unpaid_mint_quotes(None, NEWEST_MAX))?;
        let place = |quote: &MintQuote| (quote.expiry, quote.id.clone());
        let last = newest.last().map(place);
        // What the newest have grown over need not be looked at twice.
        let after = match (next.take(), last) {
            (Some(next), Some(last)) => Some(next.min(last)),
            (_, last) => last,
        };
        let mut others = match after {
            Some(after) => self
                .engine
                .read(|view| view.unpaid_mint_quotes(Some(after), OTHERS_MAX))?,
            None => Vec::new(),
        };
        let now = clock::now_s();
        others.retain(|quote| quote.expiry >= now.saturating_sub(DOUBTFUL_S));
        *next = others.last().map(place);
        let lapsed = now.saturating_sub(SHOWN_S);
        let has_lapsed = self
            .engine
            .read(|view| view.has_lapsed_melt_quotes(lapsed))?;
        self.notify_of_others(before, &newest)?;
        for quote in newest.iter().chain(&others) {
            let Some(_turn) = self.asking.turn_at_once(quote.payment_hash) else {
                continue;
            };
            if !self.look_for(quote).await? {
                // Neither is it for the others.
                break;
            }
        }
        match has_lapsed {
            true => self.engine.record(QuoteChange::Lapsed(lapsed)).await,
            false => Ok(()),
        }
    }

    /// Quotes that are no longer open may have been paid by another process, an operator's command: subscribers
    /// are notified. Those that already know are not notified again.
    fn notify_of_others(&self, before: HashSet<QuoteId>, open: &[MintQuote]) -> Result<()> {
        let mut known = self.open_quotes()?;
        let now: HashSet<_> = open.iter().map(|quote| quote.id.clone()).collect();
        let closed: Vec<_> = before.difference(&now).cloned().collect();
        for id in &closed {
            known.remove(id);
        }
        known.extend(now);
        self.engine
            .announce(closed.into_iter().map(Event::Quote).collect());
        Ok(())
    }

    pub(super) fn open_quotes(&self) -> Result<MutexGuard<'_, HashSet<QuoteId>>> {
        self.open.lock().map_err(|_| POISONED)
    }

    /// Makes a payment, or asks what became of it, in the background, unless that is being done, or is for
    /// another process to do.
    pub(super) fn drive(self: &Arc<Self>, quote: MeltQuote) -> Result<()> {
        if !self.makes_payments()? {
            return Ok(());
        }
        let Some(attempt) = self.take(&quote.id)? else {
            return Ok(());
        };
        let cashier = Arc::clone(self);
        tokio::spawn(async move {
            let has_ended = cashier.advance(&quote, attempt).await;
            if let Err(error) = &has_ended {
                // It stays pending, and the next round asks again.
                tracing::warn!(%error, "what became of a payment could not be written down");
            }
            cashier.let_go(&quote.id, has_ended.unwrap_or(false));
        });
        Ok(())
    }

    /// Returns whether the payment has ended.
    async fn advance(&self, quote: &MeltQuote, attempt: Attempt) -> Result<bool> {
        let fee_max_msat = self
            .rates
            .to_msat(quote.fee_reserve)
            .ok_or(Error::Invariant("a fee reserve beyond 64 bits"))?;
        let payment = Payment {
            request: quote.request.clone(),
            payment_hash: quote.payment_hash,
            amount_msat: quote.amount_msat,
            partial: quote.is_partial,
            fee_max_msat,
            timeout: self.payment_timeout,
            started_at: quote.started,
        };
        let outcome = match attempt {
            Attempt::First => self.backend.pay(&payment, attempt).await,
            Attempt::Again => match self.backend.outgoing(&payment).await {
                Outgoing::Unseen => self.backend.pay(&payment, attempt).await,
                seen @ (Outgoing::Paid { .. }
                | Outgoing::Failed { .. }
                | Outgoing::Pending
                | Outgoing::Unknown { .. }) => seen,
            },
        };
        let id = quote.id.clone();
        let step = match outcome {
            Outgoing::Paid { preimage, fee_msat } => QuoteChange::Arrived {
                quote: id,
                // What the amount's rounding left over pays first.
                fee: self
                    .rates
                    .sent(quote.amount_msat.saturating_add(fee_msat))
                    .saturating_sub(quote.amount),
                preimage: preimage.0,
            },
            Outgoing::Failed { reason } => {
                tracing::info!(
                    reason,
                    "a payment failed; what was put in for it is free again"
                );
                QuoteChange::Failed(id)
            }
            Outgoing::Unknown { reason } => {
                tracing::warn!(reason, "what became of a payment is not known yet");
                return Ok(false);
            }
            Outgoing::Pending | Outgoing::Unseen => return Ok(false),
        };
        self.engine.record(step).await.map(|()| true)
    }

    /// Takes a payment to work on; returns whether it was given to the backend before. `None` when it is
    /// being worked on.
    fn take(&self, id: &QuoteId) -> Result<Option<Attempt>> {
        let mut payments = self.payments.lock().map_err(|_| POISONED)?;
        let Some(payments) = payments.as_mut().filter(|p| !p.driven.contains(id)) else {
            return Ok(None);
        };
        payments.driven.insert(id.clone());
        Ok(Some(match payments.given.insert(id.clone()) {
            true => Attempt::First,
            false => Attempt::Again,
        }))
    }

    /// A payment that has ended may be begun again, as another one.
    fn let_go(&self, id: &QuoteId, has_ended: bool) {
        if let Ok(mut payments) = self.payments.lock()
            && let Some(payments) = payments.as_mut()
        {
            payments.driven.remove(id);
            if has_ended {
                payments.given.remove(id);
            }
        }
    }
}
