//! Groups and those who are out of them, or in very many.

use uuid::Uuid;

use super::groups::{MINUTE, SECOND, joined, left, linked, people, told, trio};
use crate::coordinator::world::{Moment, World};
use crate::coordinator::{Command, GroupChange, LineView, PageAt, Reply};
use crate::log::TEXT_BYTES_MAX;
use crate::wire::{ConversationId, EntryId, Frame, Have};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;

/// What Alice has said over links that she has of the conversation that is not with a person.
fn haves_of_group(world: &World, direct: ConversationId) -> Vec<Have> {
    let frames = world.frames.iter().filter(|(from, _)| *from == ALICE);
    let haves = frames.filter_map(|(_, bytes)| match Frame::parse(bytes) {
        Ok(Frame::Have(have)) => Some(have),
        _ => None,
    });
    haves.filter(|have| have.conversation != direct).collect()
}

/// A contact who was removed hears that they are out, and not even that there is anything after it; once they know, nothing at all.
/// Added again they are in again.
#[test]
fn a_removed_contact_hears_no_more_of_a_group() {
    let mut world = World::new(21);
    let (users, group) = trio(&mut world);
    world.pass(MINUTE);
    world.kill(CAROL);
    world.lose_mail();
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    let after = world.write(ALICE, group, "she is gone");
    world.until("Bob knows", 2 * MINUTE, |world| told(world, BOB, &after) == 1);
    let answer = world.write(BOB, group, "so she is");
    world.until("Alice has his answer", 2 * MINUTE, |world| told(world, ALICE, &answer) == 1);
    world.pass(5 * SECOND);
    world.kill(BOB);
    world.lose_mail();
    world.frames.clear();
    world.start(CAROL);
    world.until("Carol knows", 2 * MINUTE, |world| left(world, CAROL, group));
    let direct = world.conversation(ALICE, CAROL);
    let secret = [&after, &answer].map(|id| EntryId::from_hex(id).unwrap());
    let said = haves_of_group(&world, direct);
    assert!(!said.is_empty(), "she has to learn it");
    for have in said {
        assert!(have.logs.iter().all(|log| log.head.is_none_or(|head| !secret.contains(&head))), "{have:?}");
    }
    world.pass(10 * SECOND);
    world.kill(CAROL);
    world.pass(MINUTE);
    world.start(CAROL);
    world.frames.clear();
    world.until("a link", 2 * MINUTE, |world| linked(world, ALICE, CAROL));
    // Each says once on a link what there is: she might have lost it with a disk.
    world.pass(5 * SECOND);
    let said = haves_of_group(&world, direct);
    assert!((1..=2).contains(&said.len()), "{said:?}");
    for have in said {
        assert!(have.logs.iter().all(|log| log.head.is_none_or(|head| !secret.contains(&head))), "{have:?}");
    }
    world.frames.clear();
    world.pass(2 * MINUTE);
    assert_eq!(haves_of_group(&world, direct), []);
    world.run(ALICE, Command::AddToGroup { group, user: users[CAROL] }).unwrap();
    let back = world.write(ALICE, group, "welcome back");
    world.until("Carol is in again", 2 * MINUTE, |world| told(world, CAROL, &back) == 1);
}

/// Who was put out keeps for themselves what others wrote: a contact who has told them that they are out takes no more of it, and what the
/// two say to each other does not wait for it.
#[test]
fn who_was_put_out_talks_on_with_a_contact() {
    let mut world = World::new(28);
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    world.befriend(BOB, CAROL);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..4).all(|device| joined(world, device, group)));
    world.pass(MINUTE);
    world.kill(ALICE);
    world.kill(BOB);
    // Very much more than may be under way on a link.
    let long = "x".repeat(TEXT_BYTES_MAX);
    let said: Vec<String> = (0..100).map(|_| world.write(DAVE, group, &long)).collect();
    world.until("Carol has it", 2 * MINUTE, |world| said.iter().all(|id| told(world, CAROL, id) == 1));
    world.kill(DAVE);
    world.kill(CAROL);
    world.lose_mail();
    world.start(ALICE);
    world.start(BOB);
    world.until("a link", MINUTE, |world| linked(world, ALICE, BOB));
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    world.pass(5 * SECOND);
    world.kill(ALICE);
    world.lose_mail();
    world.start(CAROL);
    world.until("Carol is out", MINUTE, |world| left(world, CAROL, group));
    world.pass(5 * SECOND);
    let kept = |id: &String| world.kept(BOB).contains(&EntryId::from_hex(id).unwrap());
    assert!(linked(&world, BOB, CAROL) && !said.iter().all(kept), "Bob lacks nothing that she could bring him");
    let direct = world.write(CAROL, users[BOB], "a pity");
    world.until("Bob has it", 10 * SECOND, |world| told(world, BOB, &direct) == 1);
}

