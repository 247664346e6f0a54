//! The licence and the origin of every package in `Cargo.lock`, for every platform, by `cargo metadata` alone.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{spdx, workspace};

/// What may be linked into a program under MIT or Apache-2.0. None of them asks more than to be named, except MPL-2.0
/// (changes to *its* files must be published; we change none).
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The only place that packages come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks every package; prints each offence. Returns whether there was none.
pub fn run() -> Result<bool> {
    let metadata = workspace::metadata(&[])?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let members = metadata.get("workspace_members").and_then(Value::as_array).context("no workspace members")?;
    let mut offences = Vec::new();
    for package in packages {
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        let name = format!("{} {}", text("name").unwrap_or("?"), text("version").unwrap_or("?"));
        match text("source") {
            Some(REGISTRY) => {}
            Some(other) => offences.push(format!("{name} comes from {other}; only the registry is allowed")),
            None if package.get("id").is_some_and(|id| members.contains(id)) => {}
            None => offences.push(format!("{name} comes from a folder that is no member of the workspace")),
        }
        match text("license") {
            None => offences.push(format!("{name} names no licence")),
            Some(licence) => match spdx::satisfied(licence, &|one| ACCEPTED.contains(&one)) {
                Ok(true) => {}
                Ok(false) => offences.push(format!("{name}: {licence} is not accepted")),
                Err(error) => offences.push(format!("{name}: {error}")),
            },
        }
    }
    offences.iter().for_each(|offence| println!("{offence}"));
    println!("{} packages, {} offences", packages.len(), offences.len());
    Ok(offences.is_empty())
}
