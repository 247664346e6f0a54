//! Names of conversations.

use crate::wire::{ConversationId, RootKey};

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
