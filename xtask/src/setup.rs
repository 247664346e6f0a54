//! What the tests need beside Rust: found by trying it, installed on Debian and Ubuntu, named elsewhere.
//!
//! When everything is there this touches neither the network nor the system.

pub mod window;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Who asks: each gets only what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// To build and run Kith.
    Build,
    /// To build the fuzz targets too.
    Fuzz,
    /// To check that Kith compiles for phones.
    Mobile,
    /// To build Kith with its window.
    Window,
    /// To build it, and open its window in Chromium.
    Preview,
    /// To run the lab.
    Lab,
    /// To run every test.
    Tests,
}

/// One thing that must be there.
pub struct Need {
    users: &'static [For],
    what: &'static str,
    why: &'static str,
    /// The Debian packages that hold it.
    package: &'static str,
    there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        users: &[For::Build, For::Fuzz, For::Mobile, For::Window, For::Preview, For::Lab, For::Tests],
        what: "a C compiler (cc)",
        why: "SQLite and ring are C",
        package: "gcc",
        there: || runs("cc", &["--version"]),
    },
    Need {
        users: &[For::Fuzz, For::Tests],
        what: "a C++ compiler (c++)",
        why: "the fuzzer's library is C++",
        package: "g++",
        there: || runs("c++", &["--version"]),
    },
    Need {
        users: &[For::Lab, For::Tests],
        what: "Mosquitto",
        why: "the stories and the lab also run over a broker that we did not write",
        package: "mosquitto",
        there: || find_program("mosquitto").is_some(),
    },
    Need {
        users: &[For::Lab, For::Tests],
        what: "nats-server",
        why: "the stories and the lab also run over a cluster of brokers",
        package: "nats-server",
        there: || find_program("nats-server").is_some(),
    },
    Need {
        users: &[For::Lab, For::Tests],
        what: "openssl",
        why: "the certificates of brokers over TLS are made as an operator makes them",
        package: "openssl",
        there: || find_program("openssl").is_some(),
    },
    Need {
        users: &[For::Lab, For::Tests],
        what: "coturn",
        why: "the lab's relay",
        package: "coturn",
        there: || find_program("turnserver").is_some(),
    },
    Need {
        users: &[For::Lab, For::Tests],
        what: "nftables",
        why: "the lab's routers",
        package: "nftables",
        there: || find_program("nft").is_some(),
    },
    Need {
        users: &[For::Mobile, For::Tests],
        what: "Python 3 with venv",
        why: "the protocol's independent checker is written in Python, and phones' files are read with it",
        package: "python3-venv",
        there: || runs("python3", &["-c", "import venv, ensurepip"]),
    },
];

/// Installs what is missing and says what it did.
///
/// Never an error: a test that cannot run for want of something says so itself, and whether that is allowed is written in
/// `tests/allowed-skips.txt`.
pub fn run(user: For) {
    let needs = || NEEDS.iter().chain(window::NEEDS).filter(|need| need.users.contains(&user));
    let missing = || needs().filter(|need| !(need.there)()).collect::<Vec<_>>();
    let wanted = missing();
    if wanted.is_empty() {
        return;
    }
    for need in &wanted {
        println!("missing: {} ({}; Debian package {})", need.what, need.why, need.package);
    }
    let packages: Vec<&str> = wanted.iter().flat_map(|need| need.package.split(' ')).collect();
    if runs("apt-get", &["--version"]) && runs("dpkg-query", &["--version"]) {
        match privilege() {
            Some(_) => install(&packages),
            None => println!("cannot install without root or sudo; run: apt-get install {}", packages.join(" ")),
        }
    } else {
        println!("please install by your system's means what these Debian packages hold: {}", packages.join(" "));
    }
    let still: Vec<&str> = missing().iter().map(|need| need.what).collect();
    if !still.is_empty() {
        println!("still missing: {}; tests that need it will say SKIPPED", still.join(", "));
    }
}

/// What to put before a command so that it may install: nothing for root, `sudo -n` where it asks no password.
fn privilege() -> Option<Vec<&'static str>> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(Vec::new());
    }
    runs("sudo", &["-n", "true"]).then(|| vec!["sudo", "-n"])
}

/// What one call of `apt-get` may take: a server that answers no more must not hold up the tests for ever.
const APT_SECONDS: &str = "900";

/// Runs `apt-get` with the right to change the system; false when there is none or it failed.
pub fn apt(args: &[&str]) -> bool {
    let Some(mut words) = privilege() else { return false };
    words.extend([
        "timeout",
        "--kill-after=10",
        APT_SECONDS,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-q",
        "-o",
        "DPkg::Lock::Timeout=120",
    ]);
    words.extend(args);
    let (program, args) = words.split_first().unwrap_or((&"true", &[]));
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            print!("{}", String::from_utf8_lossy(&output.stderr));
            false
        }
        Err(error) => {
            println!("{program}: {error}");
            false
        }
    }
}

fn install(packages: &[&str]) {
    println!("installing {} …", packages.join(" "));
    let mut wanted = vec!["install", "-y", "--no-install-recommends"];
    wanted.extend(packages);
    // The lists may be old or absent; an attempt without fresh ones saves the time when they are neither.
    if !apt(&wanted) && apt(&["update"]) {
        apt(&wanted);
    }
}

/// Whether a program can be run and ends well.
pub fn runs(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Finds a program on the search path or where Debian puts services.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    env::split_paths(&path).chain(more).map(|dir: PathBuf| dir.join(name)).find(|file: &PathBuf| Path::is_file(file))
}
