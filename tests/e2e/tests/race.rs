//! Many at once over the same tokens: each token is spent once, whoever comes first. The same for tokens
//! of both suites.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use farthing_protocol::TokenProof;
use farthing_protocol::api::{Redeemed, Signatures, path};
use farthing_protocol::suite::SuiteId;
use farthing_testkit::client::{Blanks, proofs, redeem_body, swap_body};
use farthing_testkit::scene::Scene;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const ALL: &str = "withdraw,redeem,read";
const TASKS: usize = 64;
const TOKENS: usize = 1000;
const AMOUNT: u64 = 4;

/// One of the requests that compete for one token.
struct Rival {
    token: usize,
    path: &'static str,
    account: Option<String>,
    body: String,
    blanks: Option<Blanks>,
}

/// What a rival got.
struct Outcome {
    token: usize,
    account: Option<String>,
    credited: u64,
    /// The tokens it was given.
    change: Vec<TokenProof>,
}

/// For each token: two swaps to different outputs, a redemption by each of two accounts, and one
/// with change.
fn rivals(scene: &Scene, tokens: &[TokenProof], ann: &str, bob: &str) -> Vec<Rival> {
    let mut rivals = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        let inputs = proofs(std::slice::from_ref(token));
        let blanks = |amounts: &[u64]| Blanks::of(&scene.keyset, amounts).unwrap();
        for outputs in [blanks(&[4]), blanks(&[1, 1, 2])] {
            rivals.push(Rival {
                token: place,
                path: scene.client.door.swap,
                account: None,
                body: swap_body(inputs.clone(), &outputs),
                blanks: Some(outputs),
            });
        }
        for (account, change) in [(ann, None), (bob, None), (bob, Some(blanks(&[1])))] {
            rivals.push(Rival {
                token: place,
                path: path::REDEEM,
                account: Some(account.to_owned()),
                body: redeem_body(inputs.clone(), change.as_ref()),
                blanks: change,
            });
        }
    }
    rivals
}

/// Sends a rival's request; `None` when the token was spent by another.
async fn compete(scene: &Scene, rival: Rival) -> Option<Outcome> {
    let reply = scene
        .client
        .post(rival.path, rival.account.as_deref(), rival.body);
    let reply = reply.await.unwrap();
    if reply.status != 200 {
        assert_eq!(reply.refusal().unwrap(), (400, 11001));
        return None;
    }
    let (credited, signatures) = if rival.account.is_none() {
        (0, reply.ok::<Signatures>().unwrap().signatures)
    } else {
        let redeemed: Redeemed = reply.ok().unwrap();
        (redeemed.credited, redeemed.signatures)
    };
    let change = rival
        .blanks
        .map(|blanks| blanks.unblind(&signatures).unwrap());
    Some(Outcome {
        token: rival.token,
        account: rival.account,
        credited,
        change: change.unwrap_or_default(),
    })
}

