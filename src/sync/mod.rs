//! The layer `sync`.
