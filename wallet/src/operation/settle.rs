//! Ending an operation: its tokens go where they belong, or its inputs back, in one batch.

use std::collections::HashSet;

use farthing_protocol::TokenProof;

use crate::engine::Engine;
use crate::error::{Aftermath, Error, Refused, UsageError};
use crate::http::Http;
use crate::operation::record::Finished;
use crate::purse::Purse;
use crate::purse::tables::Batch;
use crate::records::{Coin, Kind, Mint, Operation, Outcome, Purpose, Sent, worth, y};
use crate::store::Store;

impl<S: Store> Purse<S> {
    /// Ends an operation that the mint did: its tokens go where they belong, in one batch.
    pub(crate) async fn settle(
        &self,
        operation: &Operation,
        mint: &Mint,
        proofs: Vec<TokenProof>,
    ) -> Result<Finished, Error> {
        let (mut kept, mut handed) = (Vec::new(), Vec::new());
        for (output, token) in operation.outputs.iter().zip(proofs) {
            match output.purpose {
                Purpose::Keep => kept.push(Coin {
                    mint: mint.url.clone(),
                    token,
                }),
                Purpose::Send => handed.push(token),
            }
        }
        let entry = self.entry(operation, &mint.unit, Outcome::Done, 0);
        let sent = (operation.kind == Kind::Send).then(|| Sent::new(&entry, handed));
        let mut batch = Batch::default()
            .delete(operation)
            // A received token may have been in the balance too, restored by another device.
            .delete_all(&operation.inputs)
            .put_all(&kept)
            .put(&entry);
        batch = self.tables.put_signed(batch, &operation.outputs).await?;
        batch = self.put_taken_back(batch, operation).await?;
        if let Some(sent) = &sent {
            batch = batch.put(sent);
        }
        self.tables.apply(batch).await?;
        Ok(Finished { entry, sent })
    }

    /// Writes down that an operation has taken back tokens handed out before, as far as it did.
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
        let batch = Batch::default()
            .delete(operation)
            .put_all(&back)
            .put(&entry);
        self.purse.tables.apply(batch).await?;
        Ok((Finished { entry, sent: None }, returned))
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
            Some(proofs) if spent == inputs.len() => {
                self.purse.settle(operation, &mint, proofs).await
            }
            _ if spent > 0 => Err(UsageError::NotEndable(operation.id).into()),
            _ => Ok(self.undone(operation, &mint).await?.0),
        }
    }
}
