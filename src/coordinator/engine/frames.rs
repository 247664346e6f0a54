//! Statements of a peer, whichever path they came.

use bytes::Bytes;

use super::Engine;
use super::io::BrokerConn;
use super::pending::{Pending, Said};
use crate::link;
use crate::log::Entry;
use crate::store::{Op, Way};
use crate::wire::{
    self, ConnectionId, ConversationId, DeviceKey, EntryId, Frame, FrameError, Held, STATE_BYTES_MAX, State, state,
};

/// Entries that come over a link one after the other go to the store together, at most so many: what each costs there is less
/// then, and what was committed together is acknowledged together.
const ARRIVED_MAX: usize = 64;

/// What one mail or frame says, sorted by what is done with it.
pub(super) struct Statements {
    /// Whether what is said shows what the peer has now. On an open link it has said all that it has; mail that comes meanwhile
    /// may be older than that, and than a database that was restored.
    pub proves: bool,
    pub entries: Vec<Entry>,
    pub acked: Vec<EntryId>,
    pub haves: Vec<wire::Have>,
    pub lacks: Vec<wire::Lack>,
}

impl Statements {
    pub(super) fn new(proves: bool) -> Self {
        Self { proves, entries: vec![], acked: vec![], haves: vec![], lacks: vec![] }
    }
}

impl Engine {
    /// A frame arrived on the open link.
    pub(super) fn frame_from_link(&mut self, device: &DeviceKey, connection: ConnectionId, bytes: &Bytes) {
        self.say_card(device);
        match Frame::parse(bytes) {
            Ok(Frame::Heartbeat(heartbeat)) => self.link(device, link::Input::Heartbeat(connection, heartbeat)),
            Ok(frame) => {
                self.link(device, link::Input::Alive(connection));
                let mut statements = Statements::new(true);
                self.sort(device, frame, &mut statements);
                let way = self.way(device);
                self.believe(device, statements, way, None);
            }
            Err(FrameError::Newer(_)) => self.drop_counted("a frame of a newer version"),
            Err(_) => self.drop_counted("a malformed frame"),
        }
    }

    /// Puts one frame where it belongs.
    pub(super) fn sort(&mut self, device: &DeviceKey, frame: Frame, into: &mut Statements) {
        match frame {
            Frame::Heartbeat(_) => {}
            Frame::Entry(entry) => match Entry::verify(entry) {
                Ok(entry) if self.may_bring(device, &entry) => into.entries.push(entry),
                Ok(_) => self.drop_counted("an entry of somebody who does not belong to the conversation"),
                Err(_) => self.drop_counted("an entry that does not verify"),
            },
            Frame::Have(have) => into.haves.push(have),
            Frame::Lack(lack) => into.lacks.push(lack),
            Frame::Ack(ack) => into.acked.extend(ack.ids),
            Frame::State(value) => self.latest_value(device, &value),
        }
    }

    /// Whether an entry belongs to the conversation with this device's owner: written by one of the two, with a device
    /// that their list names.
    pub(super) fn may_write(&self, device: &DeviceKey, entry: &Entry) -> bool {
        let (Some(peer), Some(me)) = (self.peers.get(device), &self.me) else { return false };
        let Some(contact) = self.people.get(&peer.row.root) else { return false };
        let header = entry.header();
        let theirs = header.author == peer.row.root && contact.card.devices().certificate(&header.device).is_some();
        let ours = header.author == me.card.root() && me.card.devices().certificate(&header.device).is_some();
        peer.shared.contains(&header.conversation) && (theirs || ours)
    }

