//! What a wallet has at its mints, what of it expires, and which keyset new tokens are made of.

use farthing_protocol::KeysetId;
use farthing_protocol::suite::SuiteId;

use super::Purse;
use super::coins::{RESCUE_S, Stock, Terms, expires_by};
use super::plan::plan_change;
use crate::error::{Error, UsageError};
use crate::records::{Coin, Keyset, Kind, Mint, Operation, OutputRequest, suite_of, worth};
use crate::store::Store;

/// What a wallet has at one mint: read once for an operation, and planned with.
pub(crate) struct Holdings {
    pub(crate) mint: Mint,
    pub(crate) keysets: Vec<Keyset>,
    /// The tokens that can be spent: those of expired keysets are not among them.
    pub(crate) coins: Vec<Coin>,
    pub(crate) terms: Terms,
    now: u64,
}

impl Holdings {
    /// Returns what is there at the time `now`, Unix seconds.
    pub(crate) fn at(now: u64, mint: Mint, keysets: Vec<Keyset>, mut coins: Vec<Coin>) -> Self {
        let expired = |coin: &Coin| {
            let mut keysets = keysets.iter();
            keysets.any(|k| k.info.id == coin.keyset() && expires_by(k, now))
        };
        coins.retain(|coin| !expired(coin));
        let terms = Terms::of(&keysets, now);
        Self {
            mint,
            keysets,
            coins,
            terms,
            now,
        }
    }

    /// The keyset that new tokens are made of.
    ///
    /// # Errors
    /// [`UsageError::NoActiveKeyset`].
    pub(crate) fn active(&self) -> Result<&Keyset, UsageError> {
        active(&self.mint, &self.keysets, self.now)
    }

    /// The keyset of a suite that new tokens are made of.
    pub(crate) fn active_of(&self, suite: SuiteId) -> Option<&Keyset> {
        active_of(suite, &self.keysets, self.now)
    }

    /// Outputs for `amount` to stay in the wallet, at most `room`, beside what is left when `spent` is gone.
    ///
    /// # Errors
    /// [`UsageError::NoActiveKeyset`], [`UsageError::AmountUnpayable`].
    pub(crate) fn change(
        &self,
        amount: u64,
        spent: &[Coin],
        room: usize,
    ) -> Result<Vec<OutputRequest>, UsageError> {
        let mut stock = Stock::without(&self.coins, spent);
        plan_change(self.active()?, amount, &mut stock, room)
    }

    /// Returns what is left of `inputs` after `amount` and the mint's fee.
    pub(crate) fn rest(&self, inputs: &[Coin], amount: u64) -> u64 {
        worth(inputs)
            .checked_sub(amount)
            .and_then(|rest| rest.checked_sub(self.terms.fee(inputs)))
            .expect("inputs are chosen to cover the amount and the fee")
    }

    /// Checks whether the mint takes as many inputs at once.
    ///
    /// # Errors
    /// [`UsageError::TooManyInputs`].
    pub(crate) fn not_too_many(&self, inputs: &[Coin]) -> Result<(), UsageError> {
        let (needed, max) = (inputs.len(), self.mint.limits.inputs_max);
        if needed > max {
            return Err(UsageError::TooManyInputs { needed, max });
        }
        Ok(())
    }

    /// That `needed` is more than there is.
    pub(crate) fn insufficient(&self, needed: u64) -> UsageError {
        UsageError::Insufficient {
            needed,
            available: worth(&self.coins),
            unit: self.mint.shown_in(),
        }
    }

    /// That nothing of `coins` is left after the mint's fee.
    pub(crate) fn fee_eats_all(&self, coins: &[Coin]) -> UsageError {
        UsageError::FeeEatsAll {
            amount: worth(coins),
            fee: self.terms.fee(coins),
            unit: self.mint.shown_in(),
        }
    }
}

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
    /// Returns what the wallet has at a mint now; the mint's record is read anew.
    pub(crate) async fn holdings(&self, mint: &Mint) -> Result<Holdings, Error> {
        let mint = self.tables.mint(Some(&mint.url)).await?;
        let keysets = self.tables.keysets(&mint.url).await?;
        let coins = self.tables.coins(&mint.url).await?;
        Ok(Holdings::at(self.now(), mint, keysets, coins))
    }

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

    /// Returns what expires within 30 days: keysets whose tokens the wallet holds, soonest first.
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

/// Returns whether the mint honours a coin no more, because its keyset has expired.
fn expired(coin: &Coin, keysets: &[Keyset], now: u64) -> bool {
    let mut keysets = keysets.iter();
    keysets.any(|keyset| keyset.info.id == coin.keyset() && expires_by(keyset, now))
}

/// Returns what an open operation holds of the wallet's own, or brings when it takes from elsewhere.
fn pending(operation: &Operation) -> u64 {
    match operation.kind {
        // A token that was sent is not the wallet's until it is back, and what a restore finds
        // is in the balance already.
        Kind::Reclaim | Kind::Restore => 0,
        Kind::Withdraw | Kind::Receive => operation.amount,
        Kind::Send | Kind::Redeem | Kind::Pay | Kind::Renew => worth(operation.own_inputs()),
    }
}

/// The keyset of Farthing's own suite that new tokens are made of.
///
/// # Errors
/// [`UsageError::NoActiveKeyset`].
pub(crate) fn active<'a>(
    mint: &Mint,
    keysets: &'a [Keyset],
    now: u64,
) -> Result<&'a Keyset, UsageError> {
    let keyset = active_of(SuiteId::Ristretto255, keysets, now);
    keyset.ok_or_else(|| UsageError::NoActiveKeyset(mint.url.clone()))
}

/// The keyset of a suite that new tokens are made of: of the active ones that don't expire soon the one with the
/// lowest fee, and of those the one that lasts longest.
pub(crate) fn active_of(suite: SuiteId, keysets: &[Keyset], now: u64) -> Option<&Keyset> {
    let lasting = |k: &Keyset| k.info.final_expiry.unwrap_or(u64::MAX);
    let signs = |k: &&Keyset| suite_of(&k.info.id) == suite && k.info.active && !expires_by(k, now);
    keysets.iter().filter(signs).min_by_key(|k| {
        (
            expires_by(k, now.saturating_add(RESCUE_S)),
            k.info.input_fee_ppk,
            std::cmp::Reverse(lasting(k)),
            k.info.id,
        )
    })
}
