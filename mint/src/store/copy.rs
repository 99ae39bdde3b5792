//! Copies of the store, and whether a file of it is sound.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::Store;
use super::meta::{COPIED, get_meta, set_meta};
use super::reader::Reader;
use super::view::View;
use crate::error::{Error, Result};

/// At most this many faults of a file are reported.
const FAULTS_MAX: usize = 100;

impl View {
    /// Returns the Unix time at which this copy was made; `None` when it is not a copy.
    pub fn copied(&self) -> Result<Option<i64>> {
        get_meta(&self.0, COPIED)
    }

    /// Returns what SQLite finds wrong with the file, in its words; empty when it is sound. Reads all of it.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot even be looked at.
    pub fn damage(&self) -> Result<Vec<String>> {
        let mut statement = self.0.prepare("PRAGMA integrity_check")?;
        let mut rows = statement.query([])?;
        let mut faults = Vec::new();
        while faults.len() < FAULTS_MAX {
            match rows.next() {
                Ok(Some(row)) => faults.push(row.get::<_, String>(0)?),
                Ok(None) => break,
                Err(error) => {
                    faults.push(error.to_string());
                    break;
                }
            }
        }
        faults.retain(|fault| fault != "ok");
        Ok(faults)
    }
}

impl Store {
    /// Writes the store as it is at this moment to a new file, mode 0600, that says that it was copied
    /// at Unix time `now`. The mint goes on meanwhile. When this returns, the copy is on disk.
    ///
    /// # Errors
    /// [`Error::File`] when the file exists or cannot be made; [`Error::Store`].
    pub fn copy_to(&self, path: &Path, now: i64) -> Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let new = options.write(true).create_new(true).mode(0o600);
        let file = new.open(path).map_err(Error::file(path))?;
        let copied = self.write_copy(path, now).and_then(|()| {
            file.sync_all().map_err(Error::file(path))?;
            sync_folder(path)
        });
        if copied.is_err() {
            // Half a copy is none. Were this interrupted, it would lack the time, and be refused.
            let _ = std::fs::remove_file(path);
        }
        copied
    }

    fn write_copy(&self, path: &Path, now: i64) -> Result<()> {
        let text = path
            .to_str()
            .ok_or_else(|| Error::Operator(format!("{}: the path is not UTF-8", path.display())))?;
        // One read transaction: a consistent copy, without what was deleted, however long it takes.
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute("VACUUM INTO ?1", [text])?;
        let copy = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        set_meta(&copy, COPIED, &now)
    }

    /// Opens a copy for reading, without changing it.
    ///
    /// # Errors
    /// [`Error::File`] when there is none, [`Error::Store`] when it cannot be read.
    pub fn open_copy(path: &Path) -> Result<Reader> {
        std::fs::metadata(path).map_err(Error::file(path))?;
        let store = Self::at(path);
        Ok(Reader::new(
            store.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        ))
    }

    /// Copies a copy to a new file, mode 0600, as a store to work with.
    ///
    /// # Errors
    /// [`Error::File`] when the new file exists or cannot be written, [`Error::Operator`] when its
    /// schema is of another version; [`Error::Store`].
    pub fn from_copy(copy: &Path, path: &Path) -> Result<Self> {
        let mut from = File::open(copy).map_err(Error::file(copy))?;
        let mut options = std::fs::OpenOptions::new();
        let new = options.write(true).create_new(true).mode(0o600);
        let mut to = new.open(path).map_err(Error::file(path))?;
        std::io::copy(&mut from, &mut to).map_err(Error::file(path))?;
        drop(to);
        let store = Self::open(path)?;
        let connection = store.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        Ok(store)
    }

    /// Moves an otherwise unopened store to `path`, which must not exist, and syncs it to disk.
    ///
    /// # Errors
    /// [`Error::File`] when there is one, or the disk refuses; [`Error::Store`].
    pub fn move_to(self, path: &Path) -> Result<Self> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // What is still in the write-ahead log goes into the file, and the log goes away.
        connection.pragma_update(None, "journal_mode", "DELETE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        drop(connection);
        let from = &self.path;
        let file = File::open(from).map_err(Error::file(from))?;
        file.sync_all().map_err(Error::file(from))?;
        // Unlike a rename, a link never takes the place of a file that is there.
        std::fs::hard_link(from, path).map_err(Error::file(path))?;
        std::fs::remove_file(from).map_err(Error::file(from))?;
        sync_folder(path)?;
        Ok(Self {
            path: path.to_owned(),
            ..self
        })
    }
}

/// Makes the folder's entry for a new file durable.
fn sync_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(Error::file(folder))
}
