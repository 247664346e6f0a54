//! The layer `link`.
