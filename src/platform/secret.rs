//! Secret files: readable by their owner only, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use super::permissions::{close_to_others, create_private_dir, is_open_to_others, private_options, sync_dir};

/// Why a secret file could not be used.
#[derive(Debug, Error)]
#[error("{}: {source}", path.display())]
pub struct SecretError {
    path: PathBuf,
    source: io::Error,
}

/// Reads a secret file of at most `limit` bytes; `None` when there is none. Permissions wider than the owner's are
/// narrowed, and the log says so: the directory around it is closed too, so nobody else can have read it.
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
    owner_only(&file, path).map_err(failed)?;
    // Room for all of it at once: a buffer that grows leaves copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
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
        let mut file = private_options().create_new(true).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // The name is durable only when its directory is.
        match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => sync_dir(Path::new(".")),
            Some(parent) => sync_dir(parent),
            None => Ok(()),
        }
    };
    write().map_err(failed)
}

/// Makes a folder for its owner only, and those above it that are missing; one that exists stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn private_dir(path: &Path) -> Result<(), SecretError> {
    create_private_dir(path).map_err(|source| SecretError { path: path.to_owned(), source })
}

fn owner_only(file: &File, path: &Path) -> io::Result<()> {
    if is_open_to_others(file)? {
        tracing::warn!(path = %path.display(), "other users of this computer could open this file; it is closed to them now");
        close_to_others(file)?;
    }
    Ok(())
}
