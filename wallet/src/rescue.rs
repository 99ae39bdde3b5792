//! Saving what can be read of a damaged wallet into a new one.
//!
//! Records of counters may be among what is lost, and a place must not be used twice. So the new wallet
//! uses a mint only after a restore, as a new device does, and takes a lane of its own there.

use farthing_protocol::{Secret, json};

use crate::error::{Error, StoreError, UsageError};
use crate::purse::tables::{Batch, Counter, KEY_NEXT_ID, StoredPhrase};
use crate::records::{Bought, Budget, Coin, Entry, Keyset, Mint, Operation, Record, Sent, worth};
use crate::seed::Phrase;
use crate::store::sealed::Sealed;
use crate::store::{Store, Table, Value};

/// What was saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// How many mints.
    pub mints: usize,
    /// How many tokens that can be spent.
    pub tokens: usize,
    /// What they are worth, at each mint.
    pub amounts: Vec<(String, u64)>,
    /// How many tokens that were sent.
    pub sent: usize,
    /// How many operations that were open.
    pub operations: usize,
    /// How many records are there and cannot be read.
    pub unreadable: usize,
}

/// The phrase in a store, which may be of a damaged wallet.
///
/// # Errors
/// [`UsageError::PhraseLost`] when it is not there, or cannot be read.
pub async fn phrase<S: Store>(store: &Sealed<S>) -> Result<Phrase, Error> {
    let (rows, _) = store.readable(Table::Meta).await?;
    let stored = rows
        .iter()
        .find(|(key, _)| key == crate::purse::tables::KEY_PHRASE);
    let words = stored.and_then(|(_, value)| json::from_slice::<StoredPhrase>(value).ok());
    let words = words.ok_or(UsageError::PhraseLost)?.words;
    Ok(Phrase::parse(words.expose())?)
}

/// Copies what can be read in `from` into the empty store `into`: a wallet that is to be restored.
///
/// # Errors
/// [`UsageError::PhraseLost`] when the phrase cannot be read and is not given; [`StoreError::Exists`].
pub async fn rescue<S: Store, T: Store>(
    from: &Sealed<S>,
    into: &T,
    given: Option<&Phrase>,
) -> Result<Rescued, Error> {
    let words = match (phrase(from).await, given) {
        (Ok(phrase), _) => phrase.expose(),
        (Err(_), Some(given)) => given.expose(),
        (Err(error), None) => return Err(error),
    };
    for table in Table::ALL {
        if !into.scan(table).await?.is_empty() {
            return Err(StoreError::Exists("the new place".to_owned()).into());
        }
    }
    let mut rescue = Rescue {
        from,
        unreadable: 0,
    };
    let mints: Vec<Mint> = rescue.all().await?;
    let keysets: Vec<Keyset> = rescue.all().await?;
    let coins: Vec<Coin> = rescue.all().await?;
    let operations: Vec<Operation> = rescue.all().await?;
    let sent: Vec<Sent> = rescue.all().await?;
    let history: Vec<Entry> = rescue.all().await?;
    let bought: Vec<Bought> = rescue.all().await?;
    let budgets: Vec<Budget> = rescue.all().await?;
    let numbers = operations.iter().map(|o| o.id);
    let numbers = numbers.chain(sent.iter().map(|s| s.id));
    let last = numbers.chain(history.iter().map(|e| e.id)).max();
    let next_id = rescue.next_id().await?.max(last.map_or(1, |id| id + 1));
    let mut batch = Batch::default()
        .put_phrase(&StoredPhrase {
            words: Secret::new(words.to_string()),
            new: false,
        })
        .put_next_id(next_id)
        .put_all(&coins);
    for mint in &mints {
        batch = batch.put(&Mint {
            lane: None,
            ..mint.clone()
        });
    }
    batch = batch
        .put_all(&keysets)
        .put_all(&operations)
        .put_all(&sent)
        .put_all(&history)
        .put_all(&bought)
        .put_all(&budgets);
    batch = rescue.counters(batch).await?;
    into.apply(batch.into_changes()).await?;
    let held = |mint: &Mint| {
        let here = coins.iter().filter(|c| c.mint == mint.url).cloned();
        (mint.url.clone(), worth(&here.collect::<Vec<_>>()))
    };
    Ok(Rescued {
        amounts: mints.iter().map(held).collect(),
        mints: mints.len(),
        tokens: coins.len(),
        sent: sent.len(),
        operations: operations.len(),
        unreadable: rescue.unreadable,
    })
}

struct Rescue<'a, S> {
    from: &'a Sealed<S>,
    unreadable: usize,
}

impl<S: Store> Rescue<'_, S> {
    /// The rows of a table that can be read.
    async fn rows(&mut self, table: Table) -> Result<Vec<(String, Value)>, StoreError> {
        let (rows, unreadable) = self.from.readable(table).await?;
        self.unreadable += unreadable;
        Ok(rows)
    }

    async fn all<T: Record>(&mut self) -> Result<Vec<T>, StoreError> {
        let rows = self.rows(T::TABLE).await?;
        let read = |(_, value): &(String, Value)| json::from_slice(value).ok();
        let all: Vec<T> = rows.iter().filter_map(read).collect();
        self.unreadable += rows.len() - all.len();
        Ok(all)
    }

    async fn next_id(&self) -> Result<u64, StoreError> {
        let (rows, _) = self.from.readable(Table::Meta).await?;
        let next = rows.iter().find(|(key, _)| key == KEY_NEXT_ID);
        Ok(next
            .and_then(|(_, value)| json::from_slice(value).ok())
            .unwrap_or(1))
    }

    /// Counters keep their keys, which are of keyset and lane.
    async fn counters(&mut self, mut batch: Batch) -> Result<Batch, StoreError> {
        for (key, value) in self.rows(Table::Counters).await? {
            match json::from_slice::<Counter>(&value) {
                Ok(counter) => batch = batch.put_counter_as(key, &counter),
                Err(_) => self.unreadable += 1,
            }
        }
        Ok(batch)
    }
}
