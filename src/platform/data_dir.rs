//! The data directory: one Kith at a time, nobody else's business.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use thiserror::Error;

/// The file whose kernel lock says that a Kith is running here. It ends with its process, however that ends.
const LOCK: &str = "lock";

/// A data directory that this process holds.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory could not be opened.
#[derive(Debug, Error)]
pub enum DataDirError {
    /// Another process holds it.
    #[error("another Kith is already running on {}: use that one, or give this one its own --data directory", .0.display())]
    InUse(PathBuf),
    /// It cannot be made or used.
    #[error("the data directory {} cannot be used: {source}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DataDir {
    /// Makes the directory if need be (for its owner only) and takes its lock.
    ///
    /// # Errors
    /// When another Kith holds it, or it cannot be used.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |source| DataDirError::Unusable { path: path.to_owned(), source };
        make_private(path).map_err(unusable)?;
        let mut options = File::options();
        options.create(true).write(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(path.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Where this person's data lives when nobody says otherwise; `None` on a system without a home directory.
#[must_use]
pub fn default_data_dir() -> Option<PathBuf> {
    project().map(|dirs| dirs.data_dir().to_owned())
}

/// Where the broker that this machine's Kiths share keeps its queues.
#[must_use]
pub fn shared_dir() -> Option<PathBuf> {
    project().map(|dirs| dirs.data_dir().join("broker"))
}

fn project() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "kith")
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
