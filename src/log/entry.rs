//! An entry whose header was read, checked and verified.

use ed25519_dalek::SigningKey;
use thiserror::Error;

use super::conversation_of;
use crate::identity::{Context, sign, verify};
use crate::wire::{
    self, AFTER_MAX, BODY_BYTES_MAX, BodyHash, ConversationId, EntryId, Header, LogId, OWN_CONVERSATION, RootKey, Salt,
    cbor, kind,
};

/// A header with all of its heads is below one kilobyte; twice that leaves room for fields of newer versions.
const HEADER_BYTES_MAX: usize = 2048;

/// A verified entry. Its bytes are kept as they came and are forwarded unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    id: EntryId,
    header: Header,
    wire: wire::Entry,
}

/// What an author decides about an entry; the rest follows from it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The person who writes.
    pub author: RootKey,
    /// Where it belongs; [`OWN_CONVERSATION`] for the entry that creates a group.
    pub conversation: ConversationId,
    /// The device's log.
    pub log: LogId,
    /// Position in the log.
    pub sequence: u64,
    /// The entry before it in the log.
    pub previous: Option<EntryId>,
    /// Heads of other logs that the author has seen. Sorted and cut to [`AFTER_MAX`] here.
    pub after: Vec<EntryId>,
    /// Wall clock, Unix milliseconds.
    pub time: u64,
    /// What it does.
    pub kind: u32,
    /// What it is about.
    pub target: Option<EntryId>,
    /// Its content.
    pub body: Vec<u8>,
    /// Random.
    pub salt: Salt,
}

/// Why an entry was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EntryError {
    /// The header is not one.
    #[error("not an entry: {0}")]
    Malformed(#[from] cbor::DecodeError),
    /// A rule between the header's fields does not hold.
    #[error("{0}")]
    Inconsistent(&'static str),
    /// Salt and body are not what the header says.
    #[error("the body is not the one that was signed")]
    Body,
    /// The device has not signed it.
    #[error("the entry's signature does not hold")]
    Signature,
}

impl Entry {
    /// Writes and signs a new entry.
    #[must_use]
    pub fn write(device: &SigningKey, draft: Draft) -> Self {
        let Draft { author, conversation, log, sequence, previous, mut after, time, kind, target, body, salt } = draft;
        after.sort_unstable();
        after.dedup();
        after.truncate(AFTER_MAX);
        let header = Header {
            author,
            device: wire::DeviceKey(device.verifying_key().to_bytes()),
            conversation,
            log,
            sequence,
            previous,
            after,
            time,
            kind,
            target,
            length: u32::try_from(body.len()).unwrap_or(u32::MAX),
            hash: body_hash(&salt, &body),
        };
        let bytes = cbor::encode(&header);
        let signature = sign(device, Context::Entry, &bytes);
        let id = entry_id(&bytes);
        Self { id, header, wire: wire::Entry { header: bytes, signature, salt: Some(salt), body: Some(body) } }
    }

    /// Verifies an entry that arrived. Whether its author belongs to the conversation is not checked here.
    ///
    /// # Errors
    /// When its header is malformed or inconsistent, its body is another, or its signature does not hold.
    pub fn verify(entry: wire::Entry) -> Result<Self, EntryError> {
        let header: Header = cbor::decode(&entry.header, HEADER_BYTES_MAX)?;
        let ensure = |holds: bool, rule| if holds { Ok(()) } else { Err(EntryError::Inconsistent(rule)) };
        ensure((header.sequence == 0) == header.previous.is_none(), "only a log's first entry has none before it")?;
        ensure(header.after.len() <= AFTER_MAX, "an entry names at most 16 heads")?;
        ensure(header.after.is_sorted_by(|a, b| a < b), "heads are ascending and different")?;
        ensure(header.sequence < u64::from(u32::MAX), "no log is that long")?;
        ensure(header.time < TIME_MAX, "no clock shows that")?;
        let creates = header.kind == kind::GROUP && header.sequence == 0 && header.after.is_empty();
        ensure(
            header.conversation != OWN_CONVERSATION || creates,
            "only what creates a group is its own conversation",
        )?;
        ensure(usize::try_from(header.length).is_ok_and(|length| length <= BODY_BYTES_MAX), "the body is too long")?;
        match (&entry.salt, &entry.body) {
            (None, None) => {}
            (Some(salt), Some(body)) => {
                let length = usize::try_from(header.length) == Ok(body.len());
                if !length || body_hash(salt, body) != header.hash {
                    return Err(EntryError::Body);
                }
            }
            _ => return Err(EntryError::Body),
        }
        if !verify(header.device.as_bytes(), Context::Entry, &entry.header, &entry.signature) {
            return Err(EntryError::Signature);
        }
        Ok(Self { id: entry_id(&entry.header), header, wire: entry })
    }

    /// The hash of the header.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// Where it belongs: what its header says, or its own id if it creates a group.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        conversation_of(&self.header, &self.id)
    }

    /// The signed part.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The body, unless it was erased.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.wire.body.as_deref()
    }

    /// The bytes as they travel.
    #[must_use]
    pub fn wire(&self) -> &wire::Entry {
        &self.wire
    }

    /// The entries that must be placed before this one: the one before it in its log, and the heads it names.
    pub fn parents(&self) -> impl Iterator<Item = &EntryId> {
        self.header.previous.iter().chain(&self.header.after)
    }
}

/// The year 10889: SQLite and every JSON reader hold smaller numbers exactly.
const TIME_MAX: u64 = 1 << 48;

fn entry_id(header: &[u8]) -> EntryId {
    EntryId(blake3::derive_key("kith 2026 entry id", header))
}

fn body_hash(salt: &Salt, body: &[u8]) -> BodyHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt.as_bytes());
    hasher.update(body);
    BodyHash(*hasher.finalize().as_bytes())
}
