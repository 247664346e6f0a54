//! What a watcher sees: deltas that lead from one view to the next, whatever happens.

mod window;

use std::time::Duration;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use self::window::{Window, apply, chats_on_disk, sorted};
use super::stories::friends;
use crate::coordinator::world::World;
use crate::coordinator::{
    BrokerState, ChatView, Command, Delta, ErrorCode, MessageState, PageAt, PageView, Path, Reply, View,
};

const MINUTE: Duration = Duration::from_secs(60);
/// After so many milliseconds the disk has answered everything that was asked.
const AT_REST: u64 = 50;
const SECOND: Duration = Duration::from_secs(1);

fn page(world: &mut World, device: usize, with: Uuid, at: PageAt, limit: u32) -> PageView {
    match world.run(device, Command::ReadPage { with, at, limit }) {
        Ok(Reply::Page(page)) => page,
        other => panic!("{other:?}"),
    }
}

fn code(result: Result<Reply, crate::coordinator::CommandError>) -> ErrorCode {
    result.unwrap_err().code
}

/// A window that opens before there is an identity sees it come, and the brokers with it.
#[test]
fn a_window_sees_the_first_start() {
    let mut world = World::new(6);
    let device = world.blank();
    world.pass(SECOND);
    let mut window = Window::open(&mut world, device);
    assert_eq!(window.view, View::default());
    world.run(device, Command::CreateIdentity { name: "Alice".into() }).unwrap();
    world.pass(SECOND);
    let deltas = window.hear(&mut world);
    assert!(matches!(deltas.first(), Some(Delta::Identity(identity)) if identity.name == "Alice"), "{deltas:?}");
    assert_eq!(window.view.brokers.len(), 1);
    world.broker(false);
    world.pass(SECOND);
    window.hear(&mut world);
    assert_eq!(window.view.brokers[0].state, BrokerState::Unreachable);
    // Trying again is no news.
    world.pass(10 * MINUTE);
    assert_eq!(window.hear(&mut world), vec![]);
    world.broker(true);
    world.pass(MINUTE);
    window.check(&mut world, "at the end");
    assert_eq!(window.view.brokers[0].state, BrokerState::Connected);
}

/// A window that is open all the time sees everything of a first contact and a conversation, on both sides.
#[test]
fn a_window_sees_a_first_contact_and_a_conversation() {
    let mut world = World::new(1);
    let (alice, bob) = (world.person("Alice"), world.person("Bob"));
    let (mut hers, mut his) = (Window::open(&mut world, alice), Window::open(&mut world, bob));
    world.pass(SECOND);
    hers.hear(&mut world);
    assert_eq!(hers.view.identity.as_ref().map(|identity| identity.name.as_str()), Some("Alice"));
    assert_eq!(hers.view.brokers.iter().map(|broker| broker.state).collect::<Vec<_>>(), [BrokerState::Connected]);
    let bob_id = world.add(alice, bob);
    hers.hear(&mut world);
    assert_eq!(hers.contact(bob_id).map(|contact| contact.accepted), Some(false));
    assert!(hers.view.chats.is_empty());
    world.until("the request", MINUTE, |world| !world.events(bob).is_empty());
    world.pass(SECOND);
    his.hear(&mut world);
    let alice_id = his.view.requests[0].user_id;
    assert!(his.view.requests[0].invited);
    world.run(bob, Command::AcceptContact(alice_id)).unwrap();
    world.pass(MINUTE);
    his.hear(&mut world);
    hers.hear(&mut world);
    assert!(his.view.requests.is_empty());
    for (window, other) in [(&hers, bob_id), (&his, alice_id)] {
        let contact = window.contact(other).unwrap();
        assert_eq!((contact.accepted, contact.online, contact.path), (true, true, Path::Direct));
        assert_eq!(*window.chat(other), ChatView { user_id: other, ..ChatView::default() });
    }
    let id = world.write(alice, bob_id, "hello\nBob");
    world.pass(SECOND);
    let states: Vec<MessageState> = hers
        .hear(&mut world)
        .into_iter()
        .filter_map(|delta| match delta {
            Delta::Chat(chat) => chat.last.map(|last| last.state),
            _ => None,
        })
        .collect();
    assert_eq!(states.first(), Some(&MessageState::Queued));
    assert_eq!(states.last(), Some(&MessageState::Delivered));
    his.hear(&mut world);
    let last = his.chat(alice_id).last.clone().unwrap();
    assert_eq!((last.id.as_str(), last.mine, last.text.as_str()), (id.as_str(), false, "hello Bob"));
    assert_eq!(his.chat(alice_id).unread, 1);
    assert!(his.chat(alice_id).activity > 0);
    world.run(bob, Command::MarkRead { with: alice_id, up_to: id }).unwrap();
    world.pass(SECOND);
    his.hear(&mut world);
    assert_eq!(his.chat(alice_id).unread, 0);
    hers.check(&mut world, "hers");
    his.check(&mut world, "his");
}

