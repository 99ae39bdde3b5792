//! When a call is made again, and how long to wait before: as long as the mint asks for, or twice as long
//! each time.
//!
//! Only a call that may be repeated is made again: a question, or a request that the mint answers as it
//! did before.

use crate::error::{Error, Unavailable};

/// How often in a row the same request is sent again.
const TRIES_MAX: u32 = 8;
/// The first wait where the mint names none; each one after it is twice as long.
const FIRST_WAIT_S: u64 = 1;
/// The longest wait where the mint names none.
const WAIT_S_MAX: u64 = 60;
/// The longest wait that a mint is granted; one that asks for more is left alone.
const ASKED_S_MAX: u64 = 15 * 60;

/// A wait before a request is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The mint.
    pub mint: String,
    /// How long.
    pub seconds: u64,
    /// Whether the mint asked for it, by `Retry-After`.
    pub asked: bool,
    /// Why, for people.
    pub reason: String,
}

impl Pause {
    /// Returns the wait after `tries` calls in a row that were made again; `None` to give up.
    #[must_use]
    pub fn after(unavailable: &Unavailable, tries: u32) -> Option<Self> {
        let asked = unavailable.retry_after_s;
        let seconds = asked.unwrap_or_else(|| {
            let doubled = FIRST_WAIT_S.checked_shl(tries).unwrap_or(WAIT_S_MAX);
            doubled.min(WAIT_S_MAX)
        });
        (tries < TRIES_MAX && seconds <= ASKED_S_MAX).then(|| Self {
            mint: unavailable.mint.clone(),
            seconds,
            asked: asked.is_some(),
            reason: unavailable.reason.clone(),
        })
    }
}

/// An error that may say "not now".
pub trait Transient {
    /// Returns what the mint said if a later call may succeed.
    fn unavailable(&self) -> Option<Unavailable>;
}

impl Transient for Error {
    fn unavailable(&self) -> Option<Unavailable> {
        match self {
            Self::Unavailable(unavailable) => Some(unavailable.clone()),
            Self::Refused(_) | Self::Misbehaved { .. } => None,
        }
    }
}

/// Makes a call until it is answered. `wait` waits, and returns whether to go on.
///
/// # Errors
/// The last error of the call.
pub async fn retry<T, E: Transient>(
    mut wait: impl AsyncFnMut(&Pause) -> bool,
    mut call: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut tries = 0;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let unavailable = error.unavailable();
        let Some(pause) = unavailable.and_then(|why| Pause::after(&why, tries)) else {
            return Err(error);
        };
        if !wait(&pause).await {
            return Err(error);
        }
        tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(retry_after_s: Option<u64>) -> Unavailable {
        Unavailable {
            mint: "https://mint.test".to_owned(),
            reason: "status 503".to_owned(),
            retry_after_s,
        }
    }

    fn seconds(retry_after_s: Option<u64>, tries: u32) -> Option<u64> {
        Some(Pause::after(&busy(retry_after_s), tries)?.seconds)
    }

    #[test]
    fn waits_double_up_to_a_minute_and_end() {
        let waits: Vec<u64> = (0..9).map_while(|tries| seconds(None, tries)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn what_the_mint_asks_for_is_obeyed_up_to_a_quarter_of_an_hour() {
        assert_eq!(seconds(Some(0), 0), Some(0));
        assert_eq!(seconds(Some(7), 5), Some(7));
        assert_eq!(seconds(Some(900), 0), Some(900));
        assert_eq!(seconds(Some(901), 0), None);
        assert_eq!(seconds(Some(7), 8), None);
    }

    #[tokio::test]
    async fn a_call_is_made_again_until_it_is_answered_or_no_longer_waited_for() {
        let unavailable = || Error::Unavailable(busy(Some(3)));
        for (patience, expected) in [(2, Ok(7)), (1, Err(unavailable()))] {
            let (mut calls, mut waits) = (0, Vec::new());
            let answer = retry(
                async |pause: &Pause| {
                    waits.push((pause.seconds, pause.asked));
                    waits.len() <= patience
                },
                async || {
                    calls += 1;
                    if calls == 3 {
                        Ok(7)
                    } else {
                        Err(unavailable())
                    }
                },
            );
            assert_eq!(answer.await, expected);
            assert_eq!(waits, [(3, true); 2]);
        }
    }
}
