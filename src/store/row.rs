//! What is in the database, as the engine sees it.

use std::sync::Arc;

use crate::log::fold::Folded;
use crate::log::group::Group;
use crate::wire::{ConversationId, DeviceKey, EntryId, ExchangeKey, LogId, Nonce, RootKey, WorkingKey};

use super::Summary;

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
    /// There is something that was stored before there was an index: [`super::op::Op::IndexMore`].
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
    pub group: Arc<Group>,
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
    /// Of a group: the entry by which we take ourselves to be in it, the last time that we did.
    pub seat: Option<EntryId>,
    /// The last own entry stands beside its group, and so does whatever goes on with it.
    pub beside: bool,
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
    /// Its number here, if it came without its body, though nobody has deleted that, as far as is known here.
    pub bare: Option<u64>,
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
