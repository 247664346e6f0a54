//! The layer `log`.
