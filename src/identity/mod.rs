//! The layer `identity`.
