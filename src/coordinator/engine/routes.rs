//! Over which connection something is said to somebody, and what its PUBACK means.
//!
//! We publish at one broker of a contact's card that lets us in: the first, and the next one when what is said again was not
//! answered. Signals and mail have a turn each: signals that find no link are said again and again over one broker after the
//! other, and mail stays with the broker that delivers. Everything is published over a live session, so the persistent ones
//! only receive.

use std::time::Duration;

use super::Engine;
use super::io::{BrokerConn, BrokerOutput, Output};
use super::pending::Publishing;
use super::state::{BrokerSession, Contact, PeerState};
use crate::signaling::{SessionKind, Topic, Turn};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{DeviceKey, RootKey};

impl Engine {
    /// The connection over which a signal is said to somebody now: it may be the turn of another one than the last time.
    pub(super) fn next_route(&mut self, root: &RootKey) -> Option<BrokerConn> {
        let now = self.now.mono;
        self.people.get_mut(root)?.turn.say(now);
        self.route(root)
    }

    /// The same for mail, which may be said for the first time, again, or for nobody to answer: a method of [`Turn`] says which.
    pub(super) fn next_mail_route(&mut self, root: &RootKey, say: fn(&mut Turn, Duration)) -> Option<BrokerConn> {
        let now = self.now.mono;
        say(&mut self.people.get_mut(root)?.mail_turn, now);
        let contact = self.people.get(root)?;
        self.pick(contact, &contact.mail_turn)
    }

    /// A device has shown that our signals reach it.
    pub(super) fn heard_by(&mut self, device: &DeviceKey) {
        let root = self.peers.get(device).map(|peer| peer.row.root);
        if let Some(contact) = root.and_then(|root| self.people.get_mut(&root)) {
            contact.turn.heard();
        }
    }

    /// Mail of a device has come over this connection, and answers mail of ours or not.
    pub(super) fn mail_came(&mut self, device: &DeviceKey, number: u64, conn: Option<BrokerConn>, answers: bool) {
        let Some(peer) = self.peers.get_mut(device) else { return };
        if number <= peer.mail_heard {
            // A broker that delivers nothing may well say old envelopes again.
            return;
        }
        peer.mail_heard = number;
        let Some(contact) = self.people.get_mut(&peer.row.root) else { return };
        let address = conn.and_then(|conn| self.conns.get(&conn)).map(|(address, _)| address);
        let mut theirs = contact.card.fields().brokers.iter();
        match theirs.position(|url| Some(&*url.without_credentials()) == address) {
            Some(place) => contact.mail_turn.heard_over(place),
            None if answers => contact.mail_turn.heard(),
            None => {}
        }
    }

    /// The connection with each broker of somebody's card, in its order, where they can be reached now.
    fn open_sessions(&self, contact: &Contact) -> Vec<Option<&BrokerSession>> {
        let live = |url: &BrokerUrl| self.brokers.get(&url.without_credentials())?.sessions.get(&SessionKind::Live);
        let open = |url| live(url).filter(|session| session.state.is_connected());
        contact.card.fields().brokers.iter().map(open).collect()
    }

    /// The same, for what is said at all of them at once.
    pub(super) fn every_route(&self, root: &RootKey) -> Vec<BrokerConn> {
        let open = self.people.get(root).map(|contact| self.open_sessions(contact)).unwrap_or_default();
        open.into_iter().flatten().map(|session| session.conn).collect()
    }

    /// The connection over which somebody is reached now.
    pub(super) fn route(&self, root: &RootKey) -> Option<BrokerConn> {
        let contact = self.people.get(root)?;
        self.pick(contact, &contact.turn)
    }

    fn pick(&self, contact: &Contact, turn: &Turn) -> Option<BrokerConn> {
        let open = self.open_sessions(contact);
        let speaks = |session: &&BrokerSession| !session.state.is_mute(self.now.mono);
        let speaking: Vec<_> = open.iter().map(|session| session.filter(speaks).map(|session| session.conn)).collect();
        // One that has fallen silent is better than none.
        turn.pick(&speaking).or_else(|| open.iter().flatten().next().map(|session| session.conn))
    }

    /// The connection over which a peer's mail goes, when mail is possible now.
    pub(super) fn mail_route(&self, peer: &PeerState) -> Option<BrokerConn> {
        peer.row.key?;
        let contact = self.people.get(&peer.row.root)?;
        self.pick(contact, &contact.mail_turn)
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
        let here = |other: &BrokerUrl| *other.without_credentials() == *url;
        let through = |root: &RootKey| {
            self.people.get(root).is_some_and(|contact| contact.card.fields().brokers.iter().any(here))
        };
        let roots: Vec<_> = self.people.keys().filter(|root| through(root)).copied().collect();
        for root in roots {
            self.hurry_if_waiting(&root);
            for device in self.devices_of(&root) {
                self.link(&device, crate::link::Input::RouteAppeared);
                self.greet_unless_open(&device);
                self.offer_key(&device);
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
