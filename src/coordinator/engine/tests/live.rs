use std::time::Duration;

use uuid::Uuid;

use super::stories::friends;
use crate::coordinator::world::World;
use crate::coordinator::{Command, ErrorCode, Event, LinkState, MessageState, MessageView, Reply};

const MINUTE: Duration = Duration::from_secs(60);

fn linked(world: &mut World) -> (usize, usize, Uuid, Uuid) {
    let (alice, bob, alice_id, bob_id) = friends(world);
    let is_open = |world: &World, device| world.link_state(device) == Some(LinkState::Open);
    world.until("a link", MINUTE, |world| is_open(world, alice) && is_open(world, bob));
    (alice, bob, alice_id, bob_id)
}

fn count(world: &World, device: usize, fits: impl Fn(&Event) -> bool) -> usize {
    world.events(device).iter().filter(|event| fits(event)).count()
}

/// A message as both must see it.
fn seen(message: &MessageView) -> (String, String, bool, bool, usize) {
    (message.id.clone(), message.text.clone(), message.edited, message.deleted, message.reactions.len())
}

fn react(with: Uuid, id: &str, on: bool) -> Command {
    Command::React { with, id: id.to_owned(), emoji: "👍".into(), on }
}

/// What is done with a message is told once on both sides after it is on disk, and both see the same.
#[test]
fn what_is_done_with_a_message_is_seen_by_both() {
    let mut world = World::new(1);
    let (alice, bob, alice_id, bob_id) = linked(&mut world);
    let id = world.write(alice, bob_id, "helo");
    let said = |event: &Event| matches!(event, Event::MessageReceived { .. });
    world.until("the message", MINUTE, |world| count(world, bob, said) == 1);
    let edit = Command::EditMessage { with: bob_id, id: id.clone(), text: "hello".into() };
    assert_eq!(world.run(alice, edit.clone()), Ok(Reply::Done));
    assert_eq!(world.run(alice, edit), Ok(Reply::Done), "what reads so already is done");
    assert_eq!(world.run(bob, react(alice_id, &id, true)), Ok(Reply::Done));
    world.pass(MINUTE);
    for device in [alice, bob] {
        let edited = |event: &Event| matches!(event, Event::MessageEdited { text, .. } if text == "hello");
        let reacted = |event: &Event| matches!(event, Event::ReactionChanged { on: true, .. });
        assert_eq!((count(&world, device, edited), count(&world, device, reacted)), (1, 1));
    }
    let (here, there) = (world.history(alice, bob_id), world.history(bob, alice_id));
    assert_eq!(seen(&here[0]), seen(&there[0]));
    assert_eq!(seen(&here[0]), (id.clone(), "hello".into(), true, false, 1));
    let delete = Command::DeleteMessage { with: bob_id, id: id.clone(), for_everyone: true };
    assert_eq!(world.run(alice, delete.clone()), Ok(Reply::Done));
    assert_eq!(world.run(alice, delete), Ok(Reply::Done));
    world.pass(MINUTE);
    for device in [alice, bob] {
        assert_eq!(count(&world, device, |event| matches!(event, Event::MessageDeleted { .. })), 1);
    }
    assert_eq!(seen(&world.history(bob, alice_id)[0]), (id, String::new(), false, true, 0));
    // Only messages are told as delivered.
    assert_eq!(count(&world, alice, |event| matches!(event, Event::MessageDelivered { .. })), 1);
    assert_eq!(world.status(alice).outbox, 0);
}

