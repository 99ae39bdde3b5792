//! The store's tables with their types: JSON in, JSON out, changes collected into batches.

use farthing_protocol::suite::{Suite, SuiteId};
use farthing_protocol::{EncodedPoint, KeysetId, Proof, Secret, with_suite};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::records::{Bought, Budget, Coin, Entry, Item, Keyset, Mint, Operation, Sent};
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
    /// The next unused place.
    pub(crate) next: u64,
    /// The place after the last one that the mint is known to have signed.
    pub(crate) signed: u64,
}

fn coin_key(coin: &Coin) -> String {
    y(&coin.token.proof).to_hex()
}

/// Numbers as keys, so that they sort.
fn id_key(id: u64) -> String {
    format!("{id:020}")
}

fn keyset_key(mint: &str, id: &KeysetId) -> String {
    format!("{mint} {id}")
}

fn counter_key(keyset: &KeysetId, lane: u32) -> String {
    format!("{keyset} {lane}")
}

/// Changes that are made together or not at all.
#[derive(Default)]
pub(crate) struct Batch(Vec<Change>);

impl Batch {
    fn put<T: Serialize>(
        mut self,
        table: Table,
        key: String,
        value: &T,
    ) -> Result<Self, StoreError> {
        let mut json = Zeroizing::new(Vec::new());
        serde_json::to_writer(&mut *json, value)
            .map_err(|_| StoreError::Failed(format!("a record of {} has no JSON", table.name())))?;
        self.0.push(Change::Put(table, key, json));
        Ok(self)
    }

    fn delete(mut self, table: Table, key: String) -> Self {
        self.0.push(Change::Delete(table, key));
        self
    }

    pub(crate) fn put_phrase(self, phrase: &StoredPhrase) -> Result<Self, StoreError> {
        self.put(Table::Meta, KEY_PHRASE.to_owned(), phrase)
    }

    pub(crate) fn put_next_id(self, id: u64) -> Result<Self, StoreError> {
        self.put(Table::Meta, KEY_NEXT_ID.to_owned(), &id)
    }

    pub(crate) fn put_mints_have_identities(self) -> Result<Self, StoreError> {
        self.put(Table::Meta, KEY_IDENTITIES.to_owned(), &true)
    }

    pub(crate) fn delete_mint(self, url: &str) -> Self {
        self.delete(Table::Mints, url.to_owned())
    }

    pub(crate) fn put_mint(self, mint: &Mint) -> Result<Self, StoreError> {
        self.put(Table::Mints, mint.url.clone(), mint)
    }

    pub(crate) fn put_keyset(self, keyset: &Keyset) -> Result<Self, StoreError> {
        let key = keyset_key(&keyset.mint, &keyset.info.id);
        self.put(Table::Keysets, key, keyset)
    }

    pub(crate) fn delete_keyset(self, keyset: &Keyset) -> Self {
        self.delete(Table::Keysets, keyset_key(&keyset.mint, &keyset.info.id))
    }

    pub(crate) fn put_counter(
        self,
        id: &KeysetId,
        lane: u32,
        counter: &Counter,
    ) -> Result<Self, StoreError> {
        self.put_counter_as(counter_key(id, lane), counter)
    }

    /// A counter under the key that it had in another store.
    pub(crate) fn put_counter_as(self, key: String, counter: &Counter) -> Result<Self, StoreError> {
        self.put(Table::Counters, key, counter)
    }

    pub(crate) fn into_changes(self) -> Vec<Change> {
        self.0
    }

    pub(crate) fn put_coins(self, coins: &[Coin]) -> Result<Self, StoreError> {
        coins.iter().try_fold(self, |batch, coin| {
            batch.put(Table::Proofs, coin_key(coin), coin)
        })
    }

    pub(crate) fn delete_coins(self, coins: &[Coin]) -> Self {
        coins.iter().fold(self, |batch, coin| {
            batch.delete(Table::Proofs, coin_key(coin))
        })
    }

    pub(crate) fn put_operation(self, operation: &Operation) -> Result<Self, StoreError> {
        self.put(Table::Operations, id_key(operation.id), operation)
    }

    pub(crate) fn delete_operation(self, id: u64) -> Self {
        self.delete(Table::Operations, id_key(id))
    }

    pub(crate) fn put_sent(self, sent: &Sent) -> Result<Self, StoreError> {
        self.put(Table::Sent, id_key(sent.id), sent)
    }

    pub(crate) fn delete_sent(self, id: u64) -> Self {
        self.delete(Table::Sent, id_key(id))
    }

    pub(crate) fn put_entry(self, entry: &Entry) -> Result<Self, StoreError> {
        self.put(Table::History, id_key(entry.id), entry)
    }

