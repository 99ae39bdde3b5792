//! Withdraw, send and redeem: what the holder of the wallet asks for.

use farthing_protocol::suite::SuiteId;

use crate::account::api_token;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::keysets;
use crate::operation::record::{Draft, Finished};
use crate::ops::batched::Batched;
use crate::purse::batches::{Division, divide};
use crate::purse::coins::{self, Asked, Plan, Stock, Terms};
use crate::purse::plan::{plan_change, plan_send};
use crate::purse::tables::Batch;
use crate::records::{Coin, Entry, Keyset, Kind, Mint, Outcome, Sent, worth};
use crate::store::Store;
use crate::wallet::Wallet;

/// How much to redeem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeem {
    /// This much into the account, with change back into the wallet.
    Amount(u64),
    /// All the wallet has at the mint, less the mint's fee.
    All,
}

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

impl<S: Store, H: Http> Wallet<S, H> {
    /// Takes `amount` out of the account at `mint` into the wallet.
    ///
    /// # Errors
    /// Any [`Error`]; one that leaves the operation open names its number.
    pub async fn withdraw(&mut self, mint: &Mint, amount: u64) -> Result<Finished, Error> {
        positive(amount)?;
        api_token(mint)?;
        let keysets = self.tables.keysets(&mint.url).await?;
        let keyset = self.active_keyset(mint, &keysets).await?;
        let mut stock = Stock::without(&self.tables.coins(&mint.url).await?, &[]);
        let draft = Draft::new(
            Kind::Withdraw,
            Vec::new(),
            plan_change(keyset, amount, &mut stock, mint.limits.outputs_max)?,
            amount,
            0,
        );
        self.exchange(mint, draft).await
    }

    /// Takes `amount` out of the wallet as a token to hand over. The token is recorded before this
    /// returns: [`Wallet::sent`] shows it again.
    ///
    /// With an exact set of tokens and no lock, no request is made. The fee for taking the token in, if
    /// the mint takes one, is the receiver's: [`Wallet::receiver_gets`] tells what that leaves.
    ///
    /// # Errors
    /// Any [`Error`]; one that leaves the operation open names its number.
    pub async fn send(
        &mut self,
        mint: &Mint,
        amount: u64,
        options: SendOptions,
    ) -> Result<Sent, Error> {
        let draft = match self.plan_send(mint, amount, &options).await? {
            SendPlan::AsTheyAre(exact) => {
                return self.hand_out(mint, exact, amount, options.memo).await;
            }
            SendPlan::Swap(draft) => *draft,
        };
        let finished = self.exchange(mint, draft).await?;
        let id = finished.entry.id;
        finished
            .sent
            .ok_or_else(|| UsageError::SentUnknown(id).into())
    }

    /// What the receiver of a token has of it after the mint's fee, if it were made now. Nothing is moved.
    ///
    /// # Errors
    /// Those of [`Wallet::send`], as far as they are known before anything is moved.
    pub async fn receiver_gets(
        &self,
        mint: &Mint,
        amount: u64,
        options: &SendOptions,
    ) -> Result<u64, Error> {
        let handed = match self.plan_send(mint, amount, options).await? {
            SendPlan::AsTheyAre(exact) => exact,
            SendPlan::Swap(draft) => draft.handed_out(),
        };
        let keysets = self.tables.keysets(&mint.url).await?;
        let terms = Terms::of(&keysets, (self.clock)());
        Ok(divide(&handed, mint.limits.inputs_max, &terms).net(&terms))
    }

    /// How a token would be made.
    async fn plan_send(
        &self,
        mint: &Mint,
        amount: u64,
        options: &SendOptions,
    ) -> Result<SendPlan, Error> {
        positive(amount)?;
        let suite = match options.cashu {
            true => SuiteId::Secp256k1,
            false => SuiteId::Ristretto255,
        };
        let lock = options.lock.as_deref();
        let lock = lock.map(|key| lock_key(suite, key)).transpose()?;
        let keysets = self.tables.keysets(&mint.url).await?;
        let coins = self.spendable(mint, &keysets).await?;
        let terms = Terms::of(&keysets, (self.clock)());
        let asked = Asked {
            made_anew: lock.is_some() || options.cashu,
            gives_change: false,
        };
        let inputs = match coins::plan(&coins, amount, asked, &terms) {
            Some(Plan::AsTheyAre(exact)) => return Ok(SendPlan::AsTheyAre(exact)),
            Some(Plan::Swap(inputs)) => inputs,
            None => {
                let error = insufficient(mint, &coins, amount).into();
                return Err(self.or_clock(mint, error).await);
            }
        };
        not_too_many(mint, &inputs)?;
        let fee = terms.fee(&inputs);
        let keyset = self.active_keyset(mint, &keysets).await?;
        let handed_of = self.keyset_of(suite, mint, &keysets).await?;
        let mut wanted = plan_send(&handed_of, amount, lock.as_ref())?;
        let room = mint.limits.outputs_max.saturating_sub(wanted.len());
        let rest = worth(&inputs).saturating_sub(amount).saturating_sub(fee);
        let mut stock = Stock::without(&coins, &inputs);
        wanted.extend(plan_change(keyset, rest, &mut stock, room)?);
        Ok(SendPlan::Swap(Box::new(
            Draft::new(Kind::Send, inputs, wanted, amount, fee).with_memo(options.memo.clone()),
        )))
    }

