//! Who is in a group no more. Contacts who are out of one have to learn it, and hear nothing else of it once they have; and when we have
//! left one, somebody in it has to learn that: until then we know everybody there, and say it as we say everything.

use std::time::Duration;

use super::Engine;
use super::members::Joined;
use super::pending::Pending;
use crate::store::Op;
use crate::wire::{ConversationId, DeviceKey, EntryId, RootKey};

/// A leave that nobody has acknowledged is said for so long: whoever is away for longer hears it when we meet as contacts, if at all.
const LEAVE_TOLD_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

impl Engine {
    /// Whether somebody in a group has to learn that we have left it.
    pub(super) fn is_leaving(&self, joined: &Joined) -> bool {
        let limit = u64::try_from(LEAVE_TOLD_FOR.as_millis()).unwrap_or(u64::MAX);
        let mut left = joined.leaving.iter().filter_map(|id| joined.group.fact(id));
        left.any(|fact| self.now.wall < fact.time.saturating_add(limit))
    }

    /// Whether somebody is in a group where nobody has heard yet that we have left it.
    pub(super) fn is_told_that_we_left(&self, root: &RootKey) -> bool {
        let mut groups = self.groups.values().filter_map(|conversation| self.joined(conversation));
        groups.any(|joined| joined.has(root) && self.is_leaving(joined))
    }

    /// What a person has to learn of a group: that they are out, or that we have left.
    fn to_learn(&self, joined: &Joined, root: &RootKey) -> Vec<EntryId> {
        match (joined.inside, joined.has(root)) {
            (true, false) => joined.ends(root),
            (false, true) => joined.leaving.clone(),
            _ => vec![],
        }
    }

    /// The last process may have ended before it took note of who has heard that we left.
    pub(super) fn look_who_has_heard(&mut self) {
        for conversation in self.groups.values().copied().collect::<Vec<_>>() {
            if self.joined(&conversation).is_some_and(|joined| !joined.leaving.is_empty()) {
                for device in self.devices_sharing(&conversation) {
                    self.look_whether_told(&device, conversation);
                }
            }
        }
    }

    /// Somebody in a group knows that we have left it: others hear it there, and who is known for its sake is forgotten.
    fn leave_is_heard(&mut self, conversation: &ConversationId) {
        let Some(joined) = self.joined_mut(conversation) else { return };
        joined.leaving.clear();
        for root in joined.roots() {
            self.share(&root);
            self.attend(&root);
        }
        self.leave_brokers();
    }

    /// A device has these on its disk: it may be that its person is out of a group, and has learned it.
    pub(super) fn may_have_told(&mut self, device: &DeviceKey, ids: &[EntryId]) {
        let Some(peer) = self.peers.get(device) else { return };
        let ends = |conversation: &&ConversationId| {
            let Some(joined) = self.joined(conversation) else { return false };
            self.to_learn(joined, &peer.row.root).iter().any(|end| ids.contains(end))
        };
        let learned: Vec<ConversationId> = peer.shared.iter().filter(ends).copied().collect();
        learned.into_iter().for_each(|conversation| self.look_whether_told(device, conversation));
    }

    /// A device has said what it has of a group: it may show that its person knows that they are out, or we.
    pub(super) fn look_whether_told(&mut self, device: &DeviceKey, conversation: ConversationId) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let Some(joined) = self.joined(&conversation) else { return };
        let ends = self.to_learn(joined, &root);
        if !ends.is_empty() && !joined.told.contains(device) {
            let pending = Pending::Told { device: *device, conversation, ends: ends.clone() };
            self.ask(pending, Op::Knows { peer: *device, ids: ends });
        }
    }

    /// As many of what puts somebody out of a group are on their device.
    pub(super) fn told_of_end(
        &mut self,
        device: &DeviceKey,
        conversation: &ConversationId,
        ends: &[EntryId],
        known: u64,
    ) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let Some(joined) = self.joined(conversation) else { return };
        let all = u64::try_from(ends.len()).unwrap_or(u64::MAX);
        if known < all || ends.is_empty() || self.to_learn(joined, &root) != ends {
            return;
        }
        if !joined.inside {
            return self.leave_is_heard(conversation);
        }
        self.joined_mut(conversation).into_iter().for_each(|joined| _ = joined.told.insert(*device));
        self.share(&root);
    }
}
