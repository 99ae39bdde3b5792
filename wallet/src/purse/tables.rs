//! The store's tables with their types: JSON in, JSON out, changes collected into batches.

use farthing_protocol::{KeysetId, Secret};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::address::{normal_url, same_place};
use crate::error::{Error, StoreError, UsageError};
use crate::records::{Coin, Keyset, Mint, Record, id_key};
use crate::store::{Change, Store, Table, Value};

pub(crate) const KEY_PHRASE: &str = "phrase";
pub(crate) const KEY_NEXT_ID: &str = "next_id";
/// Says that the file has been through [`crate::upgrade`].
const KEY_IDENTITIES: &str = "mint_identities";

/// The phrase, and whether it was new when the wallet was made.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredPhrase {
    pub(crate) words: Secret,
    /// A new phrase has used no lane anywhere; an old one may have used any.
    pub(crate) new: bool,
}

/// How far a lane of a keyset is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counter {
    /// The next unused derivation index.
    pub(crate) next: u64,
    /// The index after the last one that the mint is known to have signed.
    pub(crate) signed: u64,
}

fn counter_key(keyset: &KeysetId, lane: u32) -> String {
    format!("{keyset} {lane}")
}

fn imported_key(export: &str) -> String {
    format!("imported {export}")
}

/// Changes that are made together or not at all.
#[derive(Default)]
pub(crate) struct Batch(Vec<Change>);

impl Batch {
    fn put_value<T: Serialize>(mut self, table: Table, key: String, value: &T) -> Self {
        let mut json = Zeroizing::new(Vec::new());
        serde_json::to_writer(&mut *json, value)
            .expect("records have no map keys but strings, and memory takes every byte");
        self.0.push(Change::Put(table, key, json));
        self
    }

    /// Writes a record, in place of the one with its key.
    pub(crate) fn put<T: Record>(self, record: &T) -> Self {
        self.put_value(T::TABLE, record.key(), record)
    }

    pub(crate) fn put_all<'a, T: Record + 'a>(
        self,
        records: impl IntoIterator<Item = &'a T>,
    ) -> Self {
        records.into_iter().fold(self, Self::put)
    }

    pub(crate) fn delete<T: Record>(mut self, record: &T) -> Self {
        self.0.push(Change::Delete(T::TABLE, record.key()));
        self
    }

    /// Deletes the record with a key.
    pub(crate) fn delete_at<T: Record>(mut self, key: &str) -> Self {
        self.0.push(Change::Delete(T::TABLE, key.to_owned()));
        self
    }

    pub(crate) fn delete_all<'a, T: Record + 'a>(
        self,
        records: impl IntoIterator<Item = &'a T>,
    ) -> Self {
        records.into_iter().fold(self, Self::delete)
    }

    pub(crate) fn put_phrase(self, phrase: &StoredPhrase) -> Self {
        self.put_value(Table::Meta, KEY_PHRASE.to_owned(), phrase)
    }

    pub(crate) fn put_next_id(self, id: u64) -> Self {
        self.put_value(Table::Meta, KEY_NEXT_ID.to_owned(), &id)
    }

    pub(crate) fn put_mints_have_identities(self) -> Self {
        self.put_value(Table::Meta, KEY_IDENTITIES.to_owned(), &true)
    }

    /// That the export with this number was imported.
    pub(crate) fn put_imported(self, export: &str) -> Self {
        self.put_value(Table::Meta, imported_key(export), &true)
    }

    pub(crate) fn put_counter(self, id: &KeysetId, lane: u32, counter: &Counter) -> Self {
        self.put_counter_as(counter_key(id, lane), counter)
    }

    /// A counter under the key that it had in another store.
    pub(crate) fn put_counter_as(self, key: String, counter: &Counter) -> Self {
        self.put_value(Table::Counters, key, counter)
    }

    pub(crate) fn into_changes(self) -> Vec<Change> {
        self.0
    }
}

