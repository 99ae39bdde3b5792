//! What a wallet holds: tokens, counters, and the tables that they are kept in.

pub(crate) mod batches;
pub(crate) mod coins;
pub(crate) mod counters;
pub(crate) mod holdings;
pub(crate) mod outputs;
pub(crate) mod plan;
pub(crate) mod tables;
