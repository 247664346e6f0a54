//! Who is in a group now, and what it is called: the part of a fold that a window shows.

use std::collections::{BTreeMap, BTreeSet};

use super::causality::Index;
use super::fold::Seat;
use super::{Action, Fold, Last, MEMBERS_MAX};
use crate::identity::{Card, Name};
use crate::wire::{EntryId, RootKey};

/// A group as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// What it is called.
    pub name: Name,
    /// The colour of its picture, at most [`super::HUE_MAX`].
    pub hue: u16,
    /// Whether those who come from now on get what was written before.
    pub history: bool,
    /// Who made it.
    pub creator: RootKey,
    /// Who is in it, the longest first; at most [`MEMBERS_MAX`].
    pub members: Vec<Member>,
    /// Who would be in it if it were not full, the next one first.
    pub waiting: Vec<RootKey>,
    /// Who was in it.
    pub former: Vec<Former>,
    /// What somebody who is not in it has to learn who was added in vain, or whose remover was removed in vain: what took back the authority for
    /// that, without knowing of it.
    pub undone: BTreeMap<RootKey, Vec<EntryId>>,
    /// Who takes over when nobody is an admin.
    pub heir: Option<RootKey>,
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub root: RootKey,
    /// Their newest card in the group.
    pub card: Card,
    /// The entry that made them an admin, if they are one.
    pub admin: Option<EntryId>,
    /// How senior an admin they are: 0 is the most senior. Who is no admin is below all of them.
    pub seniority: usize,
    /// The entry that brought them in.
    pub since: EntryId,
    /// Whether they get what was written before it.
    pub history: bool,
}

/// Somebody who was in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// Who.
    pub root: RootKey,
    /// Their newest card in the group.
    pub card: Card,
    /// The entries that put them out, each with its author and its cut: themselves if they left.
    pub ends: Vec<(EntryId, RootKey, Vec<Last>)>,
}

