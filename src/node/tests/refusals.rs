//! Everything that is refused, and by which code.

use serde_json::{Value, json};

use super::script::Script;
use crate::coordinator::{CommandError, ErrorCode, Reply};
use crate::node::rpc::{Code, FrontCode};

/// Every code that an answer may carry.
pub fn codes() -> Vec<Code> {
    use ErrorCode as E;
    use FrontCode as F;
    let front = [F::ParseError, F::LineTooLong, F::InvalidRequest, F::BatchTooLong, F::UnknownMethod, F::InvalidParams];
    front.map(Code::Front).into_iter().chain(command_codes().map(Code::Command)).collect::<Vec<_>>().tap(|codes| {
        // A new code must be put above.
        for code in codes {
            let Code::Command(code) = code else { continue };
            match code {
                E::NoIdentity | E::IdentityExists | E::InvalidName | E::LinkForeign | E::LinkTruncated => {}
                E::LinkTampered | E::LinkOversize | E::LinkOwn | E::LinkNewer | E::KeyChanged | E::NoBroker => {}
                E::UnknownUser | E::Blocked | E::NotAContact | E::InvalidText | E::InvalidLimit => {}
                E::InvalidBroker | E::UnknownMessage | E::Full | E::Storage | E::ShuttingDown => {}
                E::NotYours | E::MessageDeleted | E::MessageNewer | E::InvalidReaction => {}
                E::InvalidQuery => {}
                E::UnknownGroup | E::NotInGroup | E::NotAnAdmin => {}
            }
        }
    })
}

trait Tap: Sized {
    fn tap(self, look: impl FnOnce(&Self)) -> Self {
        look(&self);
        self
    }
}

impl<T> Tap for Vec<T> {}

fn command_codes() -> [ErrorCode; 29] {
    use ErrorCode as E;
    [
        E::NotYours,
        E::MessageDeleted,
        E::MessageNewer,
        E::InvalidReaction,
        E::NoIdentity,
        E::IdentityExists,
        E::InvalidName,
        E::LinkForeign,
        E::LinkTruncated,
        E::LinkTampered,
        E::LinkOversize,
        E::LinkOwn,
        E::LinkNewer,
        E::KeyChanged,
        E::NoBroker,
        E::InvalidBroker,
        E::UnknownUser,
        E::Blocked,
        E::NotAContact,
        E::InvalidText,
        E::InvalidLimit,
        E::UnknownMessage,
        E::Full,
        E::Storage,
        E::ShuttingDown,
        E::InvalidQuery,
        E::UnknownGroup,
        E::NotInGroup,
        E::NotAnAdmin,
    ]
}

