//! Statements of a peer, whichever path they came; and what we push over a link.

use bytes::Bytes;

use super::Engine;
use super::io::BrokerConn;
use super::state::{Pending, Said};
use crate::identity::Card;
use crate::link;
use crate::log::Entry;
use crate::store::{Op, Standing, Way};
use crate::sync::Need;
use crate::wire::{self, ACK_IDS_MAX, Ack, ConnectionId, DeviceKey, EntryId, Frame, FrameError, State, state};

/// What one mail or frame says, sorted by what is done with it.
#[derive(Default)]
pub(super) struct Statements {
    pub entries: Vec<Entry>,
    pub acked: Vec<EntryId>,
    pub haves: Vec<wire::Have>,
    pub lacks: Vec<wire::Lack>,
    /// Its sender may have said all this before its database was put back: it shows nothing of what it has now.
    pub stale: bool,
}

impl Engine {
    /// A frame arrived on the open link.
    pub(super) fn frame_from_link(&mut self, device: &DeviceKey, connection: ConnectionId, bytes: &Bytes) {
        self.say_card(device);
        match Frame::parse(bytes) {
            Ok(Frame::Heartbeat(heartbeat)) => self.link(device, link::Input::Heartbeat(connection, heartbeat)),
            Ok(frame) => {
                self.link(device, link::Input::Alive(connection));
                let mut statements = Statements::default();
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
                Ok(entry) if self.may_write(device, &entry) => into.entries.push(entry),
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
    fn may_write(&self, device: &DeviceKey, entry: &Entry) -> bool {
        let (Some(peer), Some(me)) = (self.peers.get(device), &self.me) else { return false };
        let Some(contact) = self.people.get(&peer.row.root) else { return false };
        let header = entry.header();
        let theirs = header.author == peer.row.root && contact.card.devices().certificate(&header.device).is_some();
        let ours = header.author == me.card.root() && me.card.devices().certificate(&header.device).is_some();
        header.conversation == peer.conversation && (theirs || ours)
    }

    /// A latest value of a peer.
    fn latest_value(&mut self, device: &DeviceKey, value: &State) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        if value.kind == state::MAIL && !self.is_older() {
            return self.mail_numbers(device, value);
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
    fn way(&self, device: &DeviceKey) -> Way {
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
        said: Statements,
        way: Way,
        delivery: Option<(BrokerConn, u64)>,
    ) {
        let Some(conversation) = self.peers.get(device).map(|peer| peer.conversation) else {
            return self.acknowledge(delivery);
        };
        let device = *device;
        if !said.acked.is_empty() {
            let ids = said.acked.clone();
            self.ask(Pending::Acked { device, ids, way }, Op::Acked { peer: device, ids: said.acked.clone(), way });
            self.pushed(&device, &said.acked);
        }
        for have in said.haves.into_iter().filter(|have| have.conversation == conversation) {
            self.forget_refused_haves(&device);
            let said = Said::Has(have.clone());
            self.ask(Pending::Believed { device, said }, Op::Believe { peer: device, have });
        }
        for lack in said.lacks.into_iter().filter(|lack| lack.conversation == conversation) {
            let said = Said::Lacks(lack.clone());
            self.ask(Pending::Believed { device, said }, Op::Lower { peer: device, lack });
        }
        if !said.entries.is_empty() {
            self.in_use(&device);
            // On an open link the peer has said all that it has; mail may be older than that, and than a database that was restored.
            let open = self.peers.get(&device).is_some_and(|peer| peer.link.state() == link::State::Open);
            let from = (!said.stale && (delivery.is_none() || !open)).then_some(device);
            self.ask(Pending::Inserted { device, delivery }, Op::Insert { from, entries: said.entries, way });
        } else if let Some((conn, number)) = delivery {
            // The store works in order: when it has answered this, everything before is on disk.
            self.ask(Pending::Delivery(conn, number), Op::CountWaiting);
        }
    }

    /// The link is open: peers say what they have, and then send what the other lacks.
    pub(super) fn link_up(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        peer.mailer.stop();
        peer.acks.settled();
        peer.telling.stop();
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
        let Some(peer) = self.peers.get_mut(device) else { return };
        let waiting = !peer.push.is_idle();
        peer.push.down();
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

    /// A conversation has a new entry for somebody.
    pub(super) fn something_for(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.open.is_some() {
            let (needs, doubtful) = (peer.push.wrote(now), peer.link.state() == link::State::Suspect);
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
        if let Some(needs) = self.peers.get_mut(device).map(|peer| peer.push.tick(now)) {
            self.need(device, needs);
        }
    }

    pub(super) fn need(&mut self, device: &DeviceKey, needs: Vec<Need>) {
        let Some(conversation) = self.peers.get(device).map(|peer| peer.conversation) else { return };
        for need in needs {
            match need {
                Need::Have => self.ask(Pending::Have(*device), Op::Have(conversation)),
                Need::Outbox { number, after, bytes } => {
                    self.ask(Pending::Push(*device, number), Op::Outbox { peer: *device, conversation, after, bytes });
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
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        let sizes: Vec<_> = found.iter().map(|(cursor, id, entry)| (*cursor, *id, size(entry))).collect();
        let send = peer.push.outbox(question, &sizes, more, now);
        let needs = peer.push.ask(now);
        for (_, id, entry) in found {
            if send.contains(&id) {
                self.send_frame(device, &Frame::Entry(entry));
            }
        }
        if !send.is_empty() {
            let way = self.way(device);
            self.ask(Pending::Sent(*device), Op::MarkSent { ids: send, way });
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
                let said = [Some(frame(ids).to_bytes()), self.unsaid_reading(&device)];
                self.send_mail(&device, said.into_iter().flatten().collect(), None, None);
            }
        }
        self.flush_seen();
    }

    /// Whether frames of this device count at all.
    pub(super) fn listens_to(&self, device: &DeviceKey) -> bool {
        let standing = |root| self.people.get(root).map(|contact| contact.person.standing);
        self.peers.get(device).is_some_and(|peer| standing(&peer.row.root) == Some(Standing::Contact))
    }
}

/// About what an entry takes on the wire.
pub(super) fn size(entry: &wire::Entry) -> usize {
    entry.header.len() + entry.body.as_ref().map_or(0, Vec::len) + 128
}
