//! Groups: who is in one, who may change it, and what of all that was written counts.
//!
//! A group is a conversation whose entries of kind GROUP change it ([`Action`]). [`Group`] holds these entries and who of them has
//! seen whom; [`Group::fold`] computes everything else from that alone, whatever the order of arrival, and never from a clock. It
//! needs no texts: a text comes with the entries of the group that it has seen ([`Written`]).
//!
//! # The rules
//!
//! 1. **Authority comes from authority.** The creator is an admin, and so is whom an admin promotes while they are a member. Every
//!    admin adds people, removes and demotes, promotes, renames, and says whether history is shared. An entry counts if its author
//!    was an admin by what the entry has seen, and if nothing that counts takes that back at the same time (rule 3).
//! 2. **Seniority.** Who became an admin earlier is senior: by the longest way from the creation down to the entry that made them
//!    one, and by that entry's id where it is equal. Nobody can make an admin who is senior to themselves, and no clock has a
//!    say. **An admin removes and demotes members and juniors, never a senior.** So of two who remove each other the senior stays,
//!    and no two entries can undo each other: what counts is decided from the most senior down.
//! 3. **What the removed did without the remover knowing it is void.** When somebody is removed or demoted, what they did as an
//!    admin counts if the removal has seen it, and otherwise not, whenever they say that they wrote it. What was done only by its
//!    authority is void with it. A promotion by a senior of the remover that the remover has not seen saves them.
//! 4. **A removal wins over an addition that has not seen it.** Who was removed is in again by an addition that has seen every
//!    removal of them that counts; an admin they are again when they are promoted again.
//! 5. **What the removed wrote counts up to the cut**: the last entry of each of their logs that the remover knew. What stands
//!    above it, on another branch or in another log is void, until an addition that the entry has seen. Who leaves says their own
//!    cut, and takes nothing away from anybody else.
//! 6. **No group is without an heir.** When an entry has seen no admin who still is one, the member who has been in longest may
//!    promote themselves, and that is all that they may do before.
//! 7. **A device counts if any card of its person in the group names it**: cards are signed by the person, whoever hands them on.
//! 8. Of names that were given at the same time the one with the later time, author, id is shown; of two words about history
//!    "no" wins. Neither gives anybody power.
//! 9. Of more than [`MEMBERS_MAX`] people those count who have been in longest.
//! 10. **What stands beside the group is not looked at.** An entry belongs to it if it creates it, or if it has seen a card of its
//!     author and nothing that does not belong to it. Anybody can write others, as many as they like: they are void, whatever else
//!     arrives, and everything is as if they were not there. So nobody needs to take, keep or name them.

mod action;
mod causality;
mod fold;
mod membership;
mod undone;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use thiserror::Error;

pub use action::{Action, ActionError, CUT_LOGS_MAX, HUE_MAX, Last, MEMBERS_MAX};
pub use fold::Fold;
pub use membership::{Former, Member, Membership};
pub use verdict::{Refusal, Share, Void, Written};

use self::causality::{Causality, Clock, Index};
use self::fold::Found;
use super::{Entry, group_conversation};
use crate::wire::{ConversationId, DeviceKey, EntryId, RootKey};

/// An entry of kind GROUP as the fold sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The entry.
    pub id: EntryId,
    /// Who wrote it.
    pub author: RootKey,
    /// With which device.
    pub device: DeviceKey,
    /// The author's clock: decides between names only.
    pub time: u64,
    /// The group's entries that it has seen, directly or through others. It is enough to name those that no other of them has
    /// seen; to name more changes nothing.
    pub seen: Vec<EntryId>,
    /// What it does. None when it cannot be read: a newer version's, or nonsense.
    pub action: Option<Action>,
}

impl Fact {
    /// What the fold needs of an entry. Its body is verified here.
    #[must_use]
    pub fn new(entry: &Entry, seen: Vec<EntryId>) -> Self {
        let header = entry.header();
        let action = entry.body().and_then(|body| Action::parse(body).ok());
        Self { id: entry.id(), author: header.author, device: header.device, time: header.time, seen, action }
    }
}

/// What an entry is about: two that are about the same and have not seen each other are worth a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Person(RootKey),
    Name,
    History,
}

/// The entries of one group.
#[derive(Clone, Debug)]
pub struct Group {
    conversation: ConversationId,
    causality: Causality,
    nodes: Vec<Node>,
    by_author: BTreeMap<RootKey, Vec<Index>>,
    about: BTreeMap<Subject, Vec<Index>>,
    devices: BTreeMap<RootKey, BTreeSet<DeviceKey>>,
    /// The entries with a card of somebody.
    introductions: BTreeMap<RootKey, Vec<Index>>,
    /// Those that do not belong to the group (rule 10): by whom, and with which device.
    beside: BTreeMap<EntryId, (RootKey, DeviceKey)>,
    /// What was found out when it was last folded. It follows from the entries alone, so it is kept until one more is added.
    found: OnceLock<Arc<Found>>,
}

#[derive(Clone, Debug)]
struct Node {
    fact: Fact,
    /// As many people have promoted themselves on the way to it, at most.
    reign: u32,
}

/// Why an entry was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an entry that this one has seen is not here yet")]
pub struct Unknown;

impl Group {
    /// A group of which nothing is known yet.
    #[must_use]
    pub fn new(conversation: ConversationId) -> Self {
        Self {
            conversation,
            causality: Causality::default(),
            nodes: vec![],
            by_author: BTreeMap::new(),
            about: BTreeMap::new(),
            devices: BTreeMap::new(),
            introductions: BTreeMap::new(),
            beside: BTreeMap::new(),
            found: OnceLock::new(),
        }
    }