/// Who was put out brings nobody what others wrote, not even those whom they have added themselves.
#[test]
fn who_was_put_out_brings_nobody_what_others_wrote() {
    let mut world = World::new(29);
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    world.befriend(CAROL, DAVE);
    let group = world.group(ALICE, "Us", &users[1..3]);
    world.until("all are in", 2 * MINUTE, |world| (0..3).all(|device| joined(world, device, group)));
    world.run(ALICE, Command::SetGroupHistory { group, shared: true }).unwrap();
    world.run(ALICE, Command::Promote { group, user: users[CAROL] }).unwrap();
    let said = world.write(ALICE, group, "before Dave");
    world.until("Carol has it", MINUTE, |world| told(world, CAROL, &said) == 1);
    world.pass(5 * SECOND);
    world.kill(DAVE);
    world.run(CAROL, Command::AddToGroup { group, user: users[DAVE] }).unwrap();
    world.pass(5 * SECOND);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    world.until("Carol is out", MINUTE, |world| left(world, CAROL, group));
    world.pass(5 * SECOND);
    world.kill(ALICE);
    world.kill(BOB);
    world.lose_mail();
    world.start(DAVE);
    world.until("a link", 2 * MINUTE, |world| linked(world, CAROL, DAVE));
    world.pass(MINUTE);
    assert!(!world.kept(DAVE).contains(&EntryId::from_hex(&said).unwrap()));
    world.start(ALICE);
    world.until("Dave is in", 2 * MINUTE, |world| joined(world, DAVE, group));
    world.until("Dave has it", MINUTE, |world| world.kept(DAVE).contains(&EntryId::from_hex(&said).unwrap()));
}

