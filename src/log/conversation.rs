//! Names of conversations.

use crate::wire::{ConversationId, EntryId, Header, OWN_CONVERSATION, RootKey};

/// The conversation of two people: the hash of both root keys in ascending order, so the same on both sides.
#[must_use]
pub fn direct_conversation(one: &RootKey, other: &RootKey) -> ConversationId {
    let mut keys = [one, other];
    keys.sort();
    let mut hasher = blake3::Hasher::new_derive_key("kith 2026 direct conversation");
    for key in keys {
        hasher.update(key.as_bytes());
    }
    ConversationId(*hasher.finalize().as_bytes())
}

/// The conversation of a group: the hash of the entry that created it, which is that entry's id.
#[must_use]
pub fn group_conversation(creation: &EntryId) -> ConversationId {
    ConversationId(*creation.as_bytes())
}

/// Where an entry belongs: what its header says, or its own id if it creates a group.
#[must_use]
pub fn conversation_of(header: &Header, id: &EntryId) -> ConversationId {
    if header.conversation == OWN_CONVERSATION { group_conversation(id) } else { header.conversation }
}
