//! Messages that live: what is said can be changed, answered, and taken back.

use serde_json::{Value, json};

use crate::support::{Node, World, befriend, link_up};

/// A conversation as somebody reads it, with everything that stands beside a message; how far each has come is another matter.
fn read(node: &Node, other: &Node) -> Vec<Value> {
    let history = node.does("message.history", json!({ "with": other.user_id() }));
    let mut messages = history.as_array().expect("messages").clone();
    for message in &mut messages {
        let fields = message.as_object_mut().expect("an object");
        fields.remove("state");
        fields.remove("path");
    }
    messages
}

/// Whether any file of a node's data directory holds these bytes.
fn on_disk(node: &Node, text: &str) -> bool {
    let files = std::fs::read_dir(node.data_dir()).expect("a data directory");
    files.map(|file| file.expect("a file").path()).filter(|path| path.is_file()).any(|path| {
        // A lock may vanish while it is looked at.
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

/// Alice edits, Bob answers and reacts, and she deletes for everyone while he is away: both end the same, and of what she has
/// deleted nothing is left on any disk.
pub fn what_is_said_can_be_changed_and_taken_back(world: &mut World) {
    let (mut alice, mut bob) = (world.person("Alice"), world.person("Bob"));
    befriend(&alice, &bob);
    link_up(&alice, &bob);
    let secret = alice.writes(&bob, "The key lies under the stone, at nien.");
    bob.receives(&alice, &secret);

    // Alice mends a letter; Bob sees it.
    let edit = json!({ "with": bob.user_id(), "id": secret, "text": "The key lies under the stone, at nine." });
    assert_eq!(alice.does("message.edit", edit), json!({}));
    let edited = bob.event("messageEdited", |event| event["id"] == json!(secret));
    assert_eq!(edited["text"], "The key lies under the stone, at nine.");

    // Bob reads it, types, answers and reacts; Alice is told of each.
    bob.does("message.markRead", json!({ "with": alice.user_id(), "id": secret }));
    alice.event("messageRead", |event| event["id"] == json!(secret));
    alice.until("she sees that it was read", |alice| (alice.state_of(&bob, &secret) == "read").then_some(()));
    bob.does("message.typing", json!({ "with": alice.user_id(), "on": true }));
    alice.event("typingChanged", |event| event["on"] == json!(true) && event["from"] == json!(bob.user_id()));
    let answer = bob.does("message.reply", json!({ "with": alice.user_id(), "id": secret, "text": "I shall look." }));
    let answer = answer["id"].as_str().expect("an id").to_owned();
    alice.receives(&bob, &answer);
    alice.event("typingChanged", |event| event["on"] == json!(false));
    let react = |on| json!({ "with": alice.user_id(), "id": secret, "emoji": "👍", "on": on });
    bob.does("message.react", react(true));
    alice.event("reactionChanged", |event| event["id"] == json!(secret) && event["on"] == json!(true));
    let messages = read(&alice, &bob);
    assert_eq!(messages, read(&bob, &alice));
    assert_eq!(messages[0]["edited"], true);
    assert_eq!(messages[0]["reactions"], json!([{ "emoji": "👍", "by": [bob.user_id()] }]));
    assert_eq!(messages[1]["replyTo"]["text"], "The key lies under the stone, at nine.");

    // Nobody changes what somebody else has written, and a word is no reaction.
    let refused = |method, params| bob.call(method, params).expect_err("it is refused").code;
    let theirs = |more: Value| {
        let mut params = json!({ "with": alice.user_id(), "id": secret });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    assert_eq!(refused("message.edit", theirs(json!({ "text": "mine" }))), "not_yours");
    assert_eq!(refused("message.delete", theirs(json!({ "forEveryone": true }))), "not_yours");
    assert_eq!(refused("message.react", theirs(json!({ "emoji": "word", "on": true }))), "invalid_reaction");

    // While Bob is away, Alice takes it back.
    assert!(on_disk(&bob, "under the stone"));
    bob.shutdown();
    alice.does("message.delete", json!({ "with": bob.user_id(), "id": secret, "forEveryone": true }));
    assert!(!on_disk(&alice, "under the stone"), "her own disk still has it");
    let after = alice.writes(&bob, "Never mind.");

    // Bob returns: it is gone, and his answer quotes nothing.
    bob.starts();
    bob.receives(&alice, &after);
    bob.until("the deletion is there", |bob| {
        read(bob, &alice).first().is_some_and(|message| message["deleted"] == json!(true)).then_some(())
    });
    assert!(!on_disk(&bob, "under the stone"), "his disk still has it");
    let messages = read(&bob, &alice);
    assert_eq!(messages, read(&alice, &bob));
    assert_eq!((&messages[0]["text"], &messages[0]["reactions"]), (&json!(""), &Value::Null));
    assert_eq!(messages[1]["replyTo"], json!({ "id": secret, "from": alice.user_id(), "text": "", "deleted": true }));
    assert_eq!(bob.call("message.react", react(true)).expect_err("it is gone").code, "message_deleted");

    // What Bob deletes for himself is gone for him alone, and stays so.
    bob.does("message.delete", json!({ "with": alice.user_id(), "id": after, "forEveryone": false }));
    bob.restart();
    assert_eq!(read(&bob, &alice).len() + 1, read(&alice, &bob).len());
    alice.restart();
    assert_eq!(read(&alice, &bob)[0]["deleted"], true);
    assert!(!on_disk(&alice, "under the stone") && !on_disk(&bob, "under the stone"));
}
