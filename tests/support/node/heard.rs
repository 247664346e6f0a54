//! What a node says on its standard output, for the thread that reads it and the story that waits for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// What the reader thread and the story share.
#[derive(Default)]
pub(super) struct Shared {
    heard: Mutex<Heard>,
    pub(super) changed: Condvar,
}

#[derive(Default)]
pub(super) struct Heard {
    /// Of every run of this person's node, in the order of arrival.
    pub(super) events: Vec<Event>,
    pub(super) replies: Vec<Value>,
    /// Lines that no node may write.
    pub(super) faults: Vec<String>,
    /// Whether the present process has closed its output.
    pub(super) ended: bool,
}

pub(super) struct Event {
    pub(super) params: Value,
    pub(super) taken: bool,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Heard> {
        // A story that failed while it looked has poisoned the lock; its report still wants to read.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hear(&self, line: &[u8]) {
        let mut heard = self.lock();
        match parse(line) {
            Ok(Line::Event(params)) => heard.events.push(Event { params, taken: false }),
            Ok(Line::Reply(reply)) => heard.replies.push(reply),
            Err(fault) => heard.faults.push(fault),
        }
        self.changed.notify_all();
    }
}

enum Line {
    Event(Value),
    Reply(Value),
}

/// Standard output carries answers and events, one object a line, and nothing else.
fn parse(line: &[u8]) -> Result<Line, String> {
    let fault = |why: &str| format!("{why}: {}", String::from_utf8_lossy(&line[..line.len().min(500)]));
    let value: Value = serde_json::from_slice(line).map_err(|_| fault("a line that is not JSON"))?;
    if value["jsonrpc"] != "2.0" {
        return Err(fault("a line that is not JSON-RPC 2.0"));
    }
    if value["method"] == "event" && value["params"]["type"].is_string() && value.get("id").is_none() {
        return Ok(Line::Event(value["params"].clone()));
    }
    let error = value.get("error").is_some();
    if value.get("id").is_none() || error == value.get("result").is_some() {
        return Err(fault("a line that is neither an event nor an answer"));
    }
    if error && !value["error"]["data"]["code"].is_string() {
        return Err(fault("an error without data.code"));
    }
    Ok(Line::Reply(value))
}
