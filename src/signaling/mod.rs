//! The layer `signaling`.
