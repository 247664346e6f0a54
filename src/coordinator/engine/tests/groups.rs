//! Groups of people of whom not all know each other.

use std::time::Duration;

use uuid::Uuid;

use crate::coordinator::world::World;
use crate::coordinator::{Command, ErrorCode, Event, GroupChange, LinkState, MessageState, Reply};
use crate::store::Op;
use crate::wire::EntryId;

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const SECOND: Duration = Duration::from_secs(1);
const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

/// Alice knows everybody; the others do not know each other.
pub(super) fn people(world: &mut World, names: &[&str]) -> Vec<Uuid> {
    for name in names {
        world.person(name);
    }
    let ids: Vec<Uuid> = (0..names.len()).map(|device| world.user(device)).collect();
    for device in 1..names.len() {
        world.befriend(ALICE, device);
    }
    ids
}

pub(super) fn joined(world: &World, device: usize, group: Uuid) -> bool {
    let joined = |event: &Event| matches!(event, Event::GroupJoined { group_id, .. } if *group_id == group);
    world.events(device).iter().any(joined)
}

pub(super) fn left(world: &World, device: usize, group: Uuid) -> bool {
    let left = |event: &Event| matches!(event, Event::GroupLeft { group_id } if *group_id == group);
    world.events(device).iter().any(left)
}

/// A group of three who are all in it.
pub(super) fn trio(world: &mut World) -> (Vec<Uuid>, Uuid) {
    let ids = people(world, &["Alice", "Bob", "Carol"]);
    let group = world.group(ALICE, "Us", &ids[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..3).all(|device| joined(world, device, group)));
    (ids, group)
}

pub(super) fn told(world: &World, device: usize, id: &str) -> usize {
    let told = |event: &&Event| matches!(event, Event::MessageReceived { id: other, .. } if other == id);
    world.events(device).iter().filter(told).count()
}

pub(super) fn texts(world: &mut World, device: usize, group: Uuid) -> Vec<String> {
    world.history(device, group).into_iter().map(|message| message.text).collect()
}

/// Somebody writes in a group while Bob is away, one has it, and then the writer is gone with all mail.
pub(super) fn only_one_gets(world: &mut World, group: Uuid, writer: usize, reader: usize) -> String {
    world.kill(BOB);
    let id = world.write(writer, group, "Bob is away");
    world.until("one has it", 2 * MINUTE, |world| told(world, reader, &id) == 1);
    world.pass(5 * SECOND);
    world.kill(writer);
    world.lose_mail();
    id
}

fn ids(world: &mut World, device: usize, group: Uuid) -> Vec<String> {
    world.history(device, group).into_iter().map(|message| message.id).collect()
}

pub(super) fn linked(world: &World, one: usize, other: usize) -> bool {
    let open = |one: usize, other: usize| world.link_with(one, world.user(other)) == Some(LinkState::Open);
    open(one, other) && open(other, one)
}

