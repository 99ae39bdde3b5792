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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{Secp256k1, Suite as _, VerifyError};

    #[test]
    fn what_is_signed_verifies_and_nothing_else() {
        let key = SigningKey::from_bytes(&[7; 32]).unwrap();
        let public = Secp256k1::lock_key(key.public_key().as_bytes()).unwrap();
        let signature = key.sign(b"message");
        assert_eq!(signature, key.sign(b"message"));
        let verify = |message: &[u8], signature: &[u8; 64]| {
            Secp256k1::verify_signature(&public, message, signature)
        };
        assert_eq!(verify(b"message", &signature), Ok(()));
        assert_eq!(verify(b"massage", &signature), Err(VerifyError::Signature));
        let other = SigningKey::from_bytes(&[8; 32]).unwrap();
        let refused = verify(b"message", &other.sign(b"message"));
        assert_eq!(refused, Err(VerifyError::Signature));
    }

    #[test]
    fn what_is_no_private_key_is_refused_and_none_is_shown() {
        let mut one = [0; 32];
        assert!(SigningKey::from_bytes(&one).is_none());
        assert!(SigningKey::from_bytes(&[0xff; 32]).is_none());
        assert!(SigningKey::from_bytes(&secp256k1::constants::CURVE_ORDER).is_none());
        one[31] = 1;
        let key = SigningKey::from_bytes(&one).unwrap();
        // The generator.
        let generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        assert_eq!(key.public_key().to_hex(), generator);
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }
}
