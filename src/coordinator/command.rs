//! What can be asked of the coordinator, and what it answers.

use uuid::Uuid;

use super::found::FoundView;
use super::group::{ChangeView, GroupView};
use super::message::{MessageInfo, MessageView};
use super::person::{ContactView, IdentityView, RequestView};
use super::status::StatusView;
use super::watch::{ChatView, PageAt, PageView};

pub use crate::identity::{BROKERS_MAX, NAME_BYTES_MAX};
pub use crate::log::{QUERY_CHARS_MAX, REACTION_BYTES_MAX, SNIPPET_CHARS_MAX, TEXT_BYTES_MAX};
pub use crate::store::FOUND_MAX as SEARCH_LIMIT_MAX;

/// One page of history at most: about a megabyte of short messages, an answer that cannot stall a reader.
pub const HISTORY_LIMIT_MAX: u32 = 1_000;
/// One page of history when nobody says how much.
pub const HISTORY_LIMIT_DEFAULT: u32 = 100;
/// Conversations that a message is forwarded to at a time: more than anybody picks by hand.
pub const FORWARD_MAX: usize = 20;

/// Messages that one search finds when nobody says how many: a screen.
pub const SEARCH_LIMIT_DEFAULT: u32 = 20;
/// A conversation that is muted until then is muted until somebody says otherwise: the year 10889, which no clock shows.
pub const MUTED_FOR_GOOD: u64 = 1 << 48;

