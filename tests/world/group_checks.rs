//! What must be true of the group at the end: everybody in it has the same, in the same order, agrees who is in it, and sees what
//! follows from the entries. Of who is out `outside.rs` speaks.

use std::collections::{BTreeMap, BTreeSet};

use kith::coordinator::{Command, GroupView, MessageState, MessageView, PageAt, Reply};
use kith::identity::UserId;
use kith::log::Entry;
use kith::log::fold::{Content, Operation, is_shown};
use kith::log::group::{Fact, Group, Share, Written};
use kith::log::order::{Node, sort};
use kith::store::Kept;
use kith::wire::{ConversationId, EntryId, Header, RootKey, cbor, kind};

use super::calm::{lists, stranded};
use super::checks::{PAGE, entries};
use super::flood::floods_have_an_end;
use super::found::what_is_shown_is_found;
use super::life::Life;
use super::live::{content, nothing_else_is_left, seen};
use super::outside::nothing_for_who_is_out;
use super::told::id_of;
use super::traces::nothing_is_left_of_what_was_deleted;

/// How often a page and the history around it may differ before something changes all the time.
const LOOKS_MAX: usize = 10;
/// Longer than any header.
pub const HEADER_MAX: usize = 4_096;

/// What follows from a set of entries, computed anew: nothing of it comes from a store.
pub struct Model {
    order: Vec<EntryId>,
    pub headers: BTreeMap<EntryId, Header>,
    /// The changes of the group that each has seen.
    pub seen: BTreeMap<EntryId, Vec<EntryId>>,
    group: Group,
    void: BTreeSet<EntryId>,
}

impl Model {
    pub fn of(room: &super::room::Room, kept: &[Kept]) -> Self {
        let verified: BTreeMap<EntryId, Entry> =
            kept.iter().map(|kept| (kept.id, Entry::verify(kept.entry.clone()).unwrap())).collect();
        let headers: BTreeMap<EntryId, Header> =
            kept.iter().map(|kept| (kept.id, cbor::decode(&kept.entry.header, HEADER_MAX).unwrap())).collect();
        let nodes: Vec<Node> = verified.values().map(Node::from).collect();
        let parents: BTreeMap<EntryId, Vec<EntryId>> =
            nodes.iter().map(|node| (node.key.id, node.parents.clone())).collect();
        let order = sort(&nodes);
        let mut seen: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
        for id in &order {
            let mut changes = BTreeSet::new();
            for parent in &parents[id] {
                match headers.get(parent) {
                    Some(header) if header.kind == kind::GROUP => drop(changes.insert(*parent)),
                    _ => changes.extend(seen.get(parent).into_iter().flatten().copied()),
                }
            }
            seen.insert(*id, changes.into_iter().collect());
        }
        // In another order than that of the conversation: author by author, as far as each has seen.
        let mut group = Group::new(room.conversation);
        let changes = order.iter().filter(|id| headers[*id].kind == kind::GROUP);
        let mut left: Vec<Fact> = changes.map(|id| Fact::new(&verified[id], seen[id].clone())).collect();
        left.sort_by_key(|fact| (fact.author, std::cmp::Reverse(fact.id)));
        while !left.is_empty() {
            let before = left.len();
            left.retain(|fact| group.add(fact.clone()).is_err());
            assert!(left.len() < before, "a change has seen one that is not here");
        }
        let mut model = Self { order, headers, seen, group, void: BTreeSet::new() };
        model.void = model.void();
        model
    }

    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Whether an entry that has a place counts.
    pub fn counts(&self, id: &EntryId) -> bool {
        !self.void.contains(id)
    }

    fn void(&self) -> BTreeSet<EntryId> {
        let fold = self.group.fold();
        let void = |id: &&EntryId| {
            let header = &self.headers[*id];
            if header.kind == kind::GROUP {
                return fold.verdict(id).is_none_or(|verdict| verdict.is_err());
            }
            let Header { author, device, log, sequence, .. } = *header;
            let written = Written { id: **id, author, device, log, sequence, seen: &self.seen[*id] };
            fold.judge(&written, |_| true).is_err()
        };
        self.order.iter().filter(void).copied().collect()
    }

