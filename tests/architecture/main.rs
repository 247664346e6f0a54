//! The rules that the source must keep, read from the source itself.
//!
//! Who may import whom is the line in `src/lib.rs` that begins "Imports point one way": this test reads it there, so that the
//! map cannot say one thing and the test another. Only the standard library is used: `cargo xtask architecture` compiles this
//! folder alone, in a second.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod imports;
mod length;
mod lexer;
mod map;
mod pure;
mod source;
mod sql;
mod unfinished;

use std::path::PathBuf;

/// Where the package lies.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Fails with all of them at once.
pub fn assert_none(offences: Vec<String>) {
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}
