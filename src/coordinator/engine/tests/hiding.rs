//! Hiding one's address: from one contact, from all, with a relay and without.

use std::time::Duration;

use uuid::Uuid;

use super::stories::friends;
use crate::coordinator::world::World;
use crate::coordinator::{Command, Event, LinkState, MessageInfo, NoLink, Path, Reply};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn told(world: &World, device: usize) -> usize {
    world.events(device).iter().filter(|event| matches!(event, Event::MessageReceived { .. })).count()
}

/// The last word about the link of a device.
fn link(world: &World, device: usize) -> Option<(LinkState, Path)> {
    world.events(device).iter().rev().find_map(|event| match event {
        Event::LinkChanged { state, path, .. } => Some((*state, *path)),
        _ => None,
    })
}

fn open_by(world: &World, devices: [usize; 2], path: Path) -> bool {
    devices.iter().all(|device| link(world, *device) == Some((LinkState::Open, path)))
}

/// Whether a device was told of an open direct link since it had been told so many things.
fn was_direct_since(world: &World, device: usize, since: usize) -> bool {
    let direct = |event: &Event| matches!(event, Event::LinkChanged { path: Path::Direct, state: LinkState::Open, .. });
    world.events(device).iter().skip(since).any(direct)
}

fn hide(world: &mut World, device: usize, from: Uuid, on: bool) {
    assert_eq!(world.run(device, Command::HideAddress { from, on }), Ok(Reply::Done));
}

fn info(world: &mut World, device: usize, id: &str) -> MessageInfo {
    match world.run(device, Command::ShowMessage { with: None, id: id.to_owned() }) {
        Ok(Reply::Info(info)) => info,
        other => panic!("{other:?}"),
    }
}

/// Two people over an open direct link.
fn linked(seed: u64) -> (World, [usize; 2], [Uuid; 2]) {
    let mut world = World::new(seed);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    world.until("a link", MINUTE, |world| open_by(world, [alice, bob], Path::Direct));
    (world, [alice, bob], [alice_id, bob_id])
}

/// Who hides has left a direct link when that is answered, whoever of the two is the polite one and however long it was open;
/// without a relay everything goes by mail, with the reason beside it. What was under way arrives once, and so does what is
/// written then. Shown again, the direct path is back at once.
#[test]
fn who_hides_leaves_a_direct_link_at_once() {
    for seed in 20..28 {
        for open_for in [Duration::ZERO, 10 * SECOND] {
            let (mut world, [alice, bob], [alice_id, bob_id]) = linked(seed);
            world.pass(open_for);
            for n in 0..20 {
                world.submit(alice, Command::SendMessage { to: bob_id, text: format!("to Bob {n}"), reply_to: None });
                world.submit(bob, Command::SendMessage { to: alice_id, text: format!("to Alice {n}"), reply_to: None });
            }
            let since = world.events(bob).len();
            hide(&mut world, bob, alice_id, true);
            assert_eq!(link(&world, bob), Some((LinkState::Idle, Path::Mail)), "the link is still there");
            let contact = world.contacts(bob).remove(0);
            assert_eq!((contact.path, contact.reason), (Path::Mail, Some(NoLink::AddressHidden)));
            assert!(contact.address_hidden && !contact.online);
            let status = world.status(bob).links.remove(0);
            assert_eq!((status.state, status.reason), (LinkState::Idle, Some(NoLink::AddressHidden)));
            let last = world.write(bob, alice_id, "from nowhere");
            let answer = world.write(alice, bob_id, "to nowhere");
            world.until("the mail", 4 * SECOND, |world| told(world, alice) == 21 && told(world, bob) == 21);
            world.pass(2 * MINUTE);
            assert_eq!((told(&world, alice), told(&world, bob)), (21, 21), "something came twice");
            assert_eq!((world.status(alice).outbox, world.status(bob).outbox), (0, 0));
            for (device, id) in [(bob, &last), (alice, &last), (bob, &answer), (alice, &answer)] {
                assert_eq!(info(&mut world, device, id).message.path, Some(Path::Mail));
            }
            assert!(!was_direct_since(&world, bob, since));
            // Who meets that does not call the other one away.
            assert_eq!(world.contacts(alice).remove(0).reason, Some(NoLink::TheyTakeNone));

            hide(&mut world, bob, alice_id, false);
            world.until("the direct path", 3 * SECOND, |world| open_by(world, [alice, bob], Path::Direct));
            assert_eq!(world.contacts(bob).remove(0).reason, None);
            let direct = world.write(alice, bob_id, "there you are");
            world.until("the message", SECOND, |world| told(world, bob) == 22);
            world.pass(MINUTE);
            for device in [alice, bob] {
                assert_eq!(info(&mut world, device, &direct).message.path, Some(Path::Direct));
            }
            assert_eq!((told(&world, alice), told(&world, bob)), (21, 22));
        }
    }
}