    /// Whether a message's author has deleted it, which does not count, and the text is gone: it was erased where it was deleted, and nobody
    /// who is in the group has it. Who is out and has it keeps it.
    fn is_given_up(&self, id: &EntryId, inside: &[Member]) -> bool {
        let author = self.headers.get(id).map(|header| header.author);
        let deletes = |header: &Header| header.kind == kind::DELETE && header.target == Some(*id);
        let mut theirs = self.headers.values().filter(|header| Some(header.author) == author);
        let has = |member: &Member| member.kept.iter().any(|kept| kept.id == *id && kept.entry.body.is_some());
        theirs.any(deletes) && !inside.iter().any(has)
    }

    /// Who is in it, and who of them is an admin.
    fn members(&self) -> Vec<(uuid::Uuid, bool)> {
        let membership = self.group.fold().membership();
        let members = membership.into_iter().flat_map(|membership| membership.members);
        members.map(|member| (UserId::from(&member.root).0, member.admin.is_some())).collect()
    }

    /// What somebody who has these bodies sees, the rows that are shown to nobody left out.
    fn shown(&self, bodies: &BTreeMap<EntryId, Vec<u8>>) -> Vec<(EntryId, Content)> {
        let mut operations: BTreeMap<EntryId, Vec<Operation>> = BTreeMap::new();
        let counts = || self.order.iter().filter(|id| !self.void.contains(id));
        for id in counts() {
            let header = &self.headers[id];
            if let Some(target) = header.target {
                let body = bodies.get(id).cloned();
                let operation = Operation { id: *id, author: header.author, kind: header.kind, body };
                operations.entry(target).or_default().push(operation);
            }
        }
        let rows = counts().filter(|id| is_shown(self.headers[*id].kind, self.headers[*id].target.is_some()));
        let shown = rows.filter_map(|id| {
            let header = &self.headers[id];
            let body = bodies.get(id);
            let operations = operations.get(id).map_or(&[][..], Vec::as_slice);
            let deleted = |operation: &Operation| operation.kind == kind::DELETE && operation.author == header.author;
            let deleted = operations.iter().any(deleted);
            assert!(!deleted || body.is_none(), "a text that was deleted is still there");
            nothing_else_is_left(header, operations);
            // What came without its body is on its way, or not for them.
            (body.is_some() || deleted).then(|| (*id, content(header, body.map(Vec::as_slice), operations)))
        });
        shown.collect()
    }
}

/// A member's device.
pub struct Member {
    pub device: usize,
    pub root: RootKey,
    view: GroupView,
    pub kept: Vec<Kept>,
}

impl Member {
    fn bodies(&self) -> BTreeMap<EntryId, Vec<u8>> {
        self.kept.iter().filter_map(|kept| Some((kept.id, kept.entry.body.clone()?))).collect()
    }
}

/// Looks at the group.
pub fn check(life: &mut Life, room: usize) {
    let everybody: Vec<Member> = (0..life.people).filter_map(|device| member(life, room, device)).collect();
    let (mut inside, outside): (Vec<Member>, Vec<Member>) =
        everybody.into_iter().partition(|member| member.view.inside);
    let models: Vec<Model> = outside.iter().map(|member| Model::of(&life.rooms[room], &member.kept)).collect();
    let outside: Vec<(Member, Model)> = outside.into_iter().zip(models).collect();
    // Those who could not be told that others are out, or they themselves, are by themselves.
    let mut groups = vec![];
    while let Some(first) = inside.pop() {
        let first_user = life.world.user(first.device);
        let together =
            |member: &Member| lists(&member.view, first_user) && lists(&first.view, life.world.user(member.device));
        let (mut with, others): (Vec<Member>, Vec<Member>) = inside.into_iter().partition(together);
        with.push(first);
        (inside, _) = (others, ());
        let inside = with;
        let first = &inside[0];
        let model = Model::of(&life.rooms[room], &first.kept);
        same_entries(life, room, &model, &inside);
        same_members(life, room, &model, &inside);
        same_rendering(life, room, &model, &inside);
        nothing_missing(life, room, &model, &inside);
        cuts_hold(life, room, &model, first.device);
        floods_have_an_end(life, &model);
        groups.push(model);
    }
    nothing_for_who_is_out(&life.rooms[room], &groups, &outside);
    for (member, model) in &outside {
        let bodies = member.bodies();
        shown_as_it_follows(life, room, model, member.device, &bodies);
    }
}

