//! Sending: the part that runs while the clock does, on one thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::wire::{Head, Target};
use farthing_testkit::Result;

/// How to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How many connections send at the same time.
    pub(super) connections: usize,
    /// How long to go on.
    pub(super) limit: Duration,
    /// Send a request that is answered 503 again, and let its connection wait this long before.
    pub(super) pause: Option<Duration>,
}

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Fired {
    /// What became of each request.
    pub(super) outcomes: Vec<Outcome>,
    /// From the first request to the last answer.
    pub(super) elapsed: Duration,
    /// Answers of 503 after which the request was sent again.
    pub(super) refused: u64,
    /// Those of them without Retry-After.
    pub(super) refused_for_good: u64,
}

/// What became of a request.
#[derive(Clone, Debug, Default)]
pub(super) enum Outcome {
    /// It was not sent in time.
    #[default]
    Unsent,
    /// The connection failed.
    Broken(String),
    /// It was answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// From its first byte sent to the last byte of the answer.
        latency: Duration,
        /// The body of the answer.
        body: Vec<u8>,
    },
}

/// What all connections share.
struct Queue {
    requests: Rc<[Vec<u8>]>,
    next: Cell<usize>,
    again: RefCell<Vec<usize>>,
    pace: Pace,
    start: Cell<Instant>,
    refused: Cell<u64>,
    refused_for_good: Cell<u64>,
}

/// One connection: its answers lie one after the other in one buffer.
struct Lane {
    target: Target,
    stream: TcpStream,
    buffer: Vec<u8>,
    answers: Vec<Answer>,
}

struct Answer {
    request: usize,
    /// Where its head begins in the buffer, and what it says; or why there is none.
    head: std::result::Result<(usize, Head), String>,
    latency: Duration,
}

/// A lane's buffer has at least this much room for the next answer.
const ROOM: usize = 16 * 1024;

/// Sends all requests and waits for their answers.
///
/// # Errors
/// When a connection cannot be had at the start.
pub(super) fn fire(target: &Target, requests: &[Vec<u8>], pace: Pace) -> Result<Fired> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, run(target, requests, pace))
}

/// Sends one request; gives the body of its answer.
///
/// # Errors
/// With the answer, when its status is not 200.
pub(super) fn ask(target: &Target, request: Vec<u8>) -> Result<Vec<u8>> {
    let pace = Pace {
        connections: 1,
        limit: Duration::from_secs(60),
        pause: None,
    };
    let mut bodies = ask_all(target, &[request], pace)?;
    bodies.pop().ok_or_else(|| "no answer".into())
}

/// Sends all requests; gives the bodies of their answers.
///
/// # Errors
/// With the first answer whose status is not 200.
pub(super) fn ask_all(target: &Target, requests: &[Vec<u8>], pace: Pace) -> Result<Vec<Vec<u8>>> {
    let outcomes = fire(target, requests, pace)?.outcomes.into_iter();
    let bodies = outcomes.map(|outcome| match outcome {
        Outcome::Answered {
            status: 200, body, ..
        } => Ok(body),
        Outcome::Answered { status, body, .. } => {
            let body = String::from_utf8_lossy(&body).into_owned();
            Err(format!("while preparing: {status} {body}").into())
        }
        Outcome::Broken(why) => Err(format!("while preparing: {why}").into()),
        Outcome::Unsent => Err("preparing took too long".into()),
    });
    bodies.collect()
}

async fn run(target: &Target, requests: &[Vec<u8>], pace: Pace) -> Result<Fired> {
    let queue = Rc::new(Queue {
        requests: requests.into(),
        next: Cell::new(0),
        again: RefCell::default(),
        pace,
        start: Cell::new(Instant::now()),
        refused: Cell::new(0),
        refused_for_good: Cell::new(0),
    });
    let mut lanes = Vec::new();
    for _ in 0..pace.connections.min(requests.len()) {
        lanes.push(Lane::open(target).await?);
    }
    queue.start.set(Instant::now());
    let mut running = JoinSet::new();
    for lane in lanes {
        running.spawn_local(lane.drive(Rc::clone(&queue)));
    }
    let mut lanes = Vec::new();
    while let Some(lane) = running.join_next().await {
        lanes.push(lane?);
    }
    let mut fired = Fired {
        elapsed: queue.start.get().elapsed(),
        refused: queue.refused.get(),
        refused_for_good: queue.refused_for_good.get(),
        outcomes: vec![Outcome::Unsent; requests.len()],
    };
    for lane in lanes {
        lane.unpack(&mut fired.outcomes);
    }
    Ok(fired)
}