    pub(crate) fn put_bought(self, bought: &Bought) -> Result<Self, StoreError> {
        self.put(Table::Bought, bought.item.key(), bought)
    }

    pub(crate) fn delete_bought(self, item: &Item) -> Self {
        self.delete(Table::Bought, item.key())
    }

    pub(crate) fn put_budget(self, budget: &Budget) -> Result<Self, StoreError> {
        self.put(Table::Budgets, budget.site.clone(), budget)
    }

    pub(crate) fn delete_budget(self, site: &str) -> Self {
        self.delete(Table::Budgets, site.to_owned())
    }
}

/// A store, read and written by the types of its tables.
pub(crate) struct Tables<S>(pub(crate) S);

impl<S: Store> Tables<S> {
    pub(crate) async fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.0.apply(batch.0).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        table: Table,
        key: &str,
    ) -> Result<Option<T>, StoreError> {
        let value = self.0.get(table, key).await?;
        value.map(|value| parse(table, key, &value)).transpose()
    }

    async fn all<T: DeserializeOwned>(&self, table: Table) -> Result<Vec<T>, StoreError> {
        let rows = self.0.scan(table).await?;
        rows.iter()
            .map(|(key, value)| parse(table, key, value))
            .collect()
    }

    pub(crate) async fn phrase(&self) -> Result<Option<StoredPhrase>, StoreError> {
        self.get(Table::Meta, KEY_PHRASE).await
    }

    /// The number of the next operation; numbers are never used twice.
    pub(crate) async fn next_id(&self) -> Result<u64, StoreError> {
        Ok(self.get(Table::Meta, KEY_NEXT_ID).await?.unwrap_or(1))
    }

    /// Whether the file has been through [`crate::upgrade`].
    pub(crate) async fn mints_have_identities(&self) -> Result<bool, StoreError> {
        Ok(self
            .get(Table::Meta, KEY_IDENTITIES)
            .await?
            .unwrap_or(false))
    }

    pub(crate) async fn mints(&self) -> Result<Vec<Mint>, StoreError> {
        self.all(Table::Mints).await
    }

    pub(crate) async fn mint(&self, url: &str) -> Result<Option<Mint>, StoreError> {
        self.get(Table::Mints, url).await
    }

    pub(crate) async fn keysets(&self, mint: &str) -> Result<Vec<Keyset>, StoreError> {
        let mut keysets = self.all_keysets().await?;
        keysets.retain(|keyset| keyset.mint == mint);
        Ok(keysets)
    }

    pub(crate) async fn all_keysets(&self) -> Result<Vec<Keyset>, StoreError> {
        self.all(Table::Keysets).await
    }

    pub(crate) async fn counter(&self, id: &KeysetId, lane: u32) -> Result<Counter, StoreError> {
        let counter = self.get(Table::Counters, &counter_key(id, lane)).await?;
        Ok(counter.unwrap_or_default())
    }

    pub(crate) async fn all_coins(&self) -> Result<Vec<Coin>, StoreError> {
        self.all(Table::Proofs).await
    }

    pub(crate) async fn coins(&self, mint: &str) -> Result<Vec<Coin>, StoreError> {
        let mut coins = self.all_coins().await?;
        coins.retain(|coin| coin.mint == mint);
        Ok(coins)
    }

    pub(crate) async fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        self.all(Table::Operations).await
    }

    pub(crate) async fn all_sent(&self) -> Result<Vec<Sent>, StoreError> {
        self.all(Table::Sent).await
    }

    pub(crate) async fn sent(&self, id: u64) -> Result<Option<Sent>, StoreError> {
        self.get(Table::Sent, &id_key(id)).await
    }

    pub(crate) async fn history(&self) -> Result<Vec<Entry>, StoreError> {
        self.all(Table::History).await
    }

    pub(crate) async fn bought(&self, item_key: &str) -> Result<Option<Bought>, StoreError> {
        self.get(Table::Bought, item_key).await
    }

    pub(crate) async fn all_bought(&self) -> Result<Vec<Bought>, StoreError> {
        self.all(Table::Bought).await
    }

    pub(crate) async fn budget(&self, site: &str) -> Result<Option<Budget>, StoreError> {
        self.get(Table::Budgets, site).await
    }

    pub(crate) async fn budgets(&self) -> Result<Vec<Budget>, StoreError> {
        self.all(Table::Budgets).await
    }
}

fn parse<T: DeserializeOwned>(table: Table, key: &str, value: &Value) -> Result<T, StoreError> {
    farthing_protocol::json::from_slice(value).map_err(|_| StoreError::Damaged {
        table: table.name(),
        key: key.to_owned(),
    })
}
