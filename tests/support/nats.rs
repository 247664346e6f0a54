//! A cluster of three NATS servers with the file of `deploy/nats`, and a balancer before it, as a name with three addresses
//! would be: whoever connects gets the first node that answers.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Instant;

use super::broker::{free_ports, tail};
use super::deploy;
use super::world::Skip;

const NODES: usize = 3;
/// Between the nodes, and of the one member. A letter first: NATS takes what looks like a number for one.
const SECRET: &str = "s3cret";
/// A cluster elects its leaders before anybody can subscribe; on a busy machine that takes its time.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Three nodes.
pub struct Cluster {
    dir: PathBuf,
    pin: String,
    nodes: Vec<Node>,
}

struct Node {
    mqtts: u16,
    wss: u16,
    child: Option<Child>,
}

impl Cluster {
    /// Starts all three; returns when they have elected a leader.
    pub fn start(dir: &Path) -> Result<Self, Skip> {
        let program = deploy::program("nats-server").ok_or_else(|| Skip("nats-server is not installed".to_owned()))?;
        fs::create_dir_all(dir).expect("a directory for the cluster");
        let pin = deploy::certificate(&dir.join("certs"))?;
        for _ in 0..3 {
            let ports: [u16; 4 * NODES] = free_ports();
            let mut cluster = Self { dir: dir.to_owned(), pin: pin.clone(), nodes: Vec::new() };
            if cluster.up(&program, &ports) {
                return Ok(cluster);
            }
            // Another process may have taken a port.
            fs::remove_dir_all(dir.join("store")).ok();
        }
        panic!("no cluster would start; its last words:\n{}", tail(&dir.join("stderr.log")));
    }

    fn up(&mut self, program: &Path, ports: &[u16]) -> bool {
        let route = |of: &[u16]| format!("\"nats-route://node:{SECRET}@127.0.0.1:{}\"", of[1]);
        let routes = format!("[{}]", ports.chunks(4).map(route).collect::<Vec<_>>().join(", "));
        let (said, says) = channel();
        for (number, ports) in ports.chunks(4).enumerate() {
            let config = self.dir.join(format!("node-{number}.conf"));
            // Other than an operator's: ports and folders.
            let text = deploy::adapted(
                "nats/nats-server.conf",
                &[
                    ("127.0.0.1:4222", &format!("127.0.0.1:{}", ports[0])),
                    ("0.0.0.0:6222", &format!("127.0.0.1:{}", ports[1])),
                    ("0.0.0.0:8883", &format!("127.0.0.1:{}", ports[2])),
                    ("0.0.0.0:8443", &format!("127.0.0.1:{}", ports[3])),
                    ("/etc/nats/", &format!("{}/", self.dir.join("certs").display())),
                    ("/var/lib/nats", &self.dir.join(format!("store/{number}")).display().to_string()),
                ],
            );
            fs::write(&config, text).expect("a configuration");
            let mut child = Command::new(program)
                .arg("-c")
                .arg(&config)
                .env("NATS_NAME", format!("node-{number}"))
                .env("NATS_CLUSTER_SECRET", SECRET)
                .env("NATS_MEMBER_PASSWORD", SECRET)
                .env("NATS_ROUTES", &routes)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("nats-server");
            listen(child.stderr.take().expect("stderr"), self.dir.join("stderr.log"), said.clone());
            self.nodes.push(Node { mqtts: ports[2], wss: ports[3], child: Some(child) });
        }
        drop(said);
        self.is_up(&says)
    }

    fn is_up(&self, says: &Receiver<Said>) -> bool {
        let end = Instant::now() + PATIENCE;
        let (mut ready, mut led) = (0, false);
        while ready < NODES || !led {
            match says.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Said::Ready) => ready += 1,
                Ok(Said::Leader) => led = true,
                Ok(Said::Ended) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
        true
    }

    /// An address whose connections go to the first node of these that answers, over TLS, with a login.
    pub fn url(&self, order: [usize; NODES]) -> String {
        let port = balance(order.map(|node| self.nodes[node].mqtts));
        format!("mqtts://member:{SECRET}@localhost:{port}{}", self.pin)
    }

    /// The same over WebSocket.
    pub fn websocket_url(&self, order: [usize; NODES]) -> String {
        let port = balance(order.map(|node| self.nodes[node].wss));
        format!("wss://member:{SECRET}@localhost:{port}/mqtt{}", self.pin)
    }

    /// Ends one as a power cut would (SIGKILL).
    pub fn kill(&mut self, node: usize) {
        if let Some(mut child) = self.nodes[node].child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.kill(node));
        if thread::panicking() {
            eprintln!("---- the cluster's last words\n{}", tail(&self.dir.join("stderr.log")));
        }
    }
}

enum Said {
    Ready,
    Leader,
    Ended,
}

/// Keeps what a node says, and tells what counts.
fn listen(output: impl io::Read + Send + 'static, log: PathBuf, said: Sender<Said>) {
    thread::spawn(move || {
        let mut log = File::options().create(true).append(true).open(log).expect("a log file");
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { break };
            let _ = writeln!(log, "{line}");
            if line.contains("Server is ready") {
                let _ = said.send(Said::Ready);
            } else if line.contains("new metadata leader") {
                let _ = said.send(Said::Leader);
            }
        }
        let _ = said.send(Said::Ended);
    });
}

/// A port whose connections go to the first of these that answers. Its threads end with the test's process.
fn balance(ports: [u16; NODES]) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for the balancer");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for person in listener.incoming() {
            let Ok(person) = person else { continue };
            let node = ports.iter().find_map(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).ok());
            // Without any node the connection closes, as at a balancer.
            if let Some(node) = node {
                join(&person, &node);
                join(&node, &person);
            }
        }
    });
    port
}

fn join(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    let _ = from.set_nodelay(true);
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