/// Commands about one conversation are done in their order, though each looks at its message first.
#[test]
fn commands_of_a_conversation_keep_their_order() {
    let mut world = World::new(2);
    let (alice, bob, alice_id, bob_id) = linked(&mut world);
    let id = world.write(alice, bob_id, "hello");
    let say = |text: &str, reply_to| Command::SendMessage { to: bob_id, text: text.into(), reply_to };
    let calls = [
        react(bob_id, &id, true),
        react(bob_id, &id, false),
        say("first", Some(id.clone())),
        say("second", None),
        Command::EditMessage { with: bob_id, id: id.clone(), text: "one".into() },
        Command::EditMessage { with: bob_id, id: id.clone(), text: "two".into() },
        say("third", Some("00".repeat(32))),
        say("fourth", None),
    ]
    .map(|command| world.submit(alice, command));
    world.pass(MINUTE);
    let refused: Vec<_> = calls.iter().filter_map(|call| world.reply(alice, *call).unwrap().as_ref().err()).collect();
    assert_eq!(refused.iter().map(|error| error.code).collect::<Vec<_>>(), [ErrorCode::UnknownMessage]);
    let texts = |history: Vec<MessageView>| history.into_iter().map(|message| message.text).collect::<Vec<_>>();
    let history = world.history(alice, bob_id);
    assert_eq!(history[0].reactions, []);
    assert_eq!(history[1].reply_to.as_ref().map(|quote| quote.text.as_str()), Some("two"));
    assert_eq!(texts(history), ["two", "first", "second", "fourth"]);
    assert_eq!(texts(world.history(bob, alice_id)), ["two", "first", "second", "fourth"]);
}

/// Deleting for oneself waits for what was asked for in the conversation before: that is still about a message that is there.
#[test]
fn a_message_is_hidden_in_its_turn() {
    let mut world = World::new(6);
    let (alice, _, _, bob_id) = linked(&mut world);
    let id = world.write(alice, bob_id, "hello");
    let hide = Command::DeleteMessage { with: bob_id, id: id.clone(), for_everyone: false };
    let calls = [react(bob_id, &id, true), react(bob_id, &id, false), hide, react(bob_id, &id, true)]
        .map(|command| world.submit(alice, command));
    world.pass(MINUTE);
    let codes = calls.map(|call| world.reply(alice, call).unwrap().as_ref().err().map(|error| error.code));
    assert_eq!(codes, [None, None, None, Some(ErrorCode::UnknownMessage)]);
    assert_eq!(world.history(alice, bob_id), []);
}

/// What cannot be done is refused with a reason, and changes nothing.
#[test]
fn what_cannot_be_done_is_refused() {
    let mut world = World::new(3);
    let (alice, bob, alice_id, bob_id) = linked(&mut world);
    let id = world.write(alice, bob_id, "hello");
    world.pass(Duration::from_secs(5));
    let code = |world: &mut World, device, command| world.run(device, command).unwrap_err().code;
    let edit = |with, id: &str, text: &str| Command::EditMessage { with, id: id.to_owned(), text: text.to_owned() };
    let delete = |with, for_everyone| Command::DeleteMessage { with, id: id.clone(), for_everyone };
    let forward = |to| Command::ForwardMessage { with: bob_id, id: id.clone(), to };
    assert_eq!(code(&mut world, bob, edit(alice_id, &id, "mine")), ErrorCode::NotYours);
    assert_eq!(code(&mut world, bob, delete(alice_id, true)), ErrorCode::NotYours);
    assert_eq!(code(&mut world, alice, edit(bob_id, "ab", "x")), ErrorCode::UnknownMessage);
    assert_eq!(code(&mut world, alice, edit(bob_id, &id, "")), ErrorCode::InvalidText);
    assert_eq!(code(&mut world, alice, edit(Uuid::nil(), &id, "x")), ErrorCode::UnknownUser);
    let word = Command::React { with: bob_id, id: id.clone(), emoji: "word".into(), on: true };
    assert_eq!(code(&mut world, alice, word), ErrorCode::InvalidReaction);
    assert_eq!(code(&mut world, alice, forward(vec![])), ErrorCode::InvalidLimit);
    assert_eq!(code(&mut world, alice, forward(vec![bob_id, Uuid::nil()])), ErrorCode::UnknownUser);
    assert_eq!(world.history(bob, alice_id).len(), 1);
    assert_eq!(world.history(alice, bob_id)[0].text, "hello");
    // Hidden on one side is hidden there alone.
    assert_eq!(world.run(bob, delete(alice_id, false)), Ok(Reply::Done));
    assert_eq!(code(&mut world, bob, delete(alice_id, false)), ErrorCode::UnknownMessage);
    assert_eq!((world.history(bob, alice_id).len(), world.history(alice, bob_id).len()), (0, 1));
    assert_eq!(world.run(alice, delete(bob_id, true)), Ok(Reply::Done));
    assert_eq!(code(&mut world, alice, edit(bob_id, &id, "x")), ErrorCode::MessageDeleted);
    assert_eq!(code(&mut world, alice, react(bob_id, &id, true)), ErrorCode::MessageDeleted);
    assert_eq!(code(&mut world, alice, forward(vec![bob_id])), ErrorCode::MessageDeleted);
}

