//! Of whom somebody has to hear who is in the group, and of whom they may never hear.
//!
//! Who is put out by people whom they do not know is told once, and so is everybody whom somebody leaves who is no contact of theirs:
//! what is lost then nobody says again. Only a contact who is in the group goes on to say it: over a link whatever they know, by mail
//! what they have written themselves, for only its author deposits mail. Who was put out passes on nothing that others wrote.
//! And two contacts who each know that the other was out, and came in again both by what the other does not know, say it to each other
//! no more: it was written by people who knew that the other was out.

use std::collections::BTreeSet;

use kith::log::group::{Action, Membership, Share};
use kith::store::Kept;
use kith::wire::{EntryId, RootKey};

use super::calm::stranded;
use super::checks::entries;
use super::group_checks::Model;
use super::life::Life;

/// The group as somebody has it.
struct Knowledge {
    membership: Option<Membership>,
    changes: BTreeSet<EntryId>,
    /// Whom somebody has put out, or who has left, whatever that counts for.
    gone: BTreeSet<RootKey>,
    model: Model,
}

impl Knowledge {
    /// The entries that have put somebody out, with their authors.
    fn ends(&self, root: &RootKey) -> Vec<(EntryId, RootKey)> {
        let former = self.membership.iter().flat_map(|membership| &membership.former);
        let ends = former.filter(|former| former.root == *root).flat_map(|former| &former.ends);
        ends.map(|(id, by, _)| (*id, *by)).collect()
    }

    /// What makes it void that somebody was added who is not in.
    fn undone(&self, root: &RootKey) -> &[EntryId] {
        self.membership.as_ref().and_then(|membership| membership.undone.get(root)).map_or(&[][..], Vec::as_slice)
    }

    /// Whether somebody may be given one of the changes.
    fn may_be_given(&self, root: &RootKey, change: &EntryId) -> bool {
        let seen = self.model.seen.get(change);
        seen.is_some_and(|seen| self.model.group().fold().share(root, seen, true) != Share::Nothing)
    }

    /// The entry that has brought somebody in who is in.
    fn since(&self, root: &RootKey) -> Option<EntryId> {
        self.membership.as_ref()?.member(root).map(|member| member.since)
    }
}

impl Life {
    fn knowledge(&mut self, room: usize, device: usize) -> Knowledge {
        let kept = entries(self, room, device);
        let model = Model::of(&self.rooms[room], &kept);
        let changes = model.group().facts().map(|fact| fact.id).collect();
        let gone = model.group().facts().filter_map(|fact| match fact.action {
            Some(Action::Remove { root, .. }) => Some(root),
            Some(Action::Leave { .. }) => Some(fact.author),
            _ => None,
        });
        let gone = gone.collect();
        Knowledge { membership: model.group().fold().membership(), changes, gone, model }
    }

    /// Whether `one`, who is in the group, and `other` have to come to the same about each other. `other_inside`: `other` takes themselves
    /// to be in it too.
    pub fn has_to_agree(&mut self, one: usize, other: usize, other_inside: bool) -> bool {
        let Some((room, _)) = self.group() else { return false };
        let (root, own) = (self.world.root(other), self.world.root(one));
        let (mine, theirs) = (self.knowledge(room, one), self.knowledge(room, other));
        if !self.are_contacts(one, other) {
            // Only who has been put out or has left, or was brought in by somebody of whom that is true, may never hear of it.
            let adder = mine.since(&root).and_then(|since| self.author_of(room, one, &since));
            let of_them = [Some(root), Some(own), adder];
            return !mine.gone.union(&theirs.gone).any(|gone| of_them.contains(&Some(*gone)));
        }
        let Some(since) = mine.since(&root) else {
            // `one` knows that `other` is out, and `other` does not. The other way round it is said when it is `other`'s turn.
            let mut ends = mine.ends(&root);
            ends.retain(|(id, _)| !theirs.changes.contains(id));
            // Who has all of that and takes themselves to be in it came in again: they say so to whom they see in it, and to nobody else.
            let is_listed = theirs.since(&own).is_some();
            let never_heard = mine.ends(&root).is_empty() && mine.undone(&root).is_empty();
            let lacks =
                never_heard || !ends.is_empty() || mine.undone(&root).iter().any(|id| !theirs.changes.contains(id));
            let is_said = if self.links { is_listed || lacks } else { ends.iter().any(|(_, by)| *by == own) };
            return other_inside && is_said;
        };
        if other_inside {
            return false;
        }
        if theirs.since(&root).is_some() {
            // Added by somebody who is no contact: nobody is put into a group by strangers.
            return false;
        }
        let mut unknown = theirs.ends(&root);
        unknown.retain(|(id, _)| !mine.changes.contains(id));
        if !unknown.is_empty() {
            // `other` knows that they are out, and `one` does not: they say it themselves only if they have left; by mail only to whom that
            // may be given, and else only what they have written themselves that puts `one` out. And who has left gives nothing that others
            // wrote, so it has no place with `one` when it stands on what was lost with a disk and nobody inside has.
            let without_place = self.without_place(room, one);
            let mut own_ends = theirs.ends(&own);
            own_ends.retain(|(id, by)| *by == root && !mine.changes.contains(id) && !without_place.contains(id));
            let is_said = |id: &EntryId| self.links || !own_ends.is_empty() || theirs.may_be_given(&own, id);
            return unknown.iter().any(|(id, by)| *by == root && !without_place.contains(id) && is_said(id));
        }
        let adder = self.author_of(room, one, &since);
        // By mail `other`, who is out, tells `one` only what they have written themselves of what has put `one` out.
        let mut unheard = theirs.ends(&own);
        unheard.retain(|(id, _)| !mine.changes.contains(id));
        self.links || (adder == Some(own) && unheard.iter().all(|(_, by)| *by == root))
    }

    /// What waits with somebody for what was lost with a disk and nobody has who takes themselves to be in the group.
    fn without_place(&mut self, room: usize, device: usize) -> BTreeSet<EntryId> {
        let (conversation, group) = (self.rooms[room].conversation, self.rooms[room].names[device]);
        let is_inside =
            |life: &Self, device: &usize| life.world.group_now(*device, group).is_some_and(|(_, view)| view.inside);
        let inside: Vec<usize> = (0..self.people).filter(|device| is_inside(self, device)).collect();
        let of_each =
            inside.into_iter().chain([device]).map(|device| self.world.db(device).entries(&conversation).unwrap());
        let of_each: Vec<Vec<Kept>> = of_each.collect();
        stranded(&of_each.iter().map(Vec::as_slice).collect::<Vec<_>>(), &self.rooms[room].lost, |_| true)
    }

    fn author_of(&mut self, room: usize, device: usize, id: &EntryId) -> Option<RootKey> {
        let kept = entries(self, room, device);
        let model = Model::of(&self.rooms[room], &kept);
        model.group().fact(id).map(|fact| fact.author)
    }
}
