//! The writer's side of quotes: what becomes of them, and of what is held for payments under way.
//!
//! A payment to outside cannot be part of a batch: between its beginning and the moment when it is known
//! what became of it, its tokens are *held*. They are neither spent nor free, on disk and across
//! restarts, and no value has moved. Only what the payment backend says for certain ends that: then they
//! are spent, in one batch with what the payment leaves over, or they are free again. What an account
//! puts in for a payment is on the account of what is being paid out meanwhile.

use farthing_protocol::ErrorCode;
use farthing_protocol::api::PostingKind;
use farthing_protocol::cashu::QuoteId;

use super::events::Event;
use super::open_batch::OpenBatch;
use crate::domain::{FEES, MeltQuote, MeltState, MintQuote, PAID_IN, PAYING_OUT, RESERVE};
use crate::error::{Error, Result};
use crate::store::TokenRow;

/// A change of a quote.
#[derive(Clone, Debug)]
pub enum QuoteChange {
    /// A caller asked for an invoice. Refused when as many as the second wait to be paid already.
    Offered(MintQuote, usize),
    /// A caller asked what paying an invoice costs. Refused when as many as the second wait to be begun
    /// already.
    Asked(MeltQuote, usize),
    /// The payment backend says that this much was paid for a mint quote.
    Received(QuoteId, u64),
    /// The payment backend says that a mint quote's invoice can no longer be paid.
    Expired(QuoteId),
    /// Melt quotes that expired before this Unix time and were not begun are forgotten.
    Lapsed(u64),
    /// The payment backend says that a melt quote's payment has arrived.
    Arrived {
        /// Which.
        quote: QuoteId,
        /// What it cost beyond the amount, in the mint's unit.
        fee: u64,
        /// The proof.
        preimage: [u8; 32],
    },
    /// The payment backend says for certain that nothing left, and nothing will.
    Failed(QuoteId),
}

