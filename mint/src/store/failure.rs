//! What the database's failures mean to an operator.

use rusqlite::ErrorCode;

use crate::error::{Error, StoreFailure};

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(StoreFailure {
            is_full: error.sqlite_error_code() == Some(ErrorCode::DiskFull),
            explanation: explain(&error),
        })
    }
}

/// Says what failed, and what to do about it.
fn explain(error: &rusqlite::Error) -> String {
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            "there is no room left: free some on the disk, or raise database_pages_max, and start \
             the mint again; nothing was lost"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "the database file is damaged: stop the mint, run `farthing-mint check`, and see \
             docs/how-to/recovery.md"
        }
        Some(ErrorCode::ReadOnly) => {
            "the database file or its folder cannot be written: look at its owner and mode, and at \
             how the disk is mounted"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "the disk failed, or refused to write: see the system's log"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process kept the database locked for too long"
        }
        _ => return error.to_string(),
    };
    format!("{error}; {advice}")
}
