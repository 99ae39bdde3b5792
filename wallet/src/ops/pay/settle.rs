//! Where the tokens of a payment go when a stage of it is over.

use farthing_protocol::Secret;
use farthing_protocol::payment::{Receipt, header};

use super::Payments;
use super::answer::Charged;
use crate::error::Error;
use crate::http::Http;
use crate::operation::settle::Settlement;
use crate::purse::tables::Batch;
use crate::records::{Bought, Coin, Entry, Operation, Outcome, PaymentProof, Purchase};
use crate::store::Store;
use crate::web::Head;

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// The site charged it: the change goes into the balance, the receipt is kept.
    pub(crate) async fn settle_paid(
        &self,
        operation: &Operation,
        purchase: &Purchase,
        charged: Charged,
    ) -> Result<Entry, Error> {
        let mint = self.purse.tables.mint(Some(&operation.mint)).await?;
        let entry = self.purse.entry(operation, &mint.unit, Outcome::Done, 0);
        let proof = PaymentProof::Receipt(charged.receipt);
        let settlement = Settlement {
            bought: Some(Bought::new(&entry, purchase, charged.until, proof)),
            kept: Coin::of_mint(&mint.url, charged.change),
            signed: operation.outputs.clone(),
            ..Settlement::new(entry)
        };
        Ok(self.purse.settle(operation, settlement).await?.entry)
    }

    /// Keeps a receipt that is true, of an answer that is not.
    pub(crate) async fn keep_receipt(
        &self,
        operation: &Operation,
        purchase: &Purchase,
        (receipt, until): (Secret, u64),
    ) -> Result<(), Error> {
        let mint = self.purse.tables.mint(Some(&operation.mint)).await?;
        let entry = self.purse.entry(operation, &mint.unit, Outcome::Done, 0);
        let bought = Bought::new(&entry, purchase, until, PaymentProof::Receipt(receipt));
        Ok(self
            .purse
            .tables
            .apply(Batch::default().put(&bought))
            .await?)
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
        let now = self.purse.now();
        for bought in self.purse.tables.all::<Bought>().await? {
            if bought.until <= now {
                let batch = Batch::default().delete(&bought);
                self.purse.tables.apply(batch).await?;
            }
        }
        Ok(())
    }
}
