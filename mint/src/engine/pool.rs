//! The CPU pool: as many threads as cores, each with its own connection to read the store.
//!
//! A thread takes its share of whatever requests wait, and works on them together: the busier the
//! mint, the larger the batches and the cheaper each request. A lone request never waits for company.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use super::writer::Job;
use super::{Request, Shared};
use crate::error::{Error, Result};
use crate::store::Reader;

/// The most requests that one thread works on together: bounds how long the first waits for the last.
const SHARE_MAX: usize = 32;

/// What a task may use: a thread's own reader, and the way to the writer.
pub(super) struct Worker {
    pub(super) reader: Reader,
    pub(super) jobs: Sender<Job>,
}

/// Something to do.
pub(super) enum Task {
    /// A transaction to carry out, together with others.
    Execute(Request),
    /// Anything else, by itself.
    Query(Box<dyn FnOnce(&mut Worker) + Send>),
}

/// The threads and their queue.
pub(super) struct Pool {
    tasks: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts as many threads as there are cores, with a queue of `queue_max` tasks.
    pub(super) fn start(
        shared: &Arc<Shared>,
        queue_max: usize,
        jobs: &Sender<Job>,
    ) -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let (tasks, queue) = bounded(queue_max);
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
                .spawn(move || work(worker, &shared, &queue, threads))
                .map_err(|e| Error::Operator(format!("cannot start a thread: {e}")))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Hands a task over that answers through `reply`'s sender sooner or later, and waits for that.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full or the mint is stopping, [`Error::Invariant`] when the
    /// task died without an answer, and whatever it answers.
    pub(super) async fn run<T>(
        &self,
        task: impl FnOnce(oneshot::Sender<Result<T>>) -> Task,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let tasks = self.tasks.as_ref().ok_or(Error::Busy("stopping"))?;
        tasks.try_send(task(reply)).map_err(|e| match e {
            TrySendError::Full(_) => Error::Busy("overloaded"),
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

fn work(mut worker: Worker, shared: &Shared, queue: &Receiver<Task>, threads: usize) {
    while let Ok(first) = queue.recv() {
        let share = (queue.len() / threads).min(SHARE_MAX - 1);
        let tasks = std::iter::once(first).chain(queue.try_iter().take(share));
        let mut requests = Vec::with_capacity(share + 1);
        for task in tasks {
            match task {
                Task::Execute(request) => requests.push(request),
                Task::Query(query) => guard(|| query(&mut worker)),
            }
        }
        guard(|| shared.execute_all(&worker, requests));
    }
}

/// Keeps a panic from ending the thread. The senders that it drops answer their requests.
fn guard(task: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(task)).is_err() {
        tracing::error!("a task panicked; its requests were answered with an error");
    }
}
