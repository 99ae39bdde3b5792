//! Suites: the groups and hashes that keysets are made of.
//!
//! The trait names what the protocol needs of a group; everything else is written once over it.

mod id;
mod ristretto255;
pub mod secp256k1;

pub use self::secp256k1::Secp256k1;
pub use id::SuiteId;
pub use ristretto255::{Blinding, CONTEXT, Ristretto255, SecretKey};

use crate::{DecodeError, Dleq, EncodedPoint, EncodedScalar};

/// Why a signature, a proof or a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The discrete-logarithm proof does not verify: another key signed.
    #[error("the mint's proof does not verify: another key signed this")]
    Proof,
    /// The signature of a witness does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// A key is not a canonical public key.
    #[error("not a public key")]
    Key,
}

/// An output to be signed.
pub struct ToSign<'k, S: Suite> {
    /// The key that signs it.
    pub key: &'k S::SecretKey,
    /// Its point `B_`.
    pub b: S::Point,
    /// The point as it came, so that it need not be encoded again.
    pub encoded: EncodedPoint,
}

/// A token to be verified in a batch.
pub struct ToVerify<'k, S: Suite> {
    /// The key that is said to have signed it.
    pub key: &'k S::SecretKey,
    /// `Y`, its secret hashed to the group.
    pub y: S::Point,
    /// Its signature `C`.
    pub c: S::Point,
    /// 128 bits, uniformly random and unknown to whoever made the token.
    pub weight: u128,
}