/// A message that goes by mail is told when the broker has it, and one further up the page when it is delivered.
#[test]
fn how_far_a_message_has_come_is_told() {
    let mut world = World::new(2);
    world.links_work = false;
    let (alice, bob, _, bob_id) = friends(&mut world);
    world.pass(MINUTE);
    let mut window = Window::open(&mut world, alice);
    world.kill(bob);
    world.write(alice, bob_id, "first");
    world.write(alice, bob_id, "second");
    world.pass(MINUTE);
    window.hear(&mut world);
    assert_eq!(window.chat(bob_id).last.as_ref().map(|last| last.state), Some(MessageState::Sent));
    world.start(bob);
    world.pass(MINUTE);
    assert!(window.hear(&mut world).iter().any(|delta| matches!(delta, Delta::Chat(_))));
    assert_eq!(window.chat(bob_id).last.as_ref().map(|last| last.state), Some(MessageState::Delivered));
    window.check(&mut world, "after the mail");
}

/// How a message would travel is shown as it is: by mail while a broker is there, not at all without one.
#[test]
fn the_path_of_a_contact_is_told() {
    let mut world = World::new(7);
    world.links_work = false;
    let (alice, _, _, bob_id) = friends(&mut world);
    world.pass(MINUTE);
    let mut window = Window::open(&mut world, alice);
    let mut path = |world: &mut World, after| {
        world.pass(after);
        window.hear(world);
        window.contact(bob_id).map(|contact| contact.path)
    };
    assert_eq!(path(&mut world, SECOND), Some(Path::Mail));
    world.broker(false);
    assert_eq!(path(&mut world, SECOND / 10), Some(Path::None));
    world.broker(true);
    assert_eq!(path(&mut world, MINUTE), Some(Path::Mail));
}

/// Who is removed, blocked or declined leaves the window at once, and a request that is taken back is not sent any more.
#[test]
fn who_goes_leaves_the_window() {
    let mut world = World::new(3);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    let carol = world.person("Carol");
    let mut window = Window::open(&mut world, alice);
    let carol_id = world.add(alice, carol);
    world.kill(carol);
    world.run(alice, Command::RemoveContact(carol_id)).unwrap();
    window.hear(&mut world);
    assert_eq!(window.contact(carol_id), None);
    let door = format!("user/{carol_id}/contactRequest");
    let asked = |world: &World| world.published.iter().filter(|(topic, _)| *topic == door).count();
    let before = asked(&world);
    world.pass(120 * MINUTE);
    assert_eq!(asked(&world), before, "the request is repeated");
    world.run(alice, Command::BlockContact(bob_id)).unwrap();
    window.hear(&mut world);
    assert!(window.view.contacts.is_empty() && window.view.chats.is_empty());
    window.check(&mut world, "after blocking");
    let mut his = Window::open(&mut world, bob);
    assert_eq!(his.view.chats.len(), 1);
    world.run(bob, Command::RemoveContact(alice_id)).unwrap();
    his.check(&mut world, "after removing");
    assert!(his.view.contacts.is_empty());
}

