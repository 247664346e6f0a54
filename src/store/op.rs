//! What can be asked of the store, and what it answers.

use thiserror::Error;

use super::{Choice, Chosen, Found, Page, Place, Summary};
use crate::log::fold::Folded;
use crate::log::group::{Group, Last};
use crate::log::{Entry, Query};
use crate::wire::{
    self, ConversationId, DeviceKey, EntryId, ExchangeKey, Have, Lack, LogId, Nonce, RootKey, WorkingKey,
};

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
    },
    /// A peer says that these are on its disk. Answered by [`Outcome::Delivered`].
    Acked {
        /// The peer.
        peer: DeviceKey,
        /// The entries; unknown ids are ignored.
        ids: Vec<EntryId>,
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
    /// A peer says that it lacks these: lowers our belief.
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

/// What is wanted of a conversation for a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub conversation: ConversationId,
    /// In a group: whose device it is. They get what the group lets them have.
    pub to: Option<RootKey>,
    /// Only what they have written.
    pub only_by: Option<RootKey>,
    /// And, whoever wrote it, what was here before this one, and this one.
    pub and_up_to: Option<EntryId>,
}

impl Wanted {
    /// Everything.
    #[must_use]
    pub fn all(conversation: ConversationId) -> Self {
        Self { conversation, to: None, only_by: None, and_up_to: None }
    }
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
    },
    /// Own entries that this statement of a peer has proved to be delivered, for the first time.
    Delivered(Vec<Delivery>),
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
    Bare(Vec<Lack>),
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

/// Everything that the engine keeps in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The own profile, once there is one.
    pub profile: Option<Profile>,
    /// Invitations that are still valid.
    pub invitations: Vec<Invitation>,
    /// Everybody we know, oldest first.
    pub people: Vec<Person>,
    /// Their devices.
    pub peers: Vec<Peer>,
    /// The own log of each conversation.
    pub logs: Vec<OwnLog>,
    /// Names that this person gave people.
    pub nicknames: Vec<(RootKey, String)>,
    /// Who may learn no address of ours.
    pub hidden_from: Vec<RootKey>,
    /// The conversations that have an own log, each in a line.
    pub summaries: Vec<Summary>,
    /// There is something that was stored before there was an index: [`Op::IndexMore`].
    pub unsearched: bool,
    /// Groups of which anything is here, also those that nobody has added us to.
    pub groups: Vec<GroupRow>,
}

/// A group as its entries make it.
#[derive(Clone, Debug)]
pub struct GroupRow {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its changes, those among them that have their place.
    pub group: Group,
    /// The conversation's heads.
    pub heads: Vec<EntryId>,
}

impl PartialEq for GroupRow {
    fn eq(&self, other: &Self) -> bool {
        (self.conversation, self.group.tops(), &self.heads) == (other.conversation, other.group.tops(), &other.heads)
    }
}

impl Eq for GroupRow {}

/// What others see of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// The card's counter.
    pub counter: u64,
    /// The brokers in the card with that counter, as in the card: another list means another card.
    pub brokers: Vec<String>,
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// What the link carries.
    pub token: Nonce,
    /// How many more strangers it lets in; 0 means that it has ended.
    pub uses: u32,
}

/// How we stand with somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// We have asked; they have not answered. (1 in the database.)
    Asked,
    /// They ask, with a valid invitation. (2)
    Asking,
    /// They ask, without one. (3)
    Uninvited,
    /// A contact. (4)
    Contact,
    /// They asked and were declined. (5)
    Declined,
    /// Blocked. (6)
    Blocked,
    /// Known only because they are in a group with us. (7)
    Member,
}

/// Somebody we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The person.
    pub root: RootKey,
    /// How we stand with them.
    pub standing: Standing,
    /// Their card, as it came.
    pub card: Vec<u8>,
    /// Our request's id, while we ask or have asked.
    pub asked: Option<Nonce>,
    /// The invitation that we ask with.
    pub token: Option<Nonce>,
    /// Their request's id, if they asked.
    pub asking: Option<Nonce>,
    /// Our acceptance of it has not been confirmed yet.
    pub accepting: bool,
}

