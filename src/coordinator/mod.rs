//! The one background task: commands in, events and snapshots out.
//!
//! [`engine`](self) is pure; the task beside it drives it. Everything a person or a script can do is a [`Command`];
//! everything they are told is an [`Event`] (past tense). Truth lives in SQLite: an event only says "look again".

mod command;
#[cfg(any(test, feature = "testing"))]
pub mod double;
pub mod engine;
mod event;
mod found;
mod group;
mod handle;
mod hands;
mod message;
mod person;
mod refusal;
mod status;
mod task;
mod watch;
#[cfg(any(test, feature = "testing"))]
pub mod world;

pub use command::{
    BROKERS_MAX, Command, FORWARD_MAX, HISTORY_LIMIT_DEFAULT, HISTORY_LIMIT_MAX, MUTED_FOR_GOOD, NAME_BYTES_MAX,
    QUERY_CHARS_MAX, REACTION_BYTES_MAX, Reply, SEARCH_LIMIT_DEFAULT, SEARCH_LIMIT_MAX, SNIPPET_CHARS_MAX,
    TEXT_BYTES_MAX,
};
pub use event::{BrokerState, Event, LinkState, Path};
pub use found::{FoundMessage, FoundView};
pub use group::{
    ChangeView, GROUP_CHANGES_MAX, GroupChange, GroupView, HUE_MAX, MEMBERS_MAX, MemberDelivery, MemberView, Uncounted,
};
pub use handle::{Handle, Snapshot, Subscription, Update};
pub use message::{MessageInfo, MessageState, MessageView, Quote, ReactionView};
pub use person::{ContactView, IdentityView, NoLink, RequestView};
pub use refusal::{CommandError, ErrorCode};
pub use status::{BrokerStatus, LinkStatus, StatusView};
pub use task::{Opened, StartError, open, start};
pub use watch::{
    Change, ChatView, DRAFT_BYTES_MAX, Delta, LAST_LINE_CHARS_MAX, LastMessage, LineView, MISSING_MAX, MissingView,
    NICKNAME_BYTES_MAX, PageAt, PageView, QUOTE_CHARS_MAX, UNREAD_MAX, View, Watch,
};

#[cfg(test)]
mod tests;
