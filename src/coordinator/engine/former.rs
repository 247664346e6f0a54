//! Contacts who are in a group no more: they have to learn it, and hear nothing else of it once they have.

use super::Engine;
use super::pending::Pending;
use super::state::With;
use crate::store::Op;
use crate::wire::{ConversationId, DeviceKey, EntryId};

impl Engine {
    /// A device has these on its disk: it may be that its person is out of a group, and has learned it.
    pub(super) fn may_have_told(&mut self, device: &DeviceKey, ids: &[EntryId]) {
        let Some(peer) = self.peers.get(device) else { return };
        let ends = |conversation: &&ConversationId| {
            let Some(joined) = self.joined(conversation).filter(|joined| !joined.has(&peer.row.root)) else {
                return false;
            };
            joined.ends(&peer.row.root).iter().any(|end| ids.contains(end))
        };
        let learned: Vec<ConversationId> = peer.shared.iter().filter(ends).copied().collect();
        learned.into_iter().for_each(|conversation| self.look_whether_told(device, conversation));
    }

    /// A device has said what it has of a group: it may show that its person knows that they are out.
    pub(super) fn look_whether_told(&mut self, device: &DeviceKey, conversation: ConversationId) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let Some(joined) = self.joined(&conversation).filter(|joined| joined.inside && !joined.has(&root)) else {
            return;
        };
        let ends = joined.ends(&root);
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
        let Some(With::Group(joined)) = self.conversations.get_mut(conversation).map(|state| &mut state.with) else {
            return;
        };
        let all = u64::try_from(ends.len()).unwrap_or(u64::MAX);
        if known >= all && joined.inside && !joined.has(&root) && joined.ends(&root) == ends {
            joined.told.insert(*device);
            self.share(&root);
        }
    }
}
