//! Brokers: who is connected, what each session hears, what waits in it, and what brokers do wrong.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use rand::RngExt;

use super::{What, World};
use crate::coordinator::engine::{BrokerConn, BrokerInput, BrokerOutput, Input};
use crate::wire::broker_url::BrokerUrl;

/// Where everybody is who has no other broker.
pub const BROKER: &str = "mqtt://broker.example:1883";

/// After so long a connection on which nothing comes is given up, when nobody asks for a sign of life sooner: the library asks after
/// half of it.
const KEPT_ALIVE: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(super) struct Conn {
    pub url: BrokerUrl,
    client: String,
    /// The broker's address without a login.
    broker: String,
    persistent: bool,
}

#[derive(Default)]
pub(super) struct BrokerSession {
    broker: String,
    at: Option<(usize, BrokerConn)>,
    persistent: bool,
    topics: BTreeSet<String>,
    queue: VecDeque<(String, Bytes)>,
    unacked: BTreeMap<u64, (String, Bytes)>,
    deliveries: u64,
    /// When what it has delivered arrives at the latest: a session keeps its order.
    busy_until: Duration,
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

impl World {
    /// All brokers end, or can be reached again. They keep persistent sessions.
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

    /// A device's connections with brokers break: what is on its way on them is lost, and it is told.
    pub fn break_connections(&mut self, device: usize) {
        let on_them = |what: &What| matches!(what, What::Input(Input::Broker(..)));
        self.queue.retain(|Reverse(happening)| happening.device != device || !on_them(&happening.what));
        self.detach_sessions(device);
        for conn in self.connections(device) {
            self.later(device, 1, Input::Broker(conn, BrokerInput::Lost("the connection broke".into())));
        }
    }

    /// Brokers forget what waits with them.
    pub fn lose_mail(&mut self) {
        for session in self.sessions.values_mut() {
            session.queue.clear();
            session.unacked.clear();
        }
    }

    /// Envelopes that brokers keep until somebody acknowledges them.
    #[must_use]
    pub fn kept_by_brokers(&self) -> usize {
        self.sessions.values().map(|session| session.queue.len() + session.unacked.len()).sum()
    }

    /// The same, but only for those who are connected: a session that nobody uses any more keeps what it has.
    #[must_use]
    pub fn being_delivered(&self) -> usize {
        let used = self.sessions.values().filter(|session| session.at.is_some());
        used.map(|session| session.queue.len() + session.unacked.len()).sum()
    }

    /// Whether a device holds a connection with the broker under this address.
    #[must_use]
    pub fn is_connected(&self, device: usize, url: &str) -> bool {
        let url = BrokerUrl::parse(url).unwrap();
        self.devices[device].conns.values().any(|conn| conn.url == url)
    }

    /// The connections that a device has with brokers, by their numbers: a new one has another.
    #[must_use]
    pub fn connections(&self, device: usize) -> Vec<BrokerConn> {
        self.devices[device].conns.keys().copied().collect()
    }

    /// Who holds which session at a broker: how many live ones, how many persistent ones, connected now.
    #[must_use]
    pub fn sessions_at(&self, device: usize, broker: &str) -> (usize, usize) {
        let broker = BrokerUrl::parse(broker).unwrap().to_string();
        let here =
            |session: &&BrokerSession| session.broker == broker && session.at.is_some_and(|(at, _)| at == device);
        let (persistent, live): (Vec<_>, Vec<_>) =
            self.sessions.values().filter(here).partition(|held| held.persistent);
        (live.len(), persistent.len())
    }

    pub(super) fn open_broker(
        &mut self,
        device: usize,
        conn: BrokerConn,
        url: BrokerUrl,
        persistent: bool,
        client: String,
    ) {
        let broker = url.without_credentials().to_string();
        self.devices[device].conns.insert(conn, Conn { url, client, broker, persistent });
    }

    pub(super) fn close_broker(&mut self, device: usize, conn: BrokerConn) {
        self.devices[device].deliveries.retain(|(of, _), _| *of != conn);
        if let Some(closed) = self.devices[device].conns.remove(&conn)
            && let Some(session) = self.sessions.get_mut(&closed.client)
            && session.at == Some((device, conn))
        {
            session.detach();
        }
    }

    /// A device's connections are gone.
    pub(super) fn detach_sessions(&mut self, device: usize) {
        for session in self.sessions.values_mut().filter(|session| session.at.is_some_and(|(at, _)| at == device)) {
            session.detach();
        }
    }

    /// From now on nothing that goes over a device's connections with brokers arrives, and after a while the library notices.
    pub(super) fn deaden(&mut self, device: usize) {
        for conn in self.connections(device) {
            self.dead.entry((device, conn)).or_insert(self.now);
            self.happen(device, self.now + KEPT_ALIVE, What::Unheard(conn, self.now));
        }
    }

