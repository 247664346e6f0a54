//! With whom of a group a device keeps a link: each member with a few others, so that what one writes reaches all.
//!
//! Pure, and the same on every device that knows the same members: whoever is chosen here chooses us. In a small group everybody
//! is linked with everybody. In a larger one the members stand on rings, each in the order of another hash, and each is linked
//! with its two neighbours on every ring. One ring alone connects all; several together are a random graph, in which a word needs
//! few steps to everybody, and the way stays whole when some are away.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::wire::{ConversationId, RootKey};

/// Rings. Four give eight neighbours at most: of a hundred members any is three or four steps away, and half of them may be away
/// before the others fall apart.
const RINGS: u8 = 4;
/// Links that one member keeps for a group's sake at most; with contacts there are links anyway.
pub const NEIGHBOURS_MAX: usize = 2 * RINGS as usize;

/// The links of a group as one member sees them, and the way that a word of each author takes along them.
#[derive(Clone, Debug)]
pub struct Mesh {
    own: RootKey,
    links: BTreeMap<RootKey, BTreeSet<RootKey>>,
    /// Where we stand in the trees of members that were asked for: of nobody else, for there can be any number of those.
    places: BTreeMap<RootKey, Place>,
    /// Where we stand for everybody else, with all our links.
    outside: Place,
}

/// Where one stands in the tree of an author: a way without detours from them to each member, the same on every device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// From whom their word comes; nobody for the author.
    pub toward: Option<RootKey>,
    /// To whom it is passed on.
    pub onward: BTreeSet<RootKey>,
}

impl Mesh {
    /// The links of this group.
    #[must_use]
    pub fn new(group: &ConversationId, own: &RootKey, members: &BTreeSet<RootKey>) -> Self {
        let mut links: BTreeMap<RootKey, BTreeSet<RootKey>> =
            members.iter().map(|member| (*member, BTreeSet::new())).collect();
        let mut link = |one: RootKey, other: RootKey| {
            if one != other {
                links.entry(one).or_default().insert(other);
                links.entry(other).or_default().insert(one);
            }
        };
        if members.len() <= NEIGHBOURS_MAX + 1 {
            members.iter().for_each(|one| members.iter().for_each(|other| link(*one, *other)));
        } else {
            for ring in 0..RINGS {
                let mut places: Vec<([u8; 32], RootKey)> =
                    members.iter().map(|member| (place(group, ring, member), *member)).collect();
                places.sort_unstable();
                let next = places.iter().cycle().skip(1);
                places.iter().zip(next).for_each(|((_, one), (_, other))| link(*one, *other));
            }
        }
        let outside = Place { toward: None, onward: links.get(own).cloned().unwrap_or_default() };
        Self { own: *own, links, places: BTreeMap::new(), outside }
    }

    /// The members with whom we keep a link.
    #[must_use]
    pub fn neighbours(&self) -> &BTreeSet<RootKey> {
        &self.outside.onward
    }

    /// Where we stand in the tree of an author. For somebody who is no member there is none: everybody tells all.
    pub fn place(&mut self, author: &RootKey) -> &Place {
        if !self.links.contains_key(author) {
            return &self.outside;
        }
        if !self.places.contains_key(author) {
            let place = self.find(author);
            self.places.insert(*author, place);
        }
        self.places.entry(*author).or_default()
    }

    fn find(&self, author: &RootKey) -> Place {
        let mut found = Place::default();
        let (mut reached, mut edge) = (BTreeSet::from([*author]), VecDeque::from([*author]));
        while let Some(member) = edge.pop_front() {
            for next in self.links.get(&member).into_iter().flatten() {
                if !reached.insert(*next) {
                    continue;
                }
                edge.push_back(*next);
                if member == self.own {
                    found.onward.insert(*next);
                }
                if *next == self.own {
                    found.toward = Some(member);
                }
            }
        }
        found
    }
}

/// The members with whom this one keeps a link.
#[cfg(test)]
fn neighbours(group: &ConversationId, own: &RootKey, members: &BTreeSet<RootKey>) -> BTreeSet<RootKey> {
    Mesh::new(group, own, members).neighbours().clone()
}

