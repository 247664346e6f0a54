//! Being in a group: what follows from how its entries stand, and what is told of that.
//!
//! Only a contact adds us to a group: what they tell us of it we keep, and when the fold says that we are in it by an entry of
//! theirs, we are, and can leave. Members who are no contacts are known by the cards in the group's entries
//! ([`Standing::Member`]) and forgotten when the last group that we share ends.
//!
//! Nothing here decides who is in a group: that is the fold's (`log::group`). Nothing is told before it is on disk: what comes in
//! here comes from the store.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::RngExt;

use super::Engine;
use super::former::Leaving;
use super::io::Output;
use super::pending::Pending;
use super::state::{Conversation, GROUPS_MAX, Offer, With};
use crate::coordinator::Event;
use crate::identity::{GroupId, UserId};
use crate::log::group::{Action, Group, Membership};
use crate::store::{Fresh, GroupRow, Op, Standing};
use crate::sync::Mesh;
use crate::wire::{ConversationId, DeviceKey, EntryId, LogId, RootKey, kind};

/// A group as it stands here.
pub(super) struct Joined {
    pub group: Arc<Group>,
    pub membership: Membership,
    /// Whether we are in it: the fold says so, by an entry that [`Engine::seat`] takes. The first time as after we were out that is one of ours or
    /// of a contact; it then holds until something ends it, whoever is a contact later.
    pub inside: bool,
    /// With whom we keep a link for its sake, and by which way words go.
    pub mesh: Mesh,
    /// Devices of people who are in it no more, and know it: they are told nothing else of it.
    pub told: BTreeSet<DeviceKey>,
    /// That we have left it, until somebody in it is known to know.
    pub leaving: Leaving,
}

impl Joined {
    fn new(
        conversation: &ConversationId,
        own: &RootKey,
        group: Arc<Group>,
        membership: Membership,
        inside: bool,
    ) -> Self {
        let mesh = Mesh::new(conversation, own, &roots(&membership));
        let mut joined = Self { group, membership, inside, mesh, told: BTreeSet::new(), leaving: Leaving::default() };
        if !inside {
            joined.leaving.ends = joined.own_ends(own);
        }
        joined
    }

    /// Members with whom we keep a link for its sake.
    pub(super) fn neighbours(&self) -> &BTreeSet<RootKey> {
        self.mesh.neighbours()
    }

    /// Whether somebody is in it.
    pub(super) fn has(&self, root: &RootKey) -> bool {
        self.membership.member(root).is_some()
    }

    /// The entries by which somebody is not in it: what put them out, and what makes it void that they were added.
    pub(super) fn ends(&self, root: &RootKey) -> Vec<EntryId> {
        ends(&self.membership, root)
    }

    /// Those among them that somebody has written themselves.
    pub(super) fn own_ends(&self, root: &RootKey) -> Vec<EntryId> {
        let former = self.membership.former.iter().filter(|former| former.root == *root);
        former.flat_map(|former| &former.ends).filter(|(_, by, _)| by == root).map(|(id, ..)| *id).collect()
    }

    /// Who may be given something else of it than before, or by us: then there may be something for them before what they were given last.
    fn entitled_otherwise(&self, was_inside: bool, then: &Membership) -> BTreeSet<RootKey> {
        let former = self.membership.former.iter().chain(&then.former).map(|former| former.root);
        let everybody = roots(&self.membership).into_iter().chain(roots(then)).chain(former);
        let everybody = everybody.chain(self.membership.undone.keys().chain(then.undone.keys()).copied());
        let seat = |of: &Membership, root: &RootKey| of.member(root).map(|member| (member.since, member.history));
        // Also who is put out once more: they are told of that, also if they know that they are out.
        let differs = |root: &RootKey| {
            seat(&self.membership, root) != seat(then, root) || ends(&self.membership, root) != ends(then, root)
        };
        everybody.filter(|root| was_inside != self.inside || differs(root)).collect()
    }

