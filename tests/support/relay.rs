//! Debian's coturn on two loopback addresses: a STUN server that can tell how a NAT behaves, and a relay with one user.

use std::fs::File;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::world::Skip;
use super::{deadline, deploy, free_ports};

/// The relay's user.
pub const USER: &str = "kith";
/// Their password.
pub const PASSWORD: &str = "relayed";

/// A relay; it ends with the value.
pub struct Relay {
    port: u16,
    child: Child,
}

impl Relay {
    /// Starts one with its files in `dir`.
    pub fn start(dir: &Path) -> Result<Self, Skip> {
        let program = deploy::program("turnserver").ok_or_else(|| Skip("coturn is not installed".to_owned()))?;
        let [port, other] = free_ports();
        let log = File::create(dir.join("turnserver.log")).expect("a log file");
        let ports = [format!("--listening-port={port}"), format!("--alt-listening-port={other}")];
        let files = [("--pidfile", "turnserver.pid"), ("--userdb", "turndb")];
        let child = Command::new(program)
            .args(["-n", "-L", "127.0.0.1", "-L", "127.0.0.2", "-E", "127.0.0.1", "--no-tls", "--no-dtls", "--no-cli"])
            .args(["--allow-loopback-peers", "--lt-cred-mech", "--realm=kith.example", "--log-file=stdout"])
            .arg(format!("--user={USER}:{PASSWORD}"))
            .args(ports)
            .args(files.map(|(option, name)| format!("{option}={}", dir.join(name).display())))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .spawn()
            .expect("turnserver");
        let relay = Self { port, child };
        relay.waits_until_it_answers();
        Ok(relay)
    }

    /// What a node is told with `--ice`.
    pub fn url(&self, password: &str) -> String {
        format!("turn:{USER}:{password}@127.0.0.1:{}", self.port)
    }

    /// The same as a STUN server.
    pub fn stun(&self) -> String {
        format!("stun:127.0.0.1:{}", self.port)
    }

    /// Asks for its address (RFC 8489) until it tells.
    fn waits_until_it_answers(&self) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        let question = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[1; 12]].concat();
        let until = Instant::now() + deadline();
        while Instant::now() < until {
            // Until it listens the kernel refuses what is sent.
            let _ = socket.send_to(&question, (Ipv4Addr::LOCALHOST, self.port));
            if socket.recv(&mut [0; 1_500]).is_ok() {
                return;
            }
        }
        panic!("coturn does not answer");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
