//! What those have of a group who are out of it: nothing that was written by people who knew it, but for what says that to who was
//! added in vain.

use std::collections::BTreeSet;

use kith::log::group::{Action, Fact, Group};
use kith::store::Kept;
use kith::wire::{EntryId, Header, RootKey, kind};

use super::group_checks::{Member, Model};
use super::room::Room;

/// Who is out has nothing that was written by people who knew of all that put them out: only what they wrote themselves, and what makes it
/// void that they were added, with what that stands on. Where some could not be told that others are out, any of these may have given it who
/// know no better: `inside` are the groups as each of them has it.
pub fn nothing_for_who_is_out(room: &Room, inside: &[Model], outside: &[(Member, Model)]) {
    // Whose addition a disk has lost was in again for whoever had it.
    for (member, _) in outside.iter().filter(|(member, _)| !room.added_and_lost.contains(&member.root)) {
        let judged = inside.iter().filter_map(|model| Some((model, wrongly_given(model, outside, member)?)));
        let judged: Vec<(&Model, BTreeSet<EntryId>)> = judged.collect();
        for (model, wrong) in &judged {
            for id in wrong {
                let may_have =
                    judged.iter().any(|(model, wrong)| model.headers.contains_key(id) && !wrong.contains(id));
                let (device, kind) = (member.device, model.headers[id].kind);
                assert!(
                    may_have,
                    "person {device}, who was put out, has what was written by people who knew it: kind {kind}, {id:?}"
                );
            }
        }
    }
}

/// What they should not have as these see it, if that can be said.
fn wrongly_given(model: &Model, outside: &[(Member, Model)], member: &Member) -> Option<BTreeSet<EntryId>> {
    let membership = model.group().fold().membership()?;
    let former = membership.former.iter().find(|former| former.root == member.root);
    let Some(former) = former else { return Some(BTreeSet::new()) };
    let ends: BTreeSet<EntryId> = former.ends.iter().map(|(id, ..)| *id).collect();
    // Who was added again was in again for whoever did not know yet that this addition counts for nothing, and has what the entry stands
    // on that put them out once more. Those whom somebody has left perhaps know nothing of that, nor they themselves when whoever added them
    // is out too: only people outside have the addition then.
    let again = |model: &Model| {
        model.group().facts().any(|fact| {
            let theirs = matches!(&fact.action, Some(Action::Add { card }) if card.root() == member.root);
            theirs && ends.iter().all(|end| model.has_seen(&fact.seen, end))
        })
    };
    if again(model) || outside.iter().any(|(_, model)| again(model)) {
        return None;
    }
    // Who is out gives it, too, by what they know: perhaps nobody inside has the addition.
    let models = || outside.iter().map(|(_, model)| model).chain([model]);
    let undone: Vec<(&Model, Vec<&Fact>)> = models().map(|model| (model, undone(model, member.root))).collect();
    let wrongly = |kept: &&Kept| {
        let (Some(header), Some(seen)) = (model.headers.get(&kept.id), model.seen.get(&kept.id)) else { return false };
        let knows = ends.iter().all(|end| model.has_seen(seen, end));
        let may_stand_on = |(model, undone): &(&Model, Vec<&Fact>)| {
            undone.iter().any(|taker| seen.iter().all(|earlier| model.has_seen(&taker.seen, earlier)))
        };
        let bare = header.kind == kind::GROUP || kept.entry.body.is_none();
        knows
            && header.author != member.root
            && !(bare && undone.iter().any(may_stand_on))
            && !was_inside(model, header, seen, &member.root)
    };
    Some(member.kept.iter().filter(wrongly).map(|kept| kept.id).collect())
}

/// Whether somebody was in the group for those who knew of what an entry has seen and of one more change, with what that has seen, at most:
/// what put them out counted for nothing then. It counts since somebody else lost, by a change of which these knew nothing, the authority
/// by which it did not.
fn was_inside(model: &Model, header: &Header, seen: &[EntryId], root: &RootKey) -> bool {
    let facts = || model.group().facts();
    let is_inside = |beside: &Fact| {
        let is_known = |id: &EntryId| *id == beside.id || model.has_seen(seen, id) || model.has_seen(&beside.seen, id);
        let mut known = Group::new(header.conversation);
        for fact in facts().filter(|fact| is_known(&fact.id)) {
            known.add(fact.clone()).expect("what a change has seen comes before it");
        }
        known.fold().is_inside(root)
    };
    facts().any(is_inside)
}

