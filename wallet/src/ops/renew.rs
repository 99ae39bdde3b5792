//! Following a mint's keysets: tokens of one that signs no more, or that expires, are swapped for new
//! ones, a few at a time and at quiet times.
//!
//! A token of a retired keyset hides in a crowd that only gets smaller, and one of an expired keyset
//! is worth nothing. But a swap shows the mint that its inputs belong together, and a swap of all a
//! wallet has shows it the wallet. So a day's swap takes a few tokens of one keyset, and all of them
//! only when the keyset is about to expire. Whoever uses the wallet decides when the time is quiet:
//! never just before a payment (`docs/decisions/0017-renewing-at-quiet-times.md`).

use farthing_protocol::suite::SuiteId;

use super::swap::Swap;
use crate::engine::Engine;
use crate::error::Error;
use crate::http::Http;
use crate::operation::record::{Recovered, recovered};
use crate::purse::coins::{RESCUE_S, expires_by};
use crate::purse::holdings::active;
use crate::purse::tables::Batch;
use crate::records::{Keyset, Kind, Mint, suite_of};
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

impl Renew {
    pub(crate) async fn run<S: Store, H: Http>(
        self,
        engine: &Engine<S, H>,
    ) -> Result<Renewed, Error> {
        let mut renewed = Renewed::default();
        for mint in engine.purse.tables.all::<Mint>().await? {
            match self.run_at(engine, &mint, &mut renewed.swaps).await {
                Ok(()) => {}
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => renewed.failures.push(error),
            }
        }
        Ok(renewed)
    }

    async fn run_at<S: Store, H: Http>(
        self,
        engine: &Engine<S, H>,
        mint: &Mint,
        swaps: &mut Vec<Recovered>,
    ) -> Result<(), Error> {
        let purse = &engine.purse;
        let now = purse.now();
        let day = |renewed: u64| now < renewed.saturating_add(DAY_S);
        // A clock that was set back is no reason to wait.
        let today = mint.renewed.is_some_and(|at| day(at) && at <= now);
        let held = purse.expiring().await?;
        let nothing_expires = held.iter().all(|expiring| expiring.mint != mint.url);
        if mint.lane.is_none() || today || (self == Self::Expiring && nothing_expires) {
            return Ok(());
        }
        let native = [SuiteId::Ristretto255];
        let keysets = engine.refresh_keysets(native, mint, &mut ()).await?;
        let mint = Mint {
            renewed: Some(now),
            ..purse.tables.mint(Some(&mint.url)).await?
        };
        purse.tables.apply(Batch::default().put(&mint)).await?;
        for keyset in self.retiring(&mint, &keysets, purse.now()) {
            swaps.extend(renew_some(engine, &mint, keyset).await?);
        }
        Ok(())
    }

    /// The keysets of a mint whose tokens are to be renewed, the one that expires first at the front.
    pub(crate) fn retiring<'a>(
        self,
        mint: &Mint,
        keysets: &'a [Keyset],
        now: u64,
    ) -> Vec<&'a Keyset> {
        let Ok(active) = active(mint, keysets, now) else {
            return Vec::new();
        };
        let mut retiring: Vec<&Keyset> = keysets.iter().collect();
        retiring.retain(|k| k.info.id != active.info.id && self.is_due(k, now));
        retiring.sort_by_key(|keyset| keyset.info.final_expiry.unwrap_or(u64::MAX));
        retiring
    }

    /// Returns whether tokens of a keyset are to be renewed now. Where that costs a fee, only what expires is;
    /// Cashu's tokens always are.
    fn is_due(self, keyset: &Keyset, now: u64) -> bool {
        let expires = expires_by(keyset, now.saturating_add(RESCUE_S));
        let retired = !keyset.info.active && keyset.info.input_fee_ppk == 0;
        let native = suite_of(&keyset.info.id) == SuiteId::Ristretto255;
        !native || expires || (retired && self == Self::Retired)
    }
}

/// Swaps a few tokens of a keyset, or all of them when it is about to expire.
pub(crate) async fn renew_some<S: Store, H: Http>(
    engine: &Engine<S, H>,
    mint: &Mint,
    keyset: &Keyset,
) -> Result<Vec<Recovered>, Error> {
    let purse = &engine.purse;
    // They come in the order of their points, which is no order at all.
    let mut coins = purse.holdings(mint).await?.coins;
    coins.retain(|coin| coin.keyset() == keyset.info.id);
    if !expires_by(keyset, purse.now().saturating_add(URGENT_S)) {
        coins.truncate(TOKENS_A_DAY);
    }
    let swap = Swap {
        kind: Kind::Renew,
        coins: &coins,
        memo: None,
    };
    let (held, (drafts, _dust)) = engine.planned(mint, |held| swap.plan(held)).await?;
    let mut swaps = Vec::new();
    for operation in purse.begin(&held.mint, drafts).await? {
        let result = engine.run(operation.clone()).await;
        swaps.push(recovered(&operation, result)?);
    }
    Ok(swaps)
}
