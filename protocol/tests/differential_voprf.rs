//! The `voprf` crate as an independent client and an independent mint (RFC 9497, VOPRF mode).
//!
//! Nothing is shared but bytes: it has a curve implementation of another version, its own hashes
//! and its own proofs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and their helper functions"
)]

use curve25519_dalek::scalar::Scalar;
use farthing_protocol::suite::{Blinding, Ristretto255, SecretKey, Suite, VerifyError};
use farthing_protocol::{Dleq, EncodedPoint, EncodedScalar};
use sha2::{Digest, Sha512};
use voprf::{BlindedElement, EvaluationElement, Proof, VoprfClient, VoprfServer};

type Theirs = voprf::Ristretto255;

/// At the least this many, as many directions; each with a fresh key, input and blinding factor.
const ROUNDS: u64 = 1_100;

/// A seeded generator: SHA-512 in counter mode.
struct Rng {
    seed: [u8; 32],
    counter: u64,
}

impl Rng {
    /// `FARTHING_TEST_SEED` (64 hex digits) repeats a failed run.
    fn new(test: &str) -> Self {
        let mut seed = [0; 32];
        match std::env::var("FARTHING_TEST_SEED") {
            Ok(text) => hex::decode_to_slice(text, &mut seed).expect("64 hex digits"),
            Err(_) => getrandom::fill(&mut seed).expect("random numbers"),
        }
        // Tests' output is shown when they fail.
        println!("{test}: FARTHING_TEST_SEED={}", hex::encode(seed));
        Self { seed, counter: 0 }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        rand_core_09::RngCore::fill_bytes(self, &mut bytes);
        bytes
    }

    /// 1 to 200 bytes: every length comes in turn, the content is random.
    fn input(&mut self, round: u64) -> Vec<u8> {
        let mut input = vec![0; 1 + (round % 200) as usize];
        rand_core_09::RngCore::fill_bytes(self, &mut input);
        input
    }
}

impl rand_core_09::RngCore for Rng {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    fn fill_bytes(&mut self, target: &mut [u8]) {
        for chunk in target.chunks_mut(64) {
            let block = Sha512::new()
                .chain_update(self.seed)
                .chain_update(self.counter.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
            self.counter += 1;
        }
    }
}

impl rand_core_09::CryptoRng for Rng {}

/// One private key on both sides.
fn keys(rng: &mut Rng) -> (SecretKey, VoprfServer<Theirs>) {
    let wide = rng.bytes::<64>();
    let ours = Ristretto255::secret_key(&wide).expect("not zero");
    let scalar = Scalar::from_bytes_mod_order_wide(&wide);
    let theirs = VoprfServer::new_with_key(scalar.as_bytes()).expect("a private key");
    let public = Ristretto255::encode_point(&Ristretto255::public_key(&ours));
    let their_public = <Theirs as voprf::Group>::serialize_elem(theirs.get_public_key());
    assert_eq!(&their_public[..], public.as_bytes(), "the same public key");
    (ours, theirs)
}

/// RFC 9497, section 3.3.1: the hash that ends `Finalize`.
fn finalize(input: &[u8], unblinded: &EncodedPoint) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in [input, unblinded.as_bytes()] {
        hash.update((part.len() as u16).to_be_bytes());
        hash.update(part);
    }
    hash.chain_update(b"Finalize").finalize().into()
}

fn decode(bytes: &[u8]) -> <Ristretto255 as Suite>::Point {
    let encoded = EncodedPoint::from_bytes(bytes).expect("32 bytes");
    Ristretto255::decode_point(&encoded).expect("a canonical point")
}

/// The blinding factor that their client drew: the first 32 bytes of its serialized state.
fn blinding_of(client: &VoprfClient<Theirs>) -> Blinding {
    let state = client.serialize();
    let r = EncodedScalar::from_bytes(&state[..32]).expect("32 bytes");
    Ristretto255::decode_blinding(&r).expect("a canonical scalar")
}

