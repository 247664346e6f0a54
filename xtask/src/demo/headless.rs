//! `cargo xtask demo --headless`: two people on two devices, from a name to delivered messages, with one of them dying in between.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::node::{Node, Talker};
use crate::workspace;

/// What each step may take: many times what it needs, so that only a fault reaches it, even on a busy machine.
const STEP_LIMIT: Duration = Duration::from_secs(60);
/// Messages each way.
const MESSAGES: usize = 20;
/// Messages that wait for the one who was killed.
const QUEUED: usize = 5;

/// Plays the story. Returns true only when all of it happened.
pub fn play(kith: PathBuf) -> Result<bool> {
    let place = workspace::place("kith-demo")?;
    let mut story = Story { start: Instant::now(), kith, place: place.clone() };
    match story.play() {
        Ok(()) => {
            fs::remove_dir_all(&place).ok();
            story.say("All of it happened.");
            Ok(true)
        }
        Err(error) => {
            story.say(&format!("It failed: {error:#}"));
            println!("Logs and data: {}", place.display());
            Ok(false)
        }
    }
}

struct Story {
    start: Instant,
    kith: PathBuf,
    place: PathBuf,
}

/// A person of the story.
struct Person {
    name: &'static str,
    id: String,
    node: Node,
}

impl Person {
    fn wait_until_connected(&mut self) -> Result<()> {
        let status = self.node.ask("status", json!({}))?;
        let brokers = status.get("brokers").and_then(Value::as_array).context("the status names no brokers")?;
        if !brokers.iter().any(|broker| broker.get("state").is_some_and(|state| state == "connected")) {
            self.node.event("brokerChanged", &json!({"state": "connected"}), STEP_LIMIT)?;
        }
        Ok(())
    }
}

impl Story {
    fn say(&self, what: &str) {
        println!("{:8.3} s  {what}", self.start.elapsed().as_secs_f64());
    }

    fn play(&mut self) -> Result<()> {
        let (broker, url) = self.start_broker()?;
        self.say(&format!("A broker of our own listens at {url}."));

        let mut alice = self.person("Alice", &url)?;
        let mut bob = self.person("Bob", &url)?;
        for person in [&mut alice, &mut bob] {
            person.wait_until_connected()?;
        }
        self.say("Both are connected to it.");

        self.become_contacts(&mut alice, &mut bob)?;
        self.open_link(&mut alice, &mut bob)?;

        let mut said = Vec::new();
        self.exchange(&mut alice, &mut bob, &mut said)?;

        let bob_id = bob.id.clone();
        bob.node.kill()?;
        self.say("Bob's process is killed.");
        alice.node.forget_events();
        let queued = write(&mut alice, &bob_id, QUEUED, "While you were away")?;
        self.say(&format!("Alice writes {QUEUED} messages to him; they are on her disk."));
        let history = history(&mut alice, &bob_id)?;
        for (id, text) in &queued {
            let state = history.iter().find(|message| message.id == *id).map(|message| message.state.as_str());
            ensure!(matches!(state, Some("queued" | "sent")), "“{text}” is {state:?} while Bob's process is dead");
        }

        let mut bob = Person { name: "Bob", id: bob_id, node: self.node("Bob", &url)? };
        self.say("Bob's process is started again on the same data.");
        deliver(&mut alice, &mut bob, &queued)?;
        self.say(&format!("All {QUEUED} arrived, and Alice knows it."));
        said.extend(queued.into_iter().map(|(id, text)| (alice.id.clone(), id, text)));

        self.compare(&mut alice, &mut bob, &said)?;
        alice.node.shut_down()?;
        bob.node.shut_down()?;
        self.say("Both ended cleanly when asked.");
        drop(broker);
        Ok(())
    }

    /// A broker on a port of its own, so that a person's own Kith is never disturbed.
    fn start_broker(&self) -> Result<(Talker, String)> {
        let log = self.place.join("broker.log");
        let mut broker = Talker::start(&self.kith, ["broker", "--listen", "127.0.0.1:0"], &log)?;
        let deadline = Instant::now() + STEP_LIMIT;
        loop {
            let line = broker.line(deadline).context("the broker names no address")?;
            if let Some(url) = address(&line) {
                return Ok((broker, url));
            }
        }
    }