/// A group with the operations of blind signatures, in the terms of RFC 9497 and NUT-00.
///
/// Everything that touches a [`Self::SecretKey`] or a [`Self::Blinding`] takes constant time; what
/// works on public values alone need not.
pub trait Suite: Sized + 'static {
    /// The suite's identifier: `ristretto255-SHA512` ([RFC 9497, section 4](https://www.rfc-editor.org/rfc/rfc9497#section-4)) or `secp256k1`.
    const NAME: &'static str;
    /// The first byte of the ids of its keysets (NUT-02).
    const KEYSET_ID_VERSION: u8;
    /// What follows unit, fee and expiry in the preimage of its keyset ids.
    const KEYSET_ID_SUFFIX: &'static str;
    /// The length of an encoded point in bytes.
    const POINT_BYTES: usize;

    /// An element of the group, never the identity when it was decoded.
    type Point: Copy + PartialEq + Send + Sync;
    /// A mint's private key for one amount; wiped when dropped.
    type SecretKey: Send + Sync;
    /// A blinding factor; wiped when dropped.
    type Blinding;

    /// Decodes a point.
    ///
    /// # Errors
    /// [`DecodeError::Length`] before any curve operation, [`DecodeError::Point`] when the bytes are
    /// not canonical or are the identity.
    fn decode_point(encoded: &EncodedPoint) -> Result<Self::Point, DecodeError>;

    /// Encodes a point.
    fn encode_point(point: &Self::Point) -> EncodedPoint;

    /// Hashes a secret's UTF-8 bytes to the group: `Y` (RFC 9497 `HashToGroup`, NUT-00 `hash_to_curve`).
    fn hash_to_group(secret: &[u8]) -> Self::Point;

    /// Makes a private key of 64 uniform bytes; `None` in the impossible case that it would be zero.
    fn secret_key(uniform: &[u8; 64]) -> Option<Self::SecretKey>;

    /// The public key that belongs to a private key.
    fn public_key(key: &Self::SecretKey) -> Self::Point;

    /// Makes a blinding factor of 64 uniform bytes; `None` in the impossible case that it would be zero.
    fn blinding(uniform: &[u8; 64]) -> Option<Self::Blinding>;

    /// Reads a blinding factor, 32 bytes in the suite's byte order.
    ///
    /// # Errors
    /// [`DecodeError::Scalar`] when it is not canonical or zero.
    fn decode_blinding(encoded: &EncodedScalar) -> Result<Self::Blinding, DecodeError>;

    /// Writes a blinding factor, 32 bytes in the suite's byte order.
    fn encode_blinding(r: &Self::Blinding) -> EncodedScalar;

    /// The client's `Blind`: `B_` of `Y` and `r`.
    fn blind(y: &Self::Point, r: &Self::Blinding) -> Self::Point;

    /// The mint's `BlindEvaluate`: `C_ = k·B_`.
    fn evaluate(key: &Self::SecretKey, b: &Self::Point) -> Self::Point;

    /// The client's unblinding: `C = k·Y` of `C_`, `r` and the public key; `None` when it would be
    /// the identity, which no signature of the key's gives.
    fn unblind(c: &Self::Point, r: &Self::Blinding, public: &Self::Point) -> Option<Self::Point>;

    /// `C_` again, of the unblinded `C`: what a receiver needs to check a token's proof (NUT-12).
    /// `None` when it would be the identity, as whoever made the token can have it.
    fn reblind(c: &Self::Point, r: &Self::Blinding, public: &Self::Point) -> Option<Self::Point>;

    /// Proves that `C_` was made with `key`. The nonce is derived from the key, `B_` and `C_`, so that
    /// the same output always gives the same proof.
    fn prove(key: &Self::SecretKey, b: &Self::Point, c: &Self::Point) -> Dleq;

    /// Checks the mint's proof for a signature.
    ///
    /// # Errors
    /// [`VerifyError::Proof`].
    fn verify_proof(
        public: &Self::Point,
        b: &Self::Point,
        c: &Self::Point,
        dleq: &Dleq,
    ) -> Result<(), VerifyError>;

    /// Returns whether `C = k·Y`: the mint's check of a token. Constant time.
    fn verify_token(key: &Self::SecretKey, y: &Self::Point, c: &Self::Point) -> bool;

    /// Signs many outputs: for each the encoded `C_` and its proof, the same as [`Self::evaluate`] and
    /// [`Self::prove`] give.
    #[must_use]
    fn sign_all(outputs: &[ToSign<'_, Self>]) -> Vec<(EncodedPoint, Dleq)> {
        let sign = |output: &ToSign<'_, Self>| {
            let c = Self::evaluate(output.key, &output.b);
            let proof = Self::prove(output.key, &output.b, &c);
            (Self::encode_point(&c), proof)
        };
        outputs.iter().map(sign).collect()
    }

    /// Returns whether all of these tokens were signed, each with its key. Constant time in the keys.
    #[must_use]
    fn verify_all(tokens: &[ToVerify<'_, Self>]) -> bool {
        let verify = |token: &ToVerify<'_, Self>| Self::verify_token(token.key, &token.y, &token.c);
        tokens.iter().all(verify)
    }

    /// Signs `message` with a mint's private key: a Schnorr signature, always the same for the same
    /// message. Its challenge is hashed under a domain of its own, so that neither a blind signature nor
    /// its proof can be made into one.
    fn sign_message(key: &Self::SecretKey, message: &[u8]) -> [u8; 64];

    /// Checks a signature of [`Self::sign_message`].
    ///
    /// # Errors
    /// [`VerifyError::Signature`].
    fn verify_message(
        public: &Self::Point,
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), VerifyError>;

    /// Checks that `key` is a public key that tokens can be locked to; gives its canonical bytes, by
    /// which keys are compared (NUT-11, "Public Key Canonicalisation").
    ///
    /// # Errors
    /// [`VerifyError::Key`].
    fn lock_key(key: &[u8]) -> Result<[u8; 32], VerifyError>;

    /// Checks a witness's 64-byte signature on the SHA-256 hash of `message` (NUT-11).
    ///
    /// # Errors
    /// [`VerifyError::Key`] or [`VerifyError::Signature`].
    fn verify_signature(
        key: &[u8; 32],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), VerifyError>;
}
