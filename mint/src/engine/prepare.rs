//! Stages 1 and 2 for a share of the waiting requests: each ends refused, answered again, or on its way
//! to the writer.

use farthing_protocol::BlindSignature;
use tokio::sync::oneshot;

use super::auth::check_unused;
use super::pool::Worker;
use super::verify::{self, Checked, Marked};
use super::writer::{Job, Work};
use super::{Answer, EngineSettings, Shared};
use crate::clock;
use crate::domain::{Admitted, Directory, Transaction, admit, credited};
use crate::error::{Error, Result};
use crate::keyring::RequestDigest;
use crate::store::Reader;

/// A transaction that somebody waits for.
pub(super) struct Request {
    pub(super) transaction: Transaction,
    pub(super) digest: Option<RequestDigest>,
    pub(super) reply: oneshot::Sender<Result<Answer>>,
}

/// Who waits, and for what.
struct Caller<'t> {
    transaction: &'t Transaction,
    digest: Option<RequestDigest>,
    reply: oneshot::Sender<Result<Answer>>,
}

impl Shared {
    /// Carries a share of requests to the writer.
    pub(super) fn execute_all(&self, worker: &Worker, requests: Vec<Request>) {
        let (transactions, callers): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .map(|request| (request.transaction, (request.digest, request.reply)))
            .unzip();
        let callers = transactions.iter().zip(callers);
        let callers = callers.map(|(transaction, (digest, reply))| Caller {
            transaction,
            digest,
            reply,
        });
        if let Err(error) = self.prepare_all(worker, callers) {
            // The callers' senders are dropped, which answers them with an error.
            tracing::error!(%error, "a share of requests failed");
        }
    }

    fn prepare_all<'t>(
        &self,
        worker: &Worker,
        callers: impl Iterator<Item = Caller<'t>>,
    ) -> Result<()> {
        let (reader, now) = (&worker.reader, clock::now_s());
        let (mut marked, mut waiting) = (Vec::new(), Vec::new());
        let snapshot = reader.snapshot()?;
        for caller in callers {
            match self.mark(reader, caller.transaction, now) {
                Ok((found, conflict)) => {
                    marked.push(found);
                    waiting.push((caller, conflict));
                }
                Err(refusal) => self.refuse(reader, caller, refusal),
            }
        }
        drop(snapshot);
        let (mut good, mut accepted) = (Vec::new(), Vec::new());
        let checked = verify::check_all(marked, &self.keyring, now)?;
        for (outcome, (caller, conflict)) in checked.into_iter().zip(waiting) {
            // The refusal must be the first in the documented order: bad signatures come before
            // spent tokens.
            match (outcome, conflict) {
                (Ok(checked), None) => {
                    good.push(checked);
                    accepted.push(caller);
                }
                (Ok(_), Some(refusal)) | (Err(refusal), _) => self.refuse(reader, caller, refusal),
            }
        }
        let signatures = verify::sign_all(&good, &self.keyring)?;
        for ((checked, signatures), caller) in good.into_iter().zip(signatures).zip(accepted) {
            hand_over(worker, checked, signatures, caller);
        }
        Ok(())
    }

    /// Admits a transaction, and asks the store what stands against it.
    fn mark<'t>(
        &self,
        reader: &Reader,
        transaction: &'t Transaction,
        now: u64,
    ) -> Result<(Marked<'t>, Option<Error>)> {
        let admitted = self.admit(reader, transaction, now)?;
        if let Some(pass) = &transaction.auth {
            check_unused(reader, pass)?;
        }
        let marked = Marked::new(admitted, &self.keyring);
        let conflict = marked.conflict(reader)?;
        Ok((marked, conflict))
    }

    /// Admits with the directory at hand; when that refuses, with a fresh one.
    fn admit<'t>(
        &self,
        reader: &Reader,
        transaction: &'t Transaction,
        now: u64,
    ) -> Result<Admitted<'t>> {
        let directory = self.directory();
        let first = self.admit_with(&directory, transaction, now);
        if first.is_ok() {
            return first;
        }
        let fresh = self.fresh_directory(reader)?;
        if fresh.revision == directory.revision {
            return first;
        }
        self.admit_with(&fresh, transaction, now)
    }

    fn admit_with<'t>(
        &self,
        directory: &Directory,
        transaction: &'t Transaction,
        now: u64,
    ) -> Result<Admitted<'t>> {
        let EngineSettings { unit, limits, .. } = &self.settings;
        admit(transaction, directory, unit, limits, now)
    }

    /// Refuses a request, unless it was answered before: then it is answered again.
    fn refuse(&self, reader: &Reader, caller: Caller<'_>, refusal: Error) {
        let Caller {
            transaction,
            digest,
            reply,
        } = caller;
        let outcome = match self.answer_again(reader, transaction, digest) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.first_refusal(reader, transaction, refusal)),
            Err(error) => Err(error),
        };
        let _ = reply.send(outcome);
    }

    /// The refusal that comes first in the documented order: what was admitted with a directory from
    /// before an operator's command, and then refused, may not be admitted now.
    fn first_refusal(&self, reader: &Reader, transaction: &Transaction, refusal: Error) -> Error {
        let now = clock::now_s();
        let fresh = self.fresh_directory(reader);
        let admitted =
            fresh.and_then(|fresh| self.admit_with(&fresh, transaction, now).map(|_| ()));
        admitted.err().unwrap_or(refusal)
    }

    /// The answer to a request that was answered before; `None` for any other.
    fn answer_again(
        &self,
        reader: &Reader,
        transaction: &Transaction,
        digest: Option<RequestDigest>,
    ) -> Result<Option<Answer>> {
        let Some(digest) = digest else {
            return Ok(None);
        };
        if !reader.has_request(&digest, clock::day(), self.settings.replay_days)? {
            return Ok(None);
        }
        self.gate.pass()?;
        Ok(Some(Answer {
            signatures: verify::sign_again(transaction.signed_outputs(), &self.keyring)?,
            credited: credited(transaction, &self.directory(), &self.settings.unit)?,
        }))
    }
}

/// Hands a verified transaction to the writer, who answers it.
fn hand_over(
    worker: &Worker,
    checked: Checked<'_>,
    signatures: Vec<BlindSignature>,
    caller: Caller<'_>,
) {
    let answer = Answer {
        signatures,
        credited: checked.credited(),
    };
    let job = Job {
        work: Work::Transaction(checked.into_verified(caller.digest)),
        answer,
        reply: caller.reply,
    };
    // The writer outlives the workers. When it has died all the same, the reply's sender is dropped
    // with the job, which answers the request with an error.
    let _ = worker.jobs.send(job);
}