fn place(group: &ConversationId, ring: u8, member: &RootKey) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("kith 2026 place on a group's ring");
    hasher.update(&[ring]);
    hasher.update(group.as_bytes());
    hasher.update(member.as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    fn group(size: usize, rng: &mut StdRng) -> BTreeSet<RootKey> {
        (0..size).map(|_| RootKey(rng.random())).collect()
    }

    /// Steps to the one who is furthest away, or nothing when somebody cannot be reached.
    fn steps(of: &ConversationId, members: &BTreeSet<RootKey>, present: &BTreeSet<RootKey>) -> Option<usize> {
        let first = *present.first()?;
        let (mut reached, mut edge, mut steps) = (BTreeSet::from([first]), vec![first], 0);
        while reached.len() < present.len() {
            let next = edge.iter().flat_map(|member| neighbours(of, member, members));
            let next: Vec<RootKey> =
                next.filter(|member| present.contains(member)).filter(|member| reached.insert(*member)).collect();
            if next.is_empty() {
                return None;
            }
            (edge, steps) = (next, steps + 1);
        }
        Some(steps)
    }

    /// Whoever is chosen chooses back; nobody has more links than the limit, and everybody is reached in few steps.
    #[test]
    fn a_mesh_is_mutual_capped_and_whole() {
        let mut rng = StdRng::seed_from_u64(1);
        for size in [1, 2, 3, 9, 10, 50, 100] {
            let (of, members) = (ConversationId(rng.random()), group(size, &mut rng));
            for member in &members {
                let chosen = neighbours(&of, member, &members);
                assert!(chosen.len() <= NEIGHBOURS_MAX && !chosen.contains(member));
                assert!(chosen.iter().all(|other| neighbours(&of, other, &members).contains(member)));
                assert!(size > NEIGHBOURS_MAX + 1 || chosen.len() == size - 1, "in a small group each has each");
            }
            assert!(steps(&of, &members, &members).is_some_and(|steps| steps <= 5), "{size}");
        }
        let stranger = RootKey(rng.random());
        assert!(neighbours(&ConversationId([0; 32]), &stranger, &group(20, &mut rng)).is_empty());
    }

    /// A word of anybody reaches each of the others once, from somebody whom it has reached before, and in few steps; a word of somebody
    /// who is no member goes everywhere.
    #[test]
    fn the_tree_of_an_author_reaches_everybody_once() {
        let mut rng = StdRng::seed_from_u64(3);
        for size in [2, 9, 10, 50, 100] {
            let (of, members) = (ConversationId(rng.random()), group(size, &mut rng));
            let author = *members.iter().nth(size / 2).unwrap();
            let places: BTreeMap<RootKey, Place> = members
                .iter()
                .map(|member| (*member, Mesh::new(&of, member, &members).place(&author).clone()))
                .collect();
            let passed: Vec<RootKey> = places.values().flat_map(|place| place.onward.iter().copied()).collect();
            assert_eq!(passed.len(), size - 1);
            assert_eq!(passed.iter().collect::<BTreeSet<_>>().len(), size - 1);
            for (member, place) in &places {
                let (mut steps, mut at) = (0, *member);
                while let Some(toward) = places[&at].toward {
                    assert!(places[&toward].onward.contains(&at));
                    (steps, at) = (steps + 1, toward);
                }
                assert!(at == author && steps <= 5, "{steps} steps in a group of {size}");
                assert!(place.onward.is_subset(&neighbours(&of, member, &members)));
            }
            let own = members.first().unwrap();
            let stranger = Mesh::new(&of, own, &members).place(&RootKey([0; 32])).clone();
            assert_eq!(stranger, Place { toward: None, onward: neighbours(&of, own, &members) });
        }
    }

    /// Whoever writes without being a member leaves nothing behind here, however many they are.
    #[test]
    fn only_trees_of_members_are_kept() {
        let mut rng = StdRng::seed_from_u64(4);
        let (of, members) = (ConversationId(rng.random()), group(20, &mut rng));
        let own = members.first().unwrap();
        let mut mesh = Mesh::new(&of, own, &members);
        for author in members.iter().copied().chain((0..100).map(|_| RootKey(rng.random()))) {
            mesh.place(&author);
        }
        assert!(mesh.places.keys().eq(&members));
    }

    /// The mesh mostly stays whole when a third of a large group is away.
    #[test]
    fn a_mesh_bears_absences() {
        let mut rng = StdRng::seed_from_u64(2);
        let mut whole = 0;
        for _ in 0..20 {
            let (of, members) = (ConversationId(rng.random()), group(60, &mut rng));
            let present: BTreeSet<RootKey> = members.iter().copied().filter(|_| rng.random_bool(0.66)).collect();
            whole += usize::from(steps(&of, &members, &present).is_some());
        }
        assert!(whole >= 18, "{whole} of 20 stay whole");
    }
}
