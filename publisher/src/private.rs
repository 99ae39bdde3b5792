//! Folders and files that only their owner may use.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::Read as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::keys;

/// How often a lock is tried, and how long is waited in between: who had it may just be ending, and a
/// process that was just begun has the files of the one that began it for a moment.
const TRIES: u32 = 40;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
/// What of a mode is for others than the owner.
const OTHERS: u32 = 0o077;

/// Makes the publisher's folder, mode 0700. One that is there and open to others is closed to them when
/// it is the publisher's already, or empty: earlier versions made it open.
///
/// # Errors
/// [`Error::Settings`] for a folder of somebody else's things that is open to others, or that is not
/// ours to close; [`Error::File`].
pub(crate) fn make_folder(dir: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(Error::file(dir))?;
    let metadata = std::fs::metadata(dir).map_err(Error::file(dir))?;
    let mode = metadata.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let shown = dir.display();
    let mut entries = std::fs::read_dir(dir).map_err(Error::file(dir))?;
    let is_ours = dir.join(keys::FILE).exists() || entries.next().is_none();
    let closed =
        is_ours && std::fs::set_permissions(dir, Permissions::from_mode(mode & 0o700)).is_ok();
    if !closed {
        return Err(Error::Settings(format!(
            "{shown}: others than its owner may use this folder, and it is for the publisher's key and \
             the record of payments; run: chmod 700 {shown}\nor name another folder with data"
        )));
    }
    tracing::warn!(
        folder = %shown,
        "others than its owner could use the publisher's folder; it was closed to them (mode 0700)"
    );
    Ok(())
}

/// Takes a file for this process alone, by a lock beside it. The lock is the system's: it ends with what is
/// given, and with the process however that ends, and what stays of its file means nothing.
///
/// # Errors
/// [`Error::Settings`] when another has it; [`Error::File`].
pub(crate) fn own(path: &Path) -> Result<File, Error> {
    let lock = path.with_extension("lock");
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(&lock).map_err(Error::file(&lock))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
            Err(TryLockError::Error(error)) => return Err(Error::file(&lock)(error)),
        }
    }
    let dir = path.parent().unwrap_or(path).display();
    Err(Error::Settings(format!(
        "{dir}: another paywall is running on this folder, and two would not know of each other's \
         payments: stop it first, or give this one a folder of its own with data"
    )))
}

/// The text of a file that holds `what`, which must be for its owner alone.
///
/// # Errors
/// [`Error::Settings`] when others may read or write it, with the command that mends that;
/// [`Error::File`].
pub fn read_secret(path: &Path, what: &str) -> Result<Zeroizing<String>, Error> {
    let mut file = File::open(path).map_err(Error::file(path))?;
    let metadata = file.metadata().map_err(Error::file(path))?;
    // What is no file, as the pipe of a shell's `<(…)`, has no name that others could open.
    if metadata.is_file() && metadata.permissions().mode() & OTHERS != 0 {
        let shown = path.display();
        return Err(Error::Settings(format!(
            "{shown}: others than its owner may read {what}, or change it; run: chmod 600 {shown}"
        )));
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(Error::file(path))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_folder_is_made_for_its_owner_alone_and_closed_when_it_is_ours() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/data");
        make_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        set_mode(&folder, 0o755);
        make_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700, "empty");

        set_mode(&folder, 0o755);
        std::fs::write(folder.join("other"), "").unwrap();
        let refused = make_folder(&folder).unwrap_err().to_string();
        let command = format!("run: chmod 700 {}", folder.display());
        assert!(refused.contains(&command), "{refused}");
        assert_eq!(mode(&folder), 0o755);

        std::fs::write(folder.join(keys::FILE), "").unwrap();
        make_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700, "made by an earlier version");
    }

    #[test]
    fn a_file_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("payments.sqlite");
        let owner = own(&path).unwrap();
        let refused = own(&path).unwrap_err().to_string();
        assert!(refused.contains("another paywall is running"), "{refused}");
        drop(owner);
        own(&path).unwrap();
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
}
