//! What can be asked of the store, and what it answers.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{
    Choice, Chosen, Delivery, Found, Fresh, GroupRow, Invitation, Loaded, Mark, MessageRow, Page, Peer, Person, Place,
    Profile, Summary, Wanted, Way,
};
use crate::log::group::Last;
use crate::log::{Entry, Query};
use crate::wire::{self, ConversationId, DeviceKey, EntryId, Have, Lack, LogId, RootKey};

/// Entries that one [`Op::Outbox`] returns at most: a few frames' worth, so that memory stays flat however long the queue.
pub const OUTBOX_COUNT_MAX: usize = 128;

/// One wish. Every write is durable when its outcome is handed out.
#[derive(Clone, Debug)]
pub enum Op {
    /// Everything that the engine keeps in memory. Answered by [`Outcome::Loaded`].
    Load,
    /// Keep the profile (there is one).
    SaveProfile(Profile),
    /// Keep an invitation, by its token.
    SaveInvitation(Invitation),
    /// Keep a person, by root key.
    SavePerson(Box<Person>),
    /// Forget a person and their peers. Their conversation's entries stay until somebody deletes them.
    DeletePerson(RootKey),
    /// Keep a peer device, by device key.
    SavePeer(Box<Peer>),
    /// Keep the own log's name for a conversation; a conversation has one at a time.
    SaveOwnLog {
        /// The conversation.
        conversation: ConversationId,
        /// The log that this install writes.
        log: LogId,
    },
    /// By which entry we take ourselves to be in a group.
    SaveSeat {
        /// The group. It has an own log.
        conversation: ConversationId,
        /// The entry.
        seat: EntryId,
    },
    /// Append an own entry. Answered by [`Outcome::Appended`].
    Append(Box<Entry>),
    /// Insert entries that a peer sent (verified, and their authors belong to the conversation). Duplicates change
    /// nothing. Answered by [`Outcome::Inserted`].
    Insert {
        /// Who sent them, and is from now on believed to have them. Absent when they may be from before its database was restored.
        from: Option<DeviceKey>,
        /// What was sent, in the order of its arrival.
        entries: Vec<Entry>,
        /// How it came: kept with those that are new.
        way: Way,
        /// The devices that our own list names: what one of them has written in the log that is named for us was written here, before
        /// the database was restored.
        own: Vec<DeviceKey>,
        /// Groups of which whoever brings this is no member: of what does not count there only so much is taken.
        outside: Vec<ConversationId>,
    },
    /// A peer says that these are on its disk. Answered by [`Outcome::Acked`].
    Acked {
        /// The peer.
        peer: DeviceKey,
        /// The entries; unknown ids change nothing.
        ids: Vec<EntryId>,
        /// Where they may be: of other conversations the peer has no say.
        of: BTreeSet<ConversationId>,
        /// How the peer said so: kept where it was not written down how they went, and it tells which it was of a link and mail
        /// after it.
        way: Way,
    },
    /// A peer says all that it has: replaces our belief, downwards too. For a log whose `head` at `count - 1` is not ours
    /// (a fork, or a peer that is ahead) the belief is what both provably share. Answered by [`Outcome::Delivered`].
    Believe {
        /// The peer.
        peer: DeviceKey,
        /// What it said.
        have: Have,
    },
    /// A peer says that it lacks these: lowers our belief. Answered by [`Outcome::Lowered`].
    Lower {
        /// The peer.
        peer: DeviceKey,
        /// What it said.
        lack: Lack,
    },
    /// These entries were handed to a path. Kept with each of our own until it is delivered: the last one counts. Answered by
    /// [`Outcome::Changed`].
    MarkSent {
        /// The entries.
        ids: Vec<EntryId>,
        /// Which path.
        way: Way,
    },
    /// What we have of a conversation. Answered by [`Outcome::Have`].
    Have(ConversationId),
    /// What somebody may know that we have of a group. Answered by [`Outcome::Have`].
    HaveFor {
        /// The group.
        conversation: ConversationId,
        /// Who.
        to: RootKey,
    },
    /// How many of these entries of a group a peer is believed to have. Answered by [`Outcome::Known`].
    Knows {
        /// The group.
        conversation: ConversationId,
        /// The peer.
        peer: DeviceKey,
        /// Whose device it is: what is not for them they need not have.
        to: RootKey,
        /// The entries.
        ids: Vec<EntryId>,
    },
    /// How many of these entries have their place here, wherever they belong. Answered by [`Outcome::Count`].
    Here(Vec<EntryId>),
    /// Entries of some conversations (own or not) that the peer is not believed to have, in the order in which they were
    /// stored here, after a cursor that counts over all of them. Answered by [`Outcome::Outbox`].
    Outbox {
        /// The peer.
        peer: DeviceKey,
        /// The conversations.
        conversations: Vec<Wanted>,
        /// Exclusive; 0 is the beginning.
        after: u64,
        /// Stop after this many bytes of encoded entries (at least one entry is returned).
        bytes: usize,
    },
    /// A page of messages. Answered by [`Outcome::History`], or [`Refusal::UnknownMessage`].
    History {
        /// The conversation.
        conversation: ConversationId,
        /// Exclusive.
        before: Option<EntryId>,
        /// How many at most.
        limit: u32,
    },
    /// A page of messages for a window, and where reading goes on. Answered by [`Outcome::Page`], or
    /// [`Refusal::UnknownMessage`].
    Page {
        /// The conversation.
        conversation: ConversationId,
        /// Which.
        at: Place,
        /// How many messages at most.
        limit: u32,
    },
    /// Everything that stands before this message now, and itself, was read. Answered by [`Outcome::Read`], or
    /// [`Refusal::UnknownMessage`].
    MarkRead {
        /// The conversation.
        conversation: ConversationId,
        /// The last message that was read.
        up_to: EntryId,
    },
    /// Keep what was typed and not sent; empty takes it away.
    SaveDraft {
        /// The conversation.
        conversation: ConversationId,
        /// The text.
        text: String,
    },
    /// Keep the name that this person gave somebody whom we know; empty takes it away.
    SaveNickname {
        /// Who.
        root: RootKey,
        /// The name.
        nickname: String,
    },
    /// Keep whether somebody may learn no address of ours. It outlives [`Op::DeletePerson`]: they may come back.
    SaveAddressHidden {
        /// Who.
        root: RootKey,
        /// Whether it is hidden from them.
        hidden: bool,
    },
    /// One message. Answered by [`Outcome::Message`], or [`Refusal::UnknownMessage`].
    Message {
        /// Which.
        id: EntryId,
        /// Only if it belongs to this conversation.
        conversation: Option<ConversationId>,
    },
    /// Each of these conversations in a line. Answered by [`Outcome::Summaries`].
    Summarise(Vec<ConversationId>),
    /// How many own entries wait for a peer's confirmation, in all conversations with contacts and in groups. Answered by
    /// [`Outcome::Count`].
    CountWaiting,
    /// Nothing: the answer, [`Outcome::Done`], says that everything that was wished for before is on disk.
    Barrier,
    /// Hide a message on this device. Answered by [`Outcome::Done`], or [`Refusal::UnknownMessage`].
    Hide {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        id: EntryId,
    },
    /// What came without its body, and was not deleted as far as is known here. Answered by [`Outcome::Bare`].
    Bare {
        /// The conversation.
        conversation: ConversationId,
        /// In a group, who asks: only for what they may be given whole.
        to: Option<RootKey>,
        /// Only what came here behind this one: a `next` of the answer, or 0.
        after: u64,
    },
    /// A peer says how far it has read. Answered by [`Outcome::Moved`].
    TheyRead {
        /// The peer.
        device: DeviceKey,
        /// The conversation.
        conversation: ConversationId,
        /// What it said.
        mark: Mark,
    },
    /// Messages with these words, the newest (stored last) first. Answered by [`Outcome::Found`].
    Search {
        /// The words.
        query: Query,
        /// Only of this conversation.
        within: Option<ConversationId>,
        /// Only those that were stored before this one: a [`Found::next`](super::Found::next). Exclusive.
        before: Option<u64>,
        /// How many at most, 1 to [`super::FOUND_MAX`].
        limit: u32,
    },
    /// Index some of what was stored before there was an index. Answered by [`Outcome::Indexed`].
    IndexMore,
    /// Keep a choice for a conversation. Answered by [`Outcome::Chosen`].
    Choose {
        /// The conversation.
        conversation: ConversationId,
        /// The choice.
        choice: Choice,
    },
    /// A group as its entries make it. Answered by [`Outcome::Group`], or [`Outcome::Done`] when there is none of this name.
    Group(ConversationId),
    /// The last entry that is here of each log of somebody in a group. Answered by [`Outcome::Cut`].
    Cut {
        /// The group.
        conversation: ConversationId,
        /// Who.
        author: RootKey,
    },
    /// From now on an own entry of this group counts as delivered when each of these devices has it. Answered by
    /// [`Outcome::Delivered`]: what was only waiting for somebody who is among them no more.
    SaveRecipients {
        /// The group.
        conversation: ConversationId,
        /// The devices.
        devices: Vec<DeviceKey>,
    },
    /// Which devices have to have an entry of a group, and whether each has. Answered by [`Outcome::Deliveries`].
    Deliveries(EntryId),
}

