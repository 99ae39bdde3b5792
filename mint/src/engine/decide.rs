//! Whether a verified transaction is carried out: everything that depends on what happened before it.

use std::collections::BTreeMap;

use farthing_protocol::ErrorCode;
use farthing_protocol::cashu::QuoteId;

use super::conflict::{auth_conflict, auth_failed, conflict};
use super::open_batch::{OpenBatch, UNKNOWN_KEYSET};
use super::verify::{HeldPayment, QuoteUse, VerifiedTransaction};
use crate::domain::{Entry, KeysetState, MeltQuote, MeltState, MintQuote, is_holder};
use crate::error::{Error, Result, refuse};
use crate::store::TokenRow;

/// What becomes of a transaction that breaks no rule.
pub(super) enum Decision {
    /// It is applied.
    New,
    /// The same request was applied before, perhaps in this very batch: it is answered again.
    Answered,
}

impl OpenBatch<'_> {
    /// Checks everything that depends on what happened before, and changes nothing (but that a keyset
    /// caught redeeming more than it issued is frozen).
    pub(super) fn decide(&mut self, transaction: &VerifiedTransaction) -> Result<Decision> {
        let VerifiedTransaction {
            spends,
            issues,
            entries,
            digest,
            quotes,
            auth,
        } = transaction;
        if let Some(conflict) = self.find_conflict(transaction)? {
            let answered = match digest {
                Some(digest) => {
                    self.batch
                        .has_request(digest, self.today, self.settings.replay_days)?
                }
                None => false,
            };
            return if answered {
                Ok(Decision::Answered)
            } else {
                Err(conflict)
            };
        }
        if let Some(auth) = auth {
            self.check_auth(auth)?;
        }
        self.check_quotes(quotes)?;
        for issue in issues {
            if self.counters_of(issue)?.state != KeysetState::Active {
                let detail = "the keyset of an output signs no more";
                return Err(Error::request(ErrorCode::KeysetInactive, detail));
            }
        }
        self.check_solvency(spends)?;
        self.check_funds(entries)?;
        Ok(Decision::New)
    }

    fn find_conflict(&self, transaction: &VerifiedTransaction) -> Result<Option<Error>> {
        let view = self.batch;
        if let Some(auth) = &transaction.auth
            && let Some(conflict) = auth_conflict(view, &auth.mark)?
        {
            return Ok(Some(conflict));
        }
        let inputs = transaction.spends.iter().map(|spend| &spend.mark);
        if let Some(conflict) = conflict(view, inputs, transaction.output_marks())? {
            return Ok(Some(conflict));
        }
        self.payment_conflict(&transaction.quotes)
    }

    /// Checks whether an unused authentication token may be used: its keyset never takes back more than it gave.
    fn check_auth(&mut self, auth: &TokenRow) -> Result<()> {
        self.check_solvency(std::slice::from_ref(auth))
            .map_err(|error| {
                if error.is_refusal() {
                    auth_failed("its keyset is no longer accepted; request new tokens")
                } else {
                    error
                }
            })
    }

    /// Returns what stands against beginning a payment that was begun before, perhaps by the same request.
    fn payment_conflict(&self, quotes: &QuoteUse) -> Result<Option<Error>> {
        let QuoteUse::Pays(payment) = quotes else {
            return Ok(None);
        };
        let quote = self.batch.melt_quote(&payment.quote)?;
        Ok(quote.and_then(|quote| begun_before(quote.state)))
    }

    /// Checks whether what a transaction wants of quotes can be had.
    fn check_quotes(&self, quotes: &QuoteUse) -> Result<()> {
        match quotes {
            QuoteUse::None => Ok(()),
            QuoteUse::Issues(quotes) => quotes
                .iter()
                .try_for_each(|(id, amount)| self.check_issue(id, *amount)),
            QuoteUse::Pays(payment) => self.check_payment(payment).map(|_| ()),
        }
    }

    fn check_issue(&self, id: &QuoteId, amount: u64) -> Result<()> {
        let quote = self.batch.mint_quote(id)?.filter(|q| q.account.is_none());
        let quote = quote.ok_or_else(unknown)?;
        if quote.paid == 0 {
            return refuse(ErrorCode::QuoteUnpaid, "the quote's invoice is not paid");
        }
        if quote.issued.saturating_add(amount) > quote.paid {
            return refuse(
                ErrorCode::QuoteIssued,
                "the quote's tokens were issued before",
            );
        }
        Ok(())
    }

    /// Returns the quote, and the mint quote of this mint's that its invoice belongs to.
    pub(super) fn check_payment(
        &self,
        payment: &HeldPayment,
    ) -> Result<(MeltQuote, Option<MintQuote>)> {
        let quote = self.batch.melt_quote(&payment.quote)?;
        let quote = quote.filter(|q| q.account == payment.account);
        let quote = quote.ok_or_else(unknown)?;
        let states = self.batch.states_of_payment(&quote.payment_hash)?;
        if let Some(conflict) = states
            .into_iter()
            .find_map(|(state, _)| begun_before(state))
        {
            return Err(conflict);
        }
        if quote.expiry < self.now {
            return refuse(
                ErrorCode::QuoteExpired,
                "the quote has expired: ask for another",
            );
        }
        let own = self.batch.mint_quote_of_payment(&quote.payment_hash)?;
        if let Some(own) = &own {
            if own.paid > 0 {
                return refuse(ErrorCode::InvoicePaid, "this invoice was paid before");
            }
            if own.expiry < self.now {
                return refuse(ErrorCode::QuoteExpired, "this invoice has expired");
            }
            if own.amount != quote.amount || quote.is_partial {
                let detail = "an invoice of this mint's own is paid as a whole";
                return refuse(ErrorCode::InvoiceAmountMismatch, detail);
            }
        }
        Ok((quote, own))
    }

    /// A keyset never redeems more than it issued, but for the allowance of one that signed more than
    /// a restored store knows. When it would, one of its keys has leaked: it is frozen, and everything
    /// else goes on.
    fn check_solvency(&mut self, spends: &[TokenRow]) -> Result<()> {
        let mut sums: BTreeMap<u32, i64> = BTreeMap::new();
        for spend in spends {
            *sums.entry(spend.keyset).or_default() += spend.amount.cast_signed();
        }
        for (index, sum) in sums {
            let counters = self.counters.get_mut(&index).ok_or(UNKNOWN_KEYSET)?;
            let most = counters.issued.saturating_add(counters.allowance);
            let gone = counters.redeemed.saturating_add(counters.held);
            let overdrawn = gone.saturating_add(sum) > most;
            if overdrawn && counters.state != KeysetState::Frozen {
                counters.state = KeysetState::Frozen;
                self.batch.set_keyset_state(index, KeysetState::Frozen)?;
                tracing::error!(
                    keyset = index,
                    "ALERT: more tokens of this keyset come back than were issued: one of its keys \
                     has leaked. The keyset is frozen."
                );
            }
            let detail = match counters.state {
                KeysetState::Active | KeysetState::Retired => continue,
                KeysetState::Frozen => "the keyset of an input is frozen: ask the mint's operator",
                KeysetState::Quarantined => {
                    "the keyset of an input is in quarantine after a restore"
                }
            };
            return Err(Error::request(ErrorCode::KeysetInactive, detail));
        }
        Ok(())
    }

    fn check_funds(&self, entries: &[Entry]) -> Result<()> {
        for entry in entries {
            let account = self.batch.account(entry.account)?;
            let account = account.ok_or(Error::Invariant("a posting on no account"))?;
            let after = account.balance.checked_add(entry.amount);
            // The reserve, which is negative, is shown with its sign turned.
            let Some(after) = after.filter(|after| *after > i64::MIN) else {
                let detail = "the books would hold more than 63 bits";
                return Err(Error::request(ErrorCode::AmountOutOfRange, detail));
            };
            // The mint's own accounts may be negative: the reserve always is.
            if after < 0 && is_holder(entry.account) {
                let balance = self.settings.unit.show_signed(account.balance);
                let detail = format!("the account holds {balance}, less than that");
                return Err(Error::account(ErrorCode::InsufficientFunds, detail));
            }
        }
        Ok(())
    }
}

/// Returns why a payment in this state cannot begin.
fn begun_before(state: MeltState) -> Option<Error> {
    match state {
        MeltState::Unpaid => None,
        MeltState::Pending => {
            let detail = "this invoice is being paid";
            Some(Error::request(ErrorCode::QuotePending, detail))
        }
        MeltState::Paid => {
            let detail = "this invoice was paid before";
            Some(Error::request(ErrorCode::InvoicePaid, detail))
        }
    }
}

fn unknown() -> Error {
    Error::request(ErrorCode::QuoteUnknown, "no such quote at this mint")
}
