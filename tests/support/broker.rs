//! Brokers as processes of their own: the embedded one through `kith broker`, and Debian's Mosquitto.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::deadline;
use super::mosquitto::{self, PASSWORD, Ports, USER};
use super::world::{Skip, Transport};

/// A port that nobody listens on, below the range from which Linux takes the ports of outgoing connections: so nobody
/// takes it while a broker restarts, and a connection attempt to a closed port can never reach itself.
pub fn free_port() -> u16 {
    let mut candidate = 15_000 + (RandomState::new().hash_one(std::process::id()) % 16_000) as u16;
    loop {
        if TcpListener::bind((Ipv4Addr::LOCALHOST, candidate)).is_ok() {
            return candidate;
        }
        candidate = if candidate >= 31_000 { 15_000 } else { candidate + 1 };
    }
}

/// As [`free_port`], different ones.
pub fn free_ports<const N: usize>() -> [u16; N] {
    // Held until all are found, so that none is found twice.
    let mut held = Vec::new();
    [(); N].map(|()| {
        let port = free_port();
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
        port
    })
}

/// A broker that can be stopped, killed and started again at the same address.
pub struct Broker {
    transport: Transport,
    dir: PathBuf,
    /// Plain MQTT over TCP: every kind of broker has it, for raw clients and proxies.
    tcp_port: u16,
    ws_port: u16,
    tls_port: u16,
    wss_port: u16,
    /// What goes behind the address of a broker over TLS.
    pin: String,
    process: Option<Process>,
}

struct Process {
    child: Child,
    /// Says something once, when the process has closed its output: it has ended.
    ended: Receiver<()>,
}

impl Broker {
    /// Starts a broker.
    pub fn start(transport: Transport, dir: &Path) -> Result<Self, Skip> {
        fs::create_dir_all(dir).expect("a directory for the broker");
        let (dir, pin) = (dir.to_owned(), String::new());
        let mut broker = Self { transport, dir, tcp_port: 0, ws_port: 0, tls_port: 0, wss_port: 0, pin, process: None };
        // Another process can take a free port between our looking and the broker's binding.
        for _ in 0..5 {
            [broker.tcp_port, broker.ws_port, broker.tls_port, broker.wss_port] = free_ports();
            if broker.try_up()? {
                return Ok(broker);
            }
        }
        panic!("no broker would start; its last words:\n{}", broker.last_words());
    }

    /// What a node is told with `--broker`.
    pub fn url(&self) -> String {
        match self.transport {
            Transport::Embedded | Transport::MosquittoTcp => format!("mqtt://127.0.0.1:{}", self.tcp_port),
            Transport::MosquittoGuarded => format!("mqtt://{USER}:{PASSWORD}@127.0.0.1:{}", self.tcp_port),
            Transport::MosquittoWs => format!("ws://127.0.0.1:{}/mqtt", self.ws_port),
            Transport::MosquittoTls => format!("mqtts://{USER}:{PASSWORD}@localhost:{}{}", self.tls_port, self.pin),
            Transport::MosquittoWss => format!("wss://{USER}:{PASSWORD}@localhost:{}/mqtt{}", self.wss_port, self.pin),
        }
    }

    /// Where plain MQTT is spoken, whatever the nodes use.
    pub fn tcp_port(&self) -> u16 {
        self.tcp_port
    }

    /// Only Mosquitto without its access rules does.
    pub fn allows_wildcards(&self) -> bool {
        matches!(self.transport, Transport::MosquittoTcp | Transport::MosquittoWs)
    }

    /// Where it keeps things.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Ends the broker as an operator would (SIGTERM): what it keeps on disk is written.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // The shell's own `kill` is there on every system; the signal goes to the process that we started.
        let pid = process.child.id().to_string();
        let status = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status().expect("sh");
        assert!(status.success(), "the broker had ended by itself; its last words:\n{}", self.last_words());
        if process.ended.recv_timeout(deadline()).is_err() {
            let _ = process.child.kill();
            let _ = process.child.wait();
            panic!("the broker did not end when asked to; its last words:\n{}", self.last_words());
        }
        let _ = process.child.wait();
    }

    /// Ends the broker as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.child.kill();
            let _ = process.child.wait();
            let _ = process.ended.recv_timeout(deadline());
        }
    }

    /// Ends it as [`Broker::kill`] does, and its disk is gone too: sessions, queues, everything that it had acknowledged.
    pub fn dies_with_its_disk(&mut self) {
        self.kill();
        for kept in ["data", "store"] {
            let kept = self.dir.join(kept);
            if kept.exists() {
                fs::remove_dir_all(&kept).expect("the broker's disk");
            }
        }
    }

    /// Starts it again at the same address.
    pub fn up(&mut self) {
        assert!(self.process.is_none(), "the broker runs already");
        let up = self.try_up().is_ok_and(|up| up);
        assert!(up, "the broker did not come back; its last words:\n{}", self.last_words());
    }

    /// Ends it properly and starts it again.
    pub fn restart(&mut self) {
        self.stop();
        self.up();
    }

    /// The end of what the broker said on standard error.
    pub fn last_words(&self) -> String {
        tail(&self.dir.join("stderr.log"))
    }

    fn try_up(&mut self) -> Result<bool, Skip> {
        let log = File::options().create(true).append(true).open(self.dir.join("stderr.log")).expect("a log file");
        match self.transport {
            Transport::Embedded => Ok(self.kith_up(log)),
            _ => self.mosquitto_up(log),
        }
    }

    fn kith_up(&mut self, log: File) -> bool {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kith"))
            .args(["broker", "--listen", &format!("127.0.0.1:{}", self.tcp_port)])
            .arg("--data")
            .arg(self.dir.join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("kith broker");
        let stdout = child.stdout.take().expect("stdout");
        self.accompany(child, stdout, None, |line| line.contains("mqtt://"))
    }

    fn mosquitto_up(&mut self, log: File) -> Result<bool, Skip> {
        let ports = Ports { mqtt: self.tcp_port, ws: self.ws_port, mqtts: self.tls_port, wss: self.wss_port };
        let config = mosquitto::configure(self.transport, &self.dir, ports, &mut self.pin)?;
        let mut child = Command::new(mosquitto::program("mosquitto")?)
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("mosquitto");
        let stderr = child.stderr.take().expect("stderr");
        Ok(self.accompany(child, stderr, Some(log), |line| line.ends_with(" running")))
    }

    /// Reads a broker's output to its end on a thread of its own, and waits for the line that says it listens.
    fn accompany(
        &mut self,
        mut child: Child,
        output: impl Read + Send + 'static,
        mut copy: Option<File>,
        listens: fn(&str) -> bool,
    ) -> bool {
        let (up, is_up) = channel();
        let (end, ended) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                if let Some(copy) = &mut copy {
                    use std::io::Write;
                    let _ = writeln!(copy, "{line}");
                }
                if listens(line.trim_end()) {
                    let _ = up.send(());
                }
            }
            drop(up);
            let _ = end.send(());
        });
        let listening = is_up.recv_timeout(deadline()).is_ok();
        if listening {
            self.process = Some(Process { child, ended });
        } else {
            let _ = child.kill();
            let _ = child.wait();
        }
        listening
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("---- the broker's last words\n{}", self.last_words());
        }
    }
}

/// The last lines of a log.
pub(super) fn tail(path: &Path) -> String {
    const LINES: usize = 80;
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
