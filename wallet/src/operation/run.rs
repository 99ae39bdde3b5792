//! Running an operation that is written down, until it is done, undone or left open.
//!
//! An operation is ended by facts alone: an answer whose signatures verify, or a definite refusal after
//! which the mint says that it signed nothing and spent nothing. Until then it stays open, and
//! [`Wallet::recover`] sends the same bytes again, which the mint answers the same way (`replay_days`).
//! Each part is called from here, and none of them calls back: send, decide what follows a refusal, settle.

use crate::engine::Engine;
use crate::error::{Error, Refused};
use crate::http::Http;
use crate::operation::record::Finished;
use crate::operation::refusal::AfterRefusal;
use crate::operation::swap_back::SwapBack;
use crate::records::{Mint, Operation, Stage};
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
                AfterRefusal::Final(refused) => {
                    let ended = self.refused(operation, &mint, refused).await;
                    match ended.map_err(|error| error.keeps_open(id))? {
                        Ended::Undone(refused) => return Err(Error::Refused(refused)),
                        Ended::Payment(SwapBack::Ended(finished)) => return Ok(*finished),
                        Ended::Payment(SwapBack::Swap(swap)) => *swap,
                    }
                }
            };
            replans += 1;
        }
    }

    /// Ends what the mint will not do: it is undone, but for a payment that is taken back.
    async fn refused(
        &self,
        operation: Operation,
        mint: &Mint,
        refused: Refused,
    ) -> Result<Ended, Error> {
        match operation.purchase.clone() {
            Some(purchase) if purchase.stage == Stage::TakeBack => Ok(Ended::Payment(
                self.swap_back_refused(operation, &purchase).await?,
            )),
            _ => Ok(Ended::Undone(self.undo(&operation, mint, refused).await?)),
        }
    }
}

/// What became of an operation that the mint will not do.
enum Ended {
    /// It is undone; the refusal says what went back.
    Undone(Refused),
    /// It took a payment back, which goes on otherwise.
    Payment(SwapBack),
}
