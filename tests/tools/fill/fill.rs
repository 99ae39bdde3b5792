//! Fills the store of a mint with tokens that were signed and spent, to measure a mint that is old.
//!
//! The tokens never existed: their marks are random, as real ones look to whoever lacks the seed. Each
//! is in the books twice, as signed and as spent, so that `audit` balances afterwards as before. This
//! is for mints made to be measured: what is filled in cannot be taken out again.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use rusqlite::{Connection, OpenFlags};

use farthing_testkit::Result;

/// The amount of each token: every keyset has it.
const AMOUNT: i64 = 1;
/// How many rows go into one database transaction.
const ROWS: usize = 1_000_000;

/// Fills the store of a mint that is not running with spent tokens.
#[derive(Debug, Parser)]
#[command(name = "farthing-fill")]
pub(crate) struct Fill {
    /// The mint's folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How many tokens.
    #[arg(long, default_value = "10000000")]
    count: NonZero<usize>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Fill {
    /// Fills the store, and says how fast.
    ///
    /// # Errors
    /// When there is no mint in the folder, it is running, or its store cannot be written.
    pub(crate) fn run(&self) -> Result<()> {
        let path = self.data.join("mint.sqlite");
        let start = Instant::now();
        let mut connection = open(&path)?;
        let count = self.count.get();
        fill(&mut connection, count)?;
        connection.pragma_update(None, "wal_checkpoint", "TRUNCATE")?;
        drop(connection);
        let file = std::fs::File::open(&path)?;
        file.sync_all()?;
        self.report(2 * count, start.elapsed(), file.metadata()?.len());
        Ok(())
    }

    fn report(&self, rows: usize, elapsed: Duration, bytes: u64) {
        let seconds = elapsed.as_secs_f64();
        let rate = rows as f64 / seconds;
        if self.json {
            let report = serde_json::json!({
                "rows": rows, "seconds": seconds, "rows_per_second": rate, "bytes": bytes,
            });
            println!("{report}");
        } else {
            let mib = bytes / (1024 * 1024);
            println!("{rows} rows in {seconds:.1} s, {rate:.0} a second; the store has {mib} MiB");
        }
    }
}

/// Opens the store for this process alone.
fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|e| format!("{}: {e}", path.display()))?;
    // Only then does the next statement find out whether somebody else has it open.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection
        .execute_batch("BEGIN EXCLUSIVE; COMMIT")
        .map_err(|e| format!("the mint must be stopped: {e}"))?;
    // Nothing is promised to anybody until the end: then the file is synced once.
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -262_144)?;
    Ok(connection)
}

/// Inserts rows with random marks, in large transactions; the books balance after each. Ascending
/// order is fast; the last transaction has its marks as they come, so that the pages are as full as in
/// a store that grew token by token.
fn fill(connection: &mut Connection, count: usize) -> Result<()> {
    let keyset: i64 = connection.query_row(
        "SELECT idx FROM keysets WHERE state = 'active' ORDER BY idx DESC LIMIT 1",
        [],
        |row| row.get(0),
    )?;
    let mut left = count;
    while left > 0 {
        let rows = left.min(ROWS);
        left -= rows;
        let (mut signed, mut spent) = (random_marks(rows)?, random_marks(rows)?);
        if left > 0 {
            signed.sort_unstable();
            spent.sort_unstable();
        }
        let transaction = connection.transaction()?;
        for (sql, marks) in [
            (
                "INSERT INTO signed (mark, keyset, amount) VALUES (?1, ?2, ?3)",
                &signed,
            ),
            (
                "INSERT INTO spent (mark, keyset, amount) VALUES (?1, ?2, ?3)",
                &spent,
            ),
        ] {
            let mut statement = transaction.prepare(sql)?;
            for mark in marks {
                statement.execute((mark, keyset, AMOUNT))?;
            }
        }
        let sum = AMOUNT * i64::try_from(rows)?;
        let sql =
            "UPDATE keysets SET issued = issued + ?2, redeemed = redeemed + ?2 WHERE idx = ?1";
        transaction.execute(sql, (keyset, sum))?;
        transaction.commit()?;
    }
    Ok(())
}

fn random_marks(count: usize) -> Result<Vec<[u8; 16]>> {
    let mut marks = vec![[0; 16]; count];
    getrandom::fill(marks.as_flattened_mut())?;
    Ok(marks)
}
