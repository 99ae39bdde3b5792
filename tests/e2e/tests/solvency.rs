//! The solvency guard: when more tokens of a keyset come back than were issued, one of its keys has
//! leaked. That keyset is frozen, and nothing else is. The same for keysets of both suites.
//!
//! The tests hold the mint's seed, as a thief would, and derive a key by the documented way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use std::net::{SocketAddr, TcpListener};

use farthing_protocol::api::path;
use farthing_protocol::suite::{Suite, SuiteId};
use farthing_protocol::{EncodedPoint, ErrorCode, Proof, TokenProof, with_suite};
use farthing_testkit::client::{Blanks, Client, Keyset, proofs, redeem_body, swap_body};
use farthing_testkit::scene::Scene;
use farthing_testkit::tokens::random_secret;
use hkdf::Hkdf;
use sha2::Sha512;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-programs");
const ALL: &str = "withdraw,redeem,read";
const INACTIVE: (u16, u32) = (400, ErrorCode::KeysetInactive as u32);

/// Somebody who has the seed, and so the keys.
struct Thief {
    seed: [u8; 32],
    /// The keyset whose keys he uses: the first of its suite.
    keyset: Keyset,
    /// What the keys are derived by, but for the amount.
    info: String,
}

impl Thief {
    fn of(scene: &Scene) -> Self {
        let text = std::fs::read_to_string(scene.mint.dir().join("seed")).unwrap();
        let mut seed = [0; 32];
        hex::decode_to_slice(text.trim(), &mut seed).unwrap();
        let info = match scene.suite {
            SuiteId::Ristretto255 => "Farthing keyset v1|ristretto255-SHA512|credit|1",
            SuiteId::Secp256k1 => "Farthing keyset v1|secp256k1|sat|2",
        };
        Self {
            seed,
            keyset: scene.keyset.clone(),
            info: info.to_owned(),
        }
    }

    /// A token that the mint never signed, and that verifies.
    fn forge(&self, amount: u64) -> Proof {
        let info = format!("{}|{amount}", self.info);
        let mut uniform = [0; 64];
        let hkdf = Hkdf::<Sha512>::new(None, &self.seed);
        hkdf.expand(info.as_bytes(), &mut uniform).unwrap();
        let secret = random_secret().unwrap();
        let message = secret.expose().as_bytes();
        let c = with_suite!(self.keyset.suite().unwrap(), S => sign::<S>(&uniform, message));
        Proof {
            amount,
            id: self.keyset.id,
            secret,
            c,
            witness: None,
        }
    }
}

