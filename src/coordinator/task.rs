//! The coordinator's task: carries out what the engine wants, and decides nothing.
//!
//! ```text
//! commands ─┐                                    ┌─► store (one writer thread)
//! brokers ──┼─► one queue of inputs ─► engine ───┼─► broker connections
//! links ────┤        (what is on disk first,     ├─► link drivers
//! network ──┤         the others in turn)        └─► replies, events
//! store ────┘
//! ```
//! 0. Once a second, and before anything that came meanwhile: whether the world went on without us.
//! 1. Wait for one input. While the store has much to do, only its answers are taken: that is the back-pressure.
//! 2. Take whatever else is there, up to a batch, so that acknowledgements come together.
//! 3. Flush: acknowledgements go out, events go out as one batch, and the store gets what belongs together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::engine::{BrokerConn, CallId, Engine, Input, Now, Output, Settings, StoreToken};
use super::handle::{BATCHES_MAX, COMMANDS_MAX, Call, Subscription};
use super::hands::Hands;
use super::watch::{Delta, Watch};
use super::{Command, Event, Handle};
use crate::clock::{ROUND, Watchman};
use crate::identity::{SECRETS_BYTES_MAX, Secrets};
use crate::link::DriverEvent;
use crate::link::IceServer;
use crate::platform::{self, NetworkChange, NetworkWatch, crash};
use crate::signaling::mqtt::MqttEvent;
use crate::store::{Outcome, Store, StoreError};
use crate::wire::DeviceKey;
use crate::wire::broker_url::{BrokerUrl, without_login};

/// Wishes that may wait for the store before nothing but its answers is taken: a few batches.
const STORE_QUEUE_MAX: usize = 1_024;
/// Wishes that wait for a flush before the store gets them. A message and the question what goes out with it are two: handed over
/// one by one, the store would commit the first before it looks at the second. With many commands it begins early on.
const TOGETHER_MAX: usize = 16;
/// Inputs between two flushes: long enough to batch, short enough that an ack does not wait.
const BATCH_MAX: usize = 256;
/// Events of brokers, links and the store that may wait; who has more to say waits with it.
const INPUTS_MAX: usize = 512;
/// Brokers, links and commands are asked in turn.
const SOURCES: u8 = 3;
/// How long everything that was told to end may take.
const END_PATIENCE: Duration = Duration::from_secs(3);
/// The database's file in the data directory.
const DATABASE: &str = "kith.sqlite3";
/// The key file in the data directory.
const SECRETS: &str = "identity.key";

/// Why a coordinator could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The database cannot be opened, or is damaged, or belongs to a newer Kith.
    #[error("{0}")]
    Storage(String),
    /// A broker's or an ICE server's address is not one.
    #[error("{0}")]
    Address(String),
}

/// What a coordinator has on disk, opened: it needs no broker, and takes as long as the disk does.
#[derive(Debug)]
pub struct Opened {
    key_file: PathBuf,
    secrets: Option<Secrets>,
    store: Store,
    outcomes: mpsc::Receiver<(StoreToken, Result<Outcome, StoreError>)>,
}

/// Opens the key file and the database of a data directory whose lock the caller holds. Call it on a Tokio runtime.
///
/// # Errors
/// When one of them cannot be used.
pub async fn open(data_dir: &Path) -> Result<Opened, StartError> {
    let (key_file, path) = (data_dir.join(SECRETS), data_dir.join(DATABASE));
    let (outcome_sender, outcomes) = mpsc::channel(INPUTS_MAX);
    let opened = tokio::task::spawn_blocking(move || {
        let secrets = match platform::read_secret(&key_file, SECRETS_BYTES_MAX).map_err(storage)? {
            Some(bytes) => Some(Secrets::from_bytes(&bytes).map_err(storage)?),
            None => None,
        };
        let store = Store::open(&path, outcome_sender).map_err(storage)?;
        Ok(Opened { key_file, secrets, store, outcomes })
    });
    opened.await.map_err(storage)?
}

