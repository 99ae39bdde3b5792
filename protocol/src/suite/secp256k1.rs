//! `secp256k1`: Cashu's own suite (NUT-00, NUT-12), on libsecp256k1; locks with BIP-340 signatures (NUT-11).
//!
//! Private keys, blinding factors and nonces meet points only in the library's constant-time
//! functions: key generation for multiples of the generator, and the Diffie-Hellman function for
//! those of other points. `mul_tweak` and `add_exp_tweak` take variable time: they are for public values.

mod signing;

pub use signing::SigningKey;

use std::fmt;

use ::secp256k1::{Error, Keypair, PublicKey, Scalar, XOnlyPublicKey, constants, ecdh, schnorr};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{Suite, VerifyError};
use crate::{DecodeError, Dleq, EncodedPoint, EncodedScalar};

/// NUT-00, `DOMAIN_SEPARATOR`.
const HASH_TO_CURVE: &[u8] = b"Secp256k1_HashToCurve_Cashu_";
/// NUT-12, the domain of the keyed hash that gives a proof's nonce.
const NONCE_DOMAIN: &[u8] = b"Cashu_DLEQ_R_v1";
/// 2^256 modulo the group's order, big-endian.
const TWO_POW_256: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x45, 0x51, 0x23, 0x19, 0x50, 0xb7, 0x5f, 0xc4,
    0x40, 0x2d, 0xa1, 0x73, 0x2f, 0xc9, 0xbe, 0xbf,
];
const UNCOMPRESSED: usize = constants::UNCOMPRESSED_PUBLIC_KEY_SIZE;

/// The suite of Cashu's keysets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secp256k1;

/// A private key with its public key and the key of its proofs' nonces.
#[derive(Clone)]
pub struct SecretKey {
    k: SecretScalar,
    public: PublicKey,
    /// NUT-12's keyed hash with domain and public key absorbed. Wipes itself when dropped.
    nonces: Hmac<Sha256>,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// A blinding factor `r`, uniform and non-zero.
#[derive(Clone)]
pub struct Blinding(SecretScalar);

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding(…)")
    }
}

/// A scalar that is neither zero nor public; wiped when dropped.
#[derive(Clone)]
struct SecretScalar(::secp256k1::SecretKey);

impl Drop for SecretScalar {
    fn drop(&mut self) {
        self.0.non_secure_erase();
    }
}

impl Suite for Secp256k1 {
    const NAME: &'static str = "secp256k1";
    const KEYSET_ID_VERSION: u8 = 0x01;
    const KEYSET_ID_SUFFIX: &'static str = "";
    const POINT_BYTES: usize = constants::PUBLIC_KEY_SIZE;

    type Point = PublicKey;
    type SecretKey = SecretKey;
    type Blinding = Blinding;

    /// SEC 1's compressed form; the identity has none of this length.
    fn decode_point(encoded: &EncodedPoint) -> Result<PublicKey, DecodeError> {
        let bytes = encoded.as_bytes();
        let compressed = bytes.try_into().map_err(|_| DecodeError::Length {
            what: "point",
            got: bytes.len(),
            expected: "33",
        })?;
        PublicKey::from_byte_array_compressed(compressed).map_err(|_| DecodeError::Point)
    }

    fn encode_point(point: &PublicKey) -> EncodedPoint {
        point.serialize().into()
    }

    /// NUT-00, `hash_to_curve`: the first of the hashes `SHA256(msg_hash || counter)` that is the x
    /// coordinate of a point, with even y. Variable time: the secret is shown to the mint in the end.
    fn hash_to_group(secret: &[u8]) -> PublicKey {
        let hash = Sha256::new_with_prefix(HASH_TO_CURVE).chain_update(secret);
        let hash = Sha256::new_with_prefix(hash.finalize());
        let mut compressed = [0x02; constants::PUBLIC_KEY_SIZE];
        let found = (0..=u32::MAX).find_map(|counter| {
            let x = hash.clone().chain_update(counter.to_le_bytes()).finalize();
            compressed[1..].copy_from_slice(&x);
            PublicKey::from_byte_array_compressed(compressed).ok()
        });
        #[expect(clippy::expect_used, reason = "every other hash is a point's")]
        found.expect("one of 2^32 hashes is a point's")
    }

    fn secret_key(uniform: &[u8; 64]) -> Option<SecretKey> {
        reduce_wide(uniform).map(SecretKey::new)
    }

    fn public_key(key: &SecretKey) -> PublicKey {
        key.public
    }

    fn blinding(uniform: &[u8; 64]) -> Option<Blinding> {
        reduce_wide(uniform).map(Blinding)
    }

    fn decode_blinding(encoded: &EncodedScalar) -> Result<Blinding, DecodeError> {
        let r = SecretScalar::decode(&encoded.0).ok_or(DecodeError::Scalar)?;
        Ok(Blinding(r))
    }

    fn encode_blinding(r: &Blinding) -> EncodedScalar {
        EncodedScalar(r.0.0.to_secret_bytes())
    }

