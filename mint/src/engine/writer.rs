//! The last stage: one thread that writes. It takes whatever transactions are waiting into one batch,
//! decides each on its own, and makes all of them durable with one fsync. Only then are they answered.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::Receiver;
use farthing_protocol::ErrorCode;
use tokio::sync::oneshot;

use super::verify::{TokenRow, VerifiedTransaction, already_signed, already_spent};
use super::{Answer, Shared};
use crate::clock;
use crate::error::{Error, Result};
use crate::ledger::{Entry, FEES, KeysetState, RESERVE};
use crate::store::{Batch, Counters, PostingRow, Writer};

/// The most transactions in one batch: bounds how long the first of them waits.
const BATCH_MAX: usize = 256;

/// A transaction on its way to the disk, with its answer.
pub(super) struct Job {
    pub(super) verified: VerifiedTransaction,
    pub(super) answer: Answer,
    pub(super) reply: oneshot::Sender<Result<Answer>>,
}

/// The writer's state.
pub(super) struct Committer {
    writer: Writer,
    shared: Arc<Shared>,
    /// The day on which old request digests were last removed.
    cleaned: i64,
}

impl Committer {
    pub(super) fn new(writer: Writer, shared: Arc<Shared>) -> Self {
        Self {
            writer,
            shared,
            cleaned: 0,
        }
    }

    /// Runs until every sender is gone and every job is answered.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let waiting = jobs.try_iter().take(BATCH_MAX - 1);
            let batch: Vec<Job> = std::iter::once(first).chain(waiting).collect();
            // A panic drops the batch, which then never happened, and its senders, which answers
            // the requests with an error.
            if catch_unwind(AssertUnwindSafe(|| self.commit(batch))).is_err() {
                tracing::error!("the writer panicked; the batch was dropped");
            }
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        let (verified, replies): (Vec<_>, Vec<_>) = jobs
            .into_iter()
            .map(|job| (job.verified, (job.answer, job.reply)))
            .unzip();
        match self.write(&verified) {
            Ok(outcomes) => {
                for (outcome, (answer, reply)) in outcomes.into_iter().zip(replies) {
                    // A caller that has gone away asks again, and is answered then.
                    let _ = reply.send(outcome.map(|()| answer));
                }
            }
            Err(error) => {
                tracing::error!(%error, transactions = verified.len(), "a batch failed");
                for (_, reply) in replies {
                    let _ = reply.send(Err(Error::Busy("unable to write to its store")));
                }
            }
        }
    }

    /// Writes one batch; gives each transaction's outcome.
    ///
    /// # Errors
    /// [`Error::Store`] when nothing of the batch happened.
    fn write(&mut self, transactions: &[VerifiedTransaction]) -> Result<Vec<Result<()>>> {
        let replay_days = self.shared.settings.replay_days;
        let batch = self.writer.begin()?;
        let mut books = Books::open(&batch, replay_days)?;
        let mut outcomes = Vec::with_capacity(transactions.len());
        for transaction in transactions {
            outcomes.push(match books.decide(transaction) {
                Ok(Decision::New) => {
                    books.apply(transaction)?;
                    Ok(())
                }
                Ok(Decision::Answered) => Ok(()),
                Err(refusal @ (Error::Request { .. } | Error::Account { .. })) => Err(refusal),
                Err(
                    fault @ (Error::Store(_)
                    | Error::Invariant(_)
                    | Error::Busy(_)
                    | Error::Operator(_)
                    | Error::File { .. }),
                ) => return Err(fault),
            });
        }
        books.close()?;
        let today = clock::day();
        if self.cleaned != today {
            batch.forget_requests(today - i64::from(replay_days))?;
        }
        let revision = batch.revision()?;
        batch.commit()?;
        self.cleaned = today;
        if revision != self.shared.directory().revision {
            self.shared.reload()?;
        }
        Ok(outcomes)
    }
}

/// What becomes of a transaction that breaks no rule.
enum Decision {
    /// It is applied.
    New,
    /// The same request was applied before, perhaps in this very batch: it is answered again.
    Answered,
}

/// The books during one batch: the keysets' counters in memory, everything else in the store.
struct Books<'b> {
    batch: &'b Batch<'b>,
    counters: BTreeMap<u32, Counters>,
    today: i64,
    hour: i64,
    replay_days: u32,
}

impl<'b> Books<'b> {
    fn open(batch: &'b Batch<'b>, replay_days: u32) -> Result<Self> {
        Ok(Self {
            counters: batch.counters()?,
            batch,
            today: clock::day(),
            hour: clock::hour(),
            replay_days,
        })
    }

