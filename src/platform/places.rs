//! Where Kith keeps its files when nobody says where.

use std::ffi::OsString;
use std::path::PathBuf;

use directories::ProjectDirs;

/// Moves everything of Kith's below one folder: for tests, and for people who carry it on a stick.
pub const HOME_VARIABLE: &str = "KITH_HOME";

/// The data directory of the person who uses this computer's account; none when the system names no home.
#[must_use]
pub fn default_data_dir() -> Option<PathBuf> {
    place(std::env::var_os(HOME_VARIABLE), "data")
}

/// What all Kith processes of this account share: the queues of the computer's own broker.
#[must_use]
pub fn shared_dir() -> Option<PathBuf> {
    place(std::env::var_os(HOME_VARIABLE), "shared")
}

fn place(home: Option<OsString>, leaf: &str) -> Option<PathBuf> {
    let base = match home.filter(|home| !home.is_empty()) {
        Some(home) => PathBuf::from(home),
        None => ProjectDirs::from("", "", "kith")?.data_local_dir().to_owned(),
    };
    Some(base.join(leaf))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One variable moves both places; without it they lie beside each other in the account's own folder.
    #[test]
    fn one_variable_moves_everything() {
        assert_eq!(place(Some("/stick".into()), "shared"), Some(PathBuf::from("/stick/shared")));
        for home in [None, Some(OsString::new())] {
            if let Some(path) = place(home, "data") {
                assert!(path.is_absolute() && path.ends_with("kith/data"), "{}", path.display());
            }
        }
    }
}