/// Starts the coordinator on the current Tokio runtime, on what was opened. `brokers` are where this person can be reached,
/// first one first; none when there is none yet. `ice` are `stun:` and `turn:` URLs. With `hide_address` nobody learns an
/// address of this device ([`Command::HideAddressFromAll`]).
///
/// # Errors
/// When an address is wrong.
pub fn start(opened: Opened, brokers: &[String], ice: &[String], hide_address: bool) -> Result<Handle, StartError> {
    let brokers = brokers.iter().map(|url| {
        let refused = |error| StartError::Address(format!("“{}” is no broker's address: {error}", without_login(url)));
        BrokerUrl::parse(url).map_err(refused)
    });
    let brokers: Vec<BrokerUrl> = brokers.collect::<Result<_, _>>()?;
    let ice = ice.iter().map(|url| {
        url.parse::<IceServer>().map_err(|error| StartError::Address(format!("“{}” is {error}", without_login(url))))
    });
    let ice: Vec<IceServer> = ice.collect::<Result<_, _>>()?;
    let rng = StdRng::try_from_rng(&mut SysRng).map_err(storage)?;
    let Opened { key_file, secrets, store, outcomes } = opened;

    let (calls_sender, calls) = mpsc::channel(COMMANDS_MAX);
    let (events, _) = broadcast::channel(BATCHES_MAX);
    let (deltas, _) = broadcast::channel(BATCHES_MAX);
    let (mqtt_sender, mqtt) = mpsc::channel(INPUTS_MAX);
    let (link_sender, links) = mpsc::channel(INPUTS_MAX);
    let tracker = TaskTracker::new();
    let cancel = CancellationToken::new();
    let origin = Instant::now();
    let usual = crate::link::Settings::default();
    let link = crate::link::Settings { polite_grace: platform::testing::polite_grace(usual.polite_grace), ..usual };
    let settings = Settings { brokers, link, hide_address, relay: ice.iter().any(IceServer::is_relay) };
    let (engine, outputs) = Engine::start(settings, secrets, rng, now(origin));
    let hands = Hands::new(store, key_file, ice, tracker.clone(), cancel.clone(), mqtt_sender, link_sender);
    let task = Task {
        origin,
        engine,
        hands,
        calls,
        outcomes,
        mqtt,
        links,
        network: NetworkWatch::begin(),
        watchman: Watchman::new(platform::since_boot()),
        round_at: Instant::now() + ROUND,
        events,
        batch: vec![],
        deltas,
        changes: vec![],
        ending: vec![],
        turn: 0,
    };
    // In a tracker of its own, since it waits for the other one. The handles hold it: whoever shuts down waits for its end.
    let own = TaskTracker::new();
    own.spawn(task.run(outputs, tracker, cancel));
    own.close();
    Ok(Handle::new(calls_sender, own))
}

fn storage(error: impl std::fmt::Display) -> StartError {
    StartError::Storage(error.to_string())
}

fn network_input(change: NetworkChange) -> Input {
    match change {
        NetworkChange::WayOut => Input::NetworkChanged,
        NetworkChange::Beside => Input::AddressesChanged,
    }
}

fn now(origin: Instant) -> Now {
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Now { mono: origin.elapsed(), wall: u64::try_from(wall.as_millis()).unwrap_or_default() }
}

struct Task {
    origin: Instant,
    engine: Engine,
    hands: Hands,
    calls: mpsc::Receiver<Call>,
    outcomes: mpsc::Receiver<(StoreToken, Result<Outcome, StoreError>)>,
    mqtt: mpsc::Receiver<(BrokerConn, MqttEvent)>,
    links: mpsc::Receiver<(DeviceKey, DriverEvent)>,
    network: NetworkWatch,
    watchman: Watchman,
    /// When his next round is due.
    round_at: Instant,
    events: broadcast::Sender<Arc<[Event]>>,
    batch: Vec<Event>,
    deltas: broadcast::Sender<Arc<[Delta]>>,
    changes: Vec<Delta>,
    ending: Vec<oneshot::Sender<()>>,
    /// Which of the sources was asked last.
    turn: u8,
}