/// A refusal by the coordinator is -32000 with its own stable code and its own words.
#[tokio::test]
async fn every_refusal_of_a_command_is_told() {
    let mut codes = command_codes().into_iter();
    let mut script =
        Script::with_rule(move |_, _| Err(CommandError::new(codes.next().unwrap(), "What happened and what to do.")));
    for code in command_codes() {
        let answer = script.answer_to(r#"{"jsonrpc":"2.0","id":"x","method":"status"}"#).await;
        // `NoIdentity` → `no_identity`
        let name: String = format!("{code:?}")
            .chars()
            .enumerate()
            .flat_map(|(at, c)| {
                let gap = (at > 0 && c.is_uppercase()).then_some('_');
                gap.into_iter().chain(c.to_lowercase())
            })
            .collect();
        let error = json!({ "code": -32000, "message": "What happened and what to do.", "data": { "code": name } });
        assert_eq!(answer, json!({ "jsonrpc": "2.0", "id": "x", "error": error }));
    }
}

/// What is no request, no method or no parameter is refused by number, code and field, and the node goes on.
#[tokio::test]
async fn whatever_is_wrong_with_a_line_is_said() {
    let mut script = Script::with_rule(|_, _| Ok(Reply::Done));
    let deep = "[".repeat(200);
    let huge_number = r#"{"jsonrpc":"2.0","id":1e999,"method":"status"}"#;
    // A line, the id in the answer, the number, the code, the field.
    let cases: &[(&str, Value, i64, &str, Option<&str>)] = &[
        ("nonsense", Value::Null, -32700, "parse_error", None),
        (r#"{"jsonrpc":"2.0","id":1,"method"#, Value::Null, -32700, "parse_error", None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"status"}{}"#, Value::Null, -32700, "parse_error", None),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"text":"\ud800"}}"#,
            Value::Null,
            -32700,
            "parse_error",
            None,
        ),
        (&deep, Value::Null, -32700, "parse_error", None),
        (huge_number, Value::Null, -32700, "parse_error", None),
        ("17", Value::Null, -32600, "invalid_request", None),
        ("\"status\"", Value::Null, -32600, "invalid_request", None),
        ("null", Value::Null, -32600, "invalid_request", None),
        ("{}", Value::Null, -32600, "invalid_request", None),
        ("[]", Value::Null, -32600, "invalid_request", None),
        (r#"{"id":1,"method":"status"}"#, json!(1), -32600, "invalid_request", None),
        (r#"{"jsonrpc":2.0,"id":1,"method":"status"}"#, json!(1), -32600, "invalid_request", None),
        (r#"{"jsonrpc":"2.0","id":1,"method":["status"]}"#, json!(1), -32600, "invalid_request", None),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"status"}"#, Value::Null, -32600, "invalid_request", None),
        (r#"{"jsonrpc":"2.0","id":{},"method":"status"}"#, Value::Null, -32600, "invalid_request", None),
        (
            r#"{"jsonrpc":"2.0","id":123456789012345678901,"method":"status"}"#,
            Value::Null,
            -32600,
            "invalid_request",
            None,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"status","params":5}"#, json!(1), -32600, "invalid_request", None),
        (r#"{"jsonrpc":"2.0","id":1,"method":"status","params":null}"#, json!(1), -32600, "invalid_request", None),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, json!(1), -32600, "invalid_request", None),
        (r#"{"jsonrpc":"2.0","id":-7,"method":"Status"}"#, json!(-7), -32601, "unknown_method", None),
        (r#"{"jsonrpc":"2.0","id":null,"method":""}"#, Value::Null, -32601, "unknown_method", None),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"contact.add","params":["kith:x"]}"#,
            json!(1),
            -32602,
            "invalid_params",
            None,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"contact.add"}"#, json!(1), -32602, "invalid_params", Some("link")),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"contact.add","params":{"link":5}}"#,
            json!(1),
            -32602,
            "invalid_params",
            Some("link"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"contact.add","params":{"link":"x","nam":1}}"#,
            json!(1),
            -32602,
            "invalid_params",
            Some("nam"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"shutdown","params":{"now":1}}"#,
            json!(1),
            -32602,
            "invalid_params",
            Some("now"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"contact.requests","params":{"uninvited":1}}"#,
            json!(1),
            -32602,
            "invalid_params",
            Some("uninvited"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"contact.block","params":{"userId":"x"}}"#,
            json!(1),
            -32602,
            "invalid_params",
            Some("userId"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"contact.block","params":{"userId":"8c2f0a5e1b7d8e3a9f460d5b7c1e2a90"}}"#,
            json!(1),
            -32602,
            "invalid_params",
            Some("userId"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"message.history","params":{"with":"8c2f0a5e-1b7d-8e3a-9f46-0d5b7c1e2a90","limit":1.5}}"#,
            json!(1),
            -32602,
            "invalid_params",
            Some("limit"),
        ),
    ];
    for (line, id, number, code, field) in cases {
        let answer = script.answer_to(line).await;
        let mut data = json!({ "code": code });
        if let Some(field) = field {
            data["field"] = json!(field);
        }
        let told = (&answer["id"], &answer["error"]["code"], &answer["error"]["data"]);
        assert_eq!(told, (id, &json!(number), &data), "{line}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(field.is_none_or(|field| message.contains(field)) && message.len() > 15, "{line}: {message}");
    }
    script.write(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}\n").await;
    assert_eq!(script.read().await.unwrap()["error"]["data"]["code"], "parse_error");
    assert_eq!(script.answer_to(r#"{"jsonrpc":"2.0","id":2,"method":"status"}"#).await["result"], json!({}));
}

/// What a stranger's text could be is not repeated at length, and never with control characters.
#[tokio::test]
async fn a_refusal_repeats_little() {
    let mut script = Script::with_rule(|_, _| Ok(Reply::Done));
    let name = format!("\\u001b{}", "x".repeat(10_000));
    for line in [
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{name}"}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"status","params":{{"{name}":1}}}}"#),
    ] {
        let answer = script.answer_to(line).await["error"].to_string();
        assert!(answer.len() < 400 && !answer.contains("u001b"), "{answer}");
    }
}
