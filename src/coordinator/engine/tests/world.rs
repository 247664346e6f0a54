//! A small simulated world: engines over real stores in memory, a broker with queues, links, one virtual clock, one seed.

mod links;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use crate::coordinator::engine::view;
use crate::coordinator::engine::{
    BrokerConn, BrokerInput, BrokerOutput, Engine, Input, Now, Output, Settings, StoreToken,
};
use crate::coordinator::{
    ChatView, Command, CommandError, ContactView, Delta, Event, IdentityView, LinkState, MessageView, Reply,
    RequestView, StatusView, View,
};
use crate::identity::Secrets;
use crate::link::{DriverCommand, DriverEvent, Policy};
use crate::log::direct_conversation;
use crate::store::{Db, Op, Outcome, Standing};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{ConnectionId, DeviceKey};

pub const BROKER: &str = "mqtt://broker.example:1883";
const WALL: u64 = 1_700_000_000_000;

/// A kind of wish to the store.
pub type Kind = fn(&Op) -> bool;

/// A device: its disk outlives its process.
struct Device {
    engine: Option<Engine>,
    /// Which of its processes this is; what was sent to an earlier one is lost.
    run: u32,
    db: Db,
    secrets: Option<Vec<u8>>,
    key: Option<DeviceKey>,
    conns: BTreeMap<BrokerConn, Conn>,
    links: BTreeMap<DeviceKey, ConnectionId>,
    /// What each link's driver was made with.
    policies: BTreeMap<DeviceKey, Policy>,
    /// Nobody learns an address, from the next start on; a relay is among its ICE servers.
    hide_address: bool,
    relay: bool,
    replies: BTreeMap<u64, Result<Reply, CommandError>>,
    events: Vec<Event>,
    /// What watchers were told since somebody looked.
    deltas: Vec<Delta>,
    /// Where this person can be reached, at the next start.
    brokers: Vec<String>,
    finished: bool,
    /// What waits for a disk that does not answer; lost when the process dies.
    unwritten: Option<Vec<(StoreToken, Op)>>,
    /// The disk refuses so many more of these.
    refuses: Option<(u32, Kind)>,
    /// Rows of people and devices that were written.
    writes: usize,
    /// What waits in the driver of each link.
    queues: BTreeMap<DeviceKey, LinkQueue>,
}

#[derive(Clone)]
struct Conn {
    url: BrokerUrl,
    client: String,
    /// The broker's address without a login.
    broker: String,
    persistent: bool,
}

/// Frames that wait in a link's driver, as when they leave it and how long they are; as bounded as the real one.
#[derive(Default)]
struct LinkQueue {
    waiting: VecDeque<(Duration, usize)>,
    refused: bool,
}

#[derive(Default)]
struct BrokerSession {
    broker: String,
    at: Option<(usize, BrokerConn)>,
    persistent: bool,
    topics: BTreeSet<String>,
    queue: VecDeque<(String, Bytes)>,
    unacked: BTreeMap<u64, (String, Bytes)>,
    deliveries: u64,
}

/// What is wrong with a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be reached.
    Gone,
    /// It lets everybody in and answers nothing.
    Silent,
    /// It confirms everything and delivers nothing.
    Lying,
}

pub struct World {
    pub now: Duration,
    pub rng: StdRng,
    devices: Vec<Device>,
    sessions: BTreeMap<String, BrokerSession>,
    broker_up: bool,
    /// The broker lets in nobody without a user name.
    pub guarded: bool,
    /// Brokers that do not do what brokers do, by address.
    pub faults: BTreeMap<String, Fault>,
    /// Share of live envelopes and frames that are lost.
    pub loss: f64,
    /// No link can be made while this is false.
    pub links_work: bool,
    /// Connections that are open on a side; those that carry nothing until they are restarted.
    opened: BTreeSet<(usize, ConnectionId)>,
    silent: BTreeSet<ConnectionId>,
    /// Connections with brokers that lead nowhere, which neither side has noticed.
    dead: BTreeSet<(usize, BrokerConn)>,
    /// What was sent on them: the library sends it again when there is a path.
    unsent: Vec<(usize, DeviceKey, ConnectionId, Bytes)>,
    queue: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    steps: u64,
    calls: u64,
    /// Every publish: topic and length.
    pub published: Vec<(String, Bytes)>,
    /// Every frame that a link took, and who sent it.
    pub frames: Vec<(usize, Bytes)>,
}