/// A message is passed on as it reads now, to several at once, and says that it was.
#[test]
fn a_message_is_passed_on() {
    let mut world = World::new(4);
    let (alice, bob, alice_id, bob_id) = linked(&mut world);
    let carol = world.person("Carol");
    let (_, carol_id) = world.befriend(alice, carol);
    let id = world.write(alice, bob_id, "helo");
    world.run(alice, Command::EditMessage { with: bob_id, id: id.clone(), text: "hello".into() }).unwrap();
    let forward = Command::ForwardMessage { with: bob_id, id, to: vec![carol_id, bob_id] };
    let Ok(Reply::Messages(ids)) = world.run(alice, forward) else { panic!("not passed on") };
    world.pass(MINUTE);
    let there = [world.history(carol, alice_id), world.history(bob, alice_id)].map(|history| {
        let last = history.last().unwrap().clone();
        (last.id, last.text, last.forwarded, last.edited)
    });
    assert_eq!(there, [ids[0].clone(), ids[1].clone()].map(|id| (id, "hello".to_owned(), true, false)));
}

/// Somebody's reading is known to the author, over the link and after it, and typing ends by itself.
#[test]
fn reading_and_typing_are_told() {
    let mut world = World::new(5);
    let (alice, bob, alice_id, bob_id) = linked(&mut world);
    let id = world.write(alice, bob_id, "hello");
    world.pass(Duration::from_secs(5));
    let state = |world: &mut World| world.history(alice, bob_id).last().unwrap().state;
    assert_eq!(state(&mut world), MessageState::Delivered);
    world.run(bob, Command::MarkRead { with: alice_id, up_to: id.clone() }).unwrap();
    world.pass(Duration::from_secs(5));
    assert_eq!(state(&mut world), MessageState::Read);
    let told = |event: &Event| matches!(event, Event::MessageRead { id: read, .. } if *read == id);
    assert_eq!(count(&world, alice, told), 1);
    let types = |world: &World| {
        let typing = world.events(alice).iter().filter_map(|event| match event {
            Event::TypingChanged { on, .. } => Some(*on),
            _ => None,
        });
        typing.collect::<Vec<_>>()
    };
    let typing = |on| Command::SetTyping { with: alice_id, on };
    world.run(bob, typing(true)).unwrap();
    world.run(bob, typing(true)).unwrap();
    world.pass(Duration::from_secs(3));
    assert_eq!(types(&world), [true]);
    world.pass(Duration::from_secs(10));
    assert_eq!(types(&world), [true, false]);
    world.run(bob, typing(true)).unwrap();
    world.pass(Duration::from_secs(1));
    world.write(bob, alice_id, "well");
    world.pass(Duration::from_secs(1));
    assert_eq!(types(&world), [true, false, true, false]);
    // Alice is away while he reads on; she learns it when she is back.
    let second = world.write(alice, bob_id, "and?");
    world.pass(Duration::from_secs(5));
    world.shut_down(alice);
    world.pass(Duration::from_secs(5));
    world.run(bob, Command::MarkRead { with: alice_id, up_to: second }).unwrap();
    world.start(alice);
    world.pass(MINUTE);
    assert_eq!(state(&mut world), MessageState::Read);
}

/// Where no link is possible, how far somebody has read goes by mail.
#[test]
fn reading_goes_by_mail_where_there_is_no_link() {
    let mut world = World::new(6);
    world.links_work = false;
    let (alice, bob, alice_id, bob_id) = friends(&mut world);
    let id = world.write(alice, bob_id, "hello");
    let said = |event: &Event| matches!(event, Event::MessageReceived { .. });
    world.until("the message", MINUTE, |world| count(world, bob, said) == 1);
    world.run(bob, Command::MarkRead { with: alice_id, up_to: id }).unwrap();
    let read = |event: &Event| matches!(event, Event::MessageRead { .. });
    world.until("the receipt", MINUTE, |world| count(world, alice, read) == 1);
    assert_eq!(world.history(alice, bob_id)[0].state, MessageState::Read);
}
