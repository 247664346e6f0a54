//! The real window: a process of its own on a screen of its own, with real keys, and a `kith node` at the other end.
//!
//! What the window knows is seen from outside: by what arrives at the other person, by its title and its place, and by what
//! is on disk after its end. A picture of the screen is kept when a story fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stderr, clippy::print_stdout)]

#[path = "../support/mod.rs"]
mod support;
mod window;

use self::support::display::Display;
use self::support::{Transport, World, report_skip};
use self::window::Window;

/// Tells a story on a screen of its own, or says why it cannot be told here.
fn tell(name: &str, story: impl FnOnce(&mut World, &Display)) {
    if let Some(reason) = Display::missing() {
        report_skip(name, &reason);
        return;
    }
    let display = Display::start().expect("a screen");
    World::tell(Transport::Embedded, name, |world| story(world, &display));
}

/// Somebody starts Kith for the first time, says their name, opens a friend's link, and writes; a day later everything is there.
#[test]
fn somebody_starts_writes_and_comes_back() {
    tell("somebody_starts_writes_and_comes_back", |world, display| {
        let bob = world.person("Bob");
        let mut window = Window::open(world, display);

        // The welcome: a name, then (this world's broker is given) only the start.
        window.types("Alice");
        window.press(&["Return"]);
        window.press(&["Tab", "Tab", "Return"]);

        // A friend's link, opened elsewhere, comes to the window that is open.
        window.is_handed(bob.link());
        window.press(&["Tab", "Tab", "Return"]);
        let request = bob.event("requestReceived", |event| event["name"] == "Alice");
        let alice = request["userId"].as_str().expect("an id").to_owned();
        bob.does("contact.accept", serde_json::json!({ "userId": alice }));
        bob.event("contactAdded", |event| event["userId"] == alice.as_str());

        window.press(&["Escape"]);
        window.opens_the_chat_with("Bob");
        window.says("Hello Bob, this is typed");
        let first = bob.event("messageReceived", |event| event["text"] == "Hello Bob, this is typed");
        assert_eq!(first["from"], alice.as_str());
        let answer = bob.does("message.send", serde_json::json!({ "to": alice, "text": "And this is the answer" }));
        bob.event("messageDelivered", |event| event["id"] == answer["id"]);
        window.says("Seen.");
        bob.event("messageReceived", |event| event["text"] == "Seen.");

        let place = window.moves_to(60, 50, 620, 700);
        window.closes();
        window.reopens();
        assert!(window.is_at(place), "it opens where it was: {place:?}, not {:?}", window.place());

        // No welcome; the conversation is the same one.
        window.opens_the_chat_with("Bob");
        window.says("Back again");
        let again = bob.event("messageReceived", |event| event["text"] == "Back again");
        assert_eq!(again["with"], first["with"]);
        window.closes();

        // What the window has on disk is what Bob has.
        let texts = |node: &support::Node, with: &str| -> Vec<String> {
            let history = node.does("message.history", serde_json::json!({ "with": with }));
            history.as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
        };
        let expected = ["Hello Bob, this is typed", "And this is the answer", "Seen.", "Back again"];
        assert_eq!(texts(&bob, &alice), expected);
        let alice_node = window.as_node();
        assert_eq!(texts(&alice_node, bob.user_id()), expected);
    });
}
