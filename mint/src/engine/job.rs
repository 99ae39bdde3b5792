//! What goes from the callers to the pool, and from the pool to the writer.

use crossbeam_channel::Sender;
use farthing_protocol::BlindSignature;
use tokio::sync::oneshot;

use super::quotes::QuoteChange;
use super::verify::VerifiedTransaction;
use crate::domain::{RequestDigest, Transaction};
use crate::error::Result;
use crate::store::Reader;

/// The answer to a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// One for each output.
    pub signatures: Vec<BlindSignature>,
    /// What a redemption credited; 0 for everything else.
    pub credited: u64,
}

/// Who waits for a transaction, and by what digest it can be sent again.
pub(super) struct Caller {
    pub(super) digest: Option<RequestDigest>,
    pub(super) reply: oneshot::Sender<Result<Answer>>,
}

/// A question to a pool thread. It is asked with an error when nothing is to be done, and answers with that.
type Question = Box<dyn FnOnce(Result<&Worker>) + Send>;

/// Work for the pool.
pub(super) enum Task {
    /// A transaction to carry out, together with others.
    Execute(Transaction, Caller),
    /// Anything else, by itself.
    Ask(Question),
}

/// What a pool thread works with: its own reader, and the way to the writer.
pub(super) struct Worker {
    pub(super) reader: Reader,
    pub(super) jobs: Sender<Job>,
}

/// Work for the writer, with the way back to the caller.
pub(super) enum Job {
    /// A movement of value, and its answer once it is durable.
    Transaction(VerifiedTransaction, Answer, oneshot::Sender<Result<Answer>>),
    /// What became known of a quote.
    Quote(QuoteChange, oneshot::Sender<Result<()>>),
}

impl Job {
    /// Returns about how many rows it writes.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Transaction(transaction, ..) => transaction.rows(),
            Self::Quote(..) => 1,
        }
    }

    /// Answers the caller. One that has gone away asks again, and is answered then.
    pub(super) fn answer(self, outcome: Result<()>) {
        match self {
            Self::Transaction(_, answer, reply) => drop(reply.send(outcome.map(|()| answer))),
            Self::Quote(_, reply) => drop(reply.send(outcome)),
        }
    }
}
