//! A cluster of three NATS servers with the file of `deploy/nats`, each on a machine of its own in the public part, over TLS.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use patchbay::Device;

use crate::services::{self, Service, command};

/// How many.
pub const NODES: usize = 3;
/// One name for all: it has the address of each.
pub const NAME: &str = "cluster.lab";
/// Where people find them, as the file says.
const PORT: u16 = 8883;
/// Where the nodes find each other, as the file says.
const ROUTES_PORT: u16 = 6222;
/// Between the nodes, and of the one member. It begins with a letter, since NATS takes what looks like a number for one.
const SECRET: &str = "s3cret";
/// A cluster that has elected no leader by then will not. On a busy machine an election takes its time.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How often its words are read until then.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Three nodes.
pub struct Cluster {
    nodes: Vec<Option<Service>>,
    addresses: Vec<IpAddr>,
    pin: String,
}

impl Cluster {
    /// Starts one node on each of these machines, with everything that they keep in `place`; returns when they have elected a
    /// leader. `deploy` holds what the project gives to operators.
    pub fn start(machines: &[Device], deploy: &Path, place: &Path) -> Result<Self> {
        let pin = certificate(deploy, &place.join("certs"))?;
        let address = |machine: &Device| machine.ip().map(IpAddr::from).context("a node has no address");
        let addresses: Vec<IpAddr> = machines.iter().map(address).collect::<Result<_>>()?;
        let route = |address: &IpAddr| format!("\"nats-route://node:{SECRET}@{address}:{ROUTES_PORT}\"");
        let routes = format!("[{}]", addresses.iter().map(route).collect::<Vec<_>>().join(", "));
        let given = fs::read_to_string(deploy.join("nats/nats-server.conf")).context("nats-server.conf")?;
        let (mut nodes, mut logs) = (Vec::new(), Vec::new());
        for (number, machine) in machines.iter().enumerate() {
            let config = place.join(format!("node-{number}.conf"));
            // Other than an operator's: folders.
            let folders =
                [("/etc/nats/", place.join("certs")), ("/var/lib/nats", place.join(format!("store-{number}")))];
            fs::write(&config, moved(&given, &folders)?)?;
            let mut nats = command("nats-server");
            nats.arg("-c")
                .arg(&config)
                .env("NATS_NAME", format!("node-{number}"))
                .env("NATS_CLUSTER_SECRET", SECRET)
                .env("NATS_MEMBER_PASSWORD", SECRET)
                .env("NATS_ROUTES", &routes);
            let log = place.join(format!("node-{number}.log"));
            nodes.push(Some(services::start(machine, nats, &log)?));
            logs.push(log);
        }
        have_a_leader(&logs)?;
        Ok(Self { nodes, addresses, pin })
    }

    /// What people are told: over TLS, by the cluster's own certificate, with a login.
    pub fn url(&self) -> String {
        format!("mqtts://member:{SECRET}@{NAME}:{PORT}{}", self.pin)
    }

    /// The nodes' addresses in the order in which one person tries them: nobody begins where another did.
    pub fn addresses(&self, person: usize) -> impl Iterator<Item = IpAddr> {
        let first = person % NODES;
        self.addresses.iter().cycle().skip(first).take(self.addresses.len()).copied()
    }

    /// Ends the node that this person tries first, as a power cut would.
    pub fn kill(&mut self, person: usize) {
        if let Some(node) = self.nodes.get_mut(person % NODES) {
            *node = None;
        }
    }
}

/// A certificate for the cluster's name, made as an operator makes it; what goes behind the address.
fn certificate(deploy: &Path, certs: &Path) -> Result<String> {
    let script = Command::new("sh").arg(deploy.join("certificate.sh")).arg(certs).arg(NAME).output()?;
    ensure!(script.status.success(), "certificate.sh: {}", String::from_utf8_lossy(&script.stderr));
    Ok(String::from_utf8_lossy(&script.stdout).trim().to_owned())
}

/// The operator's file with other folders. A folder that is not in it any more is an error: the cluster would use another.
fn moved(given: &str, folders: &[(&str, PathBuf)]) -> Result<String> {
    let mut text = given.to_owned();
    for (from, to) in folders {
        ensure!(text.contains(from), "nats-server.conf has no {from} any more");
        let end = if from.ends_with('/') { "/" } else { "" };
        text = text.replace(from, &format!("{}{end}", to.display()));
    }
    Ok(text)
}

/// Waits until all are there and one of them leads.
fn have_a_leader(logs: &[PathBuf]) -> Result<()> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let said: Vec<String> = logs.iter().map(|log| fs::read_to_string(log).unwrap_or_default()).collect();
        let ready = said.iter().all(|said| said.contains("Server is ready"));
        if ready && said.iter().any(|said| said.contains("new metadata leader")) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!("the cluster has no leader after {} s", START_LIMIT.as_secs());
        }
        thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only folders are changed, and one that is not there is missed.
    #[test]
    fn the_operators_file_is_used() {
        let folders = [("/etc/nats/", PathBuf::from("/p/certs")), ("/var/lib/nats", PathBuf::from("/p/store"))];
        let given = "cert: \"/etc/nats/kith.pem\"\nstore: \"/var/lib/nats\"\nreplicas: 3\n";
        let text = moved(given, &folders).unwrap_or_default();
        assert_eq!(text, "cert: \"/p/certs/kith.pem\"\nstore: \"/p/store\"\nreplicas: 3\n");
        assert!(moved("replicas: 3\n", &folders).is_err());
    }
}