/// Whoever writes in a group reaches everybody, also those who are strangers to each other; these are linked for it and no contacts.
#[test]
fn three_who_do_not_all_know_each_other_talk() {
    let mut world = World::new(1);
    let (users, group) = trio(&mut world);
    world.until("all links", 2 * MINUTE, |world| {
        linked(world, ALICE, BOB) && linked(world, BOB, CAROL) && linked(world, ALICE, CAROL)
    });
    let said: Vec<String> = (0..3).map(|device| world.write(device, group, &format!("hello from {device}"))).collect();
    world.until("all messages", MINUTE, |world| {
        (0..3).all(|device| (0..3).all(|by| by == device || told(world, device, &said[by]) == 1))
    });
    world.pass(5 * SECOND);
    let here = ids(&mut world, ALICE, group);
    assert_eq!(here.len(), 3);
    assert_eq!((ids(&mut world, BOB, group), ids(&mut world, CAROL, group)), (here.clone(), here));
    assert_eq!(world.contacts(BOB).len(), 1, "Carol is no contact of Bob's");
    assert!(world.requests(BOB).is_empty());
    let view = world.group_view(BOB, group).unwrap();
    assert_eq!((view.name.as_str(), view.inside, view.members.len()), ("Us", true, 3));
    let carol = view.members.iter().find(|member| member.user_id == users[CAROL]).unwrap();
    assert!(carol.name == "Carol" && !carol.contact && !carol.admin);
    let refused =
        world.run(BOB, Command::SendMessage { to: users[CAROL], text: "psst".into(), reply_to: None }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAContact);
    let own = world.history(ALICE, group).into_iter().find(|message| message.id == said[ALICE]).unwrap();
    assert_eq!(own.state, MessageState::Delivered);
    assert_eq!(world.status(ALICE).outbox, 0);
    // And it all is there after a restart.
    (0..3).for_each(|device| world.kill(device));
    (0..3).for_each(|device| world.start(device));
    let last = world.write(CAROL, group, "still here");
    world.until("the last message", 2 * MINUTE, |world| told(world, ALICE, &last) + told(world, BOB, &last) == 2);
}

/// What Alice wrote while Bob was away reaches him through Carol, without Alice and without mail.
#[test]
fn any_holder_carries() {
    let mut world = World::new(2);
    let (_, group) = trio(&mut world);
    world.pass(MINUTE);
    world.kill(BOB);
    let id = world.write(ALICE, group, "for everybody");
    world.until("Carol has it", MINUTE, |world| told(world, CAROL, &id) == 1);
    world.pass(5 * SECOND);
    assert_ne!(world.history(ALICE, group)[0].state, MessageState::Delivered, "Bob does not have it");
    let Ok(Reply::Info(info)) = world.run(ALICE, Command::ShowMessage { with: Some(group), id: id.clone() }) else {
        panic!("no message")
    };
    let has: Vec<(Uuid, bool)> = info.members.iter().map(|member| (member.user_id, member.delivered)).collect();
    let mut expected = vec![(world.user(BOB), false), (world.user(CAROL), true)];
    expected.sort_by_key(|(user, _)| info.members.iter().position(|member| member.user_id == *user));
    assert_eq!(has, expected);
    world.kill(ALICE);
    world.lose_mail();
    world.start(BOB);
    world.until("Bob has it", 2 * MINUTE, |world| told(world, BOB, &id) == 1);
    world.start(ALICE);
    world.until("Alice knows", 2 * MINUTE, |world| {
        let delivered = |event: &Event| matches!(event, Event::MessageDelivered { id: other, .. } if *other == id);
        world.events(ALICE).iter().any(delivered)
    });
}

/// The same by mail alone: what Bob never got from Alice he asks of Carol, whose answer to it has come.
#[test]
fn any_holder_carries_by_mail_when_asked() {
    let mut world = World::new(9);
    world.links_work = false;
    let (_, group) = trio(&mut world);
    world.pass(MINUTE);
    let question = only_one_gets(&mut world, group, ALICE, CAROL);
    let answer = world.write(CAROL, group, "an answer");
    world.pass(5 * SECOND);
    world.start(BOB);
    world.until("Bob has both", 2 * MINUTE, |world| told(world, BOB, &question) + told(world, BOB, &answer) == 2);
    assert_eq!(ids(&mut world, BOB, group), [question, answer]);
}

/// Without any link everything goes by mail, also between two who have never spoken to each other.
#[test]
fn a_group_lives_by_mail_alone() {
    let mut world = World::new(3);
    world.links_work = false;
    let (_, group) = trio(&mut world);
    world.pass(MINUTE);
    let first = world.write(BOB, group, "by mail");
    world.until("both have it", 2 * MINUTE, |world| told(world, ALICE, &first) + told(world, CAROL, &first) == 2);
    let second = world.write(CAROL, group, "an answer");
    world.until("both have it", 2 * MINUTE, |world| told(world, ALICE, &second) + told(world, BOB, &second) == 2);
    world.pass(MINUTE);
    let here = ids(&mut world, ALICE, group);
    assert_eq!(here, [first, second]);
    assert_eq!((ids(&mut world, BOB, group), ids(&mut world, CAROL, group)), (here.clone(), here));
    assert_eq!(world.history(BOB, group)[0].state, MessageState::Delivered);
}

