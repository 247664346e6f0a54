//! Which sessions there are, what they listen to, and what they bring.
//!
//! A card names the brokers where its owner listens. We listen at our own; with those that only others use we have a session to
//! publish over (`reach`, `routes`).

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::Engine;
use super::io::{BrokerConn, BrokerInput, BrokerOutput, Output};
use super::state::{Broker, BrokerSession};
use crate::coordinator::{BrokerState, Event};
use crate::signaling::{Action, Leaf, Readiness, Session, SessionKind, Topic, client_id};
use crate::store::Standing;
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{DeviceKey, RootKey};

impl Engine {
    /// Opens the sessions with the own brokers, and with those of everybody we may contact.
    pub(super) fn start_brokers(&mut self) {
        let Some(me) = &self.me else { return };
        let door = Topic::door(me.card.user());
        for url in self.settings.brokers.clone() {
            self.open_broker(&url, true, false);
            self.open_session(&url, SessionKind::Live, []);
            self.open_session(&url, SessionKind::Mail, []);
            self.open_session(&url, SessionKind::Door, [door]);
        }
        for root in self.people.keys().copied().collect::<Vec<_>>() {
            self.listen(&root);
            self.reach(&root);
        }
    }

    pub(super) fn open_broker(&mut self, url: &BrokerUrl, own: bool, of_members: bool) {
        let (sessions, shown) = (BTreeMap::new(), BrokerState::Connecting);
        let fresh = || Broker { url: url.clone(), own, of_members, sessions, shown };
        // Our own brokers come first, so that a card that names one of them adds no session without a login.
        let known = self.brokers.len();
        let broker = self.brokers.entry(url.without_credentials().into_owned()).or_insert_with(fresh);
        broker.own |= own;
        broker.of_members &= of_members;
        self.mark_brokers();
        if self.brokers.len() > known {
            // Only then: it looks at everybody, and this is called for everybody.
            self.mark_reached(url);
        }
    }

    pub(super) fn open_session(&mut self, url: &BrokerUrl, kind: SessionKind, topics: impl IntoIterator<Item = Topic>) {
        let conn = BrokerConn::try_from(self.token()).unwrap_or(BrokerConn::MAX);
        let Some(secret) = self.me.as_ref().map(|me| me.secrets.client) else { return };
        let address = url.without_credentials();
        let Some(broker) = self.brokers.get_mut(&address) else { return };
        if broker.sessions.contains_key(&kind) {
            return;
        }
        broker.sessions.insert(kind, BrokerSession { conn, state: Session::new(topics) });
        self.conns.insert(conn, (address.into_owned(), kind));
        let url = broker.url.clone();
        let client = client_id(&secret, &url, kind);
        self.emit(Output::OpenBroker { conn, url, kind, client });
        self.tick_sessions();
    }

    /// Ends a connection. What it had not confirmed is on its way no more.
    pub(super) fn close_conn(&mut self, conn: BrokerConn) {
        self.conns.remove(&conn);
        self.unpublish(conn);
        self.emit(Output::CloseBroker(conn));
    }

    /// Ends a connection and makes the session anew: what its broker has delivered and we have not acknowledged comes again.
    pub(super) fn reopen(&mut self, conn: BrokerConn, readiness: Readiness) {
        let Some((address, kind)) = self.conns.get(&conn).cloned() else { return };
        self.mark_brokers();
        self.mark_reached(&address);
        self.session_lost(conn, readiness);
        self.close_conn(conn);
        let next = BrokerConn::try_from(self.token()).unwrap_or(BrokerConn::MAX);
        let Some(secret) = self.me.as_ref().map(|me| me.secrets.client) else { return };
        let Some(broker) = self.brokers.get_mut(&address) else { return };
        let Some(session) = broker.sessions.get_mut(&kind) else { return };
        session.conn = next;
        let url = broker.url.clone();
        let client = client_id(&secret, &url, kind);
        self.conns.insert(next, (address, kind));
        self.emit(Output::OpenBroker { conn: next, url, kind, client });
    }

    /// Listens to somebody: their mail when we asked them, everything when they are a contact or in a group with us.
    pub(super) fn listen(&mut self, root: &RootKey) {
        let Some(standing) = self.people.get(root).map(|contact| contact.person.standing) else { return };
        let full = standing == Standing::Contact || self.shares(root);
        let leaves: &[Leaf] = if full { &Leaf::LIVE } else { &[] };
        if !full && standing != Standing::Asked {
            return;
        }
        let now = self.now.mono;
        let inboxes: Vec<_> =
            self.devices_of(root).iter().filter_map(|device| self.peers.get(device)).map(|peer| peer.inbox).collect();
        for inbox in inboxes {
            let live: Vec<Topic> = leaves.iter().map(|leaf| Topic::inbox(inbox, *leaf)).collect();
            self.each_own(SessionKind::Live, |session| session.listen(live.clone(), now));
            self.each_own(SessionKind::Mail, |session| session.listen([Topic::inbox(inbox, Leaf::Mailbox)], now));
        }
    }