/// Who comes late, or comes back to a process that has run for long without a window, sees the same as everybody else.
#[test]
fn a_window_that_opens_late_sees_everything() {
    let mut world = World::new(4);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    world.pass(MINUTE);
    world.write(alice, bob_id, "hello");
    world.pass(SECOND);
    let mut window = Window::open(&mut world, bob);
    world.pass(SECOND);
    window.hear(&mut world);
    assert_eq!((window.chat(alice_id).unread, window.chat(alice_id).last.is_some()), (1, true));
    world.run(bob, Command::SaveDraft { with: alice_id, text: "  half a th".into() }).unwrap();
    world.run(bob, Command::SetNickname { user: alice_id, nickname: " Ali\u{202e}  ".into() }).unwrap();
    world.pass(SECOND);
    window.hear(&mut world);
    assert_eq!(window.chat(alice_id).draft, "  half a th");
    assert_eq!(window.contact(alice_id).and_then(|contact| contact.nickname.as_deref()), Some("Ali"));
    world.shut_down(bob);
    world.start(bob);
    world.pass(MINUTE);
    let again = Window::open(&mut world, bob);
    assert_eq!(again.chat(alice_id), window.chat(alice_id));
    assert_eq!(again.contact(alice_id).and_then(|contact| contact.nickname.as_deref()), Some("Ali"));
    world.run(bob, Command::SetNickname { user: alice_id, nickname: " ".into() }).unwrap();
    assert_eq!(world.contacts(bob)[0].nickname, None);
}

