//! The clock, as coarse as each use allows.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

const MINUTE_S: u64 = 60;
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

/// The Unix time at which a day began.
#[must_use]
pub fn day_to_s(day: i64) -> u64 {
    day.max(0).cast_unsigned().saturating_mul(DAY_S)
}

/// The Unix time at which this minute began: what a backup carries.
#[must_use]
pub fn minute_s() -> i64 {
    (now_s() / MINUTE_S * MINUTE_S).cast_signed()
}

/// A Unix time for people, as `2026-11-23 13:07 UTC`. Times outside of the years -9999 to 9999 are given as the nearest
/// that is inside.
#[must_use]
pub fn to_text(time_s: i64) -> String {
    let time_s = time_s.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let time = Timestamp::from_second(time_s).expect("a calendar's time: clamped above");
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The Unix time at which an hour began.
#[must_use]
pub fn hour_to_s(hour: i64) -> u64 {
    hour.cast_unsigned().saturating_mul(HOUR_S)
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn times_for_people() {
        // From `date -u -d @…`.
        for (time_s, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (951_868_800, "2000-03-01 00:00 UTC"),
            (1_795_439_220, "2026-11-23 13:07 UTC"),
            (4_107_542_399, "2100-02-28 23:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
            (i64::MAX, "9999-12-30 22:00 UTC"),
        ] {
            assert_eq!(to_text(time_s), text);
        }
    }
}
