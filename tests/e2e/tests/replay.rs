//! A request that moves value may be sent again: it gives the same answer, and moves nothing twice. The
//! same for tokens of both suites.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use farthing_protocol::api::path;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{BlindSignature, TokenProof};
use farthing_testkit::client::{
    Blanks, Client, Door, proofs, redeem_body, swap_body, withdraw_body,
};
use farthing_testkit::scene::Scene;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const ALL: &str = "withdraw,redeem,read";

/// A request with the answer it got.
struct Answered {
    path: &'static str,
    token: Option<String>,
    body: String,
    answer: String,
}

impl Answered {
    async fn new(client: &Client, path: &'static str, token: Option<&str>, body: String) -> Self {
        let (status, answer) = client.post_text(path, token, body.clone()).await.unwrap();
        assert_eq!(status, 200, "{path}: {answer}");
        let token = token.map(str::to_owned);
        Self {
            path,
            token,
            body,
            answer,
        }
    }

    async fn is_answered_again(&self, client: &Client) {
        let again = client.post_text(self.path, self.token.as_deref(), self.body.clone());
        assert_eq!(
            again.await.unwrap(),
            (200, self.answer.clone()),
            "{}",
            self.path
        );
    }

    async fn refusal(&self, client: &Client, path: &str, token: Option<&str>, body: String) -> u32 {
        client
            .post(path, token, body)
            .await
            .unwrap()
            .refusal()
            .unwrap()
            .1
    }
}

/// A mint where each kind of request was answered once: withdraw, swap, redeem with change, and a
/// redemption that credits nothing. With spare tokens worth 8 each.
struct Setting {
    scene: Scene,
    ann: String,
    bob: String,
    answered: Vec<Answered>,
    spare: Vec<TokenProof>,
}

impl Setting {
    async fn new(suite: SuiteId) -> Self {
        let scene = Scene::of_suite(BINARY, suite, &[]).await.unwrap();
        let ann = scene.mint.account("ann", ALL, 1000).unwrap();
        let bob = scene.mint.account("bob", ALL, 0).unwrap();
        let (client, keyset) = (&scene.client, &scene.keyset);
        let blanks = Blanks::of(keyset, &[8; 8]).unwrap();
        let mut spare = client.withdraw_blanks(&ann, blanks).await.unwrap();
        let mut take = |count| proofs(&spare.split_off(spare.len() - count));
        let some = |amounts: &[u64]| Blanks::of(keyset, amounts).unwrap();
        let withdraw = withdraw_body(&some(&[4, 1, 16]));
        let swap = swap_body(take(2), &some(&[4, 4, 8]));
        let change = redeem_body(take(2), Some(&some(&[1, 2])));
        let all_change = redeem_body(take(1), Some(&some(&[8])));
        let answered = vec![
            Answered::new(client, path::WITHDRAW, Some(&ann), withdraw).await,
            Answered::new(client, client.door.swap, None, swap).await,
            Answered::new(client, path::REDEEM, Some(&bob), change).await,
            Answered::new(client, path::REDEEM, Some(&bob), all_change).await,
        ];
        Self {
            ann,
            bob,
            answered,
            spare,
            scene,
        }
    }

    /// Every answered request gives the same bytes again, three times, and the books stay.
    async fn replays(&self, client: &Client) {
        let before = self.scene.books().unwrap();
        for _ in 0..3 {
            for request in &self.answered {
                request.is_answered_again(client).await;
            }
        }
        assert_eq!(self.scene.books().unwrap(), before);
    }
}

