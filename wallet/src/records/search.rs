//! How far a search for what a phrase has at a mint has come: kept in its operation, so that it is
//! gone on with after a break and repeats no more than one request.

use farthing_protocol::KeysetId;
use serde::{Deserialize, Serialize};

/// What a restore found at a mint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// What was found unspent and was not in the wallet yet.
    pub amount: u64,
    /// How many tokens that was.
    pub tokens: u64,
    /// How many places the mint had signed, spent or not.
    pub signed: u64,
    /// The lane this device uses from now on.
    pub lane: u32,
}

/// A lane of a keyset that was walked to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walked {
    /// The keyset.
    pub keyset: KeysetId,
    /// The lane.
    pub lane: u32,
    /// The place after the last one that the mint had signed; 0 when there was none.
    pub end: u64,
}

/// A search under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// What is walked to its end.
    pub walked: Vec<Walked>,
    /// What is being walked; the places up to its `end` are done.
    pub walking: Option<Walked>,
    /// What was found until now.
    pub found: Restored,
    /// How many places the mint was asked about until now.
    pub places: u64,
}

impl Search {
    /// The lane after the last one with anything in it.
    #[must_use]
    pub fn next_lane(&self) -> u32 {
        let used = self.walked.iter().filter(|walked| walked.end > 0);
        used.map(|walked| walked.lane.saturating_add(1))
            .max()
            .unwrap_or(0)
    }

    /// Returns whether a lane of a keyset is walked to its end.
    pub(crate) fn is_walked(&self, keyset: KeysetId, lane: u32) -> bool {
        let mut walked = self.walked.iter();
        walked.any(|walked| (walked.keyset, walked.lane) == (keyset, lane))
    }

    /// From where to walk a lane: 0, or where the search was broken off.
    pub(crate) fn start(&self, keyset: KeysetId, lane: u32) -> u64 {
        let here = |walking: &&Walked| (walking.keyset, walking.lane) == (keyset, lane);
        self.walking.as_ref().filter(here).map_or(0, |w| w.end)
    }
}
