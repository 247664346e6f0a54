//! Why a command was refused.

use serde::Serialize;
use thiserror::Error;

/// Why a command was refused. The code is stable; the message is for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CommandError {
    /// Stable.
    pub code: ErrorCode,
    /// What happened and what to do.
    pub message: String,
}

impl CommandError {
    /// A refusal.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Stable names of refusals; a code is never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// There is no identity yet.
    NoIdentity,
    /// There is an identity already.
    IdentityExists,
    /// The name is empty, too long, or nothing but control characters.
    InvalidName,
    /// Not a `kith:` link.
    LinkForeign,
    /// The link ends too early.
    LinkTruncated,
    /// The link was changed on its way, or its signatures do not hold.
    LinkTampered,
    /// The link is longer than any link of ours.
    LinkOversize,
    /// The link is one's own.
    LinkOwn,
    /// The link was made by a newer Kith.
    LinkNewer,
    /// The card names a known user with another key.
    KeyChanged,
    /// The card names no broker that this program can use.
    NoBroker,
    /// No such contact or request.
    UnknownUser,
    /// The user is blocked.
    Blocked,
    /// They have not accepted yet, or are no contact.
    NotAContact,
    /// The text is empty or too long.
    InvalidText,
    /// An address that is no broker's.
    InvalidBroker,
    /// `limit` is outside its range.
    InvalidLimit,
    /// What should be the id of a message (in this conversation) is not one.
    UnknownMessage,
    /// Only a message's author edits it, or deletes it for everyone.
    NotYours,
    /// The message was deleted: nothing can be done with it any more.
    MessageDeleted,
    /// The message was written by a newer version: this one cannot do that with it.
    MessageNewer,
    /// A reaction that is not one emoji, or one too many beside a message.
    InvalidReaction,
    /// Too many contacts or requests.
    Full,
    /// The database could not be written or read.
    Storage,
    /// The program is shutting down.
    ShuttingDown,
    /// What is looked up is too long.
    InvalidQuery,
    /// No such group.
    UnknownGroup,
    /// We are not in this group.
    NotInGroup,
    /// Only an admin may do that, or one who has been one for longer.
    NotAnAdmin,
}
