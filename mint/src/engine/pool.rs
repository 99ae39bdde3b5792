//! The CPU pool: as many threads as cores, each with its own connection to read the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use super::writer::Job;
use crate::error::{Error, Result};
use crate::store::{Reader, Store};

/// What a task may use: a thread's own reader, and the way to the writer.
pub(super) struct Worker {
    pub(super) reader: Reader,
    pub(super) jobs: Sender<Job>,
}

type Task = Box<dyn FnOnce(&mut Worker) + Send>;

/// The threads and their queue.
pub(super) struct Pool {
    tasks: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts `threads` threads with a queue of `queue_max` tasks.
    pub(super) fn start(
        threads: usize,
        queue_max: usize,
        store: &Store,
        jobs: &Sender<Job>,
    ) -> Result<Self> {
        let (tasks, queue) = bounded(queue_max);
        let mut pool = Self {
            tasks: Some(tasks),
            threads: Vec::new(),
        };
        for number in 0..threads {
            let worker = Worker {
                reader: store.reader()?,
                jobs: jobs.clone(),
            };
            let queue = queue.clone();
            let thread = std::thread::Builder::new()
                .name(format!("farthing-cpu-{number}"))
                .spawn(move || work(worker, &queue))
                .map_err(|e| Error::Operator(format!("cannot start a thread: {e}")))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Runs a task that answers through `reply` sooner or later, and waits for the answer.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full or the mint is stopping, [`Error::Invariant`] when the
    /// task died without an answer, and whatever it answers.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Worker, oneshot::Sender<Result<T>>) + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let tasks = self.tasks.as_ref().ok_or(Error::Busy("stopping"))?;
        tasks
            .try_send(Box::new(move |worker| task(worker, reply)))
            .map_err(|e| match e {
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

fn work(mut worker: Worker, queue: &Receiver<Task>) {
    while let Ok(task) = queue.recv() {
        if catch_unwind(AssertUnwindSafe(|| task(&mut worker))).is_err() {
            tracing::error!("a task panicked; its request was answered with an error");
        }
    }
}
