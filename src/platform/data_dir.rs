//! A data directory: one person's keys and messages on this device, used by one process at a time.
//!
//! The lock is the kernel's (`flock` or its like): it goes with the process, however that ends, so a killed Kith never
//! blocks the next one. The lock file itself stays and means nothing.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::permissions::{close_to_others, create_private_dir, is_open_to_others, private_options};

/// The file whose kernel lock says that the directory is in use.
pub const LOCK_FILE: &str = "kith.lock";

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// Another process uses it.
    #[error("another Kith is already running on {}: use that one, or choose another directory with --data", .0.display())]
    InUse(PathBuf),
    /// It holds other files and others can read it, so it is not Kith's to close.
    #[error(
        "{} holds files that are not Kith's, and other users of this computer can open it: choose a directory of its \
         own with --data",
        .0.display()
    )]
    NotOurs(PathBuf),
    /// The system refuses.
    #[error("the data directory {} cannot be used: {source}", .path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A data directory that this process holds until the value is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is missing (0700, like its lock file 0600), and takes its lock.
    ///
    /// # Errors
    /// When another process has it, when it is not Kith's own, or when the system refuses.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DataDirError> {
        let path = path.into();
        match Self::take(&path) {
            Ok(lock) => Ok(Self { path, _lock: lock }),
            Err(Refused::InUse) => Err(DataDirError::InUse(path)),
            Err(Refused::NotOurs) => Err(DataDirError::NotOurs(path)),
            Err(Refused::Io(source)) => Err(DataDirError::Unusable { path, source }),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn take(path: &Path) -> Result<File, Refused> {
        create_private_dir(path)?;
        make_private(path)?;
        let lock = private_options().create(true).truncate(false).open(path.join(LOCK_FILE))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(Refused::InUse),
            Err(TryLockError::Error(reason)) => Err(Refused::Io(reason)),
        }
    }
}

enum Refused {
    InUse,
    NotOurs,
    Io(io::Error),
}

impl From<io::Error> for Refused {
    fn from(reason: io::Error) -> Self {
        Self::Io(reason)
    }
}

/// Closes a directory to others, unless it is plainly somebody else's (a slip like `--data /tmp` must not close `/tmp`).
#[cfg(unix)]
fn make_private(path: &Path) -> Result<(), Refused> {
    let dir = File::open(path)?;
    if !is_open_to_others(&dir)? {
        return Ok(());
    }
    let ours = path.join(LOCK_FILE).exists() || std::fs::read_dir(path)?.next().is_none();
    if !ours {
        return Err(Refused::NotOurs);
    }
    Ok(close_to_others(&dir)?)
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> Result<(), Refused> {
    Ok(())
}

#[cfg(test)]
mod tests;
