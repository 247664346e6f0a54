//! How much room is left on the disk: builds that fail for want of it say so in a hundred confusing ways.

use std::path::Path;

/// Less than this, and the next stage would fail half way: the largest one compiles about this much.
const FREE_MIN: u64 = 2 << 30;
/// What all stages together take from a clean checkout, for the person who has to make room.
const WHOLE: &str = "about 8 GB";

/// Bytes that we may still write to the disk that holds this folder; nothing where the system does not tell.
pub fn free(folder: &Path) -> Option<u64> {
    system::free(folder)
}

/// What to say when the next stage should not be tried.
pub fn too_little(folder: &Path) -> Option<String> {
    let free = free(folder).filter(|free| *free < FREE_MIN)?;
    Some(format!("the disk has only {} left; a whole run from a clean checkout takes {WHOLE}", gigabytes(free)))
}

/// For people.
pub fn gigabytes(bytes: u64) -> String {
    format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10)
}

#[cfg(unix)]
mod system {
    use std::path::Path;

    pub fn free(folder: &Path) -> Option<u64> {
        let disk = rustix::fs::statvfs(folder).ok()?;
        disk.f_frsize.checked_mul(disk.f_bavail)
    }
}

#[cfg(not(unix))]
mod system {
    use std::path::Path;

    pub fn free(_: &Path) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People read gigabytes with one digit after the point.
    #[test]
    fn bytes_are_said_in_gigabytes() {
        assert_eq!(gigabytes(0), "0.0 GB");
        assert_eq!(gigabytes(41_260_000_000), "41.2 GB");
    }

    /// The disk under a folder that exists has a size, and no folder has none.
    #[cfg(unix)]
    #[test]
    fn the_disk_is_asked() {
        assert!(free(Path::new("/")).is_some());
        assert_eq!(free(Path::new("/no/such/folder")), None);
    }
}
