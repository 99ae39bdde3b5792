//! The store: the only module that speaks SQL.
//!
//! One SQLite file in WAL mode with `synchronous = FULL`: what is committed is on disk. Any number of
//! processes may have it open, the running mint and the operator's commands; SQLite's write lock
//! lets one [`Batch`] in at a time, and every rule is checked inside it, so they never race.
//!
//! Verbs here are plain: they read ([`View`]) and write ([`Batch`]) rows and know no rules. Each fails with
//! [`Error::Store`] when the database does; other errors are named where they occur.

mod accounts;
mod balance_sheet;
mod batch;
mod checkpoint;
mod copy;
mod failure;
mod meta;
mod open_quotes;
mod quotes;
mod reader;
mod readers;
mod recovery;
mod rows;
mod schema;
mod view;

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, Result};

pub use batch::{Batch, Writer};
pub use checkpoint::Checkpointer;
pub use reader::{Reader, Snapshot};
pub use readers::Readers;
pub use recovery::{LogPlace, Quarantine};
pub use rows::{AccountRow, ApiToken, BlankRow, Counters, KeysetRow, SpentRow, TokenRow};
pub use view::View;

/// How long a command or the mint waits for the other to finish a batch.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// How much of the file a writer keeps in memory, by default, in MiB.
const CACHE_MIB: u32 = 4;
/// How much of the file a reader keeps in memory, in KiB. More is of no use: whenever something was
/// written, it forgets all of it.
const READER_CACHE_KIB: u32 = 2048;

/// Where the store is. Open [`Reader`]s and [`Writer`]s on it, one a thread.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    /// The most pages the file may have; 0 for as many as the disk holds.
    pages_max: u32,
    /// How much of the file a writer keeps in memory.
    cache_mib: u32,
}

impl Store {
    /// Makes a new, empty store at `path`, mode 0600, for one unit.
    ///
    /// # Errors
    /// [`Error::File`] when the file exists, [`Error::Store`] when it cannot be written.
    pub fn create(path: &Path, unit: &str) -> Result<Self> {
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(Error::file(path))?;
        let store = Self::at(path);
        let mut connection = store.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        schema::create(&mut connection, unit)?;
        Ok(store)
    }

    /// Opens the store at `path`, and brings one of an older version up to date.
    ///
    /// # Errors
    /// [`Error::Operator`] when there is none or its schema is of a version that this program does not
    /// know; [`Error::Store`] when it cannot be read or written.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            let shown = path.display();
            return Err(Error::Operator(format!(
                "{shown}: no mint here; run: farthing-mint init --data DIR"
            )));
        }
        let store = Self::at(path);
        store.bring_up_to_date()?;
        Ok(store)
    }

    /// The store with a limit to its size, in SQLite's pages of 4,096 bytes; 0 for none. What does not
    /// fit is not written, and fails with an error.
    #[must_use]
    pub fn with_pages_max(mut self, pages_max: u32) -> Self {
        self.pages_max = pages_max;
        self
    }

    /// The store with that much of the file kept in memory by each writer, in MiB. A reader keeps
    /// `READER_CACHE_KIB`.
    #[must_use]
    pub fn with_cache_mib(mut self, cache_mib: u32) -> Self {
        self.cache_mib = cache_mib;
        self
    }

    fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            pages_max: 0,
            cache_mib: CACHE_MIB,
        }
    }

    fn bring_up_to_date(&self) -> Result<()> {
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let version = schema::migrate(&mut connection)?;
        if version == schema::VERSION {
            return Ok(());
        }
        let shown = self.path.display();
        let known = schema::VERSION;
        Err(Error::Operator(format!(
            "{shown} has schema version {version}, and this program knows {known}: it was made by \
             another version of Farthing; nothing was changed"
        )))
    }

    /// A connection that only reads.
    pub fn reader(&self) -> Result<Reader> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -i64::from(READER_CACHE_KIB))?;
        Ok(Reader::new(connection))
    }

    /// A connection that writes.
    pub fn writer(&self) -> Result<Writer> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -1024 * i64::from(self.cache_mib))?;
        // What is deleted is overwritten: request digests do not outlive their retention.
        connection.pragma_update(None, "secure_delete", true)?;
        if self.pages_max > 0 {
            connection.pragma_update(None, "max_page_count", self.pages_max)?;
        }
        Ok(Writer::new(connection))
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}

#[cfg(test)]
mod retention_tests;
#[cfg(test)]
mod schema_tests;
