//! Ending an operation, or a stage of it: what it leaves is written in one batch.

use std::collections::HashSet;

use farthing_protocol::payment::header;
use farthing_protocol::{Secret, Token, TokenProof};

use crate::engine::Engine;
use crate::error::payment::Unpayable;
use crate::error::{Aftermath, Error, Refused, UsageError};
use crate::http::Http;
use crate::operation::record::Finished;
use crate::purse::Purse;
use crate::purse::tables::Batch;
use crate::records::{
    Bought, Coin, Detail, Entry, Kind, Mint, Operation, Outcome, PaymentProof, PlannedOutput,
    Purchase, Purpose, Sent, Stage, worth, y,
};
use crate::store::Store;
use crate::time::DAY_S;

/// What an operation leaves when it is over, or a stage of it.
#[derive(Default)]
pub(crate) struct Settlement {
    /// Tokens for the balance.
    pub(crate) kept: Vec<Coin>,
    /// Outputs that the mint has signed.
    pub(crate) signed: Vec<PlannedOutput>,
    /// A token that is sent.
    pub(crate) sent: Option<Sent>,
    /// What was bought.
    pub(crate) bought: Option<Bought>,
    /// The operation in its next stage, if it is not over: the history has no line of it yet.
    pub(crate) next: Option<Operation>,
}

impl<S: Store> Purse<S> {
    /// Ends an operation or a stage of it; `entry` is its line in the history.
    pub(crate) async fn settle(
        &self,
        operation: &Operation,
        entry: Entry,
        settlement: Settlement,
    ) -> Result<Finished, Error> {
        let sent = settlement.sent;
        let mut batch = match &settlement.next {
            Some(next) => Batch::default().put(next),
            None => Batch::default().delete(operation).put(&entry),
        };
        if entry.outcome == Outcome::Done {
            // A received token may have been in the balance too, restored by another device.
            batch = batch.delete_all(&operation.inputs);
            batch = self.put_taken_back(batch, operation).await?;
        }
        batch = batch.put_all(&settlement.kept).put_all(&sent);
        batch = batch.put_all(&settlement.bought);
        batch = self.tables.put_signed(batch, &settlement.signed).await?;
        self.tables.apply(batch).await?;
        Ok(Finished { entry, sent })
    }

    /// Writes down that an operation has taken back tokens that were sent before, as far as it did.
    async fn put_taken_back(
        &self,
        mut batch: Batch,
        operation: &Operation,
    ) -> Result<Batch, Error> {
        if !operation.takes_back() {
            return Ok(batch);
        }
        let inputs = operation.inputs.iter();
        let inputs: HashSet<_> = inputs.map(|c| y(&c.token.proof)).collect();
        for mut sent in self.tables.all::<Sent>().await? {
            let back = sent.worth_among(&inputs);
            if back > 0 {
                sent.taken_back = sent.taken_back.saturating_add(back);
                let rest = sent.amount().saturating_sub(sent.taken_back);
                sent.claimed = sent.claimed.min(rest);
                sent.settled = (sent.outstanding() == 0).then(|| self.now());
                batch = batch.put(&sent);
            }
        }
        Ok(batch)
    }
}

impl<S: Store, H: Http> Engine<S, H> {
    /// Ends an operation that the mint did, or the stage of a payment: its tokens go where they belong.
    pub(crate) async fn done(
        &self,
        operation: &Operation,
        mint: &Mint,
        proofs: Vec<TokenProof>,
    ) -> Result<Finished, Error> {
        let (mut kept, mut sent) = (Vec::new(), Vec::new());
        for (output, token) in operation.outputs.iter().zip(proofs) {
            match output.purpose {
                Purpose::Keep => kept.push(token),
                Purpose::Send => sent.push(token),
            }
        }
        let kept = Coin::of_mint(&mint.url, kept);
        let entry = self.purse.entry(operation, &mint.unit, Outcome::Done, 0);
        let mut settlement = Settlement::default();
        match operation.purchase() {
            Some(purchase) if purchase.stage == Stage::Prepare => {
                let inputs = Coin::of_mint(&mint.url, sent);
                settlement.next = Some(prepared(operation, purchase, mint, inputs)?);
            }
            Some(purchase) => return self.conclude(operation, purchase, kept).await,
            None if operation.kind == Kind::Send => {
                settlement.sent = Some(Sent::new(&entry, sent));
            }
            None => {}
        }
        settlement.kept = kept;
        settlement.signed.clone_from(&operation.outputs);
        self.purse.settle(operation, entry, settlement).await
    }

    /// Undoes an operation that was refused.
    pub(crate) async fn undo(
        &self,
        operation: &Operation,
        mint: &Mint,
        mut refused: Refused,
    ) -> Result<Refused, Error> {
        let (finished, returned) = self.undone(operation, mint).await?;
        refused.aftermath = Aftermath::Undone {
            returned,
            lost: finished.entry.lost,
            unit: mint.shown_in(),
        };
        Ok(refused)
    }

