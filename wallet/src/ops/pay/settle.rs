//! Where the tokens of a payment go when a stage of it is over.

use farthing_protocol::payment::{Receipt, header};
use farthing_protocol::{Secret, TokenProof};

use super::answer::Charged;
use crate::engine::Engine;
use crate::error::Error;
use crate::http::Http;
use crate::operation::record::Finished;
use crate::operation::swap_back::bought;
use crate::operation::token::shown_token;
use crate::purse::Purse;
use crate::purse::tables::Batch;
use crate::records::{
    Bought, Coin, Entry, Operation, Outcome, PaymentProof, Purchase, Purpose, Stage,
};
use crate::store::Store;
use crate::web::Head;

impl<S: Store, H: Http> Engine<S, H> {
    /// Goes on after a swap at the mint that belongs to a payment.
    pub(crate) async fn settle_swap(
        &self,
        operation: &Operation,
        purchase: &Purchase,
        proofs: Vec<TokenProof>,
    ) -> Result<Finished, Error> {
        match purchase.stage {
            Stage::Prepare => {
                self.purse
                    .settle_prepared(operation, purchase, proofs)
                    .await
            }
            Stage::Present | Stage::Aside | Stage::TakeBack => {
                let back = Coin::of_mint(&operation.mint, proofs);
                self.conclude(operation, purchase, back).await
            }
        }
    }
}

impl<S: Store> Purse<S> {
    /// The tokens are made: the change goes into the balance, and the payment can be shown.
    async fn settle_prepared(
        &self,
        operation: &Operation,
        purchase: &Purchase,
        proofs: Vec<TokenProof>,
    ) -> Result<Finished, Error> {
        let mint = self.tables.mint(Some(&operation.mint)).await?;
        let pairs = operation.outputs.iter().zip(proofs);
        let (locked, kept): (Vec<_>, Vec<_>) =
            pairs.partition(|(output, _)| output.purpose == Purpose::Send);
        let tokens = |pairs: Vec<(_, TokenProof)>| pairs.into_iter().map(|(_, token)| token);
        let kept = Coin::of_mint(&mint.url, tokens(kept));
        let inputs = Coin::of_mint(&mint.url, tokens(locked));
        let locked = Operation {
            path: String::new(),
            body: Secret::new(String::new()),
            outputs: Vec::new(),
            purchase: Some(Purchase {
                stage: Stage::Present,
                token: Some(shown_token(&mint, &inputs, purchase.lock.is_some())?),
                ..purchase.clone()
            }),
            inputs,
            ..operation.clone()
        };
        let batch = Batch::default().put_all(&kept).put(&locked);
        let batch = self.tables.put_signed(batch, &operation.outputs).await?;
        self.tables.apply(batch).await?;
        let entry = self.entry(operation, &mint.unit, Outcome::Done, 0);
        Ok(Finished { entry, sent: None })
    }

    /// The site charged it: the change goes into the balance, the receipt is kept.
    pub(crate) async fn settle_paid(
        &self,
        operation: &Operation,
        purchase: &Purchase,
        charged: Charged,
    ) -> Result<Entry, Error> {
        let mint = self.tables.mint(Some(&operation.mint)).await?;
        let entry = self.entry(operation, &mint.unit, Outcome::Done, 0);
        let proof = PaymentProof::Receipt(charged.receipt);
        let bought = bought(&entry, purchase, charged.until, proof);
        let change = Coin::of_mint(&mint.url, charged.change);
        let batch = Batch::default()
            .delete(operation)
            .put_all(&change)
            .put(&bought)
            .put(&entry);
        let batch = self.tables.put_signed(batch, &operation.outputs).await?;
        self.tables.apply(batch).await?;
        Ok(entry)
    }

    /// Keeps a receipt that is true, of an answer that is not.
    pub(crate) async fn keep_receipt(
        &self,
        operation: &Operation,
        purchase: &Purchase,
        (receipt, until): (Secret, u64),
    ) -> Result<(), Error> {
        let mint = self.tables.mint(Some(&operation.mint)).await?;
        let entry = self.entry(operation, &mint.unit, Outcome::Done, 0);
        let bought = bought(&entry, purchase, until, PaymentProof::Receipt(receipt));
        Ok(self.tables.apply(Batch::default().put(&bought)).await?)
    }

    /// The receipt of a repeated answer, in place of the token; `None` when there is none that fits.
    pub(crate) fn receipt_for(&self, bought: &Bought, head: &Head) -> Option<Bought> {
        let text = head.first(header::RECEIPT)?;
        let (receipt, _key) = Receipt::verify(text).ok()?;
        let fits = receipt.resource == bought.item.subject() && receipt.body == bought.item.body;
        fits.then(|| Bought {
            until: receipt.expires,
            proof: PaymentProof::Receipt(Secret::new(text.to_owned())),
            ..bought.clone()
        })
    }

    /// Forgets what was bought and cannot be had again any more.
    pub(crate) async fn forget_expired(&self) -> Result<(), Error> {
        let now = self.now();
        for bought in self.tables.all::<Bought>().await? {
            if bought.until <= now {
                let batch = Batch::default().delete(&bought);
                self.tables.apply(batch).await?;
            }
        }
        Ok(())
    }
}
