//! Runs `tests/architecture` without building the product: it reads source text and needs only the standard library.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Compiles the test by itself (a second, where linking Kith takes minutes from cold) and runs it.
pub fn run() -> Result<bool> {
    let root = workspace::root();
    let binary = workspace::scratch("architecture")?.join("architecture");
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--test", "--crate-name", "architecture", "-o"]).arg(&binary);
    rustc.arg(root.join("tests/architecture/main.rs")).env("CARGO_MANIFEST_DIR", &root);
    if !rustc.status().context("cannot run rustc")?.success() {
        bail!("tests/architecture does not compile");
    }
    let mut test = Command::new(&binary);
    test.args(["--nocapture", "--test-threads=1"]).current_dir(&root);
    // What it finds names its own place in the source; where the test stood when it found it helps nobody.
    test.env("RUST_BACKTRACE", "0");
    Ok(test.status().context("cannot run the architecture test")?.success())
}
