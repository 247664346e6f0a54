//! A Kith that runs on this device: its data directory, its own broker, its settings, and the coordinator above them.
//!
//! The window and `kith node` both begin here. It decides nothing about people or messages; it turns "how can others reach
//! me" into brokers, starts and ends everything in order, and keeps the settings that belong to a device and not to a
//! person.

mod control;
mod settings;

pub use control::{Control, Order, SettingsError};
pub use settings::{BROKERS_MAX, PUBLIC_BROKERS, Reach, Settings, TextSize, Theme, WindowPlace};
