//! What a window sees: everything that is shown, and then what changes of it.
//!
//! A [`Watch`] begins with a [`View`] and goes on with batches of [`Delta`]s. A delta carries the whole new value of one
//! thing (a contact, a chat), so that applying one twice changes nothing, and a reader that was too slow asks for a fresh
//! view instead of catching up. Messages are not among them: [`Delta::Chat`] says "look again", and whoever shows that
//! conversation reads its page anew ([`super::Command::ReadPage`]). Truth lives in SQLite.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{BrokerStatus, ChangeView, ContactView, GroupView, IdentityView, MessageState, MessageView, RequestView};

pub use crate::store::MISSING_COUNT_MAX as MISSING_MAX;
pub use crate::store::UNREAD_COUNT_MAX as UNREAD_MAX;

/// Characters of a chat's last line: more than any list shows in one.
pub const LAST_LINE_CHARS_MAX: usize = 200;
/// Characters of a quoted text: what two lines of a window show.
pub const QUOTE_CHARS_MAX: usize = 160;
/// The longest draft that is kept, in bytes: a text of the longest that can be sent, and what somebody has to cut from it.
pub const DRAFT_BYTES_MAX: usize = 64 * 1024;
/// The longest nickname in bytes: as a name.
pub const NICKNAME_BYTES_MAX: usize = super::NAME_BYTES_MAX;

/// Everything that a window shows before a conversation is opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// This device's identity, once there is one.
    pub identity: Option<IdentityView>,
    /// Contacts, and those we have asked ([`ContactView::accepted`] is false), by name.
    pub contacts: Vec<ContactView>,
    /// Everybody who asks, with and without an invitation, oldest first.
    pub requests: Vec<RequestView>,
    /// One per accepted contact, and one per group.
    pub chats: Vec<ChatView>,
    /// Each broker in use, our own ones first.
    pub brokers: Vec<BrokerStatus>,
    /// Groups, those that were left among them, by name.
    pub groups: Vec<GroupView>,
}

/// A conversation as a list shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatView {
    /// The contact, or the group.
    #[serde(rename = "with")]
    pub user_id: Uuid,
    /// The last message in the conversation's order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastMessage>,
    /// Messages of the other person that were not read yet, at most [`UNREAD_MAX`]. One that arrived late counts, also when
    /// it belongs above others that were read.
    pub unread: u32,
    /// Grows with everything that arrives or is written in any conversation: chats are listed by it, latest first, so that
    /// a wrong clock cannot keep one on top. 0 while nothing was said.
    pub activity: u64,
    /// What was typed and not sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub draft: String,
    /// Until when nothing of it interrupts, Unix milliseconds; it may be over. [`super::MUTED_FOR_GOOD`] never comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<u64>,
    /// It stands above those that are not.
    pub pinned: bool,
    /// It stands apart.
    pub archived: bool,
    /// What is known to have been written here and has not arrived, by author.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingView>,
    /// Whose device has written two different messages in one place, as only a copied one does. All of them are kept and shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forked: Vec<Uuid>,
}

/// Messages of one author that are known to exist and have not arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingView {
    /// Who wrote them, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Uuid>,
    /// At least so many, at most [`MISSING_MAX`].
    pub count: u32,
    /// Who is believed to have them.
    pub held_by: Vec<Uuid>,
}

impl ChatView {
    /// Whether nothing of it shall interrupt at this time, in Unix milliseconds.
    #[must_use]
    pub fn is_muted(&self, now: u64) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }
}

/// The last message of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LastMessage {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub from: Uuid,
    /// Whether that is us.
    pub mine: bool,
    /// Its beginning, at most [`LAST_LINE_CHARS_MAX`] characters, line breaks as spaces.
    pub text: String,
    /// The author's wall clock, Unix milliseconds.
    pub at: u64,
    /// How far it has come.
    pub state: MessageState,
    /// It was deleted for everyone: there is no text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Written by a newer version: there is no text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub newer: bool,
}

/// Where a page of a conversation lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageAt {
    /// The last messages.
    Latest,
    /// Around the first unread message: half of the page before it. Without one: the last messages.
    Unread,
    /// The messages before this one (exclusive).
    Before(String),
    /// The messages after this one (exclusive).
    After(String),
    /// This one and those after it.
    From(String),
    /// Around this one: half of the page before it.
    Around(String),
}

/// A page of a conversation, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageView {
    /// The messages.
    pub messages: Vec<MessageView>,
    /// There are more before the first.
    pub earlier: bool,
    /// There are more after the last.
    pub later: bool,
    /// The first message of the other person that was not read yet, anywhere in the conversation.
    pub first_unread: Option<String>,
    /// In a group: what was changed in it between these messages, in the conversation's order.
    pub changes: Vec<LineView>,
}

/// A change of a group, where it stands in the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// The message right behind it; none behind the last one.
    pub before: Option<String>,
    /// The change.
    pub change: ChangeView,
    /// What its author is called.
    pub by: String,
    /// What the one is called whom it is about, if it is about somebody.
    pub about: String,
}

/// One thing that a window shows, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// There is an identity, or its name or link is another one.
    Identity(IdentityView),
    /// A contact, or somebody we have asked, is new or changed.
    Contact(ContactView),
    /// Somebody is neither any more (removed, blocked, cancelled). Their chat goes with them.
    ContactGone(Uuid),
    /// Somebody asks.
    Request(RequestView),
    /// They do not wait for an answer any more.
    RequestGone(Uuid),
    /// A conversation changed: a message is new, reads differently, has come further, was read; or the draft is another one.
    Chat(ChatView),
    /// All brokers in use.
    Brokers(Vec<BrokerStatus>),
    /// Somebody types, or has stopped. Nobody says that they have stopped when their link is lost: it is said here then.
    Typing {
        /// Whose conversation.
        with: Uuid,
        /// Who types.
        from: Uuid,
        /// Whether they do.
        on: bool,
    },
    /// A group is new or changed.
    Group(GroupView),
}

/// What a watcher is told next.
#[derive(Clone, Debug)]
pub enum Change {
    /// These, in this order.
    Deltas(Arc<[Delta]>),
    /// The watcher was too slow and has missed some; watch again for a fresh view.
    Missed,
    /// The coordinator has stopped.
    Ended,
}

/// A view and what changes of it.
#[derive(Debug)]
pub struct Watch {
    /// How things were when the watch began.
    pub view: View,
    pub(super) changes: broadcast::Receiver<Arc<[Delta]>>,
}

impl Watch {
    /// Waits for what changes next.
    pub async fn next(&mut self) -> Change {
        match self.changes.recv().await {
            Ok(deltas) => Change::Deltas(deltas),
            Err(broadcast::error::RecvError::Lagged(_)) => Change::Missed,
            Err(broadcast::error::RecvError::Closed) => Change::Ended,
        }
    }
}
