//! Statements of a peer, whichever path they came; and what we push over a link.

use bytes::Bytes;

use super::Engine;
use super::io::BrokerConn;
use super::pending::{Pending, Said};
use crate::identity::Card;
use crate::link;
use crate::log::Entry;
use crate::store::{Op, Way};
use crate::sync::Need;
use crate::wire::{
    self, ACK_IDS_MAX, Ack, ConnectionId, DeviceKey, EntryId, Frame, FrameError, Held, STATE_BYTES_MAX, State, state,
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
        match Card::verify(&value.value) {
            Ok(card) if card.root() == root => {
                if self.renew_card(&card) {
                    self.save_person(&root, Pending::Nothing);
                }
            }
            _ => self.drop_counted("a card that does not verify"),
        }
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
        said.haves.retain(|have| peer.shared.contains(&have.conversation));
        said.lacks.retain(|lack| peer.shared.contains(&lack.conversation));
        if !proves {
            // Believed, an ack from before the peer's database was restored would keep from it what it has lost.
            said.acked.clear();
        }
        if !said.acked.is_empty() {
            let ids = said.acked.clone();
            self.ask(Pending::Acked { device, ids, way }, Op::Acked { peer: device, ids: said.acked.clone(), way });
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
            let conversations = said.entries.iter().map(Entry::conversation).collect();
            let outside = self.outside(&device, &conversations);
            let pending = Pending::Inserted { device, delivery, proves, conversations };
            let from = proves.then_some(device);
            self.ask(pending, Op::Insert { from, entries: said.entries, way, own: self.own_devices(), outside });
        } else if let Some((conn, number)) = delivery {
            // The store works in order: when it has answered this, everything before is on disk.
            self.ask(Pending::Delivery(conn, number), Op::CountWaiting);
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
        let conversations = entries.iter().map(Entry::conversation).collect();
        let outside = self.outside(device, &conversations);
        let pending = Pending::Inserted { device: *device, delivery: None, proves: true, conversations };
        self.ask(pending, Op::Insert { from: Some(*device), entries, way, own: self.own_devices(), outside });
    }

    /// No more input waits: the store gets what has come over all links.
    pub(super) fn flush_arrived(&mut self) {
        let due: Vec<DeviceKey> =
            self.peers.iter().filter(|(_, peer)| peer.arrived.is_some()).map(|(device, _)| *device).collect();
        due.iter().for_each(|device| self.store_arrived(device));
    }

    /// The link is open: peers say what they have, and then send what the other lacks.
    pub(super) fn link_up(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        peer.mailer.stop();
        peer.acks.settled();
        peer.telling.stop();
        peer.told.clear();
        peer.said = None;
        let needs = peer.push.up(now);
        peer.card_unsaid = true;
        self.need(device, needs);
    }

    /// Says our card once on each link. Not when it opens, but when the first frame of the peer has come: its side may open a
    /// little later than ours, what is sent before that is lost, and nothing asks for a card again.
    fn say_card(&mut self, device: &DeviceKey) {
        let Some(peer) = self.peers.get_mut(device) else { return };
        if !std::mem::replace(&mut peer.card_unsaid, false) {
            return;
        }
        peer.card_due = false;
        if let Some(frame) = self.card_frame() {
            self.send_frame(device, &frame);
        }
        self.say_reading(device);
    }

    /// The own card as a statement.
    pub(super) fn card_frame(&self) -> Option<Frame> {
        let me = self.me.as_ref()?;
        let counter = me.card.fields().counter;
        Some(Frame::State(State { kind: state::CARD, counter, value: me.card.bytes().to_vec() }))
    }

    /// The link is gone: what it did not carry goes by mail, unless a new link is quicker.
    pub(super) fn link_down(&mut self, device: &DeviceKey) {
        self.link_lost_to(device);
        self.receipts.link_lost(device);
        let Some(peer) = self.peers.get_mut(device) else { return };
        let waiting = !peer.push.is_idle();
        peer.push.down();
        let sent = peer.sent.all();
        self.write_down_sent(sent);
        if waiting {
            self.wake_mail(device);
        }
        // A card that was said over it may not have arrived, and with somebody who hides there may be no next link.
        if self.peers.get(device).is_some_and(|peer| self.mail_route(peer).is_some()) {
            self.mail_card(device);
        }
    }

    /// The link is open, and nobody knows whether it still carries anything: what waits goes by mail too when that lasts.
    pub(super) fn link_doubtful(&mut self, device: &DeviceKey) {
        if self.peers.get(device).is_some_and(|peer| peer.open.is_some() && !peer.push.is_idle()) {
            self.wake_mail(device);
        }
    }

    /// A conversation has a new entry for somebody; `at_once` unless somebody else most likely brings it.
    pub(super) fn something_for(&mut self, device: &DeviceKey, at_once: bool) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.open.is_some() {
            let doubtful = peer.link.state() == link::State::Suspect;
            let needs = if at_once || doubtful {
                peer.push.wrote(now)
            } else {
                peer.push.wrote_later(now);
                vec![]
            };
            self.need(device, needs);
            if doubtful {
                self.wake_mail(device);
            }
        } else {
            // Somebody who writes wants to be heard: the other may have come back unnoticed.
            if peer.link.state() == link::State::Waiting && !peer.link.waits_for_an_address() {
                self.greet_unless_open(device);
            }
            self.wake_mail(device);
        }
    }

    /// A peer has these: room for more.
    fn pushed(&mut self, device: &DeviceKey, ids: &[EntryId]) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        let needs = peer.push.acked(ids, now);
        peer.sent.acked(ids);
        self.need(device, needs);
    }

    /// A frame did not fit the driver's queue. It was an entry or a statement that is said again when there is room.
    pub(super) fn frame_dropped(&mut self, device: &DeviceKey) {
        self.drop_counted("a frame that a link had no room for");
        if let Some(peer) = self.peers.get_mut(device) {
            peer.push.full();
        }
    }

    /// The driver's queue has room again.
    pub(super) fn frames_go_on(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        if let Some(needs) = self.peers.get_mut(device).map(|peer| peer.push.writable(now)) {
            self.need(device, needs);
        }
    }

    pub(super) fn tick_push(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        let (needs, sent) = (peer.push.tick(now), peer.sent.due(now));
        self.need(device, needs);
        self.write_down_sent(sent);
    }

    /// These were handed to the link a while ago and have no answer: that is worth a place on the disk.
    fn write_down_sent(&mut self, sent: Option<(Way, Vec<EntryId>)>) {
        if let Some((way, ids)) = sent {
            self.ask(Pending::Sent, Op::MarkSent { ids, way });
        }
    }

    pub(super) fn need(&mut self, device: &DeviceKey, needs: Vec<Need>) {
        for need in needs {
            let Some(peer) = self.peers.get(device) else { return };
            match need {
                Need::Have(of) => {
                    self.say_haves(device, of);
                }
                Need::Outbox { number, after, bytes } => {
                    let conversations = peer.push.heard().intersection(&peer.shared).copied().collect();
                    let conversations = self.wanted(device, &conversations, false);
                    let op = Op::Outbox { peer: *device, conversations, after, bytes };
                    self.ask(Pending::Push(*device, number), op);
                }
            }
        }
    }

    /// The outbox has answered: these go out.
    pub(super) fn push(
        &mut self,
        device: &DeviceKey,
        question: u64,
        found: Vec<(u64, EntryId, wire::Entry)>,
        more: bool,
    ) {
        let (now, way) = (self.now.mono, self.way(device));
        let Some(peer) = self.peers.get_mut(device) else { return };
        let sizes: Vec<_> = found.iter().map(|(cursor, id, entry)| (*cursor, *id, size(entry))).collect();
        let send = peer.push.outbox(question, &sizes, more, now);
        peer.sent.add(&send, way, now);
        let needs = peer.push.ask(now);
        for (_, id, entry) in found {
            if send.contains(&id) {
                self.send_frame(device, &Frame::Entry(entry));
            }
        }
        self.need(device, needs);
    }

    /// Says what we have put on disk, over the link or by mail.
    pub(super) fn flush_acks(&mut self) {
        let (now, finishing) = (self.now.mono, self.finishing.is_some());
        let due: Vec<DeviceKey> =
            self.peers.iter().filter(|(_, peer)| !peer.acks.is_empty()).map(|(device, _)| *device).collect();
        for device in due {
            let Some(peer) = self.peers.get(&device) else { continue };
            let (open, routed) = (peer.open.is_some(), self.mail_route(peer).is_some());
            let Some(peer) = self.peers.get_mut(&device) else { continue };
            let sure = peer.link.state() == link::State::Open;
            let linked = if open { peer.acks.over_link(sure, now) } else { vec![] };
            // Mail can be heard before anything can be said: these go out when something can.
            let mailed = if routed { peer.acks.by_mail(finishing, now) } else { vec![] };
            peer.acks.wait();
            let frame = |ids: &[EntryId]| Frame::Ack(Ack { ids: ids.to_vec() });
            for ids in linked.chunks(ACK_IDS_MAX) {
                self.send_frame(&device, &frame(ids));
            }
            for ids in mailed.chunks(ACK_IDS_MAX) {
                let mut said = vec![frame(ids).to_bytes()];
                said.extend(self.unsaid_reading(&device));
                self.send_mail(&device, said, None, None);
            }
        }
        self.flush_seen();
    }
}

/// About what an entry takes on the wire.
pub(super) fn size(entry: &wire::Entry) -> usize {
    entry.header.len() + entry.body.as_ref().map_or(0, Vec::len) + 128
}