fn sign<S: Suite>(uniform: &[u8; 64], secret: &[u8]) -> EncodedPoint {
    let key = S::secret_key(uniform).unwrap();
    S::encode_point(&S::evaluate(&key, &S::hash_to_group(secret)))
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn state_of(scene: &Scene, keyset: &Keyset) -> String {
    let list = scene.mint.run(&["keyset", "list"]).unwrap();
    let keysets = list["keysets"].as_array().unwrap();
    let id = keyset.id.to_string();
    let line = keysets.iter().find(|k| k["id"] == id.as_str()).unwrap();
    line["state"].as_str().unwrap().to_owned()
}

async fn refusal(client: &Client, path: &str, token: Option<&str>, body: String) -> (u16, u32) {
    let reply = client.post(path, token, body).await.unwrap();
    reply.refusal().unwrap()
}

async fn redeem(client: &Client, token: &str, inputs: Vec<Proof>) -> u16 {
    let body = redeem_body(inputs, None);
    let reply = client.post(path::REDEEM, Some(token), body).await.unwrap();
    reply.status
}

async fn swap(client: &Client, keyset: &Keyset, tokens: &[TokenProof]) -> Vec<TokenProof> {
    let worth = tokens.iter().map(|t| t.proof.amount).sum();
    let blanks = Blanks::worth(keyset, worth).unwrap();
    client.swap(tokens, blanks).await.unwrap()
}

#[tokio::test]
async fn a_leaked_key_freezes_its_keyset_and_nothing_else() {
    leaked_key(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn a_leaked_key_freezes_its_keyset_and_nothing_else_with_cashu_tokens() {
    leaked_key(SuiteId::Secp256k1).await;
}

async fn leaked_key(suite: SuiteId) {
    let metrics = free_address().to_string();
    let settings = [("METRICS_LISTEN", metrics.as_str())];
    let scene = Scene::of_suite(BINARY, suite, &settings).await.unwrap();
    let (mint, client, old) = (&scene.mint, &scene.client, &scene.keyset);
    let operator = Client::new(&format!("http://{metrics}")).unwrap();
    let ann = mint.account("ann", ALL, 1000).unwrap();
    let eve = mint.account("eve", ALL, 0).unwrap();
    client.withdraw(&ann, old, 100).await.unwrap();
    let new = scene.rotate().await.unwrap();
    let other = client.withdraw(&ann, &new, 50).await.unwrap();
    let thief = Thief::of(&scene);

    // Up to what was issued, nobody can tell a forged token from an honest one.
    let forged = |amount| thief.forge(amount);
    assert_eq!(redeem(client, &eve, vec![forged(64)]).await, 200);
    assert!(!mint.log().unwrap().contains("ALERT"));
    let frozen = |keyset: &Keyset, value: u8| {
        let id = keyset.id;
        format!("farthing_mint_keyset_frozen{{keyset=\"{id}\"}} {value}\n")
    };
    let (_, before) = operator.get_text("/metrics").await.unwrap();
    assert!(before.contains(&frozen(old, 0)), "{before}");

    // 36 are left; 64 come.
    let body = redeem_body(vec![forged(64)], None);
    assert_eq!(
        refusal(client, path::REDEEM, Some(&eve), body).await,
        INACTIVE
    );
    assert_eq!(scene.balance(&eve).await.unwrap(), 64, "nothing moved");
    assert_eq!(state_of(&scene, old), "frozen");
    // A thread of its own writes the log, perhaps after the answer.
    let logged = async {
        while !mint.log().unwrap().contains("ALERT") {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    assert!(tokio::time::timeout(patience, logged).await.is_ok());
    let (_, after) = operator.get_text("/metrics").await.unwrap();
    assert!(after.contains(&frozen(old, 1)), "{after}");
    assert!(after.contains(&frozen(&new, 0)), "{after}");
    scene.books().unwrap();

    // Not even what would have fitted is taken now; tokens of other keysets are.
    let blanks = Blanks::worth(&new, 4).unwrap();
    let body = swap_body(vec![forged(4)], &blanks);
    assert_eq!(
        refusal(client, client.door.swap, None, body).await,
        INACTIVE
    );
    swap(client, &new, &other).await;
}

/// The operator lets the honest holder be paid, at his own loss, knowing how much.
#[tokio::test]
async fn an_operator_recovers_from_a_leak() {
    recovery(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn an_operator_recovers_from_a_leak_with_cashu_tokens() {
    recovery(SuiteId::Secp256k1).await;
}

async fn recovery(suite: SuiteId) {
    let scene = Scene::of_suite(BINARY, suite, &[]).await.unwrap();
    let (mint, client, old) = (&scene.mint, &scene.client, &scene.keyset);
    let ann = mint.account("ann", ALL, 1000).unwrap();
    let eve = mint.account("eve", ALL, 0).unwrap();
    let honest = client.withdraw(&ann, old, 100).await.unwrap();
    scene.rotate().await.unwrap();
    let thief = Thief::of(&scene);
    let forged = |amount| thief.forge(amount);
    assert_eq!(redeem(client, &eve, vec![forged(64)]).await, 200);
    assert_eq!(redeem(client, &eve, vec![forged(64)]).await, 400);
    assert_eq!(state_of(&scene, old), "frozen");

    let id = old.id.to_string();
    let unfreeze = [
        "keyset",
        "unfreeze",
        &id,
        "--reason",
        "ann showed her tokens",
    ];
    mint.run(&unfreeze).unwrap();
    assert_eq!(state_of(&scene, old), "retired", "it never signs again");
    let body = redeem_body(proofs(&honest), None);
    let again = refusal(client, path::REDEEM, Some(&ann), body).await;
    assert_eq!(
        again, INACTIVE,
        "100 come, and 36 are left: it freezes again"
    );
    let allowed = [&unfreeze[..], &["--allow", "64"]].concat();
    mint.run(&allowed).unwrap();
    assert_eq!(redeem(client, &ann, proofs(&honest)).await, 200);
    let books = scene.books().unwrap();
    assert_eq!(books.suspense.balance, -64, "what the thief got");
    assert_eq!(books.outstanding_total(), 0);
    let notes = books.suspense.postings.iter();
    assert_eq!(notes.filter(|p| p.note.contains("ann showed")).count(), 2);
    let body = redeem_body(vec![forged(1)], None);
    let more = refusal(client, path::REDEEM, Some(&eve), body).await;
    assert_eq!(more, INACTIVE, "no more than was allowed");

    // The loss is booked: the operator pays it in.
    let reserve = books.reserve;
    mint.run(&["suspense", "write-off", "--note", "the leak of 2026"])
        .unwrap();
    let books = scene.books().unwrap();
    assert_eq!((books.suspense.balance, books.reserve), (0, reserve + 64));
}

/// The guard decides inside a batch: what else is in it goes through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyset_freezes_in_the_midst_of_other_transactions() {
    in_the_midst(SuiteId::Ristretto255).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyset_freezes_in_the_midst_of_other_transactions_with_cashu_tokens() {
    in_the_midst(SuiteId::Secp256k1).await;
}

async fn in_the_midst(suite: SuiteId) {
    let scene = Scene::of_suite(BINARY, suite, &[]).await.unwrap();
    let (mint, client) = (&scene.mint, &scene.client);
    let ann = mint.account("ann", ALL, 1000).unwrap();
    let eve = mint.account("eve", ALL, 0).unwrap();
    client.withdraw(&ann, &scene.keyset, 8).await.unwrap();
    let new = scene.rotate().await.unwrap();
    let blanks = Blanks::of(&new, &[1; 200]).unwrap();
    let tokens = client.withdraw_blanks(&ann, blanks).await.unwrap();
    let thief = Thief::of(&scene);
    let mut tasks = tokio::task::JoinSet::new();
    for (n, token) in tokens.into_iter().enumerate() {
        let (client, eve, new) = (client.clone(), eve.clone(), new.clone());
        // One in twenty is forged, of the old keyset, which issued 8 in all.
        let forged = n.is_multiple_of(20).then(|| thief.forge(4));
        tasks.spawn(async move {
            let mut taken = 0;
            if let Some(forged) = forged {
                let body = redeem_body(vec![forged], None);
                let reply = client.post(path::REDEEM, Some(&eve), body).await.unwrap();
                match reply.status {
                    200 => taken = 4,
                    _ => assert_eq!(reply.refusal().unwrap(), INACTIVE),
                }
            }
            swap(&client, &new, &[token]).await;
            taken
        });
    }
    let taken: u64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(taken, 8, "what was issued, and no more");
    assert_eq!(scene.balance(&eve).await.unwrap(), 8);
    assert_eq!(state_of(&scene, &scene.keyset), "frozen");
    assert_eq!(mint.log().unwrap().matches("ALERT").count(), 1);
    assert_eq!(scene.books().unwrap().outstanding_total(), 200);
}

#[tokio::test]
async fn an_operator_freezes_the_keyset_that_signs_and_makes_another() {
    by_the_operator(SuiteId::Ristretto255).await;
}

#[tokio::test]
async fn an_operator_freezes_the_keyset_that_signs_and_makes_another_with_cashu_tokens() {
    by_the_operator(SuiteId::Secp256k1).await;
}

async fn by_the_operator(suite: SuiteId) {
    let scene = Scene::of_suite(BINARY, suite, &[]).await.unwrap();
    let (mint, client, old) = (&scene.mint, &scene.client, &scene.keyset);
    let ann = mint.account("ann", ALL, 100).unwrap();
    let tokens = client.withdraw(&ann, old, 10).await.unwrap();
    let id = old.id.to_string();
    mint.run(&["keyset", "freeze", &id]).unwrap();
    let blanks = Blanks::worth(old, 10).unwrap();
    let body = swap_body(proofs(&tokens), &blanks);
    assert_eq!(
        refusal(client, client.door.swap, None, body).await,
        INACTIVE
    );
    let new = scene.rotate().await.unwrap();
    assert_eq!(state_of(&scene, old), "frozen");
    let body = swap_body(proofs(&tokens), &Blanks::worth(&new, 10).unwrap());
    assert_eq!(
        refusal(client, client.door.swap, None, body).await,
        INACTIVE
    );
    mint.run(&["keyset", "unfreeze", &id, "--reason", "a false alarm"])
        .unwrap();
    swap(client, &new, &tokens).await;
    scene.books().unwrap();

    let unknown = mint.run(&["keyset", "freeze", "52"]).unwrap_err();
    assert!(unknown.to_string().contains("no keyset 52"), "{unknown}");
    let twice = mint.run(&["keyset", "unfreeze", &id, "--reason", "again"]);
    assert!(twice.unwrap_err().to_string().contains("is retired"));
}
