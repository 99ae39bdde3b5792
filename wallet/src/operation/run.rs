//! Running an operation that is written down, until it is done, undone or left open.
//!
//! An operation is ended by facts alone: an answer whose signatures verify, or a definite refusal after
//! which the mint says that it signed nothing and spent nothing. Until then it stays open, and
//! [`Wallet::recover`] sends the same bytes again, which the mint answers the same way (`replay_days`).
//! Each part is called from here, and none of them calls back: send, decide what follows a refusal, settle.

use crate::engine::Engine;
use crate::error::{Error, UsageError};
use crate::http::Http;
use crate::operation::record::{Batched, Draft, Finished};
use crate::operation::refusal::AfterRefusal;
use crate::operation::swap_back::SwapBack;
use crate::purse::holdings::Holdings;
use crate::records::{Coin, Mint, Operation, Stage};
use crate::store::Store;

/// After this many refusals in a row an operation is not planned again.
const REPLANS_MAX: usize = 4;

impl<S: Store, H: Http> Engine<S, H> {
    /// Sends an operation's request, again if need be, until it is done, undone or left open.
    ///
    /// # Errors
    /// An error that says what became of the operation: undone ([`crate::error::Aftermath`]) or open.
    pub(crate) async fn run(&self, mut operation: Operation) -> Result<Finished, Error> {
        let mut replans = 0;
        loop {
            let id = operation.id;
            let mint = self.purse.tables.mint(Some(&operation.mint)).await?;
            let refused = match self.attempt(&operation, &mint).await {
                Ok(proofs) => return self.done(&operation, &mint, proofs).await,
                Err(Error::Refused(refused)) => refused,
                Err(error) => return Err(error.keeps_open(id)),
            };
            let may_replan = replans < REPLANS_MAX;
            let next = self
                .after_refusal(&operation, &mint, refused, may_replan)
                .await;
            operation = match next.map_err(|error| error.keeps_open(id))? {
                AfterRefusal::Done(proofs) => {
                    let done = self.done(&operation, &mint, proofs).await;
                    return done.map_err(|error| error.keeps_open(id));
                }
                AfterRefusal::Again(replanned) => *replanned,
                AfterRefusal::Final(refused) => match operation.purchase() {
                    Some(purchase) if purchase.stage == Stage::TakeBack => {
                        let next = self.swap_back_refused(&operation, purchase).await;
                        match next.map_err(|error| error.keeps_open(id))? {
                            SwapBack::Ended(finished) => return Ok(*finished),
                            SwapBack::Swap(swap) => *swap,
                        }
                    }
                    Some(_) | None => {
                        let undone = self.undo(&operation, &mint, refused).await;
                        let undone = undone.map_err(|error| error.keeps_open(id))?;
                        return Err(Error::Refused(undone));
                    }
                },
            };
            replans += 1;
        }
    }

    /// Takes a payment back but for `gone`, which the site has redeemed.
    ///
    /// # Errors
    /// When the mint cannot be asked: the operation stays open.
    pub(crate) async fn take_back(
        &self,
        operation: Operation,
        gone: &[Coin],
    ) -> Result<Finished, Error> {
        let id = operation.id;
        match self.without(operation, gone).await {
            Ok(SwapBack::Swap(swap)) => self.run(*swap).await,
            Ok(SwapBack::Ended(finished)) => Ok(*finished),
            Err(error) => Err(error.keeps_open(id)),
        }
    }

    /// Plans with what the wallet has at a mint. Where a plan fails because of a clock, the error says so.
    pub(crate) async fn planned<T>(
        &self,
        mint: &Mint,
        plan: impl FnOnce(&Holdings) -> Result<T, UsageError>,
    ) -> Result<(Holdings, T), Error> {
        let held = self.purse.holdings(mint).await?;
        match plan(&held) {
            Ok(planned) => Ok((held, planned)),
            Err(error) => Err(self.or_clock(mint, error.into()).await),
        }
    }

    /// Begins one operation and runs it.
    pub(crate) async fn exchange(&self, mint: &Mint, draft: Draft) -> Result<Finished, Error> {
        let operation = self.purse.begin_one(mint, draft).await?;
        self.run(operation).await
    }

    /// Runs operations one after the other: one that is refused hinders no other. When the mint gives no
    /// answer the others stay open too. Gives the inputs of those that were refused because some of them
    /// are spent.
    ///
    /// # Errors
    /// [`Error::Store`] alone; the mint's are in `done`.
    pub(crate) async fn run_each(
        &self,
        operations: Vec<Operation>,
        done: &mut Batched,
    ) -> Result<Vec<Coin>, Error> {
        let mut late = Vec::new();
        for operation in operations {
            let inputs = operation.inputs.clone();
            match self.run(operation).await {
                Ok(finished) => done.finished.push(finished),
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => {
                    if matches!(&error, Error::Refused(refused) if refused.already_spent()) {
                        late.extend(inputs);
                    }
                    done.failures.push(error);
                    if done.has_silence() {
                        break;
                    }
                }
            }
        }
        Ok(late)
    }
}
