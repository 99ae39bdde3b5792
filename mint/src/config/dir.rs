//! Where a mint keeps its files.

use std::path::{Path, PathBuf};

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
