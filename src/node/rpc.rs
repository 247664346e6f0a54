//! JSON-RPC 2.0 (<https://www.jsonrpc.org/specification>): what a line asks for. Pure, and the door that fuzzing uses.

use serde::Serialize;
use serde_json::{Map, Value};

pub use super::code::{Code, Data, FrontCode, Refusal};
use super::{REQUESTS_MAX, method};
use crate::coordinator::Command;

/// What a line holds.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    /// Nothing but blanks: no answer.
    Blank,
    /// One request: one answer, or none when it is a notification.
    Single(Request),
    /// Several, 1 to [`REQUESTS_MAX`] by weight: one answer with those of all, or none when all are notifications.
    Batch(Vec<Request>),
    /// Neither: one answer with id `null`.
    Refused(Refusal),
}

/// One request.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// How the answer is told apart; without one it is a notification, and gets none.
    pub id: Option<Id>,
    /// What to do, or why not.
    pub call: Result<Call, Refusal>,
}

/// The id of a request, which its answer repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// A string.
    Text(String),
    /// A whole number from -2⁶³.
    Negative(i64),
    /// A whole number below 2⁶⁴.
    Number(u64),
    /// `null`; also where no id could be read.
    Null,
}

/// What is asked for.
#[derive(Debug, PartialEq)]
pub enum Call {
    /// Something of the coordinator.
    Command(Command),
    /// The requests; those without a valid invitation only when they are asked for.
    ListRequests {
        /// Whether to list them.
        uninvited: bool,
    },
    /// What was chosen for this device.
    ShowSettings,
    /// Other choices for this device; what is absent stays as it is.
    ChangeSettings {
        /// Whether nobody learns an address of it.
        hide_address: Option<bool>,
    },
    /// The end.
    Shutdown,
}

/// Understands a line (without its newline). Never panics, whatever the bytes.
#[must_use]
pub fn parse_line(line: &[u8]) -> Parsed {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Parsed::Blank;
    }
    match serde_json::from_slice(line) {
        Ok(Value::Array(list)) => batch(list),
        Ok(Value::Object(object)) => Parsed::Single(request(object)),
        Ok(_) => Parsed::Refused(no_request()),
        Err(error) => {
            // By its kind and column only: what it says of the input could repeat somebody's text.
            let what = if error.is_eof() { "It ends too early" } else { "It is not JSON" };
            let message = format!("The line cannot be read. {what} (column {}).", error.column());
            Parsed::Refused(Refusal::new(FrontCode::ParseError, message))
        }
    }
}

fn batch(list: Vec<Value>) -> Parsed {
    if list.is_empty() {
        return Parsed::Refused(Refusal::new(FrontCode::InvalidRequest, "An empty batch asks for nothing."));
    }
    // Before anything is built from it: a mebibyte holds half a million of `1,`.
    if list.len() > REQUESTS_MAX {
        return Parsed::Refused(too_long());
    }
    let each = |value| match value {
        Value::Object(object) => request(object),
        _ => Request { id: Some(Id::Null), call: Err(no_request()) },
    };
    let requests: Vec<Request> = list.into_iter().map(each).collect();
    if requests.iter().map(Request::weight).sum::<usize>() > REQUESTS_MAX {
        return Parsed::Refused(too_long());
    }
    Parsed::Batch(requests)
}

fn request(mut object: Map<String, Value>) -> Request {
    let has_id = object.contains_key("id");
    let id = object.remove("id").map_or(Some(Id::Null), id);
    let refused = |message: &str| Request {
        id: Some(id.clone().unwrap_or(Id::Null)),
        call: Err(Refusal::new(FrontCode::InvalidRequest, message)),
    };
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refused("Not a request: `jsonrpc` must be \"2.0\".");
    }
    let Some(Value::String(method)) = object.remove("method") else {
        return refused("Not a request: `method` must be a string.");
    };
    let Some(answer_to) = id.clone() else {
        return refused("Not a request: `id` must be a string, a whole number of 64 bits, or null.");
    };
    let params = object.remove("params");
    if matches!(params, Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) {
        return refused("Not a request: `params` must be an object.");
    }
    Request { id: has_id.then_some(answer_to), call: method::call(&method, params) }
}

/// None where it is of a kind that no id may have.
fn id(value: Value) -> Option<Id> {
    match value {
        Value::Null => Some(Id::Null),
        Value::String(text) => Some(Id::Text(text)),
        Value::Number(number) => number.as_u64().map(Id::Number).or_else(|| number.as_i64().map(Id::Negative)),
        _ => None,
    }
}

fn no_request() -> Refusal {
    Refusal::new(FrontCode::InvalidRequest, "Not a request: it must be an object with `jsonrpc` and `method`.")
}

fn too_long() -> Refusal {
    Refusal::new(
        FrontCode::BatchTooLong,
        format!(
            "A batch holds at most {REQUESTS_MAX} requests, and each `message.history` counts for {}.",
            super::HISTORY_WEIGHT
        ),
    )
}

impl Request {
    /// What it counts for among [`REQUESTS_MAX`].
    pub(super) fn weight(&self) -> usize {
        self.call.as_ref().map_or(1, Call::weight)
    }
}
