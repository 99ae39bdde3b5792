//! A thread that moves what the writer has committed out of the write-ahead log into the store's file,
//! while the writer goes on: in a large store that is as much work for the disk as the log itself.

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::error::{Error, Result};
use crate::store::{Checkpointer, Store, Writer};

/// After how many rows there is a checkpoint. In a large store each lies in a page of its own, and a batch
/// that is committed meanwhile waits for the disk behind them: rather often and short.
const ROWS: usize = 250;

/// The thread. Dropping this ends it.
pub(super) struct Checkpoints {
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Written since the last one was asked for.
    rows: usize,
}

impl Checkpoints {
    /// Starts the thread that makes the checkpoints for `writer`.
    pub(super) fn start(store: &Store, writer: &Writer) -> Result<Self> {
        let checkpointer = store.checkpointer()?;
        writer.leave_checkpoints()?;
        let (wake, wakes) = bounded(1);
        let thread = std::thread::Builder::new()
            .name("farthing-checkpoint".to_owned())
            .spawn(move || run(&checkpointer, &wakes))
            .map_err(|e| Error::Operator(format!("cannot start a thread: {e}")))?;
        Ok(Self {
            wake: Some(wake),
            thread: Some(thread),
            rows: 0,
        })
    }

    /// Takes note that a batch with that many rows was committed.
    pub(super) fn committed(&mut self, rows: usize) {
        self.rows += rows;
        if self.rows >= ROWS
            && let Some(wake) = &self.wake
        {
            self.rows = 0;
            // When one is asked for already, that one will do.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(checkpointer: &Checkpointer, wakes: &Receiver<()>) {
    while wakes.recv().is_ok() {
        if let Err(error) = checkpointer.checkpoint() {
            tracing::warn!(%error, "a checkpoint failed; nothing is lost, and the next batches try again");
        }
    }
}
