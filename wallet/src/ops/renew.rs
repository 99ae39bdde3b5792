//! Following a mint's keysets: tokens of one that signs no more, or that expires, are swapped for new
//! ones, a few at a time and at quiet times.
//!
//! A token of a retired keyset hides in a crowd that only gets smaller, and one of an expired keyset
//! is worth nothing. But a swap shows the mint that its inputs belong together, and a swap of all a
//! wallet has shows it the wallet. So a day's swap takes a few tokens of one keyset, and all of them
//! only when the keyset is about to expire. Whoever uses the wallet decides when the time is quiet:
//! never just before a payment (`docs/decisions/0017-renewing-at-quiet-times.md`).

use farthing_protocol::KeysetId;
use farthing_protocol::suite::SuiteId;

use super::swap::Swap;
use crate::engine::Engine;
use crate::error::Error;
use crate::http::Http;
use crate::operation::record::{Recovered, recovered};
use crate::purse::Purse;
use crate::purse::coins::{RESCUE_S, expires_by};
use crate::purse::holdings::{Holdings, active};
use crate::purse::tables::Batch;
use crate::records::{Coin, Keyset, Kind, Mint, suite_of, worth};
use crate::store::Store;
use crate::time::DAY_S;

/// How many tokens of a keyset are swapped in a day.
const TOKENS_A_DAY: usize = 8;
/// A keyset that expires within this time is left at once.
const URGENT_S: u64 = 7 * DAY_S;

/// What is to be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renew {
    /// Tokens of keysets that retire, whether or not they expire.
    Retired,
    /// Tokens of keysets that expire within 30 days alone.
    Expiring,
}

/// What came of following the mints' keysets.
#[derive(Debug, Default)]
pub struct Renewed {
    /// The swaps, and what became of them.
    pub swaps: Vec<Recovered>,
    /// Mints that could not be asked for their keysets, or showed false ones.
    pub failures: Vec<Error>,
}

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

impl<S: Store, H: Http> Engine<S, H> {
    pub(crate) async fn renew(&self, what: Renew) -> Result<Renewed, Error> {
        let mut renewed = Renewed::default();
        for mint in self.purse.tables.all::<Mint>().await? {
            match self.renew_at(&mint, what, &mut renewed.swaps).await {
                Ok(()) => {}
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => renewed.failures.push(error),
            }
        }
        Ok(renewed)
    }

    async fn renew_at(
        &self,
        mint: &Mint,
        what: Renew,
        swaps: &mut Vec<Recovered>,
    ) -> Result<(), Error> {
        let now = self.purse.now();
        let day = |renewed: u64| now < renewed.saturating_add(DAY_S);
        // A clock that was set back is no reason to wait.
        let today = mint.renewed.is_some_and(|at| day(at) && at <= now);
        let held = self.purse.expiring().await?;
        let nothing_expires = held.iter().all(|expiring| expiring.mint != mint.url);
        if mint.lane.is_none() || today || (what == Renew::Expiring && nothing_expires) {
            return Ok(());
        }
        let keysets = self
            .refresh_keysets([SuiteId::Ristretto255], mint, &mut ())
            .await?;
        let mint = Mint {
            renewed: Some(now),
            ..self.purse.tables.mint(Some(&mint.url)).await?
        };
        self.purse.tables.apply(Batch::default().put(&mint)).await?;
        let Ok(active) = active(&mint, &keysets, self.purse.now()) else {
            return Ok(());
        };
        let active = active.info.id;
        let mut retiring: Vec<&Keyset> = keysets.iter().collect();
        retiring.retain(|keyset| keyset.info.id != active && self.purse.is_due(keyset, what));
        retiring.sort_by_key(|keyset| keyset.info.final_expiry.unwrap_or(u64::MAX));
        for keyset in retiring {
            let coins = self.purse.to_renew(&mint, keyset).await?;
            let swap = Swap {
                kind: Kind::Renew,
                coins: &coins,
                memo: None,
            };
            let (held, (drafts, _dust)) = self.planned(&mint, |held| swap.plan(held)).await?;
            for operation in self.purse.begin(&held.mint, drafts).await? {
                let result = self.run(operation.clone()).await;
                swaps.push(recovered(&operation, result)?);
            }
        }
        Ok(())
    }
}

impl<S: Store> Purse<S> {
    /// Whether tokens of a keyset are to be renewed now. Where that costs a fee, only what expires is;
    /// Cashu's tokens always are.
    fn is_due(&self, keyset: &Keyset, what: Renew) -> bool {
        if suite_of(&keyset.info.id) != SuiteId::Ristretto255 {
            return true;
        }
        let soon = self.now().saturating_add(RESCUE_S);
        let expires = expires_by(keyset, soon);
        let retired = !keyset.info.active && keyset.info.input_fee_ppk == 0;
        expires || (retired && what == Renew::Retired)
    }

    /// The tokens of a keyset that are to be renewed now.
    async fn to_renew(&self, mint: &Mint, keyset: &Keyset) -> Result<Vec<Coin>, Error> {
        let now = self.now();
        // They come in the order of their points, which is no order at all.
        let mut coins = self.holdings(mint).await?.coins;
        coins.retain(|coin| coin.keyset() == keyset.info.id);
        if !expires_by(keyset, now.saturating_add(URGENT_S)) {
            coins.truncate(TOKENS_A_DAY);
        }
        Ok(coins)
    }

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
