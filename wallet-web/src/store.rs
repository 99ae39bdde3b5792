//! The wallet's store in IndexedDB.

use std::cell::RefCell;
use std::rc::Rc;

use farthing_wallet::store::{Change, SEAL_KEY, Table, Value};
use farthing_wallet::{Store, StoreError};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::host::{
    apply_changes, close_database, delete_database, get_record, open_database, scan_table, text_of,
};

/// A database with one object store.
///
/// Another tab may put the wallet under another passphrase. What this one would write then, under the former
/// key, nobody could read again. So the record that says how the store is sealed is compared inside each
/// transaction that writes.
#[derive(Clone)]
pub(crate) struct IndexedDb(Rc<Database>);

struct Database {
    handle: JsValue,
    /// How the store is sealed, as this tab knows it; none without a passphrase.
    seal: RefCell<Option<Value>>,
}

impl Drop for Database {
    fn drop(&mut self) {
        close_database(&self.handle);
    }
}

impl IndexedDb {
    pub(crate) async fn open(name: &str) -> Result<Self, StoreError> {
        let handle = open_database(name).await.map_err(failed)?;
        let seal = RefCell::new(None);
        let db = Self(Rc::new(Database { handle, seal }));
        let found = db.get(Table::Meta, SEAL_KEY).await?;
        db.0.seal.replace(found);
        Ok(db)
    }

    pub(crate) async fn delete(name: &str) -> Result<(), StoreError> {
        delete_database(name).await.map(drop).map_err(failed)
    }

    /// Makes sure that the store is sealed as it was when it was opened.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when it is not: it has to be opened again.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        let now = self.get(Table::Meta, SEAL_KEY).await?;
        match *self.0.seal.borrow() == now {
            true => Ok(()),
            false => Err(StoreError::Sealed),
        }
    }
}

/// A failure of IndexedDB. A connection that was closed means that another tab deletes the database.
fn failed(error: JsValue) -> StoreError {
    let name = error.dyn_ref::<js_sys::Error>().map(js_sys::Error::name);
    let is = |expected: &str| name.as_ref().is_some_and(|name| name == expected);
    if is("InvalidStateError") {
        StoreError::Missing("this browser".to_owned())
    } else if is("QuotaExceededError") {
        StoreError::Full
    } else {
        StoreError::Failed(text_of(&error))
    }
}

fn bytes(value: &JsValue) -> Value {
    Zeroizing::new(Uint8Array::new(value).to_vec())
}

impl Store for IndexedDb {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Value>, StoreError> {
        let found = get_record(&self.0.handle, table.name(), key).await;
        let found = found.map_err(failed)?;
        Ok((!found.is_undefined()).then(|| bytes(&found)))
    }

    async fn scan(&self, table: Table) -> Result<Vec<(String, Value)>, StoreError> {
        let found = scan_table(&self.0.handle, table.name()).await;
        let found = Array::from(&found.map_err(failed)?);
        let row = |row: JsValue| {
            let row = Array::from(&row);
            let key = row.get(0).as_string();
            (key.expect("keys are texts"), bytes(&row.get(1)))
        };
        Ok(by_bytes(found.iter().map(row).collect()))
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut seal = self.0.seal.borrow().clone();
        let expected = seal
            .as_ref()
            .map(|bytes| Uint8Array::from(bytes.as_slice()));
        let list = Array::new();
        for change in changes {
            let (table, key) = match &change {
                Change::Put(table, key, _) | Change::Delete(table, key) => (*table, key.as_str()),
            };
            let row = Array::of2(&table.name().into(), &key.into());
            let is_seal = (table, key) == (Table::Meta, SEAL_KEY);
            let value = match change {
                Change::Put(_, _, value) => Some(value),
                Change::Delete(..) => None,
            };
            if let Some(value) = &value {
                row.push(&Uint8Array::from(value.as_slice()));
            }
            list.push(&row);
            if is_seal {
                seal = value;
            }
        }
        let guard = Array::of2(&Table::Meta.name().into(), &SEAL_KEY.into());
        let applied = apply_changes(&self.0.handle, list, guard, expected).await;
        if applied.map_err(failed)?.is_falsy() {
            return Err(StoreError::Sealed);
        }
        self.0.seal.replace(seal);
        Ok(())
    }
}

/// Rows in the order of their keys' bytes, which the wallet expects. IndexedDB compares UTF-16 units.
fn by_bytes(mut rows: Vec<(String, Value)>) -> Vec<(String, Value)> {
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_the_order_of_their_keys_bytes() {
        // In UTF-16 U+10000 is D800 DC00, and before U+FFFD; in UTF-8 it comes after it.
        let rows =
            ["\u{10000}", "b", "\u{fffd}", "a"].map(|key| (key.to_owned(), Value::default()));
        let sorted = by_bytes(rows.into());
        let keys: Vec<&str> = sorted.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "\u{fffd}", "\u{10000}"]);
    }
}
