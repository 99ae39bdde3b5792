//! A connection that only reads.

use std::ops::Deref;

use rusqlite::{Connection, Transaction};

use super::view::View;
use crate::error::Result;

/// A connection that only reads. For one thread at a time.
#[derive(Debug)]
pub struct Reader {
    view: View,
}

/// One moment of the store, for the [`Reader`] that took it, until this is dropped. The write-ahead
/// log grows meanwhile: not to be kept for long.
#[derive(Debug)]
pub struct Snapshot<'r>(#[expect(dead_code, reason = "ends when dropped")] Transaction<'r>);

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            view: View(connection),
        }
    }

    /// Has everything read before the result is dropped see the store at one moment. Looking at many
    /// rows costs less so: a look on its own takes and gives back a lock on the file, and begins with
    /// an empty cache when anything was written meanwhile.
    pub fn snapshot(&self) -> Result<Snapshot<'_>> {
        Ok(Snapshot(self.view.0.unchecked_transaction()?))
    }
}

impl Deref for Reader {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}
