//! Withdrawing: from the account at a mint into the wallet.

use farthing_protocol::Bundle;

use crate::account::api_token;
use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::{Draft, Finished};
use crate::purse::holdings::Holdings;
use crate::purse::plan::{plan_bundle, positive};
use crate::records::{Kind, Mint};
use crate::store::Store;

/// A withdrawal.
pub(crate) enum Withdraw<'a> {
    /// Of an amount, in the tokens that the wallet lacks.
    Amount(u64),
    /// Of a bundle: the same tokens for everybody.
    Bundle(&'a Bundle),
}

impl Withdraw<'_> {
    fn plan(&self, held: &Holdings) -> Result<Draft, UsageError> {
        let (amount, outputs) = match *self {
            Self::Amount(amount) => {
                positive(amount)?;
                (
                    amount,
                    held.change(amount, &[], held.mint.limits.outputs_max)?,
                )
            }
            Self::Bundle(bundle) => (bundle.total(), plan_bundle(held.active()?, bundle)?),
        };
        Ok(Draft::new(Kind::Withdraw, Vec::new(), outputs, amount, 0))
    }

    pub(crate) async fn run<S: Store, H: Http>(
        &self,
        engine: &Engine<S, H>,
        mint: &Mint,
    ) -> Result<Finished, Error> {
        api_token(mint)?;
        let (held, draft) = engine.planned(mint, |held| self.plan(held)).await?;
        engine.exchange(&held.mint, draft).await
    }
}