    fn node(&self, name: &'static str, broker: &str) -> Result<Node> {
        let file = name.to_lowercase();
        let data = self.place.join(&file);
        Node::start(name, &self.kith, &data, broker, &self.place.join(format!("{file}.log")))
    }

    fn person(&self, name: &'static str, broker: &str) -> Result<Person> {
        let mut node = self.node(name, broker)?;
        let id = node.ask_text("identity.create", json!({"name": name}), "userId")?;
        self.say(&format!("{name} has an identity: {id}."));
        Ok(Person { name, id, node })
    }

    fn become_contacts(&self, alice: &mut Person, bob: &mut Person) -> Result<()> {
        let link = bob.node.ask_text("identity.show", json!({}), "link")?;
        let named = alice.node.ask_text("contact.add", json!({"link": link}), "userId")?;
        ensure!(named == bob.id, "the link names {named}, not Bob");
        self.say(&format!("Alice opens Bob's link ({} characters).", link.len()));
        bob.node.event("requestReceived", &json!({"userId": alice.id, "name": alice.name}), STEP_LIMIT)?;
        let requests = bob.node.ask("contact.requests", json!({}))?;
        let safety = |list: &Value, id: &str| {
            let one = list.as_array()?.iter().find(|one| one.get("userId").and_then(Value::as_str) == Some(id))?;
            Some(one.get("safetyNumber")?.as_str()?.to_owned())
        };
        let seen = safety(&requests, &alice.id).context("Bob's requests do not list Alice with a safety number")?;
        self.say(&format!("Bob sees her request, with the safety number {seen}."));
        bob.node.ask("contact.accept", json!({"userId": alice.id}))?;
        bob.node.event("contactAdded", &json!({"userId": alice.id}), STEP_LIMIT)?;
        alice.node.event("contactAdded", &json!({"userId": bob.id}), STEP_LIMIT)?;
        let contacts = alice.node.ask("contact.list", json!({}))?;
        ensure!(safety(&contacts, &bob.id).as_deref() == Some(&seen), "Alice sees another safety number than Bob");
        self.say("Bob accepts; both have the contact, and the same safety number.");
        Ok(())
    }

    fn open_link(&self, alice: &mut Person, bob: &mut Person) -> Result<()> {
        let open = |other: &Person| json!({"userId": other.id, "state": "open", "path": "direct"});
        alice.node.event("linkChanged", &open(bob), STEP_LIMIT)?;
        bob.node.event("linkChanged", &open(alice), STEP_LIMIT)?;
        self.say("A direct link is open between them.");
        Ok(())
    }

    fn exchange(&self, alice: &mut Person, bob: &mut Person, said: &mut Vec<(String, String, String)>) -> Result<()> {
        for turn in 0..MESSAGES {
            let bob_id = bob.id.clone();
            let (id, text) = write_one(alice, &bob_id, &format!("Alice's message {}", turn + 1))?;
            said.push((alice.id.clone(), id, text));
            let alice_id = alice.id.clone();
            let (id, text) = write_one(bob, &alice_id, &format!("Bob's message {}", turn + 1))?;
            said.push((bob.id.clone(), id, text));
        }
        self.say(&format!("Each writes {MESSAGES} messages without waiting for the other's."));
        let by = |author: &str| -> Vec<(String, String)> {
            said.iter().filter(|(from, ..)| from == author).map(|(_, id, text)| (id.clone(), text.clone())).collect()
        };
        let (by_alice, by_bob) = (by(&alice.id), by(&bob.id));
        deliver(alice, bob, &by_alice)?;
        deliver(bob, alice, &by_bob)?;
        self.say(&format!("All {} arrived, and their authors know it.", 2 * MESSAGES));
        Ok(())
    }

