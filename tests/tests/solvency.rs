//! The solvency guard: when more tokens of a keyset come back than were issued, one of its keys has
//! leaked. That keyset is frozen, and nothing else is.
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
use farthing_protocol::suite::{Ristretto255, Suite};
use farthing_protocol::{ErrorCode, Proof, Secret, TokenProof};
use farthing_tests::client::{Blanks, Client, Keyset, proofs, redeem_body, swap_body};
use farthing_tests::scene::Scene;
use hkdf::Hkdf;
use sha2::Sha512;

const BINARY: &str = env!("CARGO_BIN_EXE_farthing-demo");
const ALL: &str = "withdraw,redeem,read";
const INACTIVE: (u16, u32) = (400, ErrorCode::KeysetInactive as u32);

/// Somebody who has the seed, and so the keys.
struct Thief {
    seed: [u8; 32],
}

impl Thief {
    fn of(scene: &Scene) -> Self {
        let text = std::fs::read_to_string(scene.mint.dir().join("seed")).unwrap();
        let mut seed = [0; 32];
        hex::decode_to_slice(text.trim(), &mut seed).unwrap();
        Self { seed }
    }

    /// A token that the mint never signed, and that verifies.
    fn forge(&self, keyset: &Keyset, index: u32, amount: u64) -> Proof {
        let info = format!("Farthing keyset v1|ristretto255-SHA512|credit|{index}|{amount}");
        let mut uniform = [0; 64];
        let hkdf = Hkdf::<Sha512>::new(None, &self.seed);
        hkdf.expand(info.as_bytes(), &mut uniform).unwrap();
        let key = Ristretto255::secret_key(&uniform).unwrap();
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).unwrap();
        let secret = hex::encode(secret);
        let y = Ristretto255::hash_to_group(secret.as_bytes());
        let c = Ristretto255::encode_point(&Ristretto255::evaluate(&key, &y));
        Proof {
            amount,
            id: keyset.id,
            secret: Secret::new(secret),
            c,
            witness: None,
        }
    }
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
    let metrics = free_address().to_string();
    let settings = [("METRICS_LISTEN", metrics.as_str())];
    let scene = Scene::with(BINARY, &settings).await.unwrap();
    let (mint, client, old) = (&scene.mint, &scene.client, &scene.keyset);
    let operator = Client::new(&format!("http://{metrics}")).unwrap();
    let ann = mint.account("ann", ALL, 1000).unwrap();
    let eve = mint.account("eve", ALL, 0).unwrap();
    client.withdraw(&ann, old, 100).await.unwrap();
    let rotated = mint.run(&["keyset", "rotate"]).unwrap();
    let new = client.keyset().await.unwrap();
    assert_eq!(rotated["id"], new.id.to_string().as_str());
    let other = client.withdraw(&ann, &new, 50).await.unwrap();
    let thief = Thief::of(&scene);

    // Up to what was issued, nobody can tell a forged token from an honest one.
    let forged = |amount| thief.forge(old, 1, amount);
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
    assert!(mint.log().unwrap().contains("ALERT"));
    let (_, after) = operator.get_text("/metrics").await.unwrap();
    assert!(after.contains(&frozen(old, 1)), "{after}");
    assert!(after.contains(&frozen(&new, 0)), "{after}");
    scene.books().unwrap();

    // Not even what would have fitted is taken now; tokens of other keysets are.
    let blanks = Blanks::worth(&new, 4).unwrap();
    let body = swap_body(vec![forged(4)], &blanks);
    assert_eq!(refusal(client, path::SWAP, None, body).await, INACTIVE);
    swap(client, &new, &other).await;
}

/// The operator lets the honest holder be paid, at his own loss, knowing how much.
#[tokio::test]
async fn an_operator_recovers_from_a_leak() {
    let scene = Scene::start(BINARY).await.unwrap();
    let (mint, client, old) = (&scene.mint, &scene.client, &scene.keyset);
    let ann = mint.account("ann", ALL, 1000).unwrap();
    let eve = mint.account("eve", ALL, 0).unwrap();
    let honest = client.withdraw(&ann, old, 100).await.unwrap();
    mint.run(&["keyset", "rotate"]).unwrap();
    let thief = Thief::of(&scene);
    let forged = |amount| thief.forge(old, 1, amount);
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
    let scene = Scene::start(BINARY).await.unwrap();
    let (mint, client) = (&scene.mint, &scene.client);
    let ann = mint.account("ann", ALL, 1000).unwrap();
    let eve = mint.account("eve", ALL, 0).unwrap();
    client.withdraw(&ann, &scene.keyset, 8).await.unwrap();
    mint.run(&["keyset", "rotate"]).unwrap();
    let new = client.keyset().await.unwrap();
    let blanks = Blanks::of(&new, &[1; 200]).unwrap();
    let tokens = client.withdraw_blanks(&ann, blanks).await.unwrap();
    let thief = Thief::of(&scene);
    let mut tasks = tokio::task::JoinSet::new();
    for (n, token) in tokens.into_iter().enumerate() {
        let (client, eve, new) = (client.clone(), eve.clone(), new.clone());
        // One in twenty is forged, of the old keyset, which issued 8 in all.
        let forged = n
            .is_multiple_of(20)
            .then(|| thief.forge(&scene.keyset, 1, 4));
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
    let scene = Scene::start(BINARY).await.unwrap();
    let (mint, client, old) = (&scene.mint, &scene.client, &scene.keyset);
    let ann = mint.account("ann", ALL, 100).unwrap();
    let tokens = client.withdraw(&ann, old, 10).await.unwrap();
    let id = old.id.to_string();
    mint.run(&["keyset", "freeze", &id]).unwrap();
    let blanks = Blanks::worth(old, 10).unwrap();
    let body = swap_body(proofs(&tokens), &blanks);
    assert_eq!(refusal(client, path::SWAP, None, body).await, INACTIVE);
    mint.run(&["keyset", "rotate"]).unwrap();
    assert_eq!(state_of(&scene, old), "frozen");
    let new = client.keyset().await.unwrap();
    let body = swap_body(proofs(&tokens), &Blanks::worth(&new, 10).unwrap());
    assert_eq!(refusal(client, path::SWAP, None, body).await, INACTIVE);
    mint.run(&["keyset", "unfreeze", &id, "--reason", "a false alarm"])
        .unwrap();
    swap(client, &new, &tokens).await;
    scene.books().unwrap();

    let unknown = mint.run(&["keyset", "freeze", "52"]).unwrap_err();
    assert!(unknown.to_string().contains("no keyset 52"), "{unknown}");
    let twice = mint.run(&["keyset", "unfreeze", &id, "--reason", "again"]);
    assert!(twice.unwrap_err().to_string().contains("is retired"));
}
