//! The record's SQL.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use farthing_protocol::Secret;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Presented, Standing};
use crate::error::Error;
use crate::keys::Mark;

const SCHEMA_VERSION: i32 = 1;

/// The open record.
pub(crate) struct Store {
    connection: Connection,
}

/// A token to redeem.
#[derive(Clone, Debug)]
pub(crate) struct Unredeemed {
    pub(crate) id: i64,
    /// The input, JSON without a witness.
    pub(crate) input: Secret,
    pub(crate) amount: u64,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        // Made beforehand, so that it is never readable by others.
        std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(Error::file(path))?;
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // What is deleted is wiped: marks and tokens.
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(32);
        match connection.query_row("PRAGMA user_version", [], |row| row.get(0))? {
            0 => {
                let schema = include_str!("schema.sql");
                connection.execute_batch(&format!(
                    "BEGIN; {schema} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
                ))?;
            }
            SCHEMA_VERSION => {}
            other => {
                let shown = path.display();
                return Err(Error::Settings(format!(
                    "{shown}: this record is of version {other}; this paywall knows {SCHEMA_VERSION}"
                )));
            }
        }
        Ok(Self { connection })
    }

    /// All of `work` or nothing of it, durably.
    pub(super) fn transaction(
        &self,
        work: impl FnOnce() -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.unchecked_transaction()?;
        work()?;
        transaction.commit()
    }

    /// Records a payment unless some of its tokens were presented before; tells how it stands.
    pub(super) fn present(&self, presented: &Presented) -> rusqlite::Result<Standing> {
        let mut find = self
            .connection
            .prepare_cached("SELECT purpose, charged FROM presented WHERE mark = ?1")?;
        let mut known = Vec::new();
        for mark in &presented.marks {
            let row = find
                .query_row([mark], |row| {
                    Ok((row.get::<_, Option<[u8; 32]>>(0)?, row.get(1)?))
                })
                .optional()?;
            known.extend(row);
        }
        // Equal purposes cover equal tokens: either all of them are known, or none.
        if known.is_empty() {
            self.insert(presented)?;
            return Ok(Standing::New);
        }
        let same = known
            .iter()
            .all(|(purpose, _)| *purpose == Some(presented.purpose));
        Ok(match (same, known.iter().all(|(_, charged)| *charged)) {
            (false, _) => Standing::Bound,
            (true, false) => Standing::Again,
            (true, true) => Standing::Charged,
        })
    }

    fn insert(&self, presented: &Presented) -> rusqlite::Result<()> {
        let is_locked = !presented.locked.is_empty();
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO presented VALUES (?1, ?2, ?3, ?4, ?4)")?;
        for mark in &presented.marks {
            insert.execute(params![mark, presented.purpose, presented.day, is_locked])?;
        }
        let mut queue = self
            .connection
            .prepare_cached("INSERT INTO unredeemed (input, amount) VALUES (?1, ?2)")?;
        for token in &presented.locked {
            queue.execute(params![token.input.expose(), token.amount])?;
        }
        Ok(())
    }

    pub(super) fn charge(&self, marks: &[Mark]) -> rusqlite::Result<()> {
        let sql = "UPDATE presented SET charged = 1 WHERE mark = ?1";
        self.for_each(sql, marks)
    }

    /// Forgets what was not charged.
    pub(super) fn withdraw(&self, marks: &[Mark]) -> rusqlite::Result<()> {
        let sql = "DELETE FROM presented WHERE mark = ?1 AND charged = 0";
        self.for_each(sql, marks)
    }

    fn for_each(&self, sql: &str, marks: &[Mark]) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        for mark in marks {
            statement.execute([mark])?;
        }
        Ok(())
    }

    /// Forgets what tokens were presented for before `day`, and the marks that the mint stands for.
    pub(super) fn forget(&self, day: i64) -> rusqlite::Result<()> {
        let old = "purpose IS NOT NULL AND day < ?1";
        let delete = format!("DELETE FROM presented WHERE locked = 0 AND {old}");
        self.connection.execute(&delete, [day])?;
        let blank = format!("UPDATE presented SET purpose = NULL WHERE {old}");
        self.connection.execute(&blank, [day])?;
        Ok(())
    }

    /// The oldest batch that was not answered yet, or a new one of at most `max` tokens; empty when
    /// there is nothing to redeem.
    pub(crate) fn next_batch(&self, max: usize) -> rusqlite::Result<Vec<Unredeemed>> {
        let open: Option<i64> = self.connection.query_row(
            "SELECT min(batch) FROM unredeemed WHERE batch IS NOT NULL",
            [],
            |row| row.get(0),
        )?;
        let batch = match open {
            Some(batch) => batch,
            None => self.new_batch(max)?,
        };
        let mut select = self.connection.prepare_cached(
            "SELECT id, input, amount FROM unredeemed WHERE batch = ?1 ORDER BY id",
        )?;
        let rows = select.query_map([batch], |row| {
            Ok(Unredeemed {
                id: row.get(0)?,
                input: Secret::new(row.get(1)?),
                amount: row.get(2)?,
            })
        })?;
        rows.collect()
    }

    /// All that waits to be redeemed.
    pub(crate) fn unredeemed(&self) -> rusqlite::Result<Vec<Secret>> {
        let mut select = self
            .connection
            .prepare("SELECT input FROM unredeemed ORDER BY id")?;
        let inputs = select.query_map([], |row| row.get(0).map(Secret::new))?;
        inputs.collect()
    }

    fn new_batch(&self, max: usize) -> rusqlite::Result<i64> {
        // Only when no batch is open: numbers begin again, and say nothing.
        self.connection.execute(
            "UPDATE unredeemed SET batch = 1 WHERE id IN (SELECT id FROM unredeemed ORDER BY id LIMIT ?1)",
            [max],
        )?;
        Ok(1)
    }

    /// Puts the tokens of a refused batch into batches of their own, one each.
    pub(crate) fn split_batch(&self, tokens: &[Unredeemed]) -> rusqlite::Result<()> {
        let mut update = self
            .connection
            .prepare_cached("UPDATE unredeemed SET batch = ?1 WHERE id = ?2")?;
        for (number, token) in (2i64..).zip(tokens) {
            update.execute(params![number, token.id])?;
        }
        Ok(())
    }

    /// Takes redeemed tokens out.
    pub(crate) fn redeemed(&self, tokens: &[Unredeemed]) -> rusqlite::Result<()> {
        let mut delete = self
            .connection
            .prepare_cached("DELETE FROM unredeemed WHERE id = ?1")?;
        for token in tokens {
            delete.execute([token.id])?;
        }
        Ok(())
    }

    /// Takes a token out that the mint refuses, and notes the loss.
    pub(crate) fn lost(&self, token: &Unredeemed, day: i64, reason: &str) -> rusqlite::Result<()> {
        self.connection.execute(
            "INSERT INTO refused (amount, day, reason) VALUES (?1, ?2, ?3)",
            params![token.amount, day, reason],
        )?;
        self.redeemed(std::slice::from_ref(token))
    }
}
