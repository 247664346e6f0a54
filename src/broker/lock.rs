//! The kernel lock on a broker's folder: held while the broker runs, gone with its process however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;

use super::BrokerError;

/// Beside the library's own `.lock`, so that "in use" is an error of its own and not a text to be matched.
const LOCK_FILE: &str = "broker.lock";

pub(super) struct StorageLock {
    _file: File,
}

impl StorageLock {
    /// Makes the folder if it is missing and takes its lock.
    pub(super) fn take(path: PathBuf) -> Result<Self, BrokerError> {
        let file = std::fs::create_dir_all(&path)
            .and_then(|()| OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK_FILE)));
        let file = match file {
            Ok(file) => file,
            Err(reason) => return Err(BrokerError::Storage { path, reason }),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(BrokerError::StorageInUse(path)),
            Err(TryLockError::Error(reason)) => Err(BrokerError::Storage { path, reason }),
        }
    }
}
