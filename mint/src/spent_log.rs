//! The spent log: a second record of every spent token, on another disk.
//!
//! A copy of the store that is restored knows nothing of the tokens spent after it was made; the log
//! does. It is a file that only grows: a header that names the log, then frames, one for each batch
//! in which tokens were spent. The running mint writes it and never reads it; a restore reads it.
//!
//! A frame is written after its batch was committed to the store, and before the batch is answered.
//! The store holds the last frame too, as part of that very batch, so a frame that a crash kept from
//! the log is written there at the next start: see [`SpentLog::open`].

mod frame;
mod header;
mod reader;

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::{KeysetRow, LogPlace};

use header::{HEADER_BYTES, create, read_header, wrong};

pub use frame::{Frame, Spend};
pub use reader::{Ending, LogReader};

/// A log that is being written. The process that has it keeps others out.
#[derive(Debug)]
pub struct SpentLog {
    file: File,
    path: PathBuf,
    id: [u8; 16],
    /// Where the next frame goes.
    end: u64,
    /// The number of the last frame, and the newest keyset that the log knows.
    number: u64,
    newest: u32,
}

impl SpentLog {
    /// A place in a new log, with a random name, that has no frames.
    ///
    /// # Errors
    /// [`Error::Operator`] when the system gives no random numbers.
    pub fn begin() -> Result<LogPlace> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)
            .map_err(|e| Error::Operator(format!("no random numbers from the system: {e}")))?;
        Ok(LogPlace {
            id,
            start: HEADER_BYTES,
            tail: Vec::new(),
        })
    }

    /// Opens the log at `path`, which must end where the store says. The last frame is written if a
    /// crash prevented it; what there is of it is cut off first. A log without frames is made.
    ///
    /// # Errors
    /// [`Error::Operator`] when it is another log, ends elsewhere, or another process has it;
    /// [`Error::File`].
    pub fn open(path: &Path, place: &LogPlace) -> Result<Self> {
        let fresh = place.start == HEADER_BYTES && place.tail.is_empty();
        if fresh && !path.exists() {
            create(path, &place.id)?;
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(path);
        let mut file = file.map_err(|e| missing(path, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(wrong(path, "another process is writing this spent log"));
            }
            Err(TryLockError::Error(error)) => return Err(Error::file(path)(error)),
        }
        if read_header(&mut file, path)? != place.id {
            let what = "this spent log is not the one that this store writes: give it another path, \
                        or, if the store was restored, replay it first";
            return Err(wrong(path, what));
        }
        let last = match place.tail.as_slice() {
            [] => Frame::default(),
            tail => Frame::decode(&place.id, tail)
                .ok_or(Error::Invariant("the store's last frame is damaged"))?,
        };
        let mut log = Self {
            file,
            path: path.to_owned(),
            id: place.id,
            end: place.start,
            number: last.number,
            newest: last.newest,
        };
        log.settle(place)?;
        Ok(log)
    }

    /// Makes the file end with the store's last frame.
    fn settle(&mut self, place: &LogPlace) -> Result<()> {
        let ioerr = Error::file(&self.path);
        let length = self.file.metadata().map_err(ioerr)?.len();
        if length < place.start {
            let what = "the spent log ends before the store says: it was cut, or is an old copy";
            return Err(wrong(&self.path, what));
        }
        let mut reader = LogReader::at(&self.path, place)?;
        let is_there = reader.next_frame()?.is_some();
        let as_known = if is_there {
            reader.bytes_of_last() == place.tail && reader.next_frame()?.is_none()
        } else {
            true
        };
        // What was begun and never finished is cut off. Anything else that follows is not ours to
        // remove: it was written by a store that knew more than this one.
        let left = length - place.start;
        let unfinished = match reader.ending() {
            Some(Ending::Whole | Ending::Torn(_)) => true,
            Some(Ending::Damaged(_)) => !is_there && left <= place.tail.len() as u64,
            None => false,
        };
        if !(as_known && unfinished) {
            let what = "the spent log knows of tokens spent that this store does not: the store is \
                        an old copy. Make it with `farthing-mint restore`, which replays the log; \
                        see docs/how-to/recovery.md";
            return Err(wrong(&self.path, what));
        }
        let ioerr = Error::file(&self.path);
        if is_there {
            self.end += place.tail.len() as u64;
            self.file.set_len(self.end).map_err(ioerr)
        } else {
            self.file.set_len(self.end).map_err(ioerr)?;
            self.append(&place.tail).map_err(Error::file(&self.path))
        }
    }

    /// Returns where the next frame goes.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The newest keyset that the log knows.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.newest
    }

    /// Makes the next frame, of keysets that the log does not know yet and of tokens spent.
    #[must_use]
    pub fn next_frame(&self, keysets: Vec<KeysetRow>, mut spends: Vec<Spend>) -> NextFrame {
        // The order of arrival would show which tokens were spent together.
        spends.sort();
        let newest = keysets.iter().map(|k| k.terms.index).max();
        let frame = Frame {
            number: self.number + 1,
            newest: newest.unwrap_or(0).max(self.newest),
            keysets,
            spends,
        };
        NextFrame {
            bytes: frame.encode(&self.id),
            newest: frame.newest,
        }
    }

    /// Writes the next frame, and returns when it is on disk. After an error it can be tried again:
    /// it is written to the same place.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&mut self, next: &NextFrame) -> std::io::Result<()> {
        self.append(&next.bytes)?;
        self.number += 1;
        self.newest = next.newest;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all_at(bytes, self.end)?;
        self.file.sync_data()?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}

/// A frame on its way to the log.
#[derive(Debug)]
pub struct NextFrame {
    /// As it will stand in the log.
    pub bytes: Vec<u8>,
    newest: u32,
}

fn missing(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        let what = "the spent log is not there. Is its disk mounted? If it is lost, run \
                    `farthing-mint spent-log renew` and make a new backup";
        return wrong(path, what);
    }
    Error::file(path)(error)
}

#[cfg(test)]
mod log_tests;