fn member(life: &mut Life, room: usize, device: usize) -> Option<Member> {
    let (_, view) = life.world.group_now(device, life.rooms[room].names[device])?;
    let mut kept = entries(life, room, device);
    let forgotten = life.forgotten(room, &kept);
    kept.retain(|kept| !forgotten.contains(&kept.id));
    Some(Member { device, root: life.world.root(device), view, kept })
}

/// The same entries, byte for byte but for bodies that somebody may not have, in the order that follows from them alone.
fn same_entries(life: &Life, room: usize, model: &Model, inside: &[Member]) {
    let lost = &life.rooms[room].lost;
    let is_in = |root: &RootKey| inside.iter().any(|member| member.root == *root);
    let aside = stranded(&inside.iter().map(|member| &member.kept[..]).collect::<Vec<_>>(), lost, is_in);
    let all: BTreeSet<EntryId> = model.headers.keys().copied().filter(|id| !aside.contains(id)).collect();
    for member in inside {
        let mut ids: BTreeSet<EntryId> = member.kept.iter().map(|kept| kept.id).collect();
        assert_eq!(ids.len(), member.kept.len(), "an entry of a group is there twice");
        ids.retain(|id| !aside.contains(id));
        assert!(ids == all, "two members have different entries");
        let placed: Vec<EntryId> =
            member.kept.iter().filter(|kept| kept.position.is_some()).map(|kept| kept.id).collect();
        assert_eq!(placed, model.order, "a member has another order than follows from the entries");
    }
    let waits_for = inside[0].kept.iter().filter(|kept| !aside.contains(&kept.id));
    let waits_for = waits_for.flat_map(|kept| Node::from(&Entry::verify(kept.entry.clone()).unwrap()).parents);
    let missing = waits_for.filter(|id| !all.contains(id) && !lost.contains(id)).count();
    assert!(missing == 0, "an entry of a group waits for one that is missing");
    // Whoever may have a body has it, once anybody has.
    let fold = model.group.fold();
    let bodies: Vec<BTreeMap<EntryId, Vec<u8>>> = inside.iter().map(Member::bodies).collect();
    for id in &model.order {
        let is_change = model.headers[id].kind == kind::GROUP;
        let Some(body) = bodies.iter().find_map(|bodies| bodies.get(id)) else { continue };
        for (member, own) in inside.iter().zip(&bodies) {
            let share = fold.share(&member.root, &model.seen[id], is_change);
            let whole = share == Share::Whole || model.headers[id].author == member.root;
            let whole = whole && !nobody_can_be_asked(life, room, member, &model.headers[id].author);
            match own.get(id) {
                Some(own) => assert!(own == body, "two members have different texts"),
                None => {
                    let has = inside.iter().zip(&bodies).filter(|(_, bodies)| bodies.contains_key(id));
                    let has: Vec<usize> = has.map(|(member, _)| member.device).collect();
                    assert!(
                        !whole,
                        "person {} lacks a text that is for them and that {has:?} have: {id:?}",
                        member.device
                    );
                }
            }
        }
    }
}

