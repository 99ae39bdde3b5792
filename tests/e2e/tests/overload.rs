//! A flood: more connections push than the mint has room for. It refuses some at once, in so many
//! words, does the others rightly, and serves the next caller as if nothing had been.
//!
//! `FARTHING_OVERLOAD_CONNECTIONS` says how many connections there are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use farthing_protocol::TokenProof;
use farthing_protocol::api::{Signatures, State, path};
use farthing_testkit::Result;
use farthing_testkit::client::{Blanks, Reply, proofs, swap_body, y};
use farthing_testkit::raw::{Connection, head};
use farthing_testkit::scene::Scene;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

/// Room for far fewer requests than are pushed.
const A_SHORT_QUEUE: [(&str, &str); 1] = [("QUEUE_MAX", "16")];
/// Room for all of them, and no time.
const A_SHORT_WAIT: [(&str, &str); 2] = [("QUEUE_MAX", "100000"), ("QUEUE_TIMEOUT_MS", "20")];
/// A question that costs nothing.
const NOTHING: &str = r#"{"Ys":[]}"#;
/// How often a connection sends a request that is refused.
const TRIES: usize = 4;
/// How often the mint is asked, where the wait is short, before it counts as stuck.
const SERVED_TRIES: usize = 50;
/// How long an answer may take before the mint counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer, with what matters of its head.
struct Answer {
    reply: Reply,
    retry_after: Option<u64>,
    took: Duration,
}

/// One of those who push: a swap of one token, and all that was answered to it.
struct Pusher {
    token: TokenProof,
    blanks: Blanks,
    bytes: Vec<u8>,
    answers: Vec<Answer>,
}

impl Pusher {
    fn was_done(&self) -> bool {
        self.answers.iter().any(|answer| answer.reply.status == 200)
    }

    /// Connects, waits for the others, and sends the request until it is done.
    async fn push(mut self, address: String, start: Arc<Barrier>) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = BufReader::new(stream);
        start.wait().await;
        for _ in 0..TRIES {
            let answer = tokio::time::timeout(PATIENCE, ask(&mut stream, &self.bytes)).await;
            self.answers.push(answer.expect("the mint hangs"));
            if self.was_done() {
                break;
            }
        }
        self
    }
}