    /// Undoes an operation: its own inputs go back into the balance, except those that are spent. Gives
    /// what went back.
    async fn undone(&self, operation: &Operation, mint: &Mint) -> Result<(Finished, u64), Error> {
        let own = operation.own_inputs();
        let spent = self.spent(&operation.mint, own).await?;
        let (gone, back): (Vec<Coin>, Vec<Coin>) =
            own.iter().cloned().partition(|coin| spent.contains(coin));
        let (returned, lost) = (worth(&back), worth(&gone));
        let entry = self
            .purse
            .entry(operation, &mint.unit, Outcome::Undone, lost);
        let settlement = Settlement {
            kept: back,
            ..Settlement::default()
        };
        let finished = self.purse.settle(operation, entry, settlement).await?;
        Ok((finished, returned))
    }

    /// Ends an operation that the mint does not answer, by what the mint says of its inputs and outputs:
    /// it is done if the mint did it, and undone otherwise.
    ///
    /// # Errors
    /// [`UsageError::NotEndable`] when its inputs are spent, and not its outputs signed; any error of the
    /// mint's. Then it stays open.
    pub(crate) async fn end(&self, operation: &Operation) -> Result<Finished, Error> {
        let inputs = &operation.inputs;
        let spent = self.spent(&operation.mint, inputs).await?.len();
        let signed = self.signed_before(operation).await?;
        let mint = self.purse.tables.mint(Some(&operation.mint)).await?;
        match signed {
            Some(proofs) if spent == inputs.len() => self.done(operation, &mint, proofs).await,
            _ if spent > 0 => Err(UsageError::NotEndable(operation.id).into()),
            _ => Ok(self.undone(operation, &mint).await?.0),
        }
    }
}

impl<S: Store, H: Http> Engine<S, H> {
    /// Ends a payment that is taken back: `back` goes into the balance. When the site has redeemed
    /// some of it, that was paid, and the change that it asked the mint for is restored (NUT-09).
    pub(crate) async fn conclude(
        &self,
        operation: &Operation,
        purchase: &Purchase,
        mut back: Vec<Coin>,
    ) -> Result<Finished, Error> {
        let mint = self.purse.tables.mint(Some(&operation.mint)).await?;
        let entry = |outcome, lost| self.purse.entry(operation, &mint.unit, outcome, lost);
        let mut settlement = Settlement {
            signed: operation.outputs.clone(),
            ..Settlement::default()
        };
        let entry = if purchase.gone == 0 {
            entry(Outcome::Undone, 0)
        } else {
            let change = self.signed_change(&mint, &purchase.change).await?;
            settlement.signed.extend(purchase.change.iter().cloned());
            let paid = purchase.gone.saturating_sub(worth(&change));
            back.extend(change);
            let price = operation.amount.min(paid);
            let entry = Entry {
                amount: price,
                ..entry(Outcome::Done, paid - price)
            };
            settlement.bought = self.bought_by_token(&entry, purchase, &mint).await?;
            entry
        };
        settlement.kept = back;
        self.purse.settle(operation, entry, settlement).await
    }

    /// Returns what shows that a payment without a receipt was made; `None` when there is a receipt after all.
    async fn bought_by_token(
        &self,
        entry: &Entry,
        purchase: &Purchase,
        mint: &Mint,
    ) -> Result<Option<Bought>, Error> {
        let before = self
            .purse
            .tables
            .get::<Bought>(&purchase.item.key())
            .await?;
        if before.is_some_and(|before| before.id == entry.id) {
            return Ok(None);
        }
        // The publisher repeats its answers at least as long as the mint repeats its own.
        let until = entry.time + u64::from(mint.limits.replay_days) * DAY_S;
        let bought = purchase.token.clone().map(|token| {
            let outputs = purchase.outputs.clone();
            let proof = PaymentProof::Token { token, outputs };
            Bought::new(entry, purchase, until, proof)
        });
        Ok(bought)
    }
}

/// A payment whose tokens are made: it can be shown.
fn prepared(
    operation: &Operation,
    purchase: &Purchase,
    mint: &Mint,
    inputs: Vec<Coin>,
) -> Result<Operation, Error> {
    Ok(Operation {
        path: String::new(),
        body: Secret::new(String::new()),
        outputs: Vec::new(),
        detail: Detail::Payment(Purchase {
            stage: Stage::Present,
            token: Some(shown_token(mint, &inputs, purchase.lock.is_some())?),
            ..purchase.clone()
        }),
        inputs,
        ..operation.clone()
    })
}

/// The text of the token that is shown to a site: with the mint's proofs and `r` only where the site
/// checks a locked token by itself, since `r` links a token to the request it was made in.
///
/// # Errors
/// [`Unpayable::TokenTooLong`].
pub(crate) fn shown_token(
    mint: &Mint,
    inputs: &[Coin],
    with_dleq: bool,
) -> Result<Secret, Unpayable> {
    let proof = |coin: &Coin| TokenProof {
        dleq: coin.token.dleq.clone().filter(|_| with_dleq),
        ..coin.token.clone()
    };
    let token = Token {
        mint: mint.url.clone(),
        unit: mint.unit.clone(),
        memo: None,
        proofs: inputs.iter().map(proof).collect(),
    };
    let text = token.encode();
    if text.len() > header::BYTES_MAX {
        return Err(Unpayable::TokenTooLong {
            bytes: text.len(),
            max: header::BYTES_MAX,
        });
    }
    Ok(Secret::new(text.to_string()))
}
