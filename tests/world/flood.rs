//! Somebody who was put out of a group goes on writing, with a program that lets them, and says it to one who is in it.

use std::collections::BTreeMap;

use kith::store::VOID_MAX;
use kith::wire::RootKey;

use super::calm::lists;
use super::group_checks::Model;
use super::life::Life;

/// More than is taken of all who are out.
const TEXTS: usize = VOID_MAX as usize + 50;

impl Life {
    /// Somebody who is out writes on and on, to a contact who knows that they are.
    pub fn flood(&mut self) {
        let Some((_, group)) = self.group() else { return };
        let view = |life: &Self, device: usize| Some(life.world.group_now(device, group)?.1);
        let out = |life: &Self, device: usize| view(life, device).is_some_and(|view| !view.inside);
        let sees_out = |life: &Self, device: usize, other: usize| {
            view(life, device).is_some_and(|view| view.inside && !lists(&view, life.world.user(other)))
        };
        let pairs = (0..self.people).flat_map(|from| (0..self.people).map(move |to| (from, to)));
        let pairs: Vec<(usize, usize)> = pairs
            .filter(|(from, to)| self.are_contacts(*from, *to) && out(self, *from) && sees_out(self, *to, *from))
            .collect();
        // The first whose link is open.
        pairs.into_iter().any(|(from, to)| self.world.flood(from, to, group, TEXTS));
    }
}

/// Of nobody more is kept that does not count than of all who are out is taken.
pub fn floods_have_an_end(model: &Model) {
    let mut void: BTreeMap<RootKey, i64> = BTreeMap::new();
    for id in &model.void {
        *void.entry(model.headers[id].author).or_default() += 1;
    }
    assert!(void.values().all(|count| *count <= VOID_MAX), "more of a flood is kept than is taken of all who are out");
}
