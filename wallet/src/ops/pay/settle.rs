//! Where the tokens of a payment go when a stage of it is over.

use farthing_protocol::payment::{Receipt, header};
use farthing_protocol::{Secret, Token, TokenProof};

use super::answer::Charged;
use crate::error::Error;
use crate::error::payment::Unpayable;
use crate::http::Http;
use crate::operation::begin::Finished;
use crate::operation::refusal::DAY_S;
use crate::purse::tables::Batch;
use crate::records::{
    Bought, Coin, Entry, Mint, Operation, Outcome, PaymentProof, Purchase, Purpose, Stage, worth,
};
use crate::store::Store;
use crate::wallet::Wallet;
use crate::web::Head;

impl<S: Store, H: Http> Wallet<S, H> {
    /// Goes on after a swap at the mint that belongs to a payment.
    pub(crate) async fn settle_swap(
        &mut self,
        operation: &Operation,
        purchase: &Purchase,
        proofs: Vec<TokenProof>,
    ) -> Result<Finished, Error> {
        match purchase.stage {
            Stage::Prepare => self.settle_prepared(operation, purchase, proofs).await,
            Stage::Present | Stage::Aside | Stage::TakeBack => {
                let back = coins(&operation.mint, proofs);
                self.conclude(operation, purchase, back).await
            }
        }
    }

    /// The tokens are made: the change goes into the balance, and the payment can be shown.
    async fn settle_prepared(
        &mut self,
        operation: &Operation,
        purchase: &Purchase,
        proofs: Vec<TokenProof>,
    ) -> Result<Finished, Error> {
        let mint = self.mint(Some(&operation.mint)).await?;
        let pairs = operation.outputs.iter().zip(proofs);
        let (locked, kept): (Vec<_>, Vec<_>) =
            pairs.partition(|(output, _)| output.purpose == Purpose::Send);
        let tokens = |pairs: Vec<(_, TokenProof)>| pairs.into_iter().map(|(_, token)| token);
        let kept = coins(&mint.url, tokens(kept));
        let inputs = coins(&mint.url, tokens(locked));
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
        let batch = self.put_signed(batch, &operation.outputs).await?;
        self.tables.apply(batch).await?;
        let entry = self.entry(operation, &mint.unit, Outcome::Done, 0);
        Ok(Finished { entry, sent: None })
    }

    /// The site charged it: the change goes into the balance, the receipt is kept.
    pub(crate) async fn settle_paid(
        &mut self,
        operation: &Operation,
        purchase: &Purchase,
        charged: Charged,
    ) -> Result<Entry, Error> {
        let mint = self.mint(Some(&operation.mint)).await?;
        let entry = self.entry(operation, &mint.unit, Outcome::Done, 0);
        let proof = PaymentProof::Receipt(charged.receipt);
        let bought = bought(&entry, purchase, charged.until, proof);
        let change = coins(&mint.url, charged.change);
        let batch = Batch::default()
            .delete(operation)
            .put_all(&change)
            .put(&bought)
            .put(&entry);
        let batch = self.put_signed(batch, &operation.outputs).await?;
        self.tables.apply(batch).await?;
        Ok(entry)
    }

    /// Ends a payment that is taken back: `back` goes into the balance. When the site has redeemed
    /// some of it, that was paid, and the change that it asked the mint for is restored (NUT-09).
    pub(crate) async fn conclude(
        &mut self,
        operation: &Operation,
        purchase: &Purchase,
        mut back: Vec<Coin>,
    ) -> Result<Finished, Error> {
        let mint = self.mint(Some(&operation.mint)).await?;
        let mut batch = Batch::default().delete(operation);
        if purchase.stage == Stage::TakeBack {
            batch = self.put_signed(batch, &operation.outputs).await?;
        }
        let entry = if purchase.gone == 0 {
            self.entry(operation, &mint.unit, Outcome::Undone, 0)
        } else {
            let change = self.signed_change(&mint, &purchase.change).await?;
            batch = self.put_signed(batch, &purchase.change).await?;
            let paid = purchase.gone.saturating_sub(worth(&change));
            back.extend(change);
            let price = operation.amount.min(paid);
            let entry = Entry {
                amount: price,
                ..self.entry(operation, &mint.unit, Outcome::Done, paid - price)
            };
            if let Some(bought) = self.bought_by_token(&entry, purchase, &mint).await? {
                batch = batch.put(&bought);
            }
            entry
        };
        let batch = batch.put_all(&back).put(&entry);
        self.tables.apply(batch).await?;
        Ok(Finished { entry, sent: None })
    }

    /// What shows that a payment without a receipt was made; `None` when there is a receipt after all.
    async fn bought_by_token(
        &self,
        entry: &Entry,
        purchase: &Purchase,
        mint: &Mint,
    ) -> Result<Option<Bought>, Error> {
        let before = self.tables.get::<Bought>(&purchase.item.key()).await?;
        if before.is_some_and(|before| before.id == entry.id) {
            return Ok(None);
        }
        // The publisher repeats its answers at least as long as the mint repeats its own.
        let until = entry.time + u64::from(mint.limits.replay_days) * DAY_S;
        let bought = purchase.token.clone().map(|token| {
            let outputs = purchase.outputs.clone();
            let proof = PaymentProof::Token { token, outputs };
            bought(entry, purchase, until, proof)
        });
        Ok(bought)
    }

    /// Keeps a receipt that is true, of an answer that is not.
    pub(crate) async fn keep_receipt(
        &mut self,
        operation: &Operation,
        purchase: &Purchase,
        (receipt, until): (Secret, u64),
    ) -> Result<(), Error> {
        let mint = self.mint(Some(&operation.mint)).await?;
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
    pub(crate) async fn forget_expired(&mut self) -> Result<(), Error> {
        let now = (self.clock)();
        for bought in self.tables.all::<Bought>().await? {
            if bought.until <= now {
                let batch = Batch::default().delete(&bought);
                self.tables.apply(batch).await?;
            }
        }
        Ok(())
    }
}

fn bought(entry: &Entry, purchase: &Purchase, until: u64, proof: PaymentProof) -> Bought {
    Bought {
        id: entry.id,
        item: purchase.item.clone(),
        amount: entry.amount,
        unit: entry.unit.clone(),
        until,
        proof,
    }
}

fn coins(mint: &str, tokens: impl IntoIterator<Item = TokenProof>) -> Vec<Coin> {
    let coin = |token| Coin {
        mint: mint.to_owned(),
        token,
    };
    tokens.into_iter().map(coin).collect()
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