/// An input on its way to one run of one device. Compared by the order of its making only.
struct Happening(usize, u32, Input);

impl PartialEq for Happening {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Happening {}
impl PartialOrd for Happening {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Happening {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            now: Duration::from_secs(1),
            rng: StdRng::seed_from_u64(seed),
            devices: vec![],
            sessions: BTreeMap::new(),
            broker_up: true,
            guarded: false,
            faults: BTreeMap::new(),
            loss: 0.0,
            links_work: true,
            opened: BTreeSet::new(),
            silent: BTreeSet::new(),
            dead: BTreeSet::new(),
            unsent: vec![],
            queue: BinaryHeap::new(),
            steps: 0,
            calls: 0,
            published: vec![],
            frames: vec![],
        }
    }

    /// A new device with an identity, running.
    pub fn person(&mut self, name: &str) -> usize {
        self.person_at(name, BROKER)
    }

    /// The same, with a broker of its own.
    pub fn person_at(&mut self, name: &str, url: &str) -> usize {
        self.person_at_each(name, &[url])
    }

    /// The same, with several.
    pub fn person_at_each(&mut self, name: &str, urls: &[&str]) -> usize {
        let device = self.blank_at(urls);
        self.run(device, Command::CreateIdentity { name: name.into() }).unwrap();
        device
    }

    /// A new device without an identity, running.
    pub fn blank(&mut self) -> usize {
        self.blank_at(&[BROKER])
    }

    fn blank_at(&mut self, urls: &[&str]) -> usize {
        let device = self.devices.len();
        self.devices.push(Device {
            engine: None,
            run: 0,
            db: Db::in_memory().unwrap(),
            secrets: None,
            key: None,
            conns: BTreeMap::new(),
            links: BTreeMap::new(),
            policies: BTreeMap::new(),
            hide_address: false,
            relay: false,
            replies: BTreeMap::new(),
            events: vec![],
            deltas: vec![],
            brokers: urls.iter().map(ToString::to_string).collect(),
            finished: false,
            unwritten: None,
            refuses: None,
            writes: 0,
            queues: BTreeMap::new(),
        });
        self.start(device);
        device
    }

    pub fn start(&mut self, device: usize) {
        let rng = StdRng::seed_from_u64(self.rng.random());
        let now = self.clock();
        let state = &mut self.devices[device];
        assert!(state.engine.is_none(), "already running");
        state.run += 1;
        state.finished = false;
        let secrets = state.secrets.as_ref().map(|bytes| Secrets::from_bytes(bytes).ok().unwrap());
        state.deltas.clear();
        let brokers = state.brokers.iter().map(|url| BrokerUrl::parse(url).unwrap()).collect();
        let (hide_address, relay) = (state.hide_address, state.relay);
        let settings = Settings { brokers, link: Default::default(), hide_address, relay };
        let (engine, outputs) = Engine::start(settings, secrets, rng, now);
        state.engine = Some(engine);
        self.carry_out(device, outputs);
    }

    /// The process is gone from one moment to the next.
    pub fn kill(&mut self, device: usize) {
        let state = &mut self.devices[device];
        state.engine = None;
        state.links.clear();
        state.policies.clear();
        state.conns.clear();
        state.unwritten = None;
        state.queues.clear();
        for session in self.sessions.values_mut().filter(|session| session.at.is_some_and(|(at, _)| at == device)) {
            session.detach();
        }
    }

    /// From now on the disk takes nothing: what is written stays in the process's memory.
    pub fn stall(&mut self, device: usize) {
        self.devices[device].unwritten = Some(vec![]);
    }

    /// The disk works again, and takes what has waited.
    pub fn resume(&mut self, device: usize) {
        for (token, op) in self.devices[device].unwritten.take().into_iter().flatten() {
            self.store(device, token, op);
        }
    }

