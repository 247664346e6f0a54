//! What a search has found.

use serde::Serialize;
use uuid::Uuid;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FoundView {
    /// The newest (that was stored last) first.
    pub messages: Vec<FoundMessage>,
    /// Where to go on, when there may be more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// True while messages of an older version are still being indexed: later more may be found.
    pub unfinished: bool,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundMessage {
    /// The contact whose conversation it belongs to.
    pub with: Uuid,
    /// The message.
    pub id: String,
    /// Its author.
    pub from: Uuid,
    /// The author's wall clock, Unix milliseconds.
    pub at: u64,
    /// The part of its text where the first word was found: on one line, at most [`super::SNIPPET_CHARS_MAX`] characters, cut
    /// where … stands.
    pub text: String,
    /// What was found in it: from this character to before that one, counted in Unicode's characters, ascending and apart.
    pub marks: Vec<[usize; 2]>,
    /// Where it stands among all that was stored: to go on behind it.
    #[serde(skip)]
    pub place: u64,
}
