//! A session from its first line to its end: order, batches, notifications, events, and the ways to end.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::script::{Script, request, within};
use crate::coordinator::{BrokerState, Command, Event, LinkState, Path, Reply};
use crate::node::{End, HISTORY_WEIGHT, REQUESTS_MAX};

const BOB: Uuid = Uuid::from_u128(7);

fn send(id: u64, text: &str) -> String {
    request(id, "message.send", &json!({ "to": BOB, "text": text }))
}

fn text_of(command: &Command) -> &str {
    let Command::SendMessage { text, .. } = command else { panic!("{command:?}") };
    text
}

fn ids(lines: &[Value]) -> Vec<u64> {
    lines.iter().filter_map(|line| line["id"].as_u64()).collect()
}

/// Commands reach the coordinator in the order of their lines while none has been answered; answers carry their ids.
#[tokio::test]
async fn requests_run_at_once_and_commands_stay_in_order() {
    let (mut script, mut double) = Script::with_double();
    let many = REQUESTS_MAX as u64;
    let lines: Vec<String> = (0..many + 1).map(|id| send(id, &id.to_string())).collect();
    script.line(lines.join("\n")).await;
    let mut waiting = Vec::new();
    for id in 0..many {
        let (command, answer) = within(double.next()).await.unwrap();
        assert_eq!(text_of(&command), id.to_string());
        waiting.push((id, answer));
    }
    // No room for the last one until something is answered; the last answered comes out first.
    for (id, answer) in waiting.into_iter().rev() {
        answer.send(Ok(Reply::Message(id.to_string()))).unwrap();
        let line = script.read().await.unwrap();
        assert_eq!((&line["id"], &line["result"]["id"]), (&json!(id), &json!(id.to_string())));
    }
    let (command, _) = within(double.next()).await.unwrap();
    assert_eq!(text_of(&command), many.to_string());
}

/// A reply is written before the events that follow from it.
#[tokio::test]
async fn a_reply_comes_before_its_events() {
    let (mut script, mut double) = Script::with_double();
    for id in 0..200 {
        script.line(send(id, "x")).await;
        let (_, answer) = within(double.next()).await.unwrap();
        answer.send(Ok(Reply::Message(id.to_string()))).unwrap();
        double.tell([Event::MessageDelivered { with: BOB, id: id.to_string() }]);
        assert_eq!(script.read().await.unwrap()["id"], id);
        assert_eq!(script.read().await.unwrap()["params"]["id"], id.to_string());
    }
}

/// Every kind of event looks as the reference says, in the order of happening.
#[tokio::test]
async fn events_are_told_in_order() {
    let (mut script, mut double) = Script::with_double();
    script.line(send(1, "x")).await;
    let (_, answer) = within(double.next()).await.unwrap();
    answer.send(Ok(Reply::Message("ab".into()))).unwrap();
    assert_eq!(script.read().await.unwrap()["id"], 1);
    double.tell([
        Event::RequestReceived { user_id: BOB, name: "Bob".into() },
        Event::ContactAdded { user_id: BOB },
        Event::MessageReceived { with: BOB, id: "ab".into(), from: BOB, text: "Hi".into(), muted: false },
    ]);
    double.tell([
        Event::MessageDelivered { with: BOB, id: "ab".into() },
        Event::LinkChanged { user_id: BOB, state: LinkState::Open, path: Path::Direct },
        Event::BrokerChanged { url: "mqtt://h:1".into(), state: BrokerState::Connected },
        Event::MessageEdited { with: BOB, id: "ab".into(), from: BOB, text: "Ho".into() },
        Event::ReactionChanged { with: BOB, id: "ab".into(), from: BOB, emoji: "👍".into(), on: true },
        Event::MessageDeleted { with: BOB, id: "ab".into(), from: BOB },
        Event::MessageRead { with: BOB, id: "ab".into(), from: BOB },
        Event::TypingChanged { with: BOB, from: BOB, on: false },
    ]);
    for params in [
        json!({ "type": "requestReceived", "userId": BOB, "name": "Bob" }),
        json!({ "type": "contactAdded", "userId": BOB }),
        json!({ "type": "messageReceived", "with": BOB, "id": "ab", "from": BOB, "text": "Hi" }),
        json!({ "type": "messageDelivered", "with": BOB, "id": "ab" }),
        json!({ "type": "linkChanged", "userId": BOB, "state": "open", "path": "direct" }),
        json!({ "type": "brokerChanged", "url": "mqtt://h:1", "state": "connected" }),
        json!({ "type": "messageEdited", "with": BOB, "id": "ab", "from": BOB, "text": "Ho" }),
        json!({ "type": "reactionChanged", "with": BOB, "id": "ab", "from": BOB, "emoji": "👍", "on": true }),
        json!({ "type": "messageDeleted", "with": BOB, "id": "ab", "from": BOB }),
        json!({ "type": "messageRead", "with": BOB, "id": "ab", "from": BOB }),
        json!({ "type": "typingChanged", "with": BOB, "from": BOB, "on": false }),
    ] {
        let line = script.read().await.unwrap();
        assert_eq!(line, json!({ "jsonrpc": "2.0", "method": "event", "params": params }));
    }
}

