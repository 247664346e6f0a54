//! What came without its body: whom we ask for it, and when.
//!
//! A header goes to those who may have no more, and to those to whom nobody else may give it. Whoever else could give the body has heard
//! from us that we have the entry, and does not bring it again: so it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Engine;
use super::pending::Pending;
use crate::store::{Fresh, Op};
use crate::wire::{ConversationId, DeviceKey, FRAMES_PER_MAIL_MAX, Frame, Lack, MAIL_BYTES_MAX};

/// A body that comes right behind its header from somebody else is not asked for; and who is given many headers, because they came later than
/// what was said, looks only so often whether one of them is for them whole.
const BODIES_PATIENCE: Duration = Duration::from_secs(2);

impl Engine {
    /// The question which bodies are missing that we may be given: in a group those of the entries that are for us.
    fn missing_bodies(&self, conversation: ConversationId) -> Op {
        let own = self.me.as_ref().map(|me| me.card.root());
        Op::Bare { conversation, to: self.joined(&conversation).and(own) }
    }

    /// Looks which bodies are missing of a conversation, to ask these for them.
    pub(super) fn ask_these_for_bodies(&mut self, conversation: ConversationId, devices: Vec<DeviceKey>) {
        self.ask(Pending::Bare(devices), self.missing_bodies(conversation));
    }

    /// Who is in a group has changed: a deletion may count for nothing by that, and what it had erased is wanted again, or we may be given
    /// what we were not. Everybody is asked, since some may have honoured it and others not.
    pub(super) fn ask_for_bodies(&mut self, conversation: ConversationId) {
        self.ask_these_for_bodies(conversation, self.devices_sharing(&conversation));
    }

    /// These have found their place, some without their bodies: everybody is asked for those in a moment.
    pub(super) fn bodies_may_be_missing(&mut self, fresh: &[Fresh]) {
        let at = self.now.mono + BODIES_PATIENCE;
        let bare: BTreeSet<ConversationId> =
            fresh.iter().filter(|fresh| fresh.bare).map(|fresh| fresh.conversation).collect();
        for conversation in bare {
            if self.joined(&conversation).is_none() {
                continue;
            }
            for device in self.devices_sharing(&conversation) {
                self.ask_later(&device, conversation, at);
            }
        }
    }

    fn ask_later(&mut self, device: &DeviceKey, conversation: ConversationId, at: Duration) {
        let Some(peer) = self.peers.get_mut(device) else { return };
        peer.unasked.entry(conversation).and_modify(|known| *known = at.min(*known)).or_insert(at);
    }

    /// These bodies are missing. Over a link everybody in the group is asked for all of them; by mail, and of those who are out, who has written them, and for those of our own
    /// and of people who are out, whom nobody can ask, everybody. All at once, for perhaps nothing that happens later asks again;
    /// whoever may not be asked now is asked when they may, for what is missing then.
    pub(super) fn bodies_missing(&mut self, device: &DeviceKey, mut lacks: Vec<Lack>) {
        let now = self.now.mono;
        let Some(open) = self.peers.get(device).map(|peer| peer.open.is_some()) else { return };
        let here: BTreeSet<ConversationId> = lacks.iter().map(|lack| lack.conversation).collect();
        if !open || !self.outside(device, &here).is_empty() {
            lacks.retain(|lack| lack.device == *device || !self.is_of_other_member(&lack.device, &lack.conversation));
        }
        let Some(conversation) = lacks.first().map(|lack| lack.conversation) else { return };
        let hears = self.can_ask(device);
        let Some(peer) = self.peers.get_mut(device).filter(|peer| peer.shared.contains(&conversation)) else { return };
        if !hears || !peer.bodies.allow(now) {
            return self.ask_later(device, conversation, now);
        }
        let frames = lacks.into_iter().map(Frame::Lack);
        if open {
            frames.for_each(|frame| self.send_frame(device, &frame));
        } else {
            // What does not fit, of very many logs with gaps everywhere, is asked for on the next occasion.
            let mut room = MAIL_BYTES_MAX;
            let frames = frames.map(|frame| frame.to_bytes()).take_while(|bytes| {
                let fits = bytes.len() <= room;
                room = room.saturating_sub(bytes.len());
                fits
            });
            let frames = frames.take(FRAMES_PER_MAIL_MAX).collect();
            self.send_mail(device, frames, None, None);
        }
    }

    /// Whether a device can be asked for something: over a link, or by mail.
    fn can_ask(&self, device: &DeviceKey) -> bool {
        self.peers.get(device).is_some_and(|peer| peer.open.is_some() || self.mail_route(peer).is_some())
    }

    pub(super) fn bodies_deadline(&self) -> Option<Duration> {
        let due = self.peers.iter().filter_map(|(device, peer)| {
            let at = peer.unasked.values().min()?;
            self.can_ask(device).then(|| peer.bodies.free_at().max(*at))
        });
        due.min()
    }

    /// Looks again what is missing where somebody is to be asked now, or could not be before: once for all whom that is about.
    pub(super) fn tick_bodies(&mut self) {
        let now = self.now.mono;
        let mut due: BTreeMap<ConversationId, Vec<DeviceKey>> = BTreeMap::new();
        for device in self.peers.keys().copied().collect::<Vec<_>>() {
            if !self.can_ask(&device) {
                continue;
            }
            let Some(peer) = self.peers.get_mut(&device).filter(|peer| now >= peer.bodies.free_at()) else { continue };
            for (conversation, _) in peer.unasked.extract_if(.., |_, at| now >= *at) {
                due.entry(conversation).or_default().push(device);
            }
        }
        for (conversation, devices) in due {
            self.ask_these_for_bodies(conversation, devices);
        }
    }

    fn is_of_other_member(&self, device: &DeviceKey, conversation: &ConversationId) -> bool {
        let root = self.peers.get(device).map(|peer| peer.row.root);
        root.is_some_and(|root| self.joined(conversation).is_some_and(|joined| joined.has(&root)))
    }
}
