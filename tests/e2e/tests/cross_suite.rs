//! One ledger, two suites: tokens of both in one request, and from one to the other; each by the rules of
//! its own keyset.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use farthing_protocol::api::{
    RedeemRequest, Redeemed, Signatures, State, SwapRequest, WithdrawRequest, path,
};
use farthing_protocol::conditions::Lock;
use farthing_protocol::suite::SuiteId;
use farthing_protocol::{BlindSignature, BlindedMessage, Proof, Secret, TokenProof};
use farthing_testkit::client::{Blanks, Client, Keyset, Reply, proofs, swap_body, y};
use farthing_testkit::owner::Owner;
use farthing_testkit::scene::Scene;
use farthing_testkit::tokens::random_secret;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const ALL: &str = "withdraw,redeem,read";
const MALFORMED: (u16, u32) = (400, 40001);
/// Not signed, or locked.
const INVALID: (u16, u32) = (400, 10001);

/// A mint with keysets of both suites, and an account that was funded with 1000.
struct Two {
    scene: Scene,
    /// At Farthing's own API.
    client: Client,
    native: Keyset,
    cashu: Keyset,
    ann: String,
}

impl Two {
    async fn new() -> Self {
        let scene = Scene::of_suite(BINARY, SuiteId::Secp256k1, &[]).await;
        let scene = scene.unwrap();
        let client = Client::new(scene.mint.url().unwrap()).unwrap();
        Self {
            native: client.keyset().await.unwrap(),
            cashu: scene.keyset.clone(),
            ann: scene.mint.account("ann", ALL, 1000).unwrap(),
            client,
            scene,
        }
    }

    /// Sends a request to Farthing's own API.
    async fn post(&self, path: &str, request: &impl Serialize) -> Reply {
        let token = (path != path::SWAP).then_some(self.ann.as_str());
        let body = serde_json::to_string(request).unwrap();
        self.client.post(path, token, body).await.unwrap()
    }

    async fn swap(
        &self,
        inputs: &[TokenProof],
        keyset: &Keyset,
        amounts: &[u64],
    ) -> Vec<TokenProof> {
        let blanks = Blanks::of(keyset, amounts).unwrap();
        self.client.swap(inputs, blanks).await.unwrap()
    }

    /// A token worth 8 with this secret.
    async fn token_of(&self, keyset: &Keyset, secret: Secret) -> TokenProof {
        let blanks = Blanks::of_secrets(keyset, &[8], &[secret]).unwrap();
        let tokens = self.client.withdraw_blanks(&self.ann, blanks).await;
        tokens.unwrap().remove(0)
    }

    /// The code and the reason for which a swap of these for native tokens is refused.
    async fn refused(&self, inputs: Vec<Proof>) -> ((u16, u32), String) {
        let worth = inputs.iter().map(|input| input.amount).sum();
        let body = swap_body(inputs, &Blanks::worth(&self.native, worth).unwrap());
        let reply = self.client.post(path::SWAP, None, body).await.unwrap();
        let detail = reply.body["detail"].as_str().unwrap().to_owned();
        (reply.refusal().unwrap(), detail)
    }

    /// The code alone.
    async fn refusal(&self, inputs: Vec<Proof>) -> (u16, u32) {
        self.refused(inputs).await.0
    }

    /// Returns what each keyset has issued and taken back.
    fn lines(&self) -> [(i64, i64); 2] {
        [&self.native, &self.cashu].map(|keyset| {
            let line = self.scene.line(keyset).unwrap();
            (line.issued, line.redeemed)
        })
    }

    /// Returns what the account holds, and what is in circulation, by the operator's audit; nothing is lost.
    fn audit(&self) -> (i64, i64) {
        let books = self.scene.mint.balanced().unwrap();
        let sum = |name: &str| books[name].as_i64().unwrap();
        assert_eq!((sum("reserve"), sum("fees")), (1000, 0));
        (sum("accounts_total"), sum("outstanding_total"))
    }
}

/// Outputs of both suites, one after the other in turns.
fn mixed(one: &Blanks, other: &Blanks) -> Vec<BlindedMessage> {
    let pairs = one.outputs.iter().zip(&other.outputs);
    pairs.flat_map(|(a, b)| [a.clone(), b.clone()]).collect()
}