/// Something a person or a script wants. Every command gets exactly one reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Create this device's identity. Replies [`Reply::Identity`].
    CreateIdentity {
        /// What others will see.
        name: String,
    },
    /// Show this device's identity and the link that invites others. Replies [`Reply::Identity`].
    ShowIdentity,
    /// Ask the owner of a link to become a contact. Replies [`Reply::User`].
    AddContact {
        /// A `kith:` link.
        link: String,
    },
    /// List requests that wait for an answer. Replies [`Reply::Requests`].
    ListRequests,
    /// Accept a request. Replies [`Reply::Done`].
    AcceptContact(Uuid),
    /// Decline a request; the stranger learns nothing. Replies [`Reply::Done`].
    DeclineContact(Uuid),
    /// Block a user, requester or contact; they learn nothing. Replies [`Reply::Done`].
    BlockContact(Uuid),
    /// Remove a contact. Replies [`Reply::Done`].
    RemoveContact(Uuid),
    /// List contacts. Replies [`Reply::Contacts`].
    ListContacts,
    /// List those who are blocked, by name; [`Command::RemoveContact`] makes them strangers again. Replies
    /// [`Reply::Contacts`].
    ListBlocked,
    /// Write a message; the reply comes once it is durable. Replies [`Reply::Message`].
    SendMessage {
        /// The contact, or the group.
        to: Uuid,
        /// The text.
        text: String,
        /// The message of the same conversation that it answers and quotes.
        reply_to: Option<String>,
    },
    /// Read a page of a conversation, oldest first. Replies [`Reply::History`].
    ReadHistory {
        /// The contact, or the group; so wherever a conversation is named.
        with: Uuid,
        /// Only messages before this one (exclusive): an id as in [`MessageView::id`].
        before: Option<String>,
        /// How many at most, 1 to [`HISTORY_LIMIT_MAX`]; [`HISTORY_LIMIT_DEFAULT`] when absent.
        limit: Option<u32>,
    },
    /// How things stand. Replies [`Reply::Status`].
    ShowStatus,
    /// Change one's own name; contacts learn it with the new card. Replies [`Reply::Identity`].
    Rename {
        /// What others will see.
        name: String,
    },
    /// Give a contact a name of one's own, which nobody else ever sees; empty takes it away. Replies [`Reply::Done`].
    SetNickname {
        /// The contact.
        user: Uuid,
        /// At most [`super::NICKNAME_BYTES_MAX`] bytes.
        nickname: String,
    },
    /// Everything up to this message was read. Never goes back. Replies [`Reply::Done`].
    MarkRead {
        /// The contact.
        with: Uuid,
        /// The last message that was read.
        up_to: String,
    },
    /// Keep what was typed and not sent; empty takes it away. Replies [`Reply::Done`].
    SaveDraft {
        /// The contact.
        with: Uuid,
        /// At most [`super::DRAFT_BYTES_MAX`] bytes.
        text: String,
    },
    /// Read a page of a conversation for a window. Replies [`Reply::Page`].
    ReadPage {
        /// The contact.
        with: Uuid,
        /// Which.
        at: PageAt,
        /// How many messages at most, 1 to [`HISTORY_LIMIT_MAX`].
        limit: u32,
    },
    /// From now on these are the brokers where this person can be reached, at most [`BROKERS_MAX`]; contacts learn it with
    /// the new card. Without an identity yet: those that its first card will name. Replies [`Reply::Done`].
    UseBrokers(Vec<String>),
    /// From the next connection on these STUN and TURN servers are asked. Replies [`Reply::Done`].
    UseIce(Vec<String>),
    /// From now on somebody learns no address of this device, or may again. A link that shows one is left before the reply.
    /// Replies [`Reply::Done`].
    HideAddress {
        /// Somebody who is a contact, or may become one.
        from: Uuid,
        /// Whether it is hidden from them.
        on: bool,
    },
    /// The same for everybody, whatever was said about each. It is in force until this run ends: who asks keeps it. Replies
    /// [`Reply::Done`].
    HideAddressFromAll(bool),
    /// One message and what is known of it. Replies [`Reply::Info`].
    ShowMessage {
        /// Only if it belongs to the conversation with this contact.
        with: Option<Uuid>,
        /// An id as in [`MessageView::id`].
        id: String,
    },
    /// Give a message of one's own another text. Replies [`Reply::Done`] once it is durable.
    EditMessage {
        /// Whose conversation.
        with: Uuid,
        /// The message.
        id: String,
        /// The new text.
        text: String,
    },
    /// Delete a message: one's own for everyone, or anybody's on this device only. Replies [`Reply::Done`] once it is durable.
    DeleteMessage {
        /// Whose conversation.
        with: Uuid,
        /// The message.
        id: String,
        /// For everyone: its text is erased wherever that is honoured. Otherwise it is hidden here.
        for_everyone: bool,
    },
    /// Put an emoji beside a message, or take it back. What is so already is done. Replies [`Reply::Done`].
    React {
        /// Whose conversation.
        with: Uuid,
        /// The message.
        id: String,
        /// One emoji, at most [`REACTION_BYTES_MAX`] bytes.
        emoji: String,
        /// Whether it is set.
        on: bool,
    },
    /// Pass a message on, as it reads now. Replies [`Reply::Messages`] once all of them are durable.
    ForwardMessage {
        /// Whose conversation it is in.
        with: Uuid,
        /// The message.
        id: String,
        /// To whom, at most [`FORWARD_MAX`].
        to: Vec<Uuid>,
    },
    /// Say that somebody types, again every few seconds while they do, or that they have stopped. Nobody learns it but who has
    /// an open link to this device. Replies [`Reply::Done`].
    SetTyping {
        /// Whose conversation.
        with: Uuid,
        /// Whether they type.
        on: bool,
    },
    /// Find messages by words: all of them occur, the last one perhaps only begun; "between quotes" they follow each other.
    /// The newest (those that were stored last) first. Replies [`Reply::Found`].
    Search {
        /// What was typed, at most [`QUERY_CHARS_MAX`] characters. Without a word in it nothing is found.
        query: String,
        /// Only in the conversation with this contact.
        within: Option<Uuid>,
        /// Where an earlier answer ended: its [`FoundView::next`].
        before: Option<u64>,
        /// How many at most, 1 to [`SEARCH_LIMIT_MAX`]; [`SEARCH_LIMIT_DEFAULT`] when absent.
        limit: Option<u32>,
    },
    /// List conversations, pinned ones first, then those in which something happened last. Replies [`Reply::Conversations`].
    ListConversations,
    /// Nothing of a conversation interrupts until then. Replies [`Reply::Done`].
    MuteConversation {
        /// The contact.
        with: Uuid,
        /// Unix milliseconds; 0 ends it, [`MUTED_FOR_GOOD`] and beyond never comes.
        until: u64,
    },
    /// A conversation stands above those that are not pinned, or no longer. Replies [`Reply::Done`].
    PinConversation {
        /// The contact.
        with: Uuid,
        /// Whether it does.
        on: bool,
    },
    /// A conversation stands apart, or no longer. A new message brings it back, unless it is muted. Replies [`Reply::Done`].
    ArchiveConversation {
        /// The contact.
        with: Uuid,
        /// Whether it does.
        on: bool,
    },
    /// Make a group; its creator is its first admin. Replies [`Reply::GroupId`] once it is durable.
    CreateGroup {
        /// What it is called, at most [`NAME_BYTES_MAX`] bytes.
        name: String,
        /// Contacts who are in it from the beginning, fewer than [`super::MEMBERS_MAX`].
        members: Vec<Uuid>,
    },
    /// Add a contact to a group. Replies [`Reply::Done`].
    AddToGroup {
        /// The group.
        group: Uuid,
        /// The contact.
        user: Uuid,
    },
    /// Put somebody out of a group. Replies [`Reply::Done`].
    RemoveFromGroup {
        /// The group.
        group: Uuid,
        /// The member.
        user: Uuid,
    },
    /// Leave a group; what was said in it stays readable. Replies [`Reply::Done`].
    LeaveGroup(Uuid),
    /// Make a member an admin. By the heir of a group without admins about themselves: take over. Replies [`Reply::Done`].
    Promote {
        /// The group.
        group: Uuid,
        /// The member.
        user: Uuid,
    },
    /// Make an admin a member like the others. Replies [`Reply::Done`].
    Demote {
        /// The group.
        group: Uuid,
        /// The admin.
        user: Uuid,
    },
    /// Call a group something else. Replies [`Reply::Done`].
    RenameGroup {
        /// The group.
        group: Uuid,
        /// At most [`NAME_BYTES_MAX`] bytes.
        name: String,
    },
    /// Say whether those who come into a group from now on get what was written before. Replies [`Reply::Done`].
    SetGroupHistory {
        /// The group.
        group: Uuid,
        /// Whether they do.
        shared: bool,
    },
    /// List groups, those that were left among them, by name. Replies [`Reply::Groups`].
    ListGroups,
    /// One group. Replies [`Reply::Group`].
    ShowGroup(Uuid),
    /// What was changed in a group, by whom, and whether it counts. Replies [`Reply::GroupChanges`].
    ListGroupChanges(Uuid),
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done, and there is nothing to say.
    Done,
    /// This device's identity.
    Identity(IdentityView),
    /// The user a link names.
    User(Uuid),
    /// Requests, oldest first.
    Requests(Vec<RequestView>),
    /// Contacts, by name.
    Contacts(Vec<ContactView>),
    /// The id of the message that is now durable.
    Message(String),
    /// Messages, oldest first.
    History(Vec<MessageView>),
    /// How things stand.
    Status(StatusView),
    /// A page of a conversation.
    Page(PageView),
    /// One message.
    Info(MessageInfo),
    /// The ids of the messages that are now durable, in the order in which they were asked for.
    Messages(Vec<String>),
    /// What was found.
    Found(FoundView),
    /// Conversations, each in a line.
    Conversations(Vec<ChatView>),
    /// The group that is now durable.
    GroupId(Uuid),
    /// Groups, by name.
    Groups(Vec<GroupView>),
    /// One group.
    Group(Box<GroupView>),
    /// The last changes of a group, in the conversation's order; at most [`super::GROUP_CHANGES_MAX`].
    GroupChanges(Vec<ChangeView>),
}
