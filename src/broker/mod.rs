//! The layer `broker`.
