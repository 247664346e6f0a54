//! A simulated world, for tests: engines over real databases, brokers with queues, links, one virtual clock, one seed.
//!
//! Everything between the devices is modelled as harshly as the real thing may be; everything inside a device but its
//! drivers is real. Nothing here may know what an engine is going to do. Stories are told with it in `engine/tests` and, as
//! long lists of random moves, in `tests/world`. What no story may ever see is checked at every step (`promises`).
//!
//! | file | what |
//! |---|---|
//! | `device` | a process that comes and goes |
//! | `asking` | how people use it, and what a test asks of it |
//! | `disk` | what outlives it: commits that take time, crashes around them, backups |
//! | `broker` | brokers: sessions, queues, faults |
//! | `links` | connections between two devices, and the networks that they are in |
//! | `promises` | what holds at every step of every story |
//! | `trace` | what happens, as lines of a log |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's world")]

mod asking;
mod broker;
mod device;
mod disk;
mod links;
mod promises;
mod trace;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use self::broker::BrokerSession;
use self::device::Device;
use super::engine::{BrokerConn, Engine, Input, Now, Output};
use crate::identity::Secrets;
use crate::link::{DriverCommand, DriverEvent};
use crate::wire::{ConnectionId, ConversationId, DeviceKey};

pub use self::broker::{BROKER, Fault};
pub use self::disk::{Backup, Kind, Moment};
pub use super::engine::Otherwise;

/// What honest clocks show at the beginning, Unix milliseconds.
const WALL: u64 = 1_700_000_000_000;
/// Envelopes and frames that can be repeated: the last ones.
const RECENT_MAX: usize = 64;
/// A world that has come so far begets happenings without end.
const STEPS_MAX: u64 = 3_000_000;

/// All devices and what lies between them.
pub struct World {
    /// Since the beginning.
    pub now: Duration,
    /// Whoever tells a story draws from it too.
    pub rng: StdRng,
    devices: Vec<Device>,
    sessions: BTreeMap<String, BrokerSession>,
    broker_up: bool,
    /// The broker lets in nobody without a user name.
    pub guarded: bool,
    /// Brokers that do not do what brokers do, by address.
    pub faults: BTreeMap<String, Fault>,
    /// Share of live envelopes that are lost.
    pub loss: f64,
    /// No link can be made while this is false.
    pub links_work: bool,
    /// Envelopes and frames overtake each other by up to this much.
    pub jitter: Duration,
    /// A commit takes up to this long.
    pub disk_takes: Duration,
    /// A broker takes up to this much longer to deliver what lies in a mailbox.
    pub mail_takes: Duration,
    /// Brokers confirm what is published into mailboxes, and lose it.
    pub mail_is_lost: bool,
    /// Two devices between whose networks there is no path but the broker.
    parted: BTreeSet<(usize, usize)>,
    /// Who gives whom something else than they have, with the next entry, and what of it.
    forges: BTreeMap<(usize, usize), Part>,
    /// Entries that were forged.
    pub forged: u64,
    /// Connections that are open on a side; those that carry nothing until they are restarted; those that are gone.
    opened: BTreeSet<(usize, ConnectionId)>,
    silent: BTreeSet<ConnectionId>,
    broken: BTreeSet<ConnectionId>,
    /// Connections on which a side has heard what the other has of a conversation.
    informed: BTreeSet<(usize, ConnectionId, ConversationId)>,
    /// Connections with brokers that lead nowhere, which neither side has noticed, since when.
    dead: BTreeMap<(usize, BrokerConn), Duration>,
    /// What was sent on them: the library sends it again when there is a path.
    unsent: Vec<(usize, DeviceKey, ConnectionId, Bytes)>,
    queue: BinaryHeap<Reverse<Happening>>,
    steps: u64,
    calls: u64,
    /// Every publish: topic and payload.
    pub published: Vec<(String, Bytes)>,
    /// Every frame that a link took, and who sent it.
    pub frames: Vec<(usize, Bytes)>,
    /// The last frames that went out: to whom, from whom, on which connection.
    recent: VecDeque<(usize, DeviceKey, ConnectionId, Bytes)>,
}

/// A part of an entry.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// What it says.
    Body,
    /// What proves who wrote it.
    Signature,
}

/// Something that happens to one run of one device. Ordered by time, then by the order of its making.
struct Happening {
    at: Duration,
    number: u64,
    device: usize,
    run: u32,
    what: What,
}

enum What {
    Input(Input),
    /// The disk takes what waits.
    Commit,
    /// Nothing has come on a connection with a broker since it died.
    Unheard(BrokerConn, Duration),
}

impl PartialEq for Happening {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Happening {}
impl PartialOrd for Happening {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Happening {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// Whether the worlds of this thread do without elliptic curves from now on: what is signed and sealed in one then only looks so,
/// but proves and opens the same, and nothing else does. Half of a story's time is curves. What earlier worlds of the thread
/// have signed and sealed is worth nothing after this.
pub fn pretend(on: bool) {
    crate::identity::pretend::pretend(on);
    crate::signaling::forget_envelopes();
}

impl World {
    /// An empty world; the same seed and the same story make the same world.
    #[must_use]
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
            jitter: Duration::ZERO,
            disk_takes: Duration::ZERO,
            mail_takes: Duration::ZERO,
            mail_is_lost: false,
            parted: BTreeSet::new(),
            opened: BTreeSet::new(),
            silent: BTreeSet::new(),
            broken: BTreeSet::new(),
            informed: BTreeSet::new(),
            dead: BTreeMap::new(),
            unsent: vec![],
            forges: BTreeMap::new(),
            forged: 0,
            queue: BinaryHeap::new(),
            steps: 0,
            calls: 0,
            published: vec![],
            frames: vec![],
            recent: VecDeque::new(),
        }
    }