    /// NUT-00, blinding: `B_ = Y + rG`.
    fn blind(y: &PublicKey, r: &Blinding) -> PublicKey {
        let blinded = y.combine(&r.0.times_generator());
        #[expect(
            clippy::expect_used,
            reason = "nobody knows what Y is to the generator"
        )]
        blinded.expect("a hash is not the inverse of a point made without it")
    }

    /// NUT-00, signing: `C_ = kB_`.
    fn evaluate(key: &SecretKey, b: &PublicKey) -> PublicKey {
        key.k.times(b)
    }

    /// NUT-00, unblinding: `C = C_ - rK`.
    fn unblind(c: &PublicKey, r: &Blinding, public: &PublicKey) -> Option<PublicKey> {
        c.combine(&r.0.times(public).negate()).ok()
    }

    /// NUT-12, "Carol": `C' = C + r*A`.
    fn reblind(c: &PublicKey, r: &Blinding, public: &PublicKey) -> Option<PublicKey> {
        c.combine(&r.0.times(public)).ok()
    }

    /// NUT-12, "Deterministic nonce".
    fn prove(key: &SecretKey, b: &PublicKey, c: &PublicKey) -> Dleq {
        let encoded = c.serialize_uncompressed();
        let nonces = key.nonces.clone();
        let nonces = nonces.chain_update(b.serialize_uncompressed());
        let nonces = nonces.chain_update(encoded);
        let proof = (0..=u8::MAX).find_map(|counter| {
            let digest = nonces.clone().chain_update([counter]).finalize();
            let digest = Zeroizing::new(digest.into_bytes().into());
            generate_proof(key, b, &encoded, &SecretScalar::decode(&digest)?)
        });
        #[expect(clippy::expect_used, reason = "one try in 2^127 fails")]
        proof.expect("one of 256 nonces is good")
    }

    fn verify_proof(
        public: &PublicKey,
        b: &PublicKey,
        c: &PublicKey,
        dleq: &Dleq,
    ) -> Result<(), VerifyError> {
        let expected = challenge_again(public, b, c, dleq).ok_or(VerifyError::Proof)?;
        (expected == dleq.e.0)
            .then_some(())
            .ok_or(VerifyError::Proof)
    }

    /// NUT-00, verification: `kY == C`.
    fn verify_token(key: &SecretKey, y: &PublicKey, c: &PublicKey) -> bool {
        key.k
            .times_uncompressed(y)
            .ct_eq(&c.serialize_uncompressed())
            .into()
    }

    /// BIP-340 on the message's SHA-256 hash.
    fn sign_message(key: &SecretKey, message: &[u8]) -> [u8; 64] {
        let mut keys = Keypair::from_secret_key(&key.k.0);
        let signature = keys.sign_schnorr_no_aux_rand(&Sha256::digest(message));
        keys.non_secure_erase();
        signature.to_byte_array()
    }

    fn verify_message(
        public: &PublicKey,
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), VerifyError> {
        let signature = schnorr::Signature::from_byte_array(*signature);
        let (public, _) = public.x_only_public_key();
        schnorr::verify(&signature, &Sha256::digest(message), &public)
            .map_err(|_| VerifyError::Signature)
    }

    /// NUT-11, "Public Key Canonicalisation": compressed keys, compared by their x coordinate.
    fn lock_key(key: &[u8]) -> Result<[u8; 32], VerifyError> {
        let compressed = key.try_into().map_err(|_| VerifyError::Key)?;
        let key =
            PublicKey::from_byte_array_compressed(compressed).map_err(|_| VerifyError::Key)?;
        Ok(key.x_only_public_key().0.to_byte_array())
    }

    /// NUT-11, "Signature scheme": BIP-340 on the message's SHA-256 hash.
    fn verify_signature(
        key: &[u8; 32],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), VerifyError> {
        let key = XOnlyPublicKey::from_byte_array(*key).map_err(|_| VerifyError::Key)?;
        let signature = schnorr::Signature::from_byte_array(*signature);
        schnorr::verify(&signature, &Sha256::digest(message), &key)
            .map_err(|_| VerifyError::Signature)
    }
}

impl SecretKey {
    fn new(k: SecretScalar) -> Self {
        let public = k.times_generator();
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let nonces =
            Hmac::new_from_slice(k.0.as_secret_bytes()).expect("HMAC takes keys of any length");
        let nonces = nonces
            .chain_update(NONCE_DOMAIN)
            .chain_update(public.serialize_uncompressed());
        Self { k, public, nonces }
    }
}

impl Blinding {
    /// NUT-13, `blinding_factor = hmac_digest % N`; `None` in the impossible case that it would be zero.
    pub(crate) fn of_digest(digest: &[u8; 32]) -> Option<Self> {
        SecretScalar::decode(&reduce(digest)).map(Self)
    }
}

