//! The record's SQL.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use farthing_protocol::{Secret, keyset};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{Form, Known, PaymentStatus, Presented, Ticket};
use crate::error::Error;
use crate::keys::Mark;
use crate::private;

const SCHEMA_VERSION: i32 = 2;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long [`Store::empty_log`] waits for other connections.
const LOG_TIMEOUT: Duration = Duration::from_millis(100);
/// Up to how many pages of 4,096 bytes [`Store::tidy`] rewrites a file: 64 MiB, about a second.
const TIDY_PAGES_MAX: u32 = 16_384;

/// The open record.
pub(crate) struct Store {
    connection: Connection,
    /// Says that the record is this paywall's.
    _owned: File,
}

/// Tokens that are redeemed in one request.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// Empty when there is nothing to redeem.
    pub(crate) tokens: Vec<Unredeemed>,
    /// The reference of the request; a batch of version 1 has none.
    pub(crate) reference: Option<[u8; 32]>,
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
    /// Opens the record in `path`, or makes it; `key_is_old` when the publisher's key was there before, so
    /// that a record that has to be created again has a gap.
    ///
    /// # Errors
    /// [`Error::Records`], [`Error::File`]; [`Error::Settings`] for one of a later version, or when another
    /// paywall has it.
    pub(crate) fn open(path: &Path, key_is_old: bool) -> Result<Self, Error> {
        let owned = private::own(path)?;
        // Made beforehand, so that it is never readable by others.
        let mut options = farthing_service::private::options();
        let created = options.append(true).create(true).open(path);
        created.map_err(Error::file(path))?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // What is deleted is wiped: marks and tokens.
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.set_prepared_statement_cache_capacity(32);
        match connection.query_row("PRAGMA user_version", [], |row| row.get(0))? {
            0 => {
                let schema = include_str!("schema.sql");
                let gap = if key_is_old {
                    "INSERT INTO gap VALUES (unixepoch() / 86400);"
                } else {
                    ""
                };
                connection.execute_batch(&format!(
                    "BEGIN IMMEDIATE; {schema} {gap} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
                ))?;
            }
            1 => {
                let to_2 = include_str!("to_2.sql");
                connection.execute_batch(&format!(
                    "BEGIN IMMEDIATE; {to_2} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
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
        Ok(Self {
            connection,
            _owned: owned,
        })
    }

    /// Returns whether locked tokens may have been taken that this record does not know.
    ///
    /// # Errors
    /// SQLite's.
    pub(crate) fn has_gap(&self) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM gap)";
        self.connection.query_row(sql, [], |row| row.get(0))
    }

    /// Rewrites the file in the order of its keys, and empties the write-ahead log: neither shows in which order
    /// payments came. Returns whether the log was emptied, as [`Self::empty_log`] does.
    pub(super) fn tidy(&self) -> rusqlite::Result<bool> {
        let pages = self
            .connection
            .pragma_query_value(None, "page_count", |row| row.get::<_, u32>(0))?;
        if pages <= TIDY_PAGES_MAX {
            self.connection.execute_batch("VACUUM")?;
        }
        self.empty_log()
    }

    /// Empties the write-ahead log. Returns whether that was done: it is not while another connection reads or writes
    /// for longer than a moment.
    pub(super) fn empty_log(&self) -> rusqlite::Result<bool> {
        self.connection.busy_timeout(LOG_TIMEOUT)?;
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy = self
            .connection
            .query_row(truncate, [], |row| row.get::<_, bool>(0));
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(!busy?)
    }

    /// All of `work` or nothing of it, durably.
    pub(super) fn transaction(
        &self,
        work: impl FnOnce() -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        // Immediate: one that reads first would fail at once while another connection writes, and not wait.
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&self.connection, behavior)?;
        work()?;
        transaction.commit()
    }

    /// Records a payment unless some of its tokens were presented before. Returns its state.
    pub(super) fn present(&self, presented: &Presented) -> rusqlite::Result<PaymentStatus> {
        let known = self.known(&presented.marks)?;
        // Equal purposes cover equal tokens: either all of them are known, or none.
        if known.is_empty() {
            if !presented.may_be_new {
                return Ok(PaymentStatus::Unknown);
            }
            self.insert(presented)?;
            return Ok(PaymentStatus::New);
        }
        let all = |purpose| known.iter().all(|known| known.purpose == Some(purpose));
        let form = if all(presented.purpose) {
            Form::Referenced
        } else if all(presented.purpose_v1) {
            Form::Version1
        } else {
            let charged = known.iter().any(|known| known.charged);
            return Ok(PaymentStatus::Bound { charged });
        };
        if known.iter().all(|known| known.charged) {
            return Ok(PaymentStatus::Charged(form));
        }
        let sql = "UPDATE presented SET waiting = waiting + 1, day = ?2 WHERE mark = ?1";
        let mut update = self.connection.prepare_cached(sql)?;
        for mark in &presented.marks {
            update.execute(params![mark, presented.day])?;
        }
        Ok(PaymentStatus::Again(form))
    }

    fn insert(&self, presented: &Presented) -> rusqlite::Result<()> {
        let is_locked = !presented.locked.is_empty();
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO presented VALUES (?1, ?2, ?3, ?4, ?4, 1)")?;
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

    /// Returns those of these tokens that were presented before.
    pub(super) fn known(&self, marks: &[Mark]) -> rusqlite::Result<Vec<Known>> {
        let mut find = self
            .connection
            .prepare_cached("SELECT purpose, charged FROM presented WHERE mark = ?1")?;
        let mut all = Vec::new();
        for mark in marks {
            let known = find.query_row([mark], |row| {
                Ok(Known {
                    purpose: row.get(0)?,
                    charged: row.get(1)?,
                })
            });
            all.extend(known.optional()?);
        }
        Ok(all)
    }

    /// Notes that the mint has redeemed it for this: that decides, whatever else the record says.
    pub(super) fn charge(&self, ticket: &Ticket, day: i64) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO presented VALUES (?1, ?2, ?3, 1, 0, 0) ON CONFLICT (mark) DO UPDATE \
             SET purpose = excluded.purpose, day = excluded.day, charged = 1 WHERE charged = 0",
        )?;
        for mark in &ticket.marks {
            statement.execute(params![mark, ticket.purpose, day])?;
        }
        Ok(())
    }

    /// Takes one presentation back, and forgets a payment that no request waits for.
    pub(super) fn release(&self, ticket: &Ticket) -> rusqlite::Result<()> {
        let of = "WHERE mark = ?1 AND purpose = ?2 AND charged = 0";
        let mut update = self
            .connection
            .prepare_cached(&format!("UPDATE presented SET waiting = waiting - 1 {of}"))?;
        let mut delete = self
            .connection
            .prepare_cached(&format!("DELETE FROM presented {of} AND waiting <= 0"))?;
        for mark in &ticket.marks {
            update.execute(params![mark, ticket.purpose])?;
            delete.execute(params![mark, ticket.purpose])?;
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
    /// there is nothing to redeem, or nothing that is worth more than the mint's fee of `fee_ppk`
    /// thousandths for each token: that waits for more.
    pub(crate) fn next_batch(&self, max: usize, fee_ppk: u64) -> rusqlite::Result<Batch> {
        let open: Option<i64> = self.connection.query_row(
            "SELECT min(batch) FROM unredeemed WHERE batch IS NOT NULL",
            [],
            |row| row.get(0),
        )?;
        let batch = match open {
            Some(batch) => batch,
            None => self.new_batch(max, fee_ppk)?,
        };
        let mut select = self.connection.prepare_cached(
            "SELECT id, input, amount, reference FROM unredeemed WHERE batch = ?1 ORDER BY id",
        )?;
        let mut reference = None;
        let rows = select.query_map([batch], |row| {
            // All tokens of a batch have the same one.
            reference = row.get(3)?;
            Ok(Unredeemed {
                id: row.get(0)?,
                input: Secret::new(row.get(1)?),
                amount: row.get(2)?,
            })
        })?;
        let tokens = rows.collect::<rusqlite::Result<_>>()?;
        Ok(Batch { tokens, reference })
    }

    /// All that waits to be redeemed.
    pub(crate) fn unredeemed(&self) -> rusqlite::Result<Vec<Secret>> {
        let mut select = self
            .connection
            .prepare("SELECT input FROM unredeemed ORDER BY id")?;
        let inputs = select.query_map([], |row| row.get(0).map(Secret::new))?;
        inputs.collect()
    }

    fn new_batch(&self, max: usize, fee_ppk: u64) -> rusqlite::Result<i64> {
        // The largest first: what is worth less than its fee hinders no other.
        let largest = "FROM unredeemed ORDER BY amount DESC, id LIMIT ?1";
        let sum =
            format!("SELECT count(*), coalesce(sum(amount), 0) FROM (SELECT amount {largest})");
        let sum = self.connection.query_row(&sum, [max], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?))
        });
        let (count, worth) = sum?;
        if worth > keyset::fee(fee_ppk.saturating_mul(count)) {
            let random = "SELECT randomblob(32)";
            let reference: [u8; 32] = self.connection.query_row(random, [], |row| row.get(0))?;
            // Only when no batch is open: numbers begin again, and say nothing.
            let begin = format!(
                "UPDATE unredeemed SET batch = 1, reference = ?2 WHERE id IN (SELECT id {largest})"
            );
            self.connection.execute(&begin, params![max, reference])?;
        }
        Ok(1)
    }

    /// Puts the later half of a refused batch into a batch of its own, each with a new reference. One token
    /// each would be found as surely, and cost the mint's fee for each of them. The writer's transaction is
    /// around it.
    pub(crate) fn split_batch(&self, tokens: &[Unredeemed]) -> rusqlite::Result<()> {
        let next = "SELECT coalesce(max(batch), 0) + 1 FROM unredeemed";
        let next: i64 = self.connection.query_row(next, [], |row| row.get(0))?;
        let (first, later) = tokens.split_at(tokens.len().div_ceil(2));
        for (number, half) in [(None, first), (Some(next), later)] {
            let random = "SELECT randomblob(32)";
            let reference: [u8; 32] = self.connection.query_row(random, [], |row| row.get(0))?;
            let mut update = self.connection.prepare_cached(
                "UPDATE unredeemed SET batch = coalesce(?1, batch), reference = ?2 WHERE id = ?3",
            )?;
            for token in half {
                update.execute(params![number, reference, token.id])?;
            }
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
