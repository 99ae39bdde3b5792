//! What is done once with the files of earlier versions, when they are opened.

use std::collections::BTreeSet;

use farthing_protocol::KeysetId;

use crate::address::{normal_url, same_place};
use crate::error::Error;
use crate::purse::tables::{Batch, Tables};
use crate::records::Mint;
use crate::store::Store;

impl<S: Store> Tables<S> {
    /// Upgrades a wallet of before mints had identities: each step is one batch, and done already when
    /// it is met again.
    pub(crate) async fn upgrade(&self) -> Result<(), Error> {
        if self.mints_have_identities().await? {
            return Ok(());
        }
        while let Some((from, to)) = self.two_that_are_one().await? {
            self.unite(&from, &to).await?;
        }
        let mut batch = Batch::default().put_mints_have_identities();
        // Until now the wallet had one lock key for all mints. With one mint it is known whose tokens
        // are locked to it.
        if let [only] = self.all::<Mint>().await?.as_slice() {
            batch = batch.put(&Mint {
                former_lock: true,
                ..only.clone()
            });
        }
        Ok(self.apply(batch).await?)
    }

    /// A record of a mint that shall be another one: of the same mint, at an address that leads to the
    /// same place, or with its address in normal form.
    async fn two_that_are_one(&self) -> Result<Option<(Mint, Mint)>, Error> {
        let mints = self.all::<Mint>().await?;
        for (n, mint) in (1..).zip(&mints) {
            let normal = normal_url(&mint.url).unwrap_or_else(|_| mint.url.clone());
            for other in mints.iter().skip(n) {
                if same_place(&mint.url, &other.url) && self.share_keysets(mint, other).await? {
                    return Ok(Some((other.clone(), mint.clone())));
                }
            }
            if normal != mint.url && mints.iter().all(|other| other.url != normal) {
                let renamed = Mint {
                    url: normal,
                    ..mint.clone()
                };
                return Ok(Some((mint.clone(), renamed)));
            }
        }
        Ok(None)
    }

    async fn share_keysets(&self, one: &Mint, other: &Mint) -> Result<bool, Error> {
        let ids = |keysets: Vec<crate::records::Keyset>| -> BTreeSet<KeysetId> {
            keysets.iter().map(|k| k.info.id).collect()
        };
        let one = ids(self.keysets(&one.url).await?);
        Ok(!one.is_disjoint(&ids(self.keysets(&other.url).await?)))
    }

    /// Files all that is of `from` under `to`.
    async fn unite(&self, from: &Mint, to: &Mint) -> Result<(), Error> {
        let mut mint = to.clone().with_address(&from.url);
        mint.api_token = mint.api_token.or_else(|| from.api_token.clone());
        mint.lane = mint.lane.or(from.lane);
        let batch = self
            .relocate(Batch::default(), &from.url, &to.url, None)
            .await?;
        Ok(self.apply(batch.delete(from).put(&mint)).await?)
    }
}
