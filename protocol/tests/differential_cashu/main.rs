//! The `cashu` crate as an independent wallet and an independent mint (NUT-00, -02, -12, -13; in [`locks`]
//! NUT-11 and -14, in [`door`] the bodies of the Cashu API, NUT-18 and NUT-20).
//!
//! Nothing is shared but bytes: it stands on another version of libsecp256k1, with its own hashes and
//! its own derivations.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

mod door;
mod locks;

use cashu::dhke;
use cashu::nuts::{self, CurrencyUnit, Keys};
use cashu::{Amount, Id, MintUrl};
use farthing_protocol::suite::{Secp256k1, Suite};
use farthing_protocol::{
    Blank, BlindSignature, EncodedPoint, EncodedScalar, KeysetId, PublicKeys, Token, TokenProof,
    nut13,
};
use std::str::FromStr;

/// Of each check, with fresh random values.
const ROUNDS: usize = 200;
const MINT: &str = "https://mint.example";

type Point = <Secp256k1 as Suite>::Point;

/// The same private key, ours and theirs.
struct Pair {
    ours: <Secp256k1 as Suite>::SecretKey,
    public: Point,
    theirs: nuts::SecretKey,
}

impl Pair {
    fn random() -> Self {
        let theirs = nuts::SecretKey::generate();
        let mut uniform = [0; 64];
        uniform[32..].copy_from_slice(theirs.as_secret_bytes());
        let ours = Secp256k1::secret_key(&uniform).unwrap();
        let public = Secp256k1::public_key(&ours);
        assert_eq!(encoded(&public), theirs.public_key().to_bytes());
        Self {
            ours,
            public,
            theirs,
        }
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

fn encoded(point: &Point) -> [u8; 33] {
    Secp256k1::encode_point(point)
        .as_bytes()
        .try_into()
        .unwrap()
}

fn ours(point: &nuts::PublicKey) -> Point {
    Secp256k1::decode_point(&point.to_bytes().into()).unwrap()
}

fn theirs(point: &EncodedPoint) -> nuts::PublicKey {
    nuts::PublicKey::from_slice(point.as_bytes()).unwrap()
}

fn scalar(key: &nuts::SecretKey) -> EncodedScalar {
    EncodedScalar(key.to_secret_bytes())
}

/// The same keyset, ours and theirs, with one key for each amount.
fn keysets(amounts: u32) -> (PublicKeys, Keys) {
    let keys: Vec<(u64, EncodedPoint)> = (0..amounts)
        .map(|i| (1 << i, Secp256k1::encode_point(&Pair::random().public)))
        .collect();
    let ours: PublicKeys = keys.into_iter().collect();
    let theirs = serde_json::from_value(serde_json::to_value(&ours).unwrap()).unwrap();
    (ours, theirs)
}

#[test]
fn secrets_are_hashed_to_the_same_points() {
    for len in 0..ROUNDS {
        let mut secret = vec![0; len];
        getrandom::fill(&mut secret).unwrap();
        let expected = dhke::hash_to_curve(&secret).unwrap().to_bytes();
        assert_eq!(encoded(&Secp256k1::hash_to_group(&secret)), expected);
    }
}

#[test]
fn keysets_have_the_same_ids() {
    for amounts in [1, 2, 8, 64] {
        let (keys, their_keys) = keysets(amounts);
        let old = Id::v1_from_keys(&their_keys).to_string();
        assert_eq!(KeysetId::derive_v1(&keys).to_string(), old);
        for (fee, expiry) in [
            (0, None),
            (100, None),
            (0, Some(7)),
            (1, Some(2_059_210_353)),
        ] {
            let expected = Id::v2_from_data(&their_keys, &CurrencyUnit::Sat, fee, expiry);
            let id = KeysetId::derive::<Secp256k1>(&keys, "sat", fee, expiry);
            assert_eq!(id.to_string(), expected.to_string());
        }
    }
}

#[test]
fn their_wallet_takes_what_our_mint_signs() {
    for _ in 0..ROUNDS {
        let mint = Pair::random();
        let secret = random::<32>();
        let (blinded, r) = dhke::blind_message(&secret, None).unwrap();
        let b = ours(&blinded);
        let c = Secp256k1::evaluate(&mint.ours, &b);
        let signature = BlindSignature {
            amount: 8,
            id: KeysetId::from_bytes(&[1; 33]).unwrap(),
            c: Secp256k1::encode_point(&c),
            dleq: Secp256k1::prove(&mint.ours, &b, &c),
        };
        let json = serde_json::to_string(&signature).unwrap();
        let read: nuts::BlindSignature = serde_json::from_str(&json).unwrap();
        let public = mint.theirs.public_key();
        read.verify_dleq(public, blinded).unwrap();
        let unblinded = dhke::unblind_message(&read.c, &r, &public).unwrap();
        let y = Secp256k1::hash_to_group(&secret);
        assert!(Secp256k1::verify_token(&mint.ours, &y, &ours(&unblinded)));
        // Their mint makes the same signature and the same proof.
        let again = nuts::BlindSignature::new(
            Amount::from(8),
            dhke::sign_message(&mint.theirs, &blinded).unwrap(),
            read.keyset_id,
            &blinded,
            &mint.theirs,
        );
        assert_eq!(serde_json::to_string(&again.unwrap()).unwrap(), json);
    }
}

/// A token of our wallet's, signed by their mint.
fn token(mint: &Pair, id: KeysetId) -> TokenProof {
    let blank = Blank::<Secp256k1>::from_random(&random(), &random()).unwrap();
    let output = blank.output(8, id);
    let blinded = theirs(&output.b);
    let signature = nuts::BlindSignature::new(
        Amount::from(8),
        dhke::sign_message(&mint.theirs, &blinded).unwrap(),
        Id::from_bytes(id.as_bytes()).unwrap(),
        &blinded,
        &mint.theirs,
    );
    let json = serde_json::to_string(&signature.unwrap()).unwrap();
    let signature = serde_json::from_str(&json).unwrap();
    let public = Secp256k1::encode_point(&mint.public);
    blank.unblind(&signature, &public).unwrap()
}

#[test]
fn our_wallet_takes_what_their_mint_signs() {
    for _ in 0..ROUNDS {
        let mint = Pair::random();
        let token = token(&mint, KeysetId::from_bytes(&[1; 33]).unwrap());
        let c = theirs(&token.proof.c);
        let secret = token.proof.secret.expose().as_bytes();
        dhke::verify_message(&mint.theirs, c, secret).unwrap();
        let other = Secp256k1::encode_point(&Pair::random().public);
        assert!(token.verify::<Secp256k1>(&other).is_err());
    }
}

#[test]
fn tokens_are_read_both_ways_with_their_proofs() {
    for bytes in [&[0; 8][..], &[1; 33]] {
        let id = KeysetId::from_bytes(bytes).unwrap();
        let mint = Pair::random();
        let ours = Token {
            mint: MINT.to_owned(),
            unit: "sat".to_owned(),
            memo: Some("for tea".to_owned()),
            proofs: (0..3).map(|_| token(&mint, id)).collect(),
        };
        let read = nuts::TokenV4::from_str(&ours.encode()).unwrap();
        assert_eq!(read.mint_url, MintUrl::from_str(MINT).unwrap());
        assert_eq!(read.unit, CurrencyUnit::Sat);
        assert_eq!(read.memo.as_deref(), Some("for tea"));
        let proofs = read.token.iter().flat_map(|group| &group.proofs);
        let their_id = Id::from_bytes(id.as_bytes()).unwrap();
        let proofs: Vec<nuts::Proof> = proofs.map(|p| p.into_proof(&their_id)).collect();
        assert_eq!(proofs.len(), 3);
        for proof in &proofs {
            proof.verify_dleq(mint.theirs.public_key()).unwrap();
        }
        let unit = CurrencyUnit::Sat;
        let memo = Some("for tea".to_owned());
        let written = nuts::Token::new(read.mint_url, proofs, memo, unit).to_string();
        let mut back = Token::decode(&written).unwrap();
        for proof in &mut back.proofs {
            assert_eq!(proof.proof.id, id.short());
            proof.proof.id = id;
            let public = Secp256k1::encode_point(&mint.public);
            assert_eq!(proof.verify::<Secp256k1>(&public), Ok(true));
        }
        assert_eq!(back, ours);
        // The older version, which is read only.
        let read = nuts::TokenV4::from_str(&ours.encode()).unwrap();
        let proofs = read.token.iter().flat_map(|group| &group.proofs);
        let proofs = proofs.map(|p| p.into_proof(&their_id)).collect();
        let written = nuts::nut00::TokenV3::new(read.mint_url, proofs, read.memo, Some(read.unit));
        let mut back = Token::decode(&written.unwrap().to_string()).unwrap();
        for proof in &mut back.proofs {
            assert_eq!(proof.proof.id.short(), id.short());
            proof.proof.id = id;
        }
        assert_eq!(back, ours);
    }
}

#[test]
fn wallets_of_one_seed_make_the_same_secrets() {
    for round in 0..ROUNDS {
        let seed = random::<64>();
        let mut old = random::<8>();
        let mut new = random::<33>();
        (old[0], new[0]) = (0, 1);
        for bytes in [&old[..], &new] {
            let (id, their_id) = (
                KeysetId::from_bytes(bytes).unwrap(),
                Id::from_bytes(bytes).unwrap(),
            );
            let counter = u32::from_be_bytes(random()) >> (1 + round % 31);
            let secret = nut13::secret(&seed, id, counter.into()).unwrap();
            let expected = cashu::secret::Secret::from_seed(&seed, their_id, counter).unwrap();
            assert_eq!(secret.expose().as_bytes(), expected.as_bytes());
            let r = nut13::blinding(&seed, id, counter.into()).unwrap();
            let expected = nuts::SecretKey::from_seed(&seed, their_id, counter).unwrap();
            assert!(Secp256k1::encode_blinding(&r) == scalar(&expected));
        }
    }
}
