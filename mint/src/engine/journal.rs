//! The writer's side of the spent log, and the gate in front of answers that were given before.
//!
//! In a batch that spends tokens, the order is: the batch is committed to the store, with the log's
//! next frame in it; the frame is written to the log; the batch is answered. When the log cannot be
//! written, nothing is answered, and nothing more is committed, until it can.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use crate::error::{Error, Result};
use crate::spent_log::{NextFrame, Spend, SpentLog};
use crate::store::{Batch, Store};

const BEHIND: Error = Error::Busy("unable to write its spent log");

/// The spent log of a mint, or none.
#[derive(Debug, Default)]
pub struct Journal {
    log: Option<SpentLog>,
    /// Committed to the store, and not yet in the log.
    pending: Option<NextFrame>,
}

impl Journal {
    /// Opens the log at `path`, or makes a new one when the store keeps none. Without a path, the
    /// store keeps none from here on. Only the process that serves the mint's requests does this.
    ///
    /// # Errors
    /// [`Error::Operator`] when there is another log at `path`, or the store is an old copy;
    /// [`Error::File`]; [`Error::Store`].
    pub fn open(store: &Store, path: Option<&Path>) -> Result<Self> {
        let known = store.reader()?.log_place()?;
        let set_place = |place| {
            let mut writer = store.writer()?;
            let batch = writer.begin()?;
            batch.set_log_place(place)?;
            batch.commit()
        };
        let Some(path) = path else {
            if known.is_some() {
                set_place(None)?;
                tracing::warn!(
                    "the spent log ends here: the setting spent_log is gone. Copies of the store can \
                     be brought up to date with it no further"
                );
            }
            return Ok(Self::default());
        };
        let place = match known {
            Some(place) => place,
            None if path.exists() => {
                let shown = path.display();
                return Err(Error::Operator(format!(
                    "{shown}: there is a file already, and this store does not write it. Give the \
                     setting spent_log another path; if the store was restored and this is its old \
                     spent log, replay it: farthing-mint quarantine replay"
                )));
            }
            None => {
                let place = SpentLog::begin()?;
                set_place(Some(&place))?;
                tracing::warn!(
                    "a new spent log begins: make a backup now, since older copies of the store \
                     cannot be brought up to date with it"
                );
                place
            }
        };
        let log = Some(SpentLog::open(path, &place)?);
        Ok(Self { log, pending: None })
    }

    /// Returns whether there is a log.
    pub(super) fn is_on(&self) -> bool {
        self.log.is_some()
    }

    /// Returns whether the log lacks something that the store has.
    pub(super) fn is_behind(&self) -> bool {
        self.pending.is_some()
    }

    /// Puts the next frame into the batch, unless there is nothing to say.
    /// `newest` is the newest keyset's index.
    pub(super) fn prepare(
        &self,
        batch: &Batch<'_>,
        newest: u32,
        spends: Vec<Spend>,
    ) -> Result<Prepared> {
        let Some(log) = &self.log else {
            return Ok(Prepared(None));
        };
        let mut keysets = Vec::new();
        if newest > log.newest() {
            keysets = batch.keysets()?;
            keysets.retain(|row| row.terms.index > log.newest());
        } else if spends.is_empty() {
            return Ok(Prepared(None));
        }
        let next = log.next_frame(keysets, spends);
        batch.set_log_tail(log.end(), &next.bytes)?;
        Ok(Prepared(Some(next)))
    }

    /// Takes a frame whose batch is committed, for [`Self::settle`] to write.
    pub(super) fn committed(&mut self, prepared: Prepared) {
        self.pending = prepared.0;
    }

    /// Writes what is pending, and leaves in the gate whether the log is behind.
    ///
    /// # Errors
    /// [`Error::Busy`] when the log cannot be written.
    pub(super) fn settle(&mut self, gate: Option<MutexGuard<'_, bool>>) -> Result<()> {
        let settled = self.write_pending();
        if let Some(mut is_behind) = gate {
            *is_behind = self.is_behind();
        }
        settled
    }

    fn write_pending(&mut self) -> Result<()> {
        let (Some(log), Some(next)) = (&mut self.log, &self.pending) else {
            return Ok(());
        };
        if let Err(error) = log.write(next) {
            tracing::error!(%error, "the spent log cannot be written: nothing is answered until it can");
            return Err(BEHIND);
        }
        self.pending = None;
        Ok(())
    }
}

/// A frame in a batch that is not committed yet.
pub(super) struct Prepared(Option<NextFrame>);

impl Prepared {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// Stands between the store and answers that are read from it: what the store knows and the log does
/// not is not answered for yet. The writer holds it from before a batch is committed until its frame
/// is in the log.
#[derive(Debug, Default)]
pub(super) struct Gate {
    is_behind: Option<Mutex<bool>>,
}

impl Gate {
    pub(super) fn new(journal: &Journal) -> Self {
        Self {
            is_behind: journal.is_on().then(Mutex::default),
        }
    }

    /// For the writer, which opens it again by [`Journal::settle`].
    pub(super) fn close(&self) -> Option<MutexGuard<'_, bool>> {
        let gate = self.is_behind.as_ref()?.lock();
        Some(gate.unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// For an answer that was read from the store: returns when the log has all that was read.
    ///
    /// # Errors
    /// [`Error::Busy`] when the log is behind.
    pub(super) fn pass(&self) -> Result<()> {
        match self.close() {
            Some(behind) if *behind => Err(BEHIND),
            _ => Ok(()),
        }
    }

    /// Returns whether the log lacks something that the store has.
    pub(super) fn is_behind(&self) -> bool {
        self.close().is_some_and(|behind| *behind)
    }
}
