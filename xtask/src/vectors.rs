//! Runs `tests/vectors/check.py`, the protocol's independent checker, in a Python environment of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Makes the environment when it is missing or its requirements changed, then runs the checker.
pub fn run() -> Result<bool> {
    let root = workspace::root();
    let folder = root.join("tests/vectors");
    let requirements = fs::read_to_string(folder.join("requirements.txt")).context("tests/vectors/requirements.txt")?;
    let environment = workspace::scratch("vectors")?.join("venv");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = environment.join("installed.txt");
    if fs::read_to_string(&stamp).ok().as_deref() != Some(&requirements) {
        fs::remove_dir_all(&environment).ok();
        must(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        must(Command::new(&python).args(pip).arg(folder.join("requirements.txt")))?;
        fs::write(&stamp, &requirements)?;
    }
    let mut check = Command::new(&python);
    check.arg(folder.join("check.py")).current_dir(&root).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(check.status().context("cannot run the checker")?.success())
}

fn must(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).display().to_string();
    if !command.status().with_context(|| format!("cannot run {program}"))?.success() {
        bail!("{program} failed; is python3 with venv installed (Debian package python3-venv)?");
    }
    Ok(())
}
