//! `ristretto255-SHA512` in VOPRF mode: [RFC 9497, section 4.1](https://www.rfc-editor.org/rfc/rfc9497#section-4.1), exactly; locks with Ed25519.

mod batch;

use std::fmt;
use std::sync::LazyLock;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Suite, ToSign, ToVerify, VerifyError};
use crate::{DecodeError, Dleq, EncodedPoint, EncodedScalar};

/// `contextString = "OPRFV1-" || I2OSP(0x01, 1) || "-" || identifier` ([RFC 9497, section 3.1](https://www.rfc-editor.org/rfc/rfc9497#section-3.1)).
pub const CONTEXT: &[u8] = b"OPRFV1-\x01-ristretto255-SHA512";
const DST_HASH_TO_GROUP: &[u8] = b"HashToGroup-OPRFV1-\x01-ristretto255-SHA512";
const DST_HASH_TO_SCALAR: &[u8] = b"HashToScalar-OPRFV1-\x01-ristretto255-SHA512";
const DST_SEED: &[u8] = b"Seed-OPRFV1-\x01-ristretto255-SHA512";
/// Domain of the keyed hash that gives a proof's nonce.
const NONCE_DOMAIN: &[u8] = b"Farthing_proof_nonce_v1";
/// Domain of the hash that gives the nonce of a signature with a keyset's key.
const SIGNATURE_NONCE_DOMAIN: &[u8] = b"Farthing_key_signature_nonce_v1";
/// Domain of the hash that gives its challenge.
const SIGNATURE_DOMAIN: &[u8] = b"Farthing_key_signature_v1";

/// RFC 9380's `Z_pad`, one block of zeros, absorbed once for all.
static Z_PAD: LazyLock<Sha512> = LazyLock::new(|| Sha512::new_with_prefix([0; 128]));

/// The native suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ristretto255;

/// A private key with its public key and the key of its proofs' nonces.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SecretKey {
    k: Scalar,
    /// `k/2`, for encodings that double.
    half: Scalar,
    #[zeroize(skip)]
    public: RistrettoPoint,
    #[zeroize(skip)]
    encoded: [u8; 32],
    /// The seed of the proofs' weights, a hash of the public key.
    #[zeroize(skip)]
    seed: [u8; 64],
    /// The keyed hash that gives the proofs' nonces, its key absorbed. Wipes itself when dropped.
    #[zeroize(skip)]
    nonces: Hmac<Sha512>,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// A blinding factor `r`, uniform and non-zero.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Blinding(Scalar);

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding(…)")
    }
}

impl Suite for Ristretto255 {
    const NAME: &'static str = "ristretto255-SHA512";
    const KEYSET_ID_VERSION: u8 = 0x52;
    const KEYSET_ID_SUFFIX: &'static str = "|suite:ristretto255-SHA512";
    const POINT_BYTES: usize = 32;

    type Point = RistrettoPoint;
    type SecretKey = SecretKey;
    type Blinding = Blinding;

    /// [RFC 9497, section 4.1](https://www.rfc-editor.org/rfc/rfc9497#section-4.1), `DeserializeElement`: canonical, and not the identity.
    fn decode_point(encoded: &EncodedPoint) -> Result<RistrettoPoint, DecodeError> {
        let bytes = encoded.as_bytes();
        let compressed =
            CompressedRistretto::from_slice(bytes).map_err(|_| DecodeError::Length {
                what: "point",
                got: bytes.len(),
                expected: "32",
            })?;
        let point = compressed.decompress().ok_or(DecodeError::Point)?;
        (!point.is_identity())
            .then_some(point)
            .ok_or(DecodeError::Point)
    }

    fn encode_point(point: &RistrettoPoint) -> EncodedPoint {
        point.compress().to_bytes().into()
    }

    /// [RFC 9497, section 4.1](https://www.rfc-editor.org/rfc/rfc9497#section-4.1), `HashToGroup`: `expand_message_xmd` with SHA-512 to 64 bytes, then the
    /// one-way map.
    fn hash_to_group(secret: &[u8]) -> RistrettoPoint {
        RistrettoPoint::from_uniform_bytes(&expand_message_xmd(&[secret], DST_HASH_TO_GROUP))
    }

    fn secret_key(uniform: &[u8; 64]) -> Option<SecretKey> {
        SecretKey::new(Scalar::from_bytes_mod_order_wide(uniform))
    }

    fn public_key(key: &SecretKey) -> RistrettoPoint {
        key.public
    }

    fn blinding(uniform: &[u8; 64]) -> Option<Blinding> {
        let r = Scalar::from_bytes_mod_order_wide(uniform);
        (r != Scalar::ZERO).then_some(Blinding(r))
    }