/// What the task has woken up for.
enum Woken {
    Input(Input),
    Round,
    Command(Command, oneshot::Sender<Result<super::Reply, super::CommandError>>),
    Subscribe(oneshot::Sender<Subscription>),
    Watch(oneshot::Sender<Watch>),
    Shutdown(Option<oneshot::Sender<()>>),
    Retry,
}

impl Task {
    async fn run(mut self, outputs: Vec<Output>, tracker: TaskTracker, cancel: CancellationToken) {
        let mut finished = self.carry_out(outputs);
        self.hands.drain();
        while !finished {
            let Some(woken) = self.wait().await else { break };
            // First: what is overdue only because we were away must not be taken for the others' silence.
            let woke = self.watchman.round(platform::since_boot());
            finished = (woke && self.step(Woken::Input(Input::Woke))) || self.step(woken);
            for _ in 0..BATCH_MAX {
                let Some(woken) = self.ready().filter(|_| !finished) else { break };
                finished = self.step(woken);
            }
            let outputs = self.engine.flush(now(self.origin));
            finished |= self.carry_out(outputs);
            self.hands.drain();
            self.tell();
        }
        self.end(tracker, cancel).await;
    }

    /// Waits for the next input; `None` when the store is gone.
    async fn wait(&mut self) -> Option<Woken> {
        let deadline = self.engine.deadline().map(|at| self.origin + at);
        let timer = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let round_at = self.round_at;
        let room = self.hands.waiting() < STORE_QUEUE_MAX;
        let loaded = self.engine.is_loaded();
        tokio::select! {
            biased;
            outcome = self.outcomes.recv() => outcome.map(|(token, result)| Woken::Input(stored(token, result))),
            () = tokio::time::sleep_until(round_at.into()) => Some(Woken::Round),
            () = timer => Some(Woken::Input(Input::Tick)),
            change = self.network.changed() => Some(Woken::Input(network_input(change))),
            // In no order: a broker that floods keeps neither links nor commands waiting.
            woken = async {
                tokio::select! {
                    Some((conn, event)) = self.mqtt.recv(), if room => Some(Woken::Input(Input::Broker(conn, event.into()))),
                    Some((device, event)) = self.links.recv(), if room => Some(Woken::Input(Input::Link(device, event))),
                    call = self.calls.recv(), if room && loaded && self.ending.is_empty() => Some(called(call)),
                    () = self.hands.retry() => Some(Woken::Retry),
                }
            } => woken,
        }
    }

    /// Another input, if one is there already.
    fn ready(&mut self) -> Option<Woken> {
        if let Ok((token, result)) = self.outcomes.try_recv() {
            return Some(Woken::Input(stored(token, result)));
        }
        if self.hands.waiting() >= STORE_QUEUE_MAX {
            return None;
        }
        // In turn: a broker that floods keeps neither links nor commands waiting.
        for _ in 0..SOURCES {
            self.turn = self.turn.wrapping_add(1) % SOURCES;
            let woken = match self.turn {
                0 => self.mqtt.try_recv().ok().map(|(conn, event)| Woken::Input(Input::Broker(conn, event.into()))),
                1 => self.links.try_recv().ok().map(|(device, event)| Woken::Input(Input::Link(device, event))),
                _ if !self.engine.is_loaded() || !self.ending.is_empty() => None,
                _ => self.calls.try_recv().ok().map(|call| called(Some(call))),
            };
            if woken.is_some() {
                return woken;
            }
        }
        None
    }

