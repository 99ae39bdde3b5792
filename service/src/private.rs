//! Folders and files that their owner alone may use.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// A private file or folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system refused it.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Others may read or write a secret.
    #[error("{path}: others than its owner may read {what}, or change it; run: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The secret in it, such as "the mint's API token".
        what: String,
    },
    /// A secret is not 64 hex digits.
    #[error("{path}: {what} is not 64 hex digits")]
    NotHex {
        /// The file.
        path: PathBuf,
        /// The secret in it.
        what: String,
    },
}

impl Fault {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File { path, source }
    }
}

/// Returns options for a file that is created with mode 0600.
#[must_use]
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Creates a folder, and those above it, with mode 0700. One that exists is left unchanged.
///
/// # Errors
/// [`Fault::File`].
pub fn create_folder(path: &Path) -> Result<(), Fault> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .recursive(true)
        .create(path)
        .map_err(Fault::file(path))
}

/// Returns whether others than the owner may use a file or folder. A pipe, such as that of a shell's `<(…)`,
/// has no name that others could open. Systems without modes report none open.
#[must_use]
pub fn is_open(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let has_name = metadata.is_file() || metadata.is_dir();
        has_name && metadata.permissions().mode() & 0o077 != 0
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

/// Whether a folder is closed to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    /// It already was.
    Private,
    /// It was open, and is closed now.
    Closed,
    /// It is open: it is not the caller's, or the system does not let it be closed.
    Open,
}

/// Closes a folder to others than its owner (mode 0700) if it is open to them and `is_ours`.
///
/// # Errors
/// [`Fault::File`].
pub fn close_folder(path: &Path, is_ours: bool) -> Result<Folder, Fault> {
    let metadata = std::fs::metadata(path).map_err(Fault::file(path))?;
    if !is_open(&metadata) {
        return Ok(Folder::Private);
    }
    Ok(if is_ours && close(path, &metadata).is_ok() {
        Folder::Closed
    } else {
        Folder::Open
    })
}

#[cfg(unix)]
fn close(path: &Path, metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o700;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn close(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Takes a lock for this process alone, in the file `path`, which is created if it is missing. Returns `None`
/// if another process has it.
///
/// The lock is the system's: it ends with the returned file, and with the process however that ends. The file
/// that remains means nothing.
///
/// # Errors
/// [`Fault::File`].
pub fn lock(path: &Path) -> Result<Option<File>, Fault> {
    let mut options = options();
    let options = options.create(true).truncate(false).write(true);
    let file = options.open(path).map_err(Fault::file(path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Fault::file(path)(error)),
    }
}

/// Reads the text of a file that holds `what`, a secret for the file's owner alone.
///
/// # Errors
/// [`Fault::Open`], [`Fault::File`].
pub fn read_secret(path: &Path, what: &str) -> Result<Zeroizing<String>, Fault> {
    let mut file = File::open(path).map_err(Fault::file(path))?;
    if is_open(&file.metadata().map_err(Fault::file(path))?) {
        let (path, what) = (path.to_owned(), what.to_owned());
        return Err(Fault::Open { path, what });
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(Fault::file(path))?;
    Ok(text)
}

/// Writes a secret of 32 bytes to a new file of mode 0600, as 64 hex digits and a line's end, and syncs it.
///
/// # Errors
/// [`Fault::File`], of the kind [`io::ErrorKind::AlreadyExists`] if the file exists.
pub fn create_key(path: &Path, key: &[u8; 32]) -> Result<(), Fault> {
    let mut text = Zeroizing::new(hex::encode(key));
    text.push('\n');
    let mut options = options();
    let created = options.write(true).create_new(true).open(path);
    let written = created.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(Fault::file(path))
}

/// Reads a secret of 32 bytes that [`create_key`] wrote; `what` names it.
///
/// # Errors
/// [`Fault::Open`], [`Fault::NotHex`], [`Fault::File`].
pub fn read_key(path: &Path, what: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let text = read_secret(path, what)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *key).map_err(|_| Fault::NotHex {
        path: path.to_owned(),
        what: what.to_owned(),
    })?;
    Ok(key)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_is_created_for_its_owner_and_closed_when_it_is_the_callers() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/data");
        create_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(close_folder(&folder, false).unwrap(), Folder::Private);
        set_mode(&folder, 0o755);
        create_folder(&folder).unwrap();
        assert_eq!(close_folder(&folder, false).unwrap(), Folder::Open);
        assert_eq!(mode(&folder), 0o755);
        assert_eq!(close_folder(&folder, true).unwrap(), Folder::Closed);
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn a_lock_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.lock");
        let owner = lock(&path).unwrap();
        assert!(owner.is_some());
        assert_eq!(mode(&path), 0o600);
        assert!(lock(&path).unwrap().is_none());
        drop(owner);
        assert!(lock(&path).unwrap().is_some());
    }

    #[test]
    fn a_secret_that_others_may_read_or_write_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        for open in [0o666, 0o644, 0o640, 0o620, 0o604, 0o660] {
            set_mode(&path, open);
            let refused = read_secret(&path, "the API token").unwrap_err().to_string();
            let command = format!("run: chmod 600 {}", path.display());
            assert!(refused.contains(&command), "{open:o}: {refused}");
            assert!(!refused.contains("s3cret"));
        }
        for ours in [0o600, 0o400] {
            set_mode(&path, ours);
            assert_eq!(*read_secret(&path, "the API token").unwrap(), "s3cret\n");
        }
    }

    #[test]
    fn a_key_reads_back_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        create_key(&path, &[7; 32]).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(*read_key(&path, "the key").unwrap(), [7; 32]);
        let exists = create_key(&path, &[8; 32]).unwrap_err();
        let kind = |source: &io::Error| source.kind() == io::ErrorKind::AlreadyExists;
        assert!(matches!(exists, Fault::File { source, .. } if kind(&source)));
        assert_eq!(*read_key(&path, "the key").unwrap(), [7; 32]);
        std::fs::write(&path, "s3cret").unwrap();
        let refused = read_key(&path, "the key").unwrap_err().to_string();
        assert!(
            refused.ends_with("the key is not 64 hex digits"),
            "{refused}"
        );
    }
}
