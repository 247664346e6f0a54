//! What the coordinator tells its subscribers. Past tense: it has happened and is on disk.

use serde::Serialize;
use uuid::Uuid;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// Somebody with a valid invitation asks to become a contact.
    RequestReceived {
        /// The stranger.
        user_id: Uuid,
        /// The name they gave themselves.
        name: String,
    },
    /// A contact was made, on either side.
    ContactAdded {
        /// The contact.
        user_id: Uuid,
    },
    /// A message of somebody else is on disk.
    MessageReceived {
        /// The contact whose conversation it belongs to, or the group.
        with: Uuid,
        /// The message.
        id: String,
        /// Its author.
        from: Uuid,
        /// Its text.
        text: String,
        /// The conversation is muted: this shall not interrupt anybody.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        muted: bool,
    },
    /// The recipient's device has our message on disk; in a group the device of everybody else.
    MessageDelivered {
        /// The contact, or the group.
        with: Uuid,
        /// The message.
        id: String,
    },
    /// A link changed.
    LinkChanged {
        /// The contact, or somebody who is in a group with us.
        user_id: Uuid,
        /// How it stands now.
        state: LinkState,
        /// The path in use now.
        path: Path,
    },
    /// We are in a group: made by us, or a contact has added us.
    GroupJoined {
        /// The group.
        group_id: Uuid,
        /// What it is called.
        name: String,
        /// Who has added us; ourselves if we made it.
        by: Uuid,
    },
    /// Somebody is new in a group or gone, an admin or no longer, or it is called something else.
    GroupChanged {
        /// The group.
        group_id: Uuid,
    },
    /// We are in a group no more: we have left, or were put out.
    GroupLeft {
        /// The group.
        group_id: Uuid,
    },
    /// A broker changed.
    BrokerChanged {
        /// Without its password.
        url: String,
        /// How it stands now.
        state: BrokerState,
    },
    /// A message reads differently now; its author has edited it.
    MessageEdited {
        /// Whose conversation.
        with: Uuid,
        /// The message.
        id: String,
        /// Its author.
        from: Uuid,
        /// Its text now.
        text: String,
    },
    /// A message was deleted for everyone: its text is gone from this disk.
    MessageDeleted {
        /// Whose conversation.
        with: Uuid,
        /// The message.
        id: String,
        /// Its author.
        from: Uuid,
    },
    /// Somebody has put an emoji beside a message, or taken it back.
    ReactionChanged {
        /// Whose conversation.
        with: Uuid,
        /// The message.
        id: String,
        /// Who.
        from: Uuid,
        /// Which emoji.
        emoji: String,
        /// Whether it is set now.
        on: bool,
    },
    /// Somebody else has read up to this message.
    MessageRead {
        /// Whose conversation.
        with: Uuid,
        /// The last message that they have read.
        id: String,
        /// Who.
        from: Uuid,
    },
    /// Somebody types, or has stopped.
    TypingChanged {
        /// Whose conversation.
        with: Uuid,
        /// Who.
        from: Uuid,
        /// Whether they type now.
        on: bool,
    },
    /// Something was chosen for a conversation, or a message has brought it back.
    ConversationChanged {
        /// The contact.
        with: Uuid,
        /// Until when it is muted, Unix milliseconds; absent when it is not.
        #[serde(skip_serializing_if = "Option::is_none")]
        muted_until: Option<u64>,
        /// Whether it stands on top.
        pinned: bool,
        /// Whether it stands apart.
        archived: bool,
    },
}

/// How a link stands; the states of [`crate::link`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// Nobody wants a link.
    #[default]
    Idle,
    /// Wanted, and the other device is not known to be there.
    Waiting,
    /// Offers, answers and candidates are under way.
    Connecting,
    /// Frames flow.
    Open,
    /// Silent for longer than it promised.
    Suspect,
    /// Failed; the next attempt waits.
    Backoff,
}

/// How a message travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// From device to device.
    Direct,
    /// Through a TURN server.
    Relay,
    /// Sealed, through a broker's queue.
    Mail,
    /// Not at all at the moment.
    #[default]
    None,
}

/// How a broker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BrokerState {
    /// An attempt is under way.
    Connecting,
    /// Connected, and our subscriptions are confirmed.
    Connected,
    /// It answered and said no (password, access rules, protocol).
    Refused,
    /// It cannot be reached, or vanished; the next attempt waits.
    Unreachable,
}
