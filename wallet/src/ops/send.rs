//! Sending: out of the wallet as a token to hand over.

use farthing_protocol::suite::SuiteId;
use farthing_protocol::text::printable;

use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::Draft;
use crate::purse::Purse;
use crate::purse::batches::divide;
use crate::purse::coins::{self, Asked, Plan};
use crate::purse::holdings::Holdings;
use crate::purse::plan::plan_send;
use crate::purse::plan::positive;
use crate::purse::tables::Batch;
use crate::records::{Coin, Entry, Kind, Mint, Outcome, Sent, worth};
use crate::store::Store;

/// What goes with a token that is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// A note for the receiver; whoever has the token can read it.
    pub memo: Option<String>,
    /// The public key that alone can spend it (NUT-11): Ed25519, 64 hex digits, or for Cashu's wallets
    /// secp256k1, compressed, 66 hex digits.
    pub lock: Option<String>,
    /// Make it for Cashu's wallets: of the mint's secp256k1 keysets, under the mint's address with
    /// `/cashu`.
    pub cashu: bool,
}

/// A token to be made.
pub(crate) struct Send<'a> {
    pub(crate) amount: u64,
    pub(crate) options: &'a SendOptions,
}

/// How a token is made.
enum SendPlan {
    /// Of these tokens unchanged.
    AsTheyAre(Vec<Coin>),
    /// Of new ones.
    Swap(Box<Draft>),
}

impl Send<'_> {
    fn suite(&self) -> SuiteId {
        if self.options.cashu {
            SuiteId::Secp256k1
        } else {
            SuiteId::Ristretto255
        }
    }

    fn plan(&self, held: &Holdings) -> Result<SendPlan, UsageError> {
        positive(self.amount)?;
        let lock = self.options.lock.as_deref();
        let lock = lock.map(|key| lock_key(self.suite(), key)).transpose()?;
        let asked = Asked {
            made_anew: lock.is_some() || self.options.cashu,
            gives_change: false,
        };
        let inputs = match coins::plan(&held.coins, self.amount, asked, &held.terms) {
            Some(Plan::AsTheyAre(exact)) => return Ok(SendPlan::AsTheyAre(exact)),
            Some(Plan::Swap(inputs)) => inputs,
            None => return Err(held.insufficient(self.amount)),
        };
        held.not_too_many(&inputs)?;
        held.active()?;
        let no_door = || UsageError::NoCashuDoor(held.mint.url.clone());
        let keyset = held.active_of(self.suite()).ok_or_else(no_door)?;
        let mut outputs = plan_send(keyset, self.amount, lock.as_ref())?;
        let room = held.mint.limits.outputs_max.saturating_sub(outputs.len());
        let rest = held.rest(&inputs, self.amount);
        outputs.extend(held.change(rest, &inputs, room)?);
        let fee = held.terms.fee(&inputs);
        let draft = Draft::new(Kind::Send, inputs, outputs, self.amount, fee);
        let draft = draft.with_memo(self.options.memo.clone());
        Ok(SendPlan::Swap(Box::new(draft)))
    }

    pub(crate) async fn run<S: Store, H: Http>(
        &self,
        engine: &Engine<S, H>,
        mint: &Mint,
    ) -> Result<Sent, Error> {
        match self.planned(engine, mint).await? {
            (held, SendPlan::AsTheyAre(exact)) => {
                let (purse, memo) = (&engine.purse, self.options.memo.clone());
                let id = purse.tables.next_id().await?;
                let batch = Batch::default().put_next_id(id + 1);
                let (batch, sent) = purse.hand_out(batch, id, &held.mint, &exact, memo);
                purse.tables.apply(batch).await?;
                Ok(sent)
            }
            (held, SendPlan::Swap(draft)) => {
                let finished = engine.exchange(&held.mint, *draft).await?;
                Ok(finished
                    .sent
                    .expect("an operation that sends makes a token"))
            }
        }
    }

    /// Returns what the receiver has of it after the mint's fee.
    pub(crate) async fn receiver_gets<S: Store, H: Http>(
        &self,
        engine: &Engine<S, H>,
        mint: &Mint,
    ) -> Result<u64, Error> {
        let (held, plan) = self.planned(engine, mint).await?;
        let sent = match plan {
            SendPlan::AsTheyAre(exact) => exact,
            SendPlan::Swap(draft) => draft.to_send(),
        };
        let max = held.mint.limits.inputs_max;
        Ok(divide(&sent, max, &held.terms).net(&held.terms))
    }

    /// How the token is made. The keysets of the mint's Cashu API are asked for when they are first needed.
    async fn planned<S: Store, H: Http>(
        &self,
        engine: &Engine<S, H>,
        mint: &Mint,
    ) -> Result<(Holdings, SendPlan), Error> {
        match engine.planned(mint, |held| self.plan(held)).await {
            Err(Error::Usage(UsageError::NoCashuDoor(_))) => {
                let suites = [self.suite()];
                engine.refresh_keysets(suites, mint, &mut ()).await?;
                engine.planned(mint, |held| self.plan(held)).await
            }
            planned => planned,
        }
    }
}

impl<S> Purse<S> {
    /// Adds to a batch that tokens are sent as they are, by operation `id`: no request is made.
    pub(crate) fn hand_out(
        &self,
        batch: Batch,
        id: u64,
        mint: &Mint,
        coins: &[Coin],
        memo: Option<String>,
    ) -> (Batch, Sent) {
        let entry = Entry {
            id,
            kind: Kind::Send,
            outcome: Outcome::Done,
            time: self.now(),
            mint: mint.url.clone(),
            unit: mint.unit.clone(),
            amount: worth(coins),
            fee: 0,
            lost: 0,
            memo,
            site: None,
        };
        let proofs = coins.iter().map(|coin| coin.token.clone()).collect();
        let sent = Sent::new(&entry, proofs);
        (batch.delete_all(coins).put(&sent).put(&entry), sent)
    }
}

/// Checks a key to lock to; gives it as lower-case hex.
fn lock_key(suite: SuiteId, text: &str) -> Result<String, UsageError> {
    let wrong = || UsageError::LockKey(printable(text));
    let bytes = hex::decode(text.trim()).map_err(|_| wrong())?;
    suite.lock_key(&bytes).map_err(|_| wrong())?;
    Ok(hex::encode(bytes))
}
