//! Lines of any length and any bytes, and a script that does not read.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::script::{PIPE, Script, request, within};
use crate::coordinator::{Command, Event, MessageState, MessageView, Reply};
use crate::node::line::{Line, Lines};
use crate::node::rpc::{Parsed, parse_line};
use crate::node::{LINE_BYTES_MAX, OUTPUT_BYTES_MAX, OUTPUT_LINES_MAX, REQUESTS_MAX};

/// A line of exactly the limit is answered; one byte more, or forty times as much, is refused once and skipped whole.
#[tokio::test]
async fn a_long_line_is_refused_and_the_next_one_is_read() {
    let mut script = Script::with_rule(|_, _| Ok(Reply::Done));
    let padded = |length: usize| {
        let mut line = request(1, "status", &json!({}));
        line.push_str(&" ".repeat(length - line.len()));
        line
    };
    assert_eq!(script.answer_to(padded(LINE_BYTES_MAX)).await["result"], json!({}));
    for line in [padded(LINE_BYTES_MAX + 1), "x".repeat(40 * LINE_BYTES_MAX), "\0".repeat(LINE_BYTES_MAX + 1)] {
        let answer = script.answer_to(line).await;
        let told = (&answer["id"], &answer["error"]["code"], &answer["error"]["data"]);
        assert_eq!(told, (&Value::Null, &json!(-32600), &json!({ "code": "line_too_long" })));
        assert_eq!(script.answer_to(padded(100)).await["result"], json!({}));
    }
}

/// Lines come out as they went in, whatever the pieces; at the end the last one needs no newline.
#[tokio::test]
async fn lines_are_cut_right_whatever_the_pieces() {
    let mut cut = Vec::new();
    let mut lines = Lines::new(b"a\n\nbcd\nbcde\nbcdef\r\nx".as_slice(), 4);
    while let Some(line) = lines.next().await.unwrap() {
        cut.push(match line {
            Line::Whole(line) => String::from_utf8(line.to_vec()).unwrap(),
            Line::TooLong => "too long".to_owned(),
        });
    }
    assert_eq!(cut, ["a", "", "bcd", "bcde", "too long", "x"]);
    let mut lines = Lines::new(b"bcdef".as_slice(), 4);
    assert_eq!(lines.next().await.unwrap(), Some(Line::TooLong));
    assert_eq!(lines.next().await.unwrap(), None);
}

/// A script that writes and does not read is not read either: what waits is bounded, and nothing is lost.
#[tokio::test]
async fn a_script_that_does_not_read_is_not_read() {
    const ASKED: usize = 2_000;
    let message = MessageView {
        id: "ab".into(),
        from: uuid::Uuid::nil(),
        text: "x".repeat(16 * 1024),
        at: 0,
        state: MessageState::Received,
        ..MessageView::default()
    };
    // It reads on after the end of its input for as long as it takes: a hundred megabytes, on whatever machine.
    let (mut script, mut double) = Script::with_pipes(PIPE, std::time::Duration::from_secs(60));
    let mut input = script.input.take().unwrap();
    let writing = tokio::spawn(async move {
        for id in 0..ASKED {
            let params = json!({ "with": uuid::Uuid::nil() });
            let line = request(id as u64, "message.history", &params) + "\n";
            tokio::io::AsyncWriteExt::write_all(&mut input, line.as_bytes()).await.unwrap();
        }
    });
    // Answers until nothing more is asked for although much more was to be: the node waits for its reader.
    let mut answered = 0;
    let quiet = std::time::Duration::from_millis(300);
    while let Ok(Some((_, answer))) = tokio::time::timeout(quiet, double.next()).await {
        answer.send(Ok(Reply::History(vec![message.clone(); 3]))).unwrap();
        answered += 1;
    }
    // In the pipe, in the writer's hands and queue, and under way; each answer has some 48 KiB.
    let bound = 2 + OUTPUT_BYTES_MAX as usize / (48 * 1024) + OUTPUT_LINES_MAX.min(2) + REQUESTS_MAX / 8 + 2;
    assert!(answered >= 8 && answered <= bound, "{answered} answers wait, at most {bound} should");

    let serving = tokio::spawn(double.serve(move |_, _| Ok(Reply::History(vec![message.clone(); 3]))));
    let (answers, _) = script.rest().await;
    let mut ids: Vec<u64> = answers.iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..ASKED as u64).collect::<Vec<_>>());
    within(writing).await.unwrap();
    within(serving).await.unwrap();
}

