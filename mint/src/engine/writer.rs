//! The last stage: one thread that writes. It takes whatever transactions are waiting into one batch,
//! decides each on its own, and makes all of them durable with one fsync. Only then are they answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use farthing_service::wal::{Step, Upkeep};

use super::checkpoints::Checkpoints;
use super::decide::Decision;
use super::job::Job;
use super::journal::Journal;
use super::open_batch::OpenBatch;
use super::shared::Shared;
use crate::clock;
use crate::error::{Error, Result};
use crate::store::Writer;

/// The most transactions in one batch: bounds how long the first of them waits.
pub(super) const BATCH_MAX: usize = 256;
/// How often a spent log that could not be written is tried again when no requests come.
const RETRY: Duration = Duration::from_secs(1);

/// The writer's state.
pub(super) struct Committer {
    writer: Writer,
    journal: Journal,
    shared: Arc<Shared>,
    /// When this is the mint itself, which cleans up after itself, and not an operator's command.
    checkpoints: Option<Checkpoints>,
    /// When the store's write-ahead log is emptied, and its file rewritten.
    upkeep: Upkeep,
    /// The day on which [`Self::clean`] was last done.
    cleaned: i64,
}

impl Committer {
    /// The writer of the mint itself when it `serves`, or of an operator's command.
    pub(super) fn new(journal: Journal, shared: Arc<Shared>, serves: bool) -> Result<Self> {
        let writer = shared.store.writer()?;
        let checkpoints = serves
            .then(|| Checkpoints::start(&shared.store, &writer))
            .transpose()?;
        Ok(Self {
            writer,
            journal,
            shared,
            checkpoints,
            upkeep: Upkeep::new(Instant::now()),
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
            self.keep(Step::Tidy);
        }
    }

    /// Once a day, after that day's first batch: what is too old is forgotten.
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
        self.keep(Step::Tidy);
    }

    /// Empties the write-ahead log, and rewrites the file if that is the step: neither keeps the order of arrival.
    fn keep(&mut self, step: Step) {
        let emptied = match step {
            Step::EmptyLog => self.writer.empty_log(),
            Step::Tidy => self.writer.tidy(),
        };
        let is_emptied = emptied.unwrap_or_else(|error| {
            tracing::warn!(%error, "the store's log could not be emptied; nothing is lost, and it is tried again soon");
            false
        });
        self.upkeep.tried(step, is_emptied, Instant::now());
    }

    /// The next job; `None` when there will be none. Meanwhile the spent log is brought up to date, and the
    /// write-ahead log emptied.
    fn next(&mut self, jobs: &Receiver<Job>) -> Option<Job> {
        while self.journal.is_behind() {
            match jobs.recv_timeout(RETRY) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                // Its failure was logged, and is tried again.
                Err(RecvTimeoutError::Timeout) => drop(self.settle()),
            }
        }
        loop {
            // An operator's command ends soon, and leaves the log to the mint.
            let due = self.checkpoints.as_ref().and(self.upkeep.due());
            let Some(due) = due else {
                return jobs.recv().ok();
            };
            let now = Instant::now();
            if due <= now {
                self.keep(self.upkeep.step(jobs.is_empty(), now));
                continue;
            }
            match jobs.recv_deadline(due) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Brings the spent log up to date with the store.
    fn settle(&mut self) -> Result<()> {
        self.journal.settle(self.shared.gate.close())
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        match self.write(&jobs) {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    job.answer(outcome);
                }
            }
            Err(error) => {
                tracing::error!(%error, pieces = jobs.len(), "a batch failed");
                let why = if let Error::Busy(why) = error {
                    why
                } else if matches!(&error, Error::Store(failure) if failure.is_full) {
                    "out of room in its store"
                } else {
                    "unable to write to its store"
                };
                for job in jobs {
                    job.answer(Err(Error::Busy(why)));
                }
            }
        }
    }

    /// Writes one batch; returns the outcome of each job.
    ///
    /// # Errors
    /// [`Error::Store`] when nothing of the batch happened; [`Error::Busy`] when the spent log cannot
    /// be written, and nothing of it may be answered yet.
    fn write(&mut self, jobs: &[Job]) -> Result<Vec<Result<()>>> {
        if self.journal.is_behind() {
            self.settle()?;
        }
        let batch = self.writer.begin()?;
        let mut open = OpenBatch::open(&batch, &self.shared.settings, self.journal.is_on())?;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let outcome = match job {
                Job::Transaction(transaction, ..) => match open.decide(transaction) {
                    Ok(Decision::New) => {
                        open.apply(transaction)?;
                        Ok(())
                    }
                    Ok(Decision::Answered) => Ok(()),
                    Err(error) => Err(error),
                },
                Job::Quote(step, _) => open.take(step),
            };
            match outcome {
                Err(fault) if !fault.is_refusal() => return Err(fault),
                decided => outcomes.push(decided),
            }
        }
        let newest = open.newest_keyset();
        let (spends, events) = open.close()?;
        let frame = self.journal.prepare(&batch, newest, spends)?;
        let revision = batch.revision()?;
        if frame.is_empty() {
            batch.commit()?;
        } else {
            let gate = self.shared.gate.close();
            batch.commit()?;
            self.journal.committed(frame);
            self.journal.settle(gate)?;
        }
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.committed(jobs.iter().map(Job::rows).sum());
        }
        self.upkeep.committed(Instant::now());
        self.shared.events.announce(events);
        if revision != self.shared.directory().revision {
            self.shared.reload()?;
        }
        Ok(outcomes)
    }
}
