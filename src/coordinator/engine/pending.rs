//! What the engine does when somebody has answered: the store, or a broker.

use super::choices::Plan;
use std::collections::BTreeSet;

use super::bodies::Missing;
use super::former::Sign;
use super::io::{BrokerConn, CallId};
use super::live::Act;
use super::search::Searching;
use crate::log::Entry;
use crate::store;
use crate::wire::{self, ConnectionId, ConversationId, DeviceKey, EntryId, Nonce, RootKey};

/// What to do when the store has answered.
pub(super) enum Pending {
    Load,
    Reload,
    Nothing,
    /// The identity is on disk: reply.
    Created(CallId),
    /// The person we ask is on disk: reply, and ask them.
    Asked(CallId, RootKey),
    /// A stranger's request is on disk.
    Asking {
        root: RootKey,
        announce: bool,
        delivery: Option<(BrokerConn, u64)>,
    },
    /// Somebody is a contact now.
    Befriended {
        root: RootKey,
        call: Option<CallId>,
        delivery: Option<(BrokerConn, u64)>,
        /// Whose acceptance made them one: it is confirmed.
        accepted: Option<(DeviceKey, Nonce)>,
    },
    /// A contact's acceptance came once more, and what it says is on disk: it is confirmed once more.
    AcceptedAgain {
        root: RootKey,
        accepted: (DeviceKey, Nonce),
        delivery: Option<(BrokerConn, u64)>,
    },
    /// Reply with this user.
    ReplyUser(CallId, uuid::Uuid),
    /// Reply with this, once what was asked before is answered.
    Then(CallId, Box<crate::coordinator::Reply>),
    /// Reply that it is done.
    Reply(CallId),
    /// An own message is on disk.
    Written {
        call: CallId,
        conversation: ConversationId,
        id: EntryId,
    },
    /// Entries of a peer are on disk.
    Inserted {
        device: DeviceKey,
        delivery: Option<(BrokerConn, u64)>,
        /// Whether that they came shows that the peer has them.
        proves: bool,
        /// Where they belong.
        conversations: BTreeSet<ConversationId>,
    },
    /// What came before in this delivery is on disk.
    Delivery(BrokerConn, u64),
    /// A peer's acks count.
    Acked {
        device: DeviceKey,
        ids: Vec<EntryId>,
        /// Of which conversations it may say that.
        of: BTreeSet<ConversationId>,
        way: store::Way,
    },
    /// A peer's `have` or `lack` counts.
    Believed {
        device: DeviceKey,
        said: Said,
    },
    /// Say this on the link.
    Have(DeviceKey),
    /// Push these: the answer to this question of the link's.
    Push(DeviceKey, u64),
    /// Mail these: the answer to this question of the mailer's.
    Mail(DeviceKey, u64),
    /// Answer with these.
    History(CallId),
    /// Own entries are handed to a path.
    Sent,
    /// Tell the watchers of these.
    Summaries(Vec<ConversationId>),
    /// A nickname is on disk.
    Nicknamed {
        call: CallId,
        root: RootKey,
        nickname: String,
    },
    /// Who may learn no address of ours is on disk.
    AddressHidden {
        call: CallId,
        root: RootKey,
        on: bool,
    },
    /// Answer with this message.
    Info(CallId),
    /// The next card's counter is on disk: sign it, and give it away.
    CardKept {
        /// Nobody has asked for one that has to be newer than what others know.
        call: Option<CallId>,
        renamed: bool,
        plan: Plan,
    },
    /// Answer with this page.
    Page(CallId, ConversationId),
    /// What was read is on disk, or names no message: reply.
    MarkedRead(CallId, ConversationId),
    /// A draft is on disk: reply.
    DraftKept(CallId, ConversationId),
    /// Answer with this number in it.
    Status(CallId),
    /// The message that something is to be done with was looked at.
    Looked {
        call: CallId,
        conversation: ConversationId,
        act: Act,
    },
    /// Something that we did with a message is on disk: reply, and tell it.
    Acted {
        call: CallId,
        conversation: ConversationId,
        id: EntryId,
        happened: store::Happened,
    },
    /// One of the messages that a command passes on is on disk.
    Forwarded {
        call: CallId,
        conversation: ConversationId,
        id: EntryId,
    },
    /// By which entry we are in a group is on disk.
    Seat(ConversationId),
    /// Ask for what is missing.
    Bare(Missing),
    /// A message is hidden, or is none: reply.
    Hidden(CallId, ConversationId),
    /// How far a peer has read is on disk.
    TheyRead {
        device: DeviceKey,
        conversation: ConversationId,
        entry: EntryId,
    },
    /// Answer with what was found, or look further.
    Search(Box<Searching>),
    /// Index more, if there is more.
    Indexing,
    /// A choice for a conversation is on disk: reply, if somebody asked.
    Chosen {
        call: Option<CallId>,
        conversation: ConversationId,
    },
    /// Answer with these conversations.
    Conversations(CallId),
    /// A change of a group that we have written is on disk.
    Changed {
        /// Who asked for it, if this is the last of what they asked for.
        call: Option<CallId>,
        conversation: ConversationId,
        entry: Box<Entry>,
    },
    /// The last entries of somebody who is to go are known.
    Cut {
        call: CallId,
        conversation: ConversationId,
        root: RootKey,
    },
    /// A group may be another one now.
    Group(ConversationId),
    /// Whether a device knows that its person is out of a group.
    Told {
        device: DeviceKey,
        conversation: ConversationId,
        /// What says so.
        ends: Vec<EntryId>,
        /// Why that is asked.
        sign: Sign,
    },
    /// Who has to have what we write in a group is on disk.
    Recipients(ConversationId),
    /// A contact names so many entries of a group of which they are out, as far as we know.
    Offered {
        device: DeviceKey,
        conversation: ConversationId,
        named: usize,
    },
    /// Say by mail what we have: it asks for the rest.
    AskByMail(DeviceKey, ConversationId),
    /// Mail these, once: what a device has asked for in mail of its own.
    Carry(DeviceKey, ConversationId),
    /// Answer with this message, and then with who has it.
    Deliveries(CallId, Box<crate::coordinator::MessageInfo>),
    /// Say this by mail.
    /// With what is still to be asked for, and what is there.
    MailHave(DeviceKey, Vec<ConversationId>, Vec<Vec<u8>>),
}

/// What a peer said to have or to lack: kept until the store has it, since nobody says it again.
pub(super) enum Said {
    /// With the connection over which it was said: on a link what it says there counts, and nothing else.
    Has(wire::Have, Option<ConnectionId>),
    Lacks(wire::Lack),
}

/// What is done again after the disk refused it.
pub(super) enum Refused {
    /// Ask the store again.
    Wish(Pending),
    /// Let the broker of this connection deliver again what was not acknowledged.
    Delivery(BrokerConn),
}

/// What a broker's PUBACK means.
pub(super) enum Publishing {
    Mail { device: DeviceKey, number: u64 },
    Courier(RootKey),
}
