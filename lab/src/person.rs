//! A person: a device in a network, and a node on it.

use std::env;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use patchbay::{Device, Iface, NodeId};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::kinds::Way;
use crate::node::Node;
use crate::services::command;
use crate::world::INTERFACE;

/// What has nothing to do with what is measured is done by then, on a busy machine too.
pub const SETUP_LIMIT: Duration = Duration::from_secs(60);
/// What nodes log when `KITH_LOG` says nothing else; enough to see afterwards why a path was not found.
const LOG: &str = "info,kith::link=debug";

/// A person.
pub struct Person {
    name: &'static str,
    device: Device,
    runtime: Handle,
    kith: PathBuf,
    /// The data directory; its log lies beside it.
    data: PathBuf,
    arguments: Vec<String>,
    node: Option<Node>,
    id: String,
}

/// A message that its author's device has on disk.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// When its author's device had it.
    pub at: Instant,
}

impl Person {
    /// A person without an identity, not started.
    pub fn new(
        name: &'static str,
        device: Device,
        runtime: Handle,
        kith: PathBuf,
        data: PathBuf,
        brokers: &[String],
        ice: &[String],
    ) -> Self {
        let mut arguments = vec!["--no-default-ice".to_owned()];
        brokers.iter().for_each(|url| arguments.extend(["--broker".to_owned(), url.clone()]));
        ice.iter().for_each(|url| arguments.extend(["--ice".to_owned(), url.clone()]));
        Self { name, device, runtime, kith, data, arguments, node: None, id: String::new() }
    }

    /// Starts the node, and makes an identity the first time. Returns when the process was started.
    pub fn start(&mut self) -> Result<Instant> {
        let log = File::options().create(true).append(true).open(self.data.with_extension("log"))?;
        let mut kith = self.program("node");
        kith.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let at = Instant::now();
        let mut node = Node::over(self.device.spawn_command_sync(kith)?)?;
        if self.id.is_empty() {
            let created = node.ask_text("identity.create", json!({"name": self.name}), "userId");
            self.id = created.with_context(|| self.name)?;
        }
        self.node = Some(node);
        Ok(at)
    }

    /// The program, to do this with what this person has been told.
    fn program(&self, task: &str) -> Command {
        let mut kith = command(&self.kith.display().to_string());
        kith.args([task, "--data"])
            .arg(&self.data)
            .args(&self.arguments)
            .env("KITH_LOG", env::var_os("KITH_LOG").unwrap_or_else(|| LOG.into()));
        kith
    }

