//! What a wallet has at one mint, and which keyset new tokens are made of.

use farthing_protocol::suite::SuiteId;

use super::coins::{RESCUE_S, Stock, Terms, expires_by};
use super::plan::plan_change;
use crate::error::UsageError;
use crate::records::{Coin, Keyset, Mint, OutputRequest, suite_of, worth};

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
    /// What is there at the time `now`, Unix seconds.
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

    /// What is left of `inputs` after `amount` and the mint's fee.
    pub(crate) fn rest(&self, inputs: &[Coin], amount: u64) -> u64 {
        worth(inputs)
            .checked_sub(amount)
            .and_then(|rest| rest.checked_sub(self.terms.fee(inputs)))
            .expect("inputs are chosen to cover the amount and the fee")
    }

    /// Whether the mint takes as many inputs at once.
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