    /// The keyset of a suite that signs what is handed out. Those of Cashu's door are asked for when
    /// they are first needed.
    async fn keyset_of(
        &self,
        suite: SuiteId,
        mint: &Mint,
        keysets: &[Keyset],
    ) -> Result<Keyset, Error> {
        let now = (self.clock)();
        if let Some(keyset) = keysets::active_of(suite, keysets, now) {
            return Ok(keyset.clone());
        }
        let fresh = self.refresh_keysets(suite, mint, &mut ()).await?;
        let keyset = keysets::active_of(suite, &fresh, now).cloned();
        keyset.ok_or_else(|| match suite {
            SuiteId::Secp256k1 => UsageError::NoCashuDoor(mint.url.clone()).into(),
            SuiteId::Ristretto255 => UsageError::NoActiveKeyset(mint.url.clone()).into(),
        })
    }

    /// Pays into the account at `mint`; change comes back in the same request.
    ///
    /// [`Redeem::All`] takes several requests when there are more tokens than the mint takes in one;
    /// all are written down before the first is sent. What the fee would eat stays in the wallet
    /// ([`crate::Batched`]).
    ///
    /// # Errors
    /// Any [`Error`] when nothing was redeemed; one that leaves the operation open names its number.
    pub async fn redeem(&mut self, mint: &Mint, what: Redeem) -> Result<Batched, Error> {
        api_token(mint)?;
        let keysets = self.tables.keysets(&mint.url).await?;
        let coins = self.spendable(mint, &keysets).await?;
        let terms = Terms::of(&keysets, (self.clock)());
        let mut done = Batched::default();
        let drafts = match what {
            Redeem::Amount(amount) => {
                let keyset = keysets::active(mint, &keysets, (self.clock)());
                let draft = redeem_draft(mint, keyset, &coins, amount, &terms);
                draft.map(|draft| vec![draft])
            }
            Redeem::All => redeem_all_drafts(mint, &coins, &terms).map(|(drafts, dust)| {
                done.dust = worth(&dust);
                drafts
            }),
        };
        let drafts = match drafts {
            Ok(drafts) => drafts,
            Err(error) => return Err(self.or_clock(mint, error.into()).await),
        };
        let operations = self.begin(mint, drafts).await?;
        self.run_each(operations, &mut done).await?;
        done.failure().map_or(Ok(done), Err)
    }

    /// Begins one operation and runs it.
    async fn exchange(&mut self, mint: &Mint, draft: Draft) -> Result<Finished, Error> {
        let operation = self.begin_one(mint, draft).await?;
        self.run(operation).await
    }

    /// Hands tokens out as they are: one batch, no request.
    async fn hand_out(
        &mut self,
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
            time: (self.clock)(),
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

/// How a token is made.
enum SendPlan {
    /// Of these tokens as they are.
    AsTheyAre(Vec<Coin>),
    /// Of new ones.
    Swap(Box<Draft>),
}

fn positive(amount: u64) -> Result<(), UsageError> {
    (amount > 0).then_some(()).ok_or(UsageError::AmountZero)
}

/// Checks a key to lock to; gives it as lower-case hex.
fn lock_key(suite: SuiteId, text: &str) -> Result<String, UsageError> {
    let wrong = || UsageError::LockKey(farthing_protocol::text::printable(text));
    let bytes = hex::decode(text.trim()).map_err(|_| wrong())?;
    suite.lock_key(&bytes).map_err(|_| wrong())?;
    Ok(hex::encode(bytes))
}

pub(crate) fn insufficient(mint: &Mint, coins: &[Coin], needed: u64) -> UsageError {
    UsageError::Insufficient {
        needed,
        available: worth(coins),
        unit: mint.shown_in(),
    }
}

/// Whether the mint takes so many inputs at once.
pub(crate) fn not_too_many(mint: &Mint, inputs: &[Coin]) -> Result<(), UsageError> {
    let (needed, max) = (inputs.len(), mint.limits.inputs_max);
    match needed > max {
        true => Err(UsageError::TooManyInputs { needed, max }),
        false => Ok(()),
    }
}

fn redeem_draft(
    mint: &Mint,
    keyset: Result<&Keyset, UsageError>,
    coins: &[Coin],
    amount: u64,
    terms: &Terms,
) -> Result<Draft, UsageError> {
    positive(amount)?;
    let inputs = coins::at_least(coins, amount, terms);
    let inputs = inputs.ok_or_else(|| insufficient(mint, coins, amount))?;
    not_too_many(mint, &inputs)?;
    let fee = terms.fee(&inputs);
    let requests = match worth(&inputs).saturating_sub(amount).saturating_sub(fee) {
        0 => Vec::new(),
        rest => {
            let mut stock = Stock::without(coins, &inputs);
            plan_change(keyset?, rest, &mut stock, mint.limits.outputs_max)?
        }
    };
    Ok(Draft::new(Kind::Redeem, inputs, requests, amount, fee))
}

/// All coins, in as many requests as the mint's limit asks for; and those that a fee would eat.
fn redeem_all_drafts(
    mint: &Mint,
    coins: &[Coin],
    terms: &Terms,
) -> Result<(Vec<Draft>, Vec<Coin>), UsageError> {
    let Division { batches, dust } = divide(coins, mint.limits.inputs_max, terms);
    let draft = |inputs: Vec<Coin>| {
        let fee = terms.fee(&inputs);
        let amount = worth(&inputs).saturating_sub(fee);
        Draft::new(Kind::Redeem, inputs, Vec::new(), amount, fee)
    };
    let drafts: Vec<Draft> = batches.into_iter().map(draft).collect();
    if drafts.is_empty() {
        return Err(match worth(coins) {
            0 => UsageError::Insufficient {
                needed: 1,
                available: 0,
                unit: mint.shown_in(),
            },
            amount => UsageError::FeeEatsAll {
                amount,
                fee: terms.fee(coins),
                unit: mint.shown_in(),
            },
        });
    }
    Ok((drafts, dust))
}