/// A device of somebody we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The device.
    pub device: DeviceKey,
    /// Whose it is.
    pub root: RootKey,
    /// The key its inboxes are derived from.
    pub rendezvous: ExchangeKey,
    /// Its working key, once we know one.
    pub key: Option<WorkingKey>,
    /// The number of our last mail to it.
    pub mail_sent: u64,
    /// The highest number of its mails to us.
    pub mail_seen: u64,
}

/// The own log of a conversation, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLog {
    /// The conversation.
    pub conversation: ConversationId,
    /// The log.
    pub log: LogId,
    /// The next sequence number.
    pub next: u64,
    /// The last own entry.
    pub last: Option<EntryId>,
    /// The conversation's heads.
    pub heads: Vec<EntryId>,
    /// How far this device has read, when it has said so.
    pub read: Option<Mark>,
}

/// How far somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Grows with every change.
    pub counter: u64,
    /// The last entry of somebody else that was read.
    pub entry: EntryId,
}

/// An own entry that is on the disk of its recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Where it belongs.
    pub conversation: ConversationId,
    /// The entry.
    pub id: EntryId,
    /// Whether it is a message that is shown, and not something about one.
    pub shown: bool,
}

/// An entry that has just found its place, or its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The entry.
    pub id: EntryId,
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: RootKey,
    /// What it does.
    pub kind: u32,
    /// Its body as it came, unless it was erased.
    pub body: Option<Vec<u8>>,
    /// What that means for people.
    pub happened: Happened,
}

/// What an entry that has found its place means for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A message: its text as it reads now.
    Said(String),
    /// A message reads differently.
    Edited {
        /// The message.
        target: EntryId,
        /// Its text now.
        text: String,
    },
    /// A message was deleted, and its text erased.
    Deleted {
        /// The message.
        target: EntryId,
    },
    /// An emoji was put beside a message, or taken back.
    Reacted {
        /// The message.
        target: EntryId,
        /// Which.
        emoji: String,
        /// Whether it is set.
        on: bool,
    },
    /// Nothing that anybody sees.
    Nothing,
}

/// How far an own message has come. It never goes back on the screen, even when a belief does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// On disk here.
    Queued,
    /// Handed to a link or to a broker.
    Sent,
    /// On the disk of the recipient's device.
    Delivered,
    /// Somebody else's.
    Received,
}

/// How an entry travelled between two devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Over a link, from device to device. (1 in the database.)
    Direct,
    /// Over a link through a TURN server. (2)
    Relay,
    /// Sealed, through a broker's queue. (3; a link's number and 3, so 4 or 5, when it was handed to mail after that link and is
    /// not confirmed yet.)
    Mail,
}

/// A message as it reads now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// The entry.
    pub id: EntryId,
    /// Who wrote it.
    pub author: RootKey,
    /// The author's clock, Unix milliseconds.
    pub time: u64,
    /// What it does.
    pub kind: u32,
    /// What a person sees of it.
    pub folded: Folded,
    /// What it answers, when that is here.
    pub quote: Option<QuoteRow>,
    /// How far it has come.
    pub progress: Progress,
    /// How it travelled: one of our own, the last time before its delivery was confirmed, but over the link when mail only came
    /// after it and the confirmation over a link; somebody else's, when it first arrived. None while it has not, and for what an
    /// older Kith has stored.
    pub way: Option<Way>,
    /// One of our own, and somebody else has read it.
    pub read: bool,
}

/// A message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteRow {
    /// The entry.
    pub id: EntryId,
    /// Who wrote it.
    pub author: RootKey,
    /// The beginning of its text as it reads now; empty when there is none.
    pub text: String,
    /// It was deleted, for everyone or here.
    pub deleted: bool,
}
