//! JSON-RPC over real pipes: whatever is written to a node, it answers and goes on.

use serde_json::{Value, json};

use crate::support::{Node, World};

/// The error that answers a raw line, as its number and `data.code`.
fn refusal(node: &Node, line: &[u8], id: &Value) -> (i64, String) {
    node.says(line);
    let reply = node.reply(id, &format!("an answer to {}", String::from_utf8_lossy(&line[..line.len().min(100)])));
    let error = &reply["error"];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{reply}");
    let code = error["data"]["code"].as_str().expect("data.code").to_owned();
    let stable = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(!code.is_empty() && code.chars().all(stable), "{code}");
    (error["code"].as_i64().expect("a number"), code)
}

fn goes_on(node: &Node) {
    assert_eq!(node.status().outbox, 0);
}

/// Broken JSON, things that are no request, unknown methods and bad parameters get their errors, the same ones every
/// time, and the node goes on.
#[test]
fn whatever_is_not_a_request_is_refused_and_the_node_goes_on() {
    let world = World::without_broker();
    let alice = world.person("Alice");
    let cases: Vec<(Vec<u8>, Value, i64)> = vec![
        (b"{\"jsonrpc\": \"2.0\", \"id\": 900, \"method\"".to_vec(), Value::Null, -32700),
        (b"nonsense".to_vec(), Value::Null, -32700),
        (b"{\"jsonrpc\": \"2.0\", \"id\": \xff\xfe}".to_vec(), Value::Null, -32700),
        (b"[]".to_vec(), Value::Null, -32600),
        (b"17".to_vec(), Value::Null, -32600),
        (b"\"status\"".to_vec(), Value::Null, -32600),
        (b"null".to_vec(), Value::Null, -32600),
        (br#"{"jsonrpc": "2.0", "id": 901}"#.to_vec(), json!(901), -32600),
        (br#"{"jsonrpc": "1.0", "id": 902, "method": "status"}"#.to_vec(), json!(902), -32600),
        (br#"{"jsonrpc": "2.0", "id": 903, "method": 5}"#.to_vec(), json!(903), -32600),
        (br#"{"jsonrpc": "2.0", "id": 904, "method": "no.such.method"}"#.to_vec(), json!(904), -32601),
        (br#"{"jsonrpc": "2.0", "id": "a", "method": ""}"#.to_vec(), json!("a"), -32601),
        (br#"{"jsonrpc": "2.0", "id": 905, "method": "contact.add"}"#.to_vec(), json!(905), -32602),
        (
            br#"{"jsonrpc": "2.0", "id": 906, "method": "contact.add", "params": {"link": 5}}"#.to_vec(),
            json!(906),
            -32602,
        ),
        (
            br#"{"jsonrpc": "2.0", "id": 907, "method": "contact.accept", "params": {"userId": "x"}}"#.to_vec(),
            json!(907),
            -32602,
        ),
        (
            br#"{"jsonrpc": "2.0", "id": 908, "method": "message.send", "params": {"text": "x"}}"#.to_vec(),
            json!(908),
            -32602,
        ),
    ];
    let round = || -> Vec<(i64, String)> {
        let answers = cases.iter().map(|(line, id, number)| {
            let refused = refusal(&alice, line, id);
            assert_eq!(refused.0, *number, "{} got {refused:?}", String::from_utf8_lossy(line));
            goes_on(&alice);
            refused
        });
        answers.collect()
    };
    assert_eq!(round(), round(), "codes are stable");
}

/// A line may have a mebibyte; a longer one is refused whole, and the next one is read.
#[test]
fn a_long_line_is_refused_and_the_next_one_is_read() {
    const LINE_MAX: usize = 1024 * 1024;
    let world = World::without_broker();
    let alice = world.person("Alice");
    let padded = |id: u64, length: usize| {
        let mut line = format!(r#"{{"jsonrpc": "2.0", "id": {id}, "method": "status", "params": {{}}"#);
        line.push_str(&" ".repeat(length - line.len() - 1));
        line.push('}');
        line.into_bytes()
    };
    alice.says(&padded(1_000_001, LINE_MAX - 2));
    assert!(alice.reply(&json!(1_000_001), "the answer to a long line")["result"].is_object());

    let resident = alice.resident_kib();
    let (_, code) = refusal(&alice, &padded(1_000_002, LINE_MAX + 1), &Value::Null);
    goes_on(&alice);
    let (_, again) = refusal(&alice, &vec![b'x'; 40 * LINE_MAX], &Value::Null);
    assert_eq!(code, again);
    goes_on(&alice);
    assert!(alice.resident_kib().saturating_sub(resident) < 20 * 1024, "a long line is not kept");
}

/// A request without an id gets no answer; ids come back as they were sent; fields nobody knows are no error.
#[test]
fn ids_come_back_and_notifications_get_no_answer() {
    let world = World::without_broker();
    let alice = world.person("Alice");
    alice.says(br#"{"jsonrpc": "2.0", "method": "status"}"#);
    alice.says(br#"{"jsonrpc": "2.0", "method": "no.such.method"}"#);
    for id in [json!("a string"), json!(0), json!(-5), json!(9_007_199_254_740_991_u64)] {
        alice.says(
            json!({"jsonrpc": "2.0", "id": id, "method": "contact.list", "params": {}, "extra": 1})
                .to_string()
                .as_bytes(),
        );
        assert_eq!(alice.reply(&id, "an answer")["result"], json!([]));
    }
    assert!(!alice.has_unread_reply(), "a notification was answered");
}

/// Before there is an identity, what needs one says so; a second one is refused; a name has limits.
#[test]
fn an_identity_is_created_once() {
    let world = World::without_broker();
    let nobody = world.unborn("Nobody");
    for (method, params) in [
        ("identity.show", json!({})),
        ("contact.add", json!({"link": "kith:abc"})),
        ("contact.requests", json!({})),
        ("contact.list", json!({})),
    ] {
        assert_eq!(nobody.call(method, params).unwrap_err().code, "no_identity", "{method}");
    }
    for name in [String::new(), "x".repeat(129), "é".repeat(65), "   ".to_owned(), "\u{7}\u{202e}".to_owned()] {
        assert_eq!(
            nobody.call("identity.create", json!({ "name": name })).unwrap_err().code,
            "invalid_name",
            "{name:?}"
        );
    }
    assert_eq!(nobody.call("identity.create", json!({ "name": 5 })).unwrap_err().number, -32602);
    nobody.does("identity.create", json!({ "name": "é".repeat(64) }));
    let shown = nobody.does("identity.show", json!({}));
    for field in ["userId", "deviceId"] {
        let id: uuid::Uuid = shown[field].as_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 8, "{field}");
    }
    assert_eq!(nobody.call("identity.create", json!({ "name": "Somebody" })).unwrap_err().code, "identity_exists");
    assert_eq!(nobody.does("identity.show", json!({})), shown);
}
