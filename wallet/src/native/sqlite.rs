//! The store as one SQLite file that its owner alone can read, and one process at a time.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use zeroize::Zeroizing;

use super::file::FILE;
use super::salvage::Salvaged;
use crate::doctor::{Finding, Severity, WALLET};
use crate::error::{Advice, Error, StoreError};
use crate::store::{Change, Store, Table, Value};

/// Marks the file as a wallet (`PRAGMA application_id`): "Farw".
const APPLICATION_ID: i64 = 0x4661_7277;
/// The version of the layout (`PRAGMA user_version`); raised with each change of it.
const SCHEMA_VERSION: i64 = 1;
/// How long to wait for another process to let go of the wallet.
const BUSY_TIMEOUT_MS: u64 = 5_000;

const SCHEMA: &str = "
    CREATE TABLE record (
        kind  TEXT NOT NULL,
        key   TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID;
";

/// A wallet's SQLite file, locked for as long as this exists.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
}

impl SqliteStore {
    /// Makes a wallet's file in the folder `dir`, which is made too when it is missing.
    ///
    /// The folder gets mode 0700 when it is made here, the file 0600.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is one; it is left as it is.
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        make_private_dir(dir).map_err(|error| failed_at(dir, &error))?;
        let path = dir.join(FILE);
        match make_private_file(&path) {
            Ok(()) => {}
            // Killed before the phrase was written, the last attempt left a file with nothing in it.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let store = Self::open(dir)?;
                let exists = || StoreError::Exists(dir.display().to_string());
                return store.is_empty()?.then_some(store).ok_or_else(exists);
            }
            Err(error) => return Err(failed_at(&path, &error)),
        }
        let mut store = Self {
            connection: connect(&path)?,
        };
        store.lay_out()?;
        Ok(store)
    }

    /// Opens the wallet's file in the folder `dir`, and waits a few seconds for another process that
    /// has it open.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Locked`], [`StoreError::Version`].
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Err(StoreError::Missing(dir.display().to_string()));
        }
        let connection = connect(&path).map_err(|error| overwritten(dir, error))?;
        let mut store = Self { connection };
        match (
            store.pragma("application_id")?,
            store.pragma("user_version")?,
        ) {
            // Killed between making the file and filling it: nothing was ever in it.
            (0, 0) => store.lay_out()?,
            (APPLICATION_ID, SCHEMA_VERSION) => {}
            (APPLICATION_ID, version) => {
                let text = format!("its layout is version {version}, known is {SCHEMA_VERSION}");
                return Err(StoreError::Version(text));
            }
            _ => return Err(StoreError::Version("another program made it".to_owned())),
        }
        Ok(store)
    }

    fn lay_out(&mut self) -> Result<(), StoreError> {
        let transaction = self.connection.transaction().map_err(failed)?;
        let tables: i64 = transaction
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(failed)?;
        if tables > 0 {
            return Err(StoreError::Version("another program made it".to_owned()));
        }
        transaction.execute_batch(SCHEMA).map_err(failed)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(failed)?;
        transaction
            .pragma_update(None, "user_version", SCHEMA_VERSION)
            .map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    /// Looks a wallet's file over, without changing it: whether it is there, whether others can read it,
    /// and whether it is whole. To be called while the wallet is not open.
    #[must_use]
    pub fn doctor(dir: &Path) -> Vec<Finding> {
        let path = dir.join(FILE);
        let mut findings = Vec::new();
        let log = dir.join(format!("{FILE}-wal"));
        findings.extend(
            [&path, &log]
                .into_iter()
                .filter_map(|path| open_to_others(path)),
        );
        let whole = Self::open(dir).and_then(|store| store.check());
        findings.push(match whole {
            Ok(()) => Finding::new(
                (Severity::Fine, "file_whole"),
                WALLET,
                format!("{} is there, and whole", path.display()),
                "What was written can be read.",
                [],
            ),
            Err(error) => {
                let error = Error::from(error);
                let told = error.explain();
                let bad = (Severity::Trouble, error.code());
                Finding::new(bad, WALLET, told.what, &told.money, told.advice)
            }
        });
        findings
    }

    /// Reads the whole file.
    fn check(&self) -> Result<(), StoreError> {
        let said: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(failed)?;
        match said.as_str() {
            "ok" => Ok(()),
            _ => Err(StoreError::Broken(said)),
        }
    }

    fn is_empty(&self) -> Result<bool, StoreError> {
        let count = "SELECT count(*) FROM record";
        let rows: i64 = self
            .connection
            .query_row(count, [], |row| row.get(0))
            .map_err(failed)?;
        Ok(rows == 0)
    }

    fn pragma(&self, name: &str) -> Result<i64, StoreError> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(failed)
    }

    fn apply_now(&self, changes: &[Change]) -> Result<(), StoreError> {
        let transaction =
            rusqlite::Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
                .map_err(failed)?;
        for change in changes {
            match change {
                Change::Put(table, key, value) => transaction.execute(
                    "INSERT INTO record (kind, key, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                    params![table.name(), key, value.as_slice()],
                ),
                Change::Delete(table, key) => transaction.execute(
                    "DELETE FROM record WHERE kind = ?1 AND key = ?2",
                    params![table.name(), key],
                ),
            }
            .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }
}

