//! One peer device's link: who offers, whether it still lives, when to try again.
//!
//! [`Machine`] is pure and decides everything; [`driver`] translates between it and the WebRTC library and decides
//! nothing. Both speak [`DriverCommand`] and [`DriverEvent`]. Signals come from and go to the coordinator, which seals
//! them into envelopes; a signal that reaches this layer is authenticated and addressed to this run of the program.
//!
//! Nothing here knows contacts, entries, or what a frame says (heartbeats excepted).

pub mod driver;
mod exchange;
pub mod ice;
mod machine;
mod window;

pub use exchange::{CloseReason, DriverCommand, DriverEvent, FRAME_BYTES_MAX, Path, Policy};
pub use ice::IceServer;
pub use machine::{Input, Machine, Output, Role, Settings, State};
