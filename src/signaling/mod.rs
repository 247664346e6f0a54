//! The layer `signaling`.

pub mod mqtt;