/// Whoever was put out and put back by somebody whom they do not know any more is out, also after the next start; by a contact they
/// are in, and stay so whoever is a contact later.
#[test]
fn put_back_by_a_stranger_is_not_in() {
    for stranger in [true, false] {
        let mut world = World::new(22);
        let users = people(&mut world, &["Alice", "Bob", "Carol"]);
        world.befriend(BOB, CAROL);
        let group = world.group(ALICE, "Us", &users[1..]);
        world.until("everybody is in", 2 * MINUTE, |world| (0..3).all(|device| joined(world, device, group)));
        world.run(ALICE, Command::Promote { group, user: users[CAROL] }).unwrap();
        world.pass(MINUTE);
        if stranger {
            world.run(BOB, Command::RemoveContact(users[CAROL])).unwrap();
        }
        world.run(CAROL, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
        world.until("Bob is out", 2 * MINUTE, |world| left(world, BOB, group));
        world.pass(MINUTE);
        world.run(CAROL, Command::AddToGroup { group, user: users[BOB] }).unwrap();
        world.pass(2 * MINUTE);
        if !stranger {
            world.run(BOB, Command::RemoveContact(users[CAROL])).unwrap();
        }
        let inside = |world: &mut World| world.group_view(BOB, group).unwrap().inside;
        assert_eq!(inside(&mut world), !stranger);
        world.kill(BOB);
        world.start(BOB);
        world.pass(2 * MINUTE);
        assert_eq!(inside(&mut world), !stranger, "after a start");
    }
}

/// Who was out when somebody came in is put back by them, also while nobody is there who could tell of that: over a link and by mail.
#[test]
fn put_back_by_a_contact_who_came_later_is_in() {
    for links_work in [true, false] {
        let mut world = World::new(26);
        world.links_work = links_work;
        let users = people(&mut world, &["Alice", "Bob", "Carol"]);
        world.befriend(BOB, CAROL);
        let group = world.group(ALICE, "Us", &users[BOB..=BOB]);
        world.until("Bob is in", 2 * MINUTE, |world| joined(world, BOB, group));
        world.run(ALICE, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
        world.until("Bob is out", 2 * MINUTE, |world| left(world, BOB, group));
        world.pass(MINUTE);
        world.kill(BOB);
        world.run(ALICE, Command::AddToGroup { group, user: users[CAROL] }).unwrap();
        world.until("Carol is in", 2 * MINUTE, |world| joined(world, CAROL, group));
        world.run(ALICE, Command::Promote { group, user: users[CAROL] }).unwrap();
        world.pass(MINUTE);
        world.kill(ALICE);
        world.lose_mail();
        world.start(BOB);
        world.pass(MINUTE);
        world.run(CAROL, Command::AddToGroup { group, user: users[BOB] }).unwrap();
        let inside = |world: &World| world.group_now(BOB, group).is_some_and(|(_, view)| view.inside);
        world.until("Bob is in again", 2 * MINUTE, inside);
    }
}

/// Bob knows Alice, and Carol no more; both are admins of a group, and he of none.
fn between_two_admins(world: &mut World) -> (Vec<Uuid>, Uuid) {
    let users = people(world, &["Alice", "Bob", "Carol"]);
    world.befriend(BOB, CAROL);
    let group = world.group(ALICE, "Us", &users[2..]);
    world.until("Carol is in", 2 * MINUTE, |world| joined(world, CAROL, group));
    world.run(ALICE, Command::Promote { group, user: users[CAROL] }).unwrap();
    world.pass(MINUTE);
    world.run(BOB, Command::RemoveContact(users[CAROL])).unwrap();
    (users, group)
}

/// Who was put out and put back by a stranger while they were away is out, as if they had heard of one after the other: at once, and
/// after the next start.
#[test]
fn put_out_and_back_by_a_stranger_while_away_is_not_in() {
    let mut world = World::new(25);
    let (users, group) = between_two_admins(&mut world);
    world.run(ALICE, Command::AddToGroup { group, user: users[BOB] }).unwrap();
    world.until("Bob is in", 2 * MINUTE, |world| joined(world, BOB, group));
    world.pass(MINUTE);
    world.kill(BOB);
    world.run(CAROL, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
    world.pass(MINUTE);
    world.run(CAROL, Command::AddToGroup { group, user: users[BOB] }).unwrap();
    world.pass(MINUTE);
    world.lose_mail();
    for _ in 0..2 {
        world.start(BOB);
        world.pass(2 * MINUTE);
        assert!(left(&world, BOB, group) && !world.group_view(BOB, group).unwrap().inside);
        world.kill(BOB);
    }
}

/// Whom a contact has added is in, also when a stranger has added them at the same time and comes first in the order: whether they
/// hear of both at once, or one after the other, wherever their process dies on the way.
#[test]
fn added_by_a_contact_and_a_stranger_is_in() {
    let concurrent = |world: &mut World| {
        let (users, group) = between_two_admins(world);
        world.links_work = false;
        world.cut_links();
        world.broker(false);
        // What has a longer past comes later in the order.
        world.run(ALICE, Command::RenameGroup { group, name: "Us all".into() }).unwrap();
        world.run(ALICE, Command::AddToGroup { group, user: users[BOB] }).unwrap();
        world.run(CAROL, Command::AddToGroup { group, user: users[BOB] }).unwrap();
        world.pass(SECOND);
        group
    };
    let inside = |world: &mut World, group| world.group_view(BOB, group).is_some_and(|view| view.inside);
    let mut world = World::new(26);
    let group = concurrent(&mut world);
    world.kill(BOB);
    world.broker(true);
    world.links_work = true;
    world.pass(2 * MINUTE);
    world.start(BOB);
    world.pass(2 * MINUTE);
    assert!(inside(&mut world, group), "both at once");
    for wishes in 0..16 {
        let mut world = World::new(27);
        let group = concurrent(&mut world);
        world.kill(CAROL);
        world.broker(true);
        world.links_work = true;
        world.until("Bob is in", 2 * MINUTE, |world| joined(world, BOB, group));
        world.pass(MINUTE);
        world.crash_at(BOB, wishes, Moment::After);
        world.start(CAROL);
        world.pass(2 * MINUTE);
        if world.is_running(BOB) {
            world.calm_disks();
            world.kill(BOB);
        }
        world.start(BOB);
        world.pass(2 * MINUTE);
        assert!(inside(&mut world, group), "dead after {wishes} wishes");
    }
}

/// Two who are in very many groups together reach each other in each of them over one link.
#[test]
fn very_many_groups_go_over_one_link() {
    let mut world = World::new(23);
    let users = people(&mut world, &["Alice", "Bob"]);
    let mut groups: Vec<Uuid> = vec![];
    for number in 0..70 {
        let group = world.group(ALICE, &format!("Group {number}"), &users[1..]);
        world.until("Bob is in it", MINUTE, |world| joined(world, BOB, group));
        groups.push(group);
    }
    world.pass(MINUTE);
    world.kill(BOB);
    let said: Vec<String> = groups.iter().map(|group| world.write(ALICE, *group, "hello")).collect();
    world.lose_mail();
    world.start(BOB);
    world.until("Bob has all", 2 * MINUTE, |world| said.iter().all(|id| told(world, BOB, id) == 1));
}

/// The lines of a group's conversation: where each stands, who did it, and what was done at the same time.
#[test]
fn changes_are_lines_between_the_messages() {
    let mut world = World::new(24);
    let (users, group) = trio(&mut world);
    world.run(ALICE, Command::Promote { group, user: users[BOB] }).unwrap();
    world.pass(MINUTE);
    let first = world.write(ALICE, group, "first");
    world.until("Bob has it", MINUTE, |world| told(world, BOB, &first) == 1);
    world.pass(10 * SECOND);
    world.kill(CAROL);
    world.links_work = false;
    world.cut_links();
    world.broker(false);
    world.run(BOB, Command::RenameGroup { group, name: "Bob's".into() }).unwrap();
    world.run(ALICE, Command::RenameGroup { group, name: "Alice's".into() }).unwrap();
    world.broker(true);
    world.links_work = true;
    world.pass(5 * MINUTE);
    let last = world.write(BOB, group, "last");
    world.until("Alice has it", 2 * MINUTE, |world| told(world, ALICE, &last) == 1);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[CAROL] }).unwrap();
    world.pass(MINUTE);
    let read = |world: &mut World, device, at, limit| -> Vec<LineView> {
        match world.run(device, Command::ReadPage { with: group, at, limit }) {
            Ok(Reply::Page(page)) => page.changes,
            other => panic!("{other:?}"),
        }
    };
    let lines = read(&mut world, ALICE, PageAt::Latest, 10);
    let shown: Vec<(Option<&str>, &str, &str)> =
        lines.iter().map(|line| (line.before.as_deref(), line.by.as_str(), line.about.as_str())).collect();
    let (one, two) = (Some(first.as_str()), Some(last.as_str()));
    assert_eq!(shown[..2], [(one, "Alice", ""), (one, "Alice", "Bob")]);
    assert_eq!(shown[4..], [(None, "Alice", "Carol")]);
    assert!(shown[2..4].contains(&(two, "Alice", "")) && shown[2..4].contains(&(two, "Bob", "")), "{shown:?}");
    assert_eq!(lines[2].change.beside, [lines[3].change.id.clone()]);
    assert!(matches!(lines[4].change.change, GroupChange::Removed { .. }));
    assert_eq!(read(&mut world, BOB, PageAt::Latest, 10), lines, "the same everywhere");
    // Each line stands in the page of the message behind it.
    assert_eq!(read(&mut world, ALICE, PageAt::Latest, 1), lines[2..]);
    assert_eq!(read(&mut world, ALICE, PageAt::Before(last), 1), lines[..2]);
}
