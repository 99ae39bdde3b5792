//! The wallet: its making and opening, its mints, and what it holds.

use farthing_client::MintClient;
use farthing_protocol::Secret;

use crate::address::{normal_url, same_place};
use crate::error::{Error, StoreError, UsageError};
use crate::http::Http;
use crate::purse::coins::expires_by;
use crate::purse::holdings::Holdings;
use crate::purse::tables::{Batch, StoredPhrase, Tables};
use crate::records::{Coin, Entry, Keyset, Kind, Mint, Operation, worth};
use crate::seed::{Phrase, Seed};
use crate::store::Store;

/// Gives the time, Unix seconds. A wallet's money never depends on it; its history does.
pub type Clock = fn() -> u64;

/// Where a wallet's phrase comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Just made: it has nothing at any mint yet.
    New,
    /// Written down before: each mint is searched by [`Wallet::restore`] before it is used, because
    /// another device may use the phrase too.
    Restored,
}

/// What a wallet holds at one mint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The mint's address.
    pub mint: String,
    /// The unit.
    pub unit: String,
    /// What can be spent.
    pub available: u64,
    /// What open operations hold of it, or bring.
    pub pending: u64,
    /// What the mint does not honour any more, because the keyset has expired: not in `available`.
    pub expired: u64,
}

/// A wallet over a store of type `S` that reaches its mints by `H`.
///
/// What moves value takes `&mut self`: one thing at a time. A store is used by one wallet at a time.
pub struct Wallet<S, H> {
    pub(crate) tables: Tables<S>,
    pub(crate) http: H,
    pub(crate) seed: Seed,
    pub(crate) clock: Clock,
    pub(crate) phrase_is_new: bool,
}

impl<S: Store, H: Http> Wallet<S, H> {
    /// Makes a wallet of a phrase in an empty store.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the store has a wallet already.
    pub async fn create(
        store: S,
        http: H,
        clock: Clock,
        phrase: &Phrase,
        origin: Origin,
    ) -> Result<Self, Error> {
        let tables = Tables(store);
        if tables.phrase().await?.is_some() {
            return Err(StoreError::Exists("this store".to_owned()).into());
        }
        let stored = StoredPhrase {
            words: Secret::new(phrase.expose().to_string()),
            new: origin == Origin::New,
        };
        let batch = Batch::default().put_phrase(&stored);
        tables.apply(batch.put_mints_have_identities()).await?;
        let (seed, phrase_is_new) = (phrase.seed(), stored.new);
        Ok(Self {
            tables,
            http,
            seed,
            clock,
            phrase_is_new,
        })
    }

    /// Opens the wallet in a store. Call [`Wallet::recover`] next.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none.
    pub async fn open(store: S, http: H, clock: Clock) -> Result<Self, Error> {
        let tables = Tables(store);
        let stored = tables.phrase().await?;
        let stored = stored.ok_or_else(|| StoreError::Missing("this store".to_owned()))?;
        let seed = Phrase::parse(stored.words.expose())?.seed();
        let phrase_is_new = stored.new;
        let mut wallet = Self {
            tables,
            http,
            seed,
            clock,
            phrase_is_new,
        };
        wallet.upgrade().await?;
        Ok(wallet)
    }

    /// The mints, in the order of their addresses.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn mints(&self) -> Result<Vec<Mint>, Error> {
        Ok(self.tables.all::<Mint>().await?)
    }

    /// The mint that has the address `url`, or the first one when none is named.
    ///
    /// # Errors
    /// [`UsageError::NoMint`], [`UsageError::MintUnknown`], [`UsageError::MintUrl`].
    pub async fn mint(&self, url: Option<&str>) -> Result<Mint, Error> {
        let Some(url) = url else {
            let first = self.tables.all::<Mint>().await?.into_iter().next();
            return first.ok_or_else(|| UsageError::NoMint.into());
        };
        if let Some(mint) = self.tables.get::<Mint>(url).await? {
            return Ok(mint);
        }
        let url = normal_url(url)?;
        let mints = self.tables.all::<Mint>().await?;
        let here = mints.iter().find(|mint| same_place(&mint.url, &url));
        let mint = here.or_else(|| mints.iter().find(|mint| mint.is_at(&url)));
        mint.cloned()
            .ok_or_else(|| UsageError::MintUnknown(url).into())
    }

    /// What the wallet holds, mint by mint.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn balance(&self) -> Result<Vec<Balance>, Error> {
        let coins = self.tables.all::<Coin>().await?;
        let operations = self.tables.all::<Operation>().await?;
        let keysets = self.tables.all::<Keyset>().await?;
        let mints = self.tables.all::<Mint>().await?.into_iter();
        let now = (self.clock)();
        let balance = |mint: Mint| {
            let here = coins.iter().filter(|c| c.mint == mint.url).cloned();
            let (expired, good): (Vec<Coin>, Vec<Coin>) =
                here.partition(|coin| expired(coin, &keysets, now));
            let open = operations.iter().filter(|o| o.mint == mint.url);
            Balance {
                available: worth(&good),
                expired: worth(&expired),
                pending: open.map(pending).fold(0, u64::saturating_add),
                mint: mint.url,
                unit: mint.unit,
            }
        };
        Ok(mints.map(balance).collect())
    }

    /// What the wallet has at a mint now; the mint's record is read anew.
    pub(crate) async fn holdings(&self, mint: &Mint) -> Result<Holdings, Error> {
        let mint = self.mint(Some(&mint.url)).await?;
        let keysets = self.tables.keysets(&mint.url).await?;
        let coins = self.tables.coins(&mint.url).await?;
        Ok(Holdings::at((self.clock)(), mint, keysets, coins))
    }

    /// The operations that are neither done nor undone yet.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn open_operations(&self) -> Result<Vec<Operation>, Error> {
        Ok(self.tables.all::<Operation>().await?)
    }

    /// What happened, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn history(&self) -> Result<Vec<Entry>, Error> {
        Ok(self.tables.all::<Entry>().await?)
    }

    pub(crate) fn api<'a>(&'a self, mint: &'a str) -> MintClient<'a, H> {
        MintClient::new(&self.http, mint)
    }
}

/// Whether the mint honours a coin no more, because its keyset has expired.
fn expired(coin: &Coin, keysets: &[Keyset], now: u64) -> bool {
    let mut keysets = keysets.iter();
    keysets.any(|keyset| keyset.info.id == coin.keyset() && expires_by(keyset, now))
}

/// What an open operation holds of the wallet's own, or brings when it takes from elsewhere.
fn pending(operation: &Operation) -> u64 {
    match operation.kind {
        // A token that was handed out is not the wallet's until it is back, and what a restore finds
        // is in the balance already.
        Kind::Reclaim | Kind::Restore => 0,
        Kind::Withdraw | Kind::Receive => operation.amount,
        Kind::Send | Kind::Redeem | Kind::Pay | Kind::Renew => worth(operation.own_inputs()),
    }
}