/// A batch is done in order and answered by one line in the same order; what is no request in it has its own refusal.
#[tokio::test]
async fn a_batch_is_answered_by_one_line() {
    let mut said = Vec::new();
    let mut script = Script::with_rule(move |_, command| {
        said.push(text_of(&command).to_owned());
        Ok(Reply::Message(said.join(",")))
    });
    let notification = r#"{"jsonrpc":"2.0","method":"message.send","params":{"to":"00000000-0000-0000-0000-000000000007","text":"b"}}"#;
    let batch = format!("[{}, {notification}, 5, {}]", send(1, "a"), send(2, "c"));
    let answer = script.answer_to(batch).await;
    let answers = answer.as_array().unwrap();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0], json!({ "jsonrpc": "2.0", "id": 1, "result": { "id": "a" } }));
    assert_eq!((&answers[1]["id"], &answers[1]["error"]["code"]), (&Value::Null, &json!(-32600)));
    assert_eq!(answers[2], json!({ "jsonrpc": "2.0", "id": 2, "result": { "id": "a,b,c" } }));
    // One answer in a batch is still a batch; a batch of notifications gets none.
    script.line(format!("[{notification}]")).await;
    assert_eq!(script.answer_to(format!("[{}]", send(3, "d"))).await.as_array().unwrap().len(), 1);
}

/// A batch over the limit is refused whole and nothing of it is done; histories count for more.
#[tokio::test]
async fn a_batch_has_a_limit() {
    let mut script = Script::with_rule(|_, _| Ok(Reply::Done));
    let batch = |requests: Vec<String>| format!("[{}]", requests.join(","));
    let history = || request(1, "message.history", &json!({ "with": BOB }));
    let most = REQUESTS_MAX / HISTORY_WEIGHT;
    for (fits, requests) in [
        (true, vec![send(1, "x"); REQUESTS_MAX]),
        (false, vec![send(1, "x"); REQUESTS_MAX + 1]),
        (true, vec![history(); most]),
        (false, vec![history(); most + 1]),
        (false, vec!["1".to_owned(); 300_000]),
    ] {
        let count = requests.len();
        let answer = script.answer_to(batch(requests)).await;
        if fits {
            assert_eq!(answer.as_array().unwrap().len(), count);
        } else {
            assert_eq!(answer["error"]["data"]["code"], "batch_too_long");
        }
    }
}

