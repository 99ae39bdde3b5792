//! What a wallet holds: tokens, counters, and the tables that they are kept in.

pub(crate) mod batches;
pub(crate) mod coins;
pub(crate) mod counters;
pub(crate) mod holdings;
pub(crate) mod outputs;
pub(crate) mod plan;
mod quiet;
pub(crate) mod tables;

use crate::seed::Seed;
use crate::time::Clock;

use tables::Tables;

/// All that a wallet has and knows without asking anybody.
pub(crate) struct Purse<S> {
    pub(crate) tables: Tables<S>,
    pub(crate) seed: Seed,
    pub(crate) clock: Clock,
    /// Whether the phrase was new when the wallet was made: it has used no lane anywhere.
    pub(crate) phrase_is_new: bool,
}

impl<S> Purse<S> {
    /// The time, Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        (self.clock)()
    }
}
