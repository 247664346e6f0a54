//! What came without its body, and who is asked for it.

use super::groups::{MINUTE, SECOND, joined, left, linked, people, told};
use crate::coordinator::Command;
use crate::coordinator::engine::state::{BODIES_AGAIN, BODIES_ASKED};
use crate::coordinator::world::World;
use crate::store::Op;
use crate::wire::{self, CLASSES, EntryId, Frame};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;

/// An entry, as somebody has it.
fn entry(world: &mut World, device: usize, group: uuid::Uuid, id: &str) -> wire::Entry {
    let (conversation, _) = world.group_now(device, group).unwrap();
    let id = EntryId::from_hex(id).unwrap();
    world.db(device).entries(&conversation).unwrap().into_iter().find(|kept| kept.id == id).unwrap().entry
}

/// The header of an entry, as somebody has it.
fn header(world: &mut World, device: usize, group: uuid::Uuid, id: &str) -> Frame {
    Frame::Entry(wire::Entry { salt: None, body: None, ..entry(world, device, group, id) })
}

/// Carol hears nothing from Alice herself, and nobody anything by mail.
fn apart(seed: u64) -> (World, uuid::Uuid) {
    let mut world = World::new(seed);
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..4).all(|device| joined(world, device, group)));
    world.until("links", 2 * MINUTE, |world| linked(world, CAROL, BOB) && linked(world, CAROL, DAVE));
    world.pass(MINUTE);
    world.part(ALICE, CAROL);
    world.broker(false);
    (world, group)
}

/// And Alice is away: what she writes nobody has but for what somebody is made to say.
fn without_alice(seed: u64) -> (World, uuid::Uuid) {
    let (mut world, group) = apart(seed);
    world.unplug(ALICE);
    world.pass(MINUTE);
    (world, group)
}

/// Bob and Carol have the header of what Alice wrote before she went; and the whole of it, which Dave may be made to say.
fn two_have_the_header(seed: u64) -> (World, String, Frame) {
    let (mut world, group) = without_alice(seed);
    let id = world.write(ALICE, group, "who has it?");
    let (whole, header) = (entry(&mut world, ALICE, group, &id), header(&mut world, ALICE, group, &id));
    for to in [BOB, CAROL] {
        world.say(DAVE, to, header.to_bytes().into());
    }
    (world, id, Frame::Entry(whole))
}

/// Alice writes, and Bob brings Carol the header before anybody brings her the text.
fn header_comes_first(world: &mut World, group: uuid::Uuid) -> String {
    let id = world.write(ALICE, group, "who has it?");
    world.until("both have it", SECOND / 2, |world| told(world, BOB, &id) + told(world, DAVE, &id) == 2);
    let header = header(world, ALICE, group, &id);
    world.say(BOB, CAROL, header.to_bytes().into());
    let kept = |world: &World| world.kept(CAROL).contains(&EntryId::from_hex(&id).unwrap());
    world.until("she has the header", SECOND / 4, kept);
    assert_eq!(told(world, CAROL, &id), 0);
    id
}

/// Whoever is brought a header tells everybody that they have the entry, so that nobody brings them the text: they ask for it.
#[test]
fn a_text_whose_header_came_first_is_asked_for() {
    let (mut world, group) = apart(36);
    let id = header_comes_first(&mut world, group);
    world.until("Carol has the text", 10 * SECOND, |world| told(world, CAROL, &id) == 1);
}

/// Who may not be asked for bodies now, because they were asked too often, is asked when they may be.
#[test]
fn who_may_not_be_asked_now_is_asked_later() {
    let (mut world, group) = apart(38);
    for _ in 0..BODIES_ASKED {
        let id = header_comes_first(&mut world, group);
        world.until("Carol has the text", 3 * SECOND, |world| told(world, CAROL, &id) == 1);
    }
    let id = header_comes_first(&mut world, group);
    world.pass(3 * SECOND);
    assert_eq!(told(&world, CAROL, &id), 0);
    world.until("Carol has the text", BODIES_AGAIN, |world| told(world, CAROL, &id) == 1);
}