/// Their tokens, of signatures in the same order.
fn unmixed(one: Blanks, other: Blanks, signatures: &[BlindSignature]) -> Vec<TokenProof> {
    let every_second = |from: usize| signatures.iter().skip(from).step_by(2).cloned();
    let (first, second): (Vec<_>, Vec<_>) = (every_second(0).collect(), every_second(1).collect());
    let tokens = [one.unblind(&first), other.unblind(&second)];
    tokens.map(Result::unwrap).concat()
}

#[tokio::test]
async fn tokens_go_from_one_suite_to_the_other_and_back() {
    let two = Two::new().await;
    let native = two.client.withdraw(&two.ann, &two.native, 100).await;
    let native = native.unwrap();
    assert_eq!(two.lines(), [(100, 0), (0, 0)]);
    let cashu = two.swap(&native, &two.cashu, &[1, 1, 2, 32, 64]).await;
    assert_eq!(two.lines(), [(100, 100), (100, 0)]);
    // It is a token of Cashu's now, for Cashu's API.
    let blanks = Blanks::of(&two.cashu, &[4, 32, 64]).unwrap();
    let cashu = two.scene.client.swap(&cashu, blanks).await.unwrap();
    assert_eq!(two.lines(), [(100, 100), (200, 100)]);
    let native = two.swap(&cashu, &two.native, &[4, 32, 64]).await;
    assert_eq!(two.lines(), [(200, 100), (200, 200)]);
    assert_eq!(two.audit(), (900, 100));
    two.swap(&native, &two.native, &[4, 32, 64]).await;
    assert_eq!(two.lines(), [(300, 200), (200, 200)]);
    assert_eq!(two.audit(), (900, 100));
}

#[tokio::test]
async fn one_request_has_tokens_of_both() {
    let two = Two::new().await;
    let amounts = [1, 4, 16];
    let blanks = |keyset| Blanks::of(keyset, &amounts).unwrap();
    let (native, cashu) = (blanks(&two.native), blanks(&two.cashu));
    let outputs = mixed(&native, &cashu);
    let request = WithdrawRequest {
        outputs: outputs.clone(),
    };
    let answer = two.post(path::WITHDRAW, &request).await;
    assert_eq!(two.post(path::WITHDRAW, &request).await, answer, "again");
    let signed: Signatures = answer.ok().unwrap();
    let tokens = unmixed(native, cashu, &signed.signatures);
    assert_eq!(two.lines(), [(21, 0), (21, 0)]);
    assert_eq!(two.audit(), (958, 42));
    // Both APIs restore outputs and know tokens of both.
    for client in [&two.client, &two.scene.client] {
        let restored = client.restore(&outputs).await.unwrap();
        assert_eq!(restored.signatures, signed.signatures);
    }

    let blanks = |keyset| Blanks::of(keyset, &[2]).unwrap();
    let (native, cashu) = (blanks(&two.native), blanks(&two.cashu));
    let request = RedeemRequest {
        inputs: proofs(&tokens),
        outputs: mixed(&native, &cashu),
        reference: None,
    };
    let redeemed: Redeemed = two.post(path::REDEEM, &request).await.ok().unwrap();
    assert_eq!(redeemed.credited, 38);
    let change = unmixed(native, cashu, &redeemed.signatures);
    assert_eq!(two.lines(), [(23, 21), (23, 21)]);
    assert_eq!(two.audit(), (996, 4));
    let ys = |tokens: &[TokenProof]| -> Vec<_> {
        let ys = tokens.iter().map(|token| y(&token.proof).unwrap());
        ys.collect()
    };
    for client in [&two.client, &two.scene.client] {
        let states = client.states(&ys(&tokens)).await.unwrap();
        assert_eq!(states, [State::Spent; 6]);
        let states = client.states(&ys(&change)).await.unwrap();
        assert_eq!(states, [State::Unspent; 2]);
    }

    // One bad token among good ones of the other suite: nothing of the request happens.
    let mut inputs = proofs(&change);
    inputs[1].secret = random_secret().unwrap();
    assert_eq!(two.refusal(inputs).await, INVALID);
    assert_eq!(two.lines(), [(23, 21), (23, 21)]);
    two.swap(&change, &two.cashu, &[4]).await;
    assert_eq!(two.lines(), [(23, 23), (27, 23)]);
    assert_eq!(two.audit(), (996, 4));
}

