//! What takes several requests: they run one after the other, and none hinders another.

use crate::engine::Engine;
use crate::error::Error;
use crate::http::Http;
use crate::operation::record::Finished;
use crate::records::{Coin, Operation};
use crate::store::Store;

/// How often the rest is tried again when somebody else has spent a part meanwhile.
pub(crate) const ROUNDS: usize = 3;

/// What came of something that may take several requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batched {
    /// The requests that were done; at least one.
    pub finished: Vec<Finished>,
    /// Why others were not. Each error says what became of its request's tokens.
    pub failures: Vec<Error>,
    /// What the tokens are worth that were left, because the mint's fee for them would be as much.
    pub dust: u64,
}

impl Batched {
    /// Whether no request was sent at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.finished.is_empty() && self.failures.is_empty()
    }

    /// Whether the mint gave no answer to one.
    pub(crate) fn has_silence(&self) -> bool {
        let silent = |error: &Error| matches!(error, Error::Network(_));
        self.failures.iter().any(silent)
    }

    /// Its first failure when nothing was done.
    pub(crate) fn failure(&mut self) -> Option<Error> {
        let failed = self.finished.is_empty() && !self.failures.is_empty();
        failed.then(|| self.failures.swap_remove(0))
    }
}

impl<S: Store, H: Http> Engine<S, H> {
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
