//! The limits of the API.

use serde_json::json;

use crate::support::{Message, Transport, World, befriend};

const TEXT_MAX: usize = 16 * 1024;

/// A text is 1 byte to 16 KiB; what is inside arrives as it was written, what is outside is refused.
#[test]
fn a_text_is_1_byte_to_16_kib() {
    let world = World::new(Transport::Embedded).unwrap();
    let alice = world.person("Alice");
    let bob = world.person("Bob");
    befriend(&alice, &bob);

    let longest = "é".repeat(TEXT_MAX / 2);
    assert_eq!(alice.tries_to_write(&bob, "").unwrap_err().code, "invalid_text");
    assert_eq!(alice.tries_to_write(&bob, &"x".repeat(TEXT_MAX + 1)).unwrap_err().code, "invalid_text");
    assert_eq!(alice.tries_to_write(&bob, &format!("{longest}x")).unwrap_err().code, "invalid_text");
    let texts = ["x".to_owned(), "x".repeat(TEXT_MAX), longest, "\"\\/\n\t\u{1}{}[]".to_owned(), " ".to_owned()];
    for text in &texts {
        let id = alice.writes(&bob, text);
        alice.waits_until_delivered(&bob, &id);
    }
    let read: Vec<String> = bob.reads(&alice).into_iter().map(|message| message.text).collect();
    assert_eq!(read, texts);
}

/// `before` and `limit` walk through a conversation without a gap or an overlap.
#[test]
fn history_is_read_in_pages() {
    let world = World::new(Transport::Embedded).unwrap();
    let alice = world.person("Alice");
    let bob = world.person("Bob");
    befriend(&alice, &bob);
    let written: Vec<String> = (0..250).map(|number| alice.writes(&bob, &number.to_string())).collect();

    let page = |before: Option<&str>, limit: Option<u32>| -> Vec<String> {
        let mut params = json!({ "with": bob.user_id() });
        if let Some(before) = before {
            params["before"] = json!(before);
        }
        if let Some(limit) = limit {
            params["limit"] = json!(limit);
        }
        let page: Vec<Message> = serde_json::from_value(alice.does("message.history", params)).unwrap();
        page.into_iter().map(|message| message.id).collect()
    };
    // The newest hundred when nobody says how many; then on, exclusively, to the beginning.
    let last = page(None, None);
    assert_eq!(last, written[150..]);
    let middle = page(Some(&last[0]), Some(100));
    assert_eq!(middle, written[50..150]);
    let first = page(Some(&middle[0]), Some(100));
    assert_eq!(first, written[..50]);
    assert!(page(Some(&first[0]), Some(100)).is_empty());
    assert_eq!(page(None, Some(1)), written[249..]);
    assert_eq!(page(None, Some(1000)), written);

    let history = |params: serde_json::Value| alice.call("message.history", params).unwrap_err();
    for limit in [0, 1001, 4_000_000_000_u64] {
        assert_eq!(history(json!({ "with": bob.user_id(), "limit": limit })).code, "invalid_limit", "{limit}");
    }
    let unknown = "00".repeat(32);
    for before in [unknown.as_str(), "", "not an id"] {
        assert_eq!(history(json!({ "with": bob.user_id(), "before": before })).code, "unknown_message", "{before}");
    }
    for wrong in [json!({}), json!({ "with": bob.user_id(), "limit": "ten" }), json!({ "with": 5 })] {
        assert_eq!(history(wrong.clone()).number, -32602, "{wrong}");
    }
    for (number, message) in alice.reads(&bob).into_iter().enumerate() {
        assert_eq!(message.text, number.to_string());
        assert!(message.at > 1_700_000_000_000, "Unix milliseconds");
        assert_eq!(message.id.len(), 64);
    }
}

/// Whom one does not know cannot be written to, answered, blocked or removed; the error says so.
#[test]
fn unknown_people_are_refused() {
    let world = World::without_broker();
    let alice = world.person("Alice");
    let nobody = json!({ "userId": "0c5b7a2e-3f7d-8c6a-9d1e-1a2b3c4d5e6f" });
    for method in ["contact.accept", "contact.decline", "contact.block", "contact.remove"] {
        assert_eq!(alice.call(method, nobody.clone()).unwrap_err().code, "unknown_user", "{method}");
    }
    let refused = alice.call("message.send", json!({ "to": nobody["userId"], "text": "Hello?" })).unwrap_err().code;
    assert!(["unknown_user", "not_a_contact"].contains(&refused.as_str()), "{refused}");
}