impl Fold<'_> {
    /// Who is in the group, and what it is called. None as long as the entry that creates it is missing or says nothing.
    #[must_use]
    pub fn membership(&self) -> Option<Membership> {
        let (creator, name, hue, history) = self.creation()?;
        let (mut members, mut waiting) = (vec![], vec![]);
        let mut offices: Vec<_> = self.grants.iter().map(|grant| grant.rank).collect();
        offices.sort_unstable();
        let cards = self.cards();
        for (place, (root, seat)) in self.sitting().into_iter().enumerate() {
            let Some(card) = cards.get(&root).filter(|_| place < MEMBERS_MAX) else {
                waiting.push(root);
                continue;
            };
            let office = self.office_now(&root);
            let admin = office.and_then(|grant| self.fact(grant.entry)).map(|fact| fact.id);
            let Some(since) = self.fact(seat.entry).map(|fact| fact.id) else { continue };
            let seniority = office.map_or(offices.len(), |grant| offices.partition_point(|rank| *rank < grant.rank));
            let history = self.history_for(&seat, history);
            members.push(Member { root, card: (*card).clone(), admin, seniority, since, history });
        }
        let former = self.seats.keys().filter(|root| self.seat_now(root).is_none());
        let former = former.filter_map(|root| {
            let card = (*cards.get(root)?).clone();
            let ends = self.ends.get(root).into_iter().flatten().filter_map(|end| self.end(*end));
            let mut ends: Vec<_> = ends.collect();
            ends.sort_unstable_by_key(|(id, ..)| *id);
            Some(Former { root: *root, card, ends })
        });
        let former = former.collect();
        let ids = |entries: &BTreeSet<Index>| -> Vec<EntryId> {
            let mut ids: Vec<EntryId> =
                entries.iter().filter_map(|entry| self.fact(*entry)).map(|fact| fact.id).collect();
            ids.sort_unstable();
            ids
        };
        let undone = self.undone.iter().map(|(root, entries)| (*root, ids(entries))).collect();
        let (name, hue) = self.look(name, hue);
        let history = self.history_of(history, |_| true);
        let headless = members.iter().all(|member| member.admin.is_none());
        let heir = members.first().filter(|_| headless).map(|member| member.root);
        Some(Membership { name, hue, history, creator, members, waiting, former, undone, heir })
    }

    fn creation(&self) -> Option<(RootKey, &Name, u16, bool)> {
        let creation = self.grants.iter().filter_map(|grant| self.fact(grant.entry));
        creation
            .filter_map(|fact| match &fact.action {
                Some(Action::Create { name, hue, history, .. }) => Some((fact.author, name, *hue, *history)),
                _ => None,
            })
            .next()
    }

    /// Everybody who has a seat, the longest first.
    pub(super) fn sitting(&self) -> Vec<(RootKey, Seat)> {
        let mut sitting: Vec<_> = self.seats.keys().filter_map(|root| Some((self.seat_now(root)?, *root))).collect();
        sitting.sort_unstable();
        sitting.into_iter().map(|(seat, root)| (root, seat)).collect()
    }

    /// Somebody's newest card among those that count: an admin brought it, or they themselves.
    fn cards(&self) -> BTreeMap<RootKey, &Card> {
        let mut newest: BTreeMap<RootKey, &Card> = BTreeMap::new();
        for (index, node) in self.group.nodes.iter().enumerate() {
            for card in node.fact.cards() {
                let own = card.root() == node.fact.author && self.is_known_device(&node.fact);
                if !own && self.counts.get(index).is_none_or(Option::is_none) {
                    continue;
                }
                let known = newest.entry(card.root()).or_insert(card);
                // Two cards with the same counters say the same, or their owner cheats: then any of them will do, the same everywhere.
                if card.is_newer_than(known) || (!known.is_newer_than(card) && card.bytes() > known.bytes()) {
                    *known = card;
                }
            }
        }
        newest
    }

    fn end(&self, index: Index) -> Option<(EntryId, RootKey, Vec<Last>)> {
        let fact = self.fact(index)?;
        match &fact.action {
            Some(Action::Remove { cut, .. } | Action::Leave { cut }) => Some((fact.id, fact.author, cut.clone())),
            _ => None,
        }
    }

    /// What counts, in the order of the entries, and only those that no later one has seen.
    fn latest(&self, is_meant: impl Fn(Index) -> bool) -> Vec<Index> {
        let mut latest: Vec<Index> = vec![];
        let counts = self.counts.iter().enumerate().filter(|(_, counts)| counts.is_some());
        for index in counts.map(|(index, _)| index).filter(|index| is_meant(*index)) {
            latest.retain(|earlier| !self.group.causality.has_seen(index, *earlier));
            latest.push(index);
        }
        latest
    }

    fn look(&self, name: &Name, hue: u16) -> (Name, u16) {
        let key = |index: &Index| self.fact(*index).map(|fact| (fact.time, fact.author, fact.id));
        let action = |index: Index| self.fact(index).and_then(|fact| fact.action.as_ref());
        let named = self.latest(|index| matches!(action(index), Some(Action::Rename { .. })));
        let named = named.into_iter().max_by_key(key).and_then(action);
        let coloured = self.latest(|index| matches!(action(index), Some(Action::Rename { hue: Some(_), .. })));
        let coloured = coloured.into_iter().max_by_key(key).and_then(action);
        let name = if let Some(Action::Rename { name, .. }) = named { name } else { name };
        let hue = if let Some(Action::Rename { hue: Some(hue), .. }) = coloured { *hue } else { hue };
        (name.clone(), hue)
    }

    fn history_of(&self, created: bool, is_seen: impl Fn(Index) -> bool) -> bool {
        let action = |index: Index| self.fact(index).and_then(|fact| fact.action.as_ref());
        let said = self.latest(|index| matches!(action(index), Some(Action::History { .. })) && is_seen(index));
        if said.is_empty() {
            return created;
        }
        said.into_iter().all(|index| matches!(action(index), Some(Action::History { shared: true })))
    }

    /// Whether somebody gets what was written before they came: as it was when they came, so that a later word does not open what
    /// people wrote under another.
    fn history_for(&self, seat: &Seat, created: bool) -> bool {
        self.history_of(created, |index| self.group.causality.has_seen(seat.entry, index))
    }

    /// The same for somebody with this seat.
    pub(super) fn gets_history(&self, seat: &Seat) -> bool {
        self.creation().is_some_and(|(.., created)| self.history_for(seat, created))
    }
}

impl Membership {
    /// Somebody in the group.
    #[must_use]
    pub fn member(&self, root: &RootKey) -> Option<&Member> {
        self.members.iter().find(|member| member.root == *root)
    }
}