    fn decode_blinding(encoded: &EncodedScalar) -> Result<Blinding, DecodeError> {
        let r = decode_scalar(encoded)?;
        (r != Scalar::ZERO)
            .then_some(Blinding(r))
            .ok_or(DecodeError::Scalar)
    }

    fn encode_blinding(r: &Blinding) -> EncodedScalar {
        EncodedScalar(r.0.to_bytes())
    }

    /// [RFC 9497, section 3.3.2](https://www.rfc-editor.org/rfc/rfc9497#section-3.3.2), `Blind`.
    fn blind(y: &RistrettoPoint, r: &Blinding) -> RistrettoPoint {
        r.0 * y
    }

    /// [RFC 9497, section 3.3.2](https://www.rfc-editor.org/rfc/rfc9497#section-3.3.2), `BlindEvaluate` without its proof.
    fn evaluate(key: &SecretKey, b: &RistrettoPoint) -> RistrettoPoint {
        key.k * b
    }

    /// [RFC 9497, section 3.3.2](https://www.rfc-editor.org/rfc/rfc9497#section-3.3.2), `Finalize` up to the unblinded element.
    fn unblind(
        c: &RistrettoPoint,
        r: &Blinding,
        _public: &RistrettoPoint,
    ) -> Option<RistrettoPoint> {
        let mut inverse = r.0.invert();
        let unblinded = inverse * c;
        inverse.zeroize();
        Some(unblinded)
    }

    fn reblind(
        c: &RistrettoPoint,
        r: &Blinding,
        _public: &RistrettoPoint,
    ) -> Option<RistrettoPoint> {
        Some(r.0 * c)
    }

    fn prove(key: &SecretKey, b: &RistrettoPoint, c: &RistrettoPoint) -> Dleq {
        let mut nonce = key.proof_nonce(b.compress().as_bytes(), c.compress().as_bytes());
        let dleq = generate_proof(key, &[(*b, *c)], &nonce);
        nonce.zeroize();
        dleq
    }

    fn verify_proof(
        public: &RistrettoPoint,
        b: &RistrettoPoint,
        c: &RistrettoPoint,
        dleq: &Dleq,
    ) -> Result<(), VerifyError> {
        verify_proof(public, &[(*b, *c)], dleq)
    }

    fn verify_token(key: &SecretKey, y: &RistrettoPoint, c: &RistrettoPoint) -> bool {
        (key.k * y).ct_eq(c).into()
    }

    fn sign_all(outputs: &[ToSign<'_, Self>]) -> Vec<(EncodedPoint, Dleq)> {
        batch::sign_all(outputs)
    }

    fn verify_all(tokens: &[ToVerify<'_, Self>]) -> bool {
        if tokens.len() < batch::BATCH_MIN {
            return tokens.iter().all(|t| Self::verify_token(t.key, &t.y, &t.c));
        }
        batch::verify_all(tokens)
    }

    /// Schnorr (EdDSA's construction) on ristretto255: `R || s` with `s = r + e·k`.
    fn sign_message(key: &SecretKey, message: &[u8]) -> [u8; 64] {
        let mut wide: [u8; 64] = Sha512::new()
            .chain_update(SIGNATURE_NONCE_DOMAIN)
            .chain_update(key.k.as_bytes())
            .chain_update(message)
            .finalize()
            .into();
        let mut nonce = Scalar::from_bytes_mod_order_wide(&wide);
        wide.zeroize();
        let r = RistrettoPoint::mul_base(&nonce).compress().to_bytes();
        let s = nonce + signature_challenge(&r, &key.encoded, message) * key.k;
        nonce.zeroize();
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r);
        signature[32..].copy_from_slice(s.as_bytes());
        signature
    }

    fn verify_message(
        public: &RistrettoPoint,
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), VerifyError> {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&signature[..32]);
        s.copy_from_slice(&signature[32..]);
        let s: Option<Scalar> = Scalar::from_canonical_bytes(s).into();
        let s = s.ok_or(VerifyError::Signature)?;
        let e = signature_challenge(&r, &public.compress().to_bytes(), message);
        let again = RistrettoPoint::vartime_double_scalar_mul_basepoint(&-e, public, &s);
        (again.compress().to_bytes() == r)
            .then_some(())
            .ok_or(VerifyError::Signature)
    }

    fn lock_key(key: &[u8]) -> Result<[u8; 32], VerifyError> {
        let bytes: [u8; 32] = key.try_into().map_err(|_| VerifyError::Key)?;
        let parsed = VerifyingKey::from_bytes(&bytes).map_err(|_| VerifyError::Key)?;
        let canonical = parsed.to_edwards().compress().to_bytes() == bytes;
        (canonical && !parsed.is_weak())
            .then_some(bytes)
            .ok_or(VerifyError::Key)
    }

