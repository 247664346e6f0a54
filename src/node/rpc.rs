//! JSON-RPC 2.0, one object a line. Pure.
//!
//! A line is a request (with an id) or a notification (without). Batches are not taken: a line is one object already.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A line at most: the longest message, with every character escaped, and room to spare.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Not JSON.
pub const PARSE_ERROR: i32 = -32_700;
/// JSON, but no request.
pub const INVALID_REQUEST: i32 = -32_600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i32 = -32_601;
/// The method does not take these parameters.
pub const INVALID_PARAMS: i32 = -32_602;
/// The request was understood and refused; `data.code` says why.
pub const REFUSED: i32 = -32_000;

/// A request's id, given back as it came.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// A number.
    Number(serde_json::Number),
    /// A text.
    Text(String),
    /// Explicitly null, or not to be read.
    Null,
}

impl Id {
    fn to_value(&self) -> Value {
        match self {
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone()),
            Self::Null => Value::Null,
        }
    }
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// To be given back; a notification has none and gets no answer.
    pub id: Option<Id>,
    /// The method.
    pub method: String,
    /// Its parameters, by name.
    pub params: Map<String, Value>,
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// JSON-RPC's number.
    pub number: i32,
    /// Stable; in `data.code`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Failure {
    /// An answer that says no.
    #[must_use]
    pub fn new(number: i32, code: &str, message: impl Into<String>) -> Self {
        Self { number, code: code.to_owned(), message: message.into() }
    }

    /// A line that was longer than [`LINE_BYTES_MAX`].
    #[must_use]
    pub fn line_too_long() -> Self {
        let message = format!("A line has at most {LINE_BYTES_MAX} bytes; this one was longer and was skipped.");
        Self::new(INVALID_REQUEST, "line_too_long", message)
    }
}

/// Reads one line; `None` for a blank one.
///
/// # Errors
/// The answer to give: with the request's id where it could be read.
pub fn parse_line(line: &[u8]) -> Result<Option<Request>, (Id, Failure)> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let parse_error = |error: String| (Id::Null, Failure::new(PARSE_ERROR, "parse_error", error));
    let value: Value =
        serde_json::from_slice(line).map_err(|error| parse_error(format!("This line is not JSON: {error}.")))?;
    let Value::Object(mut object) = value else {
        let message = "A line is one JSON-RPC 2.0 request object; batches are not taken.";
        return Err((Id::Null, Failure::new(INVALID_REQUEST, "invalid_request", message)));
    };
    let id = match object.remove("id") {
        None => None,
        Some(Value::Number(number)) => Some(Id::Number(number)),
        Some(Value::String(text)) => Some(Id::Text(text)),
        Some(Value::Null) => Some(Id::Null),
        Some(_) => {
            let failure = Failure::new(INVALID_REQUEST, "invalid_request", "“id” is a number, a text or null.");
            return Err((Id::Null, failure));
        }
    };
    let invalid =
        |message: &str| (id.clone().unwrap_or(Id::Null), Failure::new(INVALID_REQUEST, "invalid_request", message));
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid("A request says “jsonrpc”: “2.0”."));
    }
    let Some(Value::String(method)) = object.remove("method") else {
        return Err(invalid("A request names its “method”."));
    };
    let params = match object.remove("params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => {
            let failure = Failure::new(INVALID_PARAMS, "invalid_params", "“params” is an object with names.");
            return Err((id.unwrap_or(Id::Null), failure));
        }
    };
    Ok(Some(Request { id, method, params }))
}

/// An answer that says yes, as a line.
#[must_use]
pub fn result_line(id: &Id, result: Value) -> String {
    let mut line = json!({ "jsonrpc": "2.0", "id": id.to_value(), "result": result }).to_string();
    line.push('\n');
    line
}

/// An answer that says no, as a line.
#[must_use]
pub fn failure_line(id: &Id, failure: &Failure) -> String {
    let error = json!({ "code": failure.number, "message": failure.message, "data": { "code": failure.code } });
    let mut line = json!({ "jsonrpc": "2.0", "id": id.to_value(), "error": error }).to_string();
    line.push('\n');
    line
}

/// An event, as a line.
#[must_use]
pub fn event_line(params: &Value) -> String {
    let mut line = json!({ "jsonrpc": "2.0", "method": "event", "params": params }).to_string();
    line.push('\n');
    line
}
