//! Sending: out of the wallet as a token to hand over.

use farthing_protocol::suite::SuiteId;
use farthing_protocol::text::printable;

use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::exchange::positive;
use crate::operation::record::Draft;
use crate::purse::Purse;
use crate::purse::batches::divide;
use crate::purse::coins::{self, Asked, Plan};
use crate::purse::holdings::Holdings;
use crate::purse::plan::plan_send;
use crate::purse::tables::Batch;
use crate::records::{Coin, Entry, Kind, Mint, Outcome, Sent};
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
struct Send<'a> {
    amount: u64,
    options: &'a SendOptions,
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
}

impl<S: Store, H: Http> Engine<S, H> {
    pub(crate) async fn send(
        &self,
        mint: &Mint,
        amount: u64,
        options: SendOptions,
    ) -> Result<Sent, Error> {
        let send = Send {
            amount,
            options: &options,
        };
        match self.plan_token(mint, &send).await? {
            (held, SendPlan::AsTheyAre(exact)) => {
                self.purse
                    .hand_out(&held.mint, exact, amount, options.memo)
                    .await
            }
            (held, SendPlan::Swap(draft)) => {
                let finished = self.exchange(&held.mint, *draft).await?;
                Ok(finished
                    .sent
                    .expect("an operation that sends makes a token"))
            }
        }
    }

    pub(crate) async fn receiver_gets(
        &self,
        mint: &Mint,
        amount: u64,
        options: &SendOptions,
    ) -> Result<u64, Error> {
        let (held, plan) = self.plan_token(mint, &Send { amount, options }).await?;
        let sent = match plan {
            SendPlan::AsTheyAre(exact) => exact,
            SendPlan::Swap(draft) => draft.handed_out(),
        };
        let max = held.mint.limits.inputs_max;
        Ok(divide(&sent, max, &held.terms).net(&held.terms))
    }

    /// How a token is made. The keysets of the mint's Cashu API are asked for when they are first needed.
    async fn plan_token(
        &self,
        mint: &Mint,
        send: &Send<'_>,
    ) -> Result<(Holdings, SendPlan), Error> {
        match self.planned(mint, |held| send.plan(held)).await {
            Err(Error::Usage(UsageError::NoCashuDoor(_))) => {
                self.refresh_keysets([send.suite()], mint, &mut ()).await?;
                self.planned(mint, |held| send.plan(held)).await
            }
            planned => planned,
        }
    }
}

impl<S: Store> Purse<S> {
    /// Hands tokens out as they are: one batch, no request.
    async fn hand_out(
        &self,
        mint: &Mint,
        coins: Vec<Coin>,
        amount: u64,
        memo: Option<String>,
    ) -> Result<Sent, Error> {
        let id = self.tables.next_id().await?;
        let entry = Entry {
            id,
            kind: Kind::Send,
            outcome: Outcome::Done,
            time: self.now(),
            mint: mint.url.clone(),
            unit: mint.unit.clone(),
            amount,
            fee: 0,
            lost: 0,
            memo,
            site: None,
        };
        let proofs = coins.iter().map(|coin| coin.token.clone()).collect();
        let sent = Sent::new(&entry, proofs);
        let batch = Batch::default()
            .delete_all(&coins)
            .put(&sent)
            .put(&entry)
            .put_next_id(id + 1);
        self.tables.apply(batch).await?;
        Ok(sent)
    }
}

/// Checks a key to lock to; gives it as lower-case hex.
fn lock_key(suite: SuiteId, text: &str) -> Result<String, UsageError> {
    let wrong = || UsageError::LockKey(printable(text));
    let bytes = hex::decode(text.trim()).map_err(|_| wrong())?;
    suite.lock_key(&bytes).map_err(|_| wrong())?;
    Ok(hex::encode(bytes))
}
