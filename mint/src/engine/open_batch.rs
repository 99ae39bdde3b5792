//! What the writer knows during one batch, for all the pieces of work in it.

use std::collections::BTreeMap;

use super::events::Event;
use super::shared::EngineSettings;
use crate::clock;
use crate::error::{Error, Result};
use crate::spent_log::Spend;
use crate::store::{Batch, Counters, TokenRow};

/// A batch that is being written: the keysets' counters in memory, everything else in the store.
pub(super) struct OpenBatch<'b> {
    pub(super) batch: &'b Batch<'b>,
    pub(super) counters: BTreeMap<u32, Counters>,
    pub(super) now: u64,
    pub(super) today: i64,
    pub(super) hour: i64,
    pub(super) settings: &'b EngineSettings,
    /// For the spent log, if there is one.
    pub(super) spends: Option<Vec<Spend>>,
    /// For the subscribers.
    pub(super) events: Vec<Event>,
}

impl<'b> OpenBatch<'b> {
    /// Begins with the counters that the store has.
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

    /// Returns the counters of the keyset that a token or an output is of.
    pub(super) fn counters_of(&mut self, row: &TokenRow) -> Result<&mut Counters> {
        self.counters.get_mut(&row.keyset).ok_or(UNKNOWN_KEYSET)
    }

    /// Returns the newest keyset's index.
    pub(super) fn newest_keyset(&self) -> u32 {
        self.counters.keys().next_back().copied().unwrap_or(0)
    }

    /// Writes the counters back; returns what was spent, if there is a log for it, and what happened.
    pub(super) fn close(self) -> Result<(Vec<Spend>, Vec<Event>)> {
        for (index, counters) in &self.counters {
            self.batch.set_counters(*index, counters)?;
        }
        Ok((self.spends.unwrap_or_default(), self.events))
    }
}

pub(super) const UNKNOWN_KEYSET: Error =
    Error::Invariant("a verified transaction of an unknown keyset");