/// What makes it void that somebody was added, or that their remover was removed: the rule of the protocol (§7.5, "added in vain", "put out
/// after all"), read from sets of what was seen. Ranks are left out: what counts against somebody's office is by somebody of a lower one nearly
/// always.
fn undone(model: &Model, root: RootKey) -> Vec<&Fact> {
    let fold = model.group().fold();
    let counts = |fact: &Fact| matches!(fold.verdict(&fact.id), Some(Ok(())));
    let facts = || model.group().facts();
    let added_in_vain = |fact: &Fact, whom: RootKey| {
        let adds = matches!(&fact.action, Some(Action::Add { card }) if card.root() == whom);
        adds && fact.author != whom && !counts(fact)
    };
    let promotes = |fact: &Fact, whom: RootKey| matches!(&fact.action, Some(Action::Promote { root }) if *root == whom);
    let puts_out = |fact: &Fact, whom: RootKey| match &fact.action {
        Some(Action::Remove { root, .. }) => *root == whom && counts(fact),
        Some(Action::Leave { .. }) => fact.author == whom,
        _ => false,
    };
    let brings_in = |fact: &Fact, whom: RootKey| match &fact.action {
        Some(Action::Create { cards, .. }) => cards.iter().any(|card| card.root() == whom),
        Some(Action::Add { card }) => card.root() == whom && fact.author != whom && counts(fact),
        _ => false,
    };
    let is_in = |by: &Fact, whom: RootKey| {
        let seen = |fact: &&Fact| model.has_seen(&by.seen, &fact.id);
        let ends: Vec<&Fact> = facts().filter(seen).filter(|fact| puts_out(fact, whom)).collect();
        let lasts = |seat: &Fact| ends.iter().all(|end| model.has_seen(&seat.seen, &end.id));
        facts().filter(seen).any(|fact| brings_in(fact, whom) && lasts(fact))
    };
    let takes_from = |fact: &Fact, whom: RootKey| match &fact.action {
        Some(Action::Remove { root, .. } | Action::Demote { root }) => {
            *root == whom && (counts(fact) || fact.author == whom)
        }
        Some(Action::Leave { .. }) => fact.author == whom,
        _ => false,
    };
    let knows_an_admin = |by: &Fact| {
        let holds = |grant: &Fact, whom: RootKey| {
            let taken = |taker: &Fact| takes_from(taker, whom) && !model.has_seen(&grant.seen, &taker.id);
            !facts().any(|taker| taken(taker) && model.has_seen(&by.seen, &taker.id))
        };
        facts().filter(|grant| model.has_seen(&by.seen, &grant.id)).any(|grant| match &grant.action {
            Some(Action::Create { .. }) => holds(grant, grant.author),
            Some(Action::Promote { root }) => counts(grant) && holds(grant, *root),
            _ => false,
        })
    };
    let makes_itself = |fact: &Fact| promotes(fact, fact.author) && !counts(fact) && knows_an_admin(fact);
    let ends: Vec<&Fact> = facts().filter(|fact| puts_out(fact, root) && fact.author != root).collect();
    let takes_in_vain = |fact: &Fact| {
        let from = match &fact.action {
            Some(Action::Remove { root, .. } | Action::Demote { root }) => root,
            _ => return false,
        };
        let beside = |end: &Fact| !model.has_seen(&fact.seen, &end.id) && !model.has_seen(&end.seen, &fact.id);
        !counts(fact) && fact.author != *from && ends.iter().any(|end| end.author == *from && beside(end))
    };
    let mut left: Vec<&Fact> = facts().filter(|fact| added_in_vain(fact, root) || takes_in_vain(fact)).collect();
    let (mut looked, mut found) = (BTreeSet::new(), vec![]);
    while let Some(vain) = left.pop() {
        if !looked.insert(vain.id) {
            continue;
        }
        let by = vain.author;
        let has_seen = |fact: &Fact| model.has_seen(&vain.seen, &fact.id);
        let taken_before = |grant: &Fact| {
            facts().any(|taker| takes_from(taker, by) && has_seen(taker) && !model.has_seen(&grant.seen, &taker.id))
        };
        let creates = |fact: &Fact| fact.author == by && matches!(fact.action, Some(Action::Create { .. }));
        let is_grant = |fact: &Fact| (promotes(fact, by) && !makes_itself(fact)) || creates(fact);
        let grants: Vec<&Fact> =
            facts().filter(|fact| is_grant(fact) && has_seen(fact) && !taken_before(fact)).collect();
        let beside = |taker: &Fact| !has_seen(taker) && !model.has_seen(&taker.seen, &vain.id);
        found.extend(facts().filter(|taker| {
            let takes = |grant: &&Fact| !model.has_seen(&grant.seen, &taker.id);
            takes_from(taker, by) && beside(taker) && is_in(taker, by) && grants.iter().any(takes)
        }));
        let in_vain_too =
            |fact: &Fact| added_in_vain(fact, by) || (promotes(fact, by) && !counts(fact) && !makes_itself(fact));
        left.extend(facts().filter(|fact| in_vain_too(fact) && has_seen(fact)));
    }
    found
}

impl Model {
    /// Whether a change is among these or what they have seen.
    fn has_seen(&self, seen: &[EntryId], change: &EntryId) -> bool {
        let (mut left, mut known) = (seen.to_vec(), BTreeSet::new());
        while let Some(id) = left.pop() {
            if id == *change {
                return true;
            }
            if known.insert(id) {
                left.extend(self.seen.get(&id).into_iter().flatten());
            }
        }
        false
    }
}
