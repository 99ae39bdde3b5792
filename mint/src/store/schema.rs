//! The store's schema: made new, or brought up to date.
//!
//! Each version but the first has a migration in `migrations/`, named by its number. A new store is made
//! of `schema.sql`, the version that the migrations begin with, and of all migrations, so that a new store
//! and an old one that was brought up to date are the same.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Result;

/// The version of `schema.sql`. There are no stores of older versions.
const BASE: i32 = 2;
/// What leads from each version to the next, beginning with [`BASE`].
const MIGRATIONS: [&str; 1] = [include_str!("migrations/3.sql")];
/// The version that this program works with, kept in SQLite's `user_version`.
pub(super) const VERSION: i32 = BASE + MIGRATIONS.len() as i32;

/// Makes an empty store for one unit.
pub(super) fn create(connection: &mut Connection, unit: &str) -> Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(include_str!("schema.sql"))?;
    transaction.execute("INSERT INTO meta VALUES ('unit', ?1)", [unit])?;
    for migration in MIGRATIONS {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

/// Brings a store of an older version up to date, in one transaction; returns the version that it then has,
/// which is another than [`VERSION`] for a store that is not of this program's making.
pub(super) fn migrate(connection: &mut Connection) -> Result<i32> {
    let found = version(connection)?;
    if !(BASE..VERSION).contains(&found) {
        return Ok(found);
    }
    let behavior = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(behavior)?;
    // Another process may have done it while this one waited.
    let found = version(&transaction)?;
    let done = usize::try_from(found - BASE).unwrap_or(usize::MAX);
    let due = MIGRATIONS.get(done..).unwrap_or_default();
    for migration in due {
        transaction.execute_batch(migration)?;
    }
    if !due.is_empty() {
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    version(connection)
}

fn version(connection: &Connection) -> Result<i32> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