/// Whether by mail only the author of something is asked for it, whom the asker sees in the group, and does not hear it: who is no contact of the
/// asker and takes themselves to be out has nothing to do with them.
fn nobody_can_be_asked(life: &Life, room: usize, asks: &Member, author: &RootKey) -> bool {
    let Some(device) = (0..life.people).find(|device| life.world.root(*device) == *author) else { return false };
    let is_seen = lists(&asks.view, life.world.user(device));
    let view = life.world.group_now(device, life.rooms[room].names[device]);
    let takes_part = view.is_some_and(|(_, view)| view.inside);
    !life.links && is_seen && !takes_part && !life.are_contacts(asks.device, device)
}

/// The group is the same for whom its changes have come in the order of the conversation: who is in it, by what and how senior; and what counts.
fn arrival_changes_nothing(model: &Model, conversation: ConversationId) {
    let mut other = Group::new(conversation);
    let facts: BTreeMap<EntryId, &Fact> = model.group.facts().map(|fact| (fact.id, fact)).collect();
    for fact in model.order.iter().filter_map(|id| facts.get(id)) {
        other.add((*fact).clone()).expect("what a change has seen stands before it");
    }
    let (one, other) = (model.group.fold(), other.fold());
    assert!(one.membership() == other.membership(), "a group depends on the order in which its changes came");
    let differs = facts.keys().find(|id| one.verdict(id) != other.verdict(id));
    assert_eq!(differs, None, "what counts in a group depends on the order in which its changes came");
}

/// Everybody in it agrees who is, and what it is called; and so says a fold in another order.
fn same_members(life: &mut Life, room: usize, model: &Model, inside: &[Member]) {
    let named = |view: &GroupView| -> Vec<(uuid::Uuid, bool)> {
        view.members.iter().map(|member| (member.user_id, member.admin)).collect()
    };
    arrival_changes_nothing(model, life.rooms[room].conversation);
    let view = &inside[0].view;
    assert_eq!(named(view), model.members(), "the membership is not the one that follows from the entries");
    for member in inside {
        assert_eq!(named(&member.view), named(view), "two members see different people in the group");
        let look = |view: &GroupView| (view.name.clone(), view.hue, view.history);
        assert_eq!(look(&member.view), look(view), "two members see different groups");
    }
    for device in (0..life.people).filter(|device| !inside.iter().any(|member| member.device == *device)) {
        if !lists(view, life.world.user(device)) {
            continue;
        }
        let contacts = inside.iter().map(|member| member.device).filter(|member| life.are_contacts(*member, device));
        let contacts: Vec<usize> = contacts.collect();
        let told = contacts.into_iter().any(|member| life.has_to_agree(member, device, false));
        assert!(!told, "person {device} is in the group and does not know");
    }
}

fn shown_as_it_follows(
    life: &mut Life,
    room: usize,
    model: &Model,
    device: usize,
    bodies: &BTreeMap<EntryId, Vec<u8>>,
) -> Vec<MessageView> {
    let with = life.rooms[room].names[device];
    // What something happened to in between says nothing.
    let mut looks = (0..LOOKS_MAX).filter_map(|_| {
        let before = life.history(room, device);
        let page = life.world.run(device, Command::ReadPage { with, at: PageAt::Latest, limit: PAGE });
        let Ok(Reply::Page(page)) = page else { panic!("no page") };
        (life.history(room, device) == before).then_some((before, page.messages))
    });
    let (history, page) = looks.next().expect("what is shown of a group changes all the time");
    assert_eq!(page, history, "a page and the history of a group differ");
    let expected = model.shown(bodies);
    let expected = &expected[expected.len().saturating_sub(PAGE as usize)..];
    let content = |message: &MessageView| match message {
        MessageView { deleted: true, .. } => Content::Deleted,
        MessageView { newer: true, .. } => Content::Newer,
        message => Content::Text(message.text.clone()),
    };
    let shown: Vec<(EntryId, Content)> = history.iter().map(|message| (id_of(&message.id), content(message))).collect();
    let wrong = shown.iter().zip(expected).position(|(shown, expected)| shown != expected);
    assert!(
        shown == expected,
        "what is shown of a group is not what the entries say: {} rows, not {}, from {wrong:?} on: {:?}, not {:?}",
        shown.len(),
        expected.len(),
        wrong.map(|at| &shown[at]),
        wrong.map(|at| &expected[at]),
    );
    what_is_shown_is_found(life, room, device, &history);
    nothing_is_left_of_what_was_deleted(life, room, &[device], &history);
    history
}

