//! The moments at which a wallet asks a mint for something, and the decision at each look at the clock.

use serde::{Deserialize, Serialize};

use super::random::Random;
use crate::time::DAY_S;

/// Between two withdrawals: each has a moment of its own in every span of this length.
const WEEK_S: u64 = 7 * DAY_S;
/// A wallet that is new withdraws within this time.
const FIRST_S: u64 = 2 * DAY_S;
/// For how long at the least nothing is asked for after a payment, or after something else was asked for.
const QUIET_S_MIN: u64 = 20 * 60;
/// Up to how much longer: drawn each time, so that the end of the quiet does not tell its beginning.
const QUIET_S_MORE: u64 = 20 * 60;

/// Draws how long nothing is asked for after a token was shown: 20 to 40 minutes, in seconds.
pub(crate) fn quiet_s(random: &mut Random) -> u64 {
    QUIET_S_MIN + random.below(QUIET_S_MORE)
}

/// When a wallet asks one mint for what, Unix seconds. It is kept: moments that were drawn anew at each start
/// would come sooner to those who start often. It tells whoever reads it when the wallet will ask, and until then,
/// to 20 minutes, when it last paid; not what, nor whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    withdraw: u64,
    learn: u64,
    renew: u64,
    /// Nothing is asked for before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet: Option<u64>,
}

/// What a wallet knows when it looks whether there is something to do at a mint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many bundles are missing; 0 when there is enough, and when none can be withdrawn.
    pub bundles: u64,
    /// Whether there are tokens to renew.
    pub retiring: bool,
    /// The time from which a token that a site has seen and did not charge is to be swapped, if there is one.
    pub shown: Option<u64>,
    /// Until when nothing is asked for because of another mint.
    pub quiet: Option<u64>,
}

/// What a mint is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Which keysets and which bundle it has.
    Learn,
    /// New tokens for some of a keyset that retires.
    Renew,
    /// As many bundles, each in a request of its own.
    Withdraw {
        /// How many.
        bundles: u64,
    },
    /// New tokens for those that a site has seen and did not charge.
    SwapShown,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing before the time `until`, Unix seconds.
    Nothing {
        /// The next moment of all.
        until: u64,
    },
    /// One thing.
    Do {
        /// What.
        purpose: Purpose,
        /// The moment that it is due since, Unix seconds.
        since: u64,
    },
}

impl Schedule {
    /// Draws the moments of a wallet that begins to use a mint at Unix time `now`.
    #[must_use]
    pub fn new(now: u64, random: &mut Random) -> Self {
        Self {
            withdraw: now.saturating_add(random.below(FIRST_S)),
            learn: next(now, now, DAY_S, random),
            renew: next(now, now, DAY_S, random),
            // It was asked who it is.
            quiet: Some(now.saturating_add(quiet_s(random))),
        }
    }

    /// Notes that a token is shown to a site at Unix time `now`.
    pub fn paid(&mut self, now: u64, random: &mut Random) {
        let until = now.saturating_add(quiet_s(random));
        self.quiet = self.quiet.max(Some(until));
    }

    /// Notes that `purpose` was carried out at Unix time `now`, or refused for good.
    pub fn done(&mut self, purpose: Purpose, now: u64, random: &mut Random) {
        match purpose {
            Purpose::Learn => self.learn = next(self.learn, now, DAY_S, random),
            Purpose::Renew => self.renew = next(self.renew, now, DAY_S, random),
            Purpose::Withdraw { .. } => self.withdraw = next(self.withdraw, now, WEEK_S, random),
            Purpose::SwapShown => {}
        }
        self.paid(now, random);
    }

    /// Notes that `purpose` was tried at Unix time `now` and the mint gave no answer: it stays due.
    pub fn failed(&mut self, now: u64, random: &mut Random) {
        self.paid(now, random);
    }

    /// Until when nothing is asked for, if that is later than Unix time `now`.
    #[must_use]
    pub fn quiet(&self, now: u64) -> Option<u64> {
        self.quiet.filter(|until| *until > now)
    }

    /// Decides what is to be done at Unix time `now`: at most one thing, the one that is due for the longest.
    /// Moments that have come and have nothing to do go by. It is to be kept before what was decided is done.
    pub fn decide(&mut self, seen: &Seen, now: u64, random: &mut Random) -> Decision {
        self.mend(now, random);
        self.quiet = self.quiet(now);
        let quiet = self.quiet.max(seen.quiet).filter(|until| *until > now);
        if quiet.is_none() {
            if seen.bundles == 0 && self.withdraw <= now {
                self.withdraw = next(self.withdraw, now, WEEK_S, random);
            }
            if !seen.retiring && self.renew <= now {
                self.renew = next(self.renew, now, DAY_S, random);
            }
        }
        let bundles = seen.bundles;
        let moments = [
            (Some(self.withdraw), Purpose::Withdraw { bundles }),
            (Some(self.learn), Purpose::Learn),
            (Some(self.renew), Purpose::Renew),
            (seen.shown, Purpose::SwapShown),
        ];
        let moments = moments.into_iter();
        let first = moments.filter_map(|(at, purpose)| at.map(|at| (at, purpose)));
        let (since, purpose) = first
            .min_by_key(|(at, _)| *at)
            .expect("three of the moments are always there");
        let until = since.max(quiet.unwrap_or(0));
        match until <= now {
            true => Decision::Do { purpose, since },
            false => Decision::Nothing { until },
        }
    }

    /// Draws anew what is further away than it can be: the clock was ahead, and is right now.
    fn mend(&mut self, now: u64, random: &mut Random) {
        let apart = |span: u64| now.saturating_add(2 * span);
        if self.withdraw > apart(WEEK_S) {
            self.withdraw = next(now, now, WEEK_S, random);
        }
        if self.learn > apart(DAY_S) {
            self.learn = next(now, now, DAY_S, random);
        }
        if self.renew > apart(DAY_S) {
            self.renew = next(now, now, DAY_S, random);
        }
        let furthest = now.saturating_add(QUIET_S_MIN + QUIET_S_MORE);
        self.quiet = self.quiet.map(|until| until.min(furthest));
    }
}

/// Draws the moment after the one `at`, at Unix time `now`: in the span after that of `at`. When that is over, or the
/// drawn moment in it is, one of the span after the present one.
fn next(at: u64, now: u64, span: u64, random: &mut Random) -> u64 {
    let mut draw = |number: u64| {
        number
            .saturating_mul(span)
            .saturating_add(random.below(span))
    };
    let moment = draw((at / span).saturating_add(1));
    match moment > now {
        true => moment,
        false => draw((now / span).saturating_add(1)),
    }
}
