//! Where a mint keeps its files.

use std::path::{Path, PathBuf};

use farthing_service::private::{self, Folder};

use crate::error::{Error, Result};

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

    /// Creates the folder, mode 0700, or closes one that exists and is empty to others.
    ///
    /// # Errors
    /// [`Error::Operator`] for a folder that others may use, with the command that mends that;
    /// [`Error::File`].
    pub fn create(&self) -> Result<()> {
        private::create_folder(&self.0)?;
        let mut entries = std::fs::read_dir(&self.0).map_err(Error::file(&self.0))?;
        self.close(entries.next().is_none()).map(|_| ())
    }

    /// Closes the folder to others, if it is open to them: the mint's alone may use what is in it. Returns
    /// whether it was open.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn close_to_others(&self) -> Result<bool> {
        self.close(self.database().exists())
    }

    fn close(&self, is_ours: bool) -> Result<bool> {
        match private::close_folder(&self.0, is_ours)? {
            Folder::Private => Ok(false),
            Folder::Closed => Ok(true),
            Folder::Open => {
                let shown = self.0.display();
                Err(Error::Operator(format!(
                    "{shown}: others than its owner may use this folder, and it is for the mint's seed and \
                     books; run: chmod 700 {shown}\nor name another folder with --data"
                )))
            }
        }
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
