//! Kills the mint with SIGKILL at random moments while many clients move value through it, starts it
//! again, and looks at everything that was answered and everything that was not.
//!
//! `FARTHING_CRASH_KILLS` says how many kills there are for each suite. A killed process leaves the system's caches
//! alone, so this is about the mint's order of writing and answering, not about the disk's honesty.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use farthing_protocol::api::{Signatures, State, path};
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{BlindedMessage, EncodedPoint, TokenProof};
use farthing_testkit::client::{
    Blanks, Client, Keyset, Reply, proofs, redeem_body, swap_body, withdraw_body, y,
};
use farthing_testkit::dice::Dice;
use farthing_testkit::scene::Scene;
use tokio::sync::watch;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");

const FUNDS: u64 = 10_000_000;
const CLIENTS: usize = 12;
/// How long the mint may take to answer some requests: for ever, nearly.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the mint works at the most before it is killed.
const LIFE_MS_MAX: u64 = 250;
/// How many requests it answers at the most before it is killed.
const ANSWERS_MAX: u64 = 60;
/// How many answers of earlier rounds each client still remembers.
const REMEMBERED: usize = 20;

/// A request as it is sent, again and again.
struct Request {
    path: &'static str,
    body: String,
    /// What it spends.
    inputs: Vec<TokenProof>,
    /// What it wants signed.
    blanks: Blanks,
    /// What the account gains, or loses, by it.
    gain: i64,
}

/// A request that was answered 200: what it was, and the answer to the byte.
struct Answered {
    path: &'static str,
    body: String,
    answer: String,
    spent: Vec<EncodedPoint>,
    signed: Vec<BlindedMessage>,
}

/// One of those that keep the mint busy.
struct Busy {
    client: Client,
    keyset: Keyset,
    api_token: String,
    dice: Dice,
    /// Spendable, as far as the client knows.
    tokens: Vec<TokenProof>,
    answered: Vec<Answered>,
    /// Sent, and not answered.
    open: Option<Request>,
    /// What the account has gained through this client.
    gained: i64,
}

fn ys(tokens: &[TokenProof]) -> Vec<EncodedPoint> {
    tokens
        .iter()
        .map(|token| y(&token.proof).unwrap())
        .collect()
}

fn worth(tokens: &[TokenProof]) -> u64 {
    tokens.iter().map(|token| token.proof.amount).sum()
}

impl Busy {
    /// Chooses what to do: a withdrawal, a swap, or a redemption with change.
    fn draw(&mut self) -> Request {
        let count = 1 + self.dice.below(4) as usize;
        let spend = self.tokens.len() >= count && !self.dice.one_in(3);
        if !spend {
            let total = 1 + self.dice.below(500);
            let blanks = Blanks::worth(&self.keyset, total).unwrap();
            return Request {
                path: path::WITHDRAW,
                body: withdraw_body(&blanks),
                inputs: Vec::new(),
                blanks,
                gain: -total.cast_signed(),
            };
        }
        let inputs = self.tokens.split_off(self.tokens.len() - count);
        let total = worth(&inputs);
        if self.dice.one_in(2) {
            let blanks = Blanks::worth(&self.keyset, total).unwrap();
            return Request {
                path: self.client.door.swap,
                body: swap_body(proofs(&inputs), &blanks),
                inputs,
                blanks,
                gain: 0,
            };
        }
        let change = self.dice.below(total);
        let blanks = Blanks::worth(&self.keyset, change).unwrap();
        Request {
            path: path::REDEEM,
            body: redeem_body(proofs(&inputs), Some(&blanks)),
            inputs,
            blanks,
            gain: (total - change).cast_signed(),
        }
    }

    /// Sends a body; `None` when the mint is gone. Whatever it answers is 200: every request is good.
    async fn send(&self, path: &str, body: &str) -> Option<String> {
        let token = (path != self.client.door.swap).then_some(self.api_token.as_str());
        let answer = self.client.post_text(path, token, body.to_owned()).await;
        let (status, text) = answer.ok()?;
        assert_eq!(status, 200, "{path}: {text}");
        Some(text)
    }

