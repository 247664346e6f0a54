//! Deposits in a peer's mailbox, and what arrives in ours.

use std::time::Duration;

use super::Engine;
use super::frames::Statements;
use super::io::BrokerConn;
use super::pending::{Pending, Publishing};
use super::receipts::PATIENCE_MESH;
use crate::link::State;
use crate::signaling::Turn;
use crate::store::{Op, Way};
use crate::sync::{ACKS_PATIENCE, Need};
use crate::wire::{self, DeviceKey, EntryId, Frame, FrameError, MAIL_BYTES_MAX, Mail, Nonce};

/// A peer that is not there gets mail after this: long enough for a message that was written while a link was closing.
const PATIENCE_ABSENT: Duration = Duration::from_millis(300);
/// A link that is being made, or whose paths are, gets this long before a message goes by mail. The attempt goes on, and
/// the link says what it has when it opens. Half of the 3 s within which a message is there after the network has changed or
/// the device woke, whether or not a link is found: a broker must be reached again in that time, and the peer may learn of it
/// first. Most links take a tenth of it; for the others it costs an envelope that says what the link would have said.
const PATIENCE_CONNECTING: Duration = ACKS_PATIENCE;

impl Engine {
    /// Mail of a device.
    pub(super) fn mail(&mut self, device: &DeviceKey, mail: &Mail, delivery: Option<(BrokerConn, u64)>) {
        self.learn_key(device, mail.key);
        let conn = delivery.map(|(conn, _)| conn);
        if let Some(accept) = &mail.accept {
            self.mail_came(device, mail.number, conn, true);
            return self.accepted_by(device, accept, delivery);
        }
        if let Some(request) = mail.accepted {
            self.acceptance_confirmed(device, request);
        }
        if !self.is_peer(device) {
            self.drop_counted("mail of somebody who shares nothing with us");
            return self.acknowledge(delivery);
        }
        let proves = self.peers.get(device).is_some_and(|peer| peer.link.state() != State::Open);
        let mut said = Statements::new(proves);
        for bytes in &mail.frames {
            match Frame::parse(bytes) {
                Ok(frame) => self.sort(device, frame, &mut said),
                Err(FrameError::Newer(_)) => self.drop_counted("a frame of a newer version"),
                Err(_) => self.drop_counted("a malformed frame"),
            }
        }
        self.mail_came(device, mail.number, conn, mail.accepted.is_some() || !said.acked.is_empty());
        self.weigh(device, mail, &mut said);
        self.believe(device, said, Way::Mail, delivery);
    }

    /// Something waits for a device that no link reaches.
    pub(super) fn wake_mail(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let finishing = self.finishing.is_some();
        let reached = self.is_reached_by_others(device);
        let Some(peer) = self.peers.get_mut(device) else { return };
        let patience = match peer.link.state() {
            _ if finishing => Duration::ZERO,
            State::Connecting | State::Suspect => PATIENCE_CONNECTING,
            _ => PATIENCE_ABSENT,
        };
        if reached && !finishing {
            return peer.mailer.wake_later(now, PATIENCE_MESH);
        }
        peer.mailer.wake(now, patience);
    }

    /// Lets the mailer work, if mail can go out at all.
    pub(super) fn tick_mail(&mut self, device: &DeviceKey) {
        let now = self.now.mono;
        let Some(peer) = self.peers.get(device) else { return };
        let tells = peer.telling.deadline().is_some_and(|at| now >= at);
        // Which way there is is looked up last: that costs more than all of this, for every peer.
        let waits = tells || peer.mailer.is_due(now) || peer.questions.are_asked();
        if !waits || peer.link.state() == State::Open || self.mail_route(peer).is_none() {
            return;
        }
        self.tick_telling(device);
        self.tick_questions(device);
        let Some(peer) = self.peers.get_mut(device) else { return };
        if let Some(Need::Outbox { number, after, bytes }) = peer.mailer.tick(now, &mut self.rng) {
            let shared = peer.shared.clone();
            let conversations = self.wanted(device, &shared, true);
            self.ask(Pending::Mail(*device, number), Op::Outbox { peer: *device, conversations, after, bytes });
        }
    }