impl OpenBatch<'_> {
    /// Takes note of what became known. Said again, it changes nothing.
    pub(super) fn take(&mut self, step: &QuoteChange) -> Result<()> {
        match step {
            QuoteChange::Offered(quote, open_max) => self.offer(quote, *open_max),
            QuoteChange::Asked(quote, open_max) => self.quote(quote, *open_max),
            QuoteChange::Expired(id) => {
                self.events.push(Event::Quote(id.clone()));
                self.batch.remove_unpaid_mint_quote(id)
            }
            QuoteChange::Lapsed(before) => self.batch.remove_lapsed_melt_quotes(*before),
            QuoteChange::Received(id, amount) => match self.batch.mint_quote(id)? {
                Some(quote) if quote.paid == 0 => {
                    let (paid, owed) = (to_signed(*amount)?, to_signed(quote.amount)?);
                    self.post_amount(RESERVE, -paid, PostingKind::Deposit)?;
                    // What is paid beyond the amount is the mint's.
                    self.post_amount(FEES, paid - owed, PostingKind::Deposit)?;
                    self.receive(quote)
                }
                Some(_) | None => Ok(()),
            },
            QuoteChange::Arrived {
                quote,
                fee,
                preimage,
            } => match self.pending(quote)? {
                Some(quote) => {
                    let sent = to_signed(quote.amount.saturating_add(*fee))?;
                    self.post_amount(RESERVE, sent, PostingKind::Payout)?;
                    self.arrive(quote, *fee, Some(*preimage))
                }
                None => Ok(()),
            },
            QuoteChange::Failed(quote) => match self.pending(quote)? {
                Some(quote) => self.fail(quote),
                None => Ok(()),
            },
        }
    }

    fn offer(&self, quote: &MintQuote, open_max: usize) -> Result<()> {
        let open = self.batch.unpaid_count(quote.account, self.now, open_max)?;
        if open >= open_max {
            return Err(too_many_quotes());
        }
        self.batch.add_mint_quote(quote)
    }

    /// Adds a melt quote, unless there is the same one: that counts longer then. One for the same payment
    /// on other terms is replaced, unless it was begun.
    fn quote(&mut self, quote: &MeltQuote, open_max: usize) -> Result<()> {
        let (hash, account) = (&quote.payment_hash, quote.account);
        match self.batch.unbegun_melt_quote(hash, account)? {
            Some(open) if open.has_terms_of(quote) => {
                let expiry = open.expiry.max(quote.expiry);
                return self.batch.set_melt_expiry(&open.id, expiry);
            }
            Some(open) => {
                self.events.push(Event::Quote(open.id.clone()));
                self.batch.remove_unbegun_melt_quote(&open.id)?;
            }
            None if self.batch.unbegun_count(account, self.now, open_max)? >= open_max => {
                return Err(too_many_quotes());
            }
            None => {}
        }
        self.batch.add_melt_quote(quote)
    }

    /// Credits what was paid for a mint quote to its beneficiary, in the quote's amount.
    pub(super) fn receive(&mut self, mut quote: MintQuote) -> Result<()> {
        let amount = to_signed(quote.amount)?;
        let (beneficiary, issued) = match quote.account {
            Some(account) => (account, quote.amount),
            None => (PAID_IN, 0),
        };
        self.post_amount(beneficiary, amount, PostingKind::Deposit)?;
        quote.paid = quote.amount;
        quote.issued = issued;
        quote.updated_at = quote.changed_at(self.now);
        self.batch.set_mint_quote(&quote)?;
        self.events.push(Event::Quote(quote.id));
        Ok(())
    }

    /// Ends a payment that has arrived, and cost `fee` beyond its amount. What was paid is posted by the
    /// caller; here is what paid for it.
    pub(super) fn arrive(
        &mut self,
        mut quote: MeltQuote,
        fee: u64,
        preimage: Option<[u8; 32]>,
    ) -> Result<()> {
        let cost = to_signed(quote.amount.saturating_add(fee))?;
        let held = to_signed(quote.held)?;
        if cost > held {
            tracing::error!(
                "a payment cost more than its fee reserve: the mint bears the difference"
            );
        }
        match quote.account {
            Some(account) => {
                self.post_amount(PAYING_OUT, -held, PostingKind::Payout)?;
                self.post_amount(account, (held - cost).max(0), PostingKind::Payout)?;
                self.post_amount(FEES, (held - cost).min(0), PostingKind::Payout)?;
            }
            None => {
                let spends = self.release(&quote.id)?;
                let mut inputs = 0;
                for row in &spends {
                    // The payment's authentication is held with it, and pays for nothing.
                    if !self.counters_of(row)?.is_auth {
                        inputs += row.amount.cast_signed();
                    }
                }
                self.spend_all(&spends)?;
                let change = self.give_change(&quote.id, (held - cost).max(0).cast_unsigned())?;
                self.post_amount(FEES, inputs - cost - change, PostingKind::Payout)?;
            }
        }
        quote.state = MeltState::Paid;
        quote.fee_paid = fee;
        quote.preimage = preimage;
        self.batch.set_melt_quote(&quote)?;
        self.events.push(Event::Quote(quote.id.clone()));
        Ok(())
    }

    /// Ends a payment that failed for certain: what was held for it is free.
    fn fail(&mut self, mut quote: MeltQuote) -> Result<()> {
        if let Some(account) = quote.account {
            let held = to_signed(quote.held)?;
            self.post_amount(PAYING_OUT, -held, PostingKind::Payout)?;
            self.post_amount(account, held, PostingKind::Payout)?;
        }
        for row in self.release(&quote.id)? {
            self.events.push(Event::Token(row.mark));
        }
        self.batch.remove_blanks(&quote.id)?;
        quote.state = MeltState::Unpaid;
        quote.held = 0;
        self.batch.set_melt_quote(&quote)?;
        self.events.push(Event::Quote(quote.id.clone()));
        Ok(())
    }

    /// Releases the tokens held for a quote.
    fn release(&mut self, quote: &QuoteId) -> Result<Vec<TokenRow>> {
        let rows = self.batch.release(quote)?;
        for row in &rows {
            let counters = self.counters_of(row)?;
            counters.held -= row.amount.cast_signed();
            assert!(counters.held >= 0, "what is released was held");
        }
        Ok(rows)
    }

    /// Signs a quote's blanks for what is left over, as far as they go; returns how much that is (NUT-08).
    fn give_change(&mut self, quote: &QuoteId, left: u64) -> Result<i64> {
        let blanks = self.batch.blanks(quote)?;
        let keysets = self.batch.keysets()?;
        let amounts = |index| keysets.iter().find(|row| row.terms.index == index);
        let smallest = blanks.iter().filter_map(|blank| amounts(blank.keyset));
        let smallest = smallest.map(|row| row.terms.amounts).min().unwrap_or(0);
        let mut given = 0;
        for (blank, amount) in blanks
            .iter()
            .zip(largest_parts(left, smallest, blanks.len()))
        {
            self.batch.set_blank(&blank.mark, amount)?;
            self.issue(&TokenRow {
                mark: blank.mark,
                keyset: blank.keyset,
                amount,
                preimage: None,
            })?;
            given += amount.cast_signed();
        }
        Ok(given)
    }

    fn pending(&self, id: &QuoteId) -> Result<Option<MeltQuote>> {
        let quote = self.batch.melt_quote(id)?;
        Ok(quote.filter(|quote| quote.state == MeltState::Pending))
    }
}

/// Up to `count` powers of two below 2^`amounts` that add up to as much of `left` as they can, ascending.
fn largest_parts(left: u64, amounts: u8, count: usize) -> Vec<u64> {
    let mut rest = left;
    let mut parts = Vec::new();
    while rest > 0 && amounts > 0 && parts.len() < count {
        let exponent = rest.ilog2().min(u32::from(amounts) - 1);
        parts.push(1 << exponent);
        rest -= 1 << exponent;
    }
    parts.reverse();
    parts
}

fn to_signed(amount: u64) -> Result<i64> {
    i64::try_from(amount).map_err(|_| Error::Invariant("an amount beyond 63 bits in a quote"))
}

/// As many quotes are open as the mint has room for.
pub(crate) fn too_many_quotes() -> Error {
    let detail = "the mint has as many open quotes as it keeps; nothing was moved: try again later";
    Error::request(ErrorCode::Unavailable, detail)
}

#[cfg(test)]
mod tests {
    use super::largest_parts;

    #[test]
    fn change_is_given_in_the_largest_parts_that_fit() {
        assert_eq!(largest_parts(900, 21, 10), [4, 128, 256, 512]);
        assert_eq!(largest_parts(900, 21, 2), [256, 512]);
        assert_eq!(
            largest_parts(900, 8, 10),
            [4, 128, 128, 128, 128, 128, 128, 128]
        );
        assert_eq!(largest_parts(0, 21, 10), [0; 0]);
        assert_eq!(largest_parts(7, 21, 0), [0; 0]);
        assert_eq!(largest_parts(7, 0, 3), [0; 0]);
        assert_eq!(largest_parts(u64::MAX, 48, 2), [1 << 47; 2]);
    }
}
