//! A store that a passphrase protects, around any other (`docs/decisions/0018-a-sealed-store.md`).
//!
//! With a passphrase every record is sealed and its name hidden. What stays visible is how many records
//! each table has and how long they are. Without one, records are stored as they are.

use crate::error::StoreError;
use crate::store::seal::{FileKey, Passphrase, SEAL_KEY, Seal};
use crate::store::{Change, Store, Table, Value};

/// A store whose records are sealed, if it has a passphrase.
pub struct Sealed<S> {
    inner: S,
    key: Option<FileKey>,
}

impl<S: Store> Sealed<S> {
    /// Returns whether a store needs a passphrase to be opened.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn is_sealed(store: &S) -> Result<bool, StoreError> {
        Ok(store.get(Table::Meta, SEAL_KEY).await?.is_some())
    }

    /// Opens a store; one that needs no passphrase does not look at it.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when it needs a passphrase and there is none, [`StoreError::Passphrase`]
    /// when it is another one.
    pub async fn open(store: S, passphrase: Option<&Passphrase>) -> Result<Self, StoreError> {
        let key = file_key(&store, passphrase).await?;
        Ok(Self { inner: store, key })
    }

    /// Opens a damaged store, to save what can be read. If the record that holds its sealed key is damaged, no sealed
    /// record can be read.
    ///
    /// # Errors
    /// As [`Self::open`], but for the damage.
    pub async fn open_damaged(
        store: S,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, StoreError> {
        let key = match (file_key(&store, passphrase).await, passphrase) {
            // A new key, which opens nothing.
            (Err(StoreError::Damaged { .. }), Some(passphrase)) => {
                Some(FileKey::generate(passphrase)?.0)
            }
            (key, _) => key?,
        };
        Ok(Self { inner: store, key })
    }

    /// The rows of a table that can be read, and how many cannot: of a damaged store.
    ///
    /// # Errors
    /// A [`StoreError`] when the table cannot be read at all.
    pub(crate) async fn readable(
        &self,
        table: Table,
    ) -> Result<(Vec<(String, Value)>, usize), StoreError> {
        let mut rows = self.inner.scan(table).await?;
        rows.retain(|(key, _)| (table, key.as_str()) != (Table::Meta, SEAL_KEY));
        let Some(file) = &self.key else {
            return Ok((rows, 0));
        };
        let all = rows.len();
        let open = |(name, sealed): (String, Value)| file.open(table, &name, &sealed).ok();
        let rows: Vec<_> = rows.into_iter().filter_map(open).collect();
        let unreadable = all - rows.len();
        Ok((rows, unreadable))
    }

    /// Gives the store a passphrase, another one, or none any more. Every record is written anew, under
    /// a new key, in one batch: whoever knows the old passphrase and an old copy of the file does not
    /// learn what comes after.
    ///
    /// # Errors
    /// A [`StoreError`]; then nothing was changed.
    pub async fn set_passphrase(&mut self, new: Option<&Passphrase>) -> Result<(), StoreError> {
        let (mut deletes, mut puts) = (Vec::new(), Vec::new());
        let key = match new {
            None => None,
            Some(passphrase) => {
                let (key, seal) = FileKey::generate(passphrase)?;
                let seal = serde_json::to_vec(&seal)
                    .map_err(|_| StoreError::Failed("a seal has no JSON".to_owned()))?;
                puts.push(Change::Put(Table::Meta, SEAL_KEY.to_owned(), seal.into()));
                Some(key)
            }
        };
        deletes.push(Change::Delete(Table::Meta, SEAL_KEY.to_owned()));
        for table in Table::ALL {
            for (own, value) in self.scan(table).await? {
                deletes.push(Change::Delete(
                    table,
                    stored_name(self.key.as_ref(), table, &own),
                ));
                puts.push(put(key.as_ref(), table, own, value)?);
            }
        }
        deletes.append(&mut puts);
        self.inner.apply(deletes).await?;
        self.key = key;
        Ok(())
    }
}

/// Returns the key of a sealed store's records; `None` if the store is not sealed.
async fn file_key<S: Store>(
    store: &S,
    passphrase: Option<&Passphrase>,
) -> Result<Option<FileKey>, StoreError> {
    let Some(seal) = store.get(Table::Meta, SEAL_KEY).await? else {
        return Ok(None);
    };
    let passphrase = passphrase.ok_or(StoreError::Sealed)?;
    let damaged = |_| StoreError::Damaged {
        table: Table::Meta.name(),
        key: SEAL_KEY.to_owned(),
    };
    let seal: Seal = farthing_protocol::json::from_slice(&seal).map_err(damaged)?;
    Ok(Some(FileKey::unwrap(&seal, passphrase)?))
}

impl<S: Store> Store for Sealed<S> {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Value>, StoreError> {
        let name = stored_name(self.key.as_ref(), table, key);
        let value = self.inner.get(table, &name).await?;
        match (&self.key, value) {
            (Some(file), Some(sealed)) => {
                let (own, value) = file.open(table, &name, &sealed)?;
                let fits = own == key;
                fits.then_some(Some(value)).ok_or(StoreError::Damaged {
                    table: table.name(),
                    key: name,
                })
            }
            (_, value) => Ok(value),
        }
    }

    async fn scan(&self, table: Table) -> Result<Vec<(String, Value)>, StoreError> {
        let mut rows = self.inner.scan(table).await?;
        rows.retain(|(key, _)| (table, key.as_str()) != (Table::Meta, SEAL_KEY));
        if let Some(file) = &self.key {
            let open = |(name, sealed): (String, Value)| file.open(table, &name, &sealed);
            rows = rows.into_iter().map(open).collect::<Result<_, _>>()?;
            rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        Ok(rows)
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let hidden = changes.into_iter().map(|change| match change {
            Change::Put(table, key, value) => put(self.key.as_ref(), table, key, value),
            Change::Delete(table, key) => {
                let name = stored_name(self.key.as_ref(), table, &key);
                Ok(Change::Delete(table, name))
            }
        });
        let hidden = hidden.collect::<Result<_, _>>()?;
        self.inner.apply(hidden).await
    }
}

impl<S> Sealed<S> {
    /// Returns whether a passphrase protects it.
    #[must_use]
    pub fn has_passphrase(&self) -> bool {
        self.key.is_some()
    }
}

/// The name that a record is stored under.
fn stored_name(file: Option<&FileKey>, table: Table, key: &str) -> String {
    file.map_or_else(|| key.to_owned(), |file| file.name(table, key))
}

fn put(
    file: Option<&FileKey>,
    table: Table,
    key: String,
    value: Value,
) -> Result<Change, StoreError> {
    let Some(file) = file else {
        return Ok(Change::Put(table, key, value));
    };
    let sealed = file.seal(table, &key, &value)?;
    Ok(Change::Put(table, file.name(table, &key), sealed))
}
