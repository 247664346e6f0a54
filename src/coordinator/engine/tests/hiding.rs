//! Hiding one's address: from one contact, from all, with a relay and without.

use std::time::Duration;

use uuid::Uuid;

use super::stories::friends;
use super::world::World;
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
                world.submit(alice, Command::SendMessage { to: bob_id, text: format!("to Bob {n}") });
                world.submit(bob, Command::SendMessage { to: alice_id, text: format!("to Alice {n}") });
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
