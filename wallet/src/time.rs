//! Spans of time that several parts of the wallet share, in seconds.

/// A day.
pub(crate) const DAY_S: u64 = 24 * 60 * 60;
/// Clocks that differ by more than this are worth a word.
pub(crate) const CLOCKS_S_MAX: u64 = 5 * 60;

/// Gives the time, Unix seconds. A wallet's money never depends on it; its history does.
pub type Clock = fn() -> u64;
