//! Swapping tokens for new ones that stay in the wallet: taken in, taken back or renewed.

use crate::error::UsageError;
use crate::operation::record::Draft;
use crate::purse::batches::{Division, divide};
use crate::purse::coins::Stock;
use crate::purse::holdings::Holdings;
use crate::purse::plan::plan_change;
use crate::records::{Coin, Kind, worth};

/// Swaps of coins for new ones.
pub(crate) struct Swap<'a> {
    pub(crate) kind: Kind,
    pub(crate) coins: &'a [Coin],
    pub(crate) memo: Option<&'a String>,
}

impl Swap<'_> {
    /// As many in each request as the mint takes; and the coins that are in none, because the fee would be
    /// as much as they are worth.
    ///
    /// # Errors
    /// [`UsageError::NoActiveKeyset`], [`UsageError::AmountUnpayable`].
    pub(crate) fn plan(&self, held: &Holdings) -> Result<(Vec<Draft>, Vec<Coin>), UsageError> {
        let limits = &held.mint.limits;
        let keyset = held.active()?;
        let mut stock = Stock::without(&held.coins, self.coins);
        let mut drafts = Vec::new();
        let Division { batches, dust } = divide(self.coins, limits.inputs_max, &held.terms);
        for inputs in batches {
            let fee = held.terms.fee(&inputs);
            let amount = worth(&inputs)
                .checked_sub(fee)
                .expect("a batch is worth more than its fee");
            let outputs = plan_change(keyset, amount, &mut stock, limits.outputs_max)?;
            let draft = Draft::new(self.kind, inputs, outputs, amount, fee);
            drafts.push(draft.with_memo(self.memo.cloned()));
        }
        Ok((drafts, dust))
    }
}
