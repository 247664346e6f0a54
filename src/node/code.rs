//! Why a line or a request was refused: JSON-RPC's number and our stable name for it.

use serde::Serialize;

use crate::coordinator::{CommandError, ErrorCode};

/// Stable names of what this front refuses by itself; a code is never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FrontCode {
    /// Not JSON, or not UTF-8.
    ParseError,
    /// A line over [`super::LINE_BYTES_MAX`].
    LineTooLong,
    /// JSON, and no request.
    InvalidRequest,
    /// A batch that counts for more than [`super::REQUESTS_MAX`] requests.
    BatchTooLong,
    /// No such method.
    UnknownMethod,
    /// A parameter is missing, unknown, or of the wrong kind.
    InvalidParams,
}

/// A code of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Code {
    /// This front's.
    Front(FrontCode),
    /// The coordinator's.
    Command(ErrorCode),
}

/// A refusal, as it goes into an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// JSON-RPC's number.
    #[serde(rename = "code")]
    pub number: i32,
    /// For people.
    pub message: String,
    /// For programs.
    pub data: Data,
}

/// What a program needs to know of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Data {
    /// Stable.
    pub code: Code,
    /// Which parameter, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// A name that a stranger's line brought into a message is cut to this many characters.
const NAME_CHARS_SHOWN: usize = 64;

impl Refusal {
    /// A refusal by this front.
    #[must_use]
    pub fn new(code: FrontCode, message: impl Into<String>) -> Self {
        let number = match code {
            FrontCode::ParseError => -32700,
            FrontCode::LineTooLong | FrontCode::InvalidRequest | FrontCode::BatchTooLong => -32600,
            FrontCode::UnknownMethod => -32601,
            FrontCode::InvalidParams => -32602,
        };
        Self { number, message: message.into(), data: Data { code: Code::Front(code), field: None } }
    }

    /// A refusal of one parameter.
    #[must_use]
    pub fn param(field: &str, problem: &str) -> Self {
        let field = shown(field);
        let mut refusal = Self::new(FrontCode::InvalidParams, format!("The parameter `{field}` {problem}."));
        refusal.data.field = Some(field);
        refusal
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        Self { number: -32000, message: error.message, data: Data { code: Code::Command(error.code), field: None } }
    }
}

/// Somebody else's name for something, short enough to repeat.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_SHOWN).collect()
}
