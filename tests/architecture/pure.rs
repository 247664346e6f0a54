//! What pure code has no use for.

use crate::assert_none;
use crate::lexer::Kind;
use crate::source::sources;

/// Folders that do no I/O, read no clock and draw no random number …
pub const PURE: &[&str] =
    &["clock", "wire", "identity", "log", "sync", "signaling", "link", "coordinator/engine", "doctor"];
/// … except these, which translate between a library and a state machine.
pub const DRIVERS: &[&str] = &["signaling/mqtt", "link/driver", "doctor/probe"];
/// Names that pure code has no use for.
const IMPURE: &[&str] = &[
    "tokio",
    "Instant",
    "SystemTime",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "OsRng",
    "SysRng",
    "ThreadRng",
    "thread_rng",
    "getrandom",
    "rusqlite",
    "rumqttc",
    "webrtc",
];
/// The same, where the name alone would say too little.
const IMPURE_PATHS: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "process"],
    &["std", "env"],
    &["std", "thread"],
    &["rand", "rng"],
    &["rand", "random"],
    &["Uuid", "new_v4"],
    // What a driver has is not pure, whatever it looks like.
    &["link", "driver"],
    &["signaling", "mqtt"],
    &["doctor", "probe"],
];

/// Pure code does no I/O, reads no clock and draws no random number.
#[test]
fn pure_layers_are_pure() {
    let mut offences = Vec::new();
    for file in sources().iter().filter(|file| file.is_pure()) {
        for (index, token) in file.tokens.iter().enumerate().filter(|(_, token)| !token.in_test) {
            let Kind::Name(name) = &token.kind else { continue };
            let path = |path: &&&[&str]| file.path_at(index, path);
            if IMPURE.contains(&name.as_str()) {
                offences.push(format!("{}:{}: `{name}` in pure code", file.path.display(), token.line));
            } else if let Some(path) = IMPURE_PATHS.iter().find(path) {
                offences.push(format!("{}:{}: `{}` in pure code", file.path.display(), token.line, path.join("::")));
            }
        }
    }
    assert_none(offences);
}
