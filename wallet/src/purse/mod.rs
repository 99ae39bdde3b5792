//! What a wallet holds: tokens, counters, and the tables that they are kept in.

pub(crate) mod balance;
pub(crate) mod batches;
pub(crate) mod coins;
pub(crate) mod counters;
pub(crate) mod expiring;
pub(crate) mod holdings;
pub(crate) mod outputs;
pub(crate) mod plan;
pub(crate) mod tables;

use crate::error::Error;
use crate::records::Mint;
use crate::seed::Seed;
use crate::store::Store;
use crate::time::Clock;

use holdings::Holdings;
use tables::Tables;

/// All that a wallet has and knows without asking anybody.
pub(crate) struct Purse<S> {
    pub(crate) tables: Tables<S>,
    pub(crate) seed: Seed,
    pub(crate) clock: Clock,
    /// Whether the phrase was new when the wallet was made: it has used no lane anywhere.
    pub(crate) phrase_is_new: bool,
}

impl<S: Store> Purse<S> {
    /// The time, Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        (self.clock)()
    }

    /// What the wallet has at a mint now; the mint's record is read anew.
    pub(crate) async fn holdings(&self, mint: &Mint) -> Result<Holdings, Error> {
        let mint = self.tables.mint(Some(&mint.url)).await?;
        let keysets = self.tables.keysets(&mint.url).await?;
        let coins = self.tables.coins(&mint.url).await?;
        Ok(Holdings::at(self.now(), mint, keysets, coins))
    }
}
