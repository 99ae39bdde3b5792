//! When the write-ahead log of a store is emptied.
//!
//! A write-ahead log holds recent transactions in their order, each with what belongs together in it. SQLite starts the
//! log over only when it has grown to some megabytes, which takes hours where little happens. Whoever seizes the disk
//! meanwhile reads it. So a server empties the log as soon as nothing happens for a while, and now and then also when
//! something always happens.

use std::time::{Duration, Instant};

/// After how long without a commit the log is emptied.
const QUIET: Duration = Duration::from_secs(2);
/// After how long the log is emptied at the latest, counted from the oldest commit in it.
const AGE_MAX: Duration = Duration::from_secs(60);

/// The age of what a write-ahead log holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogAge(Option<Commits>);

#[derive(Clone, Copy, Debug)]
struct Commits {
    oldest: Instant,
    newest: Instant,
}

impl LogAge {
    /// Takes note of a commit.
    pub fn committed(&mut self, now: Instant) {
        let oldest = self.0.map_or(now, |commits| commits.oldest);
        let newest = now;
        self.0 = Some(Commits { oldest, newest });
    }

    /// Takes note that the log is empty.
    pub fn emptied(&mut self) {
        self.0 = None;
    }

    /// Takes note that the log could not be emptied: it is tried again after a while.
    pub fn postponed(&mut self, now: Instant) {
        self.0 = None;
        self.committed(now);
    }

    /// Returns when the log is to be emptied: two seconds after the newest commit, or a minute after the oldest one,
    /// whichever is earlier. `None` when it holds nothing.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.0
            .map(|commits| (commits.newest + QUIET).min(commits.oldest + AGE_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_log_is_never_due() {
        let mut age = LogAge::default();
        assert_eq!(age.due(), None);
        age.committed(Instant::now());
        assert!(age.due().is_some());
        age.emptied();
        assert_eq!(age.due(), None);
    }

    #[test]
    fn a_log_is_due_when_it_is_quiet_and_at_the_latest_after_a_minute() {
        let start = Instant::now();
        let mut age = LogAge::default();
        age.committed(start);
        assert_eq!(age.due(), Some(start + Duration::from_secs(2)));
        let mut now = start;
        for _ in 0..100 {
            now += Duration::from_secs(1);
            age.committed(now);
            let quiet = now + Duration::from_secs(2);
            assert_eq!(age.due(), Some(quiet.min(start + Duration::from_secs(60))));
        }
        age.postponed(now);
        assert_eq!(age.due(), Some(now + Duration::from_secs(2)));
    }
}
