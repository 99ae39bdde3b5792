//! The passphrase of a wallet's store.

use crate::error::Error;
use crate::http::Http;
use crate::store::Store;
use crate::store::seal::Passphrase;
use crate::store::sealed::Sealed;
use crate::wallet::Wallet;

impl<S: Store, H: Http> Wallet<Sealed<S>, H> {
    /// Protects the wallet with a passphrase, changes it, or takes it away: all at once, or not at all.
    ///
    /// # Errors
    /// [`Error::Store`]; then nothing was changed.
    pub async fn set_passphrase(&mut self, new: Option<&Passphrase>) -> Result<(), Error> {
        Ok(self.tables.0.set_passphrase(new).await?)
    }

    /// Whether the wallet is protected by a passphrase.
    #[must_use]
    pub fn has_passphrase(&self) -> bool {
        self.tables.0.has_passphrase()
    }
}