    /// Stops listening to somebody.
    pub(super) fn deafen(&mut self, root: &RootKey) {
        let inboxes: Vec<_> =
            self.devices_of(root).iter().filter_map(|device| self.peers.get(device)).map(|peer| peer.inbox).collect();
        for inbox in inboxes {
            let live = Leaf::LIVE.map(|leaf| Topic::inbox(inbox, leaf));
            self.each_own(SessionKind::Live, |session| session.mute(live));
            self.each_own(SessionKind::Mail, |session| session.mute([Topic::inbox(inbox, Leaf::Mailbox)]));
        }
    }

    fn each_own(&mut self, kind: SessionKind, mut change: impl FnMut(&mut Session) -> Option<Action>) {
        let mut actions = vec![];
        for broker in self.brokers.values_mut().filter(|broker| broker.own) {
            if let Some(session) = broker.sessions.get_mut(&kind)
                && let Some(action) = change(&mut session.state)
            {
                actions.push((session.conn, action));
            }
        }
        for (conn, action) in actions {
            self.act(conn, action);
        }
    }

    /// Whether a broker holds our mailbox for this device: only then may we ask somebody to write to it.
    pub(super) fn hears_mail(&self, device: &DeviceKey) -> bool {
        let Some(peer) = self.peers.get(device) else { return false };
        let topic = Topic::inbox(peer.inbox, Leaf::Mailbox);
        let own = self.brokers.values().filter(|broker| broker.own);
        own.filter_map(|broker| broker.sessions.get(&SessionKind::Mail)).any(|session| session.state.hears(&topic))
    }

    /// Tells a broker that a delivery is dealt with.
    pub(super) fn acknowledge(&mut self, delivery: Option<(BrokerConn, u64)>) {
        if let Some((conn, delivery)) = delivery
            && self.conns.contains_key(&conn)
        {
            self.emit(Output::Broker(conn, BrokerOutput::Ack(delivery)));
        }
    }

    pub(super) fn tick_sessions(&mut self) {
        let now = self.now.mono;
        let sessions = self.brokers.values_mut().flat_map(|broker| broker.sessions.values_mut());
        let due: Vec<_> = sessions.filter_map(|session| Some((session.conn, session.state.tick(now)?))).collect();
        for (conn, action) in due {
            self.mark_brokers();
            self.act(conn, action);
        }
    }

    /// Connections may lead nowhere: each is asked by this, and those that are away are tried at once.
    pub(super) fn doubt_brokers(&mut self, ask: fn(&mut Session, Duration) -> Option<Action>) {
        let now = self.now.mono;
        let sessions = self.brokers.values_mut().flat_map(|broker| broker.sessions.values_mut());
        let asked: Vec<_> =
            sessions.filter_map(|session| Some((session.conn, ask(&mut session.state, now)?))).collect();
        for (conn, action) in asked {
            self.act(conn, action);
        }
        self.tick_sessions();
    }

    pub(super) fn session(&mut self, conn: BrokerConn) -> Option<&mut Session> {
        let (url, kind) = self.conns.get(&conn)?;
        self.brokers.get_mut(url)?.sessions.get_mut(kind).map(|session| &mut session.state)
    }

    /// Changes what one session listens to.
    pub(super) fn change_session(&mut self, conn: BrokerConn, change: impl FnOnce(&mut Session) -> Option<Action>) {
        if let Some(action) = self.session(conn).and_then(change) {
            self.act(conn, action);
        }
    }

    fn act(&mut self, conn: BrokerConn, action: Action) {
        let text = |topics: Vec<Topic>| topics.iter().map(ToString::to_string).collect();
        match action {
            Action::Connect => self.emit(Output::Broker(conn, BrokerOutput::Connect)),
            Action::Probe => self.emit(Output::Broker(conn, BrokerOutput::Probe)),
            Action::Subscribe(topics) => self.emit(Output::Broker(conn, BrokerOutput::Subscribe(text(topics)))),
            Action::Unsubscribe(topics) => self.emit(Output::Broker(conn, BrokerOutput::Unsubscribe(text(topics)))),
            Action::Ready => self.session_ready(conn),
            Action::GiveUp => {
                let url = self.conns.get(&conn).map(|(url, _)| url.clone());
                self.reopen(conn, Readiness::Lost("the broker answers nothing".to_owned()));
                if let Some(url) = url {
                    self.show_broker(&url);
                }
            }
        }
    }