/// Who was removed gets nothing that was written afterwards, is told that they are out, and can say nothing more.
#[test]
fn a_removed_member_gets_nothing_more() {
    for links_work in [true, false] {
        let mut world = World::new(4);
        world.links_work = links_work;
        let (users, group) = trio(&mut world);
        world.pass(MINUTE);
        let before = world.write(BOB, group, "before");
        world.until("all have it", 2 * MINUTE, |world| told(world, CAROL, &before) == 1);
        let not_allowed = Command::RemoveFromGroup { group, user: users[ALICE] };
        assert_eq!(world.run(BOB, not_allowed).unwrap_err().code, ErrorCode::NotAnAdmin);
        world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
        world.until("Carol knows", 2 * MINUTE, |world| left(world, CAROL, group));
        world.pass(10 * SECOND);
        let after = [world.write(ALICE, group, "she is gone"), world.write(BOB, group, "so she is")];
        world.until("both have them", 2 * MINUTE, |world| {
            told(world, BOB, &after[0]) + told(world, ALICE, &after[1]) == 2
        });
        world.pass(5 * MINUTE);
        let kept = |id: &String| world.kept(CAROL).contains(&EntryId::from_hex(id).unwrap());
        assert!(kept(&before) && !after.iter().any(kept));
        let refused =
            world.run(CAROL, Command::SendMessage { to: group, text: "hello?".into(), reply_to: None }).unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotInGroup);
        assert_eq!(texts(&mut world, CAROL, group), ["before"]);
        assert_eq!(world.group_view(BOB, group).unwrap().members.len(), 2);
        assert_eq!(world.history(ALICE, group)[1].state, MessageState::Delivered, "nobody waits for who is gone");
    }
}

/// Who comes later gets what was written before only if the group says so, and sees what follows in the same order.
#[test]
fn history_is_given_only_if_the_group_says_so() {
    for shared in [false, true] {
        let mut world = World::new(5);
        let ids_of = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
        let group = world.group(ALICE, "Us", &ids_of[1..3]);
        world.until("everybody is in", 2 * MINUTE, |world| (0..3).all(|device| joined(world, device, group)));
        world.pass(MINUTE);
        world.write(ALICE, group, "old secrets");
        let second = world.write(BOB, group, "more of them");
        world
            .until("all have it", MINUTE, |world| told(world, CAROL, &second) == 1 && told(world, ALICE, &second) == 1);
        if shared {
            world.run(ALICE, Command::SetGroupHistory { group, shared: true }).unwrap();
        }
        world.run(ALICE, Command::AddToGroup { group, user: ids_of[3] }).unwrap();
        world.until("Dave is in", 2 * MINUTE, |world| joined(world, 3, group));
        world.pass(MINUTE);
        let new = world.write(CAROL, group, "welcome");
        let answer = world.write(3, group, "thank you");
        world.until("all have them", 2 * MINUTE, |world| {
            told(world, 3, &new) == 1 && (0..3).all(|device| told(world, device, &answer) == 1)
        });
        let here = texts(&mut world, 3, group);
        let all = ["old secrets", "more of them", "welcome", "thank you"];
        let expected = if shared { &all[..] } else { &all[2..] };
        assert_eq!(here.len(), expected.len(), "{here:?}");
        assert!(expected.iter().all(|text| here.contains(&(*text).to_owned())));
        let everything = ids(&mut world, ALICE, group);
        let seen = ids(&mut world, 3, group);
        assert_eq!(everything[everything.len() - seen.len()..], seen);
        assert_eq!(everything, ids(&mut world, BOB, group));
    }
}

