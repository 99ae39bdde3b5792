//! Checkpoints: moving what was committed out of the write-ahead log into the file itself.

use rusqlite::{Connection, OpenFlags};

use super::Store;
use super::batch::Writer;
use crate::error::Result;

/// From how many pages of 4,096 bytes in the write-ahead log on a writer sees to a checkpoint by
/// itself, when another thread does most of the work: 32 MiB.
const LEFT_PAGES_MAX: i64 = 8192;

/// A connection that makes checkpoints, beside a writer that goes on writing.
#[derive(Debug)]
pub struct Checkpointer(Connection);

impl Store {
    /// A connection for checkpoints.
    pub fn checkpointer(&self) -> Result<Checkpointer> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(Checkpointer(connection))
    }
}

impl Checkpointer {
    /// Moves into the file what the log holds at this moment, but for what a reader still needs. It
    /// waits for no other connection, and none waits for it.
    ///
    /// # Errors
    /// [`crate::Error::Store`]; then the log holds it as before.
    pub fn checkpoint(&self) -> Result<()> {
        let passive = "PRAGMA wal_checkpoint(PASSIVE)";
        Ok(self.0.query_row(passive, [], |_| Ok(()))?)
    }
}

impl Writer {
    /// Leaves checkpoints to a [`Checkpointer`], so that batches do not wait for them. The log starts
    /// over only when it is all in the file, which the writer itself sees to when it has become long.
    pub fn leave_checkpoints(&self) -> Result<()> {
        let sql = "wal_autocheckpoint";
        Ok(self.view.0.pragma_update(None, sql, LEFT_PAGES_MAX)?)
    }
}
