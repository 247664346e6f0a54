//! What the author of each entry of a group had seen of the others.
//!
//! Every entry stands on a chain: on that of the last entry it has seen if it continues it, on a new one otherwise. What an entry
//! has seen is then one number for each chain, whether one entry has seen another is one comparison, and to add an entry costs as
//! many steps as there are chains: about as many as logs in which somebody has changed the group. Which chain an entry stands on
//! depends on arrival; the answers do not.

use std::collections::BTreeMap;

use crate::wire::EntryId;

/// An entry's number here, in an order in which nobody comes before what they have seen.
pub(super) type Index = usize;

/// Which entries of each chain were seen: as many of the first. A chain that is missing here has none.
pub(super) type Clock = Vec<u32>;

/// The partial order of a group's entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Causality {
    known: BTreeMap<EntryId, Index>,
    points: Vec<Point>,
    /// The length of each chain.
    chains: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Point {
    chain: usize,
    /// Its place on the chain, from 0.
    place: u32,
    /// What it has seen; not itself.
    clock: Clock,
    /// The longest way down to an entry that has seen nothing.
    height: u32,
    /// Nobody has seen it and stands here.
    top: bool,
}

impl Causality {
    pub(super) fn find(&self, id: &EntryId) -> Option<Index> {
        self.known.get(id).copied()
    }

    /// Adds an entry that stands on these. Twice is once.
    pub(super) fn add(&mut self, id: EntryId, below: &[Index]) -> Index {
        if let Some(index) = self.find(&id) {
            return index;
        }
        let clock = self.clock_of(below);
        let height = below.iter().filter_map(|index| self.points.get(*index)).map(|point| point.height + 1).max();
        let mut continued = None;
        for index in below {
            let Some(point) = self.points.get_mut(*index) else { continue };
            point.top = false;
            if self.chains.get(point.chain) == Some(&(point.place + 1)) {
                continued = Some(point.chain);
            }
        }
        let chain = continued.unwrap_or(self.chains.len());
        if continued.is_none() {
            self.chains.push(0);
        }
        let mut place = 0;
        if let Some(length) = self.chains.get_mut(chain) {
            place = *length;
            *length += 1;
        }
        let index = self.points.len();
        self.points.push(Point { chain, place, clock, height: height.unwrap_or(0), top: true });
        self.known.insert(id, index);
        index
    }

    /// Whether `later` has seen `earlier`. Nobody has seen themselves.
    pub(super) fn has_seen(&self, later: Index, earlier: Index) -> bool {
        self.points.get(later).is_some_and(|point| self.is_in(&point.clock, earlier))
    }

    /// Whether neither has seen the other, and they are two.
    pub(super) fn concurrent(&self, one: Index, other: Index) -> bool {
        one != other && !self.has_seen(one, other) && !self.has_seen(other, one)
    }

    /// Whether what this clock has seen includes an entry.
    pub(super) fn is_in(&self, clock: &Clock, index: Index) -> bool {
        #[cfg(test)]
        super::tests::steps::count(1);
        self.points.get(index).is_some_and(|point| clock.get(point.chain).is_some_and(|seen| *seen > point.place))
    }

    /// What somebody has seen who has seen these entries, themselves included.
    pub(super) fn clock_of(&self, seen: &[Index]) -> Clock {
        let mut clock = vec![];
        for point in seen.iter().filter_map(|index| self.points.get(*index)) {
            #[cfg(test)]
            super::tests::steps::count(point.clock.len() as u64);
            clock.resize(clock.len().max(point.clock.len()).max(point.chain + 1), 0);
            for (mine, theirs) in clock.iter_mut().zip(&point.clock) {
                *mine = (*mine).max(*theirs);
            }
            if let Some(mine) = clock.get_mut(point.chain) {
                *mine = (*mine).max(point.place + 1);
            }
        }
        clock
    }

    /// The longest way down to an entry that has seen nothing: the same on every device, and lower than that of whoever has seen it.
    pub(super) fn height(&self, index: Index) -> u32 {
        self.points.get(index).map_or(0, |point| point.height)
    }

    /// The entries that no other has seen.
    pub(super) fn tops(&self) -> Vec<EntryId> {
        let is_top = |index: &Index| self.points.get(*index).is_some_and(|point| point.top);
        self.known.iter().filter(|(_, index)| is_top(index)).map(|(id, _)| *id).collect()
    }
}