/// A store, read and written by the types of its tables.
pub(crate) struct Tables<S>(pub(crate) S);

impl<S: Store> Tables<S> {
    pub(crate) async fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.0.apply(batch.0).await
    }

    async fn value<T: DeserializeOwned>(
        &self,
        table: Table,
        key: &str,
    ) -> Result<Option<T>, StoreError> {
        let value = self.0.get(table, key).await?;
        value.map(|value| parse(table, key, &value)).transpose()
    }

    /// The record with a key.
    pub(crate) async fn get<T: Record>(&self, key: &str) -> Result<Option<T>, StoreError> {
        self.value(T::TABLE, key).await
    }

    /// The record with a number.
    pub(crate) async fn numbered<T: Record>(&self, id: u64) -> Result<Option<T>, StoreError> {
        self.get(&id_key(id)).await
    }

    /// All records of a type, in the order of their keys.
    pub(crate) async fn all<T: Record>(&self) -> Result<Vec<T>, StoreError> {
        let rows = self.0.scan(T::TABLE).await?;
        rows.iter()
            .map(|(key, value)| parse(T::TABLE, key, value))
            .collect()
    }

    pub(crate) async fn phrase(&self) -> Result<Option<StoredPhrase>, StoreError> {
        self.value(Table::Meta, KEY_PHRASE).await
    }

    /// The number of the next operation; numbers are never used twice.
    pub(crate) async fn next_id(&self) -> Result<u64, StoreError> {
        Ok(self.value(Table::Meta, KEY_NEXT_ID).await?.unwrap_or(1))
    }

    /// Returns whether the file has been through [`crate::upgrade`].
    pub(crate) async fn mints_have_identities(&self) -> Result<bool, StoreError> {
        Ok(self
            .value(Table::Meta, KEY_IDENTITIES)
            .await?
            .unwrap_or(false))
    }

    /// Returns whether the export with this number was imported.
    pub(crate) async fn was_imported(&self, export: &str) -> Result<bool, StoreError> {
        let key = imported_key(export);
        Ok(self.value(Table::Meta, &key).await?.unwrap_or(false))
    }

    pub(crate) async fn counter(&self, id: &KeysetId, lane: u32) -> Result<Counter, StoreError> {
        let counter = self.value(Table::Counters, &counter_key(id, lane)).await?;
        Ok(counter.unwrap_or_default())
    }

    /// The mint that has the address `url`, or the first one when none is named.
    pub(crate) async fn mint(&self, url: Option<&str>) -> Result<Mint, Error> {
        let Some(url) = url else {
            let first = self.all::<Mint>().await?.into_iter().next();
            return first.ok_or_else(|| UsageError::NoMint.into());
        };
        if let Some(mint) = self.get::<Mint>(url).await? {
            return Ok(mint);
        }
        let url = normal_url(url)?;
        let mints = self.all::<Mint>().await?;
        let here = mints.iter().find(|mint| same_place(&mint.url, &url));
        let mint = here.or_else(|| mints.iter().find(|mint| mint.is_at(&url)));
        mint.cloned()
            .ok_or_else(|| UsageError::MintUnknown(url).into())
    }

    /// The keysets of a mint.
    pub(crate) async fn keysets(&self, mint: &str) -> Result<Vec<Keyset>, StoreError> {
        let mut keysets = self.all::<Keyset>().await?;
        keysets.retain(|keyset| keyset.mint == mint);
        Ok(keysets)
    }

    /// The tokens of a mint that can be spent.
    pub(crate) async fn coins(&self, mint: &str) -> Result<Vec<Coin>, StoreError> {
        let mut coins = self.all::<Coin>().await?;
        coins.retain(|coin| coin.mint == mint);
        Ok(coins)
    }
}

fn parse<T: DeserializeOwned>(table: Table, key: &str, value: &Value) -> Result<T, StoreError> {
    farthing_protocol::json::from_slice(value).map_err(|_| StoreError::Damaged {
        table: table.name(),
        key: key.to_owned(),
    })
}
