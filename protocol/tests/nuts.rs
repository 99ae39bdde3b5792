//! The NUTs' own test vectors, as they are in `tests/` of `cashubtc/nuts`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use farthing_protocol::cashu::{QuoteId, nut20};
use farthing_protocol::conditions::{Aggregation, check_all};
use farthing_protocol::suite::{Secp256k1, Suite, VerifyError};
use farthing_protocol::token::TokenError;
use farthing_protocol::{
    BlindSignature, BlindedMessage, Dleq, EncodedPoint, EncodedScalar, KeysetId, Proof, ProofDleq,
    PublicKeys, Token, TokenProof, nut13,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

type Point = <Secp256k1 as Suite>::Point;
type SecretKey = <Secp256k1 as Suite>::SecretKey;

/// After the vectors' early locktimes, before the late ones.
const NOW: u64 = 1_800_000_000;

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

fn point(encoded: &EncodedPoint) -> Point {
    Secp256k1::decode_point(encoded).unwrap()
}

fn hex(point: &Point) -> String {
    Secp256k1::encode_point(point).to_hex()
}

/// A private key as the vectors write it.
fn secret_key(hex: &str) -> SecretKey {
    let mut uniform = [0; 64];
    hex::decode_to_slice(hex, &mut uniform[32..]).unwrap();
    Secp256k1::secret_key(&uniform).unwrap()
}

#[derive(Deserialize)]
struct Nut00 {
    hash_to_curve: Vec<HashToCurve>,
    blinded_messages: Vec<Blinded>,
    blind_signatures: Vec<Signed>,
    tokens_v3: Vec<String>,
    tokens_v3_refused: Vec<String>,
    tokens_v4: Vec<String>,
}

#[derive(Deserialize)]
struct HashToCurve {
    message: String,
    point: String,
}

#[derive(Deserialize)]
struct Blinded {
    x: String,
    r: EncodedScalar,
    b: String,
}

#[derive(Deserialize)]
struct Signed {
    k: String,
    b: EncodedPoint,
    c: String,
}

fn nut00() -> Nut00 {
    read(include_str!("vectors/nut00.json"))
}

#[test]
fn nut00_hash_to_curve() {
    let vectors = nut00().hash_to_curve;
    assert_eq!(vectors.len(), 3);
    for HashToCurve { message, point } in vectors {
        let message = hex::decode(message).unwrap();
        assert_eq!(hex(&Secp256k1::hash_to_group(&message)), point);
    }
}

#[test]
fn nut00_blinded_messages() {
    let vectors = nut00().blinded_messages;
    assert_eq!(vectors.len(), 2);
    for Blinded { x, r, b } in vectors {
        let y = Secp256k1::hash_to_group(&hex::decode(x).unwrap());
        let r = Secp256k1::decode_blinding(&r).unwrap();
        assert_eq!(hex(&Secp256k1::blind(&y, &r)), b);
    }
}

#[test]
fn nut00_blind_signatures() {
    let vectors = nut00().blind_signatures;
    assert_eq!(vectors.len(), 2);
    for Signed { k, b, c } in vectors {
        let signature = Secp256k1::evaluate(&secret_key(&k), &point(&b));
        assert_eq!(hex(&signature), c);
    }
}

#[test]
fn nut00_tokens_v4() {
    let tokens = nut00().tokens_v4;
    let [one, two] = &tokens[..] else {
        panic!("two tokens");
    };
    let (one, two) = (Token::decode(one).unwrap(), Token::decode(two).unwrap());
    assert_eq!(one.memo.as_deref(), Some("Thank you"));
    assert_eq!(one.to_string(), "1 sat of http://localhost:3338");
    assert_eq!(one.proofs[0].proof.id.to_string(), "00ad268c4d1f5826");
    let ids: Vec<_> = two.proofs.iter().map(|p| p.proof.id.to_string()).collect();
    assert_eq!(
        ids,
        ["00ffd48b8f5ecf80", "00ad268c4d1f5826", "00ad268c4d1f5826"]
    );
    assert_eq!(two.amount(), Ok(4));
    for (token, text) in [one, two].into_iter().zip(&tokens) {
        for proof in &token.proofs {
            point(&proof.proof.c);
        }
        // Another order of CBOR's keys is the same token, so the text may differ.
        assert_eq!(Token::decode(&token.encode()), Ok(token), "{text}");
    }
}

#[test]
fn nut00_tokens_v3() {
    let Nut00 {
        tokens_v3,
        tokens_v3_refused,
        ..
    } = nut00();
    let [plain, padded, unpadded] = &tokens_v3[..] else {
        panic!("three tokens");
    };
    let token = Token::decode(plain).unwrap();
    assert_eq!(token.to_string(), "10 sat of https://8333.space:3338");
    assert_eq!(token.memo.as_deref(), Some("Thank you."));
    assert!(padded.ends_with('=') && !unpadded.ends_with('='));
    let other = Token::decode(padded).unwrap();
    assert_eq!(other.memo.as_deref(), Some("Thank you very much."));
    assert_eq!(other.proofs, token.proofs);
    assert_eq!(Token::decode(unpadded), Ok(other));
    assert_eq!(tokens_v3_refused.len(), 2);
    for text in tokens_v3_refused {
        assert_eq!(Token::decode(&text), Err(TokenError::Prefix), "{text}");
    }
}

#[derive(Deserialize)]
struct Nut02 {
    version_00: Vec<OldKeyset>,
    version_01: Vec<Keyset>,
}

#[derive(Deserialize)]
struct OldKeyset {
    id: KeysetId,
    keys: PublicKeys,
}

#[derive(Deserialize)]
struct Keyset {
    id: KeysetId,
    unit: String,
    input_fee_ppk: u64,
    final_expiry: Option<u64>,
    keys: PublicKeys,
}

#[test]
fn nut02_keyset_ids() {
    let vectors: Nut02 = read(include_str!("vectors/nut02.json"));
    assert_eq!((vectors.version_00.len(), vectors.version_01.len()), (2, 3));
    for OldKeyset { id, keys } in vectors.version_00 {
        assert_eq!(KeysetId::derive_v1(&keys), id);
        assert_eq!(id.short(), id);
    }
    for keyset in vectors.version_01 {
        let Keyset { unit, keys, .. } = &keyset;
        let id =
            KeysetId::derive::<Secp256k1>(keys, unit, keyset.input_fee_ppk, keyset.final_expiry);
        assert_eq!(id, keyset.id);
    }
}

#[derive(Deserialize)]
struct Spending {
    spendable: bool,
    inputs: Vec<Proof>,
    outputs: Vec<BlindedMessage>,
    /// Of a melt.
    quote: Option<QuoteId>,
}

/// P2PK, HTLC and `SIG_ALL`, for swaps and for melts.
#[test]
fn nut11_and_nut14_spending_conditions() {
    let vectors: Vec<Spending> = read(include_str!("vectors/nut11.json"));
    let melts = vectors.iter().filter(|v| v.quote.is_some());
    assert_eq!((vectors.len(), melts.count()), (18, 2));
    for (number, vector) in vectors.iter().enumerate() {
        let aggregation = match &vector.quote {
            None => Aggregation::Swap,
            Some(quote) => Aggregation::Melt(quote),
        };
        let result = check_all(&vector.inputs, &vector.outputs, aggregation, NOW);
        assert_eq!(result.is_ok(), vector.spendable, "{number}: {result:?}");
        let result = check_all(
            &without_witness(&vector.inputs),
            &vector.outputs,
            aggregation,
            NOW,
        );
        assert!(result.is_err(), "{number}: {result:?}");
    }
}

fn without_witness(inputs: &[Proof]) -> Vec<Proof> {
    let mut inputs = inputs.to_vec();
    for input in &mut inputs {
        input.witness = None;
    }
    inputs
}

#[derive(Deserialize)]
struct Nut12 {
    deterministic: Deterministic,
    blind_signature: OfSignature,
    proof: OfProof,
}

#[derive(Deserialize)]
struct Deterministic {
    a: String,
    #[serde(rename = "A")]
    public: String,
    #[serde(rename = "B_")]
    b: EncodedPoint,
    #[serde(rename = "C_")]
    c: EncodedPoint,
    e: EncodedScalar,
    s: EncodedScalar,
}

#[derive(Deserialize)]
struct OfSignature {
    #[serde(rename = "A")]
    public: EncodedPoint,
    #[serde(rename = "B_")]
    b: EncodedPoint,
    signature: BlindSignature,
}

#[derive(Deserialize)]
struct OfProof {
    #[serde(rename = "A")]
    public: EncodedPoint,
    proof: serde_json::Value,
}

fn nut12() -> Nut12 {
    read(include_str!("vectors/nut12.json"))
}

#[test]
fn nut12_the_deterministic_proof() {
    let vector = nut12().deterministic;
    let key = secret_key(&vector.a);
    assert_eq!(hex(&Secp256k1::public_key(&key)), vector.public);
    let (b, c) = (point(&vector.b), point(&vector.c));
    assert!(Secp256k1::evaluate(&key, &b) == c);
    let expected = Dleq {
        e: vector.e,
        s: vector.s,
    };
    // `Debug` shows nothing of them, so they are compared and not printed.
    assert!(Secp256k1::prove(&key, &b, &c) == expected);
    let public = Secp256k1::public_key(&key);
    assert_eq!(Secp256k1::verify_proof(&public, &b, &c, &expected), Ok(()));
}

#[test]
fn nut12_a_signature_with_its_proof() {
    let OfSignature {
        public,
        b,
        signature,
    } = nut12().blind_signature;
    let c = point(&signature.c);
    let verified = Secp256k1::verify_proof(&point(&public), &point(&b), &c, &signature.dleq);
    assert_eq!(verified, Ok(()));
}

#[test]
fn nut12_a_token_with_its_proof() {
    let OfProof { public, mut proof } = nut12().proof;
    let dleq: ProofDleq = serde_json::from_value(proof["dleq"].take()).unwrap();
    proof.as_object_mut().unwrap().remove("dleq");
    let mut token = TokenProof {
        proof: serde_json::from_value(proof).unwrap(),
        dleq: Some(dleq),
    };
    assert_eq!(token.verify::<Secp256k1>(&public), Ok(true));
    token.proof.secret = farthing_protocol::Secret::new("another".to_owned());
    assert!(token.verify::<Secp256k1>(&public).is_err());
}

#[derive(Deserialize)]
struct Nut13 {
    mnemonic: String,
    keysets: Vec<Derived>,
}

#[derive(Deserialize)]
struct Derived {
    id: KeysetId,
    secrets: Vec<String>,
    blindings: Vec<String>,
}

#[test]
fn nut13_deterministic_secrets() {
    let vectors: Nut13 = read(include_str!("vectors/nut13.json"));
    let seed = bip39::Mnemonic::parse(&vectors.mnemonic)
        .unwrap()
        .to_seed("");
    assert_eq!(vectors.keysets.len(), 2);
    for keyset in vectors.keysets {
        assert_eq!((keyset.secrets.len(), keyset.blindings.len()), (5, 5));
        let pairs = keyset.secrets.iter().zip(&keyset.blindings);
        for (counter, (secret, r)) in (0..).zip(pairs) {
            let derived = nut13::secret(&seed, keyset.id, counter).unwrap();
            assert_eq!(derived.expose(), secret);
            let derived = nut13::blinding(&seed, keyset.id, counter).unwrap();
            assert_eq!(hex::encode(Secp256k1::encode_blinding(&derived).0), *r);
        }
    }
}

#[test]
fn nut13_refuses_ids_and_counters_it_has_no_derivation_for() {
    let seed = [7; 64];
    let id = |bytes: &[u8]| KeysetId::from_bytes(bytes).unwrap();
    let (old, new) = (id(&[0; 8]), id(&[1; 33]));
    for (keyset, counter) in [
        (id(&[0x52; 33]), 0),
        (new.short(), 0),
        (id(&[0; 33]), 0),
        (old, 1 << 31),
        (old, u64::MAX),
    ] {
        assert!(nut13::secret(&seed, keyset, counter).is_none(), "{keyset}");
        assert!(nut13::blinding(&seed, keyset, counter).is_none());
    }
    assert!(nut13::secret(&seed, old, (1 << 31) - 1).is_some());
    assert!(nut13::secret(&seed, new, u64::MAX).is_some());
}

#[derive(Deserialize)]
struct Nut20 {
    published: Vec<QuoteSignature>,
    framed: Vec<QuoteSignature>,
}

#[derive(Deserialize)]
struct QuoteSignature {
    valid: bool,
    pubkey: String,
    /// Hex.
    message: String,
    quote: QuoteId,
    outputs: Vec<BlindedMessage>,
    signature: String,
}

/// Those of NUT-20, and those of pull request 375 for the other message. NUT-29's only signature is left
/// out: it is over neither message.
#[test]
fn nut20_signatures_on_mint_quotes() {
    let Nut20 { published, framed } = read(include_str!("vectors/nut20.json"));
    assert_eq!((published.len(), framed.len()), (2, 2));
    for vector in &published {
        let message = nut20::message(&vector.quote, &vector.outputs);
        assert_eq!(hex::encode(message), vector.message);
    }
    for vector in &framed {
        let message = nut20::framed_message(&vector.quote, &vector.outputs);
        assert_eq!(hex::encode(message), vector.message);
    }
    for vector in published.iter().chain(&framed) {
        let key = nut20::decode_key(&vector.pubkey).unwrap();
        let verify = |quote: &QuoteId, outputs: &[BlindedMessage]| {
            nut20::verify(&key, quote, outputs, &vector.signature)
        };
        let QuoteSignature { quote, outputs, .. } = vector;
        let refused = Err(VerifyError::Signature);
        let expected = if vector.valid { Ok(()) } else { refused };
        assert_eq!(verify(quote, outputs), expected, "{}", vector.signature);
        assert_eq!(verify(quote, &outputs[1..]), refused);
        assert_eq!(verify(&QuoteId::new("other".to_owned()), outputs), refused);
        let mut swapped = outputs.clone();
        swapped.swap(0, 1);
        assert_eq!(verify(quote, &swapped), refused);
        for bad in ["", "00", &vector.signature[2..], &"zz".repeat(64)] {
            assert_eq!(nut20::verify(&key, quote, outputs, bad), refused, "{bad}");
        }
    }
    // Only the newer message covers amounts.
    for (vectors, covers) in [(&published, false), (&framed, true)] {
        let QuoteSignature {
            pubkey,
            quote,
            outputs,
            signature,
            ..
        } = &vectors[0];
        let mut other = outputs.clone();
        other[0].amount += 1;
        let key = nut20::decode_key(pubkey).unwrap();
        let verified = nut20::verify(&key, quote, &other, signature);
        assert_eq!(verified.is_err(), covers);
    }
}

#[test]
fn nut20_keys_are_compressed_points() {
    let key = "03d56ce4e446a85bbdaa547b4ec2b073d40ff802831352b8272b7dd7a4de5a7cac";
    assert_eq!(nut20::decode_key(key).unwrap().to_hex(), key);
    let no_point = format!("02{}05", "00".repeat(31));
    for bad in [
        "",
        &key[2..],
        &key[..64],
        &format!("05{}", &key[2..]),
        &format!("{key}00"),
        &no_point,
        &"zz".repeat(33),
    ] {
        assert_eq!(nut20::decode_key(bad), Err(VerifyError::Key), "{bad}");
    }
}
