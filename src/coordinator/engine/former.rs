//! Who is in a group no more. Contacts who are out of one have to learn it, and hear nothing else of it once they have; and when we have
//! left one, somebody in it has to learn that: until then we know everybody there, and say it as we say everything.
//!
//! An ack says that an entry is on a disk, not that it has its place there: it waits while something that it stands on is missing, and
//! says nothing to anybody. So whoever has the entry knows when they have what is before it too. Over a link that shows by itself, for
//! everything is pushed there and acknowledged. By mail we do not know what they have of others; but who misses something asks for it at once.
//! So who has not asked for a while has it, if we could have heard them; the next process, which does not know who has asked, takes nobody for
//! one who has not.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Engine;
use super::members::Joined;
use super::pending::Pending;
use crate::store::{Op, Way};
use crate::wire::{ConversationId, DeviceKey, EntryId, RootKey};

/// A leave that nobody has acknowledged is said for so long: whoever is away for longer hears it when we meet as contacts, if at all. It is counted
/// from what our clock said when we left, by what it says now: one that was wrong then or is now makes it longer or shorter, and no more.
const LEAVE_TOLD_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Who has acknowledged by mail that we left, and misses what that stands on, has asked for it by then: both go out in the same moment, and a
/// broker that is there passes them on in seconds. Who has asked, and is not known to have what they asked for by then, gets it once more.
const QUESTION_PATIENCE: Duration = Duration::from_secs(60);
/// Whoever looks at their clock so much later than they wanted to has slept, and brokers have not: a busy machine keeps nobody waiting for so long.
const OVERSLEPT: Duration = Duration::from_secs(5);

/// That we have left a group, and who has heard it.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaving {
    /// The entries that say so; none when somebody in the group knows.
    pub ends: Vec<EntryId>,
    /// Devices that have them, but not what they stand on, as far as we know; and those that have said what they have.
    answered: BTreeMap<DeviceKey, Answer>,
}

/// What a device has answered to our leave.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// That it has it: it has what that stands on too, if it has not asked by then.
    Has(Duration),
    /// It has asked, or may have: it gets what it lacks then, unless it is known to have it.
    Asks(Duration),
    /// It has asked and got some of what it lacks: it gets more when it acknowledges that.
    Given,
}

impl Answer {
    fn due(&self) -> Option<Duration> {
        match self {
            Self::Has(at) | Self::Asks(at) => Some(*at),
            Self::Given => None,
        }
    }
}

impl Leaving {
    fn due(&self) -> Option<Duration> {
        self.answered.values().filter_map(Answer::due).min()
    }
}

/// Why a device may know that somebody is out of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It has acknowledged something.
    Ack(Way),
    /// It has said what it has.
    Have,
    /// This process has begun.
    Start,
}

