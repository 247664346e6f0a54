//! Databases of every earlier format (`tests/fixtures`), opened by today's program: what was said is there, and talk goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::coordinator::world::World;
use crate::coordinator::{Command, Event, LinkState, MessageState, MessageView};
use crate::store::Db;

const MINUTE: Duration = Duration::from_secs(60);
/// Formats of which there is a fixture.
const FORMATS: std::ops::RangeInclusive<usize> = 1..=9;
/// Set to make those that are not there.
const MAKE_VARIABLE: &str = "KITH_MAKE_FIXTURES";

fn folder(format: usize) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("format-{format}"))
}

fn database(name: &str, format: usize) -> PathBuf {
    folder(format).join(format!("{name}.sqlite3"))
}

fn key_file(name: &str, format: usize) -> PathBuf {
    folder(format).join(format!("{name}.key"))
}

/// What was said, and by whom.
const SAID: [(&str, &str); 6] = [
    ("alice", "hello Bob"),
    ("bob", "hello Alice"),
    ("alice", "東京は雨です"),
    ("bob", "and here is\na second line"),
    ("alice", "written while you were away"),
    ("bob", "written while you were away as well"),
];

fn linked(world: &World, one: usize, other: usize) -> bool {
    [one, other].iter().all(|device| world.link_state(*device) == Some(LinkState::Open))
}

/// A story whose end both keep: what was said together, and what each wrote while the other was away.
fn make() {
    let mut world = World::new(1);
    let (alice, bob, carol) = (world.person("Alice"), world.person("Bob"), world.person("Carol"));
    let (alice_id, bob_id) = world.befriend(alice, bob);
    let (_, carol_id) = world.befriend(alice, carol);
    world.until("a link", MINUTE, |world| linked(world, alice, bob));
    for (who, text) in &SAID[..4] {
        let (from, to, with) = if *who == "alice" { (alice, bob, bob_id) } else { (bob, alice, alice_id) };
        world.write(from, with, text);
        let came = |event: &Event| matches!(event, Event::MessageReceived { text: told, .. } if told == text);
        world.until("what was said", MINUTE, |world| world.events(to).iter().any(came));
        world.pass(Duration::from_secs(1));
    }
    let last = world.history(alice, bob_id)[1].id.clone();
    world.run(alice, Command::MarkRead { with: bob_id, up_to: last }).unwrap();
    world.run(alice, Command::SetNickname { user: bob_id, nickname: "Bobby".into() }).unwrap();
    world.run(alice, Command::SaveDraft { with: bob_id, text: "what I was about to".into() }).unwrap();
    world.run(alice, Command::HideAddress { from: carol_id, on: true }).unwrap();
    world.shut_down(bob);
    world.write(alice, bob_id, SAID[4].1);
    world.shut_down(alice);
    world.start(bob);
    world.pass(Duration::from_secs(1));
    // What has arrived as mail is no matter: it is the same message.
    world.write(bob, alice_id, SAID[5].1);
    world.shut_down(bob);
    // What is there was made by an older program, and stays.
    for format in FORMATS.filter(|format| !folder(*format).exists()) {
        std::fs::create_dir_all(folder(format)).unwrap();
        for (name, device) in [("alice", alice), ("bob", bob)] {
            world.db(device).write_as_format(&database(name, format), format).unwrap();
            std::fs::write(key_file(name, format), world.key_file(device)).unwrap();
        }
    }
}

fn texts(history: &[MessageView]) -> Vec<&str> {
    history.iter().map(|message| message.text.as_str()).collect()
}

/// A database of each earlier format is opened as it was left: its conversation is read, what waited is delivered, and both write
/// on.
#[test]
fn a_database_of_every_earlier_format_opens_and_goes_on() {
    if std::env::var_os(MAKE_VARIABLE).is_some() {
        make();
    }
    for format in FORMATS {
        let mut world = World::new(2);
        let places = tempfile::tempdir().unwrap();
        let [alice, bob] = ["alice", "bob"].map(|name| {
            let place = places.path().join(name);
            std::fs::create_dir_all(&place).unwrap();
            std::fs::copy(database(name, format), place.join("kith.sqlite3")).unwrap();
            let key = std::fs::read(key_file(name, format)).unwrap();
            world.person_left_in(&place, &key)
        });
        let (alice_id, bob_id) = (world.user(alice), world.user(bob));
        let here = world.history(alice, bob_id);
        assert_eq!(texts(&here), SAID[..5].iter().map(|(_, text)| *text).collect::<Vec<_>>(), "format {format}");
        let authors: Vec<bool> = here.iter().map(|message| message.from == alice_id).collect();
        assert_eq!(authors, [true, false, true, false, true], "format {format}");
        let view = world.watch(alice);
        let chat = view.chats.iter().find(|chat| chat.user_id == bob_id).unwrap();
        let contact = view.contacts.iter().find(|contact| contact.user_id == bob_id).unwrap();
        // What came with format 2: what was read, drafts and nicknames.
        let (unread, draft, nickname) =
            if format < 2 { (0, "", None) } else { (1, "what I was about to", Some("Bobby")) };
        assert_eq!((chat.unread, chat.draft.as_str()), (unread, draft), "format {format}");
        assert_eq!(contact.nickname.as_deref(), nickname, "format {format}");
        // And with format 3: from whom the address is hidden.
        let hidden = view.contacts.iter().filter(|contact| contact.address_hidden).count();
        assert_eq!(hidden, usize::from(format >= 3), "format {format}");

        world.until("a link", MINUTE, |world| linked(world, alice, bob));
        world.write(alice, bob_id, "with a newer Kith");
        world.write(bob, alice_id, "here too");
        world.pass(MINUTE);
        let (here, there) = (world.history(alice, bob_id), world.history(bob, alice_id));
        let ids = |history: &[MessageView]| history.iter().map(|message| message.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&here), ids(&there), "format {format}");
        assert_eq!(here.len(), SAID.len() + 2, "format {format}: {:?}", texts(&here));
        for (_, text) in SAID {
            assert_eq!(texts(&here).iter().filter(|said| **said == text).count(), 1, "format {format}: {text}");
        }
        assert!(here.iter().all(|message| matches!(message.state, MessageState::Delivered | MessageState::Received)));
        assert_eq!((world.status(alice).outbox, world.status(bob).outbox), (0, 0), "format {format}");
        world.db(alice).check_integrity().unwrap();
    }
}

/// The fixtures are of the formats that their names say: nobody has opened one and saved it.
#[test]
fn fixtures_are_as_old_as_they_say() {
    for format in FORMATS {
        let bytes = std::fs::read(database("alice", format)).unwrap();
        // `user_version`, §1.3.12 of SQLite's file format.
        assert_eq!(bytes[60..64], u32::try_from(format).unwrap().to_be_bytes());
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("kith.sqlite3");
        std::fs::write(&path, bytes).unwrap();
        Db::open(&path).unwrap();
        let now = std::fs::read(&path).unwrap();
        // What is one more than the last fixture is today's format: no earlier one was left out.
        assert_eq!(
            now[60..64],
            u32::try_from(FORMATS.end() + 1).unwrap().to_be_bytes(),
            "see tests/fixtures/README.md"
        );
    }
}
