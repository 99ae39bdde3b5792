//! Writing: one batch is one database transaction and one fsync.

use std::ops::Deref;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::BUSY_TIMEOUT;
use super::rows::{Counters, KeysetRow};
use super::view::View;
use crate::domain::{KeysetState, Mark, RequestDigest};
use crate::error::Result;

/// Up to how many pages of 4,096 bytes [`Writer::tidy`] rewrites a file: 64 MiB, about a second.
const TIDY_PAGES_MAX: u32 = 16_384;

/// How long [`Writer::empty_log`] waits for other connections.
const LOG_TIMEOUT: Duration = Duration::from_millis(100);

/// A connection that writes, in batches.
#[derive(Debug)]
pub struct Writer {
    pub(super) view: View,
}

/// One database transaction that holds the write lock: nothing else writes until it is committed or
/// dropped. Dropped without [`Batch::commit`], it never happened.
#[derive(Debug)]
pub struct Batch<'w> {
    view: &'w View,
    pub(super) transaction: Transaction<'w>,
}

impl Deref for Batch<'_> {
    type Target = View;

    fn deref(&self) -> &View {
        self.view
    }
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            view: View(connection),
        }
    }

    /// Begins a batch; waits for another process to finish its own.
    ///
    /// # Errors
    /// [`crate::Error::Store`], also when the wait was too long.
    pub fn begin(&mut self) -> Result<Batch<'_>> {
        let behavior = TransactionBehavior::Immediate;
        // No other transaction is open on it: this one takes the writer until it ends.
        let transaction = Transaction::new_unchecked(&self.view.0, behavior)?;
        Ok(Batch {
            view: &self.view,
            transaction,
        })
    }

    /// Rewrites the file in the order of its keys, and empties the write-ahead log.
    ///
    /// SQLite lays rows into a page in the order they come, whatever their key: raw pages, and the log
    /// of the last batches, would show which tokens were written together. Afterwards they do not. A
    /// file of more than `TIDY_PAGES_MAX` pages is left as it is, but for the log: it would keep the
    /// mint waiting, and few of its tokens share a page with their neighbours in time.
    ///
    /// Returns whether the log was emptied, as [`Self::empty_log`] does.
    ///
    /// # Errors
    /// [`crate::Error::Store`]; then the file is as it was.
    pub fn tidy(&self) -> Result<bool> {
        let pages = self
            .view
            .0
            .pragma_query_value(None, "page_count", |row| row.get::<_, u32>(0))?;
        if pages <= TIDY_PAGES_MAX {
            self.view.0.execute_batch("VACUUM")?;
        }
        self.empty_log()
    }

    /// Empties the write-ahead log: all of it goes into the file, and its own file becomes empty. Returns whether that
    /// was done. It is not while another connection reads or writes for longer than a moment, since the next batch would
    /// wait for that one.
    ///
    /// # Errors
    /// [`crate::Error::Store`]; then the log holds what it did.
    pub fn empty_log(&self) -> Result<bool> {
        let connection = &self.view.0;
        connection.busy_timeout(LOG_TIMEOUT)?;
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy = connection.query_row(truncate, [], |row| row.get::<_, bool>(0));
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(!busy?)
    }
}

