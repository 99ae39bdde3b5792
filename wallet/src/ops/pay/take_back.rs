//! Taking a payment back, and settling one that was not answered: the mint says what is spent, and a
//! swap decides what is not.

use super::stage;
use crate::error::Error;
use crate::error::payment::{Fate, Fault, Site, Unpayable};
use crate::http::Http;
use crate::keysets;
use crate::operation::begin::{Finished, kept, request_body, request_path};
use crate::operation::refusal::Next;
use crate::purse::coins::{Stock, Terms};
use crate::purse::outputs;
use crate::purse::tables::Batch;
use crate::records::{Coin, Mint, Operation, Purchase, Stage, worth};
use crate::store::Store;
use crate::wallet::Wallet;

/// For how long a payment without an answer is left to be sent again, before it is taken back.
const OPEN_S: u64 = 60 * 60;

impl<S: Store, H: Http> Wallet<S, H> {
    /// Takes back a payment that is open. The mint decides: what the site has redeemed was paid.
    ///
    /// # Errors
    /// [`Unpayable::NotOpen`]; [`Unpayable::Locked`] for tokens that only the site can spend.
    pub(crate) async fn cancel_payment(&mut self, id: u64) -> Result<Finished, Error> {
        let payment = self.tables.numbered::<Operation>(id).await?;
        let payment = payment
            .filter(|payment| payment.purchase.is_some())
            .ok_or(Unpayable::NotOpen(id))?;
        if payment.purchase.as_ref().is_some_and(|p| p.lock.is_some()) {
            return Err(Unpayable::Locked(id).into());
        }
        self.take_back(payment).await
    }

    /// Swaps what a site was shown, as far as it has not redeemed it.
    ///
    /// # Errors
    /// When the mint cannot be asked: the operation stays open.
    pub(crate) async fn take_back(&mut self, operation: Operation) -> Result<Finished, Error> {
        if stage(&operation) == Some(Stage::TakeBack) {
            return self.run(operation).await;
        }
        let operation = match stage(&operation) {
            Some(Stage::Prepare) => self.run_prepare(operation).await?,
            Some(_) | None => operation,
        };
        let id = operation.id;
        match self.without(operation, &[]).await {
            Ok(Next::Again(swap)) => self.run(*swap).await,
            Ok(Next::Done(finished)) => Ok(finished),
            Ok(Next::Ended(refused)) => Err(Error::Refused(refused)),
            Err(error) => Err(error.keeps_open(id)),
        }
    }

    /// Settles a payment that was not answered, by what the mint says of its inputs.
    ///
    /// # Errors
    /// [`Fault::Waiting`] while it is left to be sent again.
    pub(crate) async fn recover_payment(
        &mut self,
        mut operation: Operation,
    ) -> Result<Finished, Error> {
        match stage(&operation) {
            Some(Stage::Present) => {}
            Some(Stage::Aside) => return self.take_back(operation).await,
            Some(Stage::Prepare) => operation = self.run_prepare(operation).await?,
            Some(Stage::TakeBack) | None => return self.run(operation).await,
        }
        let id = operation.id;
        let Some(purchase) = operation.purchase.clone() else {
            return Err(Unpayable::NotOpen(id).into());
        };
        let spent = self.spent(&operation.mint, &operation.inputs).await;
        let spent = spent.map_err(|error| error.keeps_open(id))?;
        if spent.is_empty() && (self.clock)() < operation.begun + OPEN_S {
            let mint = self.mint(Some(&operation.mint)).await?;
            return Err(Error::Site(Site {
                site: purchase.item.site(),
                fault: Fault::Waiting,
                fate: self.still_open(&mint, &operation, &purchase),
            }));
        }
        // What is locked to the site is the site's, whether or not it has redeemed it yet.
        let gone = match purchase.lock {
            Some(_) => operation.inputs.clone(),
            None => spent,
        };
        let next = self.without(operation, &gone).await;
        match next.map_err(|error| error.keeps_open(id))? {
            Next::Again(swap) => self.run(*swap).await,
            Next::Done(finished) => Ok(finished),
            Next::Ended(refused) => Err(Error::Refused(refused)),
        }
    }

    /// What follows when the mint refuses the swap that takes a payment back.
    pub(crate) async fn take_back_refused(
        &mut self,
        operation: Operation,
        purchase: &Purchase,
    ) -> Result<Next, Error> {
        let spent = self.spent(&operation.mint, &operation.inputs).await?;
        if spent.is_empty() {
            let back = operation.inputs.clone();
            let operation = Operation {
                outputs: Vec::new(),
                fee: 0,
                ..operation
            };
            let finished = self.conclude(&operation, purchase, back).await?;
            return Ok(Next::Done(finished));
        }
        self.without(operation, &spent).await
    }

    /// Plans the swap that takes back the inputs but for `gone`, which the site has redeemed; when
    /// there is nothing to swap, ends the payment.
    async fn without(&mut self, operation: Operation, gone: &[Coin]) -> Result<Next, Error> {
        let mint = self.mint(Some(&operation.mint)).await?;
        let not_open = || Unpayable::NotOpen(operation.id);
        let mut purchase = operation.purchase.clone().ok_or_else(not_open)?;
        if purchase.stage == Stage::Present {
            purchase.change.extend(operation.outputs.iter().cloned());
        }
        purchase.stage = Stage::TakeBack;
        purchase.gone = purchase.gone.saturating_add(worth(gone));
        let mut inputs = operation.inputs.clone();
        inputs.retain(|coin| !gone.contains(coin));
        let keysets = self.tables.keysets(&mint.url).await?;
        let fee = Terms::of(&keysets, (self.clock)()).fee(&inputs);
        let mut swap = Operation {
            outputs: Vec::new(),
            purchase: Some(purchase.clone()),
            fee: 0,
            inputs,
            ..operation
        };
        let rest = worth(&swap.inputs).saturating_sub(fee);
        let keyset = keysets::active(&mint, &keysets, (self.clock)());
        let (Some(keyset), Some(lane), true) = (keyset.ok(), mint.lane, rest > 0) else {
            let back = swap.inputs.clone();
            let finished = self.conclude(&swap, &purchase, back).await?;
            return Ok(Next::Done(finished));
        };
        let mut stock = Stock::without(&self.tables.coins(&mint.url).await?, &[]);
        let wanted = kept(keyset, rest, &mut stock, mint.limits.outputs_max)?;
        let mut places = self.places(&wanted, lane).await?;
        let (outputs, messages) = outputs::plan(&self.seed, &mut places, &wanted);
        swap.path = request_path(swap.kind).to_owned();
        swap.body = request_body(swap.kind, &swap.inputs, messages)?;
        swap.outputs = outputs;
        swap.fee = fee;
        let batch = places.put(Batch::default().put(&swap));
        self.tables.apply(batch).await?;
        Ok(Next::Again(Box::new(swap)))
    }

    /// Where the money of an open payment is, for messages.
    pub(crate) fn still_open(
        &self,
        mint: &Mint,
        operation: &Operation,
        purchase: &Purchase,
    ) -> Fate {
        let left_s = (operation.begun + OPEN_S).saturating_sub((self.clock)());
        Fate::Open {
            id: operation.id,
            held: worth(&operation.inputs),
            minutes: left_s.div_ceil(60),
            subject: purchase.item.subject(),
            locked: purchase.lock.is_some(),
            unit: mint.shown_in(),
        }
    }
}