impl Queue {
    /// The number of the next request; none when all were sent or time is up.
    fn take(&self) -> Option<usize> {
        if self.start.get().elapsed() > self.pace.limit {
            return None;
        }
        if let Some(again) = self.again.borrow_mut().pop() {
            return Some(again);
        }
        let next = self.next.get();
        self.next.set(next + 1);
        (next < self.requests.len()).then_some(next)
    }

    /// Returns whether this answer is a refusal for now: then the request is put back.
    fn put_back(&self, request: usize, head: &Head) -> Option<Duration> {
        let pause = self.pace.pause.filter(|_| head.status == 503)?;
        self.refused.set(self.refused.get() + 1);
        if !head.retry_after {
            self.refused_for_good.set(self.refused_for_good.get() + 1);
        }
        self.again.borrow_mut().push(request);
        Some(pause)
    }
}

impl Lane {
    async fn open(target: &Target) -> Result<Self> {
        Ok(Self {
            stream: connect(target).await?,
            target: target.clone(),
            buffer: Vec::with_capacity(4 * ROOM),
            answers: Vec::new(),
        })
    }

    /// Sends one request after the other until there are no more.
    async fn drive(mut self, queue: Rc<Queue>) -> Self {
        while let Some(request) = queue.take() {
            let start = self.buffer.len();
            let sent = Instant::now();
            let bytes = queue.requests.get(request).map_or(&[][..], Vec::as_slice);
            let left = queue.pace.limit.saturating_sub(queue.start.get().elapsed());
            let asked = tokio::time::timeout(left, self.ask(bytes, start)).await;
            let latency = sent.elapsed();
            let head = asked.unwrap_or_else(|_| Err("no answer in time".into()));
            if let Ok(head) = &head
                && let Some(pause) = queue.put_back(request, head)
            {
                self.buffer.truncate(start);
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            } else {
                self.answers.push(Answer {
                    request,
                    head: head
                        .as_ref()
                        .map(|h| (start, *h))
                        .map_err(ToString::to_string),
                    latency,
                });
            }
            if head.is_ok_and(|head| !head.close) {
                continue;
            }
            match connect(&self.target).await {
                Ok(stream) => self.stream = stream,
                Err(_) => break,
            }
        }
        self
    }

    async fn ask(&mut self, request: &[u8], start: usize) -> Result<Head> {
        self.stream.write_all(request).await?;
        loop {
            if self.buffer.capacity() - self.buffer.len() < ROOM {
                self.buffer.reserve(4 * ROOM);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the mint closed the connection".into());
            }
            let answer = self.buffer.get(start..).unwrap_or_default();
            if let Some(head) = Head::parse(answer)?
                && answer.len() >= head.length + head.body_length
            {
                return Ok(head);
            }
        }
    }

    /// Takes the answers out of the buffer.
    fn unpack(self, outcomes: &mut [Outcome]) {
        for answer in self.answers {
            let outcome = match answer.head {
                Err(why) => Outcome::Broken(why),
                Ok((start, head)) => {
                    let start = start + head.length;
                    let body = self.buffer.get(start..start + head.body_length);
                    Outcome::Answered {
                        status: head.status,
                        latency: answer.latency,
                        body: body.unwrap_or_default().to_vec(),
                    }
                }
            };
            if let Some(place) = outcomes.get_mut(answer.request) {
                *place = outcome;
            }
        }
    }
}

async fn connect(target: &Target) -> Result<TcpStream> {
    let stream = TcpStream::connect(target.address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