    /// Exactly once, in each author's order, and the same on both sides.
    fn compare(&self, alice: &mut Person, bob: &mut Person, said: &[(String, String, String)]) -> Result<()> {
        let (alice_id, bob_id) = (alice.id.clone(), bob.id.clone());
        let at_alice = history(alice, &bob_id)?;
        let at_bob = history(bob, &alice_id)?;
        for (who, history) in [("Alice", &at_alice), ("Bob", &at_bob)] {
            ensure!(history.len() == said.len(), "{who} has {} messages, not {}", history.len(), said.len());
            for author in [&alice_id, &bob_id] {
                let wrote = said.iter().filter(|(from, ..)| from == author).map(|(_, id, text)| (id, text));
                let reads = history.iter().filter(|message| message.from == *author).map(|m| (&m.id, &m.text));
                ensure!(wrote.eq(reads), "{who} does not have each message of {author} exactly once and in order");
            }
        }
        let order = |history: &[Message]| history.iter().map(|message| message.id.clone()).collect::<Vec<_>>();
        ensure!(order(&at_alice) == order(&at_bob), "the two see different orders");
        for (history, own) in [(&at_alice, &alice_id), (&at_bob, &bob_id)] {
            for message in history {
                let expected = if message.from == *own { "delivered" } else { "received" };
                ensure!(message.state == expected, "“{}” is {}, not {expected}", message.text, message.state);
            }
        }
        for person in [alice, bob] {
            let again = person.node.seen("messageReceived");
            ensure!(again == 0, "{} was told of {again} messages more than once", person.name);
        }
        self.say(&format!("Both histories hold the same {} messages, once each, in the same order.", said.len()));
        Ok(())
    }
}

fn write_one(author: &mut Person, to: &str, text: &str) -> Result<(String, String)> {
    let id = author.node.ask_text("message.send", json!({"to": to, "text": text}), "id")?;
    Ok((id, text.to_owned()))
}

fn write(author: &mut Person, to: &str, count: usize, text: &str) -> Result<Vec<(String, String)>> {
    (1..=count).map(|number| write_one(author, to, &format!("{text} {number}"))).collect()
}

/// Waits until each message has arrived and its author has been told.
fn deliver(author: &mut Person, reader: &mut Person, messages: &[(String, String)]) -> Result<()> {
    for (id, text) in messages {
        let received = json!({"with": author.id, "from": author.id, "id": id, "text": text});
        reader.node.event("messageReceived", &received, STEP_LIMIT)?;
    }
    for (id, _) in messages {
        author.node.event("messageDelivered", &json!({"with": reader.id, "id": id}), STEP_LIMIT)?;
    }
    Ok(())
}

/// A message as a history shows it.
struct Message {
    id: String,
    from: String,
    text: String,
    state: String,
}

fn history(reader: &mut Person, with: &str) -> Result<Vec<Message>> {
    let answer = reader.node.ask("message.history", json!({"with": with, "limit": 1000}))?;
    let list = answer.as_array().with_context(|| format!("a history is not a list: {answer}"))?;
    list.iter()
        .map(|message| {
            let text = |key: &str| {
                let value = message.get(key).and_then(Value::as_str);
                value.map(str::to_owned).with_context(|| format!("a message has no {key}: {message}"))
            };
            Ok(Message { id: text("id")?, from: text("from")?, text: text("text")?, state: text("state")? })
        })
        .collect()
}

/// The first MQTT address in a line, as a URL.
fn address(line: &str) -> Option<String> {
    line.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | ';' | '(' | ')')).find_map(|word| {
        match word.strip_prefix("mqtt://") {
            Some(_) => Some(word.trim_end_matches('.').to_owned()),
            None => word.parse::<std::net::SocketAddr>().ok().map(|address| format!("mqtt://{address}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    /// The broker's address is found in whatever sentence it stands.
    #[test]
    fn an_address_is_found_in_a_sentence() {
        let expected = Some("mqtt://127.0.0.1:4711".to_owned());
        for line in
            ["mqtt://127.0.0.1:4711", "127.0.0.1:4711", "Listening at mqtt://127.0.0.1:4711, ws://127.0.0.1:4712."]
        {
            assert_eq!(address(line), expected, "{line}");
        }
        assert_eq!(address("Starting."), None);
    }
}
