//! Conversations as replicated logs: entries, their order, and what a person sees of them.
//!
//! Pure. A conversation is a set of append-only logs, and everything here depends on that set alone, never on the
//! order in which it arrived. [`Entry`] can only be made by writing one or by verifying one that arrived.

mod conversation;
mod entry;
pub mod fold;
pub mod group;
pub mod order;
mod query;
mod reaction;
mod text;
mod words;

pub use conversation::{conversation_of, direct_conversation, group_conversation};
pub use entry::{Draft, Entry, EntryError};
pub use query::{Phrase, QUERY_CHARS_MAX, Query, QueryError, SNIPPET_CHARS_MAX, Snippet};
pub use reaction::{Deletion, REACTION_BYTES_MAX, Reaction, ReactionError};
pub use text::{TEXT_BYTES_MAX, Text, TextError};
pub use words::{WORD_CHARS_MAX, Word, words};

#[cfg(test)]
mod tests;
