//! Over which connection something is said to somebody, and what its PUBACK means.
//!
//! We publish at one broker of a contact's card that lets us in: the first, and the next one when what is said again was not
//! answered. Everything is published over a live session, so the persistent ones only receive.

use super::Engine;
use super::io::{BrokerConn, BrokerOutput, Output};
use super::state::{BrokerSession, Contact, PeerState, Publishing};
use crate::signaling::{SessionKind, Topic};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{DeviceKey, RootKey};

impl Engine {
    /// The connection over which something is said to somebody now: it may be the turn of another one than the last time.
    pub(super) fn next_route(&mut self, root: &RootKey) -> Option<BrokerConn> {
        let now = self.now.mono;
        self.people.get_mut(root)?.turn.say(now);
        self.route(root)
    }

    /// A device has shown that what we say reaches it.
    pub(super) fn heard_by(&mut self, device: &DeviceKey) {
        let root = self.peers.get(device).map(|peer| peer.row.root);
        if let Some(contact) = root.and_then(|root| self.people.get_mut(&root)) {
            contact.turn.heard();
        }
    }

    /// Every connection over which somebody can be reached now, in the order of their card.
    fn open_sessions(&self, contact: &Contact) -> Vec<&BrokerSession> {
        let brokers = contact.card.fields().brokers.iter();
        let broker = |url: &BrokerUrl| self.brokers.get(&url.without_credentials());
        let live = brokers.filter_map(broker).filter_map(|broker| broker.sessions.get(&SessionKind::Live));
        live.filter(|session| session.state.is_connected()).collect()
    }

    /// The same, for what is said at all of them at once.
    pub(super) fn every_route(&self, root: &RootKey) -> Vec<BrokerConn> {
        let open = self.people.get(root).map(|contact| self.open_sessions(contact)).unwrap_or_default();
        open.into_iter().map(|session| session.conn).collect()
    }

    /// The connection over which somebody is reached now.
    pub(super) fn route(&self, root: &RootKey) -> Option<BrokerConn> {
        let contact = self.people.get(root)?;
        let open = self.open_sessions(contact);
        let speaking = open.iter().filter(|session| !session.state.is_mute(self.now.mono));
        let speaking: Vec<BrokerConn> = speaking.map(|session| session.conn).collect();
        // One that has fallen silent is better than none.
        contact.turn.pick(&speaking).or_else(|| open.first().map(|session| session.conn))
    }

    /// The connection over which a peer's mail goes, when mail is possible now.
    pub(super) fn mail_route(&self, peer: &PeerState) -> Option<BrokerConn> {
        peer.row.key?;
        self.route(&peer.row.root)
    }

    /// Publishes; what its PUBACK means is remembered.
    pub(super) fn publish(&mut self, conn: BrokerConn, topic: &Topic, payload: Vec<u8>, means: Option<Publishing>) {
        let (token, now) = (self.token(), self.now.mono);
        if let Some(means) = means {
            self.publishing.insert((conn, token), means);
        }
        if let Some(session) = self.session(conn) {
            session.publishes(now);
        }
        self.emit(Output::Broker(conn, BrokerOutput::Publish { token, topic: topic.to_string(), payload }));
    }

    /// What a connection had not confirmed is said again over another.
    pub(super) fn unpublish(&mut self, conn: BrokerConn) {
        let gone: Vec<_> = self.publishing.keys().filter(|(of, _)| *of == conn).copied().collect();
        for key in gone {
            match self.publishing.remove(&key) {
                Some(Publishing::Mail { device, .. }) => {
                    if let Some(peer) = self.peers.get_mut(&device) {
                        peer.mailer.broker_lost();
                    }
                }
                Some(Publishing::Courier(root)) => self.hurry(&root),
                None => {}
            }
        }
    }

    /// We can publish at this broker: what waited for that goes out.
    pub(super) fn route_appeared(&mut self, url: &BrokerUrl) {
        let here = |other: &BrokerUrl| other.without_credentials() == *url;
        let through = |root: &RootKey| {
            self.people.get(root).is_some_and(|contact| contact.card.fields().brokers.iter().any(here))
        };
        let roots: Vec<_> = self.people.keys().filter(|root| through(root)).copied().collect();
        for root in roots {
            self.hurry_if_waiting(&root);
            for device in self.devices_of(&root) {
                self.link(&device, crate::link::Input::RouteAppeared);
                self.greet_unless_open(&device);
                self.mail_card(&device);
                self.tick_mail(&device);
            }
        }
    }

    pub(super) fn published(&mut self, conn: BrokerConn, token: u64) {
        let now = self.now.mono;
        if let Some(session) = self.session(conn) {
            session.published(now);
        }
        match self.publishing.remove(&(conn, token)) {
            Some(Publishing::Mail { device, number }) => self.mail_published(&device, number),
            Some(Publishing::Courier(root)) => self.courier_published(&root),
            None => {}
        }
    }
}