fn dleq_of(proof: &[u8]) -> Dleq {
    Dleq {
        e: EncodedScalar::from_bytes(&proof[..32]).expect("32 bytes"),
        s: EncodedScalar::from_bytes(&proof[32..]).expect("32 bytes"),
    }
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[test]
fn their_client_accepts_our_signatures_and_finalizes_to_our_tokens() {
    let mut rng = Rng::new("their client, our mint");
    for round in 0..ROUNDS {
        let (key, server) = keys(&mut rng);
        let input = rng.input(round);
        let blinded = VoprfClient::<Theirs>::blind(&input, &mut rng).expect("blind");

        // Our mint signs what came over the wire.
        let b = decode(&blinded.message.serialize());
        let c = Ristretto255::evaluate(&key, &b);
        let dleq = Ristretto255::prove(&key, &b, &c);

        // Their client checks our proof.
        let c_bytes = Ristretto255::encode_point(&c);
        let evaluated = EvaluationElement::deserialize(c_bytes.as_bytes()).expect("a point");
        let mut proof_bytes = [dleq.e.0, dleq.s.0].concat();
        let proof = Proof::<Theirs>::deserialize(&proof_bytes).expect("two scalars");
        let public = server.get_public_key();
        let output = blinded.state.finalize(&input, &evaluated, &proof, public);
        let output = output.unwrap_or_else(|e| panic!("round {round}: refused: {e:?}"));

        // Our own unblinding gives the token of which their output is the hash.
        let r = blinding_of(&blinded.state);
        let token = Ristretto255::unblind(&c, &r, &Ristretto255::public_key(&key)).unwrap();
        let token_bytes = Ristretto255::encode_point(&token);
        let expected = finalize(&input, &token_bytes);
        assert_eq!(&output[..], expected, "round {round}: finalize");
        let direct = server.evaluate(&input).expect("evaluate");
        assert_eq!(&direct[..], expected, "round {round}: their own PRF");

        // And our mint accepts it, and no other.
        let y = Ristretto255::hash_to_group(&input);
        assert!(Ristretto255::verify_token(&key, &y, &token), "{round}");
        assert!(!Ristretto255::verify_token(&key, &y, &c), "{round}");
        let (other, _) = keys(&mut rng);
        assert!(!Ristretto255::verify_token(&other, &y, &token), "{round}");

        // They refuse our proof with one bit changed, or under another key.
        flip(&mut proof_bytes, (round as usize * 7) % 512);
        let altered = Proof::<Theirs>::deserialize(&proof_bytes);
        if let Ok(altered) = altered {
            let refused = blinded.state.finalize(&input, &evaluated, &altered, public);
            assert!(refused.is_err(), "round {round}: an altered proof");
        }
        let stranger = decode_theirs(&other);
        let refused = blinded.state.finalize(&input, &evaluated, &proof, stranger);
        assert!(refused.is_err(), "round {round}: another public key");
    }
}

/// The public key of `key`, in their type.
fn decode_theirs(key: &SecretKey) -> <Theirs as voprf::Group>::Elem {
    let encoded = Ristretto255::encode_point(&Ristretto255::public_key(key));
    <Theirs as voprf::Group>::deserialize_elem(encoded.as_bytes()).expect("a point")
}

#[test]
fn our_client_accepts_their_signatures_and_refuses_altered_ones() {
    let mut rng = Rng::new("our client, their mint");
    for round in 0..ROUNDS {
        let (key, server) = keys(&mut rng);
        let public = Ristretto255::public_key(&key);
        let input = rng.input(round);
        let r = Ristretto255::blinding(&rng.bytes()).expect("not zero");
        let y = Ristretto255::hash_to_group(&input);
        let b = Ristretto255::blind(&y, &r);

        // Their mint signs and proves.
        let b_bytes = Ristretto255::encode_point(&b);
        let blinded = BlindedElement::<Theirs>::deserialize(b_bytes.as_bytes()).expect("a point");
        let signed = server.blind_evaluate(&mut rng, &blinded);
        let c_bytes = signed.message.serialize();
        let c = decode(&c_bytes);
        let mut proof = signed.proof.serialize().to_vec();
        let verdict = Ristretto255::verify_proof(&public, &b, &c, &dleq_of(&proof));
        assert_eq!(verdict, Ok(()), "round {round}");

        // What we make of it is worth what they say.
        let token = Ristretto255::unblind(&c, &r, &public).unwrap();
        let expected = server.evaluate(&input).expect("evaluate");
        let output = finalize(&input, &Ristretto255::encode_point(&token));
        assert_eq!(&output[..], &expected[..], "round {round}");
        assert!(Ristretto255::verify_token(&key, &y, &token), "{round}");
        assert!(
            Ristretto255::reblind(&token, &r, &public) == Some(c),
            "{round}"
        );

        // One bit of the proof, or of the signature.
        flip(&mut proof, (round as usize) % 512);
        let verdict = Ristretto255::verify_proof(&public, &b, &c, &dleq_of(&proof));
        assert_eq!(verdict, Err(VerifyError::Proof), "round {round}: one bit");
        flip(&mut proof, (round as usize) % 512);
        let verdict = Ristretto255::verify_proof(&public, &b, &token, &dleq_of(&proof));
        assert_eq!(verdict, Err(VerifyError::Proof), "round {round}: another C");
    }
}

#[test]
fn the_empty_secret_hashes_as_theirs_does() {
    let mut rng = Rng::new("empty");
    let (key, server) = keys(&mut rng);
    let y = Ristretto255::hash_to_group(b"");
    let token = Ristretto255::encode_point(&Ristretto255::evaluate(&key, &y));
    let expected = server.evaluate(b"").expect("evaluate");
    assert_eq!(finalize(b"", &token), expected[..]);
}
