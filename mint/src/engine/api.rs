//! The engine as its callers see it.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::bounded;
use farthing_protocol::api::{ProofState, Restored};
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::{BlindSignature, BlindedMessage, EncodedPoint, ErrorCode, Identity};
use tokio::sync::{broadcast, oneshot};

use super::events::Event;
use super::job::{Answer, Caller, Job, Task};
use super::journal::{Gate, Journal};
use super::pool::Pool;
use super::quotes::QuoteChange;
use super::shared::{EngineSettings, Shared};
use super::writer::{BATCH_MAX, Committer};
use crate::domain::{Directory, Keyset, KeysetKind, Mark, RequestDigest, Transaction};
use crate::error::{Error, Result};
use crate::keyring::Keyring;
use crate::store::{Store, View};

/// The engine of a mint. Dropping it finishes what was accepted.
pub struct Engine {
    pub(super) shared: Arc<Shared>,
    pool: Option<Pool>,
    writer: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine for a command, beside a mint that may be running: without a spent log, since
    /// it spends no tokens, and without the daily cleaning.
    ///
    /// # Errors
    /// [`Error::Operator`] when seed and store are not of the same mint; [`Error::Store`].
    pub fn start(settings: EngineSettings, store: Store, keyring: Keyring) -> Result<Self> {
        Self::start_with(settings, store, keyring, None)
    }

