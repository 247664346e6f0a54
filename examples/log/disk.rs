//! What one wait for the disk takes, where the databases are.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

/// What SQLite adds to its WAL for one page: the page and a head.
const BYTES: usize = 4096 + 24;

/// A file that grows as a WAL does.
pub struct Disk(File);

impl Disk {
    pub fn new(folder: &Path) -> Result<Self> {
        Ok(Self(File::create(folder.join("fsync"))?))
    }

    /// One write and one wait for it, in milliseconds.
    pub fn wait(&mut self) -> Result<f64> {
        self.0.write_all(&[7; BYTES])?;
        let begun = Instant::now();
        self.0.sync_all()?;
        Ok(crate::millis(begun))
    }
}