    /// A latest value of a peer.
    fn latest_value(&mut self, device: &DeviceKey, value: &State) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        if value.kind == state::MAIL && !self.is_older() {
            return self.mail_numbers(device, value);
        }
        if value.kind == state::HELD {
            return match wire::cbor::decode::<Held>(&value.value, STATE_BYTES_MAX) {
                Ok(held) => self.held(device, &held),
                Err(_) => self.drop_counted("a malformed frame"),
            };
        }
        if value.kind != state::CARD {
            return self.statement(device, value);
        }
        self.hear_card(device, &root, &value.value);
    }

    /// How what is on the open link travels.
    pub(super) fn way(&self, device: &DeviceKey) -> Way {
        match self.peers.get(device).and_then(|peer| peer.link.path()) {
            Some(link::Path::Relay) => Way::Relay,
            Some(link::Path::Direct) | None => Way::Direct,
        }
    }

    /// Hands statements to the store, with the way on which they came. `delivery` is acknowledged when all of them are on
    /// disk.
    pub(super) fn believe(
        &mut self,
        device: &DeviceKey,
        mut said: Statements,
        way: Way,
        delivery: Option<(BrokerConn, u64)>,
    ) {
        let only_entries = said.acked.is_empty() && said.haves.is_empty() && said.lacks.is_empty();
        if delivery.is_none() && said.proves && way != Way::Mail && only_entries {
            return self.arrive(device, said.entries, way);
        }
        // In the order in which it was said.
        self.store_arrived(device);
        if way != Way::Mail {
            said.haves.iter().for_each(|have| self.answer_offer(device, have));
        }
        let Some(peer) = self.peers.get(device) else { return self.acknowledge(delivery) };
        let over = peer.open.filter(|_| way != Way::Mail);
        let (device, proves) = (*device, said.proves);
        // Whoever knows that they are out of a group may have lost that with a disk.
        let knew =
            |have: &&wire::Have| self.joined(&have.conversation).is_some_and(|joined| joined.told.contains(&device));
        let spoken: Vec<ConversationId> = said.haves.iter().filter(knew).map(|have| have.conversation).collect();
        said.haves.retain(|have| peer.shared.contains(&have.conversation) || spoken.contains(&have.conversation));
        said.lacks.retain(|lack| peer.shared.contains(&lack.conversation));
        if way != Way::Mail
            && let Some(peer) = self.peers.get_mut(&device)
        {
            peer.told.extend(spoken);
        }
        if !proves {
            // Believed, an ack from before the peer's database was restored would keep from it what it has lost.
            said.acked.clear();
        }
        if !said.acked.is_empty() {
            let shared = self.peers.get(&device).map(|peer| peer.shared.clone()).unwrap_or_default();
            self.acked(&device, said.acked.clone(), shared, way);
            self.pushed(&device, &said.acked);
            if way != Way::Mail {
                self.said_to_have(&device, &said.acked);
            }
        }
        for have in said.haves {
            self.forget_refused_haves(&device, &have.conversation);
            let said = Said::Has(have.clone(), over);
            self.ask(Pending::Believed { device, said }, Op::Believe { peer: device, have });
        }
        for lack in said.lacks {
            let said = Said::Lacks(lack.clone());
            self.ask(Pending::Believed { device, said }, Op::Lower { peer: device, lack });
        }
        if !said.entries.is_empty() {
            self.in_use(&device);
            self.insert(device, said.entries, way, delivery, proves);
        } else if let Some((conn, number)) = delivery {
            // The store works in order: when it has answered this, everything before is on disk.
            self.ask(Pending::Delivery(conn, number), Op::Barrier);
        }
    }

    /// Entries came over a link: they go to the store with those that come right after them.
    fn arrive(&mut self, device: &DeviceKey, entries: Vec<Entry>, way: Way) {
        if entries.is_empty() {
            return;
        }
        self.in_use(device);
        let other_way = |arrived: &(Way, Vec<Entry>)| arrived.0 != way;
        if self.peers.get(device).is_some_and(|peer| peer.arrived.as_ref().is_some_and(other_way)) {
            self.store_arrived(device);
        }
        let Some(peer) = self.peers.get_mut(device) else { return };
        let (_, arrived) = peer.arrived.get_or_insert_with(|| (way, vec![]));
        arrived.extend(entries);
        if arrived.len() >= ARRIVED_MAX {
            self.store_arrived(device);
        }
    }

    /// The devices that our own list names.
    fn own_devices(&self) -> Vec<DeviceKey> {
        let certificates = self.me.as_ref().map(|me| me.card.devices().devices()).unwrap_or_default();
        certificates.iter().map(|certificate| certificate.device).collect()
    }

    /// Gives the store what has come over a link.
    fn store_arrived(&mut self, device: &DeviceKey) {
        let Some((way, entries)) = self.peers.get_mut(device).and_then(|peer| peer.arrived.take()) else { return };
        self.insert(*device, entries, way, None, true);
    }

    /// Gives entries to the store; `proves` that who brings them has them.
    fn insert(
        &mut self,
        device: DeviceKey,
        entries: Vec<Entry>,
        way: Way,
        delivery: Option<(BrokerConn, u64)>,
        proves: bool,
    ) {
        let conversations = entries.iter().map(Entry::conversation).collect();
        let outside = self.outside(&device, &conversations);
        let pending = Pending::Inserted { device, delivery, proves, conversations };
        let from = proves.then_some(device);
        self.ask(pending, Op::Insert { from, entries, way, own: self.own_devices(), outside });
    }

    /// No more input waits: the store gets what has come over all links.
    pub(super) fn flush_arrived(&mut self) {
        let due: Vec<DeviceKey> =
            self.peers.iter().filter(|(_, peer)| peer.arrived.is_some()).map(|(device, _)| *device).collect();
        due.iter().for_each(|device| self.store_arrived(device));
    }
}
