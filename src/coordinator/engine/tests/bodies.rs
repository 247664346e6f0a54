//! What came without its body, and who is asked for it.

use super::groups::{MINUTE, SECOND, joined, linked, people, told};
use crate::coordinator::world::World;
use crate::wire::{self, EntryId, Frame};

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;

/// The header of an entry, as somebody has it.
fn header(world: &mut World, device: usize, group: uuid::Uuid, id: &str) -> Frame {
    let (conversation, _) = world.group_now(device, group).unwrap();
    let id = EntryId::from_hex(id).unwrap();
    let kept = world.db(device).entries(&conversation).unwrap().into_iter().find(|kept| kept.id == id).unwrap();
    Frame::Entry(wire::Entry { salt: None, body: None, ..kept.entry })
}

/// Whoever is brought a header tells everybody that they have the entry, so that nobody brings them the text: they ask for it.
#[test]
fn a_text_whose_header_came_first_is_asked_for() {
    let mut world = World::new(36);
    let users = people(&mut world, &["Alice", "Bob", "Carol", "Dave"]);
    let group = world.group(ALICE, "Us", &users[1..]);
    world.until("everybody is in", 2 * MINUTE, |world| (0..4).all(|device| joined(world, device, group)));
    world.until("links", 2 * MINUTE, |world| linked(world, CAROL, BOB) && linked(world, CAROL, DAVE));
    world.pass(MINUTE);
    // Carol hears nothing from Alice herself.
    world.part(ALICE, CAROL);
    world.broker(false);
    let id = world.write(ALICE, group, "who has it?");
    world.until("both have it", SECOND / 2, |world| told(world, BOB, &id) + told(world, DAVE, &id) == 2);
    let header = header(&mut world, ALICE, group, &id);
    world.say(BOB, CAROL, header.to_bytes().into());
    let kept = |world: &World| world.kept(CAROL).contains(&EntryId::from_hex(&id).unwrap());
    world.until("she has the header", SECOND / 4, kept);
    assert_eq!(told(&world, CAROL, &id), 0);
    world.until("Carol has the text", 10 * SECOND, |world| told(world, CAROL, &id) == 1);
}
