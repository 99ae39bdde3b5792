//! Redeeming: from the wallet into the account at a mint.

use crate::account::api_token;
use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::Batched;
use crate::operation::record::Draft;
use crate::purse::batches::{Division, divide};
use crate::purse::coins;
use crate::purse::holdings::Holdings;
use crate::purse::plan::positive;
use crate::records::{Coin, Kind, Mint, worth};
use crate::store::Store;

/// How much to redeem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeem {
    /// This much into the account, with change back into the wallet.
    Amount(u64),
    /// All the wallet has at the mint, less the mint's fee.
    All,
}

impl Redeem {
    /// The requests, and the coins that are in none because the fee would eat them.
    fn plan(self, held: &Holdings) -> Result<(Vec<Draft>, Vec<Coin>), UsageError> {
        match self {
            Self::Amount(amount) => Ok((vec![some(held, amount)?], Vec::new())),
            Self::All => all(held),
        }
    }

    pub(crate) async fn run<S: Store, H: Http>(
        self,
        engine: &Engine<S, H>,
        mint: &Mint,
    ) -> Result<Batched, Error> {
        api_token(mint)?;
        let (held, (drafts, dust)) = engine.planned(mint, |held| self.plan(held)).await?;
        let mut done = Batched {
            dust: worth(&dust),
            ..Batched::default()
        };
        let operations = engine.purse.begin(&held.mint, drafts).await?;
        engine.run_each(operations, &mut done).await?;
        done.failure().map_or(Ok(done), Err)
    }
}

fn some(held: &Holdings, amount: u64) -> Result<Draft, UsageError> {
    positive(amount)?;
    let inputs = coins::at_least(&held.coins, amount, &held.terms);
    let inputs = inputs.ok_or_else(|| held.insufficient(amount))?;
    held.not_too_many(&inputs)?;
    let outputs = match held.rest(&inputs, amount) {
        0 => Vec::new(),
        rest => held.change(rest, &inputs, held.mint.limits.outputs_max)?,
    };
    let fee = held.terms.fee(&inputs);
    Ok(Draft::new(Kind::Redeem, inputs, outputs, amount, fee))
}

/// All coins, in as many requests as the mint's limit asks for; and those that a fee would eat.
fn all(held: &Holdings) -> Result<(Vec<Draft>, Vec<Coin>), UsageError> {
    let Division { batches, dust } = divide(&held.coins, held.mint.limits.inputs_max, &held.terms);
    if batches.is_empty() {
        return Err(match worth(&held.coins) {
            0 => held.insufficient(1),
            _ => held.fee_eats_all(&held.coins),
        });
    }
    let draft = |inputs: Vec<Coin>| {
        let fee = held.terms.fee(&inputs);
        let amount = worth(&inputs)
            .checked_sub(fee)
            .expect("a batch is worth more than its fee");
        Draft::new(Kind::Redeem, inputs, Vec::new(), amount, fee)
    };
    Ok((batches.into_iter().map(draft).collect(), dust))
}
