//! Two contacts on a broker, which run and end as the bench wants, and what their logs say of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::Bench;
use crate::node::{Node, Talker};

/// What a step may take.
pub const STEP_LIMIT: Duration = Duration::from_secs(30);
/// What a node logs: the states of links, and of sessions with brokers. The same at each start, so it costs the same.
const LOG: &str = "kith::link=debug,kith::coordinator=debug";

/// A broker of Kith's own, in memory, as a process of its own.
pub fn broker(bench: &Bench) -> Result<(Talker, String)> {
    let args = ["broker", "--listen", "127.0.0.1:0"];
    let mut broker = Talker::start(&bench.kith, args, &bench.place.join("broker.log"))?;
    let url = broker.line(Instant::now() + STEP_LIMIT)?;
    Ok((broker, url))
}

/// Alice and Bob.
pub struct Pair {
    kith: PathBuf,
    place: PathBuf,
    /// Where each is reached.
    url: String,
    ids: [String; 2],
}

/// Their names, and those of their folders.
const NAMES: [&str; 2] = ["alice", "bob"];

impl Pair {
    /// Two people who have never met, and run.
    pub fn strangers(bench: &Bench, folder: &str, url: &str) -> Result<(Self, [Node; 2])> {
        let place = bench.folder(folder)?;
        let mut pair = Self { kith: bench.kith.clone(), place, url: url.to_owned(), ids: Default::default() };
        let mut nodes = [pair.start(0)?, pair.start(1)?];
        for (node, (id, name)) in nodes.iter_mut().zip(pair.ids.iter_mut().zip(NAMES)) {
            *id = node.ask_text("identity.create", json!({"name": name}), "userId")?;
            connected(node)?;
        }
        Ok((pair, nodes))
    }

    /// They become contacts, and their link opens.
    pub fn meet(&self, nodes: &mut [Node; 2]) -> Result<()> {
        let [alice, bob] = nodes;
        let link = alice.ask_text("identity.show", json!({}), "link")?;
        bob.ask("contact.add", json!({"link": link}))?;
        alice.event("requestReceived", &json!({"userId": self.ids[1]}), STEP_LIMIT)?;
        alice.ask("contact.accept", json!({"userId": self.ids[1]}))?;
        self.open(nodes)
    }

    /// Waits until both say that their link is open.
    pub fn open(&self, nodes: &mut [Node; 2]) -> Result<()> {
        for (node, of) in nodes.iter_mut().zip(self.ids.iter().rev()) {
            node.event("linkChanged", &json!({"userId": of, "state": "open"}), STEP_LIMIT)?;
        }
        Ok(())
    }

    /// Starts one of them, with a new log.
    pub fn start(&self, who: usize) -> Result<Node> {
        let name = NAMES[who];
        fs::remove_file(self.log(who)).ok();
        let mut command = Command::new(&self.kith);
        command.arg("node").arg("--data").arg(self.place.join(name)).args(["--broker", &self.url]);
        command.arg("--no-default-ice").env("KITH_HOME", &self.place).env("KITH_LOG", LOG).env("NO_COLOR", "1");
        Node::of(name, command, &self.log(who))
    }

    /// When one of them first logged a line with all of these words.
    pub fn logged(&self, who: usize, words: &[&str]) -> Result<Moment> {
        let log = fs::read_to_string(self.log(who))?;
        let mut lines = log.lines().filter(|line| words.iter().all(|word| line.contains(word)));
        let line = lines.next().ok_or_else(|| anyhow!("{} logged no {}", NAMES[who], words.join(" … ")))?;
        Moment::of(line)
    }

    fn log(&self, who: usize) -> PathBuf {
        self.place.join(NAMES[who]).with_extension("log")
    }
}

/// Waits until a node is connected to its broker.
pub fn connected(node: &mut Node) -> Result<Value> {
    node.event("brokerChanged", &json!({"state": "connected"}), STEP_LIMIT)
}

/// Ends them as people do.
pub fn end(nodes: impl IntoIterator<Item = Node>) -> Result<()> {
    nodes.into_iter().try_for_each(Node::shut_down)
}

/// When a line was logged: milliseconds of its day.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Moment(f64);

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

impl Moment {
    /// Reads `2026-11-03T09:15:27.123456Z …`.
    fn of(line: &str) -> Result<Self> {
        let time = line.split('Z').next().and_then(|stamp| stamp.split_once('T'));
        let numbers: Option<Vec<f64>> =
            time.and_then(|(_, time)| time.split(':').map(|number| number.parse().ok()).collect());
        match numbers.as_deref() {
            Some([hours, minutes, seconds]) => Ok(Self(((hours * 60.0 + minutes) * 60.0 + seconds) * 1e3)),
            _ => Err(anyhow!("a line without a time: {line}")),
        }
    }

    /// Milliseconds since an earlier one, perhaps of the day before; negative when that was not earlier.
    pub fn since(self, earlier: Self) -> f64 {
        let between = self.0 - earlier.0;
        // No bench takes half a day: what seems to is on the other side of a midnight.
        match between {
            _ if between < -DAY / 2.0 => between + DAY,
            _ if between > DAY / 2.0 => between - DAY,
            _ => between,
        }
    }

    /// The later of two.
    pub fn later(self, other: Self) -> Self {
        if self.since(other) >= 0.0 { self } else { other }
    }
}

/// A number from a file of `/proc/ID`, in its own unit.
pub fn of_process(id: u32, file: &str, name: &str) -> Result<u64> {
    let path = Path::new("/proc").join(id.to_string()).join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("{} has no {name}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times of logs are compared across midnight too.
    #[test]
    fn moments_are_read_and_compared() {
        let of = |time: &str| Moment::of(&format!("2026-11-03T{time}Z DEBUG kith: words")).unwrap();
        let (late, early) = (of("00:00:00.250000"), of("23:59:59.750500"));
        assert!((late.since(early) - 499.5).abs() < 1e-3);
        assert_eq!(early.later(late), late);
        assert!(Moment::of("thread 'main' panicked").is_err());
    }
}