/// Who leaves is gone for everybody, and whom they knew only there is forgotten.
#[test]
fn who_leaves_is_gone_for_everybody() {
    for links_work in [true, false] {
        let mut world = World::new(6);
        world.links_work = links_work;
        let (users, group) = trio(&mut world);
        world.pass(MINUTE);
        world.run(CAROL, Command::LeaveGroup(group)).unwrap();
        let two = |world: &mut World, device| world.group_view(device, group).unwrap().members.len() == 2;
        world.pass(2 * MINUTE);
        assert!(two(&mut world, ALICE) && two(&mut world, BOB));
        assert!(left(&world, CAROL, group));
        let refused = world.run(CAROL, Command::HideAddress { from: users[BOB], on: true }).unwrap_err();
        assert_eq!(refused.code, ErrorCode::UnknownUser, "Bob was known for the group's sake only");
        let id = world.write(BOB, group, "without her");
        world.until("Alice has it", 2 * MINUTE, |world| told(world, ALICE, &id) == 1);
        world.pass(MINUTE);
        assert_eq!(world.history(BOB, group)[0].state, MessageState::Delivered);
        // Added again, she is in again.
        world.run(ALICE, Command::AddToGroup { group, user: users[CAROL] }).unwrap();
        world.pass(2 * MINUTE);
        assert!(world.group_view(CAROL, group).unwrap().inside);
        let back = world.write(CAROL, group, "back again");
        world.until("Bob has it", 2 * MINUTE, |world| told(world, BOB, &back) == 1);
    }
}

/// Who leaves passes on what their leaving stands on, when nobody else is there to do it.
#[test]
fn who_leaves_passes_on_what_their_leaving_stands_on() {
    for links_work in [true, false] {
        let mut world = World::new(10);
        world.links_work = links_work;
        let (users, group) = trio(&mut world);
        world.pass(MINUTE);
        let id = only_one_gets(&mut world, group, CAROL, ALICE);
        world.run(ALICE, Command::LeaveGroup(group)).unwrap();
        world.pass(5 * SECOND);
        world.start(BOB);
        let knows = |world: &World| {
            let view = world.group_now(BOB, group);
            view.is_some_and(|(_, view)| view.members.iter().all(|member| member.user_id != users[ALICE]))
        };
        world.until("Bob knows that she is gone", 3 * MINUTE, knows);
        assert_eq!(told(&world, BOB, &id), 1);
    }
}

/// The last admin who leaves hands over to whoever has been in longest; everybody can read who did what.
#[test]
fn the_last_admin_hands_over() {
    let mut world = World::new(8);
    let (users, group) = trio(&mut world);
    world.run(ALICE, Command::LeaveGroup(group)).unwrap();
    world.pass(2 * MINUTE);
    for device in [BOB, CAROL] {
        let view = world.group_view(device, group).unwrap();
        let members: Vec<(Uuid, bool)> = view.members.iter().map(|member| (member.user_id, member.admin)).collect();
        assert_eq!(members, [(users[BOB], true), (users[CAROL], false)]);
        let Ok(Reply::GroupChanges(changes)) = world.run(device, Command::ListGroupChanges(group)) else { panic!() };
        assert!(changes.iter().all(|change| change.by == users[ALICE] && change.uncounted.is_none()), "{changes:?}");
        let what: Vec<GroupChange> = changes.into_iter().map(|change| change.change).collect();
        let created = GroupChange::Created { name: "Us".into(), members: users.clone() };
        assert_eq!(what, [created, GroupChange::Promoted { user_id: users[BOB] }, GroupChange::Left]);
    }
    let refused = world.run(CAROL, Command::RenameGroup { group, name: "Mine".into() }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAnAdmin);
    world.run(BOB, Command::RenameGroup { group, name: "Ours".into() }).unwrap();
    world.pass(MINUTE);
    assert_eq!(world.group_view(CAROL, group).unwrap().name, "Ours");
}