    /// Takes an answer in: signatures are verified, tokens change hands.
    fn take(&mut self, request: Request, answer: String) {
        let reply = Reply {
            status: 200,
            body: serde_json::from_str(&answer).unwrap(),
        };
        if request.path == path::REDEEM {
            let credited = reply.body["credited"].as_i64();
            assert_eq!(credited, Some(request.gain));
        }
        let signed: Signatures = reply.ok().unwrap();
        let blanks = request.blanks;
        let outputs = blanks.outputs.clone();
        self.tokens
            .extend(blanks.unblind(&signed.signatures).unwrap());
        self.gained += request.gain;
        self.answered.push(Answered {
            path: request.path,
            body: request.body,
            answer,
            spent: ys(&request.inputs),
            signed: outputs,
        });
    }

    /// Keeps the mint busy until it is gone.
    async fn work(mut self, answers: Arc<watch::Sender<usize>>) -> Self {
        loop {
            let request = self.draw();
            match self.send(request.path, &request.body).await {
                Some(answer) => {
                    answers.send_modify(|count| *count += 1);
                    self.take(request, answer);
                }
                None => {
                    self.open = Some(request);
                    return self;
                }
            }
        }
    }

    /// What was answered before the kill is on disk: before anything is sent again, what it spent is
    /// spent and what it signed is signed. Then the same bytes get the same answer. What the client
    /// holds can still be spent.
    async fn look_at_answered(&mut self) {
        for answered in &self.answered {
            let path = answered.path;
            let happened = self.happened(&answered.spent, &answered.signed).await;
            assert!(happened, "{path}: answered and lost");
            let again = self.send(path, &answered.body).await;
            assert_eq!(again.as_ref(), Some(&answered.answer), "{path}");
        }
        let forget = self.answered.len().saturating_sub(REMEMBERED);
        self.answered.drain(..forget);
        let states = self.client.states(&ys(&self.tokens)).await;
        assert!(states.unwrap().iter().all(|state| *state == State::Unspent));
    }

    /// What was not answered happened whole or not at all, and is answered now: sent by two at once,
    /// it has one answer. Gives whether it had happened.
    async fn look_at_open(&mut self) -> Option<bool> {
        let request = self.open.take()?;
        let inputs = ys(&request.inputs);
        let happened = self.happened(&inputs, &request.blanks.outputs).await;
        let (one, other) = tokio::join!(
            self.send(request.path, &request.body),
            self.send(request.path, &request.body),
        );
        assert_eq!(one, other, "{}: two answers", request.path);
        let answer = one.expect("the mint is there");
        self.take(request, answer);
        Some(happened)
    }

    /// Whether a request has happened: all it spends is spent and all it wants signed is signed, or
    /// nothing of it.
    async fn happened(&self, inputs: &[EncodedPoint], outputs: &[BlindedMessage]) -> bool {
        let spent = self.client.states(inputs).await.unwrap();
        let restored = self.client.restore(outputs).await.unwrap();
        let spent = spent.iter().map(|state| *state == State::Spent);
        let signed = outputs.iter().map(|o| restored.outputs.contains(o));
        let facts: BTreeSet<bool> = spent.chain(signed).collect();
        assert_eq!(facts.len(), 1, "done by halves");
        facts.contains(&true)
    }
}

/// When the mint is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After a time.
    AfterMs(u64),
    /// The moment this many requests were answered: what is not on disk by then is lost.
    AfterAnswers(usize),
}

impl Moment {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(8) {
            // Before it has done anything, which is when it looks at its own log.
            0 => Self::AfterMs(0),
            1..4 => Self::AfterMs(dice.below(LIFE_MS_MAX)),
            _ => Self::AfterAnswers(1 + dice.below(ANSWERS_MAX) as usize),
        }
    }

    async fn wait(self, answers: &watch::Sender<usize>) {
        match self {
            Self::AfterMs(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Self::AfterAnswers(n) => {
                let mut answers = answers.subscribe();
                let enough = answers.wait_for(|count| *count >= n);
                let in_time = tokio::time::timeout(PATIENCE, enough).await;
                in_time.expect("the mint does not answer").unwrap();
            }
        }
    }
}

/// What the kills found.
#[derive(Debug, Default)]
struct Tally {
    answered: usize,
    /// Unanswered and done all the same.
    happened: usize,
    /// Unanswered and not done.
    not_happened: usize,
}

