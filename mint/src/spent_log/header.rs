//! A log's beginning, which names it.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const MAGIC: &[u8; 16] = b"Farthing spent 1";
/// The magic and the log's id.
pub(super) const HEADER_BYTES: u64 = 32;

/// Makes a log without frames.
pub(super) fn create(path: &Path, id: &[u8; 16]) -> Result<()> {
    let ioerr = || Error::file(path);
    // Under another name until it has its header: half a header would pass for another log.
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let mut options = OpenOptions::new();
    let new = options.write(true).create(true).truncate(true).mode(0o600);
    let file = new.open(&unfinished).map_err(ioerr())?;
    file.write_all_at(&[*MAGIC, *id].concat(), 0)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&unfinished, path))
        .map_err(ioerr())?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(ioerr())
}

/// Reads the header; returns the log's id.
pub(super) fn read_header(file: &mut File, path: &Path) -> Result<[u8; 16]> {
    let mut header = [[0; 16]; 2];
    let read = file.read_exact(header.as_flattened_mut());
    let [magic, id] = header;
    if read.is_err() || magic != *MAGIC {
        return Err(wrong(path, "this is not a spent log"));
    }
    Ok(id)
}

/// An error about a log, for the operator.
pub(super) fn wrong(path: &Path, what: &str) -> Error {
    Error::Operator(format!("{}: {what}", path.display()))
}