    /// Lets time pass until something is true.
    ///
    /// # Panics
    /// When it is not within `limit`.
    pub fn until(&mut self, what: &str, limit: Duration, mut done: impl FnMut(&Self) -> bool) {
        let end = self.now + limit;
        while !done(self) {
            assert!(self.now <= end, "{what} did not come within {limit:?}");
            self.step();
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.next_at().is_some_and(|at| at <= end) {
            self.step();
        }
        self.now = end;
    }

    /// What both clocks of a device show.
    fn clock(&self, device: usize) -> Now {
        let wall = WALL + u64::try_from(self.now.as_millis()).unwrap();
        Now { mono: self.now, wall: wall.saturating_add_signed(self.devices[device].skew) }
    }

    fn next_at(&self) -> Option<Duration> {
        let queued = self.queue.peek().map(|Reverse(happening)| happening.at);
        queued.into_iter().chain(self.devices.iter().filter_map(|device| device.due)).min()
    }

    fn step(&mut self) {
        let at = self.next_at().expect("the world stands still").max(self.now);
        self.steps += 1;
        assert!(self.steps < STEPS_MAX, "the world does not come to rest");
        self.now = at;
        let _at = tracing::debug_span!("at", now = ?self.now).entered();
        if self.queue.peek().is_some_and(|Reverse(happening)| happening.at <= at) {
            let Some(Reverse(Happening { device, run, what, .. })) = self.queue.pop() else { return };
            if self.devices[device].run != run {
                return;
            }
            return match what {
                What::Commit => self.commit(device),
                What::Unheard(conn, since) => self.unheard(device, conn, since),
                What::Input(Input::Link(_, DriverEvent::Frame { connection, .. }))
                    if self.broken.contains(&connection) => {}
                What::Input(input) => self.input(device, input),
            };
        }
        if let Some(device) = self.devices.iter().position(|device| device.due.is_some_and(|due| due <= at)) {
            self.input(device, Input::Tick);
        }
    }

    fn later(&mut self, device: usize, millis: u64, input: Input) {
        self.at(device, self.now + Duration::from_millis(millis), input);
    }

    fn at(&mut self, device: usize, at: Duration, input: Input) {
        self.happen(device, at, What::Input(input));
    }

    fn happen(&mut self, device: usize, at: Duration, what: What) {
        self.calls += 1;
        let run = self.devices[device].run;
        self.queue.push(Reverse(Happening { at, number: self.calls, device, run, what }));
    }

    /// How much later than others something arrives.
    fn delay(&mut self) -> Duration {
        if self.jitter.is_zero() { Duration::ZERO } else { self.rng.random_range(Duration::ZERO..=self.jitter) }
    }

    fn input(&mut self, device: usize, input: Input) {
        let now = self.clock(device);
        self.note_input(device, &input);
        if let Input::Link(peer, DriverEvent::Writable { .. }) = &input {
            self.devices[device].queues.entry(*peer).or_default().refused = false;
        }
        let delivery = match &input {
            Input::Broker(conn, super::engine::BrokerInput::Received { delivery: Some(delivery), .. }) => {
                Some((*conn, *delivery))
            }
            _ => None,
        };
        let Some(engine) = &mut self.devices[device].engine else { return };
        let person = tracing::debug_span!("person", device).entered();
        let mut outputs = engine.handle(input, now);
        outputs.extend(engine.flush(now));
        drop(person);
        if let Some(delivery) = delivery {
            self.note_delivery(device, delivery, &outputs);
        }
        self.judge_queues(device);
        self.carry_out(device, outputs);
    }

    fn carry_out(&mut self, device: usize, outputs: Vec<Output>) {
        self.devices[device].due = self.devices[device].engine.as_ref().and_then(Engine::deadline);
        for output in outputs {
            let state = &mut self.devices[device];
            match output {
                Output::Reply(call, result) => {
                    self.judge_reply(device, &result);
                    self.devices[device].replies.insert(call, result);
                }
                Output::Event(event) => self.event(device, event),
                Output::Deltas(deltas) => state.deltas.extend(deltas),
                Output::Store(token, op) => self.store(device, token, op),
                Output::KeepSecrets(bytes) => {
                    state.keep(Secrets::from_bytes(&bytes).ok().unwrap(), bytes.to_vec());
                    self.later(device, 1, Input::SecretsKept(Ok(())));
                }
                Output::OpenBroker { conn, url, kind, client } => {
                    self.open_broker(device, conn, url, kind.is_persistent(), client);
                }
                Output::CloseBroker(conn) => self.close_broker(device, conn),
                Output::Broker(conn, output) => self.mqtt(device, conn, output),
                Output::Link(peer, policy, command) => self.link_by(device, peer, policy, command),
                Output::Frame(peer, connection, bytes) => self.frame(device, peer, connection, bytes),
                Output::UseIce(_) => {}
                Output::CloseLink(peer) => self.link(device, peer, DriverCommand::Close, None),
                Output::Finished => state.finished = true,
            }
        }
    }
}
