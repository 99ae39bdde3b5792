//! Files that are written whole or not at all: what was there stays until all of the new is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file on its way: dropped before it is kept, it leaves everything as it was.
pub(crate) struct NewFile {
    place: PathBuf,
    to: To,
}

enum To {
    /// A file beside the place, which is moved there at the end.
    Aside(NamedTempFile),
    /// The place itself, which is no file: a device or a pipe.
    Itself(File),
}

impl NewFile {
    /// Begins a file for the place `path`. A new one can be read by whoever the system's settings let; one
    /// that takes the place of another is as private as that.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        Self::begin_with(path, 0o666)
    }

    /// The same, but a new file can be read by its owner alone.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(crate) fn begin_private(path: &Path) -> io::Result<Self> {
        Self::begin_with(path, 0o600)
    }

    fn begin_with(path: &Path, mode: u32) -> io::Result<Self> {
        // What a link points to is replaced, not the link.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let to = match fs::metadata(&place) {
            Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(there) if !there.is_file() => {
                To::Itself(OpenOptions::new().append(true).open(&place)?)
            }
            Ok(there) => {
                // Whether it may be written to.
                OpenOptions::new().append(true).open(&place)?;
                let aside = aside(&place, mode)?;
                aside.as_file().set_permissions(there.permissions())?;
                To::Aside(aside)
            }
            Err(_) => To::Aside(aside(&place, mode)?),
        };
        Ok(Self { place, to })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// When it cannot be; then what was there is as it was.
    pub(crate) fn keep(self) -> io::Result<()> {
        match self.to {
            To::Itself(mut file) => file.flush(),
            To::Aside(aside) => {
                aside.as_file().sync_all()?;
                aside.persist(&self.place).map_err(|error| error.error)?;
                Ok(())
            }
        }
    }
}

/// `mode` is that of a new file, less what the system's settings take away.
fn aside(place: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let folder = place
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".farthing-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Aside(aside) => aside.write(bytes),
            To::Itself(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Aside(aside) => aside.flush(),
            To::Itself(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_there_stays_until_the_new_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page");
        fs::write(&path, "old").unwrap();
        let mut new = NewFile::begin(&path).unwrap();
        new.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(new);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["page"]);
        let mut new = NewFile::begin(&path).unwrap();
        new.write_all(b"new").unwrap();
        new.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["page"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_a_device_is_written_to_and_a_mode_stays() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("page"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&path, &link).unwrap();
        let mut new = NewFile::begin(&link).unwrap();
        new.write_all(b"new").unwrap();
        new.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let mut null = NewFile::begin(Path::new("/dev/null")).unwrap();
        null.write_all(b"new").unwrap();
        null.keep().unwrap();
        assert!(NewFile::begin(folder.path()).is_err());
        assert!(NewFile::begin(&folder.path().join("no/such")).is_err());
    }
}
