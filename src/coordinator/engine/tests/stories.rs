use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::coordinator::world::World;
use crate::coordinator::{Command, ErrorCode, Event, LinkState, MessageState, Path};
use crate::identity::Card;
use crate::store::{Op, Outcome};

const MINUTE: Duration = Duration::from_secs(60);

fn added(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::ContactAdded { .. })).count()
}

fn received(world: &World, device: usize) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::MessageReceived { text, .. } => Some(text.clone()),
        _ => None,
    };
    world.events(device).iter().filter_map(text).collect()
}

/// Two contacts with an open link.
pub fn friends(world: &mut World) -> (usize, usize, Uuid, Uuid) {
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    let (alice_id, bob_id) = world.befriend(alice, bob);
    (alice, bob, alice_id, bob_id)
}

fn request(world: &World, device: usize) -> Option<Uuid> {
    world.events(device).iter().find_map(|event| match event {
        Event::RequestReceived { user_id, .. } => Some(*user_id),
        _ => None,
    })
}

fn open(world: &mut World, a: usize, b: usize) {
    let is_open = |world: &World, device| world.link_state(device) == Some(LinkState::Open);
    world.until("a link", MINUTE, |world| is_open(world, a) && is_open(world, b));
}

/// From a link to a delivered message, both ways, over a direct path.
#[test]
fn first_contact() {
    let mut world = World::new(1);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    open(&mut world, alice, bob);
    assert_eq!(world.contacts(alice)[0].path, Path::Direct);
    assert_eq!(world.contacts(alice)[0].safety_number, world.contacts(bob)[0].safety_number);
    world.write(alice, bob_id, "hello");
    world.write(bob, alice_id, "hello yourself");
    world.until("both messages", MINUTE, |world| received(world, alice).len() == 1 && received(world, bob).len() == 1);
    world.pass(Duration::from_secs(1));
    let (here, there) = (world.history(alice, bob_id), world.history(bob, alice_id));
    let ids = |history: &[crate::coordinator::MessageView]| history.iter().map(|m| m.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&here), ids(&there));
    assert_eq!(here[0].state, MessageState::Delivered);
    assert_eq!(here[1].state, MessageState::Received);
    assert_eq!(world.status(alice).outbox, 0);
}

/// Two people who are never online together become contacts and talk; only the broker stays.
#[test]
fn two_who_are_never_online_together_meet_and_talk() {
    let mut world = World::new(2);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    let link = world.identity(bob).link;
    world.pass(Duration::from_secs(1));
    world.shut_down(bob);
    let bob_id = world.add_link(alice, link);
    world.shut_down(alice);
    world.start(bob);
    world.until("the request", MINUTE, |world| request(world, bob).is_some());
    let alice_id = request(&world, bob).unwrap();
    world.run(bob, Command::AcceptContact(alice_id)).unwrap();
    let first = world.write(bob, alice_id, "welcome");
    world.shut_down(bob);
    world.start(alice);
    world.until("the welcome", MINUTE, |world| received(world, alice) == ["welcome"]);
    world.write(alice, bob_id, "thank you");
    world.shut_down(alice);
    world.start(bob);
    world.until("the thanks", MINUTE, |world| received(world, bob) == ["thank you"]);
    world.pass(Duration::from_secs(1));
    let history = world.history(bob, alice_id);
    assert_eq!(history[0].id, first);
    assert_eq!(history[0].state, MessageState::Delivered);
    assert!(world.events(bob).iter().all(|event| !matches!(event, Event::LinkChanged { state: LinkState::Open, .. })));
}

/// Both ask before either has seen the other's request: that is acceptance, and there is one contact on each side.
#[test]
fn crossing_requests_are_acceptance() {
    let mut world = World::new(3);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    let (here, there) = (world.identity(alice).link, world.identity(bob).link);
    world.submit(alice, Command::AddContact { link: there });
    world.submit(bob, Command::AddContact { link: here });
    world.until("both are contacts", MINUTE, |world| added(world, alice) == 1 && added(world, bob) == 1);
    open(&mut world, alice, bob);
    world.pass(10 * MINUTE);
    assert_eq!((added(&world, alice), added(&world, bob)), (1, 1));
}

/// Who was declined learns nothing, and asking again does not interrupt again.
#[test]
fn a_declined_stranger_learns_nothing() {
    let mut world = World::new(4);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    let bob_id = world.add(alice, bob);
    world.until("the request", MINUTE, |world| request(world, bob).is_some());
    let alice_id = request(&world, bob).unwrap();
    world.run(bob, Command::DeclineContact(alice_id)).unwrap();
    let published = world.published.len();
    world.pass(20 * MINUTE);
    let door = format!("user/{bob_id}/contactRequest");
    assert!(world.published[published..].iter().all(|(topic, _)| *topic == door), "somebody said more than a request");
    assert_eq!(added(&world, alice), 0);
    assert!(world.requests(bob).is_empty());
    let refused =
        world.run(alice, Command::SendMessage { to: bob_id, text: "let me in".into(), reply_to: None }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAContact);
}

/// Messages to somebody who was killed arrive once and in order when they return, whatever path they take.
#[test]
fn offline_messages_arrive_once_and_in_order() {
    for links_work in [true, false] {
        let mut world = World::new(5);
        world.links_work = links_work;
        let (alice, bob, _, bob_id) = friends(&mut world);
        world.pass(Duration::from_secs(5));
        world.kill(bob);
        let texts: Vec<String> = (0..300).map(|n| format!("message {n}")).collect();
        for text in &texts {
            world.write(alice, bob_id, text);
        }
        world.pass(MINUTE);
        world.start(bob);
        world.until("all messages", 3 * MINUTE, |world| received(world, bob).len() >= texts.len());
        world.pass(10 * MINUTE);
        assert_eq!(received(&world, bob), texts);
        assert_eq!(world.status(alice).outbox, 0);
        assert!(world.history(alice, bob_id).iter().all(|message| message.state == MessageState::Delivered));
    }
}

