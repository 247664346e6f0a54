//! A Kith that runs on this device: its data directory, its own broker, its settings, and the coordinator above them.
//!
//! The window and `kith node` both begin here. It decides nothing about people or messages; it turns "how can others reach
//! me" into brokers, starts and ends everything in order, and keeps the settings that belong to a device and not to a
//! person.
//!
//! ```text
//! Place (command line) ─┐                       ┌─ coordinator ◀── UseBrokers ─┐
//! settings.json ────────┴─▶ Host::open ─────────┼─ own broker  ◀── start, stop ┤
//!                                               └─ keeper (one task) ──────────┘ ◀── orders ── Control
//! ```

mod checkup;
mod control;
mod keeper;
#[cfg(feature = "embedded-broker")]
mod local_broker;
#[cfg(not(feature = "embedded-broker"))]
#[path = "no_broker.rs"]
mod local_broker;
mod open;
mod place;
mod settings;
mod settings_file;

pub use checkup::{CheckupError, checkup};
pub use control::{Control, Order, SettingsError};
pub use local_broker::{LocalBroker, LocalBrokerError};
pub use open::{Claim, Host, HostError};
pub use place::{DEFAULT_ICE, Front, Place};
pub use settings::{
    BROKERS_MAX, Choice, ICE_SERVER_BYTES_MAX, ICE_SERVERS_MAX, Ice, PUBLIC_BROKERS, Reach, Settings, TextSize, Theme,
    WindowPlace,
};
pub use settings_file::{BROKEN_SETTINGS_FILE, SETTINGS_BYTES_MAX, SETTINGS_FILE};

#[cfg(test)]
mod tests;
