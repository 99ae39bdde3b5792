//! Knowing a mint's keysets before a payment asks for change of them.
//!
//! An offer names the digest of the keysets that the mint signs with, as the site knows them
//! (`docs/reference/protocol.md`, section 12.1). A wallet that knows others asks the mint, once, before it shows a token.

use farthing_protocol::api::keysets_digest;
use farthing_protocol::suite::SuiteId;

use super::Payments;
use super::offer::Offer;
use crate::error::Error;
use crate::http::Http;
use crate::purse::tables::Batch;
use crate::records::{Followed, Keyset, Mint, suite_of};
use crate::store::Store;
use crate::time::DAY_S;

impl<S: Store, H: Http> Payments<'_, S, H> {
    /// Asks the mint for its keysets when the offer names others than the wallet knows; gives whether that
    /// was done. A site that goes on naming what the mint does not show is asked about once a day: it knows
    /// less than the wallet.
    ///
    /// # Errors
    /// [`Error::Store`] alone: a mint that cannot be asked now is no reason not to pay.
    pub(super) async fn follow_keysets(&self, offer: &Offer) -> Result<bool, Error> {
        let url = &offer.mint.url;
        let Some(named) = &offer.keysets else {
            return Ok(false);
        };
        let known = self.engine.purse.tables.keysets(url).await?;
        let mint = self.engine.purse.tables.mint(Some(url)).await?;
        let now = self.engine.purse.now();
        let followed = |f: &Followed| f.digest == *named && now < f.time.saturating_add(DAY_S);
        if *named == digest(&known) || mint.followed.as_ref().is_some_and(followed) {
            return Ok(false);
        }
        let native = SuiteId::Ristretto255;
        match self.engine.refresh_keysets([native], &mint, &mut ()).await {
            Ok(_) => {}
            Err(Error::Store(error)) => return Err(error.into()),
            Err(_) => return Ok(false),
        }
        let mint = Mint {
            followed: Some(Followed {
                digest: named.clone(),
                time: now,
            }),
            // As it is known since it was asked.
            ..self.engine.purse.tables.mint(Some(url)).await?
        };
        self.engine
            .purse
            .tables
            .apply(Batch::default().put(&mint))
            .await?;
        Ok(true)
    }
}

/// The digest of the keysets that a mint signs with, as the wallet knows them.
fn digest(keysets: &[Keyset]) -> String {
    let native = |k: &&Keyset| suite_of(&k.info.id) == SuiteId::Ristretto255;
    let active = keysets.iter().filter(native).filter(|k| k.info.active);
    keysets_digest(active.map(|k| &k.info.id))
}