impl Store for SqliteStore {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Value>, StoreError> {
        self.connection
            .prepare_cached("SELECT value FROM record WHERE kind = ?1 AND key = ?2")
            .and_then(|mut statement| {
                statement
                    .query_row(params![table.name(), key], |row| row.get(0))
                    .optional()
            })
            .map(|value| value.map(Zeroizing::new))
            .map_err(failed)
    }

    async fn scan(&self, table: Table) -> Result<Vec<(String, Value)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT key, value FROM record WHERE kind = ?1 ORDER BY key")
            .map_err(failed)?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, Zeroizing::new(row.get(1)?)));
        let rows = statement
            .query_map(params![table.name()], row)
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.apply_now(&changes)
    }
}

/// Opens the file and takes it for this process alone.
fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(failed)?;
    connection
        .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
        .map_err(failed)?;
    // FULL with a write-ahead log: what was committed survives a power cut. Deleted tokens are
    // overwritten. The exclusive lock is taken by the first transaction and kept until the end.
    connection
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             BEGIN EXCLUSIVE; COMMIT;",
        )
        .map_err(failed)?;
    Ok(connection)
}

/// Says what failed. SQLite's messages name tables and codes, never values.
fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            StoreError::Locked
        }
        Some(rusqlite::ErrorCode::NotADatabase) => {
            StoreError::Version("it is not a SQLite file".to_owned())
        }
        Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full,
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => StoreError::Broken(error.to_string()),
        _ => StoreError::Failed(error.to_string()),
    }
}

/// A file that is no SQLite file any more and has records of a wallet in it is damaged.
fn overwritten(dir: &Path, error: StoreError) -> StoreError {
    let has_records = || Salvaged::read(dir).is_ok_and(|found| !found.is_empty());
    match matches!(error, StoreError::Version(_)) && has_records() {
        true => StoreError::Broken("its beginning is not that of a SQLite file".to_owned()),
        false => error,
    }
}

fn failed_at(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Failed(format!("{}: {error}", path.display()))
}

/// A finding, when others than the owner may do something with a file.
#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<Finding> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let shown = path.display();
    (mode & 0o077 != 0).then(|| {
        Finding::new(
            (Severity::Trouble, "file_mode"),
            WALLET,
            format!("{shown} has mode {mode:o}"),
            "Other users of this machine may read the wallet, and take what is in it.",
            [Advice::MakePrivate {
                path: shown.to_string(),
            }],
        )
    })
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> Option<Finding> {
    None
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)
}

/// Makes an empty file, readable by its owner alone, before SQLite writes a byte into it; SQLite gives
/// its log the same mode.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map(|_| ())
}
