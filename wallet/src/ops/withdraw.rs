//! Withdrawing: from the account at a mint into the wallet.

use crate::account::api_token;
use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::{Draft, Finished};
use crate::purse::holdings::Holdings;
use crate::purse::plan::positive;
use crate::records::{Kind, Mint};
use crate::store::Store;

/// A withdrawal of an amount.
pub(crate) struct Withdraw(pub(crate) u64);

impl Withdraw {
    fn plan(&self, held: &Holdings) -> Result<Draft, UsageError> {
        let Self(amount) = *self;
        positive(amount)?;
        let outputs = held.change(amount, &[], held.mint.limits.outputs_max)?;
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