    /// One input. True when everything has come to its end.
    fn step(&mut self, woken: Woken) -> bool {
        let input = match woken {
            Woken::Input(input) => input,
            Woken::Round => {
                self.round_at = Instant::now() + ROUND;
                return false;
            }
            Woken::Command(command, reply) => {
                let call: CallId = self.hands.expect_reply(reply);
                Input::Command(call, command)
            }
            Woken::Subscribe(reply) => {
                self.tell();
                let (snapshot, outputs) = self.engine.snapshot(now(self.origin));
                // Who asked may have gone away meanwhile.
                let _ = reply.send(Subscription { snapshot, updates: self.events.subscribe() });
                return self.carry_out(outputs);
            }
            Woken::Watch(reply) => {
                let (view, outputs) = self.engine.watch(now(self.origin));
                let finished = self.carry_out(outputs);
                // Older watchers are told before the new one listens: its view has all of it.
                self.tell();
                // Who asked may have gone away meanwhile.
                let _ = reply.send(Watch { view, changes: self.deltas.subscribe() });
                return finished;
            }
            Woken::Shutdown(reply) => {
                self.ending.extend(reply);
                Input::Shutdown
            }
            Woken::Retry => {
                self.hands.drain();
                return false;
            }
        };
        let outputs = self.engine.handle(input, now(self.origin));
        self.carry_out(outputs)
    }

    /// Carries out what the engine wants, and whatever follows from that at once. True at the end.
    fn carry_out(&mut self, outputs: Vec<Output>) -> bool {
        let mut finished = false;
        let mut round = outputs;
        while !round.is_empty() {
            let mut back = vec![];
            for output in round {
                match output {
                    Output::Event(event) => self.batch.push(event),
                    Output::Deltas(deltas) => self.changes.extend(deltas),
                    Output::Finished => finished = true,
                    output => back.extend(self.hands.carry_out(output)),
                }
            }
            round = back.into_iter().flat_map(|input| self.engine.handle(input, now(self.origin))).collect();
        }
        if self.hands.waiting() >= TOGETHER_MAX {
            self.hands.drain();
        }
        finished
    }

    /// Tells the subscribers what has happened, and the watchers what has changed, as one batch each.
    fn tell(&mut self) {
        if !self.batch.is_empty() {
            // An error means that nobody listens.
            let _ = self.events.send(std::mem::take(&mut self.batch).into());
        }
        if !self.changes.is_empty() {
            let _ = self.deltas.send(std::mem::take(&mut self.changes).into());
        }
    }

    async fn end(mut self, tracker: TaskTracker, cancel: CancellationToken) {
        self.tell();
        let store = self.hands.end();
        tracker.close();
        // Drivers and connections end by themselves now; their events are read so that none of them waits.
        let drained = async {
            loop {
                tokio::select! {
                    () = tracker.wait() => break,
                    Some(_) = self.mqtt.recv() => {}
                    Some(_) = self.links.recv() => {}
                }
            }
        };
        if tokio::time::timeout(END_PATIENCE, drained).await.is_err() {
            tracing::warn!("not everything ended in time");
        }
        cancel.cancel();
        self.outcomes.close();
        // What was asked of the store is committed when this returns.
        if let Err(error) = tokio::task::spawn_blocking(move || store.map(Store::close)).await {
            tracing::error!(%error, "the store's thread did not end well");
        }
        crash::point("end.before_answer");
        for reply in self.ending.drain(..) {
            let _ = reply.send(());
        }
    }
}

fn stored(token: StoreToken, result: Result<Outcome, StoreError>) -> Input {
    Input::Stored(token, result.map_err(|error| error.to_string()))
}

fn called(call: Option<Call>) -> Woken {
    match call {
        Some(Call::Command(command, reply)) => Woken::Command(command, reply),
        Some(Call::Subscribe(reply)) => Woken::Subscribe(reply),
        Some(Call::Watch(reply)) => Woken::Watch(reply),
        Some(Call::Shutdown(reply)) => Woken::Shutdown(Some(reply)),
        None => Woken::Shutdown(None),
    }
}
