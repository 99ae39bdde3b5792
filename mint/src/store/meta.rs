//! What the store keeps once: names, and the values under them.

use rusqlite::types::{FromSql, ToSql};
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::Result;

/// In a copy: the Unix time at which it was begun, to the minute.
pub(super) const COPIED: &str = "copied";
pub(super) const LOG: &str = "spent_log";
pub(super) const LOG_START: &str = "spent_log_start";
pub(super) const LOG_TAIL: &str = "spent_log_tail";
pub(super) const QUARANTINE: &str = "quarantine";
pub(super) const QUARANTINE_LAST: &str = "quarantine_last";
pub(super) const QUARANTINE_SIGNING: &str = "quarantine_signing";
pub(super) const QUARANTINE_REPLAYED: &str = "quarantine_replayed";

pub(super) fn get_meta<T: FromSql>(connection: &Connection, name: &str) -> Result<Option<T>> {
    let sql = "SELECT value FROM meta WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

pub(super) fn set_meta(connection: &Connection, name: &str, value: &dyn ToSql) -> Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    connection.prepare_cached(sql)?.execute((name, value))?;
    Ok(())
}