    /// The disk refuses the next so many wishes of a kind.
    pub fn refuse(&mut self, device: usize, times: u32, which: Kind) {
        self.devices[device].refuses = Some((times, which));
    }

    /// How often a device has written people or their devices.
    pub fn writes(&self, device: usize) -> usize {
        self.devices[device].writes
    }

    /// Whether a device holds a connection with the broker under this address.
    pub fn is_connected(&self, device: usize, url: &str) -> bool {
        let url = BrokerUrl::parse(url).unwrap();
        self.devices[device].conns.values().any(|conn| conn.url == url)
    }

    /// How many of them it has not refused yet.
    pub fn left_to_refuse(&self, device: usize) -> u32 {
        self.devices[device].refuses.map_or(0, |(left, _)| left)
    }

    fn store(&mut self, device: usize, token: StoreToken, op: Op) {
        let state = &mut self.devices[device];
        if let Some(unwritten) = &mut state.unwritten {
            return unwritten.push((token, op));
        }
        if let Some((left, _)) = state.refuses.as_mut().filter(|(left, which)| *left > 0 && which(&op)) {
            *left -= 1;
            return self.later(device, 1, Input::Stored(token, Err("the disk is full".into())));
        }
        state.writes += usize::from(matches!(op, Op::SavePerson(_) | Op::SavePeer(_)));
        let outcome = state.db.apply(vec![op]).pop().unwrap().map_err(|error| error.to_string());
        self.later(device, 1, Input::Stored(token, outcome));
    }

    /// An orderly end.
    pub fn shut_down(&mut self, device: usize) {
        self.input(device, Input::Shutdown);
        self.until("an orderly end", Duration::from_secs(5), |world| world.devices[device].finished);
        let others: Vec<(DeviceKey, ConnectionId)> = self.devices[device].links.clone().into_iter().collect();
        for (peer, connection) in others {
            self.link(device, peer, DriverCommand::Close, Some(connection));
        }
        self.kill(device);
    }

    pub fn is_running(&self, device: usize) -> bool {
        self.devices[device].engine.is_some()
    }

    pub fn broker(&mut self, up: bool) {
        self.broker_up = up;
        if up {
            return;
        }
        let lost: Vec<(usize, BrokerConn)> = self.sessions.values().filter_map(|session| session.at).collect();
        self.sessions.retain(|_, session| {
            session.detach();
            session.persistent
        });
        for (device, conn) in lost {
            self.later(device, 1, Input::Broker(conn, BrokerInput::Lost("the broker is gone".into())));
        }
    }

    pub fn run(&mut self, device: usize, command: Command) -> Result<Reply, CommandError> {
        let call = self.submit(device, command);
        self.until("a reply", Duration::from_secs(5), |world| world.devices[device].replies.contains_key(&call));
        self.devices[device].replies.remove(&call).unwrap()
    }

    /// Hands over a command without waiting for its reply.
    pub fn submit(&mut self, device: usize, command: Command) -> u64 {
        self.until("the database", Duration::from_secs(5), |world| {
            world.devices[device].engine.as_ref().is_some_and(Engine::is_loaded)
        });
        self.calls += 1;
        let call = self.calls;
        self.input(device, Input::Command(call, command));
        call
    }

    pub fn reply(&self, device: usize, call: u64) -> Option<&Result<Reply, CommandError>> {
        self.devices[device].replies.get(&call)
    }

    /// Begins to watch: how things are, while [`World::deltas`] gathers what changes.
    pub fn watch(&mut self, device: usize) -> View {
        let now = self.clock();
        let (view, outputs) = self.devices[device].engine.as_mut().unwrap().watch(now);
        self.carry_out(device, outputs);
        view
    }

