//! Waiting where a mint says "not now": for as long as it asks, or a little longer each time.

pub use farthing_client::Pause;
use farthing_client::{Transient, Unavailable};

use crate::error::Error;

/// How far a long search has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The mint.
    pub mint: String,
    /// The lane that is walked now.
    pub lane: u32,
    /// How many derivation indexes the mint was asked about.
    pub places: u64,
    /// How many of them the mint had signed.
    pub signed: u64,
    /// How many tokens were found that can be spent.
    pub tokens: u64,
    /// What those are worth.
    pub amount: u64,
}

/// Receives progress and performs the waits of a long operation: a terminal's progress bar and timer, a
/// browser's, or a test that does not wait at all. `()` shows nothing and never waits.
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

impl Transient for Error {
    fn unavailable(&self) -> Option<Unavailable> {
        let Self::Network(network) = self else {
            return None;
        };
        Some(Unavailable {
            mint: network.mint.clone(),
            reason: network.reason.clone(),
            retry_after_s: network.retry_after_s,
        })
    }
}

/// Makes a call that may be repeated, until it is answered, or `observer` or the client gives up.
///
/// # Errors
/// The last one of the call.
pub(crate) async fn retrying<T>(
    observer: &mut impl Observer,
    call: impl AsyncFnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    farthing_client::retry(async |pause: &Pause| observer.wait(pause).await, call).await
}
