//! What differs by system, and what tests need of it: the data directory and its lock, secret files, crash points.
//!
//! The only layer that knows paths and file modes. It never looks into what it keeps.

pub mod crash;
mod data_dir;
mod permissions;
mod places;
mod secret;
pub mod testing;

pub use data_dir::{DataDir, DataDirError, LOCK_FILE};
pub use places::{HOME_VARIABLE, default_data_dir, shared_dir};
pub use secret::{SecretError, private_dir, read_secret, write_secret};

#[cfg(test)]
mod tests;
