//! The keys that others lock tokens to (NUT-11): one for each mint.
//!
//! What a lock's key signs does not name the mint. A wallet with one key for all mints could be made to
//! sign for a token at one mint, and the signature be used at another
//! (`docs/decisions/0028-a-lock-key-for-each-mint.md`).

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::http::Http;
use crate::keysets;
use crate::purse::tables::Batch;
use crate::records::{Keyset, Mint};
use crate::store::Store;
use crate::wallet::Wallet;

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

impl<S: Store, H: Http> Wallet<S, H> {
    /// The public key that others lock tokens of `mint` for this wallet to (NUT-11): Ed25519, 32 bytes.
    ///
    /// # Errors
    /// [`crate::error::UsageError::NoActiveKeyset`] for a mint that has neither an identity nor a keyset
    /// that signs.
    pub async fn lock_public_key(&self, mint: &Mint) -> Result<[u8; 32], Error> {
        let mint = self.mint(Some(&mint.url)).await?;
        if let Some(key) = self.identity_lock_key(&mint) {
            return Ok(key.public());
        }
        let keysets = self.tables.keysets(&mint.url).await?;
        let keyset = keysets::active(&mint, &keysets, (self.clock)())?;
        Ok(self.seed.lock_key(keyset.info.id.as_bytes()).public())
    }

    /// Says that tokens locked to the key that this wallet once had for all mints are of `mint`, and of
    /// no other; returns that key.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn use_former_lock_key(&mut self, mint: &Mint) -> Result<[u8; 32], Error> {
        let mut batch = Batch::default();
        for other in self.tables.all::<Mint>().await? {
            let former_lock = other.url == mint.url;
            batch = batch.put(&Mint {
                former_lock,
                ..other
            });
        }
        self.tables.apply(batch).await?;
        Ok(self.seed.former_lock_key().public())
    }

    /// All keys that this wallet signs with for tokens of a mint: that of its identity, those of its
    /// keysets from before the identity was known, and the former key if it is this mint's.
    pub(crate) fn lock_keys(&self, mint: &Mint, keysets: &[Keyset]) -> Vec<LockKey> {
        let of_keysets = keysets.iter().filter(|keyset| keyset.mint == mint.url);
        let of_keysets = of_keysets.map(|k| self.seed.lock_key(k.info.id.as_bytes()));
        let mut keys: Vec<LockKey> = self.identity_lock_key(mint).into_iter().collect();
        keys.extend(of_keysets);
        keys.extend(mint.former_lock.then(|| self.seed.former_lock_key()));
        keys
    }

    fn identity_lock_key(&self, mint: &Mint) -> Option<LockKey> {
        let identity = hex::decode(&mint.identity.as_ref()?.key).ok()?;
        Some(self.seed.lock_key(&identity))
    }
}
