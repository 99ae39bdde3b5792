//! Tokens of Cashu's suite: taken in, sent, and found again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod support;

use std::rc::Rc;

use farthing_client::{KeysetError, Violation as OfApi};
use farthing_protocol::api::{SwapRequest, path};
use farthing_protocol::suite::{Secp256k1, Suite, SuiteId};
use farthing_protocol::{Blank, BlindedMessage, Token, TokenProof, nut13};
use farthing_wallet::error::{UsageError, Violation};
use farthing_wallet::records::{Coin, Kind, Mint, SentState};
use farthing_wallet::store::Table;
use farthing_wallet::{Error, Origin, Redeem, Renew, SendOptions};
use support::mint::FakeKeyset;
use support::*;

const CASHU_URL: &str = "https://mint.test/cashu";

fn world() -> World {
    let mut mint = FakeMint::new(1000);
    mint.keysets.push(FakeKeyset::cashu(90, 0));
    World::new(mint)
}

/// A wallet that holds 127, one of each denomination.
async fn wallet(world: &World) -> (TestWallet, Mint) {
    let mut wallet = world.make(PHRASE, Origin::New).await;
    let mint = the_mint(&wallet).await;
    wallet.withdraw(&mint, 127).await.unwrap();
    (wallet, mint)
}

fn for_cashu() -> SendOptions {
    SendOptions {
        cashu: true,
        ..SendOptions::default()
    }
}

/// Returns whether all coins in the wallet's balance are of Farthing's own suite.
fn all_native(world: &World) -> bool {
    let rows = world.rows.borrow();
    let coins = rows
        .iter()
        .filter(|((table, _), _)| *table == Table::Proofs);
    coins.into_iter().all(|(_, value)| {
        let coin: Coin = serde_json::from_slice(value).unwrap();
        SuiteId::of(&coin.keyset()) == Some(SuiteId::Ristretto255)
    })
}

#[tokio::test]
async fn a_token_for_cashus_wallets_is_made_by_one_swap_of_both_suites() {
    let world = world();
    let (mut wallet, mint) = wallet(&world).await;
    world.mint.borrow_mut().requests.clear();
    let sent = wallet.send(&mint, 21, for_cashu()).await.unwrap();
    // The keysets of the other API are learnt once, from a mint that is what it was, then one swap.
    let paths: Vec<String> = world
        .mint
        .borrow()
        .paths()
        .iter()
        .map(|p| (*p).to_owned())
        .collect();
    let expected = [
        path::INFO,
        "/cashu/v1/keysets",
        "/cashu/v1/keys",
        path::SWAP,
    ];
    assert_eq!(paths, expected);
    let (_, body) = world.mint.borrow().requests[3].clone();
    let swap: SwapRequest = serde_json::from_str(&body).unwrap();
    let suite = |id| SuiteId::of(&id).unwrap();
    assert!(
        swap.inputs
            .iter()
            .all(|i| suite(i.id) == SuiteId::Ristretto255)
    );
    let outputs = swap.outputs.iter();
    let cashu = outputs.filter(|o| suite(o.id) == SuiteId::Secp256k1);
    assert_eq!(cashu.map(|o| o.amount).sum::<u64>(), 21);

    // What any Cashu wallet reads: its mint, and proofs that verify under the published keys.
    let token = Token::decode(&sent.token().encode()).unwrap();
    assert_eq!((token.mint.as_str(), token.amount()), (CASHU_URL, Ok(21)));
    let keys = world.mint.borrow().keysets[1].keys.clone();
    for proof in &token.proofs {
        let key = keys.get(proof.proof.amount).unwrap();
        assert_eq!(proof.verify::<Secp256k1>(key), Ok(true));
    }
    assert_eq!(available(&wallet).await, 106);
    assert!(all_native(&world));
    // Again without asking for keys.
    world.mint.borrow_mut().requests.clear();
    wallet.send(&mint, 1, for_cashu()).await.unwrap();
    assert_eq!(world.mint.borrow().paths(), [path::SWAP]);
}