impl Engine {
    /// Whether somebody in a group has to learn that we have left it.
    pub(super) fn is_leaving(&self, joined: &Joined) -> bool {
        let limit = u64::try_from(LEAVE_TOLD_FOR.as_millis()).unwrap_or(u64::MAX);
        let mut left = joined.leaving.ends.iter().filter_map(|id| joined.group.fact(id));
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
            (_, false) => joined.ends(root),
            (false, true) => joined.leaving.ends.clone(),
            (true, true) => vec![],
        }
    }

    /// The last process may have ended before it took note of who has heard that we left.
    pub(super) fn look_who_has_heard(&mut self) {
        for conversation in self.groups.values().copied().collect::<Vec<_>>() {
            if self.joined(&conversation).is_some_and(|joined| !joined.leaving.ends.is_empty()) {
                for device in self.devices_sharing(&conversation) {
                    self.look_whether_told(&device, conversation, Sign::Start);
                }
            }
        }
    }

    /// Somebody in a group knows that we have left it: others hear it there, and who is known for its sake is forgotten.
    fn leave_is_heard(&mut self, conversation: &ConversationId) {
        let Some(joined) = self.joined_mut(conversation) else { return };
        joined.leaving = Leaving::default();
        for root in joined.roots() {
            self.share(&root);
            self.attend(&root);
        }
        self.leave_brokers();
    }

    /// A device has something more on its disk: it may be what its person has to learn of a group, or what that stands on.
    pub(super) fn may_have_told(&mut self, device: &DeviceKey, way: Way) {
        let Some(peer) = self.peers.get(device) else { return };
        let learns = |conversation: &&ConversationId| {
            self.joined(conversation).is_some_and(|joined| !self.to_learn(joined, &peer.row.root).is_empty())
        };
        let learned: Vec<ConversationId> = peer.shared.iter().filter(learns).copied().collect();
        learned.into_iter().for_each(|conversation| self.look_whether_told(device, conversation, Sign::Ack(way)));
    }

    /// Something that a device has said may show that its person knows that they are out of a group, or we.
    pub(super) fn look_whether_told(&mut self, device: &DeviceKey, conversation: ConversationId, sign: Sign) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let Some(joined) = self.joined(&conversation) else { return };
        let ends = self.to_learn(joined, &root);
        // Only what somebody says to have shows that they have lost what they had.
        if !ends.is_empty() && (sign == Sign::Have || !joined.told.contains(device)) {
            let pending = Pending::Told { device: *device, conversation, ends: ends.clone(), sign };
            self.ask(pending, Op::Knows { conversation, peer: *device, to: root, ids: ends });
        }
    }

    /// As many of what puts somebody out of a group are on their device, as many have their place there, and as many would with what only
    /// others can give them, as far as is known.
    pub(super) fn told_of_end(
        &mut self,
        device: &DeviceKey,
        conversation: &ConversationId,
        ends: &[EntryId],
        sign: Sign,
        (has, placed, given): (u64, u64, u64),
    ) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let Some(joined) = self.joined(conversation) else { return };
        let all = u64::try_from(ends.len()).unwrap_or(u64::MAX);
        if ends.is_empty() || self.to_learn(joined, &root) != ends {
            return;
        }
        if joined.has(&root) && given == all {
            self.leave_is_heard(conversation);
        } else if joined.has(&root) {
            self.leave_waits(device, conversation, sign, has == all);
        } else if let Some(joined) = self.joined_mut(conversation) {
            // Who has lost it with a disk is told again.
            let knows = placed == all;
            let changes = if knows { joined.told.insert(*device) } else { joined.told.remove(device) };
            if changes {
                self.share(&root);
            }
            if changes && !knows && sign == Sign::Have {
                // It was said when nothing was shared; by mail it asks for the rest too.
                self.answer_by_mail(device, *conversation);
            }
        }
    }

    /// A link opens: a contact may have lost with a disk that they are out of a group, and mail from before may say that they know it. Each
    /// says once what there is.
    pub(super) fn look_anew_who_knows(&mut self, device: &DeviceKey) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let told = self.groups_told(device);
        for conversation in &told {
            self.joined_mut(conversation).into_iter().for_each(|joined| _ = joined.told.remove(device));
        }
        if !told.is_empty() {
            self.share(&root);
        }
    }

    /// The groups of which a contact knows that they are out, and of which nothing is said to them therefore.
    pub(super) fn groups_told(&self, device: &DeviceKey) -> Vec<ConversationId> {
        let is_told = |group: &&ConversationId| self.joined(group).is_some_and(|joined| joined.told.contains(device));
        if self.is_contact(device) { self.groups.values().filter(is_told).copied().collect() } else { vec![] }
    }

    /// A device lacks it that we left a group, or what that stands on, as far as is known.
    fn leave_waits(&mut self, device: &DeviceKey, conversation: &ConversationId, sign: Sign, has: bool) {
        let then = self.now.mono + QUESTION_PATIENCE;
        let Some(joined) = self.joined_mut(conversation) else { return };
        let answered = &mut joined.leaving.answered;
        match (sign, answered.get(device)) {
            // Also before it has the leave: one more question may stay unsaid, for it may not ask as often as it likes.
            (Sign::Have, _) => _ = answered.insert(*device, Answer::Asks(then)),
            _ if !has => {}
            // The last process may have heard a question.
            (Sign::Start, _) => _ = answered.insert(*device, Answer::Asks(then)),
            (Sign::Ack(Way::Mail), None) => _ = answered.insert(*device, Answer::Has(then)),
            // It has what it was given last, and may lack more.
            (Sign::Ack(Way::Mail), Some(Answer::Asks(_) | Answer::Given)) => self.give_rest(device, conversation),
            (Sign::Ack(_), _) => {}
        }
    }

    /// Gives a device by mail what it lacks of a group that we have left, as soon as that can be.
    fn give_rest(&mut self, device: &DeviceKey, conversation: &ConversationId) {
        let leaving = self.joined(conversation).is_some_and(|joined| self.is_leaving(joined));
        let hears = leaving && self.peers.get(device).is_some_and(|peer| peer.shared.contains(conversation));
        let Some(joined) = self.joined_mut(conversation) else { return };
        if hears {
            joined.leaving.answered.insert(*device, Answer::Given);
            // Over a link, which carries all of it, nothing is noted.
            self.answer_by_mail(device, *conversation);
        } else {
            joined.leaving.answered.remove(device);
        }
    }

    /// What a device has asked may come only now: it could not before.
    pub(super) fn questions_may_come(&mut self, device: &DeviceKey) {
        let then = self.now.mono + QUESTION_PATIENCE;
        for conversation in self.groups.values().copied().collect::<Vec<_>>() {
            let Some(joined) = self.joined_mut(&conversation) else { continue };
            if let Some(Answer::Has(at)) = joined.leaving.answered.get_mut(device) {
                *at = then;
            }
        }
    }

    pub(super) fn former_deadline(&self) -> Option<Duration> {
        let groups = self.groups.values().filter_map(|conversation| self.joined(conversation));
        groups.filter_map(|joined| joined.leaving.due()).min()
    }

    pub(super) fn tick_former(&mut self) {
        let now = self.now.mono;
        for conversation in self.groups.values().copied().collect::<Vec<_>>() {
            let answered = self.joined(&conversation).map(|joined| joined.leaving.answered.clone()).unwrap_or_default();
            for (device, answer) in answered {
                match answer {
                    Answer::Has(at) if now > at + OVERSLEPT || (now >= at && !self.hears_mail(&device)) => {
                        self.questions_may_come(&device);
                    }
                    Answer::Has(at) if now >= at => {
                        self.leave_is_heard(&conversation);
                        break;
                    }
                    Answer::Asks(at) if now >= at => self.give_rest(&device, &conversation),
                    Answer::Has(_) | Answer::Asks(_) | Answer::Given => {}
                }
            }
        }
    }
}