    /// The conversations with contacts as they are on disk.
    pub fn chats_on_disk(&mut self, device: usize) -> Vec<ChatView> {
        let Device { engine: Some(engine), db, .. } = &mut self.devices[device] else { return vec![] };
        let me = engine.me.as_ref().unwrap().card.root();
        let contacts = engine.people.values().filter(|contact| contact.person.standing == Standing::Contact);
        let chat = |root| {
            let op = Op::Summarise(vec![direct_conversation(&me, &root)]);
            let Some(Ok(Outcome::Summaries(summaries))) = db.apply(vec![op]).pop() else { panic!("no summary") };
            view::chat(&me, &root, &summaries[0])
        };
        contacts.map(|contact| contact.person.root).map(chat).collect()
    }

    /// What watchers were told since the last time.
    pub fn deltas(&mut self, device: usize) -> Vec<Delta> {
        std::mem::take(&mut self.devices[device].deltas)
    }

    pub fn use_brokers(&mut self, device: usize, brokers: &[&str]) {
        let brokers: Vec<String> = brokers.iter().map(|url| (*url).to_owned()).collect();
        self.run(device, Command::UseBrokers(brokers.clone())).unwrap();
        self.devices[device].brokers = brokers;
    }

    /// The connections that a device has with brokers, by their numbers: a new one has another.
    pub fn connections(&self, device: usize) -> Vec<BrokerConn> {
        let mut conns: Vec<_> = self.devices[device].conns.keys().copied().collect();
        conns.sort_unstable();
        conns
    }

    /// Who holds which session at a broker: how many live ones, how many persistent ones, connected now.
    pub fn sessions_at(&self, device: usize, broker: &str) -> (usize, usize) {
        let broker = BrokerUrl::parse(broker).unwrap().to_string();
        let here =
            |session: &&BrokerSession| session.broker == broker && session.at.is_some_and(|(at, _)| at == device);
        let (persistent, live): (Vec<_>, Vec<_>) =
            self.sessions.values().filter(here).partition(|held| held.persistent);
        (live.len(), persistent.len())
    }

    pub fn identity(&mut self, device: usize) -> IdentityView {
        let Ok(Reply::Identity(identity)) = self.run(device, Command::ShowIdentity) else { panic!("no identity") };
        identity
    }

    pub fn add(&mut self, device: usize, other: usize) -> Uuid {
        let link = self.identity(other).link;
        self.add_link(device, link)
    }

    pub fn add_link(&mut self, device: usize, link: String) -> Uuid {
        let Ok(Reply::User(user)) = self.run(device, Command::AddContact { link }) else { panic!("not added") };
        user
    }

    pub fn requests(&mut self, device: usize) -> Vec<RequestView> {
        let Ok(Reply::Requests(requests)) = self.run(device, Command::ListRequests) else { panic!("no requests") };
        requests
    }

    pub fn contacts(&mut self, device: usize) -> Vec<ContactView> {
        let Ok(Reply::Contacts(contacts)) = self.run(device, Command::ListContacts) else { panic!("no contacts") };
        contacts
    }

    pub fn status(&mut self, device: usize) -> StatusView {
        let Ok(Reply::Status(status)) = self.run(device, Command::ShowStatus) else { panic!("no status") };
        status
    }

    pub fn write(&mut self, device: usize, to: Uuid, text: &str) -> String {
        let Ok(Reply::Message(id)) = self.run(device, Command::SendMessage { to, text: text.into() }) else {
            panic!("not written")
        };
        id
    }

    pub fn history(&mut self, device: usize, with: Uuid) -> Vec<MessageView> {
        let command = Command::ReadHistory { with, before: None, limit: Some(1000) };
        match self.run(device, command) {
            Ok(Reply::History(messages)) => messages,
            other => panic!("no history: {other:?}"),
        }
    }

    pub fn events(&self, device: usize) -> &[Event] {
        &self.devices[device].events
    }

    pub fn link_state(&self, device: usize) -> Option<LinkState> {
        self.devices[device].events.iter().rev().find_map(|event| match event {
            Event::LinkChanged { state, .. } => Some(*state),
            _ => None,
        })
    }