    /// What `kith doctor` says of this person's network.
    pub fn asks_the_doctor(&self) -> Result<Value> {
        let log = File::options().create(true).append(true).open(self.data.with_extension("log"))?;
        let mut kith = self.program("doctor");
        kith.arg("--json").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let output = self.device.spawn_command_sync(kith)?.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&said).with_context(|| format!("it ended with {} and said {said}", output.status))
    }

    /// The running node.
    pub fn node(&mut self) -> Result<&mut Node> {
        let name = self.name;
        self.node.as_mut().with_context(|| format!("{name} is not running"))
    }

    /// Takes the node away, to end it in some way.
    pub fn take(&mut self) -> Result<Node> {
        self.node.take().with_context(|| format!("{} is not running", self.name))
    }

    /// Who it is, to others.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits until the broker is connected; when it was.
    pub fn online(&mut self, deadline: Instant) -> Result<Instant> {
        let status = self.node()?.ask("status", json!({}))?;
        let brokers = status.get("brokers").and_then(Value::as_array).context("the status names no brokers")?;
        if brokers.iter().any(|broker| broker.get("state").is_some_and(|state| state == "connected")) {
            return Ok(Instant::now());
        }
        self.broker_is("connected", deadline)
    }

    /// Waits for a change of the broker to this state; when it came.
    pub fn broker_is(&mut self, state: &str, deadline: Instant) -> Result<Instant> {
        let name = self.name;
        let event = self.node()?.event("brokerChanged", &json!({"state": state}), deadline);
        Ok(event.with_context(|| format!("{name}'s broker"))?.0)
    }

    /// Waits until every broker is connected; when the last one was, as far as that was not before.
    pub fn everywhere_online(&mut self, since: Instant, deadline: Instant) -> Result<Instant> {
        let mut last = since;
        loop {
            let status = self.node()?.ask("status", json!({}))?;
            let brokers = status.get("brokers").and_then(Value::as_array).context("the status names no brokers")?;
            if brokers.iter().all(|broker| broker.get("state").is_some_and(|state| state == "connected")) {
                return Ok(last);
            }
            last = self.broker_is("connected", deadline)?;
        }
    }

    /// Waits until a link to this person is open; when it was.
    pub fn linked(&mut self, other: &str, deadline: Instant) -> Result<Instant> {
        let name = self.name;
        let open = json!({"userId": other, "state": "open"});
        let event = self.node()?.event("linkChanged", &open, deadline);
        Ok(event.with_context(|| format!("{name} has no link"))?.0)
    }

    /// Whether the link to this person was anything but open since such events were forgotten.
    pub fn noticed_of(&mut self, other: &str) -> Result<bool> {
        let node = self.node()?;
        node.listen(Instant::now());
        let is_open = |params: &Value| params.get("state").is_some_and(|state| state == "open");
        let of_them = |params: &Value| params.get("userId").is_some_and(|id| id == other);
        Ok(node.kept("linkChanged").any(|(_, params)| of_them(params) && !is_open(params)))
    }

    /// Makes both contacts of each other; when both knew.
    pub fn befriend(&mut self, other: &mut Self) -> Result<Instant> {
        let deadline = Instant::now() + SETUP_LIMIT;
        let link = other.node()?.ask_text("identity.show", json!({}), "link")?;
        self.node()?.ask("contact.add", json!({"link": link}))?;
        let (ours, theirs) = (json!({"userId": self.id}), json!({"userId": other.id}));
        other.node()?.event("requestReceived", &ours, deadline).context("the request")?;
        other.node()?.ask("contact.accept", ours.clone())?;
        let (here, _) = self.node()?.event("contactAdded", &theirs, deadline).context("the acceptance")?;
        let (there, _) = other.node()?.event("contactAdded", &ours, deadline).context("the contact")?;
        Ok(here.max(there))
    }

    /// Writes to somebody.
    pub fn say(&mut self, to: &str, text: &str) -> Result<Sent> {
        let name = self.name;
        let sent = self.node()?.ask_text("message.send", json!({"to": to, "text": text}), "id");
        Ok(Sent { id: sent.with_context(|| format!("{name} writes"))?, at: Instant::now() })
    }

    /// Waits until this message is on our disk; when it was.
    pub fn hears(&mut self, sent: &Sent, deadline: Instant) -> Result<Instant> {
        let name = self.name;
        let event = self.node()?.event("messageReceived", &json!({"id": sent.id}), deadline);
        Ok(event.with_context(|| format!("{name} hears nothing"))?.0)
    }

    /// How a message to this person would travel now; nothing when there is no way.
    pub fn way_to(&mut self, other: &str) -> Result<Option<Way>> {
        Ok(self.link_to(other)?.and_then(|link| Way::parse(link.get("path")?.as_str()?)))
    }

    /// The link as the status has it.
    fn link_to(&mut self, other: &str) -> Result<Option<Value>> {
        let status = self.node()?.ask("status", json!({}))?;
        let links = status.get("links").and_then(Value::as_array).context("the status names no links")?;
        Ok(links.iter().find(|link| link.get("userId").is_some_and(|id| id == other)).cloned())
    }

    /// Waits until messages to this person travel this way or a better one; how they travel at the end.
    pub fn climbs_to(&mut self, other: &str, wanted: Way, deadline: Instant) -> Result<Option<Way>> {
        loop {
            // Taken before the question, so that a change in between is seen.
            self.node()?.forget("linkChanged");
            let way = self.way_to(other)?;
            if way.is_some_and(|way| way <= wanted) || Instant::now() >= deadline {
                return Ok(way);
            }
            let changed = self.node()?.event("linkChanged", &json!({"userId": other}), deadline);
            if changed.is_err() && Instant::now() < deadline {
                bail!("{} has ended", self.name);
            }
        }
    }

    /// Every message of the conversation with this person, by id, oldest first.
    pub fn history(&mut self, other: &str) -> Result<Vec<String>> {
        let messages = self.node()?.ask("message.history", json!({"with": other, "limit": 1000}))?;
        let ids = messages.as_array().into_iter().flatten().filter_map(|message| message.get("id")?.as_str());
        Ok(ids.map(str::to_owned).collect())
    }

    /// Nothing is said to us twice until then: whatever the lab waited for is gone from the events, and nothing of it comes again.
    pub fn hears_nothing_twice(&mut self, waited_for: &[Sent], until: Instant) -> Result<()> {
        let name = self.name;
        let node = self.node()?;
        node.listen(until);
        let again = node.kept("messageReceived").find(|(_, params)| {
            params.get("id").is_some_and(|id| waited_for.iter().any(|sent| *id == sent.id.as_str()))
        });
        ensure!(again.is_none(), "{name} was told of a message twice: {again:?}");
        Ok(())
    }

    /// Takes the network away.
    pub fn unplug(&self) -> Result<()> {
        self.runtime.block_on(self.interface()?.link_down())
    }

    /// Gives it back; when it was there.
    pub fn plug_in(&self) -> Result<Instant> {
        self.runtime.block_on(self.interface()?.link_up())?;
        Ok(Instant::now())
    }

    /// Moves to another network; when it was there.
    pub fn move_to(&self, network: NodeId) -> Result<Instant> {
        self.runtime.block_on(self.interface()?.replug(network))?;
        Ok(Instant::now())
    }

    /// Gets another address in the same network; when it had it.
    pub fn change_address(&self) -> Result<Instant> {
        let interface = self.interface()?;
        self.runtime.block_on(interface.renew_ip())?;
        // With the old address went the route that stood on it; whoever gives out addresses gives that too.
        self.runtime.block_on(interface.link_up())?;
        Ok(Instant::now())
    }

    fn interface(&self) -> Result<Iface> {
        self.device.iface(INTERFACE).with_context(|| format!("{} has no network", self.name))
    }
}
