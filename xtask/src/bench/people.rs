//! The people of a bench: Alice, whose window is measured; Bob, with whom she has a long conversation; Carol, with whom she has
//! a short one. Real data, made by `kith node`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::node::Node;
use crate::{process, workspace};

/// Messages of the long conversation.
pub const LONG: usize = 10_000;
/// Requests in a batch: as many as a node takes.
const BATCH: usize = 64;
/// What a step may take.
const STEP_LIMIT: Duration = Duration::from_secs(60);
/// What ten thousand messages may take, on two slow cores.
const DELIVERY_LIMIT: Duration = Duration::from_secs(600);

/// Everybody's data, and where they meet.
pub struct People {
    /// Everything is below it.
    pub place: PathBuf,
    /// Where this world's own broker listens.
    pub broker: String,
    /// Alice's id.
    pub alice: String,
    /// What was said last in the long conversation.
    pub last: String,
    kith: PathBuf,
}

impl People {
    /// Makes them, and lets them talk.
    pub fn prepare(kith: &Path) -> Result<Self> {
        let place = workspace::place("kith-bench")?;
        process::remove_at_end(&place);
        let port = TcpListener::bind("127.0.0.1:0").context("no free port")?.local_addr()?.port();
        let mut people = Self {
            place,
            broker: format!("127.0.0.1:{port}"),
            alice: String::new(),
            last: "The last of all words.".to_owned(),
            kith: kith.to_owned(),
        };
        let (mut alice, mut bob, mut carol) = (people.node("alice")?, people.node("bob")?, people.node("carol")?);
        let born = |node: &mut Node, name: &str| node.ask_text("identity.create", json!({"name": name}), "userId");
        people.alice = born(&mut alice, "Alice")?;
        let (bob_id, carol_id) = (born(&mut bob, "Bob")?, born(&mut carol, "Carol")?);
        let link = alice.ask_text("identity.show", json!({}), "link")?;
        for (node, id) in [(&mut bob, &bob_id), (&mut carol, &carol_id)] {
            node.ask("contact.add", json!({"link": link}))?;
            alice.event("requestReceived", &json!({"userId": id}), STEP_LIMIT)?;
            alice.ask("contact.accept", json!({"userId": id}))?;
            node.event("contactAdded", &json!({"userId": people.alice}), STEP_LIMIT)?;
            let open = json!({"userId": people.alice, "state": "open"});
            node.event("linkChanged", &open, STEP_LIMIT)?;
        }
        carol.ask("message.send", json!({"to": people.alice, "text": "A few words only."}))?;
        let start = Instant::now();
        let mut said = 0;
        while said < LONG - 1 {
            for (node, to) in [(&mut alice, &bob_id), (&mut bob, &people.alice)] {
                let count = BATCH.min(LONG - 1 - said);
                if count == 0 {
                    break;
                }
                let words = |n| json!({"to": to, "text": text(said + n)});
                node.ask_all("message.send", (0..count).map(words))?;
                said += count;
            }
            alice.forget_events();
            bob.forget_events();
        }
        // From here on the order is certain: everything before is known to both.
        for node in [&mut alice, &mut bob, &mut carol] {
            delivered(node)?;
        }
        alice.ask("message.send", json!({"to": bob_id, "text": people.last}))?;
        delivered(&mut alice)?;
        println!("{LONG} messages were written and delivered in {:.1} s", start.elapsed().as_secs_f64());
        for (name, node) in [("alice", alice), ("bob", bob), ("carol", carol)] {
            node.shut_down()?;
            // Past the welcome.
            crate::demo::choose(&people.data(name), &json!({"reach": {"kind": "thisComputer"}}))?;
        }
        Ok(people)
    }

    /// Somebody's data directory.
    pub fn data(&self, name: &str) -> PathBuf {
        self.place.join(name)
    }

    /// Somebody's node.
    pub fn node(&self, name: &'static str) -> Result<Node> {
        Node::of(name, self.command(Some("node"), name), &self.place.join(format!("{name}.log")))
    }

    /// Kith on somebody's data.
    pub fn command(&self, task: Option<&str>, name: &str) -> Command {
        let mut command = Command::new(&self.kith);
        command.args(task).arg("--data").arg(self.data(name));
        command.args(["--local-broker", &self.broker, "--no-default-ice"]).env("KITH_HOME", &self.place);
        command
    }
}

impl Drop for People {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.place).ok();
    }
}

/// Waits until nothing is on its way any more.
pub fn delivered(node: &mut Node) -> Result<()> {
    let deadline = Instant::now() + DELIVERY_LIMIT;
    while node.ask("status", json!({}))?.get("outbox").and_then(Value::as_u64) != Some(0) {
        ensure!(Instant::now() < deadline, "messages are still on their way after {} s", DELIVERY_LIMIT.as_secs());
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Texts of all lengths that people write, some with links and some over several lines.
fn text(number: usize) -> String {
    const WORDS: &str = "we could take the early train and be there before the rain comes back over the hills and ";
    let words = WORDS.repeat(3);
    let length = [12, 40, 25, 90, 8, 160, 33][number % 7];
    let some: String = words.chars().skip(number % 60).take(length).collect();
    let more = match number % 11 {
        3 => " https://example.org/a/page?of=it",
        7 => "\nand a second line",
        _ => "",
    };
    format!("{number}: {}{more}", some.trim())
}