/// Pages come as they are asked for, and what makes no sense is refused and says why.
#[test]
fn a_window_reads_pages() {
    let mut world = World::new(5);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    world.pass(MINUTE);
    let ids: Vec<String> = (0..6).map(|n| world.write(alice, bob_id, &format!("{n}"))).collect();
    world.pass(SECOND);
    let seen = |page: &PageView| page.messages.iter().map(|message| message.id.clone()).collect::<Vec<_>>();
    let first = page(&mut world, bob, alice_id, PageAt::Unread, 4);
    assert_eq!((seen(&first), first.earlier, first.later), (ids[..4].to_vec(), false, true));
    assert_eq!(first.first_unread.as_ref(), Some(&ids[0]));
    let next = page(&mut world, bob, alice_id, PageAt::After(ids[3].clone()), 4);
    assert_eq!((seen(&next), next.earlier, next.later), (ids[4..].to_vec(), true, false));
    world.run(bob, Command::MarkRead { with: alice_id, up_to: ids[5].clone() }).unwrap();
    let last = page(&mut world, bob, alice_id, PageAt::Unread, 2);
    assert_eq!((seen(&last), last.first_unread), (ids[4..].to_vec(), None));
    assert_eq!(seen(&page(&mut world, bob, alice_id, PageAt::From(ids[1].clone()), 2)), ids[1..3]);
    assert_eq!(seen(&page(&mut world, bob, alice_id, PageAt::Before(ids[1].clone()), 2)), ids[..1]);
    let read = |with, at, limit| Command::ReadPage { with, at, limit };
    assert_eq!(code(world.run(bob, read(Uuid::nil(), PageAt::Latest, 1))), ErrorCode::UnknownUser);
    assert_eq!(code(world.run(bob, read(alice_id, PageAt::Latest, 0))), ErrorCode::InvalidLimit);
    assert_eq!(code(world.run(bob, read(alice_id, PageAt::Latest, 1_001))), ErrorCode::InvalidLimit);
    for id in ["".to_owned(), "ab".repeat(32), "no id".to_owned()] {
        assert_eq!(code(world.run(bob, read(alice_id, PageAt::After(id.clone()), 1))), ErrorCode::UnknownMessage);
        assert_eq!(code(world.run(bob, Command::MarkRead { with: alice_id, up_to: id })), ErrorCode::UnknownMessage);
    }
    let long = |bytes| Command::SaveDraft { with: alice_id, text: "x".repeat(bytes) };
    assert_eq!(code(world.run(bob, long(crate::coordinator::DRAFT_BYTES_MAX + 1))), ErrorCode::InvalidText);
    world.run(bob, long(crate::coordinator::DRAFT_BYTES_MAX)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A view taken at any moment, and the deltas after it, are what a fresh view would be: through first contacts, talk,
    /// losses, restarts of the broker and of the others, removals and whatever a person changes.
    #[test]
    fn a_view_and_its_deltas_are_a_fresh_view(seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut world = World::new(seed);
        let people = [world.person("Alice"), world.person("Bob"), world.person("Carol")];
        let ids = people.map(|device| world.identity(device).user_id);
        world.loss = 0.1;
        let mut windows: Vec<Window> = vec![];
        for step in 0..60 {
            let (who, other) = (rng.random_range(0..3usize), rng.random_range(0..3usize));
            let (device, with) = (people[who], ids[other]);
            // Only Alice's windows are looked at, so that the others may die.
            let fatal = who != 0;
            match rng.random_range(0..22) {
                0 if fatal && world.is_running(device) => world.kill(device),
                1 => world.broker(false),
                2 => world.broker(true),
                3 => world.links_work = rng.random(),
                4 if windows.len() < 4 => {
                    let deltas = world.deltas(people[0]);
                    for window in &mut windows {
                        deltas.iter().for_each(|delta| apply(&mut window.view, delta.clone()));
                    }
                    let view = world.watch(people[0]);
                    let late = world.deltas(people[0]);
                    for window in &mut windows {
                        late.iter().for_each(|delta| apply(&mut window.view, delta.clone()));
                    }
                    windows.push(Window { device: people[0], view });
                },
                _ if !world.is_running(device) => world.start(device),
                5 | 6 if who != other => {
                    let link = if world.is_running(people[other]) { Some(world.identity(people[other]).link) } else { None };
                    if let Some(link) = link {
                        drop(world.run(device, Command::AddContact { link }));
                    }
                }
                7 | 8 => drop(world.run(device, Command::AcceptContact(with))),
                9 => drop(world.run(device, Command::DeclineContact(with))),
                10 if rng.random_bool(0.3) => drop(world.run(device, Command::BlockContact(with))),
                11 if rng.random_bool(0.3) => drop(world.run(device, Command::RemoveContact(with))),
                12 => drop(world.run(device, Command::Rename { name: format!("name {step}") })),
                13 => drop(world.run(device, Command::SetNickname { user: with, nickname: format!("nick {}", step % 3) })),
                14 => drop(world.run(device, Command::SaveDraft { with, text: format!("draft {}", step % 3) })),
                15 => {
                    let read = Command::ReadPage { with, at: PageAt::Latest, limit: 3 };
                    if let Ok(Reply::Page(page)) = world.run(device, read)
                        && let Some(last) = page.messages.last()
                    {
                        world.run(device, Command::MarkRead { with, up_to: last.id.clone() }).unwrap();
                    }
                }
                16 => {
                    let lists: [&[&str]; 4] =
                        [&[], &[crate::coordinator::world::BROKER], &["mqtt://second.example"], &[crate::coordinator::world::BROKER, "mqtt://second.example"]];
                    let list = lists[rng.random_range(0..4usize)];
                    world.use_brokers(device, list);
                }
                _ => drop(world.run(device, Command::SendMessage { to: with, text: format!("{step}"), reply_to: None })),
            }
            let pause = [0, 1, 5, 50, 700, 8_000, 60_000][rng.random_range(0..7usize)];
            world.pass(Duration::from_millis(pause));
            // Every window hears everything; a fresh view is one more watcher.
            let hear = |world: &mut World, windows: &mut Vec<Window>| {
                let deltas = world.deltas(people[0]);
                for window in windows {
                    deltas.iter().for_each(|delta| apply(&mut window.view, delta.clone()));
                }
                deltas
            };
            hear(&mut world, &mut windows);
            if !windows.is_empty() && rng.random_bool(0.3) {
                let fresh = sorted(world.watch(people[0]));
                let late = hear(&mut world, &mut windows);
                for window in &windows {
                    prop_assert_eq!(&sorted(window.view.clone()), &fresh, "step {}", step);
                }
                // What is still on its way to the disk may be told early because somebody looks, and nothing else.
                if pause >= AT_REST {
                    prop_assert_eq!(late, vec![], "step {}", step);
                    let mut chats = chats_on_disk(&mut world, people[0]);
                    chats.sort_by_key(|chat| chat.user_id);
                    prop_assert_eq!(fresh.chats, chats, "step {}", step);
                }
            }
        }
    }
}
