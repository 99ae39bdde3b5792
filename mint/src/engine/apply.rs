//! How a transaction that was decided to be new is written: tokens, outputs, postings, quotes.

use farthing_protocol::api::PostingKind;
use farthing_protocol::cashu::QuoteId;

use super::events::Event;
use super::open_batch::{OpenBatch, UNKNOWN_KEYSET};
use super::verify::{HeldPayment, QuoteUse, VerifiedTransaction};
use crate::domain::{AccountId, Entry, MeltState, PostingRow, is_itemized};
use crate::error::{Error, Result};
use crate::spent_log::Spend;
use crate::store::TokenRow;

impl OpenBatch<'_> {
    /// Writes a transaction that [`Self::decide`] found new.
    pub(super) fn apply(&mut self, transaction: &VerifiedTransaction) -> Result<()> {
        let spends = transaction.spends.iter().chain(&transaction.auth);
        match &transaction.quotes {
            QuoteUse::None => self.spend_all(spends)?,
            QuoteUse::Issues(quotes) => {
                self.issue_quotes(quotes)?;
                self.spend_all(spends)?;
            }
            QuoteUse::Pays(payment) => self.begin_payment(payment, spends)?,
        }
        for issue in &transaction.issues {
            self.issue(issue)?;
        }
        for entry in &transaction.entries {
            self.post(entry)?;
        }
        if let Some(digest) = &transaction.digest {
            self.batch.add_request(digest, self.today)?;
        }
        Ok(())
    }

    /// Remembers tokens as spent.
    pub(super) fn spend_all<'r>(
        &mut self,
        spends: impl IntoIterator<Item = &'r TokenRow>,
    ) -> Result<()> {
        for spend in spends {
            let TokenRow {
                mark,
                keyset,
                amount,
                preimage,
            } = spend;
            self.batch
                .add_spent(mark, *keyset, *amount, preimage.as_ref())?;
            self.events.push(Event::Token(*mark));
            let counters = self.counters_of(spend)?;
            counters.redeemed += amount.cast_signed();
            // Authentication is on no account, and a restored mint makes a new keyset of it: a log of it would do
            // nothing but show with which tokens it was used.
            if counters.is_auth {
                continue;
            }
            self.recognise(*keyset)?;
            if let Some(spends) = &mut self.spends {
                spends.push(Spend {
                    mark: *mark,
                    keyset: *keyset,
                    amount: *amount,
                    preimage: *preimage,
                });
            }
        }
        Ok(())
    }

    /// Remembers an output as signed.
    pub(super) fn issue(&mut self, issue: &TokenRow) -> Result<()> {
        let TokenRow {
            mark,
            keyset,
            amount,
            ..
        } = issue;
        self.batch.add_signed(mark, *keyset, *amount)?;
        self.counters_of(issue)?.issued += amount.cast_signed();
        Ok(())
    }

    /// Books as issued what came back without having been seen to be signed; the suspense account
    /// stands for the other side. [`Self::check_solvency`] saw to it that the allowance is enough.
    fn recognise(&mut self, keyset: u32) -> Result<()> {
        let counters = self.counters.get_mut(&keyset).ok_or(UNKNOWN_KEYSET)?;
        let unseen = counters.redeemed - counters.issued;
        if unseen <= 0 {
            return Ok(());
        }
        counters.issued += unseen;
        counters.unseen += unseen;
        counters.allowance -= unseen;
        self.batch.change_suspense(-unseen)
    }

    /// Changes an account's balance, with a posting where its postings are kept.
    pub(super) fn post(&self, entry: &Entry) -> Result<()> {
        let account = self.batch.account(entry.account)?;
        let account = account.ok_or(Error::Invariant("a posting on no account"))?;
        let balance = account.balance.checked_add(entry.amount);
        let balance = balance.ok_or(Error::Invariant("a balance beyond 63 bits"))?;
        if !is_itemized(entry.account) {
            return self.batch.set_balance(entry.account, balance);
        }
        let posting = PostingRow {
            number: account.postings + 1,
            hour: self.hour,
            kind: entry.kind,
            amount: entry.amount,
            balance,
            note: entry.note.clone(),
        };
        self.batch.add_posting(entry.account, &posting)
    }

    /// Changes an account's balance, unless the amount is 0.
    pub(super) fn post_amount(
        &self,
        account: AccountId,
        amount: i64,
        kind: PostingKind,
    ) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        self.post(&Entry {
            account,
            amount,
            kind,
            note: None,
        })
    }

    fn issue_quotes(&mut self, quotes: &[(QuoteId, u64)]) -> Result<()> {
        for (id, amount) in quotes {
            let mut quote = self.batch.mint_quote(id)?.ok_or(VANISHED)?;
            quote.issued += amount;
            assert!(
                quote.issued <= quote.paid,
                "a quote issues no more than was paid for it: `check_issue` saw to that"
            );
            quote.updated_at = quote.changed_at(self.now);
            self.batch.set_mint_quote(&quote)?;
            self.events.push(Event::Quote(id.clone()));
        }
        Ok(())
    }

    /// Holds what a payment needs. An invoice of this mint's own is paid at once, and nothing leaves.
    fn begin_payment<'r>(
        &mut self,
        payment: &HeldPayment,
        spends: impl IntoIterator<Item = &'r TokenRow>,
    ) -> Result<()> {
        let (mut quote, own) = self.check_payment(payment)?;
        for spend in spends {
            self.batch.hold(&quote.id, spend)?;
            self.counters_of(spend)?.held += spend.amount.cast_signed();
            self.events.push(Event::Token(spend.mark));
        }
        self.batch.add_blanks(&quote.id, &payment.blanks)?;
        quote.state = MeltState::Pending;
        quote.held = payment.held;
        // The backend tells this attempt from those before it by its time.
        let attempts = self.batch.states_of_payment(&quote.payment_hash)?;
        let last = attempts.into_iter().map(|(_, started)| started).max();
        quote.started = self.now.max(last.unwrap_or(0) + 1);
        self.batch.set_melt_quote(&quote)?;
        self.events.push(Event::Quote(quote.id.clone()));
        match own {
            Some(own) => {
                self.receive(own)?;
                self.arrive(quote, 0, None)
            }
            None => Ok(()),
        }
    }
}

const VANISHED: Error = Error::Invariant("a quote vanished within a batch");