/// With a relay the link comes back through it, and no message says that it went another way.
#[test]
fn with_a_relay_the_link_comes_back_through_it() {
    for seed in 30..36 {
        let mut world = World::new(seed);
        let (alice, bob, alice_id, bob_id) = friends(&mut world);
        world.run(bob, Command::UseIce(vec!["turn:user:word@relay.example".to_owned()])).unwrap();
        world.until("a link", MINUTE, |world| open_by(world, [alice, bob], Path::Direct));
        world.pass(10 * SECOND);
        let since = world.events(bob).len();
        hide(&mut world, bob, alice_id, true);
        assert_ne!(link(&world, bob).map(|(state, _)| state), Some(LinkState::Open));
        let early = world.write(bob, alice_id, "on the way");
        world.until("the relay", 3 * SECOND, |world| open_by(world, [alice, bob], Path::Relay));
        world.until("the first", 3 * SECOND, |world| told(world, alice) == 1);
        let id = world.write(alice, bob_id, "through it");
        world.until("the second", SECOND, |world| told(world, bob) == 1);
        world.pass(MINUTE);
        for device in [alice, bob] {
            assert_eq!(info(&mut world, device, &id).message.path, Some(Path::Relay));
            assert_ne!(info(&mut world, device, &early).message.path, Some(Path::Direct));
        }
        assert_eq!(world.contacts(bob).remove(0).reason, None);
        assert!(!was_direct_since(&world, bob, since));
        hide(&mut world, bob, alice_id, false);
        world.until("the direct path", 3 * SECOND, |world| open_by(world, [alice, bob], Path::Direct));
        world.pass(MINUTE);
        assert_eq!((told(&world, alice), told(&world, bob)), (1, 1));
    }
}

/// A relay through which nothing gets is said, and mail goes on; a link that opens takes the words away.
#[test]
fn a_relay_that_leads_nowhere_is_said() {
    let (mut world, [alice, bob], [alice_id, bob_id]) = linked(36);
    world.run(bob, Command::UseIce(vec!["turn:user:word@relay.example".to_owned()])).unwrap();
    world.links_work = false;
    hide(&mut world, bob, alice_id, true);
    world.write(alice, bob_id, "by mail");
    world.until("the mail", 10 * SECOND, |world| told(world, bob) == 1);
    world
        .until("the failure", 2 * MINUTE, |world| link(world, bob).map(|(state, _)| state) == Some(LinkState::Backoff));
    assert_eq!(world.contacts(bob).remove(0).reason, Some(NoLink::RelayFails));
    world.links_work = true;
    world.until("the relay", 5 * MINUTE, |world| open_by(world, [alice, bob], Path::Relay));
    assert_eq!(world.contacts(bob).remove(0).reason, None);
}

/// What is hidden stays hidden when the process ends and begins again, also when the other's does.
#[test]
fn what_is_hidden_stays_hidden() {
    let (mut world, [alice, bob], [alice_id, bob_id]) = linked(40);
    world.pass(10 * SECOND);
    hide(&mut world, bob, alice_id, true);
    let since = world.events(bob).len();
    for device in [bob, alice] {
        world.kill(device);
        world.pass(SECOND);
        world.start(device);
        world.pass(MINUTE);
    }
    world.write(alice, bob_id, "still hidden?");
    world.until("the mail", 4 * SECOND, |world| told(world, bob) == 1);
    assert!(!was_direct_since(&world, bob, since));
    assert!(world.contacts(bob).remove(0).address_hidden);
    assert!(!world.contacts(alice).remove(0).address_hidden, "the other is not told");
}

