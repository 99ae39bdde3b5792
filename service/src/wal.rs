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

/// After how long a file is rewritten again, when there is time for it.
const TIDY_EVERY: Duration = Duration::from_secs(3600);

/// What keeps a store's write-ahead log and its file from telling the order of transactions, and when it is due.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep {
    log: Option<Commits>,
    /// When the file was last rewritten.
    tidied: Instant,
}

/// The commits in the write-ahead log.
#[derive(Clone, Copy, Debug)]
struct Commits {
    oldest: Instant,
    newest: Instant,
}

/// What is done to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The log is emptied.
    EmptyLog,
    /// The file is rewritten in the order of its keys, and the log is emptied.
    Tidy,
}

impl Upkeep {
    /// Begins for a store that is opened at `now`: a program that was killed has left its log.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        let mut upkeep = Self {
            log: None,
            tidied: now,
        };
        upkeep.committed(now);
        upkeep
    }

    /// Takes note of a commit.
    pub fn committed(&mut self, now: Instant) {
        let oldest = self.log.map_or(now, |commits| commits.oldest);
        let newest = now;
        self.log = Some(Commits { oldest, newest });
    }

    /// Returns when something is to be done: two seconds after the newest commit in the log, or a minute after the
    /// oldest one, whichever is earlier. `None` when the log is empty.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.log
            .map(|commits| (commits.newest + QUIET).min(commits.oldest + AGE_MAX))
    }

    /// Returns what is to be done at `now`: once an hour the file is rewritten too, but only while nobody waits.
    #[must_use]
    pub fn step(&self, is_idle: bool, now: Instant) -> Step {
        match is_idle && now.duration_since(self.tidied) >= TIDY_EVERY {
            true => Step::Tidy,
            false => Step::EmptyLog,
        }
    }

    /// Takes note that a step was tried at `now`, and whether the log was emptied. If not, it is tried again after a
    /// while.
    pub fn tried(&mut self, step: Step, is_emptied: bool, now: Instant) {
        if step == Step::Tidy {
            self.tidied = now;
        }
        self.log = None;
        if !is_emptied {
            self.committed(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_log_is_never_due() {
        let now = Instant::now();
        let mut upkeep = Upkeep::new(now);
        assert!(upkeep.due().is_some(), "what a killed program left");
        upkeep.tried(Step::EmptyLog, true, now);
        assert_eq!(upkeep.due(), None);
        upkeep.committed(now);
        assert!(upkeep.due().is_some());
        upkeep.tried(Step::EmptyLog, true, now);
        assert_eq!(upkeep.due(), None);
    }

    #[test]
    fn a_log_is_due_when_it_is_quiet_and_at_the_latest_after_a_minute() {
        let start = Instant::now();
        let mut upkeep = Upkeep::new(start);
        assert_eq!(upkeep.due(), Some(start + Duration::from_secs(2)));
        let mut now = start;
        for _ in 0..100 {
            now += Duration::from_secs(1);
            upkeep.committed(now);
            let quiet = now + Duration::from_secs(2);
            assert_eq!(
                upkeep.due(),
                Some(quiet.min(start + Duration::from_secs(60)))
            );
        }
        upkeep.tried(Step::EmptyLog, false, now);
        assert_eq!(upkeep.due(), Some(now + Duration::from_secs(2)));
    }

    #[test]
    fn the_file_is_rewritten_once_an_hour_when_nobody_waits() {
        let start = Instant::now();
        let mut upkeep = Upkeep::new(start);
        let hour = start + Duration::from_secs(3600);
        let before = hour.checked_sub(Duration::from_secs(1)).unwrap();
        assert_eq!(upkeep.step(true, before), Step::EmptyLog);
        assert_eq!(upkeep.step(false, hour), Step::EmptyLog);
        assert_eq!(upkeep.step(true, hour), Step::Tidy);
        upkeep.tried(Step::EmptyLog, true, hour);
        assert_eq!(upkeep.step(true, hour), Step::Tidy);
        upkeep.tried(Step::Tidy, false, hour);
        assert_eq!(upkeep.step(true, hour), Step::EmptyLog);
        assert!(upkeep.due().is_some(), "it is tried again");
    }
}
