//! The record of payments: which tokens were presented for what. One SQLite file, one thread that
//! writes, and one fsync for whatever waits: what is answered is on disk.

mod store;

use std::path::Path;
use std::thread::JoinHandle;
use std::time::Instant;

use farthing_service::wal::{Step, Upkeep};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

use crate::error::Error;
use crate::keys::Mark;
pub(crate) use store::{Batch, Store, Unredeemed};

/// The name of the record's file in the publisher's folder.
pub const RECORDS_FILE: &str = "payments.sqlite";
/// Writes that may wait in the queue. A caller with another one waits for a place in it.
const QUEUE_MAX: usize = 4096;
/// The most writes in one commit: bounds how long the first of them waits.
const BATCH_MAX: usize = 256;

/// A payment to be recorded before anything happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    /// Its tokens.
    pub(crate) marks: Vec<Mark>,
    /// The digest of what they were presented for.
    pub(crate) purpose: Purpose,
    /// The same as records of version 1 have it.
    pub(crate) purpose_v1: Purpose,
    /// The day, counted from the Unix epoch.
    pub(crate) day: i64,
    /// Whether it is recorded when nothing is known of it: it is what is asked for today.
    pub(crate) may_be_new: bool,
    /// For tokens taken without asking the mint: the inputs to redeem later.
    pub(crate) locked: Vec<Locked>,
}

/// A token to redeem later.
#[derive(Clone, Debug)]
pub(crate) struct Locked {
    /// The input of the redemption, JSON.
    pub(crate) input: farthing_protocol::Secret,
    /// Its amount.
    pub(crate) amount: u64,
}

/// The digest of what tokens are presented for.
pub(crate) type Purpose = [u8; 32];

/// A payment's state in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentStatus {
    /// Never seen, and now recorded.
    New,
    /// Never seen, and not recorded, since it may not be new.
    Unknown,
    /// Presented for the same before, with an unknown end.
    Again(Form),
    /// Presented for the same before, and charged.
    Charged(Form),
    /// Some of it was presented for something else.
    Bound {
        /// And charged for that.
        charged: bool,
    },
}

/// A token that was presented before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// For what; `None` when that was forgotten.
    pub(crate) purpose: Option<Purpose>,
    pub(crate) charged: bool,
}

/// The form in which a payment was recorded first, and in which it is redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// With a reference in the redemption.
    Referenced,
    /// By a version that knew none.
    Version1,
}

/// Tokens, and what they were presented for.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) marks: Vec<Mark>,
    pub(crate) purpose: Purpose,
}

/// A change of the record.
enum Write {
    Present(Presented, oneshot::Sender<PaymentStatus>),
    Charge(Ticket),
    Release(Ticket),
    /// Anything that is rare.
    Task(Task),
}

/// Returns what is to be done once it is on disk.
type Task = Box<dyn FnOnce(&Store) -> rusqlite::Result<After> + Send>;
type After = Box<dyn FnOnce() + Send>;

/// The record of payments.
pub(crate) struct Records {
    writes: Option<mpsc::Sender<Write>>,
    writer: Option<JoinHandle<()>>,
}

/// The record could not be written. Nothing may be done that depends on it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unrecorded;

impl Records {
    /// Starts the writer of an open record, which is in `path`; `record_days` is how long it keeps what
    /// tokens were presented for.
    ///
    /// # Errors
    /// [`Error::File`] when there is no thread for it.
    pub(crate) fn start(store: Store, path: &Path, record_days: u32) -> Result<Self, Error> {
        let (writes, queue) = mpsc::channel(QUEUE_MAX);
        let timer = Builder::new_current_thread().enable_time().build();
        let timer = timer.map_err(Error::file(path))?;
        let writer = std::thread::Builder::new()
            .name("farthing-records".to_owned())
            .spawn(move || run(&store, queue, i64::from(record_days), &timer))
            .map_err(Error::file(path))?;
        Ok(Self {
            writes: Some(writes),
            writer: Some(writer),
        })
    }

    /// Records a payment, and returns its state. A new one is on disk when this returns.
    ///
    /// # Errors
    /// [`Unrecorded`].
    pub(crate) async fn present(&self, presented: Presented) -> Result<PaymentStatus, Unrecorded> {
        let (reply, status) = oneshot::channel();
        self.send(Write::Present(presented, reply)).await?;
        status.await.map_err(|_| Unrecorded)
    }

