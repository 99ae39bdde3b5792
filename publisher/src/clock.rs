//! The time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix seconds.
pub(crate) fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// The day, counted from the Unix epoch.
pub(crate) fn day() -> i64 {
    (now_s() / 86_400).cast_signed()
}