    /// The outbox has answered: this goes into one envelope.
    pub(super) fn deposit(
        &mut self,
        device: &DeviceKey,
        question: u64,
        found: Vec<(u64, EntryId, wire::Entry)>,
        more: bool,
    ) {
        let now = self.now.mono;
        let frames = found.iter().map(|(_, _, entry)| Frame::Entry(entry.clone()).to_bytes());
        let mut total = 0;
        let frames: Vec<Vec<u8>> = frames
            .take(wire::FRAMES_PER_MAIL_MAX)
            .take_while(|bytes| {
                total += bytes.len();
                total <= MAIL_BYTES_MAX
            })
            .collect();
        let taken: Vec<(u64, EntryId)> =
            found.iter().take(frames.len()).map(|(cursor, id, _)| (*cursor, *id)).collect();
        let more = more || taken.len() < found.len();
        let Some(peer) = self.peers.get_mut(device) else { return };
        let Some(deposit) = peer.mailer.outbox(question, &taken, more) else { return self.tick_mail(device) };
        let kept: Vec<Vec<u8>> =
            taken.iter().zip(frames).filter(|((_, id), _)| deposit.ids.contains(id)).map(|(_, bytes)| bytes).collect();
        peer.telling.hurry(now);
        let number = self.token();
        if let Some(peer) = self.peers.get_mut(device) {
            peer.mailer.depositing(number, &deposit, now, &mut self.rng);
        }
        if !self.send_deposit(device, kept, number, deposit.again) {
            // No route after all: the next one that appears finds everything in the outbox again.
            if let Some(peer) = self.peers.get_mut(device) {
                peer.mailer.broker_lost();
            }
            return;
        }
        self.tick_mail(device);
    }

    /// Sends one mail that nobody waits for: acks, confirmations, a card.
    pub(super) fn send_mail(
        &mut self,
        device: &DeviceKey,
        frames: Vec<Vec<u8>>,
        accept: Option<wire::Accept>,
        accepted: Option<Nonce>,
    ) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let Some(conn) = self.next_mail_route(&root, Turn::mention) else { return };
        if let Some((topic, payload)) = self.seal_mail(device, frames, accept, accepted) {
            self.publish(conn, &topic, payload, None);
        }
    }

    fn send_deposit(&mut self, device: &DeviceKey, frames: Vec<Vec<u8>>, number: u64, again: bool) -> bool {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return false };
        let say = if again { Turn::say } else { Turn::say_first };
        let Some(conn) = self.next_mail_route(&root, say) else { return false };
        let Some((topic, payload)) = self.seal_mail(device, frames, None, None) else { return false };
        self.publish(conn, &topic, payload, Some(Publishing::Mail { device: *device, number }));
        true
    }

    /// A broker has taken a deposit: its messages are on their way.
    pub(super) fn mail_published(&mut self, device: &DeviceKey, number: u64) {
        let Some(peer) = self.peers.get_mut(device) else { return };
        let ids = peer.mailer.published(number);
        if !ids.is_empty() {
            self.ask(Pending::Sent, Op::MarkSent { ids, way: Way::Mail });
        }
        self.tick_mail(device);
    }

    /// Tells a contact of a card that has changed (other brokers): the old one may lead them nowhere.
    pub(super) fn mail_card(&mut self, device: &DeviceKey) {
        // Over an open link it was said, and stays due: should the link break under it, it goes by mail.
        let shares = self.is_peer(device);
        let Some(peer) = self.peers.get_mut(device).filter(|peer| shares && peer.open.is_none()) else { return };
        if !std::mem::replace(&mut peer.card_due, false) {
            return;
        }
        if let Some(frame) = self.card_frame() {
            self.send_mail(device, vec![frame.to_bytes()], None, None);
        }
    }

    /// Asks for what is missing below what has arrived.
    pub(super) fn ask_for(&mut self, device: &DeviceKey, gaps: Vec<wire::Lack>) {
        let now = self.now.mono;
        for lack in gaps {
            let Some(peer) = self.peers.get_mut(device) else { return };
            if !peer.lacks.allow(now) {
                return;
            }
            let open = peer.open.is_some();
            let frame = Frame::Lack(lack);
            if open {
                self.send_frame(device, &frame);
            } else {
                self.send_mail(device, vec![frame.to_bytes()], None, None);
            }
        }
    }
}
