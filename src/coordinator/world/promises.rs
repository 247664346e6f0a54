//! What no story may ever see, checked at each step: whatever is told or acknowledged is on disk, nothing is told twice,
//! nothing is repeated for no reason, and nothing grows beyond its limit.

use bytes::Bytes;

use super::World;
use crate::coordinator::engine::{BrokerConn, Input, Output};
use crate::coordinator::{CommandError, Event, Reply};
use crate::link::DriverEvent;
use crate::log::Entry;
use crate::log::group::Action;
use crate::store::Op;
use crate::sync::{MAIL_WINDOW, PUSH_WINDOW_BYTES, PUSH_WINDOW_ENTRIES};
use crate::wire::{ConnectionId, ENTRY_BYTES_MAX, EntryId, Frame, kind};

impl World {
    /// What a device has heard.
    pub(super) fn note_input(&mut self, device: usize, input: &Input) {
        if let Input::Link(_, DriverEvent::Frame { connection, bytes }) = input
            && kind_of(bytes) == Some(HAVE)
            && let Ok(Frame::Have(have)) = Frame::parse(bytes)
        {
            self.informed.insert((device, *connection, have.conversation));
        }
    }

    /// What a broker has delivered stays with it until these are on disk.
    pub(super) fn note_delivery(&mut self, device: usize, delivery: (BrokerConn, u64), outputs: &[Output]) {
        let inserts = outputs.iter().filter_map(|output| match output {
            Output::Store(token, Op::Insert { .. }) => Some(*token),
            _ => None,
        });
        self.devices[device].deliveries.insert(delivery, inserts.collect());
    }

    /// A broker is told to forget a delivery.
    pub(super) fn judge_delivery(&mut self, device: usize, conn: BrokerConn, delivery: u64) {
        let state = &mut self.devices[device];
        let tokens = state.deliveries.remove(&(conn, delivery)).unwrap_or_default();
        let committed = tokens.iter().all(|token| state.disk.committed(*token));
        assert!(committed, "a broker is told to forget mail that is not on disk");
    }

    /// A command is answered.
    pub(super) fn judge_reply(&mut self, device: usize, reply: &Result<Reply, CommandError>) {
        if let Ok(Reply::Message(id)) = reply {
            assert!(self.kept(device).contains(&entry(id)), "a person is told that a message is safe before it is");
        }
    }

    /// People are told.
    pub(super) fn judge_event(&mut self, device: usize, event: &Event) {
        tracing::trace!(device, ?event, "told");
        match event {
            Event::MessageReceived { id, .. } => {
                let disk = &mut self.devices[device].disk;
                assert!(disk.kept.contains(&entry(id)), "a message is shown that is not on disk");
                assert!(disk.told.insert(entry(id)), "a message is told twice: {id}");
            }
            Event::MessageDelivered { with, id } => {
                let person = self.devices.iter().any(|device| device.user == Some(*with));
                // In a group it is with everybody; here it is at least with somebody.
                let other = |(at, _): &(usize, &super::device::Device)| *at != device;
                let mut others = self.devices.iter().enumerate().filter(other);
                let arrived = others.any(|(_, device)| {
                    (!person || device.user == Some(*with)) && device.disk.ever.contains(&entry(id))
                });
                assert!(arrived, "a message counts as delivered that is on no disk of its recipient");
            }
            _ => {}
        }
    }

    /// A frame goes out, from one device to another.
    pub(super) fn judge_frame(&mut self, between: (usize, usize), connection: ConnectionId, bytes: &Bytes) {
        let (device, other) = between;
        match kind_of(bytes) {
            Some(ENTRY) => {
                let Ok(Frame::Entry(entry)) = Frame::parse(bytes) else { panic!("no entry") };
                let entry = Entry::verify(entry).unwrap();
                let informed = self.informed.contains(&(device, connection, entry.conversation()));
                let farewell = || self.puts_out(device, other, &entry);
                assert!(informed || farewell(), "entries are pushed before the peer has said what it has");
            }
            Some(ACK) => {
                let (kept, Ok(Frame::Ack(ack))) = (self.kept(device), Frame::parse(bytes)) else { panic!("no ack") };
                assert!(ack.ids.iter().all(|id| kept.contains(id)), "an entry is acknowledged before it is on disk");
            }
            _ => {}
        }
    }

    /// Whether a device has put its receiver out of a group with this: they are told that without being asked.
    fn puts_out(&self, device: usize, other: usize, entry: &Entry) -> bool {
        let action = entry.body().and_then(|body| Action::known(body).ok());
        let is_own = Some(entry.header().device) == self.devices[device].key && entry.header().kind == kind::GROUP;
        is_own && matches!(action, Some(Action::Remove { root, .. }) if root == self.root(other))
    }

    /// What waits in a device.
    pub(super) fn judge_queues(&mut self, device: usize) {
        let Some(engine) = &self.devices[device].engine else { return };
        for (push, mailer) in engine.under_way() {
            assert!(!push.asks_in_vain(), "the outbox is asked before the peer has spoken of anything");
            let (entries, bytes) = push.under_way();
            assert!(entries <= PUSH_WINDOW_ENTRIES, "{entries} entries are under way on a link");
            // The last one may exceed it.
            assert!(bytes < PUSH_WINDOW_BYTES + ENTRY_BYTES_MAX, "{bytes} bytes are under way on a link");
            let deposits = mailer.deposits();
            assert!(deposits <= MAIL_WINDOW, "{deposits} deposits fill a broker's queue");
        }
    }
}

/// Kinds of frames, as on the wire.
const ENTRY: u8 = 1;
const HAVE: u8 = 2;
const ACK: u8 = 4;

/// A frame's kind is its second byte: an array head, then the kind.
fn kind_of(frame: &Bytes) -> Option<u8> {
    frame.get(1).copied()
}

fn entry(id: &str) -> EntryId {
    EntryId::from_hex(id).unwrap()
}
