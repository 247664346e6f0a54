//! What differs by system, and what tests need of it: the data directory and its lock, secret files, crash points,
//! links that the system opens.
//!
//! The only layer that knows paths and file modes. It never looks into what it keeps.

#[cfg(target_os = "android")]
mod android;
pub mod crash;
mod data_dir;
pub mod opened;
mod permissions;
mod places;
mod secret;
pub mod testing;

pub use data_dir::{DataDir, DataDirError, LOCK_FILE};
pub use places::{HOME_VARIABLE, default_data_dir, shared_dir};
pub use secret::{SecretError, private_dir, read_secret, write_secret};

#[cfg(test)]
mod tests;
