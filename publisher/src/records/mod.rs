//! The record of payments: which tokens were presented for what. One SQLite file, one thread that
//! writes, and one fsync for whatever waits: what is answered is on disk.

mod store;

use std::path::Path;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

use crate::error::Error;
use crate::keys::Mark;
pub(crate) use store::{Store, Unredeemed};

/// Writes that may wait; more wait at the door.
const QUEUE_MAX: usize = 4096;
/// The most writes in one commit: bounds how long the first of them waits.
const BATCH_MAX: usize = 256;

/// A payment to be recorded before anything happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    /// Its tokens.
    pub(crate) marks: Vec<Mark>,
    /// What they were presented for.
    pub(crate) purpose: [u8; 32],
    /// The day, counted from the Unix epoch.
    pub(crate) day: i64,
    /// For tokens taken without asking the mint: the inputs to redeem later.
    pub(crate) locked: Vec<Locked>,
}

/// A token to redeem later.
#[derive(Clone, Debug)]
pub(crate) struct Locked {
    /// The input of the redemption, JSON.
    pub(crate) input: farthing_protocol::Secret,
    /// What it is worth.
    pub(crate) amount: u64,
}

/// What the record says of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Never seen, and now recorded.
    New,
    /// Presented for the same before, with an unknown end.
    Again,
    /// Presented for the same before, and charged.
    Charged,
    /// Some of it was presented for something else.
    Bound,
}

/// A change of the record.
enum Write {
    Present(Presented, oneshot::Sender<Standing>),
    Charge(Vec<Mark>),
    Withdraw(Vec<Mark>),
    /// Anything that is rare.
    Task(Task),
}

/// Gives what is to be done once it is on disk.
type Task = Box<dyn FnOnce(&Store) -> rusqlite::Result<After> + Send>;
type After = Box<dyn FnOnce() + Send>;

/// The record of payments.
pub(crate) struct Records {
    writes: Option<Sender<Write>>,
    writer: Option<JoinHandle<()>>,
}

/// The record could not be written. Nothing may be done that depends on it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unrecorded;

impl Records {
    /// Opens the record in `path`, or makes it; `record_days` is how long it keeps what tokens were
    /// presented for.
    ///
    /// # Errors
    /// [`Error::Records`].
    pub(crate) fn open(path: &Path, record_days: u32) -> Result<Self, Error> {
        let store = Store::open(path)?;
        let (writes, queue) = bounded(QUEUE_MAX);
        let writer = std::thread::Builder::new()
            .name("farthing-records".to_owned())
            .spawn(move || run(&store, &queue, i64::from(record_days)))
            .map_err(Error::file(path))?;
        Ok(Self {
            writes: Some(writes),
            writer: Some(writer),
        })
    }

    /// Records a payment, and tells how it stands. What is new is on disk when this returns.
    ///
    /// # Errors
    /// [`Unrecorded`].
    pub(crate) async fn present(&self, presented: Presented) -> Result<Standing, Unrecorded> {
        let (reply, standing) = oneshot::channel();
        self.send(Write::Present(presented, reply))?;
        standing.await.map_err(|_| Unrecorded)
    }

    /// Records that a payment was redeemed; soon on disk. Until then the mint's repeated answer stands
    /// for it.
    pub(crate) fn charge(&self, marks: Vec<Mark>) {
        let _ = self.send(Write::Charge(marks));
    }

    /// Forgets a payment that the mint refused: its tokens are free for anything.
    pub(crate) fn withdraw(&self, marks: Vec<Mark>) {
        let _ = self.send(Write::Withdraw(marks));
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
        })))?;
        result.await.map_err(|_| Unrecorded)
    }

    fn send(&self, write: Write) -> Result<(), Unrecorded> {
        let writes = self.writes.as_ref().ok_or(Unrecorded)?;
        writes.try_send(write).map_err(|_| Unrecorded)
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

fn run(store: &Store, queue: &Receiver<Write>, record_days: i64) {
    let mut cleaned = 0;
    while let Ok(first) = queue.recv() {
        let batch = std::iter::once(first).chain(queue.try_iter().take(BATCH_MAX - 1));
        let today = crate::clock::day();
        let oldest = (cleaned != today).then_some(today - record_days);
        match commit(store, batch, oldest) {
            Ok(()) => cleaned = today,
            // The senders are dropped, which tells everybody who waits.
            Err(error) => tracing::error!(%error, "the record of payments could not be written"),
        }
    }
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
                    let standing = store.present(&presented)?;
                    replies.push(Box::new(move || {
                        let _ = reply.send(standing);
                    }));
                }
                Write::Charge(marks) => store.charge(&marks)?,
                Write::Withdraw(marks) => store.withdraw(&marks)?,
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