    fn verify_signature(
        key: &[u8; 32],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), VerifyError> {
        let key = VerifyingKey::from_bytes(key).map_err(|_| VerifyError::Key)?;
        key.verify_strict(&Sha256::digest(message), &Signature::from_bytes(signature))
            .map_err(|_| VerifyError::Signature)
    }
}

impl SecretKey {
    /// Completes a private scalar; `None` for zero.
    fn new(k: Scalar) -> Option<Self> {
        if k == Scalar::ZERO {
            return None;
        }
        let mut nonce_key: [u8; 64] = Sha512::new()
            .chain_update(NONCE_DOMAIN)
            .chain_update(k.as_bytes())
            .finalize()
            .into();
        let nonces = hmac(&nonce_key);
        nonce_key.zeroize();
        let public = RistrettoPoint::mul_base(&k);
        let encoded = public.compress().to_bytes();
        Some(Self {
            k,
            half: k.div_by_2(),
            public,
            encoded,
            seed: composite_seed(&encoded),
            nonces,
        })
    }

    /// The nonce of the proof for `b` and `c`: a keyed hash, as unpredictable to others as a random
    /// one, and the same each time. All that the challenge depends on goes in, `c` too: were one ever
    /// computed wrong, the same nonce under two challenges would give the key away.
    fn proof_nonce(&self, b: &[u8], c: &[u8]) -> Scalar {
        let mac = self.nonces.clone().chain_update(b).chain_update(c);
        let mut wide: [u8; 64] = mac.finalize().into_bytes().into();
        let nonce = Scalar::from_bytes_mod_order_wide(&wide);
        wide.zeroize();
        nonce
    }
}

fn hmac(key: &[u8; 64]) -> Hmac<Sha512> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn decode_scalar(encoded: &EncodedScalar) -> Result<Scalar, DecodeError> {
    Option::from(Scalar::from_canonical_bytes(encoded.0)).ok_or(DecodeError::Scalar)
}

/// [RFC 9497, section 2.2.1](https://www.rfc-editor.org/rfc/rfc9497#section-2.2.1), `GenerateProof(k, A, B, C, D)` with `A` the generator and `B` the public
/// key. `nonce` is the RFC's `r`.
fn generate_proof(
    key: &SecretKey,
    pairs: &[(RistrettoPoint, RistrettoPoint)],
    nonce: &Scalar,
) -> Dleq {
    // (M, Z) = ComputeCompositesFast(k, B, C, D)
    let m = composites(&key.public, pairs).0;
    let z = key.k * m;
    // t2 = r * A, t3 = r * M
    let t2 = RistrettoPoint::mul_base(nonce);
    let t3 = nonce * m;
    let c = challenge(&key.public, [&m, &z, &t2, &t3]);
    // s = r - c * k
    let s = nonce - c * key.k;
    Dleq {
        e: EncodedScalar(c.to_bytes()),
        s: EncodedScalar(s.to_bytes()),
    }
}

/// [RFC 9497, section 2.2.2](https://www.rfc-editor.org/rfc/rfc9497#section-2.2.2), `VerifyProof(A, B, C, D, proof)`. All values are public.
fn verify_proof(
    public: &RistrettoPoint,
    pairs: &[(RistrettoPoint, RistrettoPoint)],
    dleq: &Dleq,
) -> Result<(), VerifyError> {
    let c = decode_scalar(&dleq.e).map_err(|_| VerifyError::Proof)?;
    let s = decode_scalar(&dleq.s).map_err(|_| VerifyError::Proof)?;
    // (M, Z) = ComputeComposites(B, C, D)
    let (m, z) = composites(public, pairs);
    // t2 = s * A + c * B, t3 = s * M + c * Z
    let t2 = RistrettoPoint::vartime_double_scalar_mul_basepoint(&c, public, &s);
    let t3 = RistrettoPoint::vartime_multiscalar_mul([s, c], [m, z]);
    let expected = challenge(public, [&m, &z, &t2, &t3]);
    (expected == c).then_some(()).ok_or(VerifyError::Proof)
}

