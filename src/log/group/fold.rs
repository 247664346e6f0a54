//! What counts: the rules of [`super`], decided from the most senior authority down.
//!
//! What an entry takes from somebody reaches only what rests on an authority that is junior to the one by which it was written. So
//! when the grants of authority are looked at in their order, everything that could take one back, or the entries that were written
//! by it, is decided before it, and nothing goes in circles.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::causality::{Clock, Index};
use super::{Action, Fact, Group};
use crate::log::group_conversation;
use crate::wire::{EntryId, RootKey};

/// How senior an authority is, the most senior lowest: as many have taken over on the way, so long is the way from the creation, the
/// entry that made the admin. It grows along whatever was seen, so nobody grants what is senior to their own.
pub(super) type Rank = (u32, u32, EntryId);

/// What counts in a group. Made by [`Group::fold`].
#[derive(Clone, Debug)]
pub struct Fold<'g> {
    pub(super) group: &'g Group,
    found: Arc<Found>,
}

/// What a fold has found out.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// By the most senior authority that each entry counts by.
    pub(super) counts: Vec<Option<Rank>>,
    /// Would count if the one whom it is about were not senior.
    pub(super) against_senior: Vec<bool>,
    /// Grants that make somebody an admin, the most senior first.
    pub(super) grants: Vec<Grant>,
    /// What takes an office from somebody.
    revocations: BTreeMap<RootKey, Vec<Revocation>>,
    /// What puts somebody into the group. Those of one person in the order of [`Seat`].
    pub(super) seats: BTreeMap<RootKey, Vec<Seat>>,
    /// What puts somebody out of it.
    pub(super) ends: BTreeMap<RootKey, Vec<Index>>,
    /// What makes it void that somebody was added, or their remover removed, see [`super::undone`]. Only of those who are not in the group.
    pub(super) undone: BTreeMap<RootKey, BTreeSet<Index>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub entry: Index,
    pub rank: Rank,
    pub to: RootKey,
}

#[derive(Clone, Copy, Debug)]
struct Revocation {
    entry: Index,
    /// None: their own word, which needs no authority.
    rank: Option<Rank>,
}

/// A way into the group; the longest in the group are the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seat {
    height: u32,
    id: EntryId,
    /// The place in the creation's list.
    place: usize,
    pub entry: Index,
}

impl Deref for Fold<'_> {
    type Target = Found;

    fn deref(&self) -> &Found {
        &self.found
    }
}

impl<'g> Fold<'g> {
    /// As it was found before, or found now.
    pub(super) fn of(group: &'g Group, found: &OnceLock<Arc<Found>>) -> Self {
        let found = found.get_or_init(|| Self::new(group).found);
        Self { group, found: Arc::clone(found) }
    }

    fn new(group: &'g Group) -> Self {
        let (counts, against_senior) = (vec![None; group.nodes.len()], vec![false; group.nodes.len()]);
        let mut fold = Self { group, found: Arc::new(Found { counts, against_senior, ..Found::default() }) };
        fold.hear_everybody_about_themselves();
        let mut grants: Vec<Grant> = vec![];
        for (entry, node) in group.nodes.iter().enumerate() {
            if let Some(to) = node.fact.grants() {
                grants.push(Grant { entry, rank: fold.rank(entry), to });
            }
        }
        grants.sort_by_key(|grant| grant.rank);
        for grant in grants {
            if fold.takes_effect(&grant) {
                fold.find().grants.push(grant);
                fold.act_by(&grant);
            }
        }
        let undone = fold.look_for_undone();
        fold.find().undone = undone;
        fold
    }

    fn find(&mut self) -> &mut Found {
        Arc::make_mut(&mut self.found)
    }

    /// An entry counts by an authority of this rank.
    fn count(&mut self, entry: Index, rank: Rank) {
        if let Some(counts) = self.find().counts.get_mut(entry) {
            *counts = Some(rank);
        }
    }

