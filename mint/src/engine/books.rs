//! The books during one batch: what is decided, written and posted, each piece of work on its own.

use std::collections::BTreeMap;

use farthing_protocol::ErrorCode;

use super::EngineSettings;
use super::auth::used_before;
use super::events::Event;
use super::verify::{QuoteUse, VerifiedTransaction, already_signed, already_spent, pending};
use crate::clock;
use crate::domain::{Entry, KeysetState, is_holder, is_itemized};
use crate::error::{Error, Result};
use crate::spent_log::Spend;
use crate::store::{Batch, Counters, PostingRow, TokenRow};

/// What becomes of a transaction that breaks no rule.
pub(super) enum Decision {
    /// It is applied.
    New,
    /// The same request was applied before, perhaps in this very batch: it is answered again.
    Answered,
}

/// The books during one batch: the keysets' counters in memory, everything else in the store.
pub(super) struct Books<'b> {
    pub(super) batch: &'b Batch<'b>,
    pub(super) counters: BTreeMap<u32, Counters>,
    pub(super) now: u64,
    today: i64,
    hour: i64,
    settings: &'b EngineSettings,
    /// For the spent log, if there is one.
    spends: Option<Vec<Spend>>,
    /// For those who watch.
    pub(super) events: Vec<Event>,
}

impl<'b> Books<'b> {
    pub(super) fn open(
        batch: &'b Batch<'b>,
        settings: &'b EngineSettings,
        with_log: bool,
    ) -> Result<Self> {
        Ok(Self {
            spends: with_log.then(Vec::new),
            events: Vec::new(),
            counters: batch.counters()?,
            batch,
            now: clock::now_s(),
            today: clock::day(),
            hour: clock::hour(),
            settings,
        })
    }

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
        if let Some(conflict) = self.conflict(transaction)? {
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

    fn conflict(&self, transaction: &VerifiedTransaction) -> Result<Option<Error>> {
        if let Some(auth) = &transaction.auth
            && (self.batch.is_spent(&auth.mark)? || self.batch.is_held(&auth.mark)?)
        {
            return Ok(Some(used_before()));
        }
        for spend in &transaction.spends {
            if self.batch.is_spent(&spend.mark)? {
                return Ok(Some(already_spent()));
            }
            if self.batch.is_held(&spend.mark)? {
                return Ok(Some(pending(ErrorCode::ProofsPending)));
            }
        }
        for mark in transaction.output_marks() {
            if self.batch.is_signed(mark)? {
                return Ok(Some(already_signed()));
            }
            if self.batch.is_blank(mark)? {
                return Ok(Some(pending(ErrorCode::OutputsPending)));
            }
        }
        self.payment_conflict(&transaction.quotes)
    }

    /// A keyset never redeems more than it issued, but for the allowance of one that signed more than
    /// a restored store knows. When it would, one of its keys has leaked: it is frozen, and everything
    /// else goes on.
    pub(super) fn check_solvency(&mut self, spends: &[TokenRow]) -> Result<()> {
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
            // Authentication is on no account, and a restored mint makes it anew: a log of it would do
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

    pub(super) fn counters_of(&mut self, row: &TokenRow) -> Result<&mut Counters> {
        self.counters.get_mut(&row.keyset).ok_or(UNKNOWN_KEYSET)
    }

    pub(super) fn newest_keyset(&self) -> u32 {
        self.counters.keys().next_back().copied().unwrap_or(0)
    }

    /// Writes the counters back; gives what was spent, if there is a log for it, and what happened.
    pub(super) fn close(self) -> Result<(Vec<Spend>, Vec<Event>)> {
        for (index, counters) in &self.counters {
            self.batch.set_counters(*index, counters)?;
        }
        Ok((self.spends.unwrap_or_default(), self.events))
    }
}

const UNKNOWN_KEYSET: Error = Error::Invariant("a verified transaction of an unknown keyset");
