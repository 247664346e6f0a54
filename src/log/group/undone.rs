//! What makes it void that somebody was added by a person who did not know of it, or that the office was taken from whoever put somebody out.
//!
//! Who was added so, or put out so, takes themselves to be in the group, and nobody who knows better may give them what was written by people who
//! did not know them as a member. But they have to learn what decides about them: what took back the authority by which they were
//! added, or were to come back, and what that stands on. Whoever lost the authority had all of that, or could have, and might have told it.

use std::collections::{BTreeMap, BTreeSet};

use super::causality::Index;
use super::fold::Grant;
use super::{Action, Fact, Fold, Subject};
use crate::wire::RootKey;

/// Steps of the search in one fold, far more than people who meet and part need. Somebody may write changes that count for nothing by the
/// thousand, and each may have seen all the others. Where they are spent nothing has been found, of nobody: what was found until then would
/// depend on the order in which the entries came here.
const STEPS_MAX: usize = 1 << 16;

impl Fold<'_> {
    /// Of everybody who is not in the group and was added in vain, or whose remover was in vain removed: what has taken an authority back on which
    /// that rested.
    pub(super) fn look_for_undone(&self) -> BTreeMap<RootKey, BTreeSet<Index>> {
        let (mut undone, mut steps) = (BTreeMap::new(), STEPS_MAX);
        // Many may have been put out by the same admin: what somebody wrote against them in vain leads to the same.
        let (mut takers, mut known) = (BTreeMap::new(), BTreeMap::new());
        for root in self.group.introductions.keys().filter(|root| self.seat_now(root).is_none()) {
            let mut found = self.undone_of(self.additions_in_vain(root).collect(), &mut steps);
            for taker in self.takers_in_vain(root, &mut takers, &mut steps) {
                let of_it: &BTreeSet<Index> =
                    known.entry(taker).or_insert_with(|| self.undone_of(vec![taker], &mut steps));
                found.extend(of_it);
            }
            if !found.is_empty() {
                undone.insert(*root, found);
            }
        }
        if steps == 0 { BTreeMap::new() } else { undone }
    }

    fn additions_in_vain(&self, root: &RootKey) -> impl Iterator<Item = Index> {
        let introductions = self.group.introductions.get(root).into_iter().flatten().copied();
        introductions.filter(|entry| self.is_in_vain(*entry) && self.fact(*entry).is_some_and(Fact::needs_authority))
    }

    /// What would take back the authority by which others put somebody out, beside that, and does not count: who has it, and lacks what makes
    /// it void, takes themselves to be in the group. `known` is what was found of an author.
    fn takers_in_vain(
        &self,
        root: &RootKey,
        known: &mut BTreeMap<RootKey, Vec<Index>>,
        steps: &mut usize,
    ) -> BTreeSet<Index> {
        let mut beside = BTreeSet::new();
        for end in self.ends.get(root).into_iter().flatten().copied() {
            let Some(author) = self.fact(end).map(|fact| fact.author).filter(|author| author != root) else { continue };
            let takers = known.entry(author).or_insert_with(|| self.revoked_in_vain(author, steps));
            let concurrent = |taker: &&Index| self.group.causality.concurrent(**taker, end);
            beside.extend(takers.iter().take_while(|_| spend(steps)).filter(concurrent));
        }
        beside
    }

    /// What would take an authority from somebody, by others, and does not count.
    fn revoked_in_vain(&self, author: RootKey, steps: &mut usize) -> Vec<Index> {
        let about = self.group.about.get(&Subject::Person(author)).into_iter().flatten().copied();
        let revokes = |taker: &Index| self.fact(*taker).is_some_and(|fact| fact.revokes() == Some(author));
        about.take_while(|_| spend(steps)).filter(|taker| revokes(taker) && self.is_in_vain(*taker)).collect()
    }

    fn is_in_vain(&self, entry: Index) -> bool {
        self.counts.get(entry).is_some_and(Option::is_none)
            && self.fact(entry).is_some_and(|fact| self.is_known_device(fact))
    }

    /// What takes an authority back beside an entry from somebody who is in the group, as it sees it. Who is out may write whatever they like
    /// about themselves and others, to be given what that would stand on.
    fn taken_from_a_member(&self, grant: &Grant, entry: Index, steps: &mut usize) -> Vec<Index> {
        // All of them are looked at, twice.
        *steps = steps.saturating_sub(2 * self.takers_of(&grant.to));
        let ends = self.ends.get(&grant.to).map_or(0, Vec::len);
        let is_in = |taker: &Index| {
            *steps = steps.saturating_sub(1 + ends);
            self.seat_by(&grant.to, *taker).is_some()
        };
        self.taken_back_beside(grant, entry).filter(is_in).collect()
    }

    /// From each of these entries along the authorities that it has seen, and what these rest on.
    fn undone_of(&self, mut left: Vec<Index>, steps: &mut usize) -> BTreeSet<Index> {
        let (mut found, mut looked) = (BTreeSet::new(), BTreeSet::new());
        while let Some(entry) = left.pop().filter(|_| spend(steps)) {
            let Some(fact) = self.fact(entry).filter(|_| looked.insert(entry)) else { continue };
            *steps = steps.saturating_sub(self.grants.len());
            for grant in self.grants.iter().filter(|grant| grant.to == fact.author && self.has_seen(entry, grant.entry))
            {
                found.extend(self.taken_from_a_member(grant, entry, steps));
            }
            // Promotions that came to nothing, by what made them or by who was promoted.
            let about = self.group.about.get(&Subject::Person(fact.author)).into_iter().flatten().copied();
            let about = about.take_while(|_| spend(steps));
            let seen = about.filter(|index| *index == entry || self.has_seen(entry, *index));
            for promotion in seen.filter(|index| self.is_in_vain(*index)).collect::<Vec<_>>() {
                let Some(Action::Promote { root }) = self.fact(promotion).and_then(|fact| fact.action.as_ref()) else {
                    continue;
                };
                // Nobody has made them one, and they knew who is.
                if self.fact(promotion).is_some_and(Fact::promotes_itself) && self.knows_an_admin(promotion) {
                    continue;
                }
                let grant = Grant { entry: promotion, rank: self.rank(promotion), to: *root };
                found.extend(self.taken_from_a_member(&grant, entry, steps));
                left.push(promotion);
            }
            let added = self.additions_in_vain(&fact.author).take_while(|_| spend(steps));
            left.extend(added.filter(|index| self.has_seen(entry, *index)));
        }
        found
    }
}

/// Takes a step, if there is one left.
fn spend(steps: &mut usize) -> bool {
    *steps = steps.saturating_sub(1);
    *steps > 0
}
