//! Planning the swap that takes a payment back: the mint says what is spent.

use crate::engine::Engine;
use crate::error::Error;
use crate::error::payment::Unpayable;
use crate::http::Http;
use crate::operation::begin::{request_body, request_path};
use crate::operation::record::Finished;
use crate::purse::coins::{Stock, Terms};
use crate::purse::holdings::active;
use crate::purse::outputs;
use crate::purse::plan::plan_change;
use crate::purse::tables::Batch;
use crate::records::{Coin, Detail, Operation, Purchase, Stage, worth};
use crate::store::Store;

/// Where a payment that is taken back goes from here.
pub(crate) enum SwapBack {
    /// This swap is written down, and is to be sent.
    Swap(Box<Operation>),
    /// There was nothing to swap, or it is not worth the fee: the payment is over.
    Ended(Box<Finished>),
}

impl<S: Store, H: Http> Engine<S, H> {
    /// Returns what follows when the mint refuses the swap that takes a payment back.
    pub(crate) async fn swap_back_refused(
        &self,
        operation: &Operation,
        purchase: &Purchase,
    ) -> Result<SwapBack, Error> {
        let spent = self.spent(&operation.mint, &operation.inputs).await?;
        if spent.is_empty() {
            let back = operation.inputs.clone();
            let operation = Operation {
                outputs: Vec::new(),
                fee: 0,
                ..operation.clone()
            };
            let finished = self.conclude(&operation, purchase, back).await?;
            return Ok(SwapBack::Ended(Box::new(finished)));
        }
        self.without(operation.clone(), &spent).await
    }

    /// Plans the swap that takes back the inputs but for `gone`, which the site has redeemed; when
    /// there is nothing to swap, ends the payment.
    pub(crate) async fn without(
        &self,
        operation: Operation,
        gone: &[Coin],
    ) -> Result<SwapBack, Error> {
        let mint = self.purse.tables.mint(Some(&operation.mint)).await?;
        let not_open = || Unpayable::NotOpen(operation.id);
        let mut purchase = operation.purchase().cloned().ok_or_else(not_open)?;
        if purchase.stage == Stage::Present {
            purchase.change.extend(operation.outputs.iter().cloned());
        }
        purchase.stage = Stage::TakeBack;
        purchase.gone = purchase.gone.saturating_add(worth(gone));
        let mut inputs = operation.inputs.clone();
        inputs.retain(|coin| !gone.contains(coin));
        let keysets = self.purse.tables.keysets(&mint.url).await?;
        let fee = Terms::of(&keysets, self.purse.now()).fee(&inputs);
        let mut swap = Operation {
            outputs: Vec::new(),
            detail: Detail::Payment(purchase.clone()),
            fee: 0,
            inputs,
            ..operation
        };
        let rest = worth(&swap.inputs).saturating_sub(fee);
        let keyset = active(&mint, &keysets, self.purse.now());
        let (Some(keyset), Some(lane), true) = (keyset.ok(), mint.lane, rest > 0) else {
            let back = swap.inputs.clone();
            let finished = self.conclude(&swap, &purchase, back).await?;
            return Ok(SwapBack::Ended(Box::new(finished)));
        };
        let mut stock = Stock::without(&self.purse.tables.coins(&mint.url).await?, &[]);
        let wanted = plan_change(keyset, rest, &mut stock, mint.limits.outputs_max)?;
        let mut counters = self.purse.tables.counters(&wanted, lane).await?;
        let (outputs, messages) = outputs::plan(&self.purse.seed, &mut counters, &wanted);
        swap.path = request_path(swap.kind).to_owned();
        swap.body = request_body(swap.kind, &swap.inputs, messages)?;
        swap.outputs = outputs;
        swap.fee = fee;
        let batch = counters.put(Batch::default().put(&swap));
        self.purse.tables.apply(batch).await?;
        Ok(SwapBack::Swap(Box::new(swap)))
    }
}
