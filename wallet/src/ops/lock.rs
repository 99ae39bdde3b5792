//! Which keys this wallet has for locked tokens, mint by mint.

use crate::error::Error;
use crate::http::Http;
use crate::lock::LockKey;
use crate::mints::Mints;
use crate::purse::Purse;
use crate::purse::holdings::active;
use crate::purse::tables::Batch;
use crate::records::{Keyset, Mint};
use crate::store::Store;

impl<S: Store, H: Http> Mints<'_, S, H> {
    /// Says that tokens locked to the key that this wallet once had for all mints are of `mint`, and of
    /// no other; returns that key (Ed25519, 32 bytes).
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn use_former_lock_key(&self, mint: &Mint) -> Result<[u8; 32], Error> {
        let mut batch = Batch::default();
        for other in self.all().await? {
            let former_lock = other.url == mint.url;
            batch = batch.put(&Mint {
                former_lock,
                ..other
            });
        }
        self.engine.purse.tables.apply(batch).await?;
        Ok(self.engine.purse.seed.former_lock_key().public())
    }
}

impl<S: Store> Purse<S> {
    pub(crate) async fn lock_public_key(&self, mint: &Mint) -> Result<[u8; 32], Error> {
        let mint = self.tables.mint(Some(&mint.url)).await?;
        if let Some(key) = self.identity_lock_key(&mint) {
            return Ok(key.public());
        }
        let keysets = self.tables.keysets(&mint.url).await?;
        let keyset = active(&mint, &keysets, self.now())?;
        Ok(self.seed.lock_key(keyset.info.id.as_bytes()).public())
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