/// Hidden from all, no contact learns an address: neither an old one nor a new one. Each contact's own choice stays.
#[test]
fn hidden_from_all_is_hidden_from_everybody() {
    let (mut world, [_, bob], [alice_id, _]) = linked(41);
    let since = world.events(bob).len();
    world.run(bob, Command::HideAddressFromAll(true)).unwrap();
    assert_eq!(link(&world, bob), Some((LinkState::Idle, Path::Mail)));
    let carol = world.person("Carol");
    let bob_id = world.add(carol, bob);
    world.until("a request", MINUTE, |world| {
        world.events(bob).iter().skip(since).any(|event| matches!(event, Event::RequestReceived { .. }))
    });
    let carol_id = world.requests(bob).remove(0).user_id;
    world.run(bob, Command::AcceptContact(carol_id)).unwrap();
    world.pass(MINUTE);
    world.write(carol, bob_id, "hello");
    world.until("the mail", 4 * SECOND, |world| told(world, bob) == 1);
    assert!(!was_direct_since(&world, bob, since));
    assert!(world.contacts(bob).iter().all(|contact| !contact.address_hidden && contact.reason.is_some()));
    // From Carol it is hidden whatever holds for all.
    hide(&mut world, bob, carol_id, true);
    world.run(bob, Command::HideAddressFromAll(false)).unwrap();
    world.until("Alice's link", 3 * SECOND, |world| {
        let about = |event: &&Event| matches!(event, Event::LinkChanged { user_id, .. } if *user_id == alice_id);
        let last = world.events(bob).iter().rev().find(about);
        matches!(last, Some(Event::LinkChanged { state: LinkState::Open, path: Path::Direct, .. }))
    });
    world.pass(MINUTE);
    let reasons: Vec<_> = world.contacts(bob).into_iter().map(|contact| (contact.name, contact.reason)).collect();
    assert_eq!(reasons, [("Alice".to_owned(), None), ("Carol".to_owned(), Some(NoLink::AddressHidden))]);
}

/// A start that already hides never has a direct link; with a relay it has one through that.
#[test]
fn a_start_that_hides_shows_nothing() {
    for relay in [false, true] {
        let (mut world, [alice, bob], _) = linked(42);
        world.shut_down(bob);
        world.at_the_next_start(bob, true, relay);
        let since = world.events(bob).len();
        world.start(bob);
        world.pass(MINUTE);
        assert!(!was_direct_since(&world, bob, since));
        assert_eq!(open_by(&world, [alice, bob], Path::Relay), relay);
    }
}

/// A relay that is set up while somebody hides is used at once; without it again, mail takes over.
#[test]
fn a_relay_that_is_set_up_later_is_used_at_once() {
    let (mut world, [alice, bob], [alice_id, bob_id]) = linked(43);
    hide(&mut world, bob, alice_id, true);
    world.pass(10 * MINUTE);
    world.run(bob, Command::UseIce(vec!["stun:s".to_owned(), "turn:user:word@relay".to_owned()])).unwrap();
    world.until("the relay", 3 * SECOND, |world| open_by(world, [alice, bob], Path::Relay));
    world.run(bob, Command::UseIce(vec!["stun:s".to_owned()])).unwrap();
    assert_eq!(link(&world, bob), Some((LinkState::Idle, Path::Mail)));
    world.write(alice, bob_id, "and now?");
    world.until("the mail", 4 * SECOND, |world| told(world, bob) == 1);
}

/// Two people of whom one hides without a relay make no noise: nobody keeps asking for a link that cannot be, and a message
/// costs an envelope and its answer.
#[test]
fn hiding_makes_no_noise() {
    for seed in 44..48 {
        let (mut world, [alice, bob], [alice_id, bob_id]) = linked(seed);
        hide(&mut world, bob, alice_id, true);
        world.pass(2 * MINUTE);
        let before = world.published.len();
        world.pass(60 * MINUTE);
        assert_eq!(world.published.len(), before, "somebody goes on asking");
        for n in 0..10 {
            world.write(alice, bob_id, "one");
            world.write(bob, alice_id, "another");
            world.until("the mail", SECOND, |world| told(world, bob) == n + 1 && told(world, alice) == n + 1);
            world.pass(MINUTE);
        }
        let said = world.published.len() - before;
        assert!(said <= 40, "{said} envelopes for 20 messages");
    }
}

/// A choice that the disk refuses is refused, and nothing is another; an unknown person is one.
#[test]
fn a_choice_that_is_not_kept_is_not_made() {
    let (mut world, [alice, bob], [alice_id, _]) = linked(49);
    world.refuse(bob, 1, |op| matches!(op, crate::store::Op::SaveAddressHidden { .. }));
    assert!(world.run(bob, Command::HideAddress { from: alice_id, on: true }).is_err());
    assert!(open_by(&world, [alice, bob], Path::Direct) && !world.contacts(bob).remove(0).address_hidden);
    assert!(world.run(bob, Command::HideAddress { from: Uuid::nil(), on: true }).is_err());
}

