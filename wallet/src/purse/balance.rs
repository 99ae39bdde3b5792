//! What a wallet holds, mint by mint.

use super::Purse;
use super::coins::expires_by;
use crate::error::Error;
use crate::records::{Coin, Keyset, Kind, Mint, Operation, worth};
use crate::store::Store;

/// What a wallet holds at one mint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The mint's address.
    pub mint: String,
    /// The unit.
    pub unit: String,
    /// What can be spent.
    pub available: u64,
    /// What open operations hold of it, or bring.
    pub pending: u64,
    /// What the mint does not honour any more, because the keyset has expired: not in `available`.
    pub expired: u64,
}

impl<S: Store> Purse<S> {
    pub(crate) async fn balance(&self) -> Result<Vec<Balance>, Error> {
        let coins = self.tables.all::<Coin>().await?;
        let operations = self.tables.all::<Operation>().await?;
        let keysets = self.tables.all::<Keyset>().await?;
        let mints = self.tables.all::<Mint>().await?.into_iter();
        let now = self.now();
        let balance = |mint: Mint| {
            let here = coins.iter().filter(|c| c.mint == mint.url).cloned();
            let (expired, good): (Vec<Coin>, Vec<Coin>) =
                here.partition(|coin| expired(coin, &keysets, now));
            let open = operations.iter().filter(|o| o.mint == mint.url);
            Balance {
                available: worth(&good),
                expired: worth(&expired),
                pending: open.map(pending).fold(0, u64::saturating_add),
                mint: mint.url,
                unit: mint.unit,
            }
        };
        Ok(mints.map(balance).collect())
    }
}

/// Whether the mint honours a coin no more, because its keyset has expired.
fn expired(coin: &Coin, keysets: &[Keyset], now: u64) -> bool {
    let mut keysets = keysets.iter();
    keysets.any(|keyset| keyset.info.id == coin.keyset() && expires_by(keyset, now))
}

/// What an open operation holds of the wallet's own, or brings when it takes from elsewhere.
fn pending(operation: &Operation) -> u64 {
    match operation.kind {
        // A token that was handed out is not the wallet's until it is back, and what a restore finds
        // is in the balance already.
        Kind::Reclaim | Kind::Restore => 0,
        Kind::Withdraw | Kind::Receive => operation.amount,
        Kind::Send | Kind::Redeem | Kind::Pay | Kind::Renew => worth(operation.own_inputs()),
    }
}