/// An open link does not notice that the broker is gone, and after both have restarted they find each other again.
#[test]
fn the_broker_restarts_in_the_middle() {
    let mut world = World::new(6);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    open(&mut world, alice, bob);
    world.broker(false);
    world.write(alice, bob_id, "the broker is gone");
    world.until("the message", Duration::from_secs(1), |world| received(world, bob).len() == 1);
    world.pass(MINUTE);
    assert_eq!(world.link_state(alice), Some(LinkState::Open));
    world.broker(true);
    world.kill(alice);
    world.start(alice);
    world.until("the other message", 2 * MINUTE, |world| world.link_state(alice) == Some(LinkState::Open));
    world.write(bob, alice_id, "welcome back");
    world.until("the other message", MINUTE, |world| received(world, alice).len() == 1);
}

/// Blocking sends nothing; what the blocked person writes reaches nobody.
#[test]
fn a_blocked_contact_learns_nothing() {
    let mut world = World::new(7);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    open(&mut world, alice, bob);
    world.run(bob, Command::BlockContact(alice_id)).unwrap();
    let published = world.published.len();
    world.write(alice, bob_id, "are you there?");
    world.pass(10 * MINUTE);
    assert!(received(&world, bob).is_empty());
    assert_ne!(world.history(alice, bob_id)[0].state, MessageState::Delivered);
    let inbox =
        world.published[published..].iter().map(|(topic, _)| topic.clone()).collect::<std::collections::BTreeSet<_>>();
    assert!(inbox.iter().all(|topic| topic.ends_with("mailbox")
        || topic.ends_with("presence")
        || topic.ends_with("offer")
        || topic.ends_with("iceCandidate")));
    assert!(world.contacts(bob).is_empty());
}

/// Junk at the door and in an inbox is counted, answers nothing that matters, and displaces nobody.
#[test]
fn junk_displaces_nobody() {
    let mut world = World::new(8);
    let (alice, bob, _, bob_id) = friends(&mut world);
    open(&mut world, alice, bob);
    let inbox =
        world.published.iter().rev().map(|(topic, _)| topic.clone()).find(|topic| topic.ends_with("mailbox")).unwrap();
    for n in 0..500u32 {
        let size = [10, 1024, 4096, 70_000][n as usize % 4];
        let junk = Bytes::from(vec![1u8; size]);
        world.publish(format!("user/{bob_id}/contactRequest"), junk.clone());
        world.publish(inbox.clone(), junk);
    }
    let carol = world.person("Carol");
    world.add(carol, bob);
    world.until("the genuine request", MINUTE, |world| {
        world.events(bob).iter().any(|event| matches!(event, Event::RequestReceived { name, .. } if name == "Carol"))
    });
    let dropped: u64 =
        world.status(bob).dropped.values().sum::<u64>() + world.status(alice).dropped.values().sum::<u64>();
    assert!(dropped >= 1000, "{dropped}");
}

/// Every envelope on the broker has one of the four lengths, and its topic is one of ours.
#[test]
fn envelopes_fall_into_their_classes() {
    let mut world = World::new(9);
    let (alice, bob, _, bob_id) = friends(&mut world);
    open(&mut world, alice, bob);
    world.kill(bob);
    world.write(alice, bob_id, &"long ".repeat(3000));
    world.pass(5 * MINUTE);
    for (topic, payload) in &world.published {
        assert!(crate::wire::CLASSES.contains(&payload.len()), "{} bytes on {topic}", payload.len());
        assert!(crate::signaling::Topic::parse(topic).is_ok(), "{topic}");
    }
}

/// What somebody writes goes out with the disk's answer that has it: the outbox is asked right behind it, and nothing of it leaves
/// before it is on disk.
#[test]
fn the_outbox_is_asked_right_behind_what_was_written() {
    let mut world = World::new(21);
    let (alice, bob, _, bob_id) = friends(&mut world);
    open(&mut world, alice, bob);
    world.pass(Duration::from_secs(5));
    world.stall(alice);
    world.submit(alice, Command::SendMessage { to: bob_id, text: "hello".into(), reply_to: None });
    let wishes: Vec<&Op> = world.wishes(alice).collect();
    assert!(matches!(wishes[..], [Op::Append(_), Op::Outbox { .. }]), "{wishes:?}");
    world.pass(Duration::from_secs(5));
    assert!(received(&world, bob).is_empty(), "it is on no disk");
    world.resume(alice);
    world.until("the message", Duration::from_secs(1), |world| received(world, bob).len() == 1);
}

/// A card was verified when it came, and is read as it is after that: a start does not verify hundreds of them.
#[test]
fn a_card_is_verified_once() {
    let mut world = World::new(22);
    let (alice, _, _, bob_id) = friends(&mut world);
    world.pass(Duration::from_secs(5));
    world.kill(alice);
    let Some(Ok(Outcome::Loaded(loaded))) = world.db(alice).apply(vec![Op::Load]).pop() else { panic!("nothing") };
    let mut bob = loaded.people.first().cloned().unwrap();
    // The end of a card is its signature.
    *bob.card.last_mut().unwrap() ^= 1;
    assert!(Card::verify(&bob.card).is_err() && Card::known(&bob.card).is_ok());
    assert!(world.db(alice).apply(vec![Op::SavePerson(Box::new(bob))]).iter().all(Result::is_ok));
    world.start(alice);
    world.pass(Duration::from_secs(1));
    assert!(world.contacts(alice).iter().any(|contact| contact.user_id == bob_id));
}
