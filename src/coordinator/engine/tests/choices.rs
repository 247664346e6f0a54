//! What a person changes at run time, and what their contacts learn of it.

use std::time::Duration;

use super::stories::friends;
use crate::coordinator::world::{BROKER, World};
use crate::coordinator::{BROKERS_MAX, Command, ErrorCode, Event, LinkState, MessageState, Reply};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const OTHER: &str = "mqtt://other.example";

fn rename(world: &mut World, device: usize, name: &str) {
    let Ok(Reply::Identity(identity)) = world.run(device, Command::Rename { name: name.into() }) else { panic!() };
    assert_eq!(identity.name, name);
}

fn received(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::MessageReceived { .. })).count()
}

/// A new name reaches a contact over the open link, by mail where no link works, and when they come back after a while.
#[test]
fn a_new_name_reaches_the_contact() {
    for links_work in [true, false] {
        let mut world = World::new(1);
        world.links_work = links_work;
        let (alice, bob, ..) = friends(&mut world);
        world.pass(MINUTE);
        rename(&mut world, alice, "Alice Liddell");
        world.pass(SECOND);
        assert_eq!(world.contacts(bob)[0].name, "Alice Liddell");
        world.kill(bob);
        rename(&mut world, alice, "Alice P. Liddell");
        rename(&mut world, alice, "Alice Hargreaves");
        world.pass(MINUTE);
        world.start(bob);
        world.pass(MINUTE);
        assert_eq!(world.contacts(bob)[0].name, "Alice Hargreaves");
        world.shut_down(alice);
        world.start(alice);
        assert_eq!(world.identity(alice).name, "Alice Hargreaves");
    }
}

/// A new card that was said over a link which carries nothing any more goes by mail when the link ends, also when a broker
/// came back in between.
#[test]
fn a_card_that_a_dying_link_did_not_carry_goes_by_mail() {
    let mut world = World::new(6);
    let (alice, bob, ..) = friends(&mut world);
    world.until("a link", MINUTE, |world| {
        [alice, bob].iter().all(|who| world.link_state(*who) == Some(LinkState::Open))
    });
    world.pass(SECOND);
    world.part(alice, bob);
    rename(&mut world, alice, "Alice Liddell");
    world.break_connections(alice);
    world.pass(3 * SECOND);
    assert!(
        !matches!(world.link_state(alice), Some(LinkState::Waiting | LinkState::Backoff)),
        "the broker was quicker"
    );
    assert_eq!(world.contacts(bob)[0].name, "Alice");
    world.pass(2 * MINUTE);
    assert_eq!(world.contacts(bob)[0].name, "Alice Liddell");
}

/// Two changes one right after the other are both kept, and a name that cannot be shown is refused.
#[test]
fn changes_do_not_undo_each_other() {
    let mut world = World::new(2);
    let alice = world.person("Alice");
    world.pass(SECOND);
    world.submit(alice, Command::Rename { name: "Alice Liddell".into() });
    world.submit(alice, Command::UseBrokers(vec![OTHER.to_owned()]));
    rename(&mut world, alice, "Alice Hargreaves");
    let link = crate::identity::Link::parse(&world.identity(alice).link, None).ok().unwrap();
    assert_eq!(link.card.fields().name.as_str(), "Alice Hargreaves");
    assert_eq!(link.card.fields().brokers.iter().map(ToString::to_string).collect::<Vec<_>>(), [OTHER]);
    for name in ["", " \u{202e} ", &"x".repeat(129)] {
        let refused = world.run(alice, Command::Rename { name: name.into() }).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidName);
    }
}

/// Other brokers can be chosen at any time: contacts follow, what was written meanwhile arrives, and the old ones are left.
#[test]
fn brokers_can_be_changed_while_running() {
    for links_work in [true, false] {
        let mut world = World::new(3);
        world.links_work = links_work;
        let (alice, bob, alice_id, bob_id) = friends(&mut world);
        world.pass(MINUTE);
        world.use_brokers(alice, &[OTHER]);
        world.pass(MINUTE);
        // Bob still listens at the old one, so she keeps what she publishes with, and nothing else.
        assert_eq!(world.sessions_at(alice, BROKER), (1, 0));
        assert_eq!(world.sessions_at(alice, OTHER), (1, 2));
        world.write(bob, alice_id, "by the new one");
        world.until("the message", MINUTE, |world| received(world, alice) == 1);
        world.use_brokers(bob, &[OTHER]);
        world.pass(MINUTE);
        assert_eq!((world.sessions_at(bob, BROKER), world.sessions_at(bob, OTHER)), ((0, 0), (1, 2)));
        world.kill(bob);
        world.write(alice, bob_id, "while he is away");
        world.pass(MINUTE);
        world.start(bob);
        world.until("the other message", 2 * MINUTE, |world| received(world, bob) == 1);
        world.pass(MINUTE);
        assert_eq!(world.history(alice, bob_id)[1].state, MessageState::Delivered);
        assert_eq!(world.link_state(bob) == Some(LinkState::Open), links_work);
    }
}

/// Somebody who asks with one broker and then moves to another still learns that they were accepted.
#[test]
fn who_moves_while_asking_is_found() {
    let mut world = World::new(4);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    let bob_id = world.add(alice, bob);
    world.until("the request", MINUTE, |world| !world.events(bob).is_empty());
    world.use_brokers(alice, &[OTHER]);
    world.pass(SECOND);
    let alice_id = world.identity(alice).user_id;
    world.run(bob, Command::AcceptContact(alice_id)).unwrap();
    world.pass(MINUTE);
    assert!(world.contacts(alice).iter().any(|contact| contact.user_id == bob_id && contact.accepted));
}

/// The same list changes nothing, another login no card; no broker is a choice too, and what is no address is refused
/// without repeating it.
#[test]
fn a_list_of_brokers_is_checked() {
    let mut world = World::new(5);
    let alice = world.person("Alice");
    world.pass(SECOND);
    let link = world.identity(alice).link;
    world.use_brokers(alice, &[BROKER]);
    world.use_brokers(alice, &[BROKER, BROKER]);
    assert_eq!(world.identity(alice).link, link);
    assert_eq!(world.sessions_at(alice, BROKER), (1, 2));
    world.use_brokers(alice, &["mqtt://me:secret@broker.example"]);
    world.pass(SECOND);
    assert_eq!(world.identity(alice).link, link);
    assert_eq!(world.sessions_at(alice, BROKER), (1, 2));
    for wrong in [vec!["mqtt://me:secret@"], vec![BROKER, "http://me:secret@x"], vec![BROKER; BROKERS_MAX + 1]] {
        let list = wrong.iter().map(|url| (*url).to_owned()).collect();
        let refused = world.run(alice, Command::UseBrokers(list)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidBroker);
        assert!(!refused.message.contains("secret"), "{}", refused.message);
    }
    assert_eq!(world.identity(alice).link, link);
    world.use_brokers(alice, &[]);
    world.pass(SECOND);
    let identity = world.identity(alice);
    assert!(identity.warning.is_some() && identity.link != link);
    assert_eq!(world.sessions_at(alice, BROKER), (0, 0));
    assert!(world.status(alice).brokers.is_empty());
    let nobody = world.blank();
    world.use_brokers(nobody, &[OTHER]);
    world.run(nobody, Command::CreateIdentity { name: "Nobody".into() }).unwrap();
    world.pass(SECOND);
    assert_eq!((world.sessions_at(nobody, BROKER), world.sessions_at(nobody, OTHER)), ((0, 0), (1, 2)));
}
