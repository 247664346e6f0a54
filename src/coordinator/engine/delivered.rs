//! How people hear that what they wrote is with the other.
//!
//! "Delivered" says that it is on the other's disk, and it is from the moment at which that device has said so. So between two people it
//! is told at once, and written down here meanwhile: whoever asks afterwards is answered behind that. When this process dies in between,
//! the other's next `have` says it again, and the next process tells it again. In a group everybody has to have it, and only the store
//! knows that.

use std::collections::{BTreeMap, BTreeSet};

use super::Engine;
use super::io::Output;
use super::pending::Pending;
use crate::coordinator::Event;
use crate::store::{Delivery, Op, Way};
use crate::wire::{ConversationId, DeviceKey, EntryId};

/// Own messages that may be told of at once: more than links have under way. What is beyond is told of when it is written down.
const AWAITED_MAX: usize = 512;

/// Own messages between two people that are on our disk, and not written down as delivered.
#[derive(Default)]
pub(super) struct Awaited(BTreeMap<EntryId, Told>);

struct Told {
    conversation: ConversationId,
    /// Whether a person was told that it is delivered.
    told: bool,
}

impl Awaited {
    /// Of these a device says that it has them, which has a say in these conversations: those of which nobody was told.
    fn untold(&mut self, ids: &[EntryId], of: &BTreeSet<ConversationId>) -> Vec<Delivery> {
        let mut untold = vec![];
        for id in ids {
            if let Some(one) = self.0.get_mut(id).filter(|one| !one.told && of.contains(&one.conversation)) {
                one.told = true;
                untold.push(Delivery { conversation: one.conversation, id: *id, shown: true });
            }
        }
        untold
    }

    /// The store has written down that it is delivered, or knew it: whether that was told.
    fn written_down(&mut self, id: &EntryId) -> bool {
        self.0.remove(id).is_some_and(|one| one.told)
    }
}

impl Engine {
    /// A message is on our disk. If it goes over an open link, it may be acknowledged at any moment.
    pub(super) fn await_delivery(&mut self, conversation: &ConversationId, id: EntryId) {
        if self.awaited.0.len() < AWAITED_MAX && self.joined(conversation).is_none() && self.is_linked(conversation) {
            self.awaited.0.insert(id, Told { conversation: *conversation, told: false });
        }
    }

    fn is_linked(&self, conversation: &ConversationId) -> bool {
        self.peers.values().any(|peer| peer.open.is_some() && peer.shared.contains(conversation))
    }

    /// A link is gone: of what is said later only the store knows whether it is new.
    pub(super) fn await_no_more(&mut self) {
        let mut awaited = std::mem::take(&mut self.awaited);
        awaited.0.retain(|_, one| one.told || self.is_linked(&one.conversation));
        self.awaited = awaited;
    }

    /// A device has these on its disk, as it has said or others, as far as they are of these conversations.
    pub(super) fn acked(&mut self, device: &DeviceKey, ids: Vec<EntryId>, of: BTreeSet<ConversationId>, way: Way) {
        let untold = self.awaited.untold(&ids, &of);
        let pending = Pending::Acked { device: *device, ids: ids.clone(), of: of.clone(), way };
        self.ask(pending, Op::Acked { peer: *device, ids, of, way });
        self.say_delivered(&untold);
    }

    /// What a device has said to have is written down.
    pub(super) fn acks_kept(&mut self, device: &DeviceKey, ids: &[EntryId], way: Way, delivered: &[Delivery]) {
        if let Some(peer) = self.peers.get_mut(device) {
            peer.mailer.acked(ids);
        }
        self.give_behind_headers(device, ids);
        self.may_have_told(device, way);
        self.tell_delivered(delivered);
        for id in ids {
            self.awaited.written_down(id);
        }
        self.tick_mail(device);
    }

    /// These are delivered, the store says.
    pub(super) fn tell_delivered(&mut self, delivered: &[Delivery]) {
        let untold = delivered.iter().filter(|delivery| !self.awaited.written_down(&delivery.id));
        let untold: Vec<Delivery> = untold.copied().collect();
        self.say_delivered(&untold);
    }

    fn say_delivered(&mut self, delivered: &[Delivery]) {
        for Delivery { conversation, id, .. } in delivered.iter().filter(|delivery| delivery.shown) {
            self.mark_chat(conversation);
            let Some(with) = self.name_of_conversation(conversation) else { continue };
            self.emit(Output::Event(Event::MessageDelivered { with, id: id.to_string() }));
        }
    }
}
