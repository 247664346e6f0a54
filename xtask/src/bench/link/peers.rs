//! libwebrtc, by `tests/peers`: a development tool that is fetched when a bench needs it, and never a part of Kith.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace;

/// The lock file that the packages were fetched by.
const STAMP: &str = "node_modules/.kith-lock.json";

/// How it sends this many bytes.
pub fn bulk(bytes: usize) -> Result<Value> {
    fetch()?;
    let mut node = Command::new("node");
    node.current_dir(workspace::root().join("tests/peers")).arg("bulk.mjs").arg(bytes.to_string());
    workspace::forget_xtask(&mut node);
    let output = node.stderr(Stdio::inherit()).output().context("cannot run node (Node.js 20 or later)")?;
    ensure!(output.status.success(), "tests/peers/bulk.mjs failed");
    serde_json::from_slice(&output.stdout).context("tests/peers/bulk.mjs measured nothing")
}

/// Fetches exactly what the lock file says; nothing when it is there already.
fn fetch() -> Result<()> {
    let folder = workspace::root().join("tests/peers");
    let lock = fs::read(folder.join("package-lock.json")).context("tests/peers/package-lock.json")?;
    if fs::read(folder.join(STAMP)).is_ok_and(|stamp| stamp == lock) {
        return Ok(());
    }
    println!("Fetching libwebrtc for Node …");
    let mut npm = Command::new("npm");
    // No package's own program is run: the library comes built.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
    ensure!(npm.status().context("cannot run npm")?.success(), "npm ci failed in {}", folder.display());
    fs::write(folder.join(STAMP), lock).context("the mark of what was fetched")
}
