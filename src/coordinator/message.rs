//! Messages as a window or a script sees them.

use serde::Serialize;
use uuid::Uuid;

use super::event::Path;
use super::group::MemberDelivery;

/// A message, and whose conversation it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageInfo {
    /// The contact, or the group.
    pub with: Uuid,
    /// The message.
    #[serde(flatten)]
    pub message: MessageView,
    /// One of our own in a group: who of the others has it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberDelivery>,
}

/// A message, as it reads now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// The same string on every device: 64 hexadecimal digits.
    pub id: String,
    /// The author.
    pub from: Uuid,
    /// The text: the last one that its author gave it. Empty when it was deleted, or written by a newer version.
    pub text: String,
    /// The author's wall clock, Unix milliseconds.
    pub at: u64,
    /// How far it has come.
    pub state: MessageState,
    /// How it travelled, when that is known: one of our own, the last time before its delivery was confirmed, but over the link when
    /// mail only came after it and the confirmation over a link; somebody else's, when it first arrived. Never [`Path::None`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// Its author has given it another text.
    #[serde(skip_serializing_if = "is_not")]
    pub edited: bool,
    /// Its author has deleted it for everyone.
    #[serde(skip_serializing_if = "is_not")]
    pub deleted: bool,
    /// Written by a newer version: this one cannot show it.
    #[serde(skip_serializing_if = "is_not")]
    pub newer: bool,
    /// What it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Quote>,
    /// Emoji beside it, the one that came first in front.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<ReactionView>,
    /// Its author has passed on what was written elsewhere.
    #[serde(skip_serializing_if = "is_not")]
    pub forwarded: bool,
}

fn is_not(flag: &bool) -> bool {
    !flag
}

/// A message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Its id.
    pub id: String,
    /// Its author.
    pub from: Uuid,
    /// The beginning of its text as it reads now, at most [`super::QUOTE_CHARS_MAX`] characters.
    pub text: String,
    /// It was deleted, for everyone or here.
    #[serde(skip_serializing_if = "is_not")]
    pub deleted: bool,
}

/// One emoji beside a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReactionView {
    /// Which.
    pub emoji: String,
    /// Who has set it, the first one in front.
    pub by: Vec<Uuid>,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// On disk here, nowhere else yet.
    #[default]
    Queued,
    /// Handed to a link, or taken by a broker as mail.
    Sent,
    /// The recipient's device has it on disk; in a group the device of everybody else.
    Delivered,
    /// Somebody else has said that they have read it.
    Read,
    /// Written by somebody else, on disk here.
    Received,
}
