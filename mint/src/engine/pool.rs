//! The CPU pool: as many threads as cores, each with its own connection to read the store.
//!
//! A thread takes its share of whatever requests wait, and works on them together: the busier the
//! mint, the larger the batches and the cheaper each request. A lone request never waits for others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use super::job::{Job, Task, Worker};
use super::shared::Shared;
use crate::error::{Error, Result};

/// The most requests that one thread works on together: bounds how long the first waits for the last.
const SHARE_MAX: usize = 32;

const OVERLOADED: Error = Error::Busy("overloaded");

/// The threads and their queue.
pub(super) struct Pool {
    /// Each task with the time since which it waits.
    tasks: Option<Sender<(Task, Instant)>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts as many threads as there are cores.
    pub(super) fn start(shared: &Arc<Shared>, jobs: &Sender<Job>) -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let (tasks, queue) = bounded(shared.settings.queue_max);
        let mut pool = Self {
            tasks: Some(tasks),
            threads: Vec::new(),
        };
        for number in 0..threads {
            let worker = Worker {
                reader: shared.store.reader()?,
                jobs: jobs.clone(),
            };
            let (queue, shared) = (queue.clone(), Arc::clone(shared));
            let thread = std::thread::Builder::new()
                .name(format!("farthing-cpu-{number}"))
                .spawn(move || work(&worker, &shared, &queue, threads))
                .map_err(|e| Error::Operator(format!("cannot start a thread: {e}")))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Hands a task over that answers through `reply`'s sender sooner or later, and waits for that.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full, the task waited in it for too long, or the mint is
    /// stopping; [`Error::Invariant`] when the task died without an answer; and whatever it answers.
    pub(super) async fn run<T>(
        &self,
        task: impl FnOnce(oneshot::Sender<Result<T>>) -> Task,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let tasks = self.tasks.as_ref().ok_or(Error::Busy("stopping"))?;
        let waiting = (task(reply), Instant::now());
        tasks.try_send(waiting).map_err(|e| match e {
            TrySendError::Full(_) => OVERLOADED,
            TrySendError::Disconnected(_) => Error::Busy("stopping"),
        })?;
        let died = |_| Error::Invariant("a task died without an answer");
        answer.await.map_err(died)?
    }
}

impl Drop for Pool {
    /// Lets the threads finish what was accepted.
    fn drop(&mut self) {
        self.tasks = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work(worker: &Worker, shared: &Shared, queue: &Receiver<(Task, Instant)>, threads: usize) {
    while let Ok(first) = queue.recv() {
        let share = (queue.len() / threads).min(SHARE_MAX - 1);
        let waiting = std::iter::once(first).chain(queue.try_iter().take(share));
        let mut transactions = Vec::with_capacity(share + 1);
        let mut callers = Vec::with_capacity(share + 1);
        for (task, since) in waiting {
            // What has waited for too long is refused and costs nothing more: whatever is served was served
            // soon, whatever a task costs and however slow the machine is.
            let in_time = since.elapsed() < shared.settings.queue_timeout;
            match task {
                Task::Execute(transaction, caller) if in_time => {
                    transactions.push(transaction);
                    callers.push(caller);
                }
                Task::Execute(_, caller) => drop(caller.reply.send(Err(OVERLOADED))),
                Task::Ask(question) if in_time => guard(|| question(Ok(worker))),
                Task::Ask(question) => guard(|| question(Err(OVERLOADED))),
            }
        }
        guard(|| shared.execute_all(worker, &transactions, callers));
    }
}

/// Keeps a panic from ending the thread. The senders that it drops answer their requests.
fn guard(task: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(task)).is_err() {
        tracing::error!("a task panicked; its requests were answered with an error");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::{Engine, EngineSettings};
    use farthing_protocol::Unit;

    use crate::domain::{Limits, Transaction};
    use crate::keyring::{Keyring, Seed};
    use crate::store::Store;

    /// Returns what becomes of a question and of a transaction with this queue timeout.
    fn ask(queue_timeout: Duration) -> [Error; 2] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("mint.sqlite"), "credit").unwrap();
        let settings = EngineSettings {
            unit: Unit::new("credit", 0),
            limits: Limits {
                inputs_max: 1,
                outputs_max: 1,
                secret_bytes_max: 1,
                witness_bytes_max: 1,
            },
            replay_days: 1,
            queue_max: 2,
            queue_timeout,
        };
        let keyring = Keyring::new(Seed::from_bytes([1; 32]));
        let engine = Engine::start(settings, store, keyring).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.build().unwrap();
        let question = |reply: oneshot::Sender<Result<()>>| {
            let answer = |worker: Result<&Worker>| worker.and(Err(Error::Invariant("served")));
            Task::Ask(Box::new(move |worker| {
                reply.send(answer(worker)).unwrap();
            }))
        };
        let pool = engine.pool().unwrap();
        let nothing = Transaction::swap(Vec::new(), Vec::new());
        [
            runtime.block_on(pool.run(question)).unwrap_err(),
            runtime.block_on(engine.execute(nothing, None)).unwrap_err(),
        ]
    }

    #[test]
    fn who_has_waited_for_too_long_is_refused_and_nothing_is_done() {
        for error in ask(Duration::ZERO) {
            assert!(matches!(error, Error::Busy("overloaded")), "{error}");
        }
        for error in ask(Duration::MAX) {
            assert!(!matches!(error, Error::Busy(_)), "{error}");
        }
    }
}