    pub(super) fn fact(&self, index: Index) -> Option<&'g Fact> {
        self.group.nodes.get(index).map(|node| &node.fact)
    }

    pub(super) fn rank(&self, index: Index) -> Rank {
        let node = self.group.nodes.get(index);
        let id = node.map_or(EntryId([0xff; 32]), |node| node.fact.id);
        (node.map_or(u32::MAX, |node| node.reign), self.group.causality.height(index), id)
    }

    pub(super) fn has_seen(&self, later: Index, earlier: Index) -> bool {
        self.group.causality.has_seen(later, earlier)
    }

    pub(super) fn is_known_device(&self, fact: &Fact) -> bool {
        self.group.is_known_device(&fact.author, &fact.device)
    }

    /// Who leaves or lays down an office takes nothing from anybody else, and is believed before everybody.
    fn hear_everybody_about_themselves(&mut self) {
        for (entry, node) in self.group.nodes.iter().enumerate() {
            let fact = &node.fact;
            if fact.revokes() == Some(fact.author) && self.is_known_device(fact) {
                self.revoke(entry, fact, None);
            }
        }
    }

    fn revoke(&mut self, entry: Index, fact: &Fact, rank: Option<Rank>) {
        if let Some(root) = fact.revokes() {
            self.find().revocations.entry(root).or_default().push(Revocation { entry, rank });
        }
        if let Some(root) = fact.ends() {
            self.find().ends.entry(root).or_default().push(entry);
        }
    }

    fn seat(&mut self, entry: Index, root: RootKey, place: usize) {
        let Some(id) = self.fact(entry).map(|fact| fact.id) else { return };
        let seat = Seat { height: self.group.causality.height(entry), id, place, entry };
        let seats = self.find().seats.entry(root).or_default();
        let at = seats.partition_point(|other| *other < seat);
        seats.insert(at, seat);
    }

    /// Whether an authority does not reach an entry, because somebody took it back and had not seen the entry.
    fn is_taken_back(&self, grant: &Grant, from: Index) -> bool {
        self.revocations.get(&grant.to).into_iter().flatten().any(|revocation| {
            revocation.reaches(grant)
                && !self.has_seen(grant.entry, revocation.entry)
                && !self.has_seen(revocation.entry, from)
        })
    }

    /// What takes an authority back and neither has seen this entry nor was seen by it. Nothing when the entry knows it taken back.
    pub(super) fn taken_back_beside(&self, grant: &Grant, entry: Index) -> impl Iterator<Item = Index> {
        let revocations = self.revocations.get(&grant.to).into_iter().flatten();
        let is_held = !self.is_given_up_by(grant, entry);
        let beside = revocations.filter(move |revocation| {
            is_held
                && revocation.reaches(grant)
                && !self.has_seen(grant.entry, revocation.entry)
                && self.group.causality.concurrent(revocation.entry, entry)
        });
        beside.map(|revocation| revocation.entry)
    }

    /// How many entries take something from somebody.
    pub(super) fn takers_of(&self, root: &RootKey) -> usize {
        self.revocations.get(root).map_or(0, Vec::len)
    }

    /// Whether an authority was taken back by something that an entry has seen.
    pub(super) fn is_given_up_by(&self, grant: &Grant, by: Index) -> bool {
        self.revocations.get(&grant.to).into_iter().flatten().any(|revocation| {
            revocation.reaches(grant)
                && !self.has_seen(grant.entry, revocation.entry)
                && self.has_seen(by, revocation.entry)
        })
    }

    /// Whether a grant makes somebody an admin. Everything that is senior to it is decided.
    fn takes_effect(&mut self, grant: &Grant) -> bool {
        let Some(fact) = self.fact(grant.entry) else { return false };
        match &fact.action {
            Some(Action::Create { cards, .. }) => {
                let opens = group_conversation(&fact.id) == self.group.conversation
                    && self.is_known_device(fact)
                    && cards.first().is_some_and(|card| card.root() == fact.author);
                if opens {
                    self.count(grant.entry, grant.rank);
                    for (place, card) in cards.iter().enumerate() {
                        self.seat(grant.entry, card.root(), place);
                    }
                }
                opens
            }
            Some(Action::Promote { root }) if *root == fact.author => {
                let takes_over = self.is_known_device(fact)
                    && !self.knows_an_admin(grant.entry)
                    && self.heir_by(grant.entry) == Some(*root)
                    && !self.is_taken_back(grant, grant.entry);
                if takes_over {
                    self.count(grant.entry, grant.rank);
                }
                takes_over
            }
            Some(Action::Promote { root }) => {
                self.counts.get(grant.entry).is_some_and(Option::is_some) && self.seat_by(root, grant.entry).is_some()
            }
            _ => false,
        }
    }

    /// Everything that somebody has done by this authority.
    fn act_by(&mut self, grant: &Grant) {
        for entry in self.group.by_author.get(&grant.to).into_iter().flatten().copied() {
            let Some(fact) = self.fact(entry) else { continue };
            if !fact.needs_authority()
                || self.counts.get(entry).is_none_or(Option::is_some)
                || !self.has_seen(entry, grant.entry)
                || !self.is_known_device(fact)
                || self.is_taken_back(grant, entry)
            {
                continue;
            }
            if let Some(root) = fact.revokes()
                && self.is_protected(&root, entry, grant.rank)
            {
                if let Some(senior) = self.find().against_senior.get_mut(entry) {
                    *senior = true;
                }
                continue;
            }
            self.count(entry, grant.rank);
            self.revoke(entry, fact, Some(grant.rank));
            if let Some(Action::Add { card }) = &fact.action {
                self.seat(entry, card.root(), 0);
            }
        }
    }

    /// Whether somebody holds an authority that is senior to this rank, as an entry against them finds it: made before it, or
    /// without knowing of it, and not taken back by a senior who did not know of it either.
    fn is_protected(&self, root: &RootKey, from: Index, rank: Rank) -> bool {
        self.grants
            .iter()
            .take_while(|grant| grant.rank < rank)
            .any(|grant| grant.to == *root && !self.has_seen(grant.entry, from) && !self.is_taken_back(grant, from))
    }

    /// Whether an entry has seen an admin, and nothing that takes that back.
    pub(super) fn knows_an_admin(&self, by: Index) -> bool {
        let mut seen = self.grants.iter().filter(|grant| self.has_seen(by, grant.entry));
        seen.any(|grant| !self.is_given_up_by(grant, by))
    }

    /// The member who has been in longest, as an entry sees it.
    fn heir_by(&self, by: Index) -> Option<RootKey> {
        let seats = self.seats.keys().filter_map(|root| Some((self.seat_by(root, by)?, *root)));
        seats.min().map(|(_, root)| root)
    }

    /// Somebody's seat, as an entry sees it.
    pub(super) fn seat_by(&self, root: &RootKey, by: Index) -> Option<Seat> {
        self.seat_when(root, |entry| self.has_seen(by, entry))
    }

    /// Somebody's seat for who has seen so much.
    pub(super) fn seat_in(&self, root: &RootKey, clock: &Clock) -> Option<Seat> {
        self.seat_when(root, |entry| self.group.causality.is_in(clock, entry))
    }

    /// Somebody's seat now.
    pub(super) fn seat_now(&self, root: &RootKey) -> Option<Seat> {
        self.seat_when(root, |_| true)
    }

    fn seat_when(&self, root: &RootKey, is_seen: impl Fn(Index) -> bool) -> Option<Seat> {
        self.seats.get(root)?.iter().find(|seat| self.holds(root, seat, &is_seen)).copied()
    }

    /// Whether nothing that is seen ends a seat.
    pub(super) fn holds(&self, root: &RootKey, seat: &Seat, is_seen: impl Fn(Index) -> bool) -> bool {
        let mut ends = self.ends.get(root).into_iter().flatten();
        is_seen(seat.entry) && !ends.any(|end| is_seen(*end) && !self.has_seen(seat.entry, *end))
    }

    /// Everything that has put somebody into the group and still does, the longest first. There is more than one when several have
    /// added them at the same time.
    pub fn ways_in(&self, root: &RootKey) -> impl Iterator<Item = &'g Fact> {
        let seats = self.seats.get(root).into_iter().flatten();
        seats.filter(|seat| self.holds(root, seat, |_| true)).filter_map(|seat| self.fact(seat.entry))
    }

    /// The grant by which somebody is an admin now, the most senior of them.
    pub(super) fn office_now(&self, root: &RootKey) -> Option<&Grant> {
        self.grants.iter().filter(|grant| grant.to == *root).find(|grant| {
            !self
                .revocations
                .get(root)
                .into_iter()
                .flatten()
                .any(|revocation| revocation.reaches(grant) && !self.has_seen(grant.entry, revocation.entry))
        })
    }
}

impl Revocation {
    /// Whether it was written by an authority that is senior to what it takes back.
    fn reaches(&self, grant: &Grant) -> bool {
        self.rank.is_none_or(|rank| rank < grant.rank)
    }
}