/// A lock that says the same of both, and is opened by a preimage: no key tells the suites apart.
#[tokio::test]
async fn sig_all_does_not_reach_across_suites() {
    let two = Two::new().await;
    let preimage = [7; 32];
    let hash = hex::encode(Sha256::digest(preimage));
    let secret = || {
        let nonce = random_secret().unwrap();
        let body = json!({"nonce": nonce.expose(), "data": hash, "tags": [["sigflag", "SIG_ALL"]]});
        Secret::new(json!(["HTLC", body]).to_string())
    };
    let (a, b) = (
        two.token_of(&two.native, secret()).await,
        two.token_of(&two.native, secret()).await,
    );
    let (c, d) = (
        two.token_of(&two.cashu, secret()).await,
        two.token_of(&two.cashu, secret()).await,
    );
    let opened = |tokens: [&TokenProof; 2]| {
        let mut inputs = tokens.map(|token| token.proof.clone()).to_vec();
        let witness = json!({"preimage": hex::encode(preimage), "signatures": []});
        inputs[0].witness = Some(witness.to_string());
        inputs
    };
    let before = two.lines();
    for tokens in [[&a, &c], [&c, &a]] {
        let (code, why) = two.refused(opened(tokens)).await;
        assert_eq!(code, INVALID);
        assert!(why.contains("of one suite"), "{why}");
    }
    assert_eq!(two.lines(), before);
    // Two of one suite are opened together, for outputs of the other.
    for (tokens, keyset) in [([&a, &b], &two.cashu), ([&c, &d], &two.native)] {
        let request = SwapRequest {
            inputs: opened(tokens),
            outputs: Blanks::of(keyset, &[16]).unwrap().outputs,
        };
        assert_eq!(two.post(path::SWAP, &request).await.status, 200);
    }
    assert_eq!(two.lines(), [(32, 16), (32, 16)]);
    assert_eq!(two.audit(), (968, 32));
}

#[tokio::test]
async fn one_lock_of_each_suite_is_opened_in_one_request() {
    let two = Two::new().await;
    let mut inputs = Vec::new();
    for (suite, keyset) in [
        (SuiteId::Ristretto255, &two.native),
        (SuiteId::Secp256k1, &two.cashu),
    ] {
        let owner = Owner::of_suite(suite, &[5; 32]).unwrap();
        let secret = Lock::p2pk_secret(&owner.public_key(), &random_secret().unwrap());
        let witness = owner.witness(secret.expose().as_bytes());
        let mut proof = two.token_of(keyset, secret).await.proof;
        assert_eq!(two.refusal(vec![proof.clone()]).await, INVALID);
        proof.witness = Some(witness);
        inputs.push(proof);
    }
    // Each with the other's signature.
    let mut exchanged = inputs.clone();
    exchanged[0].witness.clone_from(&inputs[1].witness);
    exchanged[1].witness.clone_from(&inputs[0].witness);
    assert_eq!(two.refusal(exchanged).await, INVALID);
    let outputs = Blanks::of(&two.cashu, &[16]).unwrap().outputs;
    let request = SwapRequest { inputs, outputs };
    assert_eq!(two.post(path::SWAP, &request).await.status, 200);
    assert_eq!(two.lines(), [(8, 8), (24, 8)]);
    assert_eq!(two.audit(), (984, 16));
}

#[tokio::test]
async fn a_token_of_one_suite_is_none_of_the_other() {
    let two = Two::new().await;
    let native = two
        .token_of(&two.native, random_secret().unwrap())
        .await
        .proof;
    let cashu = two
        .token_of(&two.cashu, random_secret().unwrap())
        .await
        .proof;
    let before = two.lines();
    for (token, other) in [(&native, &cashu), (&cashu, &native)] {
        // A point of the wrong length for the keyset that it is claimed to be of.
        let mut claimed = token.clone();
        claimed.id = other.id;
        assert_eq!(two.refusal(vec![claimed.clone()]).await, MALFORMED);
        // A point that is one there, and is not the signature on this secret.
        claimed.c = other.c;
        assert_eq!(two.refusal(vec![claimed]).await, INVALID);
    }
    // So it is with outputs.
    for (keyset, other) in [(&two.native, &two.cashu), (&two.cashu, &two.native)] {
        let mut outputs = Blanks::of(keyset, &[8]).unwrap().outputs;
        outputs[0].id = other.id;
        let reply = two.post(path::WITHDRAW, &WithdrawRequest { outputs }).await;
        assert_eq!(reply.refusal().unwrap(), MALFORMED);
    }
    assert_eq!(two.lines(), before);
    let request = SwapRequest {
        inputs: vec![native, cashu],
        outputs: Blanks::of(&two.native, &[16]).unwrap().outputs,
    };
    assert_eq!(two.post(path::SWAP, &request).await.status, 200);
    assert_eq!(two.audit(), (984, 16));
}
