//! What goes over a link: our card, what we have, what the other lacks, and what we have received.

use super::Engine;
use super::misses::Misses;
use super::pending::Pending;
use super::state::HAVES_AT_ONCE;
use crate::link;
use crate::store::{Op, Way};
use crate::sync::{Need, Of};
use crate::wire::{self, ACK_IDS_MAX, Ack, ConversationId, DeviceKey, EntryId, Frame, State, state};

/// How a new entry comes to a peer with whom there is a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// The outbox was asked for it already.
    Already,
    /// The outbox is asked now.
    Now,
    /// Somebody else most likely brings it.
    Later,
}

impl Engine {
    /// The link is open: peers say what they have, and then send what the other lacks.
    pub(super) fn link_up(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        peer.mailer.stop();
        peer.acks.settled();
        peer.telling.stop();
        peer.told.clear();
        peer.answered.clear();
        peer.misses = Misses::default();
        peer.said = None;
        let needs = peer.push.up(now);
        peer.card_unsaid = true;
        self.need(device, needs);
    }

    /// Says our card once on each link. Not when it opens, but when the first frame of the peer has come: its side may open a
    /// little later than ours, what is sent before that is lost, and nothing asks for a card again.
    pub(super) fn say_card(&mut self, device: &DeviceKey) {
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
        self.await_no_more();
        let Some(peer) = self.peers.get_mut(device) else { return };
        let waiting = !peer.push.is_idle();
        peer.push.down();
        peer.misses.link_down();
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
        if let Some(peer) = self.peers.get_mut(device) {
            peer.push.doubtful();
        }
        if self.peers.get(device).is_some_and(|peer| peer.open.is_some() && !peer.push.is_idle()) {
            self.wake_mail(device);
        }
    }

    /// A conversation has a new entry for somebody, which goes over an open link so.
    pub(super) fn something_for(&mut self, device: &DeviceKey, push: Pushed) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.open.is_some() {
            let doubtful = peer.link.state() == link::State::Suspect;
            let needs = match push {
                Pushed::Already => vec![],
                Pushed::Later if !doubtful => {
                    peer.push.wrote_later(now);
                    vec![]
                }
                Pushed::Now | Pushed::Later => peer.push.wrote(now),
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
    pub(super) fn pushed(&mut self, device: &DeviceKey, ids: &[EntryId]) {
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

    /// Says what we have, of so many conversations as there is room for: of those of which it is asked, and of the next ones.
    pub(super) fn say_haves(&mut self, device: &DeviceKey, of: Of) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get(device) else { return };
        let (heard, said) = (peer.push.heard(), peer.said.filter(|_| of != Of::All));
        let is_said = |one: &ConversationId| said.is_some_and(|last| *one <= last);
        let again = |one: &&ConversationId| match of {
            Of::All => false,
            Of::Unheard => is_said(one) && !heard.contains(one),
            Of::One(other) => **one == other,
        };
        // Those that nobody has answered leave room for others.
        let mut conversations: Vec<ConversationId> =
            peer.shared.iter().filter(again).take(HAVES_AT_ONCE / 2).copied().collect();
        // Who has spoken of one has taken it, and has room for the next.
        let count = if matches!(of, Of::One(_)) { 1 } else { HAVES_AT_ONCE.saturating_sub(conversations.len()) };
        let fresh = |one: &&ConversationId| !is_said(one) && !conversations.contains(one);
        let left: Vec<ConversationId> = peer.shared.iter().filter(fresh).take(count + 1).copied().collect();
        let (next, more) = (left.iter().take(count), left.len() > count);
        let last = said.into_iter().chain(next.clone().copied()).max();
        conversations.extend(next);
        for conversation in &conversations {
            let op = self.have_for(device, conversation);
            self.ask(Pending::Have(*device), op);
        }
        let Some(peer) = self.peers.get_mut(device) else { return };
        peer.said = last;
        if more {
            peer.push.say_on(now);
        }
    }

    /// The question what we have of a conversation, as far as this device may know it.
    pub(super) fn have_for(&self, device: &DeviceKey, conversation: &ConversationId) -> Op {
        let root = self.peers.get(device).map(|peer| peer.row.root);
        let out = self.joined(conversation).and(root);
        let out = out.filter(|root| self.joined(conversation).is_some_and(|joined| !joined.has(root)));
        out.map_or(Op::Have(*conversation), |to| Op::HaveFor { conversation: *conversation, to })
    }
}

/// About what an entry takes on the wire.
pub(super) fn size(entry: &wire::Entry) -> usize {
    entry.header.len() + entry.body.as_ref().map_or(0, Vec::len) + 128
}