    /// Takes an entry. One that is here already changes nothing. It takes about as many steps as there are logs with such entries.
    ///
    /// # Errors
    /// When an entry that it has seen is not here: it must wait for that one, as it waits for its place in the order.
    pub fn add(&mut self, fact: Fact) -> Result<(), Unknown> {
        if self.causality.find(&fact.id).is_some() || self.beside.contains_key(&fact.id) {
            return Ok(());
        }
        if fact.seen.iter().any(|id| self.causality.find(id).is_none() && !self.beside.contains_key(id)) {
            return Err(Unknown);
        }
        if group_conversation(&fact.id) != self.conversation && !self.knows(&fact.author, &fact.seen) {
            self.beside.insert(fact.id, (fact.author, fact.device));
            return Ok(());
        }
        let seen: Vec<Index> = fact.seen.iter().filter_map(|id| self.causality.find(id)).collect();
        let reigns = seen.iter().filter_map(|index| self.nodes.get(*index));
        let reign = reigns.map(|node| node.reign).max().unwrap_or(0) + u32::from(fact.promotes_itself());
        let index = self.causality.add(fact.id, &seen);
        self.found = OnceLock::new();
        self.by_author.entry(fact.author).or_default().push(index);
        if let Some(subject) = fact.subject() {
            self.about.entry(subject).or_default().push(index);
        }
        for card in fact.cards() {
            let devices = card.devices().devices().iter().map(|certificate| certificate.device);
            self.devices.entry(card.root()).or_default().extend(devices);
            self.introductions.entry(card.root()).or_default().push(index);
        }
        self.nodes.push(Node { fact, reign });
        Ok(())
    }

    /// Whether all of these entries belong to the group, and a card of somebody is in them or in what they have seen: otherwise what
    /// they write behind these stands beside it.
    #[must_use]
    pub fn knows(&self, root: &RootKey, seen: &[EntryId]) -> bool {
        let clock = self.clock(seen);
        let mut introductions = self.introductions.get(root).into_iter().flatten();
        seen.iter().all(|id| self.belongs(id)) && introductions.any(|index| self.causality.is_in(&clock, *index))
    }

    /// Whether an entry that was added belongs to the group.
    #[must_use]
    pub fn belongs(&self, id: &EntryId) -> bool {
        self.causality.find(id).is_some()
    }

    fn clock(&self, seen: &[EntryId]) -> Clock {
        let seen: Vec<Index> = seen.iter().filter_map(|id| self.causality.find(id)).collect();
        self.causality.clock_of(&seen)
    }

    /// How many entries are here that belong to it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether none is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The entries that belong to it, in the order in which they were added.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.nodes.iter().map(|node| &node.fact)
    }

    /// An entry.
    #[must_use]
    pub fn fact(&self, id: &EntryId) -> Option<&Fact> {
        self.causality.find(id).and_then(|index| self.nodes.get(index)).map(|node| &node.fact)
    }

    /// The entries that no other has seen. Who changes the group names them among what they have seen, before any other heads: what
    /// an entry has not seen of somebody who is removed by it is void.
    #[must_use]
    pub fn tops(&self) -> Vec<EntryId> {
        self.causality.tops()
    }

    /// Computes who is in the group and what counts.
    #[must_use]
    pub fn fold(&self) -> Fold<'_> {
        Fold::of(self, &self.found)
    }

    /// Whether a card of somebody that is known in the group names this device.
    #[must_use]
    pub fn is_known_device(&self, root: &RootKey, device: &DeviceKey) -> bool {
        self.devices.get(root).is_some_and(|devices| devices.contains(device))
    }
}

impl Fact {
    /// Whom it takes something from: a membership or an office.
    fn revokes(&self) -> Option<RootKey> {
        match &self.action {
            Some(Action::Remove { root, .. } | Action::Demote { root }) => Some(*root),
            Some(Action::Leave { .. }) => Some(self.author),
            _ => None,
        }
    }

    /// Whom it puts out of the group.
    fn ends(&self) -> Option<RootKey> {
        match &self.action {
            Some(Action::Remove { root, .. }) => Some(*root),
            Some(Action::Leave { .. }) => Some(self.author),
            _ => None,
        }
    }

    /// Whom it makes an admin.
    fn grants(&self) -> Option<RootKey> {
        match &self.action {
            Some(Action::Create { .. }) => Some(self.author),
            Some(Action::Promote { root }) => Some(*root),
            _ => None,
        }
    }

    fn promotes_itself(&self) -> bool {
        matches!(&self.action, Some(Action::Promote { root }) if *root == self.author)
    }

    /// Whether an admin's authority is what it counts by. What somebody does to themselves needs none.
    fn needs_authority(&self) -> bool {
        match &self.action {
            None | Some(Action::Create { .. } | Action::Leave { .. }) => false,
            Some(Action::Add { card }) => card.root() != self.author,
            Some(Action::Remove { root, .. } | Action::Demote { root } | Action::Promote { root }) => {
                *root != self.author
            }
            Some(Action::Rename { .. } | Action::History { .. }) => true,
        }
    }

    fn cards(&self) -> &[crate::identity::Card] {
        match &self.action {
            Some(Action::Create { cards, .. }) => cards,
            Some(Action::Add { card }) => std::slice::from_ref(card),
            _ => &[],
        }
    }

    fn subject(&self) -> Option<Subject> {
        match self.action.as_ref()? {
            Action::Create { .. } => None,
            Action::Add { card } => Some(Subject::Person(card.root())),
            Action::Remove { root, .. } | Action::Promote { root } | Action::Demote { root } => {
                Some(Subject::Person(*root))
            }
            Action::Leave { .. } => Some(Subject::Person(self.author)),
            Action::Rename { .. } => Some(Subject::Name),
            Action::History { .. } => Some(Subject::History),
        }
    }
}

#[cfg(test)]
mod tests;
