//! Where things are, and how cargo is called: the same way everywhere, so that builds are shared.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The feature set that nearly all tests share: each further set compiles many dependencies once more.
pub const TEST_FEATURES: &str = "embedded-broker,testing";
/// What the tests of the window need beside the default features: everything, so that it is compiled once.
pub const WINDOW_FEATURES: &str = "browser,component-tests";

/// The programs that tests of the window start.
pub struct Programs {
    /// Kith, with its window and the browser preview.
    pub kith: PathBuf,
    /// The window over a small world that stands still.
    pub gallery: PathBuf,
}

impl Programs {
    /// Builds them, or finds that they are up to date.
    pub fn of_the_window() -> Result<Self> {
        println!("Building Kith with its window …");
        let mut cargo = cargo();
        cargo.args(["build", "--locked", "-p=kith", "--bin=kith", "--example=gallery", "--features", WINDOW_FEATURES]);
        if !cargo.status().context("cannot run cargo")?.success() {
            bail!("Kith does not build");
        }
        let debug = target_dir()?.join("debug");
        let program = |name: &str| debug.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        Ok(Self { kith: program("kith"), gallery: program("examples/gallery") })
    }
}

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> PathBuf {
    // Cargo says it to what it runs. Where xtask was compiled may be another checkout that builds into the same folder.
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = package.as_deref().and_then(Path::parent).filter(|root| root.join("Cargo.toml").is_file());
    root.unwrap_or(Path::new(".")).to_path_buf()
}

/// Where cargo builds, whoever decided it (`CARGO_TARGET_DIR`, a configuration file, or nobody).
pub fn target_dir() -> Result<PathBuf> {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    if let Some(known) = TARGET.get() {
        return Ok(known.clone());
    }
    let metadata = metadata(&["--no-deps"])?;
    let dir = metadata.get("target_directory").and_then(Value::as_str).context("cargo metadata names no target")?;
    Ok(TARGET.get_or_init(|| PathBuf::from(dir)).clone())
}

/// A folder of our own below the target folder, made when missing.
pub fn scratch(name: &str) -> Result<PathBuf> {
    let dir = target_dir()?.join("xtask").join(name);
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

/// A new temporary folder. Not below the target folder: its path may be longer than a local socket's may be.
pub fn place(name: &str) -> Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let place = env::temp_dir().join(format!("{name}-{}-{count}", std::process::id()));
    std::fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    Ok(place)
}

/// `cargo metadata` with `--locked`, parsed.
pub fn metadata(extra: &[&str]) -> Result<Value> {
    let mut cargo = cargo();
    cargo.args(["metadata", "--locked", "--format-version", "1"]).args(extra);
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("cargo metadata failed (is Cargo.lock committed and up to date?)");
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata did not print JSON")
}

/// Cargo, in the workspace's folder, with an environment as if a person had called it.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    forget_xtask(&mut cargo);
    cargo
}

/// Takes out what `cargo run` told *this* program about itself: some build scripts look at these and would run again.
pub fn forget_xtask(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if ours.iter().any(|prefix| text.starts_with(prefix)) || text == "CARGO_PRIMARY_PACKAGE" {
            command.env_remove(&name);
        }
    }
}
