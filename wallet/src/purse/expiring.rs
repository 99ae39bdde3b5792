//! What expires soon.

use farthing_protocol::KeysetId;

use super::Purse;
use super::coins::{RESCUE_S, expires_by};
use super::holdings::Holdings;
use crate::error::Error;
use crate::records::{Coin, Mint, worth};
use crate::store::Store;

/// Tokens whose keyset expires soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// The mint.
    pub mint: String,
    /// The unit.
    pub unit: String,
    /// The keyset.
    pub keyset: KeysetId,
    /// What the tokens are worth.
    pub amount: u64,
    /// When they expire, Unix seconds: from the next second on the mint does not honour them.
    pub expires: u64,
}

impl<S: Store> Purse<S> {
    /// What expires within 30 days: keysets whose tokens the wallet holds, soonest first.
    pub(crate) async fn expiring(&self) -> Result<Vec<Expiring>, Error> {
        let now = self.now();
        let mut all = Vec::new();
        for mint in self.tables.all::<Mint>().await? {
            let Holdings { keysets, coins, .. } = self.holdings(&mint).await?;
            let soon = keysets
                .iter()
                .filter(|k| expires_by(k, now.saturating_add(RESCUE_S)));
            for keyset in soon {
                let here = coins.iter().filter(|coin| coin.keyset() == keyset.info.id);
                let here: Vec<Coin> = here.cloned().collect();
                if let (Some(expires), false) = (keyset.info.final_expiry, here.is_empty()) {
                    all.push(Expiring {
                        mint: mint.url.clone(),
                        unit: mint.unit.clone(),
                        keyset: keyset.info.id,
                        amount: worth(&here),
                        expires,
                    });
                }
            }
        }
        all.sort_by_key(|expiring| expiring.expires);
        Ok(all)
    }
}
