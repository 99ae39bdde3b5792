//! The keys that others lock tokens to (NUT-11): one for each mint.
//!
//! What a lock's key signs does not name the mint. A wallet with one key for all mints could be made to
//! sign for a token at one mint, and the signature be used at another
//! (`docs/decisions/0028-a-lock-key-for-each-mint.md`).

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// A private key that tokens are locked to; wiped when dropped.
pub(crate) struct LockKey(SigningKey);

impl LockKey {
    pub(crate) fn new(bytes: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// The public key, Ed25519.
    pub(crate) fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs the SHA-256 hash of `message` (NUT-11, "Signature scheme").
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(&Sha256::digest(message)).to_bytes()
    }
}

impl fmt::Debug for LockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockKey(…)")
    }
}
