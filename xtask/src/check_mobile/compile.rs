//! Type-checks the whole crate for a phone's system: Debian's newest Rust with its library from source, clang for the C
//! code that comes with dependencies, and the C headers of both systems out of a package for Python.
//!
//! The headers are stand-ins (musl's for Android, the bare language's for iOS): enough to compile SQLite and ring, and never
//! linked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::debian::{self, NO_DOWNLOAD, must};
use super::{Missing, Outcome, System};
use crate::process::{self, Ended};
use crate::test::{SILENCE, seconds};
use crate::workspace;

/// A C compiler for everything, as a package for Python; only its headers are taken.
const HEADERS_PACKAGE: &str = "ziglang==0.17.1";
/// The package's one file for this kind of computer, so that it cannot become another one unnoticed.
const HEADERS_SHA256: &str = "ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54";
/// Takes the headers out of the package's file: five folders out of a hundred, for 15 MB instead of 440.
const TAKE_HEADERS: &str = "\
import sys, zipfile
folders = ('aarch64-linux-musl', 'generic-musl', 'aarch64-linux-any', 'any-linux-any', 'any-darwin-any')
archive = zipfile.ZipFile(sys.argv[1])
for name in archive.namelist():
    if name.startswith(tuple(f'ziglang/lib/libc/include/{folder}/' for folder in folders)):
        archive.extract(name, sys.argv[2])
";

/// Headers that only Android has: what the C code of our dependencies uses of them.
const ANDROID_HEADERS: &[(&str, &str)] = &[
    (
        "sys/system_properties.h",
        "#pragma once\n#define PROP_NAME_MAX 32\n#define PROP_VALUE_MAX 92\nint __system_property_get(const char *, char *);\n",
    ),
    (
        "android/log.h",
        "#pragma once\nint __android_log_print(int, const char *, const char *, ...);\nint __android_log_write(int, const char *, const char *);\n",
    ),
];

impl System {
    /// As Rust calls it.
    fn triple(self) -> &'static str {
        match self {
            Self::Android => "aarch64-linux-android",
            Self::Ios => "aarch64-apple-ios",
        }
    }

    /// What clang is told: which system, and where its headers are.
    fn clang_flags(self, tools: &Tools) -> String {
        let headers = |name: &str| format!("-isystem '{}'", tools.headers.join(name).display());
        match self {
            Self::Android => {
                let own = format!("-isystem '{}'", tools.android_headers.display());
                let folders = ["aarch64-linux-musl", "generic-musl", "aarch64-linux-any", "any-linux-any"].map(headers);
                let errno = "-D__errno_location=__errno"; // As Android's C library calls it.
                format!(
                    "--target=aarch64-linux-android30 -nostdlibinc {own} {} -D_GNU_SOURCE {errno}",
                    folders.join(" ")
                )
            }
            Self::Ios => format!("--target=arm64-apple-ios15.0 -nostdlibinc {}", headers("any-darwin-any")),
        }
    }
}

/// Where everything is.
struct Tools {
    debian: PathBuf,
    headers: PathBuf,
    android_headers: PathBuf,
    wrappers: PathBuf,
}

/// Type-checks for a system; downloads what is missing first.
pub fn check(folder: &Path, system: System, deadline: Instant) -> Result<Outcome> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(Outcome::Skipped(Missing::new(debian::OTHER_SYSTEM, "this is not Linux on x86-64")));
    }
    let tools = match prepare(folder) {
        Ok(tools) => tools,
        Err(missing) => return Ok(Outcome::Skipped(missing)),
    };
    let mut cargo = cargo(folder, &tools, system)?;
    let began = Instant::now();
    let mut shown = Instant::now();
    let mut compiled = 0;
    let ended = process::run(&mut cargo, deadline, |line| {
        let line = line.unwrap_or_default().trim_end();
        let step = line.trim_start();
        if step.starts_with("Checking ") || step.starts_with("Compiling ") {
            compiled += 1;
        } else if !line.is_empty() {
            println!("      {line}");
        }
        if shown.elapsed() >= SILENCE {
            println!("      … {}: {compiled} packages", seconds(began.elapsed()));
            shown = Instant::now();
        }
    })?;
    Ok(match ended {
        Ended::Exit(status) if status.success() => Outcome::Passed,
        Ended::Exit(_) => Outcome::Failed(format!("Kith does not compile for {}; see above", system.triple())),
        Ended::Deadline => Outcome::Failed("stopped: it took too long".to_owned()),
    })
}

