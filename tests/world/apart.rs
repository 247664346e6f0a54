//! Of whom somebody has to hear who is in the group, and of whom they may never hear.
//!
//! Who is put out by people whom they do not know is told once, and so is everybody whom somebody leaves who is no contact of theirs:
//! what is lost then nobody says again. Only a contact who is in the group goes on to say it: over a link whatever they know, by mail
//! what they have written themselves, for only its author deposits mail. Who was put out passes on nothing that others wrote.
//! And two contacts who each know that the other was out, and came in again both by what the other does not know, say it to each other
//! no more: it was written by people who knew that the other was out.

use std::collections::BTreeSet;

use kith::log::Entry;
use kith::log::group::{Action, Membership, Share};
use kith::log::order::Node;
use kith::store::Kept;
use kith::wire::{EntryId, Header, RootKey, kind};

use super::calm::{lists, stranded};
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

    /// Whether what is here without its body is not given to somebody by `own`, whose knowledge this is: its author gives it, who is in as
    /// they are, and has not deleted what it says.
    fn is_left_to_its_author(&self, id: &EntryId, root: &RootKey, own: &RootKey) -> bool {
        let (Some(header), Some(seen)) = (self.model.headers.get(id), self.model.seen.get(id)) else { return false };
        let fold = self.model.group().fold();
        let is_in = |root: &RootKey| fold.is_inside(root) && !fold.may_come_in_by(root, seen);
        let said = if header.kind == kind::EDIT { header.target } else { Some(*id) };
        let deletes =
            |other: &Header| other.kind == kind::DELETE && other.author == header.author && other.target == said;
        let is_given_up = header.author == *own || self.model.headers.values().any(deletes);
        let author_gives = header.author != *root && is_in(&header.author) && is_in(root) && !is_given_up;
        author_gives && fold.share(root, seen, header.kind == kind::GROUP) == Share::Whole
    }

    /// The entry that has brought somebody in who is in.
    fn since(&self, root: &RootKey) -> Option<EntryId> {
        self.membership.as_ref()?.member(root).map(|member| member.since)
    }
}

impl Life {
    /// By mail only its author brings an entry to everybody, unless they ask. For one that its author has lost with their disk, that counts for nothing
    /// and on which nothing stands, nobody asks: some have it, and some do not.
    pub fn forgotten(&self, room: usize, kept: &[Kept]) -> BTreeSet<EntryId> {
        let mut forgotten = BTreeSet::new();
        let lost = &self.rooms[room].lost;
        if self.links || !kept.iter().any(|kept| lost.contains(&kept.id)) {
            return forgotten;
        }
        let model = Model::of(&self.rooms[room], kept);
        loop {
            let left = kept.iter().filter(|kept| !forgotten.contains(&kept.id));
            let named: BTreeSet<EntryId> =
                left.clone().flat_map(|kept| Node::from(&Entry::verify(kept.entry.clone()).unwrap()).parents).collect();
            let has_its_author = |id: &EntryId| {
                let author = &model.headers[id].author;
                (0..self.people)
                    .any(|device| self.world.root(device) == *author && self.world.kept(device).contains(id))
            };
            let is_lost = |id: &EntryId| lost.contains(id) && model.headers.contains_key(id) && !has_its_author(id);
            let is_forgotten = |id: &EntryId| is_lost(id) && !model.counts(id) && !named.contains(id);
            let more: Vec<EntryId> = left.map(|kept| kept.id).filter(is_forgotten).collect();
            if more.is_empty() {
                return forgotten;
            }
            forgotten.extend(more);
        }
    }

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
            let without_place = self.without_place(room, one, other, &theirs);
            let mut own_ends = theirs.ends(&own);
            own_ends.retain(|(id, by)| *by == root && !mine.changes.contains(id) && !without_place.contains(id));
            let is_said = |id: &EntryId| self.links || !own_ends.is_empty() || theirs.may_be_given(&own, id);
            return unknown.iter().any(|(id, by)| *by == root && !without_place.contains(id) && is_said(id));
        }
        // Who was put out gives nobody what others wrote, and so not what makes it void for them that they were added by what they have.
        let mut undone = theirs.undone(&root).to_vec();
        undone.retain(|id| !mine.changes.contains(id));
        let by_them = |id: &EntryId| theirs.model.group().fact(id).is_some_and(|fact| fact.author == root);
        let has_left = theirs.ends(&root).iter().any(|(_, by)| *by == root);
        if theirs.changes.contains(&since) && !has_left && !undone.is_empty() && !undone.iter().any(by_them) {
            return false;
        }
        let adder = self.author_of(room, one, &since);
        // By mail `other`, who is out, tells `one` only what they have written themselves of what has put `one` out.
        let mut unheard = theirs.ends(&own);
        unheard.retain(|(id, _)| !mine.changes.contains(id));
        self.links || (adder == Some(own) && unheard.iter().all(|(_, by)| *by == root))
    }

    /// What waits with somebody for what was lost with a disk and nobody has who takes themselves to be in the group; and for what `teller`
    /// has without its body and leaves to its author, whom they see in the group, when nobody has it who is there with `device`.
    fn without_place(&mut self, room: usize, device: usize, teller: usize, theirs: &Knowledge) -> BTreeSet<EntryId> {
        let (conversation, group) = (self.rooms[room].conversation, self.rooms[room].names[device]);
        let is_inside =
            |life: &Self, device: &usize| life.world.group_now(*device, group).is_some_and(|(_, view)| view.inside);
        let inside: Vec<usize> = (0..self.people).filter(|device| is_inside(self, device)).collect();
        let of_each =
            inside.into_iter().chain([device]).map(|device| self.world.db(device).entries(&conversation).unwrap());
        let of_each: Vec<Vec<Kept>> = of_each.collect();
        let mut found =
            stranded(&of_each.iter().map(Vec::as_slice).collect::<Vec<_>>(), &self.rooms[room].lost, |_| true);
        let sees = |of: usize, whom: usize| {
            self.world.group_now(of, group).is_some_and(|(_, view)| view.inside && lists(&view, self.world.user(whom)))
        };
        let together = |other: &usize| *other == device || (sees(device, *other) && sees(*other, device));
        let with: Vec<usize> = (0..self.people).filter(together).collect();
        let of_each: Vec<Vec<Kept>> =
            with.into_iter().map(|device| self.world.db(device).entries(&conversation).unwrap()).collect();
        let (root, own) = (self.world.root(device), self.world.root(teller));
        let kept = self.world.db(teller).entries(&conversation).unwrap();
        let bare = kept.iter().filter(|kept| kept.entry.body.is_none()).map(|kept| kept.id);
        let left: BTreeSet<EntryId> = bare.filter(|id| theirs.is_left_to_its_author(id, &root, &own)).collect();
        found.extend(stranded(&of_each.iter().map(Vec::as_slice).collect::<Vec<_>>(), &left, |_| true));
        found
    }

    fn author_of(&mut self, room: usize, device: usize, id: &EntryId) -> Option<RootKey> {
        let kept = entries(self, room, device);
        let model = Model::of(&self.rooms[room], &kept);
        model.group().fact(id).map(|fact| fact.author)
    }
}
