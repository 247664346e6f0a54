//! One story's world: a directory, a broker, and the people who live there.

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::broker::Broker;
use super::node::Node;

/// Which broker stands between the people, and how they talk to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `kith broker`, MQTT over TCP.
    Embedded,
    /// Mosquitto that lets everybody do everything, MQTT over TCP.
    MosquittoTcp,
    /// The same over WebSocket.
    MosquittoWs,
    /// Mosquitto with its access rules and a password, MQTT over TCP.
    MosquittoGuarded,
    /// The same over TLS, by a CA that the address names.
    MosquittoTls,
    /// The same over WebSocket over TLS.
    MosquittoWss,
}

/// Why a story cannot be told on this machine.
#[derive(Debug)]
pub struct Skip(pub String);

/// A directory, a broker, and the people who live there. Everything ends with it.
pub struct World {
    /// Absent in a world where nobody can be reached.
    broker: Option<Broker>,
    url: String,
    people: Cell<usize>,
    dir: TempDir,
}

impl World {
    /// A world with a broker that runs.
    pub fn new(transport: Transport) -> Result<Self, Skip> {
        let dir = tempfile::Builder::new().prefix("kith-story-").tempdir().expect("a temporary directory");
        let broker = Broker::start(transport, &dir.path().join("broker"))?;
        Ok(Self { url: broker.url(), broker: Some(broker), people: Cell::new(0), dir })
    }

    /// Whether the nodes reach their broker over WebSocket.
    pub fn is_over_websocket(&self) -> bool {
        self.url.starts_with("ws")
    }

    /// A world whose broker is not there: for what needs no network.
    pub fn without_broker() -> Self {
        let dir = tempfile::Builder::new().prefix("kith-story-").tempdir().expect("a temporary directory");
        // Nobody listens at the discard port of a loopback address.
        Self { url: "mqtt://127.0.0.1:9".to_owned(), broker: None, people: Cell::new(0), dir }
    }

    /// Tells a story, or says that it is skipped. `name` is the test's own, as `cargo test` prints it.
    pub fn tell(transport: Transport, name: &str, story: impl FnOnce(&mut Self)) {
        match Self::new(transport) {
            Ok(mut world) => story(&mut world),
            Err(Skip(reason)) => report_skip(name, &reason),
        }
    }

    /// The broker.
    pub fn broker(&mut self) -> &mut Broker {
        self.broker.as_mut().expect("a world with a broker")
    }

    /// What nodes are told with `--broker`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on people are told of another broker than this world's own.
    pub fn use_broker(&mut self, url: &str) {
        url.clone_into(&mut self.url);
    }

    /// Where plain MQTT is spoken.
    pub fn tcp_port(&self) -> u16 {
        self.broker.as_ref().expect("a world with a broker").tcp_port()
    }

    /// Whether a stranger may subscribe to everything, and so see topics.
    pub fn allows_wildcards(&self) -> bool {
        self.broker.as_ref().is_some_and(Broker::allows_wildcards)
    }

    /// Somebody with an identity, whose node runs and whose broker has confirmed their subscriptions.
    pub fn person(&self, name: &str) -> Node {
        let node = self.unborn(name).with_identity(name);
        if self.broker.is_some() {
            node.waits_until_online();
        }
        node
    }

    /// As [`World::person`], with environment variables for the node.
    pub fn person_with(&self, name: &str, variables: &[(&str, &str)]) -> Node {
        let node = self.start(name, &[&self.url], variables).with_identity(name);
        node.waits_until_online();
        node
    }

    /// As [`World::person`], with an ICE server.
    pub fn person_with_ice(&self, name: &str, ice: &str) -> Node {
        let options = vec!["--ice".to_owned(), ice.to_owned()];
        let home = self.home_of(name);
        let node = Node::start_with(name, &home, vec![self.url.clone()], options, self.home()).with_identity(name);
        node.waits_until_online();
        node
    }

    /// As [`World::person`], at another address than the broker's own (a proxy's).
    pub fn person_at(&self, name: &str, url: &str) -> Node {
        let node = self.start(name, &[url], &[]).with_identity(name);
        node.waits_until_online();
        node
    }

    /// As [`World::person`], who can be reached at all of these.
    pub fn person_at_each(&self, name: &str, urls: &[&str]) -> Node {
        let node = self.start(name, urls, &[]).with_identity(name);
        node.waits_until_online();
        node
    }

    /// A node that runs and has no identity yet.
    pub fn unborn(&self, name: &str) -> Node {
        self.start(name, &[&self.url], &[])
    }

    /// A node that is told of no broker: it shares this machine's.
    pub fn person_without_broker_option(&self, name: &str) -> Node {
        self.start(name, &[], &[]).with_identity(name)
    }

    /// A directory that goes with the world.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The home of everybody here: what belongs to the machine's user stays out of the story, and what this world's people
    /// share stays in it.
    pub fn home(&self) -> Vec<(String, String)> {
        let shared = self.dir.path().join("home");
        std::fs::create_dir_all(&shared).expect("a home");
        ["HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"]
            .map(|name| (name.to_owned(), shared.display().to_string()))
            .into()
    }

    /// A node on a directory that a window has left.
    pub fn node_on(&self, data: &Path) -> Node {
        let home = self.dir.path().join("left-by-a-window");
        std::fs::create_dir_all(&home).expect("a home");
        std::fs::rename(data, home.join("data")).expect("the directory, which nobody holds");
        Node::start("the window's person", &home, vec![self.url.clone()], self.home())
    }

    fn home_of(&self, name: &str) -> PathBuf {
        let number = self.people.replace(self.people.get() + 1);
        self.dir.path().join(format!("{number}-{}", name.to_lowercase().replace(' ', "-")))
    }

    fn start(&self, name: &str, brokers: &[&str], variables: &[(&str, &str)]) -> Node {
        let home = self.home_of(name);
        let mut variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        variables.extend(self.home());
        Node::start(name, &home, brokers.iter().map(|url| (*url).to_owned()).collect(), variables)
    }
}

/// Says that a test was skipped: printed, and as `name: reason` in the file that `KITH_SKIPS` names, which
/// `cargo xtask test` compares with the list of allowed ones.
pub fn report_skip(name: &str, reason: &str) {
    println!("SKIPPED {name}: {reason}");
    if let Some(path) = std::env::var_os("KITH_SKIPS") {
        let mut file = std::fs::File::options().create(true).append(true).open(path).expect("the file of skips");
        // One write, so that lines of tests that run at once do not mix.
        file.write_all(format!("{name}: {reason}\n").as_bytes()).expect("a line about the skip");
    }
}
