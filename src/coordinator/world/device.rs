//! A device: a process that starts and ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use super::World;
use super::broker::{BROKER, Conn};
use super::disk::Disk;
use crate::coordinator::engine::{BrokerConn, Engine, Input, Settings, StoreToken};
use crate::coordinator::{Command, CommandError, Delta, Event, LinkState, Reply};
use crate::identity::{Secrets, UserId};
use crate::link::{DriverCommand, Policy};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{ConnectionId, DeviceKey};

/// What belongs to one device: its disk outlives its process.
pub(super) struct Device {
    pub engine: Option<Engine>,
    /// When the engine wants to be told that time has passed.
    pub due: Option<Duration>,
    /// Which of its processes this is; what was sent to an earlier one is lost.
    pub run: u32,
    pub disk: Disk,
    pub secrets: Option<Vec<u8>>,
    pub key: Option<DeviceKey>,
    pub user: Option<Uuid>,
    /// Its clock is wrong by so many milliseconds.
    pub skew: i64,
    /// It runs an older version.
    pub older: bool,
    /// It has no network at all.
    pub unplugged: bool,
    pub conns: BTreeMap<BrokerConn, Conn>,
    pub links: BTreeMap<DeviceKey, ConnectionId>,
    /// What each link's driver was made with.
    pub policies: BTreeMap<DeviceKey, Policy>,
    /// Nobody learns an address, from the next start on; a relay is among its ICE servers.
    pub hide_address: bool,
    pub relay: bool,
    pub replies: BTreeMap<u64, Result<Reply, CommandError>>,
    pub events: Vec<Event>,
    /// How each link stands, as it was told last.
    pub shown: BTreeMap<Uuid, LinkState>,
    /// What watchers were told since somebody looked.
    pub deltas: Vec<Delta>,
    /// Where this person can be reached, at the next start.
    pub brokers: Vec<String>,
    pub finished: bool,
    /// What waits in the driver of each link.
    pub queues: BTreeMap<DeviceKey, LinkQueue>,
    /// What must be on disk before a broker may forget a delivery.
    pub deliveries: BTreeMap<(BrokerConn, u64), BTreeSet<StoreToken>>,
}

/// Frames that wait in a link's driver, as when they leave it and how long they are; as bounded as the real one.
#[derive(Default)]
pub(super) struct LinkQueue {
    pub waiting: VecDeque<(Duration, usize)>,
    pub refused: bool,
}

impl Device {
    pub(super) fn keep(&mut self, secrets: Secrets, bytes: Vec<u8>) {
        self.key = Some(secrets.device_key());
        self.user = Some(UserId::from(&secrets.root_key()).0);
        self.secrets = Some(bytes);
    }
}