    /// A broker connection speaks.
    pub(super) fn broker(&mut self, conn: BrokerConn, input: BrokerInput) {
        let Some((url, kind)) = self.conns.get(&conn).cloned() else { return };
        let now = self.now.mono;
        match input {
            BrokerInput::Connected | BrokerInput::Refused(_) | BrokerInput::Lost(_) => {
                self.mark_brokers();
                self.mark_reached(&url);
            }
            BrokerInput::Subscribed { .. } => self.mark_brokers(),
            BrokerInput::Alive | BrokerInput::Published(_) | BrokerInput::Received { .. } | BrokerInput::Oversize => {}
        }
        match input {
            BrokerInput::Connected => {
                tracing::debug!(broker = %url.redacted(), ?kind, "a session is connected");
                if let Some(action) = self.session(conn).map(|session| session.connected(now)) {
                    self.act(conn, action);
                }
                for session in self.brokers.get_mut(&url).into_iter().flat_map(|broker| broker.sessions.values_mut()) {
                    session.state.hurry(now);
                }
                if kind == SessionKind::Live {
                    self.route_appeared(&url);
                }
            }
            BrokerInput::Subscribed { topic, granted } => {
                let Ok(topic) = Topic::parse(&topic) else { return };
                // Not `self.session`, which borrows the generator with the rest.
                let session = self.brokers.get_mut(&url).and_then(|broker| broker.sessions.get_mut(&kind));
                let action = session.and_then(|session| session.state.subscribed(&topic, granted, now, &mut self.rng));
                if let Some(action) = action {
                    self.act(conn, action);
                }
                if granted {
                    self.heard_now(conn, &topic);
                }
            }
            BrokerInput::Alive => {
                if let Some(session) = self.session(conn) {
                    session.alive();
                }
            }
            BrokerInput::Published(token) => self.published(conn, token),
            BrokerInput::Received { delivery, topic, payload } => self.received(conn, delivery, &topic, &payload),
            BrokerInput::Oversize => self.drop_counted("a packet over the limit"),
            BrokerInput::Refused(reason) => self.session_lost(conn, Readiness::Refused(reason)),
            BrokerInput::Lost(reason) => self.session_lost(conn, Readiness::Lost(reason)),
        }
        self.show_broker(&url);
    }

    pub(super) fn session_lost(&mut self, conn: BrokerConn, readiness: Readiness) {
        let now = self.now.mono;
        let Some((url, kind)) = self.conns.get(&conn) else { return };
        if let Some(session) = self.brokers.get_mut(url).and_then(|broker| broker.sessions.get_mut(kind)) {
            session.state.lost(readiness, now, &mut self.rng);
        }
        self.unpublish(conn);
    }

    /// All subscriptions of a session are confirmed.
    fn session_ready(&mut self, conn: BrokerConn) {
        if let Some((url, SessionKind::Mail)) = self.conns.get(&conn) {
            tracing::debug!(broker = %url.redacted(), "mailboxes are held");
            self.hurry_everybody();
        }
    }

    /// One subscription is confirmed. When it completes what we listen to of a peer, that peer is greeted.
    fn heard_now(&mut self, conn: BrokerConn, topic: &Topic) {
        let Some(device) = self.inboxes.iter().find(|(inbox, _)| inbox.0 == topic.id).map(|(_, device)| *device) else {
            return;
        };
        if topic.leaf == Leaf::Mailbox {
            self.hurry_unsent(&device);
            self.offer_key(&device);
            self.questions_may_come(&device);
            return;
        }
        let live = Leaf::LIVE.map(|leaf| Topic { id: topic.id, leaf });
        if self.session(conn).is_some_and(|session| live.iter().all(|topic| session.hears(topic))) {
            self.greet_unless_open(&device);
        }
    }

    /// A packet arrived. What is not ours is dropped, counted, and acknowledged so that it does not come back.
    fn received(&mut self, conn: BrokerConn, delivery: Option<u64>, topic: &str, payload: &Bytes) {
        let delivery = delivery.map(|delivery| (conn, delivery));
        let Ok(topic) = Topic::parse(topic) else {
            self.drop_counted("an unknown topic");
            return self.acknowledge(delivery);
        };
        if topic.leaf == Leaf::ContactRequest {
            return self.at_the_door(&topic, payload, delivery);
        }
        let device = self.inboxes.iter().find(|(inbox, _)| inbox.0 == topic.id).map(|(_, device)| *device);
        match device {
            Some(device) => self.in_an_inbox(&device, &topic, payload, delivery),
            None => {
                self.drop_counted("an inbox that is no longer ours");
                self.acknowledge(delivery);
            }
        }
    }

    /// How a broker stands, over all of its sessions.
    pub(super) fn broker_state(broker: &Broker) -> (BrokerState, Option<String>) {
        let mut state = (BrokerState::Connected, None);
        for session in broker.sessions.values() {
            match session.state.readiness() {
                Readiness::Refused(reason) => return (BrokerState::Refused, Some(reason.clone())),
                Readiness::Lost(reason) => state = (BrokerState::Unreachable, Some(reason.clone())),
                Readiness::Connecting if state.0 == BrokerState::Connected => state = (BrokerState::Connecting, None),
                Readiness::Connecting | Readiness::Ready => {}
            }
        }
        state
    }

    fn show_broker(&mut self, url: &BrokerUrl) {
        let Some(broker) = self.brokers.get_mut(url) else { return };
        let (state, reason) = Self::broker_state(broker);
        // The next attempt of a broker that is away is no news.
        let retrying =
            state == BrokerState::Connecting && matches!(broker.shown, BrokerState::Unreachable | BrokerState::Refused);
        if broker.shown == state || retrying {
            return;
        }
        tracing::info!(broker = %url.redacted(), from = ?broker.shown, to = ?state, ?reason, "broker");
        broker.shown = state;
        let url = broker.url.redacted();
        self.emit(Output::Event(Event::BrokerChanged { url, state }));
    }
}
