//! Waiting where a mint says "not now": for as long as it asks, or a little longer each time.

use crate::error::{Error, Network};

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

/// How far a long search has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The mint.
    pub mint: String,
    /// The lane that is walked now.
    pub lane: u32,
    /// How many places the mint was asked about.
    pub places: u64,
    /// How many of them the mint had signed.
    pub signed: u64,
    /// How many tokens were found that can be spent.
    pub tokens: u64,
    /// What those are worth.
    pub amount: u64,
}

/// Whoever looks on while something takes long, and does the waiting: a terminal's progress bar and
/// timer, a browser's, or a test that does not wait at all. `()` shows nothing and never waits.
#[expect(
    async_fn_in_trait,
    reason = "a wallet is used from one task; a browser's futures are not Send"
)]
pub trait Observer {
    /// Told after each answer.
    fn progress(&mut self, progress: &Progress);

    /// Waits, and says whether to go on. What was found until then is kept either way.
    async fn wait(&mut self, pause: &Pause) -> bool;
}

impl Observer for () {
    fn progress(&mut self, _: &Progress) {}

    async fn wait(&mut self, _: &Pause) -> bool {
        false
    }
}

/// Makes a call that may be repeated, until it is answered, or `observer` or this module gives up.
///
/// # Errors
/// The last one of the call.
pub(crate) async fn patiently<T>(
    observer: &mut impl Observer,
    mut call: impl AsyncFnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let mut tries = 0;
    loop {
        let network = match call().await {
            Err(Error::Network(network)) => network,
            other => return other,
        };
        let Some(pause) = pause(&network, tries) else {
            return Err(Error::Network(network));
        };
        if !observer.wait(&pause).await {
            return Err(Error::Network(network));
        }
        tries += 1;
    }
}

/// How long to wait after so many tries; `None` to give up.
fn pause(network: &Network, tries: u32) -> Option<Pause> {
    let own = FIRST_WAIT_S << tries.min(u64::BITS - 1);
    let seconds = network.retry_after_s.unwrap_or(own.min(WAIT_S_MAX));
    let patient = tries < TRIES_MAX && seconds <= ASKED_S_MAX;
    patient.then(|| Pause {
        mint: network.mint.clone(),
        seconds,
        asked: network.retry_after_s.is_some(),
        reason: network.reason.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(retry_after_s: Option<u64>) -> Network {
        Network {
            mint: "https://mint.test".into(),
            reason: "status 503".into(),
            retry_after_s,
            open: None,
        }
    }

    #[test]
    fn waits_double_up_to_a_minute_and_end() {
        let waits: Vec<u64> = (0..9)
            .map_while(|tries| Some(pause(&network(None), tries)?.seconds))
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn what_the_mint_asks_for_is_obeyed_up_to_a_quarter_of_an_hour() {
        let asked = |seconds, tries| pause(&network(Some(seconds)), tries).map(|p| p.seconds);
        assert_eq!(asked(0, 0), Some(0));
        assert_eq!(asked(7, 5), Some(7));
        assert_eq!(asked(900, 0), Some(900));
        assert_eq!(asked(901, 0), None);
        assert_eq!(asked(7, 8), None);
    }
}
