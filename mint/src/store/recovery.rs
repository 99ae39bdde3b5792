//! What the store knows of its spent log, and of a quarantine after a restore.

use rusqlite::Connection;

use super::batch::Batch;
use super::meta::{
    COPIED, LOG, LOG_START, LOG_TAIL, QUARANTINE, QUARANTINE_LAST, QUARANTINE_REPLAYED,
    QUARANTINE_SIGNING, get_meta, set_meta,
};
use super::view::View;
use crate::domain::{FEES, SUSPENSE};
use crate::error::{Error, Result};

/// Where the spent log ends, as the store knows it: its last frame, which was committed here before it
/// was written there, and so can be written again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// Which log it is.
    pub id: [u8; 16],
    /// Where in the file the last frame begins.
    pub start: u64,
    /// The last frame, byte for byte; empty when there was none yet.
    pub tail: Vec<u8>,
}

/// What a restored store is in quarantine for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// The Unix time at which the copy was made, to the minute.
    pub copied: i64,
    /// The keysets up to this index are of before the restore.
    pub last: u32,
    /// Those from this index on signed after the copy, or may have.
    pub signing: u32,
    /// The sum of the spent tokens that were replayed so far.
    pub replayed: i64,
    /// Where the spent log ended when the copy was made; `None` when there was no log.
    pub log: Option<LogPlace>,
}

impl View {
    /// Returns where the spent log ends; `None` when none is kept.
    pub fn log_place(&self) -> Result<Option<LogPlace>> {
        log_place(&self.0, "")
    }

    /// Returns the quarantine; `None` when there is none.
    pub fn quarantine(&self) -> Result<Option<Quarantine>> {
        quarantine(&self.0)
    }

    /// Returns the sum of what all holders' accounts have.
    pub fn accounts_total(&self) -> Result<i64> {
        let sql = "SELECT coalesce(sum(balance), 0) FROM accounts WHERE id > ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([FEES], |row| row.get(0))?)
    }
}

impl Batch<'_> {
    /// Begins or ends the keeping of a log.
    pub fn set_log_place(&self, place: Option<&LogPlace>) -> Result<()> {
        let sql = "DELETE FROM meta WHERE name IN (?1, ?2, ?3)";
        self.transaction.execute(sql, [LOG, LOG_START, LOG_TAIL])?;
        if let Some(LogPlace { id, start, tail }) = place {
            set_meta(&self.transaction, LOG, id)?;
            set_meta(&self.transaction, LOG_START, &start.cast_signed())?;
            set_meta(&self.transaction, LOG_TAIL, tail)?;
        }
        Ok(())
    }

    /// Remembers the frame that is about to be written at `start` of the log.
    ///
    /// # Errors
    /// [`Error::Invariant`] when the store keeps no log; [`Error::Store`].
    pub fn set_log_tail(&self, start: u64, tail: &[u8]) -> Result<()> {
        let sql = "UPDATE meta SET value = ?2 WHERE name = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let changed = statement.execute((LOG_START, start.cast_signed()))?
            + statement.execute((LOG_TAIL, tail))?;
        if changed == 2 {
            Ok(())
        } else {
            Err(Error::Invariant("the store no longer keeps a spent log"))
        }
    }

    /// Makes a quarantine of what the store knows: its log is not continued, but remembered as what
    /// may lift the quarantine.
    pub fn begin_quarantine(&self, copied: i64, last: u32, signing: u32) -> Result<()> {
        for name in [LOG, LOG_START, LOG_TAIL] {
            let sql = "UPDATE meta SET name = ?2 WHERE name = ?1";
            let renamed = format!("{QUARANTINE}_{name}");
            self.transaction.execute(sql, (name, renamed))?;
        }
        // It is no longer a copy, and must not pass for one.
        let sql = "DELETE FROM meta WHERE name = ?1";
        self.transaction.execute(sql, [COPIED])?;
        set_meta(&self.transaction, QUARANTINE, &copied)?;
        set_meta(&self.transaction, QUARANTINE_LAST, &last)?;
        set_meta(&self.transaction, QUARANTINE_SIGNING, &signing)?;
        set_meta(&self.transaction, QUARANTINE_REPLAYED, &0)
    }

    /// Remembers the sum of the spent tokens that were replayed so far.
    pub fn set_replayed(&self, replayed: i64) -> Result<()> {
        set_meta(&self.transaction, QUARANTINE_REPLAYED, &replayed)
    }

    /// Ends the quarantine.
    pub fn end_quarantine(&self) -> Result<()> {
        // `substr`, since the underscore is a wildcard to LIKE.
        let sql = "DELETE FROM meta WHERE substr(name, 1, ?2) = ?1";
        self.transaction
            .execute(sql, (QUARANTINE, QUARANTINE.len()))?;
        Ok(())
    }

    /// Changes the suspense account's balance without a posting: for tokens whose signing this store
    /// never saw, whose sum the keysets keep.
    ///
    /// # Errors
    /// [`Error::Invariant`] when there is no such account; [`Error::Store`].
    pub fn change_suspense(&self, by: i64) -> Result<()> {
        let account = self.account(SUSPENSE)?;
        let account = account.ok_or(Error::Invariant("no suspense account"))?;
        let balance = account.balance.checked_add(by);
        let balance = balance.ok_or(Error::Invariant("a balance beyond 63 bits"))?;
        self.set_balance(SUSPENSE, balance)
    }
}

fn log_place(connection: &Connection, prefix: &str) -> Result<Option<LogPlace>> {
    let name = |name: &str| format!("{prefix}{name}");
    let Some(id) = get_meta(connection, &name(LOG))? else {
        return Ok(None);
    };
    let damaged = || Error::Invariant("the store does not know where its spent log ends");
    let start: i64 = get_meta(connection, &name(LOG_START))?.ok_or_else(damaged)?;
    let tail = get_meta(connection, &name(LOG_TAIL))?.ok_or_else(damaged)?;
    Ok(Some(LogPlace {
        id,
        start: start.cast_unsigned(),
        tail,
    }))
}

const DAMAGED: Error = Error::Invariant("the quarantine's record is damaged");

fn quarantine(connection: &Connection) -> Result<Option<Quarantine>> {
    let Some(copied) = get_meta(connection, QUARANTINE)? else {
        return Ok(None);
    };
    let number = |name: &str| -> Result<i64> {
        let found = get_meta(connection, name)?;
        found.ok_or(DAMAGED)
    };
    let index = |name: &str| -> Result<u32> { u32::try_from(number(name)?).map_err(|_| DAMAGED) };
    Ok(Some(Quarantine {
        copied,
        last: index(QUARANTINE_LAST)?,
        signing: index(QUARANTINE_SIGNING)?,
        replayed: number(QUARANTINE_REPLAYED)?,
        log: log_place(connection, &format!("{QUARANTINE}_"))?,
    }))
}
