//! Where a mint keeps its files.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// What of a mode is for others than the owner.
const OTHERS: u32 = 0o077;

/// The files of a mint's data folder.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The folder at `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the folder, mode 0700, or closes one that is there and empty to others.
    ///
    /// # Errors
    /// [`Error::Operator`] for a folder that others may use, with the command that mends that;
    /// [`Error::File`].
    pub fn create(&self) -> Result<()> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0);
        made.map_err(Error::file(&self.0))?;
        let mut entries = std::fs::read_dir(&self.0).map_err(Error::file(&self.0))?;
        self.close(entries.next().is_none()).map(|_| ())
    }

    /// Closes the folder to others, if it is open to them: the mint's alone may use what is in it. Gives
    /// whether it was open.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn close_to_others(&self) -> Result<bool> {
        self.close(self.database().exists())
    }

    fn close(&self, is_ours: bool) -> Result<bool> {
        let metadata = std::fs::metadata(&self.0).map_err(Error::file(&self.0))?;
        let mode = metadata.permissions().mode();
        if mode & OTHERS == 0 {
            return Ok(false);
        }
        let closed = Permissions::from_mode(mode & 0o700);
        if is_ours && std::fs::set_permissions(&self.0, closed).is_ok() {
            return Ok(true);
        }
        let shown = self.0.display();
        Err(Error::Operator(format!(
            "{shown}: others than its owner may use this folder, and it is for the mint's seed and books; \
             run: chmod 700 {shown}\nor name another folder with --data"
        )))
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join("mint.toml")
    }

    /// The master seed.
    #[must_use]
    pub fn seed(&self) -> PathBuf {
        self.0.join("seed")
    }

    /// Locked by the one process that serves requests.
    #[must_use]
    pub fn run_lock(&self) -> PathBuf {
        self.0.join("run.lock")
    }

    /// Locked by the one process that makes payments.
    #[must_use]
    pub fn payments_lock(&self) -> PathBuf {
        self.0.join("payments.lock")
    }

    /// The store.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("mint.sqlite")
    }

    /// The file of the spent log that the setting names.
    #[must_use]
    pub fn spent_log(&self, setting: &Path) -> PathBuf {
        spent_log_file(self.0.join(setting))
    }
}

/// The file of the spent log that a path names: itself, or one in a folder.
#[must_use]
pub fn spent_log_file(path: PathBuf) -> PathBuf {
    if path.is_dir() {
        path.join("spent.log")
    } else {
        path
    }
}