    /// Records that a payment was redeemed; soon on disk. Until then the mint's repeated answer stands
    /// for it.
    pub(crate) async fn charge(&self, ticket: Ticket) {
        let _ = self.send(Write::Charge(ticket)).await;
    }

    /// Says that one presentation of a payment moved nothing and will not move anything. When that is
    /// so of each, the payment is forgotten, and its tokens are free for anything.
    pub(crate) async fn release(&self, ticket: Ticket) {
        let _ = self.send(Write::Release(ticket)).await;
    }

    /// Returns those of these tokens that were presented before.
    ///
    /// # Errors
    /// [`Unrecorded`].
    pub(crate) async fn known(&self, marks: Vec<Mark>) -> Result<Vec<Known>, Unrecorded> {
        self.run(move |store| store.known(&marks)).await
    }

    /// Runs `task` on the store, durably.
    ///
    /// # Errors
    /// [`Unrecorded`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Store) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unrecorded> {
        let (reply, result) = oneshot::channel();
        self.send(Write::Task(Box::new(move |store| {
            let value = task(store)?;
            Ok(Box::new(move || drop(reply.send(value))) as After)
        })))
        .await?;
        result.await.map_err(|_| Unrecorded)
    }

    /// Waits for a place in the queue.
    async fn send(&self, write: Write) -> Result<(), Unrecorded> {
        let writes = self.writes.as_ref().ok_or(Unrecorded)?;
        writes.send(write).await.map_err(|_| Unrecorded)
    }
}

impl Drop for Records {
    /// Finishes what was asked for.
    fn drop(&mut self) {
        self.writes = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn run(store: &Store, mut queue: mpsc::Receiver<Write>, record_days: i64, timer: &Runtime) {
    let mut cleaned = 0;
    let mut upkeep = Upkeep::new(Instant::now());
    while let Some(first) = timer.block_on(next(store, &mut upkeep, &mut queue)) {
        let waiting = std::iter::from_fn(|| queue.try_recv().ok());
        let batch = std::iter::once(first).chain(waiting.take(BATCH_MAX - 1));
        let today = crate::clock::day();
        let oldest = (cleaned != today).then_some(today - record_days);
        match commit(store, batch, oldest) {
            Ok(()) => cleaned = today,
            // The senders are dropped, and every caller who waits gets an error.
            Err(error) => tracing::error!(%error, "the record of payments could not be written"),
        }
        upkeep.committed(Instant::now());
    }
    keep(store, &mut upkeep, Step::Tidy);
}

/// Returns the next write; `None` when there will be none. Empties the write-ahead log meanwhile.
async fn next(
    store: &Store,
    upkeep: &mut Upkeep,
    queue: &mut mpsc::Receiver<Write>,
) -> Option<Write> {
    while let Some(due) = upkeep.due() {
        let now = Instant::now();
        if due <= now {
            keep(store, upkeep, upkeep.step(queue.is_empty(), now));
        } else if let Ok(next) = timeout_at(due.into(), queue.recv()).await {
            return next;
        }
    }
    queue.recv().await
}

/// Empties the write-ahead log, and rewrites the file if that is the step.
fn keep(store: &Store, upkeep: &mut Upkeep, step: Step) {
    let emptied = match step {
        Step::EmptyLog => store.empty_log(),
        Step::Tidy => store.tidy(),
    };
    let is_emptied = emptied.unwrap_or_else(|error| {
        tracing::warn!(%error, "the log of the record could not be emptied; nothing is lost, and it is tried again soon");
        false
    });
    upkeep.tried(step, is_emptied, Instant::now());
}

/// Carries out a batch, and answers once it is on disk.
fn commit(
    store: &Store,
    batch: impl Iterator<Item = Write>,
    oldest: Option<i64>,
) -> rusqlite::Result<()> {
    let mut replies: Vec<After> = Vec::new();
    store.transaction(|| {
        for write in batch {
            match write {
                Write::Present(presented, reply) => {
                    let status = store.present(&presented)?;
                    replies.push(Box::new(move || {
                        let _ = reply.send(status);
                    }));
                }
                Write::Charge(ticket) => store.charge(&ticket, crate::clock::day())?,
                Write::Release(ticket) => store.release(&ticket)?,
                Write::Task(task) => replies.push(task(store)?),
            }
        }
        oldest.map_or(Ok(()), |day| store.forget(day))
    })?;
    replies.into_iter().for_each(|reply| reply());
    Ok(())
}

#[cfg(test)]
mod tests;