    /// Everybody in it.
    pub(super) fn roots(&self) -> BTreeSet<RootKey> {
        roots(&self.membership)
    }
}

fn ends(membership: &Membership, root: &RootKey) -> Vec<EntryId> {
    let former = membership.former.iter().find(|former| former.root == *root);
    let ends = former.into_iter().flat_map(|former| &former.ends).map(|(id, ..)| *id);
    ends.chain(membership.undone.get(root).into_iter().flatten().copied()).collect()
}

fn roots(membership: &Membership) -> BTreeSet<RootKey> {
    membership.members.iter().map(|member| member.root).collect()
}

impl Engine {
    /// A group as it stands here, if this conversation is one that we are or were in.
    pub(super) fn joined(&self, conversation: &ConversationId) -> Option<&Joined> {
        match &self.conversations.get(conversation)?.with {
            With::Group(joined) => Some(joined),
            With::Nobody | With::Person(_) | With::Created => None,
        }
    }

    pub(super) fn joined_mut(&mut self, conversation: &ConversationId) -> Option<&mut Joined> {
        match &mut self.conversations.get_mut(conversation)?.with {
            With::Group(joined) => Some(joined),
            With::Nobody | With::Person(_) | With::Created => None,
        }
    }

    /// The store has read a group at the start.
    pub(super) fn take_group(&mut self, row: GroupRow) {
        let conversation = row.conversation;
        let fresh = !self.conversations.contains_key(&conversation);
        if self.keep_group(row).is_some() {
            if fresh {
                // The last process ended before it could tell.
                self.tell_group(&conversation, None);
            }
        } else {
            // A contact has begun to tell us of it, and who goes on may.
            let Some(teller) = self.me.as_ref().map(|me| me.card.root()) else { return };
            self.offered.insert(conversation, Offer { teller, is_group: true });
        }
    }

    /// The store has read a group that may be new here, or another one now.
    pub(super) fn group_read(&mut self, row: GroupRow) {
        let conversation = row.conversation;
        let Some(before) = self.keep_group(row) else { return };
        let own = self.me.as_ref().map(|me| me.card.root());
        let now = self.joined(&conversation).map(Joined::roots).unwrap_or_default();
        let then = before.as_ref().map(|(_, membership)| roots(membership)).unwrap_or_default();
        let ended = |of: &Membership| -> BTreeSet<EntryId> {
            of.former.iter().flat_map(|former| &former.ends).map(|(id, ..)| *id).collect()
        };
        let (anew, counts_otherwise) = match (&before, self.joined(&conversation)) {
            (Some((was_inside, then)), Some(joined)) => {
                let anew = joined.entitled_otherwise(*was_inside, then);
                let counts_otherwise = !anew.is_empty() || ended(&joined.membership) != ended(then);
                (anew, counts_otherwise)
            }
            _ => (BTreeSet::new(), false),
        };
        let concerned: BTreeSet<RootKey> = now.into_iter().chain(then).chain(anew.iter().copied()).collect();
        for root in concerned.iter().filter(|root| Some(**root) != own) {
            self.share(root);
            self.attend(root);
        }
        let anew = anew.iter().filter(|root| Some(**root) != own);
        let was_there = |root: &RootKey| {
            before.as_ref().is_some_and(|(_, then)| then.member(root).is_some() || !ends(then, root).is_empty())
        };
        anew.for_each(|root| self.look_through_again(root, &conversation, was_there(root)));
        if counts_otherwise {
            self.ask_for_bodies(conversation);
        }
        self.leave_brokers();
        self.mark_chat(&conversation);
        self.mark_group(&conversation);
        self.tell_group(&conversation, before);
        self.tell_untold(&conversation);
        self.save_recipients(&conversation);
        self.take_over(&conversation);
    }

