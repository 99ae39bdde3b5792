//! Signing with a private key of one's own: what opens locks and mints locked quotes.

use std::fmt;

use secp256k1::Keypair;
use sha2::{Digest, Sha256};

use super::SecretScalar;
use crate::EncodedPoint;

/// A private key that signs as NUT-11 and NUT-20 have it; wiped when dropped.
pub struct SigningKey(SecretScalar);

impl SigningKey {
    /// Takes the 32 bytes of a private key, big-endian; `None` when it is zero or not smaller than the
    /// group's order.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        SecretScalar::decode(bytes).map(Self)
    }

    /// The public key, compressed.
    #[must_use]
    pub fn public_key(&self) -> EncodedPoint {
        self.0.times_generator().serialize().into()
    }

    /// A BIP-340 signature on the SHA-256 hash of `message`, without auxiliary randomness: always the
    /// same.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut keys = Keypair::from_secret_key(&self.0.0);
        let signature = keys.sign_schnorr_no_aux_rand(&Sha256::digest(message));
        keys.non_secure_erase();
        signature.to_byte_array()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}
