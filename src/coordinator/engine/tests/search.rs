//! What is looked up, and what was chosen for conversations.

use std::time::Duration;

use super::stories::friends;
use crate::coordinator::world::World;
use crate::coordinator::{
    ChatView, Command, Delta, ErrorCode, Event, FoundView, MUTED_FOR_GOOD, PageAt, QUERY_CHARS_MAX, Reply,
    SEARCH_LIMIT_MAX,
};

const SECOND: Duration = Duration::from_secs(1);

fn search(world: &mut World, device: usize, query: &str, before: Option<u64>, limit: u32) -> FoundView {
    let command = Command::Search { query: query.into(), within: None, before, limit: Some(limit) };
    match world.run(device, command) {
        Ok(Reply::Found(found)) => found,
        other => panic!("{other:?}"),
    }
}

fn list(world: &mut World, device: usize) -> Vec<ChatView> {
    match world.run(device, Command::ListConversations) {
        Ok(Reply::Conversations(chats)) => chats,
        other => panic!("{other:?}"),
    }
}

/// Both find what either has written, in its place; pages go on where they ended; somebody who was removed is not found.
#[test]
fn what_was_said_is_found() {
    let mut world = World::new(31);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    let carol = world.person("Carol");
    let (_, carol_id) = world.befriend(alice, carol);
    let mut said = vec![];
    for n in 0..12 {
        said.push(world.write(alice, bob_id, &format!("Needle number {n}")));
        world.write(bob, alice_id, "hay");
    }
    let hers = world.write(alice, carol_id, "a needle for Carol");
    world.pass(10 * SECOND);
    let ids = |found: &FoundView| found.messages.iter().map(|message| message.id.clone()).collect::<Vec<_>>();
    said.reverse();
    assert_eq!(ids(&search(&mut world, bob, "needle", None, 20)), said);
    let all: Vec<String> = [hers.clone()].into_iter().chain(said.clone()).collect();
    let (mut paged, mut before) = (vec![], None);
    loop {
        let page = search(&mut world, alice, "needl", before, 5);
        paged.extend(ids(&page));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
    let within = Command::Search { query: "needle".into(), within: Some(carol_id), before: None, limit: None };
    let Ok(Reply::Found(found)) = world.run(alice, within) else { panic!() };
    assert_eq!((ids(&found), found.messages[0].with), (vec![hers], carol_id));
    assert_eq!((found.messages[0].text.as_str(), &found.messages[0].marks), ("a needle for Carol", &vec![[2, 8]]));
    let around = Command::ReadPage { with: bob_id, at: PageAt::Around(said[6].clone()), limit: 5 };
    let Ok(Reply::Page(page)) = world.run(alice, around) else { panic!() };
    assert!(page.messages.iter().any(|message| message.id == said[6]) && page.earlier && page.later);
    world.run(alice, Command::RemoveContact(carol_id)).unwrap();
    assert_eq!(ids(&search(&mut world, alice, "needle", None, 3)), said[..3]);
    assert_eq!(search(&mut world, alice, "* \"", None, 3), FoundView::default());
}

/// What cannot be looked up is refused with its reason.
#[test]
fn what_cannot_be_looked_up_is_refused() {
    let mut world = World::new(32);
    let (alice, ..) = friends(&mut world);
    let mut code = |query: &str, limit| {
        let command = Command::Search { query: query.into(), within: None, before: None, limit: Some(limit) };
        world.run(alice, command).unwrap_err().code
    };
    assert_eq!(code(&"x".repeat(QUERY_CHARS_MAX + 1), 1), ErrorCode::InvalidQuery);
    assert_eq!(code("x", 0), ErrorCode::InvalidLimit);
    assert_eq!(code("x", SEARCH_LIMIT_MAX + 1), ErrorCode::InvalidLimit);
    let within = Some(uuid::Uuid::nil());
    let command = Command::Search { query: "x".into(), within, before: None, limit: None };
    assert_eq!(world.run(alice, command).unwrap_err().code, ErrorCode::UnknownUser);
}

/// What was chosen for a conversation is told to watchers and scripts once it is on disk, and is there after a restart.
#[test]
fn what_was_chosen_is_told_and_kept() {
    let mut world = World::new(33);
    let (alice, _, _, bob_id) = friends(&mut world);
    world.watch(alice);
    world.deltas(alice);
    world.run(alice, Command::PinConversation { with: bob_id, on: true }).unwrap();
    world.run(alice, Command::MuteConversation { with: bob_id, until: u64::MAX }).unwrap();
    world.pass(SECOND);
    let expected = (Some(MUTED_FOR_GOOD), true, false);
    let told = world.deltas(alice).into_iter().rev().find_map(|delta| match delta {
        Delta::Chat(chat) => Some((chat.muted_until, chat.pinned, chat.archived)),
        _ => None,
    });
    assert_eq!(told, Some(expected));
    let event = Event::ConversationChanged { with: bob_id, muted_until: expected.0, pinned: true, archived: false };
    assert!(world.events(alice).contains(&event));
    world.shut_down(alice);
    world.start(alice);
    world.pass(SECOND);
    let chat = list(&mut world, alice).remove(0);
    assert_eq!((chat.muted_until, chat.pinned, chat.archived), expected);
    world.run(alice, Command::MuteConversation { with: bob_id, until: 0 }).unwrap();
    assert_eq!(list(&mut world, alice)[0].muted_until, None);
}

/// A message brings an archived conversation back, on either side, also after a restart; of a muted one it stays, and its
/// messages say that they shall not interrupt.
#[test]
fn a_message_brings_an_archived_conversation_back_unless_it_is_muted() {
    let mut world = World::new(34);
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    let archive = Command::ArchiveConversation { with: bob_id, on: true };
    let archived = |world: &mut World| list(world, alice)[0].archived;
    world.run(alice, archive.clone()).unwrap();
    assert!(archived(&mut world));
    world.shut_down(alice);
    world.start(alice);
    world.write(bob, alice_id, "are you there?");
    world.pass(30 * SECOND);
    assert!(!archived(&mut world), "it is back");
    world.run(alice, archive).unwrap();
    world.run(alice, Command::MuteConversation { with: bob_id, until: MUTED_FOR_GOOD }).unwrap();
    world.write(bob, alice_id, "and now?");
    world.pass(30 * SECOND);
    assert!(archived(&mut world), "it stays");
    let muted = |event: &Event| match event {
        Event::MessageReceived { text, muted, .. } => Some((text.clone(), *muted)),
        _ => None,
    };
    let told: Vec<_> = world.events(alice).iter().filter_map(muted).collect();
    assert!(
        told.contains(&("and now?".to_owned(), true)) && told.contains(&("are you there?".to_owned(), false)),
        "{told:?}"
    );
    world.run(alice, Command::MuteConversation { with: bob_id, until: 1 }).unwrap();
    world.write(alice, bob_id, "my own word");
    world.pass(SECOND);
    assert!(!archived(&mut world), "a time that is over mutes nothing");
}