/// Sends a request and reads its answer.
async fn ask(stream: &mut BufReader<TcpStream>, bytes: &[u8]) -> Answer {
    let started = Instant::now();
    stream.write_all(bytes).await.unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let (mut length, mut retry_after) = (0, None);
    loop {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", text)) => length = text.parse().unwrap(),
            Some(("retry-after", text)) => retry_after = text.parse().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    Answer {
        reply: Reply {
            status,
            body: serde_json::from_slice(&body).unwrap(),
        },
        retry_after,
        took: started.elapsed(),
    }
}

/// A swap for each of `count` connections.
async fn prepare(scene: &Scene, api_token: &str, count: usize) -> Vec<Pusher> {
    let mut tokens = Vec::new();
    while tokens.len() < count {
        let some = (count - tokens.len()).min(200);
        let withdraw = async || {
            let blanks = Blanks::of(&scene.keyset, &vec![1; some])?;
            scene.client.withdraw_blanks(api_token, blanks).await
        };
        tokens.extend(served(withdraw).await);
    }
    let prepare = |token: TokenProof| {
        let blanks = Blanks::of(&scene.keyset, &[1]).unwrap();
        let body = swap_body(proofs(std::slice::from_ref(&token)), &blanks);
        Pusher {
            bytes: format!("{}{body}", head(path::SWAP, body.len())).into_bytes(),
            token,
            blanks,
            answers: Vec::new(),
        }
    };
    tokens.into_iter().map(prepare).collect()
}

/// Asks until the mint answers. Where the wait is short, a machine with other things to do may take several tries.
async fn served<T>(ask: impl AsyncFn() -> Result<T>) -> T {
    for _ in 1..SERVED_TRIES {
        if let Ok(answer) = ask().await {
            return answer;
        }
    }
    ask().await.expect("it has not recovered")
}

/// Has all of them push at once, and checks each answer by itself.
async fn flood(scene: &Scene, pushers: Vec<Pusher>) -> Vec<Pusher> {
    let address = scene.mint.url().unwrap().trim_start_matches("http://");
    let start = Arc::new(Barrier::new(pushers.len()));
    let mut pushing = JoinSet::new();
    for pusher in pushers {
        pushing.spawn(pusher.push(address.to_owned(), Arc::clone(&start)));
    }
    let pushers = pushing.join_all().await;
    for answer in pushers.iter().flat_map(|pusher| &pusher.answers) {
        match answer.reply.status {
            200 => {}
            503 => {
                assert_eq!(answer.reply.refusal().unwrap(), (503, 50301));
                assert!(answer.retry_after.is_some_and(|s| s > 0), "no Retry-After");
            }
            other => panic!("{other}: {}", answer.reply.body),
        }
    }
    pushers
}

fn tell(pushers: &[Pusher]) {
    let answers = || pushers.iter().flat_map(|pusher| &pusher.answers);
    for status in [200, 503] {
        let of = answers().filter(|answer| answer.reply.status == status);
        let mut took: Vec<_> = of.map(|answer| answer.took).collect();
        took.sort();
        if !took.is_empty() {
            let at = |percent: usize| took[(took.len() - 1) * percent / 100];
            let (count, half, most, all) = (took.len(), at(50), at(99), at(100));
            println!("{status}: {count} answers, p50 {half:?}, p99 {most:?}, longest {all:?}");
        }
    }
}

/// Returns whether a token is spent.
async fn is_spent(scene: &Scene, token: &TokenProof) -> bool {
    let ys = [y(&token.proof).unwrap()];
    served(async || scene.client.states(&ys).await).await == [State::Spent]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_flood_some_are_refused_none_hangs_and_nothing_goes_wrong() {
    endure_floods(&A_SHORT_QUEUE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_flood_who_waits_for_too_long_is_refused_and_nothing_goes_wrong() {
    endure_floods(&A_SHORT_WAIT).await;
}

async fn endure_floods(settings: &[(&str, &str)]) {
    let connections = std::env::var("FARTHING_OVERLOAD_CONNECTIONS");
    let connections = connections.map_or(300, |text| text.parse().unwrap());
    rlimit::increase_nofile_limit(connections as u64 + 200).unwrap();
    let scene = Scene::with(BINARY, settings).await.unwrap();
    let api_token = scene.mint.account("ann", "withdraw", 100_000).unwrap();
    // One flood is enough, unless a very idle machine keeps up with it.
    for _ in 0..20 {
        let pushers = prepare(&scene, &api_token, connections).await;
        let lone = prepare(&scene, &api_token, 1).await.pop().unwrap();
        let before = scene.books().unwrap();
        let pushers = flood(&scene, pushers).await;
        // At once, unless the wait is short.
        let tries = if settings == A_SHORT_QUEUE {
            1
        } else {
            SERVED_TRIES
        };
        let served = (0..tries).any(|_| ask_alone(&scene, &lone).status == 200);
        assert!(served, "it has not recovered");

        tell(&pushers);
        let done = pushers.iter().filter(|pusher| pusher.was_done()).count();
        let moved = done as i64 + 1;
        let after = scene.books().unwrap();
        let (after, before) = (&after.keysets[0], &before.keysets[0]);
        assert_eq!(after.issued - before.issued, moved);
        assert_eq!(after.redeemed - before.redeemed, moved);
        let refused = pushers
            .iter()
            .map(|pusher| pusher.answers.len())
            .sum::<usize>()
            - done;
        for pusher in pushers {
            finish(&scene, pusher).await;
        }
        if refused > 0 && done > 0 {
            return;
        }
    }
    panic!("twenty floods, and the mint was never full");
}

/// Sends a swap on a connection of its own.
fn ask_alone(scene: &Scene, pusher: &Pusher) -> Reply {
    let mut connection = Connection::open(scene.mint.url().unwrap()).unwrap();
    connection.send(&pusher.bytes).unwrap();
    connection.answer().unwrap().0
}

/// What was done was done rightly; what was refused moved nothing, and is done when sent again.
async fn finish(scene: &Scene, pusher: Pusher) {
    let done = pusher.was_done();
    assert_eq!(is_spent(scene, &pusher.token).await, done);
    let reply = match pusher.answers.last() {
        Some(last) if done => last.reply.clone(),
        Some(_) | None => {
            let served = |_| Some(ask_alone(scene, &pusher)).filter(|reply| reply.status == 200);
            (0..SERVED_TRIES)
                .find_map(served)
                .expect("it has not recovered")
        }
    };
    let signed: Signatures = reply.ok().unwrap();
    let tokens = pusher.blanks.unblind(&signed.signatures).unwrap();
    assert_eq!(tokens[0].proof.amount, 1);
    assert!(!is_spent(scene, &tokens[0]).await);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_one_ends() {
    // Idle ones stay, for as long as this takes.
    let settings = [("CONNECTIONS_MAX", "4"), ("READ_TIMEOUT_MS", "600000")];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    let url = scene.mint.url().unwrap().to_owned();
    // The client's own connection is the first of the four.
    let mut inside: Vec<Connection> = Vec::new();
    for _ in 0..3 {
        let mut connection = Connection::open(&url).unwrap();
        connection.post(path::CHECKSTATE, NOTHING).unwrap();
        assert_eq!(connection.answer().unwrap().0.status, 200);
        inside.push(connection);
    }
    let mut waiting = Connection::open(&url).unwrap();
    waiting.post(path::CHECKSTATE, NOTHING).unwrap();
    assert!(!waiting.answers_within(Duration::from_millis(300)).unwrap());
    // Those inside are served all the same.
    inside[0].post(path::CHECKSTATE, NOTHING).unwrap();
    assert_eq!(inside[0].answer().unwrap().0.status, 200);
    assert!(!waiting.answers_within(Duration::from_millis(300)).unwrap());

    inside.pop();
    assert_eq!(waiting.answer().unwrap().0.status, 200);
}

#[tokio::test]
async fn who_holds_a_connection_open_and_asks_nothing_loses_it() {
    let settings = [("READ_TIMEOUT_MS", "300")];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    let url = scene.mint.url().unwrap().to_owned();
    let mut idle = Connection::open(&url).unwrap();
    let mut once = Connection::open(&url).unwrap();
    once.post(path::CHECKSTATE, NOTHING).unwrap();
    assert_eq!(once.answer().unwrap().0.status, 200);
    assert!(once.rest().unwrap().is_empty());
    idle.rest().unwrap();
}
