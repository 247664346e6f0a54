//! The layer `store`.