/// A script that sleeps through more events than are kept is told that it has missed some, and then hears the next ones.
#[tokio::test]
async fn a_slow_script_is_told_that_it_missed_events() {
    const TOLD: usize = 20_000;
    let (mut script, double) = Script::with_double();
    let event = |number: usize| Event::MessageDelivered { with: uuid::Uuid::nil(), id: number.to_string() };
    let serving = tokio::spawn(double.serve(move |double, command| {
        match command {
            Command::ShowIdentity => (0..TOLD).for_each(|number| double.tell([event(number)])),
            _ => double.tell([event(TOLD)]),
        }
        Ok(Reply::Done)
    }));
    script.ask(1, "identity.show", &json!({})).await;
    let mut heard = 0;
    loop {
        let line = script.read().await.unwrap();
        if line["params"] == json!({ "type": "missed" }) {
            break;
        }
        heard += usize::from(line["method"] == "event");
    }
    assert!(heard < TOLD, "nothing was missed");
    script.ask(2, "status", &json!({})).await;
    let mut lines = [script.read().await.unwrap(), script.read().await.unwrap()];
    lines.sort_by_key(|line| line["id"].is_null());
    assert_eq!(lines[0]["id"], 2);
    assert_eq!(lines[1]["params"], json!({ "type": "messageDelivered", "with": uuid::Uuid::nil(), "id": "20000" }));
    script.end().await;
    within(serving).await.unwrap();
}

/// Bytes, and now and then something that is nearly a request.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let method =
        prop_oneof![proptest::sample::select(crate::node::method::METHODS).prop_map(str::to_owned), any::<String>(),];
    let value = || {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(json!("8c2f0a5e-1b7d-8e3a-9f46-0d5b7c1e2a90")),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            let name = proptest::sample::select(&["to", "text", "with", "limit", "userId", "name", "x"][..]);
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((name, inner), 0..4)
                    .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
            ]
        })
    };
    let request =
        (method, value(), value(), any::<[bool; 2]>()).prop_map(|(method, id, params, [with_id, with_params])| {
            let mut request = json!({ "jsonrpc": "2.0", "method": method });
            if with_id {
                request["id"] = id;
            }
            if with_params {
                request["params"] = params;
            }
            request
        });
    let request = request.boxed();
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        value().prop_map(|value| value.to_string().into_bytes()),
        request.clone().prop_map(|request| request.to_string().into_bytes()),
        proptest::collection::vec(request.clone(), 0..5).prop_map(|batch| json!(batch).to_string().into_bytes()),
        (request, any::<u8>(), any::<proptest::sample::Index>()).prop_map(|(request, byte, at)| {
            let mut line = request.to_string().into_bytes();
            let at = at.index(line.len());
            line[at] = byte;
            line
        }),
    ]
}

/// Whether a line ends the node, which would keep the lines after it from being answered.
fn ends(line: &[u8]) -> bool {
    use crate::node::rpc::Call;
    let is_end = |request: &crate::node::rpc::Request| matches!(request.call, Ok(Call::Shutdown));
    match parse_line(line) {
        Parsed::Single(request) => is_end(&request),
        Parsed::Batch(requests) => requests.iter().any(is_end),
        _ => false,
    }
}

/// How many answers a line must get.
fn due(line: &[u8]) -> usize {
    match parse_line(line) {
        Parsed::Blank => 0,
        Parsed::Single(request) => usize::from(request.id.is_some()),
        Parsed::Batch(requests) => usize::from(requests.iter().any(|request| request.id.is_some())),
        Parsed::Refused(_) => 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// No bytes stop the loop: every line gets the one answer it is due, blank lines and notifications get none, and the
    /// request after them is answered.
    #[test]
    fn no_bytes_stop_the_loop(lines in proptest::collection::vec(any_line(), 0..20)) {
        let input: Vec<u8> = lines.join(&b'\n');
        let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').filter(|line| !ends(line)).collect();
        let expected: usize = lines.iter().map(|line| due(line)).sum();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (answers, end) = runtime.block_on(async {
            let mut script = Script::with_rule(|_, _| Ok(Reply::Done));
            script.write([lines.join(&b'\n'), b"\n".to_vec()].concat()).await;
            script.line(r#"{"jsonrpc":"2.0","id":"the end","method":"status"}"#).await;
            script.end().await
        });
        prop_assert_eq!(end, crate::node::End::EndOfInput);
        prop_assert_eq!(answers.len(), expected + 1);
        for answer in answers.iter().flat_map(|line| line.as_array().cloned().unwrap_or_else(|| vec![line.clone()])) {
            prop_assert_eq!(&answer["jsonrpc"], "2.0");
            prop_assert!(answer.get("id").is_some() && answer.get("result").is_some() != answer.get("error").is_some());
        }
        let last = json!({ "jsonrpc": "2.0", "id": "the end", "result": {} });
        prop_assert!(answers.contains(&last));
    }
}
