//! Secret files: readable by their owner only, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

/// Why a secret file could not be used.
#[derive(Debug, Error)]
#[error("{}: {source}", path.display())]
pub struct SecretError {
    path: PathBuf,
    source: io::Error,
}

/// Reads a secret file of at most `limit` bytes; `None` when there is none. Permissions wider than the owner's are
/// narrowed.
///
/// # Errors
/// When it cannot be read, or is longer than any file of ours.
pub fn read_secret(path: &Path, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, SecretError> {
    let failed = |source| SecretError { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    owner_only(&file).map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    let read = file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if read > limit {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "longer than any key file")));
    }
    Ok(Some(bytes))
}

/// Writes a secret file: beside it first, then in its place, so that a crash leaves the old one or the new one.
///
/// # Errors
/// When it cannot be written.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), SecretError> {
    let failed = |source| SecretError { path: path.to_owned(), source };
    let beside = path.with_extension("new");
    let write = || -> io::Result<()> {
        // What a crash may have left there was never in use.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // The name is durable only when its directory is.
        match path.parent() {
            Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
            _ => Ok(()),
        }
    };
    write().map_err(failed)
}

#[cfg(unix)]
fn owner_only(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn owner_only(_: &File) -> io::Result<()> {
    Ok(())
}
