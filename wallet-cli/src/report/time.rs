//! Unix seconds as people write them, in UTC: where the wallet is used is nobody's business.

use jiff::Timestamp;

/// A day of the Gregorian calendar: `2026-01-31`.
pub(super) fn date(unix_s: u64) -> String {
    formatted(unix_s, "%Y-%m-%d")
}

/// A minute: `2026-01-31 14:05`.
pub(super) fn minute(unix_s: u64) -> String {
    formatted(unix_s, "%Y-%m-%d %H:%M")
}

/// A time after the year 9999, the calendar's last, is given as the last second of that year.
fn formatted(unix_s: u64, format: &str) -> String {
    let second = i64::try_from(unix_s)
        .ok()
        .and_then(|s| Timestamp::from_second(s).ok());
    second
        .unwrap_or(Timestamp::MAX)
        .strftime(format)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_gregorian_calendar() {
        // From Python's datetime.fromtimestamp(_, timezone.utc).
        for (unix_s, expected) in [
            (0, "1970-01-01"),
            (86_399, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_599, "2024-12-31"),
            (1_800_000_000, "2027-01-15"),
            (4_107_542_400, "2100-03-01"),
            (u64::MAX, "9999-12-30"),
        ] {
            assert_eq!(date(unix_s), expected);
        }
    }

    #[test]
    fn minutes_are_those_of_the_day() {
        assert_eq!(minute(0), "1970-01-01 00:00");
        assert_eq!(minute(86_399), "1970-01-01 23:59");
        assert_eq!(minute(1_800_000_000), "2027-01-15 08:00");
    }
}