#[tokio::test]
async fn the_same_bytes_give_the_same_answer_and_move_value_once() {
    same_bytes(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn the_same_bytes_give_the_same_answer_and_move_value_once_with_cashu_tokens() {
    same_bytes(SuiteId::Secp256k1).await;
}

async fn same_bytes(suite: SuiteId) {
    let setting = Setting::new(suite).await;
    let books = setting.scene.books().unwrap();
    assert_eq!(books.accounts[0].balance, 1000 - 64 - 21);
    assert_eq!(books.accounts[1].balance, 13);
    setting.replays(&setting.scene.client).await;
    assert_eq!(setting.scene.balance(&setting.bob).await.unwrap(), 13);
}

#[tokio::test]
async fn also_after_the_mint_was_stopped_or_killed() {
    after_a_kill(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn also_after_the_mint_was_stopped_or_killed_with_cashu_tokens() {
    after_a_kill(SuiteId::Secp256k1).await;
}

async fn after_a_kill(suite: SuiteId) {
    let mut setting = Setting::new(suite).await;
    setting.scene.mint.stop().unwrap();
    setting.scene.mint.start().unwrap();
    setting.replays(&setting.scene.new_client().unwrap()).await;
    setting.scene.mint.kill().unwrap();
    setting.scene.mint.start().unwrap();
    let client = setting.scene.new_client().unwrap();
    setting.replays(&client).await;
    // Killed right after an answer: what was answered is on disk.
    let body = swap_body(
        proofs(&setting.spare),
        &Blanks::of(&setting.scene.keyset, &[8; 3]).unwrap(),
    );
    setting
        .answered
        .push(Answered::new(&client, client.door.swap, None, body).await);
    setting.scene.mint.kill().unwrap();
    setting.scene.mint.start().unwrap();
    setting.replays(&setting.scene.new_client().unwrap()).await;
}

#[tokio::test]
async fn also_after_other_things_happened() {
    after_other_things(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn also_after_other_things_happened_with_cashu_tokens() {
    after_other_things(SuiteId::Secp256k1).await;
}

async fn after_other_things(suite: SuiteId) {
    let setting = Setting::new(suite).await;
    let Setting {
        scene, ann, bob, ..
    } = &setting;
    let client = &scene.client;
    let keyset = scene.rotate().await.unwrap();
    setting.replays(client).await;
    scene.mint.run(&["account", "credit", "bob", "50"]).unwrap();
    let all = scene.balance(ann).await.unwrap();
    client.withdraw(ann, &keyset, all).await.unwrap();
    let tokens = client.withdraw(bob, &keyset, 60).await.unwrap();
    client
        .swap(&tokens, Blanks::worth(&keyset, 60).unwrap())
        .await
        .unwrap();
    // The withdrawal is answered again although the account could not pay for it any more.
    assert_eq!(scene.balance(ann).await.unwrap(), 0);
    setting.replays(client).await;
    // The API token may be another; the account counts.
    let printed = scene.mint.run(&["account", "token", "ann"]).unwrap();
    let withdrawal = &setting.answered[0];
    let body = withdrawal.body.clone();
    let answer = client
        .post_text(path::WITHDRAW, printed["token"].as_str(), body)
        .await
        .unwrap();
    assert_eq!(answer, (200, withdrawal.answer.clone()));
    assert_eq!(scene.balance(ann).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_no_replay() {
    no_replay(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn what_is_no_replay_with_cashu_tokens() {
    no_replay(SuiteId::Secp256k1).await;
}

async fn no_replay(suite: SuiteId) {
    let setting = Setting::new(suite).await;
    let Setting {
        scene,
        ann,
        bob,
        answered,
        ..
    } = &setting;
    let client = &scene.client;
    let before = scene.books().unwrap();
    let [withdraw, swap, redeem, _] = answered.as_slice() else {
        panic!("four requests")
    };
    // The same body from another account.
    let code = withdraw
        .refusal(client, path::WITHDRAW, Some(bob), withdraw.body.clone())
        .await;
    assert_eq!(code, 11003);
    let code = redeem
        .refusal(client, path::REDEEM, Some(ann), redeem.body.clone())
        .await;
    assert_eq!(code, 11001);
    // The same body on another path: a redemption's body is a swap's too.
    let code = swap
        .refusal(client, path::REDEEM, Some(ann), swap.body.clone())
        .await;
    assert_eq!(code, 11001);
    // Nor are the two doors one path.
    let other_door = match suite {
        SuiteId::Ristretto255 => SuiteId::Secp256k1,
        SuiteId::Secp256k1 => SuiteId::Ristretto255,
    };
    let other_door = Door::of(other_door).swap;
    let code = swap
        .refusal(client, other_door, None, swap.body.clone())
        .await;
    assert_eq!(code, 11001);
    // Not the same bytes.
    let spaced = |body: &str| body.replacen(':', ": ", 1);
    assert_eq!(
        swap.refusal(client, swap.path, None, spaced(&swap.body))
            .await,
        11001
    );
    let code = withdraw
        .refusal(client, path::WITHDRAW, Some(ann), spaced(&withdraw.body))
        .await;
    assert_eq!(code, 11003);
    // The same tokens for other outputs.
    let mut other: Value = serde_json::from_str(&swap.body).unwrap();
    let fresh = Blanks::of(&scene.keyset, &[16]).unwrap();
    other["outputs"] = serde_json::to_value(&fresh.outputs).unwrap();
    assert_eq!(
        swap.refusal(client, swap.path, None, other.to_string())
            .await,
        11001
    );
    assert_eq!(scene.books().unwrap(), before);
    setting.replays(client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_at_once_are_one() {
    sixteen(SuiteId::Ristretto255).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_at_once_are_one_with_cashu_tokens() {
    sixteen(SuiteId::Secp256k1).await;
}

async fn sixteen(suite: SuiteId) {
    let scene = Scene::of_suite(BINARY, suite, &[]).await.unwrap();
    let ann = scene.mint.account("ann", ALL, 1000).unwrap();
    let keyset = &scene.keyset;
    let mut expected = 1000;
    for round in 0..10 {
        let withdraw = Blanks::of(keyset, &[8]).unwrap();
        let body = withdraw_body(&withdraw);
        let answer = at_once(&scene, path::WITHDRAW, Some(&ann), body).await;
        let signatures: Vec<BlindSignature> =
            serde_json::from_value(answer["signatures"].clone()).unwrap();
        let tokens = withdraw.unblind(&signatures).unwrap();
        let swap = Blanks::of(keyset, &[4, 4]).unwrap();
        let answer = at_once(
            &scene,
            scene.client.door.swap,
            None,
            swap_body(proofs(&tokens), &swap),
        )
        .await;
        let signatures: Vec<BlindSignature> =
            serde_json::from_value(answer["signatures"].clone()).unwrap();
        let tokens = swap.unblind(&signatures).unwrap();
        let change = Blanks::of(keyset, &[2, 1]).unwrap();
        let body = redeem_body(proofs(&tokens), Some(&change));
        let answer = at_once(&scene, path::REDEEM, Some(&ann), body).await;
        assert_eq!(answer["credited"], 5, "round {round}");
        expected -= 3;
        assert_eq!(
            scene.balance(&ann).await.unwrap(),
            expected,
            "round {round}"
        );
    }
    assert_eq!(scene.books().unwrap().outstanding_total(), 30);
}

/// Sends the same request 16 times at once; all get the same bytes.
async fn at_once(scene: &Scene, path: &'static str, token: Option<&str>, body: String) -> Value {
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (client, body) = (scene.client.clone(), body.clone());
            let token = token.map(str::to_owned);
            tokio::spawn(async move {
                client
                    .post_text(path, token.as_deref(), body)
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers[0].0, 200, "{path}: {}", answers[0].1);
    assert!(
        answers.iter().all(|answer| answer == &answers[0]),
        "{path}: {answers:?}"
    );
    serde_json::from_str(&answers[0].1).unwrap()
}