/// A request without an id is done and not answered, right or wrong; one with the id null is answered.
#[tokio::test]
async fn a_notification_gets_no_answer() {
    let (mut script, mut double) = Script::with_double();
    script.line(r#"{"jsonrpc":"2.0","method":"no.such.method"}"#).await;
    script.line(r#"{"jsonrpc":"2.0","method":"contact.add","params":{"link":5}}"#).await;
    script.line(r#"{"jsonrpc":"2.0","method":"contact.list"}"#).await;
    script.line("  \t\r").await;
    let (command, answer) = within(double.next()).await.unwrap();
    assert_eq!(command, Command::ListContacts);
    answer.send(Ok(Reply::Done)).unwrap();
    script.line(r#"{"jsonrpc":"2.0","id":null,"method":"status","more":1}"#).await;
    let (_, answer) = within(double.next()).await.unwrap();
    answer.send(Ok(Reply::Done)).unwrap();
    assert_eq!(script.read().await.unwrap(), json!({ "jsonrpc": "2.0", "id": null, "result": {} }));
}

/// `shutdown` is answered last, after every other answer and event; lines after it are not read.
#[tokio::test]
async fn shutdown_is_answered_last() {
    let (mut script, mut double) = Script::with_double();
    script.line([send(1, "x"), request(2, "shutdown", &json!({})), send(3, "y")].join("\n")).await;
    let (_, answer) = within(double.next()).await.unwrap();
    double.tell([Event::ContactAdded { user_id: BOB }]);
    let ending = tokio::spawn(async move {
        assert!(double.next().await.is_none(), "a shutdown, and no command before it");
        double.tell([Event::MessageDelivered { with: BOB, id: "ab".into() }]);
        answer.send(Ok(Reply::Message("ab".into()))).unwrap();
    });
    let (lines, end) = script.rest().await;
    within(ending).await.unwrap();
    assert_eq!(end, End::Asked);
    assert_eq!(ids(&lines), [1, 2]);
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[3], json!({ "jsonrpc": "2.0", "id": 2, "result": {} }));
}

/// In a batch, what stands after `shutdown` is refused; as a notification it ends the node all the same.
#[tokio::test]
async fn shutdown_in_a_batch_and_as_a_notification() {
    let mut script = Script::with_rule(|_, _| Ok(Reply::Message("ab".into())));
    script.line(format!("[{}, {}, {}]", send(1, "x"), request(2, "shutdown", &json!({})), send(3, "y"))).await;
    let (lines, end) = script.rest().await;
    assert_eq!((lines.len(), end), (1, End::Asked));
    assert_eq!(lines[0][0]["result"]["id"], "ab");
    assert_eq!(lines[0][1]["result"], json!({}));
    assert_eq!(lines[0][2]["error"]["data"]["code"], "shutting_down");

    let mut script = Script::with_rule(|_, _| Ok(Reply::Done));
    script.line(r#"{"jsonrpc":"2.0","method":"shutdown"}"#).await;
    assert_eq!(script.rest().await, (vec![], End::Asked));
}

/// The end of input is a shutdown; a last line without its newline still counts.
#[tokio::test]
async fn the_end_of_input_is_a_shutdown() {
    let mut script = Script::with_rule(|_, _| Ok(Reply::Message("ab".into())));
    script.write(send(1, "x")).await;
    let (lines, end) = script.end().await;
    assert_eq!((ids(&lines), end), (vec![1], End::EndOfInput));
    let script = Script::with_rule(|_, _| Ok(Reply::Done));
    assert_eq!(script.end().await, (vec![], End::EndOfInput));
}

/// The caller's stop ends it although the input is open, and what was taken is answered.
#[tokio::test]
async fn a_stop_ends_it() {
    let (mut script, mut double) = Script::with_double();
    script.line(send(1, "x")).await;
    let (_, answer) = within(double.next()).await.unwrap();
    script.stop.cancel();
    let ending = tokio::spawn(async move {
        answer.send(Ok(Reply::Message("ab".into()))).unwrap();
        assert!(double.next().await.is_none());
    });
    let (lines, end) = script.rest().await;
    within(ending).await.unwrap();
    assert_eq!((ids(&lines), end), (vec![1], End::Stopped));
}

/// A script that reads nothing cannot keep the node from its end: the coordinator is shut down, and then it is left.
#[tokio::test]
async fn a_script_that_never_reads_is_left_at_the_end() {
    let (mut script, double) = Script::with_pipes(64, Duration::from_millis(20));
    let serving = tokio::spawn(double.serve(|_, _| Ok(Reply::Message("x".repeat(1000)))));
    script.line(send(1, "x")).await;
    script.stop.cancel();
    within(serving).await.unwrap();
    assert_eq!(script.ended().await, End::Stopped);
}

/// A script that closed its end of the output has gone: the node ends cleanly.
#[tokio::test]
async fn a_closed_output_ends_it() {
    let (mut script, double) = Script::with_double();
    let serving = tokio::spawn(double.serve(|_, _| Ok(Reply::Done)));
    let (other, _) = tokio::io::duplex(1);
    script.output = tokio::io::BufReader::new(other);
    script.line(request(1, "status", &json!({}))).await;
    assert_eq!(script.ended().await, End::OutputClosed);
    within(serving).await.unwrap();
}

/// When the coordinator is gone the node says so by its end, and does not wait for input.
#[tokio::test]
async fn a_core_that_stops_ends_it() {
    let (mut script, mut double) = Script::with_double();
    script.line(send(1, "x")).await;
    let (_, answer) = within(double.next()).await.unwrap();
    drop(double);
    drop(answer);
    let (lines, end) = script.rest().await;
    assert_eq!(end, End::CoreStopped);
    assert_eq!(lines[0]["error"]["data"]["code"], "shutting_down");
}
