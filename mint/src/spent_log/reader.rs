//! Reading a log, frame by frame.

use std::fs::{File, TryLockError};
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::frame::{CHECK_BYTES, Frame, HEAD_BYTES};
use super::header::{read_header, wrong};
use crate::error::{Error, Result};
use crate::store::LogPlace;

/// How a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a whole frame.
    Whole,
    /// With so many bytes of a frame that was never finished, and so never answered for.
    Torn(u64),
    /// It goes on after this place in the file, but what follows cannot be read.
    Damaged(u64),
}

/// Reads frames until the end, or until one that cannot be read.
#[derive(Debug)]
pub struct LogReader {
    file: BufReader<File>,
    path: PathBuf,
    from: LogPlace,
    /// Where the next frame begins, and where the file ends.
    place: u64,
    length: u64,
    /// The number of the last frame.
    number: Option<u64>,
    frames: u64,
    last: Vec<u8>,
    ending: Option<Ending>,
}

impl LogReader {
    /// Reads the log at `path` from a place on: the first frame that it returns is the one that begins
    /// there.
    ///
    /// # Errors
    /// [`Error::Operator`] when it is not a log, another log, or ends before that; [`Error::File`].
    pub fn at(path: &Path, place: &LogPlace) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::file(path))?;
        let length = file.metadata().map_err(Error::file(path))?.len();
        if read_header(&mut file, path)? != place.id {
            return Err(wrong(path, "this is another spent log than the copy's"));
        }
        if length < place.start {
            let what = "the spent log ends before the copy was made: it is an older one";
            return Err(wrong(path, what));
        }
        let mut file = BufReader::new(file);
        file.seek(SeekFrom::Start(place.start))
            .map_err(Error::file(path))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            from: place.clone(),
            place: place.start,
            length,
            number: None,
            frames: 0,
            last: Vec::new(),
            ending: None,
        })
    }

    /// [`Self::at`], for a log that is no longer written.
    ///
    /// # Errors
    /// Those, and [`Error::Operator`] when a process is writing it.
    pub fn ended(path: &Path, place: &LogPlace) -> Result<Self> {
        let reader = Self::at(path, place)?;
        match reader.file.get_ref().try_lock_shared() {
            Ok(()) => Ok(reader),
            Err(TryLockError::WouldBlock) => {
                let what = "a mint is writing this spent log: stop it first";
                Err(wrong(path, what))
            }
            Err(TryLockError::Error(error)) => Err(Error::file(path)(error)),
        }
    }

    /// The next frame; `None` at the end, whatever the end is like.
    ///
    /// # Errors
    /// [`Error::File`] when the disk fails.
    pub fn next_frame(&mut self) -> Result<Option<Frame>> {
        if self.ending.is_some() {
            return Ok(None);
        }
        match self.read().map_err(Error::file(&self.path))? {
            Ok(frame) => Ok(Some(frame)),
            Err(ending) => {
                self.ending = Some(ending);
                Ok(None)
            }
        }
    }

    fn read(&mut self) -> std::io::Result<std::result::Result<Frame, Ending>> {
        let left = self.length - self.place;
        let (torn, damaged) = (Ending::Torn(left), Ending::Damaged(self.place));
        if left == 0 {
            return Ok(Err(Ending::Whole));
        }
        if left < HEAD_BYTES as u64 {
            return Ok(Err(torn));
        }
        let mut head = [0; HEAD_BYTES];
        self.file.read_exact(&mut head)?;
        let Some((number, length)) = Frame::decode_head(&self.from.id, &head) else {
            // A file system may show a file longer, and nothing but zeros there, after a crash.
            let zeros = head == [0; HEAD_BYTES] && self.only_zeros_follow()?;
            return Ok(Err(if zeros { torn } else { damaged }));
        };
        let whole = HEAD_BYTES as u64 + u64::from(length) + CHECK_BYTES as u64;
        if whole > left {
            return Ok(Err(torn));
        }
        let mut bytes = head.to_vec();
        (&mut self.file)
            .take(whole - HEAD_BYTES as u64)
            .read_to_end(&mut bytes)?;
        let follows = self.number.is_none_or(|last| number == last + 1);
        match Frame::decode(&self.from.id, &bytes) {
            Some(frame) if follows => {
                self.place += whole;
                self.number = Some(number);
                self.frames += 1;
                self.last = bytes;
                Ok(Ok(frame))
            }
            None if whole == left => Ok(Err(torn)),
            _ => Ok(Err(damaged)),
        }
    }

    fn only_zeros_follow(&mut self) -> std::io::Result<bool> {
        let mut buffer = [0; 4096];
        loop {
            match self.file.read(&mut buffer)? {
                0 => return Ok(true),
                n if buffer.iter().take(n).any(|byte| *byte != 0) => return Ok(false),
                _ => {}
            }
        }
    }

    /// How the log ends; `None` before the end was reached.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Returns whether the last frame that was read is the first.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.frames == 1
    }

    /// The last frame that was read, byte for byte.
    #[must_use]
    pub fn bytes_of_last(&self) -> &[u8] {
        &self.last
    }

    /// Returns where a store that knows all that was read would continue this log.
    #[must_use]
    pub fn into_place(self) -> LogPlace {
        if self.last.is_empty() {
            return self.from;
        }
        LogPlace {
            id: self.from.id,
            start: self.place - self.last.len() as u64,
            tail: self.last,
        }
    }
}