    /// Starts the engine that serves the mint's requests, with its spent log if it keeps one.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn serve(
        settings: EngineSettings,
        store: Store,
        keyring: Keyring,
        journal: Journal,
    ) -> Result<Self> {
        Self::start_with(settings, store, keyring, Some(journal))
    }

    fn start_with(
        settings: EngineSettings,
        store: Store,
        keyring: Keyring,
        journal: Option<Journal>,
    ) -> Result<Self> {
        let serves = journal.is_some();
        let journal = journal.unwrap_or_default();
        let shared = Shared::new(settings, store, keyring, Gate::new(&journal))?;
        let shared = Arc::new(shared);
        // No more than the next batch takes: what waits longer waits in the pool's queue, where time
        // is counted.
        let (jobs, waiting) = bounded(BATCH_MAX);
        let committer = Committer::new(journal, Arc::clone(&shared), serves)?;
        let writer = std::thread::Builder::new()
            .name("farthing-writer".to_owned())
            .spawn(move || committer.run(&waiting))
            .map_err(|e| Error::Operator(format!("cannot start a thread: {e}")))?;
        let pool = Pool::start(&shared, &jobs)?;
        Ok(Self {
            shared,
            pool: Some(pool),
            writer: Some(writer),
        })
    }

    /// Carries out a transaction, durably, or refuses it. `digest` names the request, so that it can
    /// be sent again; without one it cannot.
    ///
    /// # Errors
    /// [`Error::Request`] or [`Error::Account`] in the documented order; [`Error::Busy`] when nothing
    /// was moved but may be when sent again; [`Error::Store`] and [`Error::Invariant`] likewise.
    pub async fn execute(
        &self,
        transaction: Transaction,
        digest: Option<RequestDigest>,
    ) -> Result<Answer> {
        let task = |reply| Task::Execute(transaction, Caller { digest, reply });
        self.pool()?.run(task).await
    }

    /// The states of tokens by their `Y` (NUT-07).
    ///
    /// # Errors
    /// [`Error::Request`] with `InputsMax` or `Malformed`; [`Error::Busy`]; [`Error::Store`].
    pub async fn check_state(&self, ys: Vec<EncodedPoint>) -> Result<Vec<ProofState>> {
        let inputs_max = self.shared.settings.limits.inputs_max;
        if ys.len() > inputs_max {
            let detail = format!("at most {inputs_max} points in one request");
            return Err(Error::request(ErrorCode::InputsMax, detail));
        }
        let shared = Arc::clone(&self.shared);
        self.ask(move |view| {
            let state = |y: &EncodedPoint| shared.state(view, y);
            ys.iter().map(state).collect()
        })
        .await
    }

    /// The signatures on outputs that were signed before (NUT-09).
    ///
    /// # Errors
    /// [`Error::Request`] with `OutputsMax` or `OutputPointInvalid`; [`Error::Busy`]; [`Error::Store`].
    pub async fn restore(&self, outputs: Vec<BlindedMessage>) -> Result<Restored> {
        let outputs_max = self.shared.settings.limits.outputs_max;
        if outputs.len() > outputs_max {
            let detail = format!("at most {outputs_max} outputs in one request");
            return Err(Error::request(ErrorCode::OutputsMax, detail));
        }
        let shared = Arc::clone(&self.shared);
        self.ask(move |view| shared.restore(view, outputs)).await
    }

    /// Has what became known of a quote written down, durably.
    ///
    /// # Errors
    /// As [`Self::execute`]; what was refused as busy may be said again.
    pub async fn record(&self, step: QuoteChange) -> Result<()> {
        let task = |reply: oneshot::Sender<_>| {
            Task::Ask(Box::new(move |worker| match worker {
                Ok(worker) => drop(worker.jobs.send(Job::Quote(step, reply))),
                Err(error) => drop(reply.send(Err(error))),
            }))
        };
        self.pool()?.run(task).await
    }

    /// The signatures for what a melt quote's payment left over (NUT-08): none before it has arrived.
    ///
    /// # Errors
    /// [`Error::Busy`]; [`Error::Store`].
    pub async fn change(&self, quote: QuoteId) -> Result<Vec<BlindSignature>> {
        let shared = Arc::clone(&self.shared);
        self.ask(move |view| shared.change(view, &quote)).await
    }

    /// Asks something that takes a curve operation or more than a few rows, on the CPU pool.
    ///
    /// # Errors
    /// [`Error::Busy`], and the question's own.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&View) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let task = |reply: oneshot::Sender<_>| {
            Task::Ask(Box::new(move |worker| {
                let answer = worker.and_then(|worker| question(&worker.reader));
                let _ = reply.send(answer);
            }))
        };
        self.pool()?.run(task).await
    }

    /// Subscribes to what changes from now on, batch by batch. A subscriber that falls behind misses some.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Arc<[Event]>> {
        self.shared.events.watch()
    }

    /// Notifies subscribers of what another process may have changed.
    pub fn announce(&self, events: Vec<Event>) {
        self.shared.events.announce(events);
    }

    /// The mark by which a token with this `Y` is known.
    #[must_use]
    pub fn spent_mark(&self, y: &EncodedPoint) -> Mark {
        self.shared.keyring.spent_mark(y.as_bytes())
    }

    /// The keysets at this moment, also just after an operator's command changed them.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn directory(&self, view: &View) -> Result<Arc<Directory>> {
        self.shared.fresh_directory(view)
    }

    /// The mint's identity: its addresses, signed, and what its keysets sign.
    ///
    /// # Errors
    /// [`Error::Invariant`].
    pub fn identity(
        &self,
        directory: &Directory,
        addresses: Vec<String>,
        issued: u64,
    ) -> Result<Identity> {
        let money = |keyset: &&Arc<Keyset>| matches!(keyset.terms.kind(), KeysetKind::Money(_));
        let ids: Vec<_> = directory.iter().filter(money).map(|k| k.id).collect();
        self.shared.keyring.identity(addresses, issued, &ids)
    }

    /// The digest under which a request will be known.
    #[must_use]
    pub fn request_digest(&self, path: &str, account: i64, body: &[u8]) -> RequestDigest {
        self.shared.keyring.request_digest(path, account, body)
    }

    /// The operator's settings.
    #[must_use]
    pub fn settings(&self) -> &EngineSettings {
        &self.shared.settings
    }

    /// Returns whether the spent log lacks something that the store has: it cannot be written.
    #[must_use]
    pub fn is_log_behind(&self) -> bool {
        self.shared.gate.is_behind()
    }

    /// The store, for commands that read more than a few rows or write.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Reads a few rows from the store, on this thread.
    ///
    /// # Errors
    /// [`Error::Store`], and the question's own.
    pub fn read<T>(&self, question: impl FnOnce(&View) -> Result<T>) -> Result<T> {
        self.shared.readers.read(question)
    }

    pub(super) fn pool(&self) -> Result<&Pool> {
        self.pool.as_ref().ok_or(Error::Busy("stopping"))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The pool's threads hold the only ways to the writer: they end first, then it does.
        self.pool = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
