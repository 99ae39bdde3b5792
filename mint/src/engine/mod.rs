//! The engine: every movement of value goes through here, in four stages.
//!
//! 1. **admit** ([`crate::domain::admit`]): everything that costs no curve operation and no disk;
//! 2. **verify and sign** (`prepare`, `verify`), on a CPU pool (`pool`), never on the async runtime's
//!    threads, as many requests together as wait;
//! 3. **commit** (`writer`, `books`, `quotes`): one thread, one batch of whatever waits, one fsync;
//! 4. **answer**, once it is durable.
//!
//! A request that was answered before and would be refused now is answered again: signatures are
//! deterministic, so they are computed again and nothing but a digest of the request was kept.

mod auth;
mod books;
mod checkpoints;
mod events;
mod journal;
mod pool;
mod prepare;
mod quotes;
pub mod recovery;
mod verify;
mod writer;

use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::bounded;
use farthing_protocol::api::{ProofState, Restored, State};
use farthing_protocol::cashu::QuoteId;
use farthing_protocol::conditions::Witness;
use farthing_protocol::{BlindSignature, BlindedMessage, EncodedPoint, ErrorCode, Identity, Unit};
use tokio::sync::{broadcast, oneshot};

use crate::domain::{Directory, Keyset, Limits, Transaction};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, KeysetKind, Mark, RequestDigest};
use crate::store::{KeysetRow, Reader, Store};
use events::Events;
use journal::Gate;
use pool::{Patience, Pool, Task};
use prepare::Request;
use writer::{BATCH_MAX, Committer, Job, Work};

pub use events::Event;
pub use journal::Journal;
pub use quotes::QuoteStep;
pub(crate) use quotes::too_many_quotes;

/// What the engine is told by the operator.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The mint's unit, in which refusals name amounts.
    pub unit: Unit,
    /// What one request may hold.
    pub limits: Limits,
    /// How many days a request may be sent again.
    pub replay_days: u32,
    /// Requests that may wait for a CPU; more are refused.
    pub queue_max: usize,
    /// How long a request may wait for a CPU; after that it is refused.
    pub queue_timeout: Duration,
}

/// What a transaction gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// One for each output.
    pub signatures: Vec<BlindSignature>,
    /// What a redemption credited; 0 for everything else.
    pub credited: u64,
}

/// The engine of a mint. Dropping it finishes what was accepted.
pub struct Engine {
    shared: Arc<Shared>,
    pool: Option<Pool>,
    writer: Option<JoinHandle<()>>,
}