    /// Whether a group that we are in has no admin any more, and we have been in it the longest, as far as it was read.
    fn is_heir(&self, conversation: &ConversationId) -> bool {
        let own = self.me.as_ref().map(|me| me.card.root());
        own.is_some() && self.joined(conversation).is_some_and(|joined| joined.inside && joined.membership.heir == own)
    }

    /// Nothing of ours is on its way to the disk any more. What was may have been what makes us an admin, so a group that needs
    /// one is read again, and then taken over.
    pub(super) fn heir_may_act(&mut self, conversation: &ConversationId) {
        if self.is_heir(conversation) {
            self.ask(Pending::Group(*conversation), Op::Group(*conversation));
        }
    }

    /// A group has no admin any more, and we have been in it the longest: we are one then, so that it goes on without a question.
    pub(super) fn take_over(&mut self, conversation: &ConversationId) {
        let Some(root) = self.me.as_ref().map(|me| me.card.root()) else { return };
        let is_heir = self.is_heir(conversation);
        // What is on its way to the disk may be that.
        let idle = self.conversations.get(conversation).is_some_and(|state| state.writing == 0 && !state.stale);
        if is_heir && idle && self.write_change(conversation, &Action::Promote { root }, None).is_err() {
            self.drop_counted("a group that could not be taken over now");
        }
    }

    /// Takes a group into memory, and everybody who is in it. Tells how it stood before, or nothing when it is not for us.
    fn keep_group(&mut self, row: GroupRow) -> Option<Option<(bool, Membership)>> {
        let own = self.me.as_ref().map(|me| me.card.root())?;
        let GroupRow { conversation, group, heads } = row;
        let membership = group.fold().membership()?;
        let before = self.joined(&conversation).map(|joined| (joined.inside, joined.membership.clone()));
        let known = self.conversations.contains_key(&conversation);
        let seat = membership.member(&own).and_then(|_| self.seat(&conversation, &own, &group));
        if seat.is_none() && !known {
            return None;
        }
        let mut joined = Joined::new(&conversation, &own, group, membership, seat.is_some());
        if let Some(before) = self.joined(&conversation) {
            let same = |device: &&DeviceKey| {
                let root = self.peers.get(*device).map(|peer| peer.row.root);
                root.is_some_and(|root| !joined.has(&root) && joined.ends(&root) == before.ends(&root))
            };
            joined.told = before.told.iter().filter(same).copied().collect();
            if !before.inside && before.own_ends(&own) == joined.own_ends(&own) {
                joined.leaving.clone_from(&before.leaving);
            }
        }
        let with = With::Group(Box::new(joined));
        if let Some(state) = self.conversations.get_mut(&conversation) {
            state.with = with;
        } else {
            let log = LogId(self.rng.random());
            self.conversations.insert(conversation, Conversation::fresh(with, log, heads));
            self.ask(Pending::Nothing, Op::SaveOwnLog { conversation, log });
        }
        if let Some(state) = self.conversations.get_mut(&conversation)
            && let Some(seat) = seat.filter(|seat| state.seat != Some(*seat))
        {
            state.seat = Some(seat);
            self.ask(Pending::Seat(conversation), Op::SaveSeat { conversation, seat });
        }
        self.groups.insert(GroupId::from(&conversation).0, conversation);
        self.offered.remove(&conversation);
        self.meet(&conversation);
        Some(before)
    }

    fn tell_group(&mut self, conversation: &ConversationId, before: Option<(bool, Membership)>) {
        let Some(joined) = self.joined(conversation) else { return };
        let group_id = GroupId::from(conversation).0;
        let seat = self.conversations.get(conversation).and_then(|state| state.seat).filter(|_| joined.inside);
        let by = seat.and_then(|seat| joined.group.fact(&seat)).map(|fact| UserId::from(&fact.author).0);
        let event = match (before, by) {
            (None | Some((false, _)), Some(by)) => {
                Event::GroupJoined { group_id, name: joined.membership.name.to_string(), by }
            }
            (Some((true, _)), None) => Event::GroupLeft { group_id },
            (Some((_, membership)), _) if membership != joined.membership => Event::GroupChanged { group_id },
            _ => return,
        };
        self.emit(Output::Event(event));
    }