    /// Checks everything that depends on what happened before, and changes nothing (but that a keyset
    /// caught redeeming more than it issued is frozen).
    fn decide(&mut self, transaction: &VerifiedTransaction) -> Result<Decision> {
        let VerifiedTransaction {
            spends,
            issues,
            entries,
            digest,
        } = transaction;
        if let Some(conflict) = self.conflict(spends, issues)? {
            let answered = match digest {
                Some(digest) => self
                    .batch
                    .has_request(digest, self.today, self.replay_days)?,
                None => false,
            };
            return if answered {
                Ok(Decision::Answered)
            } else {
                Err(conflict)
            };
        }
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

    fn conflict(&self, spends: &[TokenRow], issues: &[TokenRow]) -> Result<Option<Error>> {
        for spend in spends {
            if self.batch.is_spent(&spend.mark)? {
                return Ok(Some(already_spent()));
            }
        }
        for issue in issues {
            if self.batch.is_signed(&issue.mark)? {
                return Ok(Some(already_signed()));
            }
        }
        Ok(None)
    }

    /// A keyset never redeems more than it issued. When it would, one of its keys has leaked: it is
    /// frozen, and everything else goes on.
    fn check_solvency(&mut self, spends: &[TokenRow]) -> Result<()> {
        let mut sums: BTreeMap<u32, i64> = BTreeMap::new();
        for spend in spends {
            *sums.entry(spend.keyset).or_default() += spend.amount.cast_signed();
        }
        for (index, sum) in sums {
            let counters = self.counters.get_mut(&index).ok_or(UNKNOWN_KEYSET)?;
            let overdrawn = counters.redeemed.saturating_add(sum) > counters.issued;
            if overdrawn && counters.state != KeysetState::Frozen {
                counters.state = KeysetState::Frozen;
                self.batch.set_keyset_state(index, KeysetState::Frozen)?;
                tracing::error!(
                    keyset = index,
                    "ALERT: more tokens of this keyset come back than were issued: one of its keys \
                     has leaked. The keyset is frozen."
                );
            }
            if counters.state == KeysetState::Frozen {
                let detail = "the keyset of an input is frozen: ask the mint's operator";
                return Err(Error::request(ErrorCode::KeysetInactive, detail));
            }
        }
        Ok(())
    }

    fn check_funds(&self, entries: &[Entry]) -> Result<()> {
        for entry in entries.iter().filter(|e| e.account != RESERVE) {
            let account = self.batch.account(entry.account)?;
            let account = account.ok_or(Error::Invariant("a posting on no account"))?;
            let after = account.balance.checked_add(entry.amount);
            if after.is_none_or(|after| after < 0) {
                let detail = format!("the account holds {}, less than that", account.balance);
                return Err(Error::account(ErrorCode::InsufficientFunds, detail));
            }
        }
        Ok(())
    }

    /// Writes a transaction that [`Self::decide`] found new.
    fn apply(&mut self, transaction: &VerifiedTransaction) -> Result<()> {
        for spend in &transaction.spends {
            let TokenRow {
                mark,
                keyset,
                amount,
                preimage,
            } = spend;
            self.batch
                .add_spent(mark, *keyset, *amount, preimage.as_ref())?;
            self.counters_of(spend)?.redeemed += amount.cast_signed();
        }
        for issue in &transaction.issues {
            let TokenRow {
                mark,
                keyset,
                amount,
                ..
            } = issue;
            self.batch.add_signed(mark, *keyset, *amount)?;
            self.counters_of(issue)?.issued += amount.cast_signed();
        }
        for entry in &transaction.entries {
            self.post(entry)?;
        }
        if let Some(digest) = &transaction.digest {
            self.batch.add_request(digest, self.today)?;
        }
        Ok(())
    }

    fn post(&self, entry: &Entry) -> Result<()> {
        let account = self.batch.account(entry.account)?;
        let account = account.ok_or(Error::Invariant("a posting on no account"))?;
        let balance = account.balance.checked_add(entry.amount);
        let balance = balance.ok_or(Error::Invariant("a balance beyond 63 bits"))?;
        if entry.account == FEES {
            return self.batch.set_balance(FEES, balance);
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

    fn counters_of(&mut self, row: &TokenRow) -> Result<&mut Counters> {
        self.counters.get_mut(&row.keyset).ok_or(UNKNOWN_KEYSET)
    }

    /// Writes the counters back.
    fn close(self) -> Result<()> {
        for (index, counters) in &self.counters {
            self.batch.set_counters(*index, counters)?;
        }
        Ok(())
    }
}

const UNKNOWN_KEYSET: Error = Error::Invariant("a verified transaction of an unknown keyset");
