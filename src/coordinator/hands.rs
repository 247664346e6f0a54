//! The hands of the coordinator's task: what it holds of the outside world, and how each output is carried out.
//!
//! Nothing here waits. What a full channel does not take is kept in order and offered again.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::engine::{BrokerConn, BrokerInput, BrokerOutput, CallId, Input, Output, StoreToken};
use super::{CommandError, Reply};
use crate::link::IceServer;
use crate::link::driver::{self, QUEUE_BYTES_MAX, QUEUE_FRAMES_MAX, SendError};
use crate::link::{DriverCommand, DriverEvent, FRAME_BYTES_MAX, Policy};
use crate::platform::{self, crash};
use crate::signaling::SessionKind;
use crate::signaling::mqtt::{self, Config, Connection, ConnectionHandle, MqttCommand, MqttEvent, TOPICS_MAX};
use crate::store::{Op, Store};
use crate::sync::{PUSH_WINDOW_BYTES, PUSH_WINDOW_ENTRIES};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{ConnectionId, DeviceKey};

/// A full channel is offered its commands again after this long.
const RETRY: Duration = Duration::from_millis(5);
/// Commands that may be kept for one broker connection. Beyond, live messages are lost, as they are without a connection;
/// mail is bounded by its own window.
const BACKLOG_MAX: usize = 4_096;

/// What may be under way on a link fits its driver's queue, with one entry that exceeds the window and one statement.
const _: () =
    assert!(PUSH_WINDOW_BYTES + 2 * FRAME_BYTES_MAX <= QUEUE_BYTES_MAX && PUSH_WINDOW_ENTRIES < QUEUE_FRAMES_MAX);

type Answer = oneshot::Sender<Result<Reply, CommandError>>;

pub(super) struct Hands {
    store: Option<Store>,
    key_file: PathBuf,
    ice: Vec<IceServer>,
    /// Counts the changes of the ICE servers.
    ice_changes: u64,
    /// What is known of the names of `ice`.
    names: driver::Names,
    tracker: TaskTracker,
    cancel: CancellationToken,
    mqtt_events: mpsc::Sender<(BrokerConn, MqttEvent)>,
    link_events: mpsc::Sender<(DeviceKey, DriverEvent)>,
    wishes: VecDeque<(StoreToken, Op)>,
    brokers: BTreeMap<BrokerConn, BrokerHand>,
    links: BTreeMap<DeviceKey, LinkHand>,
    answers: BTreeMap<CallId, Answer>,
    calls: CallId,
}

struct LinkHand {
    driver: driver::Handle,
    /// [`Hands::ice_changes`] when it was made.
    ice: u64,
    /// What it was made with.
    policy: Policy,
}

struct BrokerHand {
    handle: ConnectionHandle,
    backlog: VecDeque<MqttCommand>,
}

impl Hands {
    pub(super) fn new(
        store: Store,
        key_file: PathBuf,
        ice: Vec<IceServer>,
        tracker: TaskTracker,
        cancel: CancellationToken,
        mqtt_events: mpsc::Sender<(BrokerConn, MqttEvent)>,
        link_events: mpsc::Sender<(DeviceKey, DriverEvent)>,
    ) -> Self {
        Self {
            store: Some(store),
            key_file,
            ice,
            ice_changes: 0,
            names: driver::Names::default(),
            tracker,
            cancel,
            mqtt_events,
            link_events,
            wishes: VecDeque::new(),
            brokers: BTreeMap::new(),
            links: BTreeMap::new(),
            answers: BTreeMap::new(),
            calls: 0,
        }
    }

    /// Wishes that the store has not taken yet.
    pub(super) fn waiting(&self) -> usize {
        self.wishes.len()
    }

    /// Remembers where a reply goes.
    pub(super) fn expect_reply(&mut self, answer: Answer) -> CallId {
        self.calls += 1;
        self.answers.insert(self.calls, answer);
        self.calls
    }

    /// Comes when something that a full channel did not take can be offered again.
    pub(super) async fn retry(&self) {
        if self.wishes.is_empty() && self.brokers.values().all(|broker| broker.backlog.is_empty()) {
            return std::future::pending().await;
        }
        tokio::time::sleep(RETRY).await;
    }

    /// Offers again what was not taken.
    pub(super) fn drain(&mut self) {
        while let Some((token, op)) = self.wishes.pop_front() {
            let Some(store) = &self.store else { break };
            if let Err(wish) = store.try_submit(token, op) {
                self.wishes.push_front(wish);
                break;
            }
        }
        for broker in self.brokers.values_mut() {
            broker.drain();
        }
    }

