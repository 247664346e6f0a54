//! The layer `node`.
