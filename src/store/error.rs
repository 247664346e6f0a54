//! Why the store could not do something.

use rusqlite::{ErrorCode, ffi};
use thiserror::Error;

/// Why the store could not do something. Every op of a batch gets the same one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// Written by a newer program. It was not changed.
    #[error(
        "the database has format {found}, and this program knows formats up to {known}: it was written by a newer Kith"
    )]
    Newer {
        /// The database's format.
        found: i64,
        /// The highest that this program knows.
        known: i64,
    },
    /// A database of another program. It was not changed.
    #[error("the file is a database of another program")]
    Foreign,
    /// No database, or a damaged one.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// The disk has no room. It may have some later.
    #[error("the disk is full")]
    Full,
    /// The file cannot be created, opened, read or written.
    #[error("the database cannot be read or written: {0}")]
    Io(String),
    /// Anything else, in SQLite's words.
    #[error("the database refused: {0}")]
    Failed(String),
}

impl StoreError {
    /// The same in SQLite's words, which are all that a migration can hand on.
    pub(super) fn into_sqlite(self) -> rusqlite::Error {
        let (code, text) = match self {
            Self::Damaged(text) => (ffi::SQLITE_CORRUPT, text),
            Self::Full => (ffi::SQLITE_FULL, self.to_string()),
            Self::Io(text) => (ffi::SQLITE_IOERR, text),
            other => (ffi::SQLITE_ERROR, other.to_string()),
        };
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(text))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(
                ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied,
            ) => Self::Io(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull { Self::Full } else { Self::Io(error.to_string()) }
    }
}
