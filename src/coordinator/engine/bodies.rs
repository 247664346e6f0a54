//! What came without its body: whom we ask for it, and when.
//!
//! A header goes to those who may have no more, and to those to whom nobody else may give it. Whoever else could give the body has heard
//! from us that we have the entry, and does not bring it again: so it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Engine;
use super::pending::Pending;
use super::receipts::PATIENCE_MESH;
use super::refused::AGAIN;
use super::state::PeerState;
use crate::store::{Fresh, Op};
use crate::wire::{ConversationId, DeviceKey, Frame, Lack};

/// A body that comes right behind its header from somebody else is not asked for; and who is given many headers, because they came later than
/// what was said, looks only so often whether one of them is for them whole.
const BODIES_PATIENCE: Duration = Duration::from_secs(2);

/// That a device is to be asked for what is missing of a conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unasked {
    /// From then on, if it may be asked then.
    at: Duration,
    /// For what came here behind this one.
    after: u64,
    /// What is before it was asked for, and this is the rest.
    goes_on: bool,
    /// And then from the beginning: something may be missing there since.
    anew: bool,
}

impl Unasked {
    /// Both at the earlier time. From the beginning only behind what is on its way: somebody who comes and goes must not keep what came late
    /// from ever being asked for.
    fn and(&self, other: &Self) -> Self {
        let (first, last) = if self.after <= other.after { (self, other) } else { (other, self) };
        let restarts = first.after == 0 && last.goes_on;
        let after = if restarts { last.after } else { first.after };
        let goes_on = restarts || first.goes_on || (first.after == last.after && last.goes_on);
        // What begins at the beginning does not begin there again.
        let anew = (self.anew || other.anew || restarts) && (after > 0 || goes_on);
        Self { at: self.at.min(other.at), after, goes_on, anew }
    }
}

/// The question which bodies of a conversation are missing that came here behind one, and who is to be asked for them.
pub(super) struct Missing {
    conversation: ConversationId,
    after: u64,
    devices: Vec<(DeviceKey, Unasked)>,
}

impl Engine {
    fn ask_what_is_missing(&mut self, missing: Missing) {
        // In a group those of the entries that are for us.
        let own = self.me.as_ref().map(|me| me.card.root());
        let to = self.joined(&missing.conversation).and(own);
        let op = Op::Bare { conversation: missing.conversation, to, after: missing.after };
        self.ask(Pending::Bare(missing), op);
    }

    /// A device is asked for the bodies that are missing of a conversation, from the beginning: with whom else is to be asked now.
    pub(super) fn ask_for_bodies_of(&mut self, device: &DeviceKey, conversation: ConversationId) {
        self.ask_later(device, conversation, Unasked { at: self.now.mono, after: 0, goes_on: false, anew: false });
    }

    /// Who is in a group has changed: a deletion may count for nothing by that, and what it had erased is wanted again, or we may be given
    /// what we were not. Everybody is asked, since some may have honoured it and others not.
    pub(super) fn ask_for_bodies(&mut self, conversation: ConversationId) {
        self.ask_everybody(conversation, 0, Duration::ZERO);
    }

    /// These have found their place, some without their bodies: everybody is asked for those in a moment. What was missing before was asked for.
    pub(super) fn bodies_may_be_missing(&mut self, fresh: &[Fresh]) {
        let mut first = BTreeMap::<ConversationId, u64>::new();
        for (conversation, number) in fresh.iter().filter_map(|fresh| Some((fresh.conversation, fresh.bare?))) {
            let known = first.entry(conversation).or_insert(number);
            *known = number.min(*known);
        }
        for (conversation, number) in first {
            if self.joined(&conversation).is_some() {
                self.ask_everybody(conversation, number.saturating_sub(1), BODIES_PATIENCE);
            }
        }
    }

    /// For what came here after that. Whoever is linked with us is asked first: perhaps they have it all. Without such a one everybody is asked by
    /// mail at once.
    fn ask_everybody(&mut self, conversation: ConversationId, after: u64, patience: Duration) {
        let devices = self.devices_sharing(&conversation);
        let is_open = |device: &DeviceKey| self.peers.get(device).is_some_and(|peer| peer.open.is_some());
        let linked: BTreeSet<DeviceKey> = devices.iter().filter(|device| is_open(device)).copied().collect();
        for device in devices {
            let first = linked.is_empty() || linked.contains(&device);
            let at = self.now.mono + patience + if first { Duration::ZERO } else { PATIENCE_MESH };
            self.ask_later(&device, conversation, Unasked { at, after, goes_on: false, anew: false });
        }
    }

    fn ask_later(&mut self, device: &DeviceKey, conversation: ConversationId, then: Unasked) {
        let Some(peer) = self.peers.get_mut(device) else { return };
        peer.unasked.entry(conversation).and_modify(|known| *known = known.and(&then)).or_insert(then);
    }

    /// The disk could not tell what is missing: it is asked again later.
    pub(super) fn missing_unknown(&mut self, missing: &Missing) {
        let at = self.now.mono + AGAIN;
        for (device, unasked) in &missing.devices {
            self.ask_later(device, missing.conversation, Unasked { at, ..*unasked });
        }
    }