/// The brokers to which a device connects.
fn brokers(world: &mut World, device: usize) -> Vec<String> {
    world.status(device).brokers.into_iter().map(|broker| broker.url).collect()
}

/// Somebody from whom the address is hidden cannot have this device connect to a broker of theirs by a newer card; what both use
/// goes on. Shown again, their broker is used.
#[test]
fn who_is_hidden_from_names_no_broker() {
    const THEIRS: &str = "mqtt://theirs.example";
    let (mut world, [alice, bob], [alice_id, bob_id]) = linked(50);
    hide(&mut world, bob, alice_id, true);
    let before = brokers(&mut world, bob);
    let both: Vec<String> = before.iter().cloned().chain([THEIRS.to_owned()]).collect();
    world.run(alice, Command::UseBrokers(both)).unwrap();
    world.pass(MINUTE);
    world.write(alice, bob_id, "come to my broker");
    world.until("the mail", 10 * SECOND, |world| told(world, bob) == 1);
    world.write(bob, alice_id, "no");
    world.until("the answer", 10 * SECOND, |world| told(world, alice) == 1);
    assert_eq!(brokers(&mut world, bob), before);
    world.kill(bob);
    world.pass(SECOND);
    world.start(bob);
    world.pass(MINUTE);
    assert_eq!(brokers(&mut world, bob), before);
    hide(&mut world, bob, alice_id, false);
    assert!(brokers(&mut world, bob).iter().any(|url| url.contains("theirs")));
}

/// Where no broker is shared what is written waits, with the reason beside it, until the address is shown: nothing is lost. It is
/// the same when it is hidden from everybody, and a broker that others bring serves.
#[test]
fn without_a_shared_broker_messages_wait_and_say_why() {
    let mut world = World::new(51);
    let (alice, bob) = (world.person("Alice"), world.person_at("Bob", "mqtt://bobs.example"));
    let (alice_id, bob_id) = world.befriend(alice, bob);
    world.until("a link", MINUTE, |world| open_by(world, [alice, bob], Path::Direct));
    let has = |world: &mut World, part: &str| brokers(world, alice).iter().any(|url| url.contains(part));
    assert!(has(&mut world, "bobs"));
    hide(&mut world, alice, bob_id, true);
    assert!(!has(&mut world, "bobs"));
    let contact = world.contacts(alice).remove(0);
    assert_eq!((contact.path, contact.reason), (Path::None, Some(NoLink::NoSharedBroker)));
    world.write(alice, bob_id, "waits");
    world.pass(10 * MINUTE);
    assert_eq!((told(&world, bob), world.status(alice).outbox), (0, 1));
    hide(&mut world, alice, bob_id, false);
    world.until("the message", MINUTE, |world| told(world, bob) == 1);

    world.run(alice, Command::HideAddressFromAll(true)).unwrap();
    assert!(!has(&mut world, "bobs"));
    world.run(alice, Command::HideAddressFromAll(false)).unwrap();
    let carol = world.person_at("Carol", "mqtt://bobs.example");
    world.befriend(alice, carol);
    hide(&mut world, alice, bob_id, true);
    assert!(has(&mut world, "bobs"), "Carol may know where Alice is");
    world.write(alice, bob_id, "over Carol's broker");
    world.until("the message", MINUTE, |world| told(world, bob) == 2);
    assert_eq!(world.contacts(bob).iter().filter(|contact| contact.user_id == alice_id).count(), 1);
}

/// Who was removed and comes back does not see the address for that, whichever process it is.
#[test]
fn who_comes_back_still_sees_nothing() {
    for restart in [false, true] {
        let (mut world, [alice, bob], [alice_id, _]) = linked(52);
        hide(&mut world, bob, alice_id, true);
        let since = world.events(bob).len();
        world.run(bob, Command::RemoveContact(alice_id)).unwrap();
        if restart {
            world.kill(bob);
            world.pass(SECOND);
            world.start(bob);
        }
        world.pass(MINUTE);
        world.add(bob, alice);
        world.pass(2 * MINUTE);
        let contact = world.contacts(bob).remove(0);
        assert!(contact.accepted && contact.address_hidden);
        assert!(!was_direct_since(&world, bob, since));
    }
}