    /// The library has asked a broker for a sign of life, and none has come.
    pub(super) fn unheard(&mut self, device: usize, conn: BrokerConn, since: Duration) {
        if self.dead.get(&(device, conn)) == Some(&since) && self.devices[device].conns.contains_key(&conn) {
            self.input(device, Input::Broker(conn, BrokerInput::Lost("it does not answer".into())));
        }
    }

    fn connect(&mut self, device: usize, conn: BrokerConn) {
        let Conn { url, client, broker, persistent } = self.devices[device].conns[&conn].clone();
        let unreachable = !self.broker_up || self.devices[device].unplugged;
        if unreachable || self.faults.get(&broker) == Some(&Fault::Gone) {
            return self.later(device, 20, Input::Broker(conn, BrokerInput::Lost("nobody listens".into())));
        }
        if self.guarded && url.credentials().is_none() {
            return self.later(device, 20, Input::Broker(conn, BrokerInput::Refused("who are you?".into())));
        }
        // A new connection under the number of an old one.
        self.dead.remove(&(device, conn));
        let session = self.sessions.entry(client).or_default();
        // Of an earlier connection whose end nobody has noticed.
        session.detach();
        session.persistent = persistent;
        session.broker = broker;
        session.at = Some((device, conn));
        let waiting: Vec<_> = session.queue.drain(..).collect();
        let inputs: Vec<_> = waiting.into_iter().map(|(topic, payload)| session.deliver(topic, payload)).collect();
        self.later(device, 3, Input::Broker(conn, BrokerInput::Connected));
        for input in inputs {
            self.arrive(device, conn, input, 4);
        }
    }

    pub(super) fn mqtt(&mut self, device: usize, conn: BrokerConn, output: BrokerOutput) {
        if output == BrokerOutput::Connect {
            return self.connect(device, conn);
        }
        let Conn { client, broker, .. } = self.devices[device].conns[&conn].clone();
        if let BrokerOutput::Ack(delivery) = &output {
            self.judge_delivery(device, conn, *delivery);
        }
        let fault = self.faults.get(&broker).copied();
        let Some(session) = self.sessions.get_mut(&client).filter(|session| session.at == Some((device, conn))) else {
            return;
        };
        match output {
            BrokerOutput::Connect => {}
            _ if self.dead.contains_key(&(device, conn)) => {}
            // Nobody waits for an answer to it, and none is lost on a connection that goes on.
            BrokerOutput::Ack(delivery) => drop(session.unacked.remove(&delivery)),
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

    /// A broker says one of its last envelopes again, counted from the last.
    pub fn repeat_envelope(&mut self, back: usize) {
        let last = self.published.len().saturating_sub(1);
        if let Some((topic, payload)) = self.published.get(last.saturating_sub(back % super::RECENT_MAX)).cloned() {
            self.publish(topic, payload);
        }
    }

    /// Somebody publishes at a broker.
    pub fn publish_at(&mut self, broker: &str, topic: String, payload: Bytes) {
        self.published.push((topic.clone(), payload.clone()));
        if self.mail_is_lost && topic.ends_with("/mailbox") {
            return;
        }
        let mut inputs = vec![];
        let hears = |session: &&mut BrokerSession| session.broker == broker && session.topics.contains(&topic);
        for session in self.sessions.values_mut().filter(hears) {
            match session.at {
                Some(_) if !session.persistent && self.loss > 0.0 && self.rng.random_bool(self.loss) => {}
                Some((to, conn)) => inputs.push((to, conn, session.deliver(topic.clone(), payload.clone()))),
                None if session.persistent => session.queue.push_back((topic.clone(), payload.clone())),
                None => {}
            }
        }
        inputs.retain(|(to, conn, _)| !self.dead.contains_key(&(*to, *conn)));
        for (to, conn, input) in inputs {
            self.arrive(to, conn, input, 2);
        }
    }

    /// A packet comes over a connection: after so many milliseconds, or as much later as packets overtake each other. What
    /// a broker has kept may take longer, but keeps its order then.
    fn arrive(&mut self, device: usize, conn: BrokerConn, input: BrokerInput, millis: u64) {
        let mut at = self.now + Duration::from_millis(millis) + self.delay();
        if !self.mail_takes.is_zero() && matches!(input, BrokerInput::Received { delivery: Some(_), .. }) {
            let takes = self.rng.random_range(Duration::ZERO..=self.mail_takes);
            let here = |session: &&mut BrokerSession| session.at == Some((device, conn));
            if let Some(session) = self.sessions.values_mut().find(here) {
                at = session.busy_until.max(at + takes);
                session.busy_until = at;
            }
        }
        self.at(device, at, Input::Broker(conn, input));
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
        self.busy_until = Duration::ZERO;
        for (_, (topic, payload)) in std::mem::take(&mut self.unacked).into_iter().rev() {
            self.queue.push_front((topic, payload));
        }
        if !self.persistent {
            self.topics.clear();
        }
    }
}
