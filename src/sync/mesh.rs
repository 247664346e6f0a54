//! With whom of a group a device keeps a link: each member with a few others, so that what one writes reaches all.
//!
//! Pure, and the same on every device that knows the same members: whoever is chosen here chooses us. In a small group everybody
//! is linked with everybody. In a larger one the members stand on rings, each in the order of another hash, and each is linked
//! with its two neighbours on every ring. One ring alone connects all; several together are a random graph, in which a word needs
//! few steps to everybody, and the way stays whole when some are away.

use std::collections::BTreeSet;

use crate::wire::{ConversationId, RootKey};

/// Rings. Four give eight neighbours at most: of a hundred members any is three or four steps away, and half of them may be away
/// before the others fall apart.
const RINGS: u8 = 4;
/// Links that one member keeps for a group's sake at most; with contacts there are links anyway.
pub const NEIGHBOURS_MAX: usize = 2 * RINGS as usize;

/// The members with whom this one keeps a link.
#[must_use]
pub fn neighbours(group: &ConversationId, own: &RootKey, members: &BTreeSet<RootKey>) -> BTreeSet<RootKey> {
    let others = || members.iter().filter(|member| *member != own).copied();
    if !members.contains(own) {
        return BTreeSet::new();
    }
    if members.len() <= NEIGHBOURS_MAX + 1 {
        return others().collect();
    }
    (0..RINGS).flat_map(|ring| beside(group, ring, own, members)).filter(|member| member != own).collect()
}

/// The two beside somebody on one ring.
fn beside(group: &ConversationId, ring: u8, own: &RootKey, members: &BTreeSet<RootKey>) -> Vec<RootKey> {
    let mut places: Vec<([u8; 32], RootKey)> =
        members.iter().map(|member| (place(group, ring, member), *member)).collect();
    places.sort_unstable();
    let Some(at) = places.iter().position(|(_, member)| member == own) else { return vec![] };
    let (last, count) = (places.len().saturating_sub(1), places.len());
    let before = at.checked_sub(1).unwrap_or(last);
    let behind = if at + 1 < count { at + 1 } else { 0 };
    [before, behind].iter().filter_map(|place| places.get(*place)).map(|(_, member)| *member).collect()
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