    /// What was said in a group before we knew that we are in it is told now.
    fn tell_untold(&mut self, conversation: &ConversationId) {
        let told = self.untold.remove(conversation).unwrap_or_default();
        told.into_iter().for_each(|fresh| self.tell_message(fresh));
    }

    /// The entry by which we take ourselves to be in a group that lists us. That by which we were holds as long as nothing ends it, whoever
    /// is a contact today and whoever else has added us. Otherwise one of our own, or of a contact: strangers put nobody into a group.
    fn seat(&mut self, conversation: &ConversationId, own: &RootKey, group: &Group) -> Option<EntryId> {
        let fold = group.fold();
        let known = self.conversations.get(conversation);
        if let Some(seat) = known.and_then(|state| state.seat) {
            if fold.ways_in(own).any(|fact| fact.id == seat) {
                return Some(seat);
            }
        } else if known.is_some() && self.joined(conversation).is_none() && !self.has_left(conversation, group) {
            // An older Kith has not kept it: then we were in unless the last that we have said is that we leave.
            return fold.ways_in(own).next().map(|fact| fact.id);
        }
        let may_add = |author: &RootKey| {
            let standing = self.people.get(author).map(|contact| contact.person.standing);
            author == own || standing == Some(Standing::Contact)
        };
        let Some(fact) = fold.ways_in(own).find(|fact| may_add(&fact.author)) else {
            self.drop_counted("a group to which nobody has added us who is a contact");
            return None;
        };
        let is_new = self.joined(conversation).is_none_or(|joined| !joined.inside);
        if is_new && fact.author != *own && self.groups_inside() >= GROUPS_MAX {
            self.drop_counted("a group beyond the limit");
            return None;
        }
        Some(fact.id)
    }

    fn has_left(&self, conversation: &ConversationId, group: &Group) -> bool {
        let last = self.conversations.get(conversation).and_then(|state| state.last);
        let action = last.and_then(|last| group.fact(&last)).and_then(|fact| fact.action.as_ref());
        matches!(action, Some(Action::Leave { .. }))
    }

    /// How many groups we are in.
    pub(super) fn groups_inside(&self) -> usize {
        let joined = self.groups.values().filter_map(|conversation| self.joined(conversation));
        joined.filter(|joined| joined.inside).count()
    }

    /// Devices of everybody else in a group have to have a message before it counts as delivered.
    pub(super) fn save_recipients(&mut self, conversation: &ConversationId) {
        let Some(joined) = self.joined(conversation) else { return };
        let own = self.me.as_ref().map(|me| me.card.root());
        // For one that we have left nobody waits for anybody.
        let others = joined.membership.members.iter().filter(|member| joined.inside && Some(member.root) != own);
        let devices = others.flat_map(|member| member.card.devices().devices()).map(|certificate| certificate.device);
        let op = Op::SaveRecipients { conversation: *conversation, devices: devices.collect() };
        self.ask(Pending::Recipients(*conversation), op);
    }

    /// Entries have found their place: where one of them changes a group, that is read again.
    pub(super) fn groups_changed(&mut self, fresh: &[Fresh]) {
        let changes = fresh.iter().filter(|fresh| fresh.kind == kind::GROUP);
        let changed: BTreeSet<ConversationId> = changes.map(|fresh| fresh.conversation).collect();
        for conversation in changed {
            self.ask(Pending::Group(conversation), Op::Group(conversation));
        }
    }

    /// How people and scripts name a conversation.
    pub(super) fn name_of_conversation(&self, conversation: &ConversationId) -> Option<uuid::Uuid> {
        self.conversations.get(conversation)?.name(conversation)
    }
}