impl World {
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
        let device = self.blank_at(urls, Disk::in_memory());
        self.run(device, Command::CreateIdentity { name: name.into() }).unwrap();
        device
    }

    /// A new device with an identity and a database in this folder, running.
    pub fn person_on_disk(&mut self, name: &str, folder: &Path) -> usize {
        let device = self.blank_at(&[BROKER], Disk::fresh_in(folder));
        self.run(device, Command::CreateIdentity { name: name.into() }).unwrap();
        device
    }

    /// A new device without an identity, running.
    pub fn blank(&mut self) -> usize {
        self.blank_at(&[BROKER], Disk::in_memory())
    }

    /// A device whose folder somebody else has left: a database, and this key file. Running.
    pub fn person_left_in(&mut self, folder: &Path, secrets: &[u8]) -> usize {
        let device = self.place(&[BROKER], Disk::in_folder(folder));
        self.devices[device].keep(Secrets::from_bytes(secrets).ok().unwrap(), secrets.to_vec());
        self.devices[device].disk.take_stock();
        self.start(device);
        device
    }

    /// A device's key file.
    #[must_use]
    pub fn key_file(&self, device: usize) -> Vec<u8> {
        self.devices[device].secrets.clone().unwrap()
    }

    fn blank_at(&mut self, urls: &[&str], disk: Disk) -> usize {
        let device = self.place(urls, disk);
        self.start(device);
        device
    }

    fn place(&mut self, urls: &[&str], disk: Disk) -> usize {
        let device = self.devices.len();
        self.devices.push(Device {
            engine: None,
            due: None,
            run: 0,
            disk,
            secrets: None,
            key: None,
            user: None,
            skew: 0,
            older: false,
            unplugged: false,
            conns: BTreeMap::new(),
            links: BTreeMap::new(),
            policies: BTreeMap::new(),
            hide_address: false,
            relay: false,
            replies: BTreeMap::new(),
            events: vec![],
            shown: BTreeMap::new(),
            deltas: vec![],
            brokers: urls.iter().map(ToString::to_string).collect(),
            finished: false,
            queues: BTreeMap::new(),
            deliveries: BTreeMap::new(),
        });
        device
    }

    /// How many devices there are.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.devices.len()
    }

    /// Starts a device's process.
    pub fn start(&mut self, device: usize) {
        let rng = StdRng::seed_from_u64(self.rng.random());
        let now = self.clock(device);
        let state = &mut self.devices[device];
        assert!(state.engine.is_none(), "already running");
        state.disk.wake();
        state.run += 1;
        state.finished = false;
        state.deltas.clear();
        let secrets = state.secrets.as_ref().map(|bytes| Secrets::from_bytes(bytes).ok().unwrap());
        let brokers = state.brokers.iter().map(|url| BrokerUrl::parse(url).unwrap()).collect();
        let (hide_address, relay) = (state.hide_address, state.relay);
        let settings = Settings { brokers, link: Default::default(), hide_address, relay };
        let (mut engine, outputs) = Engine::start(settings, secrets, rng, now);
        if state.older {
            engine.be_older();
        }
        state.engine = Some(engine);
        tracing::trace!(device, key = ?state.key, "starts");
        self.carry_out(device, outputs);
    }

    /// The process is gone from one moment to the next.
    pub fn kill(&mut self, device: usize) {
        tracing::trace!(device, "ends");
        let state = &mut self.devices[device];
        state.engine = None;
        state.due = None;
        // What is still on its way to it reaches nobody.
        state.run += 1;
        state.links.clear();
        state.policies.clear();
        state.conns.clear();
        state.shown.clear();
        state.queues.clear();
        state.deliveries.clear();
        state.disk.power_off();
        self.dead.retain(|(of, _), _| *of != device);
        self.detach_sessions(device);
    }

    /// An orderly end.
    pub fn shut_down(&mut self, device: usize) {
        self.input(device, Input::Shutdown);
        // It may be killed meanwhile.
        let ended = |world: &Self| world.devices[device].finished || !world.is_running(device);
        self.until("an orderly end", Duration::from_secs(5), ended);
        let others: Vec<(DeviceKey, ConnectionId)> = self.devices[device].links.clone().into_iter().collect();
        for (peer, connection) in others {
            self.link(device, peer, DriverCommand::Close, Some(connection));
        }
        self.kill(device);
    }

    /// From its next start on a device runs the version before this one, or this one.
    pub fn run_older(&mut self, device: usize, older: bool) {
        self.devices[device].older = older;
    }

    /// Whether it does.
    #[must_use]
    pub fn is_older(&self, device: usize) -> bool {
        self.devices[device].older
    }

    /// Whether its process runs.
    #[must_use]
    pub fn is_running(&self, device: usize) -> bool {
        self.devices[device].engine.is_some()
    }

    /// The engine of a running device.
    pub fn engine(&self, device: usize) -> &Engine {
        self.devices[device].engine.as_ref().unwrap()
    }

    /// From now on its clock is wrong by so many milliseconds.
    pub fn set_clock(&mut self, device: usize, skew: i64) {
        self.devices[device].skew = skew;
    }

    pub(super) fn event(&mut self, device: usize, event: Event) {
        self.judge_event(device, &event);
        let state = &mut self.devices[device];
        if let Event::LinkChanged { user_id, state: link, .. } = &event {
            state.shown.insert(*user_id, *link);
        }
        state.events.push(event);
    }
}
