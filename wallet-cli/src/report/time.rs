//! Unix seconds as people write them, in UTC: where the wallet is used is nobody's business.

const DAY_S: u64 = 86_400;

/// A day of the Gregorian calendar: `2026-01-31`.
pub(super) fn date(unix_s: u64) -> String {
    // Days since 1 March of the year 0: leap days come last in such years (Hinnant, civil_from_days).
    let days = unix_s / DAY_S + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A minute: `2026-01-31 14:05`.
pub(super) fn minute(unix_s: u64) -> String {
    let of_day = unix_s % DAY_S / 60;
    let (hour, minute) = (of_day / 60, of_day % 60);
    format!("{} {hour:02}:{minute:02}", date(unix_s))
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
