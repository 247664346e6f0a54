//! Lines of JSON-RPC: every line is answered by one line, and what was understood is understood again.
#![cfg_attr(not(test), no_main)]

use kith::node::rpc::{Id, Request, failure_line, parse_line, result_line};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

fuzz_target!(|bytes: &[u8]| {
    let read = parse_line(bytes);
    assert_eq!(read, parse_line(bytes));
    match read {
        Ok(None) => assert!(bytes.iter().all(u8::is_ascii_whitespace)),
        Ok(Some(request)) => {
            if let Some(id) = &request.id {
                let answer = one_line(&result_line(id, Value::Null));
                assert_eq!(answer.get("id"), Some(&id_value(id)));
            }
            assert_eq!(parse_line(write(&request).to_string().as_bytes()), Ok(Some(request)));
        }
        Err((id, failure)) => {
            let answer = one_line(&failure_line(&id, &failure));
            assert_eq!(answer.get("id"), Some(&id_value(&id)));
            assert!(!failure.code.is_empty() && failure.number < 0);
        }
    }
});

fn one_line(line: &str) -> Value {
    assert_eq!(line.find('\n'), Some(line.len() - 1));
    serde_json::from_str(line).expect("an answer is JSON")
}

fn id_value(id: &Id) -> Value {
    match id {
        Id::Number(number) => Value::Number(number.clone()),
        Id::Text(text) => Value::String(text.clone()),
        Id::Null => Value::Null,
    }
}

fn write(request: &Request) -> Value {
    let mut object = Map::new();
    object.insert("jsonrpc".to_owned(), json!("2.0"));
    object.insert("method".to_owned(), json!(request.method));
    object.insert("params".to_owned(), Value::Object(request.params.clone()));
    object.extend(request.id.as_ref().map(|id| ("id".to_owned(), id_value(id))));
    Value::Object(object)
}
