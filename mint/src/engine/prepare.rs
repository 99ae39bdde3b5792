//! Stages 1 and 2 for a share of the waiting requests: each ends refused, answered again, or on its way
//! to the writer.

use farthing_protocol::BlindSignature;

use super::conflict::auth_conflict;
use super::job::{Answer, Caller, Job, Worker};
use super::shared::{EngineSettings, Shared};
use super::verify::{self, Checked, Marked};
use crate::clock;
use crate::domain::{Admitted, Directory, RequestDigest, Transaction, admit, credited};
use crate::error::{Error, Result};
use crate::store::View;

impl Shared {
    /// Carries a share of requests to the writer, each with its caller.
    pub(super) fn execute_all(
        &self,
        worker: &Worker,
        transactions: &[Transaction],
        callers: Vec<Caller>,
    ) {
        let requests = transactions.iter().zip(callers);
        if let Err(error) = self.prepare_all(worker, requests) {
            // The callers' senders are dropped, which answers them with an error.
            tracing::error!(%error, "a share of requests failed");
        }
    }

    fn prepare_all<'t>(
        &self,
        worker: &Worker,
        requests: impl Iterator<Item = (&'t Transaction, Caller)>,
    ) -> Result<()> {
        let (view, now): (&View, _) = (&worker.reader, clock::now_s());
        let (mut marked, mut waiting) = (Vec::new(), Vec::new());
        let snapshot = worker.reader.snapshot()?;
        for (transaction, caller) in requests {
            match self.mark(view, transaction, now) {
                Ok((found, conflict)) => {
                    marked.push(found);
                    waiting.push((transaction, caller, conflict));
                }
                Err(refusal) => self.refuse(view, transaction, caller, refusal),
            }
        }
        drop(snapshot);
        let (mut good, mut accepted) = (Vec::new(), Vec::new());
        let checked = verify::check_all(marked, &self.keyring, now)?;
        for (outcome, (transaction, caller, conflict)) in checked.into_iter().zip(waiting) {
            // The refusal must be the first in the documented order: bad signatures come before
            // spent tokens.
            match (outcome, conflict) {
                (Ok(checked), None) => {
                    good.push(checked);
                    accepted.push(caller);
                }
                (Ok(_), Some(refusal)) | (Err(refusal), _) => {
                    self.refuse(view, transaction, caller, refusal);
                }
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
        view: &View,
        transaction: &'t Transaction,
        now: u64,
    ) -> Result<(Marked<'t>, Option<Error>)> {
        let admitted = self.admit(view, transaction, now)?;
        if let Some(token) = &transaction.auth
            && let Some(refusal) = auth_conflict(view, &token.mark)?
        {
            return Err(refusal);
        }
        let marked = Marked::new(admitted, &self.keyring);
        let conflict = marked.conflict(view)?;
        Ok((marked, conflict))
    }

    /// Admits with the directory at hand; when that refuses, with a fresh one.
    fn admit<'t>(
        &self,
        view: &View,
        transaction: &'t Transaction,
        now: u64,
    ) -> Result<Admitted<'t>> {
        let directory = self.directory();
        let first = self.admit_with(&directory, transaction, now);
        if first.is_ok() {
            return first;
        }
        let fresh = self.fresh_directory(view)?;
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
    fn refuse(&self, view: &View, transaction: &Transaction, caller: Caller, refusal: Error) {
        let outcome = match self.answer_again(view, transaction, caller.digest) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.first_refusal(view, transaction, refusal)),
            Err(error) => Err(error),
        };
        let _ = caller.reply.send(outcome);
    }

    /// The refusal that comes first in the documented order: what was admitted with a directory from
    /// before an operator's command, and then refused, may not be admitted now.
    fn first_refusal(&self, view: &View, transaction: &Transaction, refusal: Error) -> Error {
        let now = clock::now_s();
        let fresh = self.fresh_directory(view);
        let admitted =
            fresh.and_then(|fresh| self.admit_with(&fresh, transaction, now).map(|_| ()));
        admitted.err().unwrap_or(refusal)
    }

    /// The answer to a request that was answered before; `None` for any other.
    fn answer_again(
        &self,
        view: &View,
        transaction: &Transaction,
        digest: Option<RequestDigest>,
    ) -> Result<Option<Answer>> {
        let Some(digest) = digest else {
            return Ok(None);
        };
        if !view.has_request(&digest, clock::day(), self.settings.replay_days)? {
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
    caller: Caller,
) {
    let answer = Answer {
        signatures,
        credited: checked.credited(),
    };
    let transaction = checked.into_verified(caller.digest);
    let job = Job::Transaction(transaction, answer, caller.reply);
    // The writer outlives the workers. Should it have died, the reply's sender is dropped
    // with the job, which answers the request with an error.
    let _ = worker.jobs.send(job);
}
