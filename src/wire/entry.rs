//! Entries as they travel: a signed header, and beside it salt and body, which can be erased.

use minicbor::{Decode, Encode};

use super::{BodyHash, ConversationId, DeviceKey, EntryId, LogId, RootKey, Salt, Signature};

/// An entry with its body is at most 32 KiB: it fits a data channel message and a mail envelope and is never split.
pub const ENTRY_BYTES_MAX: usize = 32 * 1024;
/// The body's share of [`ENTRY_BYTES_MAX`]; the rest is header, signature and salt.
pub const BODY_BYTES_MAX: usize = 24 * 1024;
/// Heads that one entry can name. More than this many concurrent writers are merged by the entries that follow.
pub const AFTER_MAX: usize = 16;

/// What an entry does. Unknown kinds are kept and forwarded.
pub mod kind {
    /// A message. With a target it is a reply, and quotes it.
    pub const TEXT: u32 = 1;
    /// Another text for the target.
    pub const EDIT: u32 = 2;
    /// The target is deleted, for everyone.
    pub const DELETE: u32 = 3;
    /// An emoji beside the target, set or taken back.
    pub const REACTION: u32 = 4;
    /// A change of a group's membership or of what the group is called.
    pub const GROUP: u32 = 16;
}

/// What the entry that creates a group names as its conversation: its own id, which nobody knows before it is written.
pub const OWN_CONVERSATION: ConversationId = ConversationId([0; 32]);

/// The signed part of an entry. Its encoding is hashed for the entry's id and is never produced again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Header {
    /// The person who wrote it.
    #[n(0)]
    pub author: RootKey,
    /// The device that wrote and signed it.
    #[n(1)]
    pub device: DeviceKey,
    /// Where it belongs.
    #[n(2)]
    pub conversation: ConversationId,
    /// The log within (device, conversation).
    #[n(3)]
    pub log: LogId,
    /// Position in the log, from 0.
    #[n(4)]
    pub sequence: u64,
    /// The id of the entry before it in the log; absent for sequence 0.
    #[n(5)]
    pub previous: Option<EntryId>,
    /// Heads of other logs that the author had seen, ascending, at most [`AFTER_MAX`].
    #[n(6)]
    pub after: Vec<EntryId>,
    /// The author's unadjusted wall clock, Unix milliseconds.
    #[n(7)]
    pub time: u64,
    /// One of [`kind`], or a newer one.
    #[n(8)]
    pub kind: u32,
    /// The entry it is about (an edit, a reaction, a reply); absent for a text that answers none.
    #[n(9)]
    pub target: Option<EntryId>,
    /// Length of the body in bytes.
    #[n(10)]
    pub length: u32,
    /// BLAKE3 of salt and body.
    #[n(11)]
    pub hash: BodyHash,
}

/// An entry as it travels and is stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// The encoded [`Header`].
    #[cbor(n(0), with = "minicbor::bytes")]
    pub header: Vec<u8>,
    /// The device's signature over the header.
    #[n(1)]
    pub signature: Signature,
    /// Absent when erased, together with the body.
    #[n(2)]
    pub salt: Option<Salt>,
    /// Absent when erased, together with the salt.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub body: Option<Vec<u8>>,
}