/// Lets the clients work, kills the mint, starts it again, looks at everything.
async fn round(
    scene: &mut Scene,
    clients: Vec<Busy>,
    moment: Moment,
    tally: &mut Tally,
) -> Vec<Busy> {
    let answers = Arc::new(watch::Sender::new(0));
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|busy| tokio::spawn(busy.work(Arc::clone(&answers))))
        .collect();
    let listen = scene.mint.url().unwrap().trim_start_matches("http://");
    let listen = listen.to_owned();
    moment.wait(&answers).await;
    scene.mint.kill().unwrap();
    let mut clients = Vec::new();
    for task in tasks {
        clients.push(task.await.unwrap());
    }
    tally.answered += *answers.borrow();
    // While it is down, and again when the repetitions are done.
    scene.mint.balanced().unwrap();
    scene.mint.start_at(&listen).unwrap();
    for busy in &mut clients {
        // Without connections to the mint that died.
        busy.client = scene.new_client().unwrap();
        busy.look_at_answered().await;
        match busy.look_at_open().await {
            Some(true) => tally.happened += 1,
            Some(false) => tally.not_happened += 1,
            None => {}
        }
    }
    let books = scene.mint.balanced().unwrap();
    let held: u64 = clients.iter().map(|busy| worth(&busy.tokens)).sum();
    let gained: i64 = clients.iter().map(|busy| busy.gained).sum();
    assert_eq!(books["outstanding_total"].as_u64(), Some(held));
    let account = FUNDS.checked_add_signed(gained);
    assert_eq!(books["accounts_total"].as_u64(), account);
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_the_mint_has_done_what_it_answered_and_nothing_by_halves() {
    kill_and_look("the mint killed at random", SuiteId::Ristretto255, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_has_with_cashu_tokens() {
    let name = "the mint killed at random, with Cashu tokens";
    kill_and_look(name, SuiteId::Secp256k1, &[]).await;
}

/// With a spent log there are more moments: between the store and the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_holds_for_a_mint_with_a_spent_log_and_the_log_is_whole() {
    let name = "the mint with a log killed at random";
    kill_and_restore(name, SuiteId::Ristretto255).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spent_log_is_whole_with_cashu_tokens_too() {
    let name = "the mint with a log killed at random, with Cashu tokens";
    kill_and_restore(name, SuiteId::Secp256k1).await;
}

async fn kill_and_restore(name: &str, suite: SuiteId) {
    let settings = [("SPENT_LOG", "spent.log")];
    let mut scene = kill_and_look(name, suite, &settings).await;
    let before = scene.mint.balanced().unwrap();
    // The log is whole to its end and goes with the store: it ends the quarantine of a copy.
    let copy = scene.folder().join("copy");
    let copy = copy.to_str().unwrap();
    scene.mint.run(&["backup", copy]).unwrap();
    scene.mint.stop().unwrap();
    let log = scene.mint.dir().join("spent.log");
    std::fs::remove_file(scene.database()).unwrap();
    let restore = ["restore", copy, "--spent-log", log.to_str().unwrap()];
    let restored = scene.mint.run(&restore).unwrap();
    assert_eq!(restored["quarantine"], false, "{restored}");
    let after = scene.mint.balanced().unwrap();
    assert_eq!(after["outstanding_total"], before["outstanding_total"]);
}

async fn kill_and_look(name: &str, suite: SuiteId, settings: &[(&str, &str)]) -> Scene {
    let mut dice = Dice::for_test(name).unwrap();
    let kills: usize =
        std::env::var("FARTHING_CRASH_KILLS").map_or(4, |text| text.parse().unwrap());
    let mut scene = Scene::of_suite(BINARY, suite, settings).await.unwrap();
    let api_token = scene
        .mint
        .account("ann", "withdraw,redeem,read", FUNDS)
        .unwrap();
    let mut clients: Vec<Busy> = (0..CLIENTS)
        .map(|_| Busy {
            client: scene.new_client().unwrap(),
            keyset: scene.keyset.clone(),
            api_token: api_token.clone(),
            dice: dice.split(),
            tokens: Vec::new(),
            answered: Vec::new(),
            open: None,
            gained: 0,
        })
        .collect();
    let mut tally = Tally::default();
    for kill in 0..kills {
        let moment = Moment::draw(&mut dice);
        clients = round(&mut scene, clients, moment, &mut tally).await;
        println!("kill {}, {moment:?}: {tally:?}", kill + 1);
    }
    assert!(tally.answered > 0 && tally.happened + tally.not_happened > 0);
    scene
}