/// Lets [`TASKS`] tasks send all rivals' requests; gives the winners.
async fn compete_all(scene: &Arc<Scene>, rivals: Vec<Rival>) -> Vec<Outcome> {
    let slots: Arc<Vec<_>> = Arc::new(
        rivals
            .into_iter()
            .map(|r| std::sync::Mutex::new(Some(r)))
            .collect(),
    );
    let next = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (scene, slots, next) = (Arc::clone(scene), Arc::clone(&slots), Arc::clone(&next));
            tokio::spawn(async move {
                let mut won = Vec::new();
                // In order, so that the rivals for one token are under way together.
                while let Some(slot) = slots.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let rival = slot.lock().unwrap().take().unwrap();
                    won.extend(compete(&scene, rival).await);
                }
                won
            })
        })
        .collect();
    let mut outcomes: Vec<Outcome> = Vec::new();
    for task in tasks {
        outcomes.extend(task.await.unwrap());
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_who_spend_a_token_exactly_one_wins() {
    one_wins(SuiteId::Ristretto255).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_who_spend_a_cashu_token_exactly_one_wins() {
    one_wins(SuiteId::Secp256k1).await;
}

async fn one_wins(suite: SuiteId) {
    let scene = Arc::new(Scene::of_suite(BINARY, suite, &[]).await.unwrap());
    let ann = scene.mint.account("ann", ALL, 10_000).unwrap();
    let bob = scene.mint.account("bob", ALL, 0).unwrap();
    let mut tokens = Vec::new();
    for _ in 0..TOKENS / 250 {
        let blanks = Blanks::of(&scene.keyset, &[AMOUNT; 250]).unwrap();
        tokens.extend(scene.client.withdraw_blanks(&ann, blanks).await.unwrap());
    }
    let outcomes = compete_all(&scene, rivals(&scene, &tokens, &ann, &bob)).await;
    let mut winners: Vec<usize> = outcomes.iter().map(|outcome| outcome.token).collect();
    winners.sort_unstable();
    assert_eq!(winners, (0..TOKENS).collect::<Vec<_>>(), "each token once");
    let credited = |who: &str| -> u64 {
        let of = outcomes
            .iter()
            .filter(|o| o.account.as_deref() == Some(who));
        of.map(|o| o.credited).sum()
    };
    let total = TOKENS as u64 * AMOUNT;
    assert_eq!(
        scene.balance(&ann).await.unwrap(),
        10_000 - total + credited(&ann)
    );
    assert_eq!(scene.balance(&bob).await.unwrap(), credited(&bob));
    let left: Vec<TokenProof> = outcomes.iter().flat_map(|o| o.change.clone()).collect();
    let left_worth: u64 = left.iter().map(|t| t.proof.amount).sum();
    assert_eq!(
        left_worth + credited(&ann) + credited(&bob),
        total,
        "nothing lost, nothing made"
    );
    assert_eq!(
        scene.books().unwrap().outstanding_total().cast_unsigned(),
        left_worth
    );
    // What the winners were given is real.
    for some in left.chunks(200) {
        let body = redeem_body(proofs(some), None);
        let reply = scene
            .client
            .post(path::REDEEM, Some(&bob), body)
            .await
            .unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    assert_eq!(scene.books().unwrap().outstanding_total(), 0);
    let both = scene.balance(&ann).await.unwrap() + scene.balance(&bob).await.unwrap();
    assert_eq!(both, 10_000);
    scene.mint.balanced().unwrap();
}

/// Requests that wait are verified together: the good ones must not suffer from the bad ones, and
/// two bad ones must not make up for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_and_bad_requests_at_once() {
    good_and_bad(SuiteId::Ristretto255).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_and_bad_requests_for_cashu_tokens_at_once() {
    good_and_bad(SuiteId::Secp256k1).await;
}

async fn good_and_bad(suite: SuiteId) {
    let scene = Arc::new(Scene::of_suite(BINARY, suite, &[]).await.unwrap());
    let ann = scene.mint.account("ann", ALL, 10_000).unwrap();
    let mut inputs = Vec::new();
    for _ in 0..2 {
        let blanks = Blanks::of(&scene.keyset, &[AMOUNT; 200]).unwrap();
        inputs.extend(proofs(
            &scene.client.withdraw_blanks(&ann, blanks).await.unwrap(),
        ));
    }
    // Of every four, two exchange their signatures: their sum is right, each of them is wrong.
    for four in inputs.chunks_mut(4) {
        (four[0].c, four[1].c) = (four[1].c, four[0].c);
    }
    let send = |inputs: Vec<_>, code: u32| {
        let scene = Arc::clone(&scene);
        let blanks = Blanks::of(&scene.keyset, &vec![AMOUNT; inputs.len()]).unwrap();
        tokio::spawn(async move {
            let body = swap_body(inputs, &blanks);
            let swap = scene.client.door.swap;
            let reply = scene.client.post(swap, None, body).await.unwrap();
            if code == 0 {
                let signed: Signatures = reply.ok().unwrap();
                blanks.unblind(&signed.signatures).unwrap();
            } else {
                assert_eq!(reply.refusal().unwrap(), (400, code));
            }
        })
    };
    let mut tasks = Vec::new();
    for (place, four) in inputs.chunks(4).enumerate() {
        let [a, b, c, d] = four else { panic!("four") };
        if place % 2 == 0 {
            tasks.push(send(vec![a.clone(), b.clone()], 10001));
            tasks.push(send(vec![c.clone(), d.clone()], 0));
        } else {
            tasks.push(send(vec![a.clone()], 10001));
            tasks.push(send(vec![b.clone()], 10001));
            tasks.push(send(vec![c.clone()], 0));
            tasks.push(send(vec![d.clone(), a.clone()], 10001));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    let line = scene.line(&scene.keyset).unwrap();
    assert_eq!(line.redeemed, 50 * 2 * 4 + 50 * 4);
    assert_eq!(line.outstanding(), 1600);
}
