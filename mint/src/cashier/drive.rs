//! Seeing payments through, and noticing those that come in.

use std::sync::Arc;
use std::time::Duration;

use farthing_protocol::cashu::QuoteId;

use super::Cashier;
use crate::clock;
use crate::engine::QuoteStep;
use crate::error::Result;
use crate::ledger::MeltQuote;
use crate::lightning::{Attempt, Outgoing, Payment};

/// How often the backend is asked about what is open.
const ROUND: Duration = Duration::from_secs(1);
/// An invoice may have been paid in its last second, and be heard of later.
const GRACE_S: u64 = 3600;
/// How many invoices are looked at in a round: the newest. About others the backend is asked when their
/// holders ask.
const OPEN_MAX: usize = 256;

impl Cashier {
    /// Looks at what is open again and again: invoices that may have been paid, and payments that this
    /// process did not begin or whose end it did not hear. Never ends.
    pub async fn run(self: Arc<Self>) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "what is open at the payment backend could not be looked at");
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    async fn round(self: &Arc<Self>) -> Result<()> {
        let reader = self.engine.store().reader()?;
        if self.makes_payments() {
            for quote in reader.pending_melt_quotes()? {
                self.drive(quote, Attempt::Again);
            }
        }
        let after = clock::now_s().saturating_sub(GRACE_S);
        let open = reader.open_mint_quotes(after, OPEN_MAX)?;
        drop(reader);
        for quote in open {
            self.look_for(&quote).await?;
        }
        Ok(())
    }

    /// Makes a payment, or asks what became of it, in the background, unless that is being done.
    pub(super) fn drive(self: &Arc<Self>, quote: MeltQuote, attempt: Attempt) {
        if !self.makes_payments() || !self.take(&quote.id) {
            return;
        }
        let cashier = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = cashier.advance(&quote, attempt).await {
                // It stays pending, and the next round asks again.
                tracing::warn!(%error, "what became of a payment could not be written down");
            }
            cashier.let_go(&quote.id);
        });
    }

    async fn advance(&self, quote: &MeltQuote, attempt: Attempt) -> Result<()> {
        let fee_max_msat = self.rates.to_msat(quote.fee_reserve).unwrap_or(u64::MAX);
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
                seen => seen,
            },
        };
        let id = quote.id.clone();
        let step = match outcome {
            Outgoing::Paid { preimage, fee_msat } => QuoteStep::Arrived {
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
                QuoteStep::Failed(id)
            }
            Outgoing::Unknown { reason } => {
                tracing::warn!(reason, "what became of a payment is not known yet");
                return Ok(());
            }
            Outgoing::Pending | Outgoing::Unseen => return Ok(()),
        };
        self.engine.record(step).await
    }

    fn take(&self, id: &QuoteId) -> bool {
        self.driven
            .lock()
            .is_ok_and(|mut driven| driven.insert(id.clone()))
    }

    fn let_go(&self, id: &QuoteId) {
        if let Ok(mut driven) = self.driven.lock() {
            driven.remove(id);
        }
    }
}