    /// Lets time pass until something is true; panics when it is not within `limit`.
    pub fn until(&mut self, what: &str, limit: Duration, mut done: impl FnMut(&Self) -> bool) {
        let end = self.now + limit;
        while !done(self) {
            assert!(self.now <= end, "{what} did not come within {limit:?}");
            self.step();
        }
    }

    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.next_at().is_some_and(|at| at <= end) {
            self.step();
        }
        self.now = end;
    }

    fn clock(&self) -> Now {
        Now { mono: self.now, wall: WALL + u64::try_from(self.now.as_millis()).unwrap() }
    }

    fn next_at(&self) -> Option<Duration> {
        let queued = self.queue.peek().map(|Reverse((at, ..))| *at);
        let deadlines = self.devices.iter().filter_map(|device| device.engine.as_ref()?.deadline());
        queued.into_iter().chain(deadlines).min()
    }

    fn step(&mut self) {
        let at = self.next_at().expect("the world stands still").max(self.now);
        self.steps += 1;
        assert!(self.steps < 3_000_000, "the world does not come to rest");
        self.now = at;
        if self.queue.peek().is_some_and(|Reverse((due, ..))| *due <= at) {
            let Some(Reverse((_, _, Happening(device, run, input)))) = self.queue.pop() else { return };
            if self.devices[device].run == run {
                self.input(device, input);
            }
            return;
        }
        let due = |device: &Device| device.engine.as_ref().and_then(Engine::deadline).is_some_and(|due| due <= at);
        if let Some(device) = self.devices.iter().position(due) {
            self.input(device, Input::Tick);
        }
    }

    fn later(&mut self, device: usize, millis: u64, input: Input) {
        self.at(device, self.now + Duration::from_millis(millis), input);
    }

    fn at(&mut self, device: usize, at: Duration, input: Input) {
        self.calls += 1;
        let happening = Happening(device, self.devices[device].run, input);
        self.queue.push(Reverse((at, self.calls, happening)));
    }

    fn input(&mut self, device: usize, input: Input) {
        let now = self.clock();
        if let Input::Link(peer, DriverEvent::Writable { .. }) = &input {
            self.devices[device].queues.entry(*peer).or_default().refused = false;
        }
        let Some(engine) = &mut self.devices[device].engine else { return };
        let mut outputs = engine.handle(input, now);
        outputs.extend(engine.flush(now));
        self.carry_out(device, outputs);
    }

    fn carry_out(&mut self, device: usize, outputs: Vec<Output>) {
        for output in outputs {
            let state = &mut self.devices[device];
            match output {
                Output::Reply(call, result) => drop(state.replies.insert(call, result)),
                Output::Event(event) => state.events.push(event),
                Output::Deltas(deltas) => state.deltas.extend(deltas),
                Output::Store(token, op) => self.store(device, token, op),
                Output::KeepSecrets(bytes) => {
                    state.key = Secrets::from_bytes(&bytes).ok().map(|secrets| secrets.device_key());
                    state.secrets = Some(bytes.to_vec());
                    self.later(device, 1, Input::SecretsKept(Ok(())));
                }
                Output::OpenBroker { conn, url, kind, client } => {
                    let broker = url.without_credentials().to_string();
                    state.conns.insert(conn, Conn { url, client, broker, persistent: kind.is_persistent() });
                }
                Output::CloseBroker(conn) => {
                    if let Some(closed) = state.conns.remove(&conn)
                        && let Some(session) = self.sessions.get_mut(&closed.client)
                        && session.at == Some((device, conn))
                    {
                        session.detach();
                    }
                }
                Output::Broker(conn, output) => self.mqtt(device, conn, output),
                Output::Link(peer, policy, command) => self.link_by(device, peer, policy, command),
                Output::Frame(peer, connection, bytes) => self.frame(device, peer, connection, bytes),
                Output::UseIce(_) => {}
                Output::CloseLink(peer) => self.link(device, peer, DriverCommand::Close, None),
                Output::Finished => state.finished = true,
            }
        }
    }

    fn mqtt(&mut self, device: usize, conn: BrokerConn, output: BrokerOutput) {
        let Conn { url, client, broker, persistent } = self.devices[device].conns.get(&conn).unwrap().clone();
        let fault = self.faults.get(&broker).copied();
        if output == BrokerOutput::Connect {
            if !self.broker_up || fault == Some(Fault::Gone) {
                return self.later(device, 20, Input::Broker(conn, BrokerInput::Lost("nobody listens".into())));
            }
            if self.guarded && url.credentials().is_none() {
                return self.later(device, 20, Input::Broker(conn, BrokerInput::Refused("who are you?".into())));
            }
            let session = self.sessions.entry(client).or_default();
            session.persistent = persistent;
            session.broker = broker;
            session.at = Some((device, conn));
            if !persistent {
                session.topics.clear();
            }
            let waiting: Vec<_> = session.queue.drain(..).collect();
            let inputs: Vec<_> = waiting.into_iter().map(|(topic, payload)| session.deliver(topic, payload)).collect();
            self.later(device, 3, Input::Broker(conn, BrokerInput::Connected));
            for input in inputs {
                self.later(device, 4, Input::Broker(conn, input));
            }
            return;
        }
        let Some(session) = self.sessions.get_mut(&client).filter(|session| session.at == Some((device, conn))) else {
            return;
        };
        match output {
            BrokerOutput::Connect => {}
            _ if self.dead.contains(&(device, conn)) => {}
            _ if fault == Some(Fault::Silent) => {}
            BrokerOutput::Publish { token, .. } if fault == Some(Fault::Lying) => {
                self.later(device, 2, Input::Broker(conn, BrokerInput::Published(token)));
            }
            BrokerOutput::Subscribe(topics) => {
                session.topics.extend(topics.iter().cloned());
                for topic in topics {
                    self.later(device, 2, Input::Broker(conn, BrokerInput::Subscribed { topic, granted: true }));
                }
            }
            BrokerOutput::Probe => self.later(device, 2, Input::Broker(conn, BrokerInput::Alive)),
            BrokerOutput::Unsubscribe(topics) => session.topics.retain(|topic| !topics.contains(topic)),
            BrokerOutput::Ack(delivery) => drop(session.unacked.remove(&delivery)),
            BrokerOutput::Publish { token, topic, payload } => {
                self.later(device, 2, Input::Broker(conn, BrokerInput::Published(token)));
                self.publish_at(&broker, topic, Bytes::from(payload));
            }
        }
    }

    /// Anybody may publish anything.
    pub fn publish(&mut self, topic: String, payload: Bytes) {
        let broker = BrokerUrl::parse(BROKER).unwrap().to_string();
        self.publish_at(&broker, topic, payload);
    }

    pub fn publish_at(&mut self, broker: &str, topic: String, payload: Bytes) {
        self.published.push((topic.clone(), payload.clone()));
        let mut inputs = vec![];
        let hears = |session: &&mut BrokerSession| session.broker == broker && session.topics.contains(&topic);
        for session in self.sessions.values_mut().filter(hears) {
            match session.at {
                Some((to, _)) if !session.persistent && self.loss > 0.0 && self.rng.random_bool(self.loss) => {
                    let _ = to;
                }
                Some((to, conn)) => inputs.push((to, conn, session.deliver(topic.clone(), payload.clone()))),
                None if session.persistent => session.queue.push_back((topic.clone(), payload.clone())),
                None => {}
            }
        }
        inputs.retain(|(to, conn, _)| !self.dead.contains(&(*to, *conn)));
        for (to, conn, input) in inputs {
            self.later(to, 2, Input::Broker(conn, input));
        }
    }
}

impl BrokerSession {
    fn deliver(&mut self, topic: String, payload: Bytes) -> BrokerInput {
        let delivery = self.persistent.then(|| {
            self.deliveries += 1;
            self.unacked.insert(self.deliveries, (topic.clone(), payload.clone()));
            self.deliveries
        });
        BrokerInput::Received { delivery, topic, payload }
    }

    /// What was not acknowledged comes again, first.
    fn detach(&mut self) {
        self.at = None;
        for (_, (topic, payload)) in std::mem::take(&mut self.unacked).into_iter().rev() {
            self.queue.push_front((topic, payload));
        }
        if !self.persistent {
            self.topics.clear();
        }
    }
}