/// Cargo with everything that makes it build for the system.
fn cargo(folder: &Path, tools: &Tools, system: System) -> Result<Command> {
    let triple = system.triple();
    let mut cargo = Command::new(tools.debian.join("usr/bin/cargo"));
    workspace::forget_xtask(&mut cargo);
    for other in [
        "RUSTUP_TOOLCHAIN",
        "CARGO",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        cargo.env_remove(other);
    }
    cargo.current_dir(workspace::root()).args(["check", "--locked", "-p=kith", "--lib", "--bins"]);
    cargo.args(["--no-default-features", "--features=mobile", "--target", triple]);
    cargo.args(["-Zbuild-std=std", "--config=profile.dev.debug=false"]);
    // Its C code is compiled although nothing will run: as fast as can be, then.
    cargo.arg("--config=profile.dev.package.libsqlite3-sys.opt-level=0");
    cargo.arg("--target-dir").arg(folder.join("build"));
    // The library from source is for nightly compilers only, as far as cargo knows.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("CARGO_INCREMENTAL", "0").env("CARGO_TERM_COLOR", "never");
    cargo.env("RUSTC", tools.debian.join("usr/bin/rustc")).env("LD_LIBRARY_PATH", tools.libraries());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = [tools.debian.join("usr/bin")].into_iter().chain(std::env::split_paths(&path));
    cargo.env("PATH", std::env::join_paths(places).context("PATH")?);
    let suffix = triple.replace('-', "_");
    for (variable, program) in [("CC", "clang"), ("CXX", "clang++"), ("AR", "llvm-ar")] {
        cargo.env(format!("{variable}_{suffix}"), tools.wrappers.join(format!("{triple}-{program}")));
    }
    if system == System::Ios {
        // Asked for by name instead of by Apple's `xcrun`; nothing is read from it.
        let sdk = folder.join("no-sdk");
        fs::create_dir_all(&sdk)?;
        cargo.env("SDKROOT", sdk).env("IPHONEOS_DEPLOYMENT_TARGET", "15.0");
    }
    Ok(cargo)
}

impl Tools {
    /// Where the unpacked programs find their shared libraries.
    fn libraries(&self) -> PathBuf {
        self.debian.join("usr/lib/x86_64-linux-gnu")
    }

    /// A script that calls a program of LLVM with flags in front.
    fn wrap(&self, name: &str, program: &Path, flags: &str) -> std::io::Result<()> {
        let (libraries, program) = (self.libraries(), program.display());
        let script = format!("#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{program}' {flags} \"$@\"\n", libraries.display());
        let path = self.wrappers.join(name);
        fs::write(&path, script)?;
        make_executable(&path)
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// Elsewhere this is never reached: the check asks for Linux first.
#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Makes everything ready: downloads what is missing, writes the small files anew.
fn prepare(folder: &Path) -> Result<Tools, Missing> {
    let tools = Tools {
        debian: folder.join("debian"),
        headers: folder.join("headers/ziglang/lib/libc/include"),
        android_headers: folder.join("android-headers"),
        wrappers: folder.join("wrappers"),
    };
    debian::unpack(&tools.debian, &["rustc-web", "cargo-web", "rust-web-src"], |found| {
        // The clang of the same LLVM, so that there is one.
        let version = llvm_version(found);
        version.map(|version| vec![format!("clang-{version}"), format!("llvm-{version}")]).unwrap_or_default()
    })?;
    take_headers(folder, &tools.headers).map_err(|error| Missing::new(NO_DOWNLOAD, error.to_string()))?;
    write_small_files(&tools).map_err(|error| Missing::new(NO_DOWNLOAD, error.to_string()))?;
    Ok(tools)
}

/// Which LLVM is among the packages.
fn llvm_version(packages: &BTreeSet<String>) -> Option<u32> {
    packages.iter().filter_map(|name| name.strip_prefix("libllvm")?.parse().ok()).max()
}

fn take_headers(folder: &Path, headers: &Path) -> std::io::Result<()> {
    if headers.join("any-darwin-any").is_dir() {
        return Ok(());
    }
    println!("      downloading C headers from PyPI …");
    let work = folder.join("headers.new");
    fs::remove_dir_all(&work).ok();
    fs::create_dir_all(&work)?;
    let venv = work.join("venv");
    must(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let wanted = work.join("wanted.txt");
    fs::write(&wanted, format!("{HEADERS_PACKAGE} --hash=sha256:{HEADERS_SHA256}\n"))?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]);
    must(pip.arg("--require-hashes").arg("-r").arg(&wanted).arg("-d").arg(&work))?;
    let wheel = fs::read_dir(&work)?.filter_map(|entry| Some(entry.ok()?.path()));
    let wheel = wheel.into_iter().find(|path| path.extension().is_some_and(|end| end == "whl"));
    let wheel = wheel.ok_or_else(|| std::io::Error::other("pip downloaded no wheel"))?;
    let taken = work.join("taken");
    must(Command::new(venv.join("bin/python")).args(["-c", TAKE_HEADERS]).arg(wheel).arg(&taken))?;
    fs::remove_dir_all(folder.join("headers")).ok();
    fs::rename(taken, folder.join("headers"))?;
    fs::remove_dir_all(work)
}

fn write_small_files(tools: &Tools) -> std::io::Result<()> {
    for (name, text) in ANDROID_HEADERS {
        let path = tools.android_headers.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(path, text)?;
    }
    fs::create_dir_all(&tools.wrappers)?;
    let llvm = fs::read_dir(tools.debian.join("usr/lib"))?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut llvm = llvm.filter(|path| path.join("bin/clang").exists() && path.join("bin/llvm-ar").exists());
    let llvm = llvm.next().ok_or_else(|| std::io::Error::other("no clang among the unpacked packages"))?;
    for system in [System::Android, System::Ios] {
        let flags = system.clang_flags(tools);
        for (program, flags) in [("clang", flags.as_str()), ("clang++", flags.as_str()), ("llvm-ar", "")] {
            tools.wrap(&format!("{}-{program}", system.triple()), &llvm.join("bin").join(program), flags)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clang that is downloaded is of the LLVM that Rust was built with, whatever else is there.
    #[test]
    fn clang_fits_the_compiler() {
        let packages = ["libllvm22", "libc6", "libllvm9", "llvm-22"].map(str::to_owned).into();
        assert_eq!(llvm_version(&packages), Some(22));
        assert_eq!(llvm_version(&BTreeSet::new()), None);
    }
}
