//! The last stage: one thread that writes. It takes whatever transactions are waiting into one batch,
//! decides each on its own, and makes all of them durable with one fsync. Only then are they answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tokio::sync::oneshot;

use super::books::{Books, Decision};
use super::checkpoints::Checkpoints;
use super::journal::Journal;
use super::quotes::QuoteStep;
use super::verify::VerifiedTransaction;
use super::{Answer, Shared};
use crate::clock;
use crate::error::{Error, Result};
use crate::store::{self, Store, Writer};

/// The most transactions in one batch: bounds how long the first of them waits.
pub(super) const BATCH_MAX: usize = 256;
/// How often a spent log that could not be written is tried again when no requests come.
const RETRY: Duration = Duration::from_secs(1);

/// What the writer writes.
pub(super) enum Work {
    /// A movement of value that somebody asked for.
    Transaction(VerifiedTransaction),
    /// What became known of a quote.
    Quote(QuoteStep),
}

impl Work {
    /// How many rows it writes, about.
    fn rows(&self) -> usize {
        match self {
            Self::Transaction(transaction) => transaction.rows(),
            Self::Quote(_) => 1,
        }
    }
}

/// A piece of work on its way to the disk, with its answer.
pub(super) struct Job {
    pub(super) work: Work,
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
            batch.forget_quotes(clock::day_to_s(oldest))?;
            batch.commit()
        });
        if let Err(error) = forgotten {
            tracing::warn!(%error, "old request digests and quotes could not be removed; it is tried again tomorrow");
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
        let (work, replies): (Vec<_>, Vec<_>) = jobs
            .into_iter()
            .map(|job| (job.work, (job.answer, job.reply)))
            .unzip();
        match self.write(&work) {
            Ok(outcomes) => {
                for (outcome, (answer, reply)) in outcomes.into_iter().zip(replies) {
                    // A caller that has gone away asks again, and is answered then.
                    let _ = reply.send(outcome.map(|()| answer));
                }
            }
            Err(error) => {
                tracing::error!(%error, pieces = work.len(), "a batch failed");
                let why = match &error {
                    Error::Busy(why) => why,
                    Error::Store(full) if store::is_full(full) => "out of room in its store",
                    Error::Store(_)
                    | Error::Invariant(_)
                    | Error::Operator(_)
                    | Error::Unreported(_)
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
    fn write(&mut self, pieces: &[Work]) -> Result<Vec<Result<()>>> {
        if self.journal.is_behind() {
            self.settle()?;
        }
        let replay_days = self.shared.settings.replay_days;
        let batch = self.writer.begin()?;
        let mut books = Books::open(&batch, replay_days, self.journal.is_on())?;
        let mut outcomes = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let outcome = match piece {
                Work::Transaction(transaction) => match books.decide(transaction) {
                    Ok(Decision::New) => {
                        books.apply(transaction)?;
                        Ok(())
                    }
                    Ok(Decision::Answered) => Ok(()),
                    Err(error) => Err(error),
                },
                Work::Quote(step) => books.take(step),
            };
            outcomes.push(match outcome {
                Ok(()) => Ok(()),
                Err(refusal @ (Error::Request { .. } | Error::Account { .. })) => Err(refusal),
                Err(
                    fault @ (Error::Store(_)
                    | Error::Invariant(_)
                    | Error::Busy(_)
                    | Error::Operator(_)
                    | Error::Unreported(_)
                    | Error::File { .. }),
                ) => return Err(fault),
            });
        }
        let newest = books.newest_keyset();
        let (spends, events) = books.close()?;
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
            checkpoints.committed(pieces.iter().map(Work::rows).sum());
        }
        self.shared.events.announce(events);
        if revision != self.shared.directory().revision {
            self.shared.reload()?;
        }
        Ok(outcomes)
    }
}
