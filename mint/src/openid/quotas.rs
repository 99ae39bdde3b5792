//! How many blind authentication tokens each user got today.
//!
//! It is kept in memory alone, so a mint that is started again begins to count again: that is the price for
//! having nothing of it on a disk. The users' names are hashed with a key that is drawn every day and never
//! leaves the process: who has yesterday's memory and today's cannot tell who was there on both days.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use farthing_protocol::ErrorCode;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Subject;
use crate::error::{Error, Result};

/// Users, by a hash that only this process can make.
type Name = [u8; 16];

/// What users may have, and what they have got.
pub(crate) struct Quotas {
    /// Tokens for one user on one day; 0 for no limit, and then nothing is counted.
    daily_max: u64,
    today: Mutex<Option<Day>>,
}

/// One day's counts.
struct Day {
    number: i64,
    key: Zeroizing<[u8; 32]>,
    taken: HashMap<Name, u64>,
}

impl Quotas {
    pub(crate) fn new(daily_max: u64) -> Self {
        Self {
            daily_max,
            today: Mutex::default(),
        }
    }

    /// Counts `count` tokens for a user on the day `today`, before they are issued.
    ///
    /// # Errors
    /// [`Error::Request`] with `BlindAuthTooMany` when that were more than the user may have, and nothing
    /// is counted; [`Error::Operator`] when the system gives no random numbers.
    pub(crate) fn take(&self, subject: &Subject, count: u64, today: i64) -> Result<()> {
        if self.daily_max == 0 {
            return Ok(());
        }
        let mut place = self.lock();
        let day = match &mut *place {
            Some(day) if day.number == today => day,
            other => other.insert(Day::new(today)?),
        };
        let taken = day.taken.entry(day.name(subject)).or_default();
        match taken.checked_add(count) {
            Some(sum) if sum <= self.daily_max => *taken = sum,
            _ => {
                let left = self.daily_max - *taken;
                let detail = format!("at most {} tokens a day; today {left} more", self.daily_max);
                return Err(Error::request(ErrorCode::BlindAuthTooMany, detail));
            }
        }
        Ok(())
    }

    /// Takes back what was counted for tokens that were not issued.
    pub(crate) fn give_back(&self, subject: &Subject, count: u64, today: i64) {
        let mut place = self.lock();
        if let Some(day) = place.as_mut().filter(|day| day.number == today) {
            let name = day.name(subject);
            if let Some(taken) = day.taken.get_mut(&name) {
                *taken = taken.saturating_sub(count);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Day>> {
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Day {
    fn new(number: i64) -> Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)
            .map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
        Ok(Self {
            number,
            key,
            taken: HashMap::new(),
        })
    }

    fn name(&self, subject: &Subject) -> Name {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("HMAC takes any key");
        let full: [u8; 32] = mac
            .chain_update(subject.expose())
            .finalize()
            .into_bytes()
            .into();
        let mut name = [0; 16];
        name.copy_from_slice(&full[..16]);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: i64 = 20_000;

    fn user(name: &str) -> Subject {
        Subject::new(name.to_owned())
    }

    fn code(result: Result<()>) -> Option<ErrorCode> {
        result.err().map(|error| error.to_wire().0)
    }

    #[test]
    fn each_user_has_their_own_count_and_each_day_begins_anew() {
        let quotas = Quotas::new(10);
        let too_many = Some(ErrorCode::BlindAuthTooMany);
        assert_eq!(code(quotas.take(&user("ann"), 7, TODAY)), None);
        assert_eq!(code(quotas.take(&user("ann"), 4, TODAY)), too_many);
        // What was refused was not counted.
        assert_eq!(code(quotas.take(&user("ann"), 3, TODAY)), None);
        assert_eq!(code(quotas.take(&user("ann"), 1, TODAY)), too_many);
        assert_eq!(code(quotas.take(&user("bob"), 11, TODAY)), too_many);
        assert_eq!(code(quotas.take(&user("bob"), 10, TODAY)), None);
        assert_eq!(code(quotas.take(&user("ann"), 10, TODAY + 1)), None);
        assert_eq!(
            code(quotas.take(&user("ann"), u64::MAX, TODAY + 1)),
            too_many
        );
    }

    #[test]
    fn what_was_not_issued_is_taken_back_on_its_day_alone() {
        let quotas = Quotas::new(10);
        quotas.take(&user("ann"), 10, TODAY).unwrap();
        quotas.give_back(&user("bob"), 10, TODAY);
        quotas.give_back(&user("ann"), 10, TODAY - 1);
        assert!(quotas.take(&user("ann"), 1, TODAY).is_err());
        quotas.give_back(&user("ann"), 4, TODAY);
        assert!(quotas.take(&user("ann"), 5, TODAY).is_err());
        assert!(quotas.take(&user("ann"), 4, TODAY).is_ok());
    }

    #[test]
    fn without_a_limit_nothing_is_kept() {
        let quotas = Quotas::new(0);
        quotas.take(&user("ann"), u64::MAX, TODAY).unwrap();
        assert!(quotas.lock().is_none());
    }

    /// The day before is gone with its key, and a user has another name on each.
    #[test]
    fn a_day_leaves_nothing_behind() {
        let quotas = Quotas::new(10);
        let mut names = Vec::new();
        for day in 0..3 {
            quotas.take(&user("ann"), 1, TODAY + day).unwrap();
            let place = quotas.lock();
            let today = place.as_ref().unwrap();
            assert_eq!((today.number, today.taken.len()), (TODAY + day, 1));
            names.extend(today.taken.keys().copied());
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 3);
    }
}