#[tokio::test]
async fn a_token_of_cashus_suite_becomes_tokens_of_farthings_own() {
    let world = world();
    let (mut alice, mint) = wallet(&world).await;
    let sent = alice.send(&mint, 21, for_cashu()).await.unwrap();
    let device = world.device();
    let mut bob = device.make_stranger().await;
    let received = bob.receive(&sent.token().encode()).await.unwrap();
    assert_eq!(received.finished[0].entry.amount, 21);
    assert_eq!(available(&bob).await, 21);
    assert!(all_native(&device));
    alice.sent_tokens().check().await.unwrap();
    let sent = alice.sent_tokens().get(sent.id).await.unwrap();
    assert_eq!(sent.state(), SentState::Claimed);
    assert_eq!(world.mint.borrow().outstanding(), 106 + 21);
}

#[tokio::test]
async fn the_mint_of_a_cashu_token_is_known_by_either_address_and_by_its_keysets() {
    let world = world();
    let (mut alice, mint) = wallet(&world).await;
    let mut bob = world.device().make_stranger().await;
    for (address, known) in [
        ("https://mint.test", true),
        ("https://mint.test/cashu/", true),
        ("HTTPS://MINT.TEST/cashu", true),
        // Known by now to have these keysets.
        ("http://mintabcdefgh.onion/cashu", true),
    ] {
        let mut token = alice.send(&mint, 1, for_cashu()).await.unwrap().token();
        token.mint = address.to_owned();
        let received = bob.receive(&token.encode()).await;
        assert_eq!(received.is_ok(), known, "{address}: {received:?}");
    }
    // To whom the keysets are strange, another address is another mint.
    let mut eve = world.device().make_stranger().await;
    let mut token = alice.send(&mint, 1, for_cashu()).await.unwrap().token();
    token.mint = "https://other.test/cashu".to_owned();
    let error = eve.receive(&token.encode()).await.unwrap_err();
    let unknown = UsageError::MintUnknown("https://other.test".to_owned());
    assert_eq!(error, Error::Usage(unknown));
}

#[tokio::test]
async fn a_false_proof_of_cashus_suite_is_refused_before_the_mint_is_asked_to_swap() {
    let world = world();
    let (mut alice, mint) = wallet(&world).await;
    let sent = alice.send(&mint, 2, for_cashu()).await.unwrap();
    let other = alice.send(&mint, 2, for_cashu()).await.unwrap();
    let mut token = sent.token();
    token.proofs[0].dleq = other.token().proofs[0].dleq.clone();
    let mut bob = world.device().make_stranger().await;
    world.mint.borrow_mut().requests.clear();
    let error = bob.receive(&token.encode()).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Usage(UsageError::TokenProof {
            number: 1,
            amount: 2,
            ..
        })
    ));
    assert!(!world.mint.borrow().paths().contains(&path::SWAP));
}

#[tokio::test]
async fn false_keys_at_the_cashu_door_are_refused() {
    let world = world();
    let (mut wallet, mint) = wallet(&world).await;
    world.mint.borrow_mut().lies.other_keys = true;
    let error = wallet.send(&mint, 2, for_cashu()).await.unwrap_err();
    let Error::Misbehaved(misbehaved) = error else {
        panic!("{error:?}")
    };
    assert!(
        matches!(
            misbehaved.violation,
            Violation::Api(OfApi::Keyset {
                error: KeysetError::Id { .. },
                ..
            })
        ),
        "{misbehaved:?}"
    );
    assert_eq!(available(&wallet).await, 127);
    world.mint.borrow_mut().lies.other_keys = false;
    world.mint.borrow_mut().lies.dleq = true;
    let error = wallet.send(&mint, 2, for_cashu()).await.unwrap_err();
    assert!(matches!(
        error,
        Error::Misbehaved(m) if matches!(m.violation, Violation::Proof { .. }) && m.open.is_some()
    ));
}

