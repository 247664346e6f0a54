//! The layer `platform`.