    /// These bodies are missing, and more behind `next`.
    pub(super) fn missing_known(&mut self, missing: &Missing, lacks: &[Lack], next: Option<u64>) {
        let at = self.now.mono;
        for (device, unasked) in &missing.devices {
            let peer = self.peers.get(device);
            if !peer.is_some_and(|peer| peer.shared.contains(&missing.conversation)) {
                continue;
            }
            let then = if self.bodies_missing(device, &missing.conversation, lacks.to_vec()) {
                match next {
                    Some(after) => Unasked { at, after, goes_on: true, ..*unasked },
                    None if unasked.anew => Unasked { at, after: 0, goes_on: false, anew: false },
                    None => continue,
                }
            } else {
                Unasked { at, ..*unasked }
            };
            self.ask_later(device, missing.conversation, then);
        }
    }

    /// These bodies are missing. Over a link everybody in the group is asked for all of them; by mail who has written them, and for those of
    /// our own and of people who are out, whom nobody can ask, everybody in it; of those who are out only who has written them. Perhaps nothing that happens later
    /// asks again: so whoever may not be asked now is asked when they may, for what is missing then. Says whether nobody is to be asked for
    /// these any more.
    fn bodies_missing(&mut self, device: &DeviceKey, conversation: &ConversationId, mut lacks: Vec<Lack>) -> bool {
        let now = self.now.mono;
        let Some(open) = self.peers.get(device).map(|peer| peer.open.is_some()) else { return true };
        if !self.outside(device, &BTreeSet::from([*conversation])).is_empty() {
            // Who is out learns nothing of what others have written since, not even that.
            lacks.retain(|lack| lack.device == *device);
        } else if !open {
            lacks.retain(|lack| lack.device == *device || !self.is_of_other_member(&lack.device, conversation));
        }
        if lacks.is_empty() {
            return true;
        }
        let hears = self.can_ask(device);
        if !hears || !self.peers.get_mut(device).is_some_and(|peer| peer.bodies.allow(now)) {
            return false;
        }
        let frames = lacks.into_iter().map(Frame::Lack);
        if open {
            frames.for_each(|frame| self.send_frame(device, &frame));
        } else {
            // They fit: so few logs, and so few entries in them.
            let frames = frames.map(|frame| frame.to_bytes()).collect();
            self.send_mail(device, frames, None, None);
        }
        true
    }

    /// Whether a device can be asked for something: over a link, or by mail.
    fn can_ask(&self, device: &DeviceKey) -> bool {
        self.peers.get(device).is_some_and(|peer| peer.open.is_some() || self.mail_route(peer).is_some())
    }

    pub(super) fn bodies_deadline(&self) -> Option<Duration> {
        let due = self.peers.iter().filter_map(|(device, peer)| {
            let at = peer.unasked.values().map(|unasked| unasked.at).min()?;
            self.can_ask(device).then(|| peer.bodies.free_at().max(at))
        });
        due.min()
    }

    /// Looks again what is missing where somebody is to be asked now, or could not be before: once for all whom that is about.
    pub(super) fn tick_bodies(&mut self) {
        let now = self.now.mono;
        let mut due: BTreeMap<(ConversationId, u64), Vec<(DeviceKey, Unasked)>> = BTreeMap::new();
        let is_due =
            |peer: &PeerState| now >= peer.bodies.free_at() && peer.unasked.values().any(|unasked| now >= unasked.at);
        let asked = self.peers.iter().filter(|(device, peer)| is_due(peer) && self.can_ask(device));
        for device in asked.map(|(device, _)| *device).collect::<Vec<_>>() {
            let Some(peer) = self.peers.get_mut(&device) else { continue };
            for (conversation, unasked) in peer.unasked.extract_if(.., |_, unasked| now >= unasked.at) {
                due.entry((conversation, unasked.after)).or_default().push((device, unasked));
            }
        }
        for ((conversation, after), devices) in due {
            self.ask_what_is_missing(Missing { conversation, after, devices });
        }
    }

    fn is_of_other_member(&self, device: &DeviceKey, conversation: &ConversationId) -> bool {
        let root = self.peers.get(device).map(|peer| peer.row.root);
        root.is_some_and(|root| self.joined(conversation).is_some_and(|joined| joined.has(&root)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unasked(after: u64, goes_on: bool) -> Unasked {
        Unasked { at: Duration::ZERO, after, goes_on, anew: false }
    }

    /// What came last is asked for together with all before it; only the rest of a question is asked before the next begins.
    #[test]
    fn from_the_beginning_waits_only_for_what_is_on_its_way() {
        for (after, goes_on, expected) in [(9, false, (0, false)), (9, true, (9, true)), (0, false, (0, false))] {
            let (one, other) = (unasked(after, goes_on), unasked(0, false));
            for both in [one.and(&other), other.and(&one)] {
                assert_eq!((both.after, both.anew), expected);
            }
        }
        let rest = unasked(9, true).and(&unasked(0, false)).and(&unasked(0, false));
        assert_eq!((rest.after, rest.anew, rest.goes_on), (9, true, true));
        let from_before = unasked(9, true).and(&unasked(5, false));
        assert_eq!((from_before.after, from_before.goes_on), (5, false), "what lies before a rest was not asked for");
        let rest = unasked(9, true).and(&unasked(0, false));
        let whole = rest.and(&unasked(5, false)).and(&unasked(0, false));
        assert_eq!((whole.after, whole.anew), (0, false), "all is asked for once");
    }
}
