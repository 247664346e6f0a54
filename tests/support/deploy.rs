//! The files of `deploy/`, as an operator gets them: what they are told to change, tests change, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::world::Skip;

/// A file below `deploy/`.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

/// A file's text with each of these replaced. Each must be there: a change that changes nothing has lost its place.
pub fn adapted(name: &str, changes: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(file(name)).expect(name);
    for (from, to) in changes {
        assert!(text.contains(from), "deploy/{name} has no “{from}” any more");
        text = text.replace(from, to);
    }
    text
}

/// Leaves out the listeners that need a certificate: paragraphs of the configuration.
pub fn without_tls(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.contains("certfile"));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// A CA and a certificate for this machine by `deploy/certificate.sh`; what goes behind a broker's address. Made once for a
/// folder.
pub fn certificate(dir: &Path) -> Result<String, Skip> {
    if program("openssl").is_none() {
        return Err(Skip("openssl is not installed".to_owned()));
    }
    let script = Command::new("sh").arg(file("certificate.sh")).arg(dir).args(["localhost", "127.0.0.1"]).output();
    let output = script.expect("certificate.sh");
    assert!(output.status.success(), "certificate.sh: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where Debian puts a program, or where the path finds it.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|dir| dir.join(name))
        .find(|program| program.is_file())
}