impl SecretScalar {
    /// Reads a big-endian scalar; `None` when it is zero or not smaller than the order.
    fn decode(bytes: &[u8; 32]) -> Option<Self> {
        let scalar = ::secp256k1::SecretKey::from_secret_bytes(*bytes);
        scalar.ok().map(Self)
    }

    fn times_generator(&self) -> PublicKey {
        PublicKey::from_secret_key(&self.0)
    }

    fn times(&self, point: &PublicKey) -> PublicKey {
        let product = PublicKey::from_byte_array_uncompressed(self.times_uncompressed(point));
        #[expect(
            clippy::expect_used,
            reason = "neither factor is zero, and the order is prime"
        )]
        product.expect("a multiple of a point is a point")
    }

    /// A multiple of a point, encoded as SEC 1 has it without compression.
    fn times_uncompressed(&self, point: &PublicKey) -> [u8; UNCOMPRESSED] {
        let mut encoded = [0x04; UNCOMPRESSED];
        encoded[1..].copy_from_slice(&ecdh::shared_secret_point(point, &self.0));
        encoded
    }
}

/// NUT-12, Bob's part, with `r` for the nonce and `C'` encoded without compression. `None` in the
/// impossible case that challenge or response are no scalars.
fn generate_proof(
    key: &SecretKey,
    b: &PublicKey,
    c: &[u8; UNCOMPRESSED],
    r: &SecretScalar,
) -> Option<Dleq> {
    let r1 = r.times_generator().serialize_uncompressed();
    let r2 = r.times_uncompressed(b);
    let e = challenge([&r1, &r2, &key.public.serialize_uncompressed(), c]);
    // s = (r + e*a) mod n
    let product = key.k.0.mul_tweak(&Scalar::from_be_bytes(e).ok()?).ok()?;
    let product = SecretScalar(product);
    let mut nonce = Scalar::from(r.0);
    let s = product.0.add_tweak(&nonce);
    nonce.non_secure_erase();
    Some(Dleq {
        e: EncodedScalar(e),
        s: EncodedScalar(s.ok()?.to_secret_bytes()),
    })
}

/// NUT-12, Alice's part: the challenge that belongs to a proof. All values are public. `None` when
/// challenge or response are not canonical scalars, or a sum is the identity.
fn challenge_again(
    public: &PublicKey,
    b: &PublicKey,
    c: &PublicKey,
    dleq: &Dleq,
) -> Option<[u8; 32]> {
    let e = Scalar::from_be_bytes(dleq.e.0).ok()?;
    let s = Scalar::from_be_bytes(dleq.s.0).ok()?;
    let r1_r2 = || -> Result<_, Error> {
        // R1 = s*G - e*A, R2 = s*B' - e*C'
        let r1 = public.mul_tweak(&e)?.negate().add_exp_tweak(&s)?;
        let r2 = b.mul_tweak(&s)?.combine(&c.mul_tweak(&e)?.negate())?;
        Ok((r1, r2))
    };
    let (r1, r2) = r1_r2().ok()?;
    let [r1, r2, a, c] = [&r1, &r2, public, c].map(PublicKey::serialize_uncompressed);
    Some(challenge([&r1, &r2, &a, &c]))
}

/// NUT-12, "Hash function": SHA-256 of the points, uncompressed, in hex.
fn challenge(points: [&[u8; UNCOMPRESSED]; 4]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for point in points {
        hash.update(hex::encode(point));
    }
    hash.finalize().into()
}

/// 64 big-endian bytes modulo the order; `None` for zero.
fn reduce_wide(uniform: &[u8; 64]) -> Option<SecretScalar> {
    let (high, low) = uniform.split_at(32);
    let (high, low) = (reduce(high.try_into().ok()?), reduce(low.try_into().ok()?));
    let Some(high) = SecretScalar::decode(&high) else {
        return SecretScalar::decode(&low);
    };
    // high * 2^256 + low
    let shifted = high.0.mul_tweak(&Scalar::from_be_bytes(TWO_POW_256).ok()?);
    let shifted = SecretScalar(shifted.ok()?);
    let mut low = Scalar::from_be_bytes(*low).ok()?;
    let sum = shifted.0.add_tweak(&low);
    low.non_secure_erase();
    sum.ok().map(SecretScalar)
}

/// 32 big-endian bytes modulo the order, which is larger than half of what they can hold: subtracted
/// once at the most.
fn reduce(bytes: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut reduced = Zeroizing::new([0; 32]);
    let mut borrow = 0;
    let digits = bytes.iter().zip(&constants::CURVE_ORDER);
    for (digit, (a, n)) in reduced.iter_mut().zip(digits).rev() {
        let difference = u16::from(*a).wrapping_sub(u16::from(*n) + borrow);
        *digit = difference as u8;
        borrow = difference >> 15;
    }
    let smaller = Choice::from(borrow as u8);
    for (digit, unchanged) in reduced.iter_mut().zip(bytes) {
        digit.conditional_assign(unchanged, smaller);
    }
    reduced
}

#[cfg(test)]
#[path = "secp256k1_tests.rs"]
mod tests;
