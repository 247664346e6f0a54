//! Programs from Debian's archive, unpacked into a folder of ours instead of installed: they are in nobody's way there.
//!
//! Package names carry versions (`libllvm22`), and Debian moves them: they are found by following what the packages that
//! we name depend on.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Missing;
use crate::setup;

/// The system is another one, or an older or newer Debian.
pub const OTHER_SYSTEM: &str = "its tools are taken from Debian 12's packages, and this system has no such packages";
/// They exist, but do not arrive.
pub const NO_DOWNLOAD: &str = "its tools could not be downloaded";

/// What is unpacked even where the system has it: a compiler looks for its own files beside itself.
const ALWAYS: &[&str] =
    &["rustc-web", "cargo-web", "libstd-rust-web", "rust-web-src", "clang-", "libclang", "llvm-", "libllvm", "aapt"];

/// A file that says that everything is there.
const STAMP: &str = "unpacked.txt";

/// Downloads packages and what they need beyond what is installed, and unpacks all of it into `folder`. `more` may name
/// further packages when it sees those that were found. Does nothing when that was done before.
pub fn unpack(
    folder: &Path,
    packages: &[&str],
    more: impl Fn(&BTreeSet<String>) -> Vec<String>,
) -> Result<(), Missing> {
    if folder.join(STAMP).is_file() {
        return Ok(());
    }
    if !setup::runs("apt-get", &["--version"]) || !setup::runs("dpkg-deb", &["--version"]) {
        return Err(Missing::new(OTHER_SYSTEM, "there is no apt-get or dpkg-deb"));
    }
    let mut found = BTreeSet::new();
    for package in packages {
        follow(package, &mut found)?;
    }
    for package in more(&found) {
        follow(&package, &mut found)?;
    }
    println!("      downloading {} packages from Debian …", found.len());
    let fresh = folder.with_extension("new");
    for stale in [folder, &fresh] {
        fs::remove_dir_all(stale).ok();
    }
    let unpacked = download(&fresh, &found)
        .and_then(|()| fs::write(fresh.join(STAMP), found.iter().map(|name| format!("{name}\n")).collect::<String>()))
        .and_then(|()| fs::rename(&fresh, folder));
    if let Err(error) = unpacked {
        fs::remove_dir_all(&fresh).ok();
        return Err(Missing::new(NO_DOWNLOAD, error.to_string()));
    }
    Ok(())
}

/// Adds a package and, in turn, what it needs.
fn follow(package: &str, found: &mut BTreeSet<String>) -> Result<(), Missing> {
    if !found.insert(package.to_owned()) {
        return Ok(());
    }
    for needed in depends(package)? {
        if ALWAYS.iter().any(|start| needed.starts_with(start)) || !is_installed(&needed) {
            follow(&needed, found)?;
        }
    }
    Ok(())
}

/// What a package needs, without alternatives and virtual packages: a compiler and an archiver are there already.
fn depends(package: &str) -> Result<Vec<String>, Missing> {
    let ask = || Command::new("apt-cache").args(["depends", "--important", package]).stdin(Stdio::null()).output();
    let mut output = ask().ok().filter(|output| output.status.success());
    if output.is_none() && setup::apt(&["update"]) {
        output = ask().ok().filter(|output| output.status.success());
    }
    match output {
        Some(output) => Ok(parse_depends(&String::from_utf8_lossy(&output.stdout))),
        None => Err(Missing::new(OTHER_SYSTEM, format!("apt-get knows no package {package}"))),
    }
}

fn parse_depends(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.strip_prefix("  Depends: "));
    names.filter(|name| !name.starts_with('<')).map(str::to_owned).collect()
}

fn is_installed(package: &str) -> bool {
    let asked = Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package]).output();
    asked.is_ok_and(|output| output.stdout.starts_with(b"installed"))
}

fn download(folder: &Path, packages: &BTreeSet<String>) -> std::io::Result<()> {
    let archives = folder.join("archives");
    fs::create_dir_all(&archives)?;
    let mut fetch = Command::new("apt-get");
    // Root's downloads are otherwise made by a user who may not write here.
    fetch.args(["-q", "-o", "APT::Sandbox::User=root", "download"]).args(packages).current_dir(&archives);
    must(&mut fetch)?;
    for archive in fs::read_dir(&archives)? {
        must(Command::new("dpkg-deb").arg("-x").arg(archive?.path()).arg(folder))?;
    }
    fs::remove_dir_all(archives)
}

/// Runs a command quietly; what it said is told only when it failed.
pub fn must(command: &mut Command) -> std::io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(std::io::Error::other(format!("{} failed: {}", command.get_program().display(), said.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alternatives and what provides a virtual package are left out: the first real name of each need counts.
    #[test]
    fn what_a_package_needs_is_read() {
        let text =
            "cargo-web\n  Depends: libc6\n |Depends: gcc\n  Depends: <c-compiler>\n    tcc\n  Depends: libgit2-1.5\n";
        assert_eq!(parse_depends(text), ["libc6", "libgit2-1.5"]);
    }
}