/// [RFC 9497, section 2.2.1](https://www.rfc-editor.org/rfc/rfc9497#section-2.2.1) and 2.2.2, the weighted sums `M = Σ di·C[i]` and `Z = Σ di·D[i]`.
fn composites(
    public: &RistrettoPoint,
    pairs: &[(RistrettoPoint, RistrettoPoint)],
) -> (RistrettoPoint, RistrettoPoint) {
    let seed = composite_seed(public.compress().as_bytes());
    let weights: Vec<Scalar> = (0u16..)
        .zip(pairs)
        .map(|(i, (c, d))| {
            let (c, d) = (c.compress(), d.compress());
            composite_weight(&seed, i, c.as_bytes(), d.as_bytes())
        })
        .collect();
    (
        RistrettoPoint::vartime_multiscalar_mul(&weights, pairs.iter().map(|(c, _)| c)),
        RistrettoPoint::vartime_multiscalar_mul(&weights, pairs.iter().map(|(_, d)| d)),
    )
}

/// [RFC 9497, section 2.2.1](https://www.rfc-editor.org/rfc/rfc9497#section-2.2.1), `seed = Hash(I2OSP(len(Bm), 2) || Bm || I2OSP(len(seedDST), 2) || seedDST)`
/// with the encoded public key for `Bm`.
fn composite_seed(public: &[u8; 32]) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in [public.as_slice(), DST_SEED] {
        hash.update(length(part));
        hash.update(part);
    }
    hash.finalize().into()
}

/// [RFC 9497, section 2.2.1](https://www.rfc-editor.org/rfc/rfc9497#section-2.2.1), the weight `di` of the pair number `i`, encoded `Ci` and `Di`:
/// `I2OSP(len(seed), 2) || seed || I2OSP(i, 2) || I2OSP(len(Ci), 2) || Ci || … || "Composite"`, hashed.
fn composite_weight(seed: &[u8; 64], i: u16, c: &[u8], d: &[u8]) -> Scalar {
    hash_to_scalar(&[
        &length(seed),
        seed,
        &i.to_be_bytes(),
        &length(c),
        c,
        &length(d),
        d,
        b"Composite",
    ])
}

/// [RFC 9497, section 2.2.1](https://www.rfc-editor.org/rfc/rfc9497#section-2.2.1), the challenge of the transcript `Bm, a0, a1, a2, a3`.
fn challenge(public: &RistrettoPoint, transcript: [&RistrettoPoint; 4]) -> Scalar {
    let [m, z, t2, t3] = transcript.map(|point| point.compress().to_bytes());
    challenge_of(&public.compress().to_bytes(), [&m, &z, &t2, &t3])
}

/// [`challenge`] of points that are encoded already.
fn challenge_of(public: &[u8; 32], [a0, a1, a2, a3]: [&[u8; 32]; 4]) -> Scalar {
    let len = length(public);
    hash_to_scalar(&[
        &len,
        public,
        &len,
        a0,
        &len,
        a1,
        &len,
        a2,
        &len,
        a3,
        b"Challenge",
    ])
}

/// `e = SHA-512(domain || R || K || message)`, reduced.
fn signature_challenge(r: &[u8; 32], public: &[u8; 32], message: &[u8]) -> Scalar {
    let wide = Sha512::new()
        .chain_update(SIGNATURE_DOMAIN)
        .chain_update(r)
        .chain_update(public)
        .chain_update(message);
    Scalar::from_bytes_mod_order_wide(&wide.finalize().into())
}

/// [RFC 9497, section 4.1](https://www.rfc-editor.org/rfc/rfc9497#section-4.1), `HashToScalar`: 64 bytes of `expand_message_xmd`, little-endian, reduced.
fn hash_to_scalar(message: &[&[u8]]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&expand_message_xmd(message, DST_HASH_TO_SCALAR))
}

/// [RFC 9380, section 5.3.1](https://www.rfc-editor.org/rfc/rfc9380#section-5.3.1), `expand_message_xmd` with SHA-512 for the one length used here, 64 bytes.
fn expand_message_xmd(message: &[&[u8]], dst: &[u8]) -> [u8; 64] {
    let dst_len = [dst.len() as u8];
    // b_0 = H(Z_pad || msg || l_i_b_str || I2OSP(0, 1) || DST_prime)
    let mut hash = Z_PAD.clone();
    for part in message {
        hash.update(part);
    }
    hash.update([0, 64, 0]);
    let b0 = hash.chain_update(dst).chain_update(dst_len).finalize();
    // b_1 = H(b_0 || I2OSP(1, 1) || DST_prime)
    Sha512::new()
        .chain_update(b0)
        .chain_update([1])
        .chain_update(dst)
        .chain_update(dst_len)
        .finalize()
        .into()
}

/// `I2OSP(len(bytes), 2)`; everything hashed here is far shorter than 65,536 bytes.
fn length(bytes: &[u8]) -> [u8; 2] {
    (bytes.len() as u16).to_be_bytes()
}

#[cfg(test)]
#[path = "ristretto255_tests.rs"]
mod tests;
