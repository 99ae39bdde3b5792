//! The last stage: one thread that writes. It takes whatever transactions are waiting into one batch,
//! decides each on its own, and makes all of them durable with one fsync. Only then are they answered.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use farthing_protocol::ErrorCode;
use tokio::sync::oneshot;

use super::checkpoints::Checkpoints;
use super::journal::Journal;
use super::verify::{TokenRow, VerifiedTransaction, already_signed, already_spent};
use super::{Answer, Shared};
use crate::clock;
use crate::error::{Error, Result};
use crate::ledger::{Entry, FEES, KeysetState, is_holder};
use crate::spent_log::Spend;
use crate::store::{self, Batch, Counters, PostingRow, Store, Writer};

/// The most transactions in one batch: bounds how long the first of them waits.
pub(super) const BATCH_MAX: usize = 256;
/// How often a spent log that could not be written is tried again when no requests come.
const RETRY: Duration = Duration::from_secs(1);

/// A transaction on its way to the disk, with its answer.
pub(super) struct Job {
    pub(super) verified: VerifiedTransaction,
    pub(super) answer: Answer,
    pub(super) reply: oneshot::Sender<Result<Answer>>,
}

/// The writer's state.
pub(super) struct Committer {
    writer: Writer,
    journal: Journal,
    shared: Arc<Shared>,
    /// When this is the mint itself, which cleans up after itself, and not an operator's command.
    checkpoints: Option<Checkpoints>,
    /// The day on which [`Self::clean`] was last done.
    cleaned: i64,
}

impl Committer {
    /// The writer of the mint itself when it `serves`, or of an operator's command.
    pub(super) fn new(
        store: &Store,
        journal: Journal,
        shared: Arc<Shared>,
        serves: bool,
    ) -> Result<Self> {
        let writer = store.writer()?;
        let checkpoints = match serves {
            true => Some(Checkpoints::start(store, &writer)?),
            false => None,
        };
        Ok(Self {
            writer,
            journal,
            shared,
            checkpoints,
            cleaned: 0,
        })
    }

    /// Runs until every sender is gone and every job is answered.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        while let Some(first) = self.next(jobs) {
            let waiting = jobs.try_iter().take(BATCH_MAX - 1);
            let batch: Vec<Job> = std::iter::once(first).chain(waiting).collect();
            // A panic drops the batch, which then never happened, and its senders, which answers
            // the requests with an error.
            if catch_unwind(AssertUnwindSafe(|| self.commit(batch))).is_err() {
                tracing::error!("the writer panicked; the batch was dropped");
            }
            if self.checkpoints.is_some() {
                self.clean();
            }
        }
        // Its thread ends here, and leaves the file alone.
        if self.checkpoints.take().is_some() {
            self.tidy();
        }
    }

    /// Once a day, after that day's first batch: what is too old is forgotten, and the file keeps no
    /// order of arrival.
    fn clean(&mut self) {
        let today = clock::day();
        if self.cleaned == today {
            return;
        }
        self.cleaned = today;
        let oldest = today - i64::from(self.shared.settings.replay_days);
        let forgotten = self.writer.begin().and_then(|batch| {
            batch.forget_requests(oldest)?;
            batch.commit()
        });
        if let Err(error) = forgotten {
            tracing::warn!(%error, "old request digests could not be removed; it is tried again tomorrow");
        }
        self.tidy();
    }

    fn tidy(&self) {
        if let Err(error) = self.writer.tidy() {
            tracing::warn!(%error, "the store could not be tidied; it is whole, and it is tried again tomorrow, and when the mint stops");
        }
    }

    /// The next job; `None` when there will be none. Meanwhile the spent log is brought up to date.
    fn next(&mut self, jobs: &Receiver<Job>) -> Option<Job> {
        while self.journal.is_behind() {
            match jobs.recv_timeout(RETRY) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                // Its failure was logged, and is tried again.
                Err(RecvTimeoutError::Timeout) => drop(self.settle()),
            }
        }
        jobs.recv().ok()
    }

    /// Brings the spent log up to date with the store.
    fn settle(&mut self) -> Result<()> {
        let gate = self.shared.gate.close();
        let settled = self.journal.settle();
        if let Some(mut is_behind) = gate {
            *is_behind = self.journal.is_behind();
        }
        settled
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
                let why = match &error {
                    Error::Busy(why) => why,
                    Error::Store(full) if store::is_full(full) => "out of room in its store",
                    Error::Store(_)
                    | Error::Invariant(_)
                    | Error::Operator(_)
                    | Error::File { .. }
                    | Error::Request { .. }
                    | Error::Account { .. } => "unable to write to its store",
                };
                for (_, reply) in replies {
                    let _ = reply.send(Err(Error::Busy(why)));
                }
            }
        }
    }

    /// Writes one batch; gives each transaction's outcome.
    ///
    /// # Errors
    /// [`Error::Store`] when nothing of the batch happened; [`Error::Busy`] when the spent log cannot
    /// be written, and nothing of it may be answered yet.
    fn write(&mut self, transactions: &[VerifiedTransaction]) -> Result<Vec<Result<()>>> {
        if self.journal.is_behind() {
            self.settle()?;
        }
        let replay_days = self.shared.settings.replay_days;
        let batch = self.writer.begin()?;
        let mut books = Books::open(&batch, replay_days, self.journal.is_on())?;
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
        let newest = books.newest_keyset();
        let spends = books.close()?;
        let frame = self.journal.prepare(&batch, newest, spends)?;
        let revision = batch.revision()?;
        if frame.is_empty() {
            batch.commit()?;
        } else {
            let gate = self.shared.gate.close();
            batch.commit()?;
            self.journal.committed(frame);
            let settled = self.journal.settle();
            if let Some(mut is_behind) = gate {
                *is_behind = self.journal.is_behind();
            }
            settled?;
        }
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.committed(transactions.iter().map(VerifiedTransaction::rows).sum());
        }
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
    /// For the spent log, if there is one.
    spends: Option<Vec<Spend>>,
}

impl<'b> Books<'b> {
    fn open(batch: &'b Batch<'b>, replay_days: u32, with_log: bool) -> Result<Self> {
        Ok(Self {
            spends: with_log.then(Vec::new),
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
            let overdrawn = counters.redeemed.saturating_add(sum) > most;
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

    fn newest_keyset(&self) -> u32 {
        self.counters.keys().next_back().copied().unwrap_or(0)
    }

    /// Writes the counters back; gives what was spent, if there is a log for it.
    fn close(self) -> Result<Vec<Spend>> {
        for (index, counters) in &self.counters {
            self.batch.set_counters(*index, counters)?;
        }
        Ok(self.spends.unwrap_or_default())
    }
}

const UNKNOWN_KEYSET: Error = Error::Invariant("a verified transaction of an unknown keyset");