/// Who was asked for a body that they did not have either gives it when it comes.
#[test]
fn what_was_asked_for_in_vain_is_given_when_it_comes() {
    let (mut world, id, whole) = two_have_the_header(44);
    world.pass(MINUTE);
    world.say(DAVE, BOB, whole.to_bytes().into());
    world.until("Carol has it too", 5 * SECOND, |world| told(world, BOB, &id) + told(world, CAROL, &id) == 2);
}

/// Whoever waits for a text and asks somebody who has only its header gets that after a while: its author may never be there again.
#[test]
fn who_waits_for_a_text_that_nobody_has_gets_its_header() {
    let (mut world, group) = without_alice(46);
    let [first, second] = ["first", "second"].map(|text| world.write(ALICE, group, text));
    let (header, whole) = (header(&mut world, ALICE, group, &first), entry(&mut world, ALICE, group, &second));
    let id = EntryId::from_hex(&first).unwrap();
    world.say(DAVE, BOB, header.to_bytes().into());
    world.until("Bob has the header", SECOND / 4, |world| world.kept(BOB).contains(&id));
    assert!(!world.kept(CAROL).contains(&id));
    world.unplug(DAVE);
    world.say(BOB, CAROL, Frame::Entry(whole).to_bytes().into());
    world.until("Carol reads the second", 15 * SECOND, |world| told(world, CAROL, &second) == 1);
}

/// A text comes while its header is on its way to whoever has asked for the text: that they have the header does not say that they have it all.
#[test]
fn a_text_that_comes_while_its_header_is_under_way_is_given_behind_it() {
    let (mut world, id, whole) = two_have_the_header(47);
    world.pass(5 * SECOND);
    world.part(CAROL, DAVE);
    world.stall(CAROL);
    let entry = EntryId::from_hex(&id).unwrap();
    let is_under_way = |world: &World| world.engine(BOB).under_way().any(|(push, _)| push.has_under_way(&entry));
    world.until("the header is under way", 15 * SECOND, is_under_way);
    world.say(DAVE, BOB, whole.to_bytes().into());
    world.until("Bob has the text", SECOND, |world| told(world, BOB, &id) == 1);
    // What Carol says now comes behind what Bob thinks of the text, and before he looks what she lacks.
    world.stall(BOB);
    world.say(CAROL, BOB, Frame::Ack(wire::Ack { ids: vec![entry] }).to_bytes().into());
    world.pass(SECOND / 10);
    world.resume(BOB);
    world.resume(CAROL);
    world.until("Carol has the text", 5 * SECOND, |world| told(world, CAROL, &id) == 1);
}

/// What waited here and finds its place by what another brings goes to that one too.
#[test]
fn what_was_waiting_goes_to_who_brings_what_it_waited_for() {
    let (mut world, group) = without_alice(45);
    let [first, second] = ["first", "second"].map(|text| world.write(ALICE, group, text));
    let said = [&first, &second].map(|id| Frame::Entry(entry(&mut world, ALICE, group, id)).to_bytes());
    let waits = EntryId::from_hex(&second).unwrap();
    world.say(DAVE, BOB, said[1].clone().into());
    world.until("Bob has the second", SECOND, |world| world.kept(BOB).contains(&waits));
    world.part(BOB, DAVE);
    world.pass(MINUTE);
    world.say(DAVE, CAROL, said[0].clone().into());
    let have = |world: &World, id: &str| told(world, BOB, id) + told(world, CAROL, id) == 2;
    world.until("both have both", 5 * SECOND, |world| have(world, &first) && have(world, &second));
}