/// What all stages see.
struct Shared {
    settings: EngineSettings,
    keyring: Keyring,
    store: Store,
    directory: RwLock<Arc<Directory>>,
    gate: Gate,
    events: Events,
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
        let patience = Patience {
            queue_max: settings.queue_max,
            timeout: settings.queue_timeout,
        };
        let shared = Arc::new(Shared {
            settings,
            keyring,
            directory: RwLock::default(),
            store: store.clone(),
            gate: Gate::new(&journal),
            events: Events::default(),
        });
        shared.reload()?;
        // No more than the next batch takes: what waits longer waits in the pool's queue, where time
        // is counted.
        let (jobs, waiting) = bounded(BATCH_MAX);
        let committer = Committer::new(&store, journal, Arc::clone(&shared), serves)?;
        let writer = std::thread::Builder::new()
            .name("farthing-writer".to_owned())
            .spawn(move || committer.run(&waiting))
            .map_err(|e| Error::Operator(format!("cannot start a thread: {e}")))?;
        let pool = Pool::start(&shared, patience, &jobs)?;
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
        let task = |reply| {
            Task::Execute(Request {
                transaction,
                digest,
                reply,
            })
        };
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
        self.ask(move |reader| {
            let state = |y: &EncodedPoint| shared.state(reader, y);
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
        self.ask(move |reader| shared.restore(reader, outputs))
            .await
    }

    /// Has what became known of a quote written down, durably.
    ///
    /// # Errors
    /// As [`Self::execute`]; what was refused as busy may be said again.
    pub async fn record(&self, step: QuoteStep) -> Result<()> {
        let task = |reply: oneshot::Sender<_>| {
            Task::Query(Box::new(move |worker| match worker {
                Ok(worker) => {
                    let answer = Answer::default();
                    let work = Work::Quote(step);
                    let job = Job {
                        work,
                        answer,
                        reply,
                    };
                    let _ = worker.jobs.send(job);
                }
                Err(error) => drop(reply.send(Err(error))),
            }))
        };
        self.pool()?.run(task).await.map(|_: Answer| ())
    }

    /// The signatures for what a melt quote's payment left over (NUT-08): none before it has arrived.
    ///
    /// # Errors
    /// [`Error::Busy`]; [`Error::Store`].
    pub async fn change(&self, quote: QuoteId) -> Result<Vec<BlindSignature>> {
        let shared = Arc::clone(&self.shared);
        self.ask(move |reader| shared.change(reader, &quote)).await
    }

    /// Asks something that takes a curve operation or more than a few rows, on the CPU pool.
    ///
    /// # Errors
    /// [`Error::Busy`], and what the question gives.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let task = |reply: oneshot::Sender<_>| {
            Task::Query(Box::new(move |worker| {
                let answer = worker.and_then(|worker| question(&worker.reader));
                let _ = reply.send(answer);
            }))
        };
        self.pool()?.run(task).await
    }

    /// What changes from now on, batch by batch. Whoever falls behind misses some.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Arc<[Event]>> {
        self.shared.events.watch()
    }

    /// Tells those who watch of what another process may have changed.
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
    pub fn directory(&self, reader: &Reader) -> Result<Arc<Directory>> {
        self.shared.fresh_directory(reader)
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

    /// What the engine was told.
    #[must_use]
    pub fn settings(&self) -> &EngineSettings {
        &self.shared.settings
    }

    /// Whether the spent log lacks something that the store has: it cannot be written.
    #[must_use]
    pub fn is_log_behind(&self) -> bool {
        self.shared.gate.is_behind()
    }

    /// The store, for readers.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    fn pool(&self) -> Result<&Pool> {
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

impl Shared {
    fn directory(&self) -> Arc<Directory> {
        match self.directory.read() {
            Ok(directory) => Arc::clone(&directory),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// The directory, read again if an operator's command changed it.
    fn fresh_directory(&self, reader: &Reader) -> Result<Arc<Directory>> {
        let directory = self.directory();
        if reader.revision()? == directory.revision {
            return Ok(directory);
        }
        self.reload()?;
        Ok(self.directory())
    }

    /// Reads the keysets and derives their keys.
    fn reload(&self) -> Result<()> {
        let reader = self.store.reader()?;
        let revision = reader.revision()?;
        let known = self.directory();
        let load = |row: KeysetRow| {
            let KeysetRow { id, terms, state } = row;
            let keys = match known.get(&id) {
                Some(keyset) => keyset.keys.clone(),
                None => {
                    let (derived, keys) = self.keyring.load(&terms)?;
                    if derived != id {
                        return Err(Error::Operator(format!(
                            "keyset {id} was not made with this seed: seed and database are not of \
                             the same mint"
                        )));
                    }
                    keys
                }
            };
            Ok(Arc::new(Keyset {
                id,
                terms,
                state,
                keys,
            }))
        };
        let keysets = reader
            .keysets()?
            .into_iter()
            .map(load)
            .collect::<Result<_>>()?;
        let directory = Arc::new(Directory::new(keysets, revision));
        match self.directory.write() {
            Ok(mut place) => *place = directory,
            Err(poisoned) => *poisoned.into_inner() = directory,
        }
        Ok(())
    }

    fn state(&self, reader: &Reader, y: &EncodedPoint) -> Result<ProofState> {
        let mark = self.keyring.spent_mark(y.as_bytes());
        let spent = reader.spent(&mark)?;
        let preimage = spent.as_ref().and_then(|row| row.preimage);
        let witness = preimage.map(|preimage| Witness {
            preimage: Some(hex::encode(preimage)),
            signatures: Vec::new(),
        });
        let state = match spent {
            Some(_) => State::Spent,
            None if reader.is_held(&mark)? => State::Pending,
            None => State::Unspent,
        };
        Ok(ProofState {
            y: *y,
            state,
            witness: witness.map(|w| w.to_json()),
        })
    }

    fn restore(&self, reader: &Reader, outputs: Vec<BlindedMessage>) -> Result<Restored> {
        let mut restored = Restored {
            outputs: Vec::new(),
            signatures: Vec::new(),
        };
        let directory = self.fresh_directory(reader)?;
        for mut output in outputs {
            let mark = self.keyring.signed_mark(output.b.as_bytes());
            let Some((keyset, amount)) = reader.signed(&mark)? else {
                continue;
            };
            // Signed again with the very key it was signed with, or not at all: with another keyset's
            // key it would be a new token.
            let named = directory.get(&output.id);
            if named.is_none_or(|named| named.terms.index != keyset) {
                continue;
            }
            output.amount = amount;
            restored.outputs.push(output);
        }
        self.gate.pass()?;
        restored.signatures = verify::sign_again(&restored.outputs, &self.keyring)?;
        Ok(restored)
    }

    fn change(&self, reader: &Reader, quote: &QuoteId) -> Result<Vec<BlindSignature>> {
        let directory = self.fresh_directory(reader)?;
        let mut outputs = Vec::new();
        for blank in reader
            .blanks(quote)?
            .into_iter()
            .filter(|blank| blank.amount > 0)
        {
            let mut all = directory.iter();
            let keyset = all.find(|keyset| keyset.terms.index == blank.keyset);
            let keyset = keyset.ok_or(Error::Invariant("a blank output of no keyset"))?;
            outputs.push(BlindedMessage {
                amount: blank.amount,
                id: keyset.id,
                b: blank.b,
            });
        }
        self.gate.pass()?;
        verify::sign_again(&outputs, &self.keyring)
    }
}