/// The answer to an [`Op`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Everything that the engine keeps in memory.
    Loaded(Box<Loaded>),
    /// The own entry is on disk; the conversation's heads are now these.
    Appended {
        /// The conversation's heads (placed entries that no placed entry names as a parent).
        heads: Vec<EntryId>,
    },
    /// Entries of a peer are on disk.
    Inserted {
        /// On disk now, fresh or known before: to be acknowledged.
        stored: Vec<EntryId>,
        /// Those that found their place in the order just now (they, or others that had waited for them), in order.
        fresh: Vec<Fresh>,
        /// Those that were not stored (a limit), with the reason; not to be acknowledged.
        refused: Vec<(EntryId, &'static str)>,
        /// The heads of every conversation that changed.
        heads: Vec<(ConversationId, Vec<EntryId>)>,
        /// What is missing below what has arrived, per log that was touched.
        gaps: Vec<Lack>,
        /// Some of those that are stored wait for what is not here.
        waiting: bool,
    },
    /// A peer lacks what it has said.
    Lowered {
        /// What of it has no body here either, with its place in the log.
        bare: Vec<(EntryId, u64)>,
    },
    /// Own entries that this statement of a peer has proved to be delivered, for the first time.
    Delivered(Vec<Delivery>),
    /// What a peer has said to have is written down.
    Acked {
        /// These are delivered by that.
        delivered: Vec<Delivery>,
        /// Something of it is not here, or not where the peer has a say.
        unknown: bool,
    },
    /// Own entries of these conversations are shown differently now.
    Changed(Vec<ConversationId>),
    /// What we have of a conversation.
    Have(Have),
    /// Entries to send and the cursor to go on from; fewer than asked for means that there are no more.
    Outbox {
        /// Each with its cursor.
        entries: Vec<(u64, EntryId, wire::Entry)>,
        /// Whether there are more behind the last one.
        more: bool,
    },
    /// Messages, oldest first.
    History(Vec<MessageRow>),
    /// A page for a window.
    Page(Page),
    /// One message, and where it belongs.
    Message(ConversationId, Box<MessageRow>),
    /// Conversations, each in a line, in the order in which they were asked for.
    Summaries(Vec<Summary>),
    /// A number.
    Count(u64),
    /// So many of some entries a peer is believed to have.
    Known {
        /// All of them.
        has: u64,
        /// Those among them that it has together with everything before them that is for its person.
        placed: u64,
        /// Those of which it lacks nothing more that could be given to it from here.
        given: u64,
    },
    /// What was found.
    Found(Found),
    /// Some more is indexed.
    Indexed {
        /// Whether there is more to index.
        more: bool,
    },
    /// Everything that is chosen for the conversation now.
    Chosen(Chosen),
    /// A group.
    Group(Box<GroupRow>),
    /// The last entries, ascending by device and log.
    Cut(Vec<Last>),
    /// Devices, and whether each has it.
    Deliveries(Vec<(DeviceKey, bool)>),
    /// The wish was understood and cannot be granted; nothing changed.
    Refused(Refusal),
    /// What was read is on disk; and what is to be said of it, when it is further than before.
    Read(Option<Mark>),
    /// What is to be asked for.
    Bare {
        /// In the order of the logs.
        lacks: Vec<Lack>,
        /// Where to go on, if there is more.
        next: Option<u64>,
    },
    /// What a peer said of its reading is on disk; whether it is further than before, in what is here.
    Moved(bool),
}

/// Why a wish was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The message is not in this conversation.
    #[error("there is no such message in this conversation")]
    UnknownMessage,
    /// The entry does not follow the last one of its log, or names one that has no place yet. A bug of the caller, or a
    /// peer has just shown an own entry that is not here (the database was restored): [`Op::Load`] names a new log then.
    #[error("the entry does not continue its log")]
    OutOfSequence,
}