/// What somebody who is out has written is asked for by mail only when nobody has brought it with whom there is a link.
#[test]
fn nobody_is_asked_by_mail_for_what_a_link_brings() {
    let mut world = World::new(39);
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..4).all(|device| joined(world, device, group)));
    world.until("a link", 2 * MINUTE, |world| linked(world, CAROL, ALICE));
    let text = "twenty letters long ".repeat(500);
    let id = world.write(BOB, group, &text);
    world
        .until("all have it", MINUTE, |world| [ALICE, CAROL, DAVE].iter().all(|device| told(world, *device, &id) == 1));
    world.part(CAROL, DAVE);
    world.pass(MINUTE);
    for device in [ALICE, DAVE] {
        world.unplug(device);
    }
    world.pass(MINUTE);
    world.run(BOB, Command::DeleteMessage { with: group, id, for_everyone: true }).unwrap();
    world.pass(MINUTE);
    assert!(world.history(CAROL, group)[0].deleted);
    world.kill(BOB);
    // Dave does not hear of the deletion.
    world.lose_mail();
    world.plug_in(DAVE);
    world.pass(MINUTE);
    world.run(ALICE, Command::RemoveFromGroup { group, user: users[BOB] }).unwrap();
    let before = world.published.len();
    world.plug_in(ALICE);
    world.pass(5 * MINUTE);
    assert_eq!(world.history(CAROL, group)[0].text, text);
    assert!(world.published[before..].iter().all(|(_, payload)| payload.len() < CLASSES[2]));
}

/// By mail Dave asks for a text that is for him since a change counts of which Carol has not heard: she tells him when she has.
#[test]
fn who_may_be_given_more_is_told_when_that_is_known() {
    let mut world = World::new(48);
    world.links_work = false;
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    world.befriend(BOB, DAVE);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..4).all(|device| joined(world, device, group)));
    world.run(ALICE, Command::Promote { group, user: users[BOB] }).unwrap();
    world.pass(MINUTE);
    world.unplug(ALICE);
    world.run(BOB, Command::RemoveFromGroup { group, user: users[DAVE] }).unwrap();
    world.until("Dave is out", MINUTE, |world| left(world, DAVE, group));
    world.pass(MINUTE);
    let id = world.write(CAROL, group, "not for Dave");
    world.until("Bob has it", MINUTE, |world| told(world, BOB, &id) == 1);
    world.run(BOB, Command::AddToGroup { group, user: users[DAVE] }).unwrap();
    let header = EntryId::from_hex(&id).unwrap();
    world.until("Dave has its place", 5 * MINUTE, |world| world.kept(DAVE).contains(&header));
    world.pass(MINUTE);
    assert_eq!(told(&world, DAVE, &id), 0);
    // What puts him out counts for nothing by this. Carol hears of it later than he asks.
    world.unplug(CAROL);
    world.run(ALICE, Command::Demote { group, user: users[BOB] }).unwrap();
    world.refuse(DAVE, 1, |op| matches!(op, Op::Bare { .. }));
    world.plug_in(ALICE);
    world.until("he looks what is missing", MINUTE, |world| world.left_to_refuse(DAVE) == 0);
    world.lose_mail();
    world.plug_in(CAROL);
    world.pass(15 * SECOND);
    assert_eq!(told(&world, DAVE, &id), 0, "she has heard of it too early");
    world.until("Dave has the text", 120 * MINUTE, |world| told(world, DAVE, &id) == 1);
}

/// What is missing of the logs of several people is asked for in one question, and answered once: by mail in one envelope.
#[test]
fn one_question_is_answered_once() {
    let mut world = World::new(37);
    world.links_work = false;
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..4).all(|device| joined(world, device, group)));
    world.pass(MINUTE);
    let text = "twenty letters long ".repeat(500);
    let said = [BOB, DAVE].map(|by| (by, world.write(by, group, &text)));
    let have = |world: &World| said.iter().all(|(_, id)| told(world, ALICE, id) + told(world, CAROL, id) == 2);
    world.until("both have both", MINUTE, have);
    world.pass(MINUTE);
    world.unplug(ALICE);
    world.pass(MINUTE);
    for (by, id) in said {
        world.run(by, Command::DeleteMessage { with: group, id, for_everyone: true }).unwrap();
    }
    world.pass(MINUTE);
    assert!(world.history(CAROL, group).iter().all(|message| message.deleted));
    for by in [BOB, DAVE] {
        world.kill(by);
        world.run(ALICE, Command::RemoveFromGroup { group, user: users[by] }).unwrap();
    }
    let before = world.published.len();
    world.plug_in(ALICE);
    world.pass(5 * MINUTE);
    assert!(world.history(CAROL, group).iter().all(|message| message.text == text));
    let large = world.published[before..].iter().filter(|(_, payload)| payload.len() == CLASSES[3]);
    assert_eq!(large.count(), 1);
}