/// Only a contact adds somebody: a group to which somebody else has added us is refused and counted.
#[test]
fn a_group_of_a_stranger_is_refused() {
    let mut world = World::new(7);
    let users = people(&mut world, &["Alice", "Bob", "Carol"]);
    world.befriend(BOB, CAROL);
    let group = world.group(CAROL, "Carol's", &[users[ALICE]]);
    world.until("Alice is in", 2 * MINUTE, |world| joined(world, ALICE, group));
    world.run(BOB, Command::RemoveContact(users[CAROL])).unwrap();
    world.run(CAROL, Command::AddToGroup { group, user: users[BOB] }).unwrap();
    world.pass(5 * MINUTE);
    assert!(world.group_view(BOB, group).is_none());
    assert!(world.status(BOB).dropped.keys().any(|reason| reason.contains("nobody has added us")));
    let stranger = world.person("Eve");
    let refused = Command::AddToGroup { group, user: world.user(stranger) };
    assert_eq!(world.run(CAROL, refused).unwrap_err().code, ErrorCode::UnknownUser);
}

/// A group is told once it is on disk: what the disk refuses is no group.
#[test]
fn a_group_that_the_disk_refuses_is_none() {
    let mut world = World::new(8);
    let users = people(&mut world, &["Alice", "Bob"]);
    world.pass(MINUTE);
    world.refuse(ALICE, 1, |op| matches!(op, Op::Append(_)));
    let command = || Command::CreateGroup { name: "Us".into(), members: vec![users[BOB]] };
    assert_eq!(world.run(ALICE, command()).unwrap_err().code, ErrorCode::Storage);
    assert_eq!(world.run(ALICE, Command::ListGroups), Ok(Reply::Groups(vec![])));
    assert!(world.run(ALICE, command()).is_ok());
    world.until("Bob is in", 2 * MINUTE, |world| {
        world.events(BOB).iter().any(|event| matches!(event, Event::GroupJoined { .. }))
    });
}

/// What was said in a group is passed on to a person, and what a person said into a group, where everybody reads it.
#[test]
fn messages_are_passed_on_out_of_a_group_and_into_it() {
    let mut world = World::new(11);
    let (users, group) = trio(&mut world);
    world.pass(MINUTE);
    let said = world.write(CAROL, group, "from the group");
    let private = world.write(BOB, users[ALICE], "from Bob");
    world.until("Alice has both", MINUTE, |world| told(world, ALICE, &said) + told(world, ALICE, &private) == 2);
    world.run(ALICE, Command::ForwardMessage { with: group, id: said, to: vec![users[BOB]] }).unwrap();
    world.run(ALICE, Command::ForwardMessage { with: users[BOB], id: private, to: vec![group] }).unwrap();
    world.pass(MINUTE);
    let last = |world: &mut World, device, with| {
        let message = world.history(device, with).pop().unwrap();
        (message.text, message.forwarded)
    };
    assert_eq!(last(&mut world, BOB, users[ALICE]), ("from the group".to_owned(), true));
    for device in [ALICE, BOB, CAROL] {
        assert_eq!(last(&mut world, device, group), ("from Bob".to_owned(), true), "{device}");
    }
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    world.until("Carol is out", 2 * MINUTE, |world| left(world, CAROL, group));
    let id = world.history(CAROL, group)[0].id.clone();
    let out = Command::ForwardMessage { with: users[ALICE], id: id.clone(), to: vec![group] };
    assert!(world.run(CAROL, out).is_err(), "who is out says nothing in it");
    assert!(world.run(CAROL, Command::ForwardMessage { with: group, id, to: vec![users[ALICE]] }).is_ok());
}
