//! What differs by system, and what tests need of it: the data directory and its lock, secret files, crash points,
//! links that the system opens, changes of the network, the clock that goes on in a device's sleep, and for a window on a desktop its second start and its notifications.
//!
//! The only layer that knows paths and file modes. It never looks into what it keeps.

#[cfg(target_os = "android")]
mod android;
mod awake;
pub mod crash;
mod data_dir;
#[cfg(feature = "desktop")]
pub mod desktop;
#[cfg(feature = "desktop")]
pub mod instance;
mod network;
#[cfg(feature = "desktop")]
pub mod notify;
pub mod opened;
mod permissions;
mod places;
#[cfg(feature = "desktop")]
pub mod register;
mod secret;
mod signals;
pub mod testing;

pub use awake::since_boot;
pub use data_dir::{DataDir, DataDirError, LOCK_FILE};
pub use network::{NetworkChange, NetworkWatch};
pub use places::{HOME_VARIABLE, default_data_dir, shared_dir};
pub use secret::{SecretError, private_dir, read_secret, write_secret};
pub use signals::{asked_to_stop, interrupted_twice};

#[cfg(test)]
mod tests;
