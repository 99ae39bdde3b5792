//! The clock, as coarse as each use allows.

use std::time::{SystemTime, UNIX_EPOCH};

const HOUR_S: u64 = 3600;
const DAY_S: u64 = 24 * HOUR_S;

/// Seconds since the Unix epoch: for lock times and expiries, never for the store.
#[must_use]
pub fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| d.as_secs())
}

/// Hours since the Unix epoch: what postings carry.
#[must_use]
pub fn hour() -> i64 {
    (now_s() / HOUR_S).cast_signed()
}

/// Days since the Unix epoch: what request digests carry.
#[must_use]
pub fn day() -> i64 {
    (now_s() / DAY_S).cast_signed()
}

/// The Unix time at which an hour began.
#[must_use]
pub fn hour_to_s(hour: i64) -> u64 {
    hour.cast_unsigned().saturating_mul(HOUR_S)
}