impl Batch<'_> {
    /// Makes the batch durable: returns after the fsync.
    ///
    /// # Errors
    /// [`crate::Error::Store`]; then nothing of the batch happened.
    pub fn commit(self) -> Result<()> {
        Ok(self.transaction.commit()?)
    }

    /// Sets a keyset's counters.
    pub fn set_counters(&self, index: u32, counters: &Counters) -> Result<()> {
        let sql = "UPDATE keysets SET issued = ?2, redeemed = ?3, held = ?4, unseen = ?5,
                   allowance = ?6 WHERE idx = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let Counters {
            issued,
            redeemed,
            held,
            unseen,
            allowance,
            state: _,
            is_auth: _,
        } = counters;
        statement.execute((index, issued, redeemed, held, unseen, allowance))?;
        Ok(())
    }

    /// Adds a keyset.
    ///
    /// # Errors
    /// [`crate::Error::Store`], also when its index or id is taken.
    pub fn add_keyset(&self, row: &KeysetRow) -> Result<()> {
        self.transaction.execute(
            "INSERT INTO keysets (idx, id, unit, amounts, input_fee_ppk, final_expiry, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                row.terms.index,
                row.id.as_bytes(),
                row.terms.unit,
                row.terms.amounts,
                row.terms.input_fee_ppk,
                row.terms.final_expiry,
                row.state.as_str(),
            ],
        )?;
        self.bump_revision()
    }

    /// Sets what a keyset may be used for.
    pub fn set_keyset_state(&self, index: u32, state: KeysetState) -> Result<()> {
        let sql = "UPDATE keysets SET state = ?2 WHERE idx = ?1";
        self.transaction.execute(sql, (index, state.as_str()))?;
        self.bump_revision()
    }

    fn bump_revision(&self) -> Result<()> {
        let sql = "UPDATE meta SET value = value + 1 WHERE name = 'revision'";
        self.transaction.execute(sql, [])?;
        Ok(())
    }

    /// Remembers a token as spent.
    ///
    /// # Errors
    /// [`crate::Error::Store`], also when it was remembered before.
    pub fn add_spent(
        &self,
        mark: &Mark,
        keyset: u32,
        amount: u64,
        preimage: Option<&[u8; 32]>,
    ) -> Result<()> {
        let sql = "INSERT INTO spent (mark, keyset, amount, preimage) VALUES (?1, ?2, ?3, ?4)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute((mark, keyset, amount, preimage))?;
        Ok(())
    }

    /// Remembers an output as signed.
    ///
    /// # Errors
    /// [`crate::Error::Store`], also when it was remembered before.
    pub fn add_signed(&self, mark: &Mark, keyset: u32, amount: u64) -> Result<()> {
        let sql = "INSERT INTO signed (mark, keyset, amount) VALUES (?1, ?2, ?3)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute((mark, keyset, amount))?;
        Ok(())
    }

    /// Remembers a request as answered today.
    pub fn add_request(&self, digest: &RequestDigest, today: i64) -> Result<()> {
        // What came to nothing, as a payment may, can be asked for again on the same day.
        let sql = "INSERT OR IGNORE INTO requests (day, digest) VALUES (?1, ?2)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute((today, digest))?;
        Ok(())
    }

    /// Forgets requests answered before the day `oldest`.
    pub fn forget_requests(&self, oldest: i64) -> Result<()> {
        let sql = "DELETE FROM requests WHERE day < ?1";
        self.transaction.execute(sql, [oldest])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::store::Store;

    /// A leaf page of a table without row ids: a byte 10, the number of cells at 3, and from 8 on
    /// where each cell is, in the order of the keys (SQLite's file format, section 1.6).
    fn cells_in_key_order(file: &[u8]) -> Vec<bool> {
        let leaves = file.chunks(4096).filter(|page| page[0] == 10);
        let number = |page: &[u8], at: usize| u16::from_be_bytes([page[at], page[at + 1]]);
        let places = leaves.map(|page| {
            let count = usize::from(number(page, 3));
            (0..count)
                .map(|i| number(page, 8 + 2 * i))
                .collect::<Vec<_>>()
        });
        places
            .filter(|places| places.len() > 10)
            .map(|places| places.is_sorted_by(|a, b| a > b))
            .collect()
    }

    #[test]
    fn a_tidied_file_does_not_keep_the_order_of_arrival() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mint.sqlite");
        let mut writer = Store::create(&path, "credit").unwrap().writer().unwrap();
        for i in 0..40u8 {
            let batch = writer.begin().unwrap();
            let mark = [i.wrapping_mul(101); 16];
            batch.add_spent(&mark, 1, 1, None).unwrap();
            batch.add_signed(&mark.map(|b| b ^ 0x5a), 1, 1).unwrap();
            batch.commit().unwrap();
        }
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        writer.view.0.query_row(checkpoint, [], |_| Ok(())).unwrap();
        let before = cells_in_key_order(&std::fs::read(&path).unwrap());
        assert_eq!(
            before,
            [false, false],
            "the test would see the order of arrival"
        );

        writer.tidy().unwrap();
        let after = cells_in_key_order(&std::fs::read(&path).unwrap());
        assert_eq!(after, [true, true]);
        let wal = dir.path().join("mint.sqlite-wal");
        assert_eq!(std::fs::metadata(wal).unwrap().len(), 0);
    }

    #[test]
    fn a_log_that_somebody_reads_is_emptied_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mint.sqlite");
        let store = Store::create(&path, "credit").unwrap();
        let mut writer = store.writer().unwrap();
        let batch = writer.begin().unwrap();
        batch.add_spent(&[7; 16], 1, 1, None).unwrap();
        batch.commit().unwrap();
        let reader = rusqlite::Connection::open(&path).unwrap();
        reader
            .execute_batch("BEGIN; SELECT count(*) FROM spent;")
            .unwrap();
        let batch = writer.begin().unwrap();
        batch.add_spent(&[8; 16], 1, 1, None).unwrap();
        batch.commit().unwrap();
        let log = || std::fs::metadata(dir.path().join("mint.sqlite-wal")).unwrap();
        assert!(!writer.empty_log().unwrap());
        assert_ne!(log().len(), 0);
        reader.execute_batch("COMMIT").unwrap();
        assert!(writer.empty_log().unwrap());
        assert_eq!(log().len(), 0);
    }
}
