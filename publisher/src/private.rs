//! The publisher's folder, and the one process that uses it.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use farthing_service::private::{self, Folder};

use crate::error::Error;

/// How often a lock is tried, and the time in between. The process that had it may just be ending, and a process
/// that has just started has the files of its parent for a moment.
const TRIES: u32 = 40;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Creates the publisher's folder, mode 0700. One that exists and is open to others is closed to them if the
/// publisher's `key` is in it, or if it is empty: earlier versions made it open.
///
/// # Errors
/// [`Error::Settings`] for an open folder that cannot be closed or holds other things; [`Error::Private`].
pub(crate) fn make_folder(dir: &Path, key: &Path) -> Result<(), Error> {
    private::create_folder(dir)?;
    let mut entries = std::fs::read_dir(dir).map_err(Error::file(dir))?;
    let is_ours = key.exists() || entries.next().is_none();
    let shown = dir.display();
    match private::close_folder(dir, is_ours)? {
        Folder::Private => Ok(()),
        Folder::Closed => {
            tracing::warn!(
                folder = %shown,
                "others than its owner could use the publisher's folder; it was closed to them (mode 0700)"
            );
            Ok(())
        }
        Folder::Open => Err(Error::Settings(format!(
            "{shown}: others than its owner may use this folder, and it is for the publisher's key and \
             the record of payments; run: chmod 700 {shown}\nor name another folder with data"
        ))),
    }
}

/// Takes a file for this process alone, by a lock beside it ([`private::lock`]).
///
/// # Errors
/// [`Error::Settings`] if another process has it; [`Error::Private`].
pub(crate) fn own(path: &Path) -> Result<File, Error> {
    let lock = path.with_extension("lock");
    for _ in 0..TRIES {
        if let Some(file) = private::lock(&lock)? {
            return Ok(file);
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
    let dir = path.parent().unwrap_or(path).display();
    Err(Error::Settings(format!(
        "{dir}: another paywall is running on this folder, and two would not know of each other's \
         payments: stop it first, or give this one a folder of its own with data"
    )))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_folder_is_made_for_its_owner_alone_and_closed_when_it_is_ours() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/data");
        make_folder(&folder, &folder.join("publisher.key")).unwrap();
        assert_eq!(mode(&folder), 0o700);
        set_mode(&folder, 0o755);
        make_folder(&folder, &folder.join("publisher.key")).unwrap();
        assert_eq!(mode(&folder), 0o700, "empty");

        set_mode(&folder, 0o755);
        std::fs::write(folder.join("other"), "").unwrap();
        let refused = make_folder(&folder, &folder.join("publisher.key"))
            .unwrap_err()
            .to_string();
        let command = format!("run: chmod 700 {}", folder.display());
        assert!(refused.contains(&command), "{refused}");
        assert_eq!(mode(&folder), 0o755);

        std::fs::write(folder.join("publisher.key"), "").unwrap();
        make_folder(&folder, &folder.join("publisher.key")).unwrap();
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
}
