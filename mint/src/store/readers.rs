//! Idle connections that only read, for short looks.

use std::sync::{Mutex, PoisonError};

use super::Store;
use super::reader::Reader;
use super::view::View;
use crate::error::Result;

/// As many readers as were ever needed at the same time.
#[derive(Debug)]
pub struct Readers {
    store: Store,
    idle: Mutex<Vec<Reader>>,
}

impl Readers {
    /// Opens none yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            idle: Mutex::default(),
        }
    }

    /// Reads from the store on this thread, for looks of a few rows.
    ///
    /// # Errors
    /// [`crate::Error::Store`], and the question's own.
    pub fn read<T>(&self, question: impl FnOnce(&View) -> Result<T>) -> Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idle_one = idle().pop();
        let reader = match idle_one {
            Some(reader) => reader,
            None => self.store.reader()?,
        };
        let answer = question(&reader);
        idle().push(reader);
        answer
    }
}