#[tokio::test]
async fn a_mint_without_the_door_says_so_and_nothing_moves() {
    let world = World::new(FakeMint::new(1000));
    let (mut wallet, mint) = wallet(&world).await;
    let error = wallet.send(&mint, 2, for_cashu()).await.unwrap_err();
    assert_eq!(error, Error::Usage(UsageError::NoCashuDoor(URL.to_owned())));
    assert_eq!(available(&wallet).await, 127);
    assert!(wallet.open_operations().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_sent_to_cashus_wallets_can_be_taken_back() {
    let world = world();
    let (mut wallet, mint) = wallet(&world).await;
    let sent = wallet.send(&mint, 21, for_cashu()).await.unwrap();
    let finished = wallet.reclaim(sent.id).await.unwrap();
    assert_eq!(finished.finished[0].entry.kind, Kind::Reclaim);
    assert_eq!(available(&wallet).await, 127);
    assert!(all_native(&world));
}

#[tokio::test]
async fn a_rotation_at_the_cashu_door_is_followed_by_itself() {
    let world = world();
    let (mut wallet, mint) = wallet(&world).await;
    wallet.send(&mint, 1, for_cashu()).await.unwrap();
    world.mint.borrow_mut().retire(SuiteId::Secp256k1);
    world
        .mint
        .borrow_mut()
        .keysets
        .push(FakeKeyset::cashu(120, 0));
    let sent = wallet.send(&mint, 3, for_cashu()).await.unwrap();
    let id = world.mint.borrow().keysets[2].info.id;
    assert!(sent.proofs.iter().all(|p| p.proof.id == id));
    assert_eq!((sent.amount(), available(&wallet).await), (3, 123));
}

#[tokio::test]
async fn the_first_device_derives_cashus_tokens_as_any_cashu_wallet_does() {
    let world = world();
    let (mut wallet, mint) = wallet(&world).await;
    let sent = wallet.send(&mint, 5, for_cashu()).await.unwrap();
    let phrase = bip39::Mnemonic::parse_normalized(PHRASE).unwrap();
    let seed = phrase.to_seed_normalized("");
    let id = world.mint.borrow().keysets[1].info.id;
    let mut derived: Vec<String> = (0..2)
        .map(|counter| {
            nut13::secret(&seed, id, counter)
                .unwrap()
                .expose()
                .to_owned()
        })
        .collect();
    let secret = |p: &TokenProof| p.proof.secret.expose().to_owned();
    let mut secrets: Vec<String> = sent.proofs.iter().map(secret).collect();
    derived.sort();
    secrets.sort();
    assert_eq!(secrets, derived);
}

/// Makes a token of 1 as another wallet of Cashu's would on this phrase, at a counter of NUT-13.
fn another_wallet_makes(world: &World, counter: u64) -> BlindedMessage {
    let seed = bip39::Mnemonic::parse_normalized(PHRASE).unwrap();
    let seed = seed.to_seed_normalized("");
    let id = world.mint.borrow().keysets[1].info.id;
    let secret = nut13::secret(&seed, id, counter).unwrap();
    let r = nut13::blinding(&seed, id, counter).unwrap();
    let output = Blank::<Secp256k1>::new(secret, r).output(1, id);
    world.mint.borrow_mut().issue(&output);
    output
}

#[tokio::test]
async fn two_devices_and_a_cashu_wallet_on_one_phrase_never_share_a_counter() {
    let world = world();
    // A Cashu wallet was there first, and our two devices believe themselves new.
    for counter in 0..4 {
        another_wallet_makes(&world, counter);
    }
    let mut secrets = std::collections::HashSet::new();
    for _ in 0..2 {
        let mut device = world.device().make(PHRASE, Origin::New).await;
        let mint = the_mint(&device).await;
        device.withdraw(&mint, 7).await.unwrap();
        for amount in [1, 2, 3] {
            let mint = the_mint(&device).await;
            let sent = device.send(&mint, amount, for_cashu()).await.unwrap();
            for proof in &sent.proofs {
                assert!(secrets.insert(proof.proof.secret.expose().to_owned()));
            }
        }
        assert_eq!(available(&device).await, 1);
        assert!(the_mint(&device).await.lane > Some(0));
    }
    assert_eq!(secrets.len(), 2 * 4);
}

#[tokio::test]
async fn a_restore_finds_cashus_tokens_in_every_lane_and_they_are_renewed() {
    let world = world();
    for counter in 0..3 {
        another_wallet_makes(&world, counter);
    }
    let (mut first, mint) = wallet_of(&world, Origin::Restored).await;
    assert_eq!((available(&first).await, mint.lane), (3, Some(1)));
    first.withdraw(&mint, 32).await.unwrap();
    first.send(&mint, 8, for_cashu()).await.unwrap();

    let device = world.device();
    let (mut second, mint) = wallet_of(&device, Origin::Restored).await;
    // Not claimed: the second device cannot know that it was sent.
    assert_eq!((available(&second).await, mint.lane), (35, Some(2)));
    assert!(!all_native(&device));
    // Cashu's tokens are not sent under the mint's own address, but a swap takes them.
    let sent = second
        .send(&mint, 35, SendOptions::default())
        .await
        .unwrap();
    let native = |p: &TokenProof| SuiteId::of(&p.proof.id) == Some(SuiteId::Ristretto255);
    assert!(sent.proofs.iter().all(native));
    second.reclaim(sent.id).await.unwrap();
    second.redeem(&mint, Redeem::All).await.unwrap();
    assert_eq!(available(&second).await, 0);
    assert_eq!(world.mint.borrow().outstanding(), 0);
}

#[tokio::test]
async fn cashus_tokens_in_the_balance_are_renewed_at_a_quiet_time() {
    let world = world();
    another_wallet_makes(&world, 0);
    let (wallet, _) = wallet_of(&world, Origin::Restored).await;
    assert!(!all_native(&world));
    drop(wallet);
    let mut wallet = world.open_later().await;
    let renewed = wallet.renew(Renew::Retired).await.unwrap();
    assert_eq!(renewed.swaps.len(), 1);
    assert!(all_native(&world));
    assert_eq!(available(&wallet).await, 1);
}

/// A wallet of an old phrase that has searched the mint.
async fn wallet_of(world: &World, origin: Origin) -> (TestWallet, Mint) {
    let mut wallet = world.make(PHRASE, origin).await;
    let mint = the_mint(&wallet).await;
    wallet.restore(&mint, &mut ()).await.unwrap();
    let mint = the_mint(&wallet).await;
    (wallet, mint)
}

#[tokio::test]
async fn a_lock_for_a_cashu_wallet_is_a_compressed_key() {
    let world = world();
    let (mut wallet, mint) = wallet(&world).await;
    let key = Secp256k1::secret_key(&[5; 64]).unwrap();
    let key = Secp256k1::encode_point(&Secp256k1::public_key(&key)).to_hex();
    let options = SendOptions {
        lock: Some(key.clone()),
        ..for_cashu()
    };
    let sent = wallet.send(&mint, 2, options).await.unwrap();
    assert!(sent.proofs[0].proof.secret.expose().contains(&key));
    // A key of the other suite is none here, and the other way round.
    for (lock, cashu) in [
        (
            hex::encode(wallet.lock_public_key(&mint).await.unwrap()),
            true,
        ),
        (key, false),
    ] {
        let options = SendOptions {
            lock: Some(lock),
            cashu,
            memo: None,
        };
        let error = wallet.send(&mint, 2, options).await.unwrap_err();
        assert!(matches!(error, Error::Usage(UsageError::LockKey(_))));
    }
}

#[tokio::test]
async fn killed_at_every_step_of_a_send_to_cashus_wallets_no_unit_is_lost() {
    for step in 0.. {
        let world = world();
        let (wallet, mint) = wallet(&world).await;
        drop(wallet);
        let fuse = Fuse::at(step);
        let mut wallet = world.open(&Rc::clone(&fuse)).await;
        let _ = wallet.send(&mint, 21, for_cashu()).await;
        let died = fuse.blown();
        drop(wallet);
        let mut wallet = world.open(&Fuse::none()).await;
        wallet.recover().await.unwrap();
        let (have, sent) = (available(&wallet).await, handed_out(&world, &wallet).await);
        assert_eq!(have + sent, 127, "{step}");
        assert!(sent == 0 || sent == 21, "{step}");
        assert_eq!(world.mint.borrow().outstanding(), 127, "{step}");
        if !died {
            assert!(step > 6 && sent == 21);
            return;
        }
    }
}