/// Everybody sees what follows from what they may have; those who have the same see the same.
fn same_rendering(life: &mut Life, room: usize, model: &Model, inside: &[Member]) {
    let mut renderings = BTreeMap::new();
    for member in inside {
        let bodies = member.bodies();
        let history = shown_as_it_follows(life, room, model, member.device, &bodies);
        let arrived = |state| matches!(state, MessageState::Delivered | MessageState::Read | MessageState::Received);
        // Nobody confirms what somebody says to nobody.
        let all = inside.len() == member.view.members.len() && inside.len() > 1;
        let waits = history.iter().filter(|message| !arrived(message.state)).count();
        assert!(!all || waits == 0, "{waits} messages in a group have not arrived");
        let shown: Vec<_> = history.into_iter().map(seen).collect();
        // Two without history may have as much and not the same: each came in at another time.
        let before = renderings.entry(bodies).or_insert_with(|| shown.clone());
        assert!(*before == shown, "two members see one group differently");
    }
}

/// What the members were told is safe is there, with its text, unless the group says that it does not count; and each stands behind
/// what its author had seen.
fn nothing_missing(life: &mut Life, room: usize, model: &Model, inside: &[Member]) {
    let places: BTreeMap<EntryId, usize> = model.order.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    for member in inside {
        let history: BTreeMap<EntryId, String> =
            life.history(room, member.device).into_iter().map(|message| (id_of(&message.id), message.text)).collect();
        let first = history.len() == PAGE as usize;
        let waiting: BTreeSet<EntryId> =
            member.kept.iter().filter(|kept| kept.position.is_none()).map(|kept| kept.id).collect();
        let room = &life.rooms[room];
        for (id, text) in room.must.iter().filter(|(id, _)| room.own[member.device].contains(id)) {
            match history.get(id) {
                Some(_) if room.changed.contains(id) => {}
                Some(shown) => assert_eq!(shown, text, "a message in a group has changed"),
                None => {
                    let excused =
                        first || waiting.contains(id) || model.void.contains(id) || model.is_given_up(id, inside);
                    assert!(excused, "an acknowledged message is missing in a group: “{}”", text.trim());
                }
            }
        }
    }
    for (id, before) in &life.rooms[room].before {
        let Some(place) = places.get(id) else { continue };
        let late = before.iter().filter_map(|id| places.get(id)).any(|earlier| earlier > place);
        assert!(!late, "a message of a group stands before one that its author had seen");
    }
}

/// Of somebody who was put out once and is out, nothing is shown that stands beyond the cut: read from the entries themselves, for
/// the fold that the store asks is the one that the model asks too.
fn cuts_hold(life: &mut Life, room: usize, model: &Model, device: usize) {
    let Some(membership) = model.group.fold().membership() else { return };
    let history = life.history(room, device);
    for former in &membership.former {
        let [(_, _, cut)] = former.ends.as_slice() else { continue };
        let within = |header: &Header| {
            let last = cut.iter().find(|last| (last.device, last.log) == (header.device, header.log));
            last.is_some_and(|last| header.sequence <= last.sequence)
        };
        let shown = history.iter().map(|message| &model.headers[&id_of(&message.id)]);
        let beyond = shown.filter(|header| header.author == former.root && !within(header)).count();
        assert!(beyond == 0, "{beyond} messages are shown that were written beyond a cut");
    }
}