    /// Carries out one output; what follows from it at once comes back as inputs.
    pub(super) fn carry_out(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Reply(call, result) => {
                crash::point("reply.before");
                if let Some(answer) = self.answers.remove(&call) {
                    // Who asked may have gone away meanwhile.
                    let _ = answer.send(result);
                }
            }
            Output::Store(token, op) => self.wishes.push_back((token, op)),
            Output::KeepSecrets(bytes) => {
                crash::point("secrets.before_write");
                let result = platform::write_secret(&self.key_file, &bytes).map_err(|error| error.to_string());
                crash::point("secrets.after_write");
                return Some(Input::SecretsKept(result));
            }
            Output::OpenBroker { conn, url, kind, client } => self.open_broker(conn, url, kind, client),
            Output::CloseBroker(conn) => drop(self.brokers.remove(&conn)),
            Output::Broker(conn, output) => self.broker(conn, output),
            Output::Link(device, policy, command) => return self.link(device, policy, command),
            Output::Frame(device, connection, bytes) => return self.frame(device, connection, bytes),
            Output::UseIce(servers) => self.use_ice(&servers),
            Output::CloseLink(device) => drop(self.links.remove(&device)),
            // The task sees to these itself.
            Output::Event(_) | Output::Deltas(_) | Output::Finished => {}
        }
        None
    }

    fn open_broker(&mut self, conn: BrokerConn, url: BrokerUrl, kind: SessionKind, client: String) {
        let session = if kind.is_persistent() { mqtt::SessionKind::Persistent } else { mqtt::SessionKind::Clean };
        let config = Config::new(url, client, session, conn);
        let handle = Connection::spawn(config, &self.tracker, self.cancel.child_token(), self.mqtt_events.clone());
        self.brokers.insert(conn, BrokerHand { handle, backlog: VecDeque::new() });
    }

    fn broker(&mut self, conn: BrokerConn, output: BrokerOutput) {
        let Some(broker) = self.brokers.get_mut(&conn) else { return };
        match output {
            BrokerOutput::Connect => broker.send(MqttCommand::Connect),
            BrokerOutput::Probe => broker.send(MqttCommand::Probe),
            BrokerOutput::Subscribe(topics) => {
                topics
                    .chunks(TOPICS_MAX)
                    .for_each(|topics| broker.send(MqttCommand::Subscribe { topics: topics.to_vec() }));
            }
            BrokerOutput::Unsubscribe(topics) => {
                topics
                    .chunks(TOPICS_MAX)
                    .for_each(|topics| broker.send(MqttCommand::Unsubscribe { topics: topics.to_vec() }));
            }
            BrokerOutput::Publish { token, topic, payload } => {
                crash::point(crash::before_publish(&topic));
                broker.send(MqttCommand::Publish { token, topic, payload: Bytes::from(payload) });
            }
            BrokerOutput::Ack(delivery) => {
                crash::point("broker.before_ack");
                broker.send(MqttCommand::Ack { delivery });
            }
        }
    }

    /// Who asked for them has checked them; one that is none would be the only one to be left out.
    fn use_ice(&mut self, servers: &[String]) {
        self.ice = servers.iter().filter_map(|server| server.parse().ok()).collect();
        self.ice_changes += 1;
    }

    fn link(&mut self, device: DeviceKey, policy: Policy, command: DriverCommand) -> Option<Input> {
        // Whatever a driver with another policy has open shows what may not be seen any more, or hides what may.
        if self.links.get(&device).is_some_and(|link| link.policy != policy) {
            self.links.remove(&device);
        }
        if command == DriverCommand::Close && !self.links.contains_key(&device) {
            return None;
        }
        // A driver keeps the servers that it was made with. An offer begins anew: whatever the old one had is over.
        let begins =
            matches!(command, DriverCommand::Offer { .. } | DriverCommand::AcceptOffer { instead_of: None, .. });
        if begins && self.links.get(&device).is_some_and(|link| link.ice != self.ice_changes) {
            self.links.remove(&device);
        }
        let ice = self.ice_changes;
        let link = self.links.entry(device).or_insert_with(|| {
            let bind = platform::testing::link_addresses(driver::Settings::default().bind);
            let settings = driver::Settings { ice_servers: self.ice.clone(), bind, policy, names: self.names.clone() };
            let cancel = self.cancel.child_token();
            let driver = driver::spawn(device, settings, &self.tracker, cancel, self.link_events.clone());
            LinkHand { driver, ice, policy }
        });
        if let Err(error) = link.driver.command(command) {
            // A driver that hangs is replaced by the next command; the machine's own budget ends this attempt.
            tracing::warn!(%error, "a link's driver is replaced");
            self.links.remove(&device);
        }
        None
    }

    fn frame(&mut self, device: DeviceKey, connection: ConnectionId, bytes: Bytes) -> Option<Input> {
        let link = self.links.get(&device)?;
        crash::point(crash::before_frame(&bytes));
        match link.driver.send(connection, bytes) {
            Ok(_) | Err(SendError::Ended) => None,
            Err(SendError::Full) => Some(Input::FrameDropped(device)),
            Err(error @ SendError::TooLong(_)) => {
                tracing::error!(%error, "a frame of ours is too long");
                None
            }
        }
    }

    /// Ends everything but the store, which is given back.
    pub(super) fn end(&mut self) -> Option<Store> {
        self.links.clear();
        for broker in self.brokers.values_mut() {
            broker.send(MqttCommand::Disconnect);
        }
        self.brokers.clear();
        self.drain();
        self.store.take()
    }
}

impl BrokerHand {
    fn send(&mut self, command: MqttCommand) {
        if self.backlog.len() < BACKLOG_MAX {
            self.backlog.push_back(command);
        } else {
            tracing::warn!("a broker connection does not keep up");
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(command) = self.backlog.pop_front() {
            match self.handle.try_send(command.clone()) {
                Ok(()) | Err(mqtt::SendError::Closed) => {}
                Err(mqtt::SendError::Full) => {
                    self.backlog.push_front(command);
                    break;
                }
                Err(error) => tracing::error!(%error, "a command that MQTT cannot express"),
            }
        }
    }
}

impl From<MqttEvent> for BrokerInput {
    fn from(event: MqttEvent) -> Self {
        match event {
            MqttEvent::Connected { .. } => Self::Connected,
            MqttEvent::Subscribed { topic, granted } => Self::Subscribed { topic, granted },
            MqttEvent::Alive => Self::Alive,
            MqttEvent::Published { token } => Self::Published(token),
            MqttEvent::Received { delivery, topic, payload, .. } => Self::Received { delivery, topic, payload },
            MqttEvent::Oversize { .. } => Self::Oversize,
            MqttEvent::Refused { reason } => Self::Refused(reason.to_string()),
            MqttEvent::Lost { reason } => Self::Lost(reason),
        }
    }
}
