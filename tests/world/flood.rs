//! Somebody who was put out of a group goes on writing, with a program that lets them, and says it to one who is in it.

use kith::store::VOID_MAX;

use super::calm::lists;
use super::group_checks::Model;
use super::life::Life;

/// More than is taken of all who are out.
const TEXTS: usize = VOID_MAX as usize + 50;

impl Life {
    /// Somebody who is out writes on and on, to a contact who knows that they are.
    pub fn flood(&mut self) {
        let Some((room, group)) = self.group() else { return };
        let conversation = self.rooms[room].conversation;
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
        let said = pairs.into_iter().map(|(from, to)| self.world.flood(from, to, conversation, TEXTS));
        self.flood = said.filter(|said| !said.is_empty()).take(1).flatten().collect();
    }
}

/// No more of a flood is kept than is taken of all who are out: what it stands on was there when it came.
pub fn floods_have_an_end(life: &Life, model: &Model) {
    let kept = life.flood.iter().filter(|id| model.headers.contains_key(id)).count();
    assert!(kept <= usize::try_from(VOID_MAX).unwrap(), "{kept} entries of a flood are kept");
}
