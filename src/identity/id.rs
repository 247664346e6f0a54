//! User and device ids: UUIDs of version 8 (RFC 9562 §5.8) from a BLAKE3 hash of the key.

use std::fmt;

use uuid::Uuid;

use crate::wire::{ConversationId, DeviceKey, RootKey};

macro_rules! key_id {
    ($(#[$doc:meta])* $name:ident, $key:ty, $context:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl From<&$key> for $name {
            fn from(key: &$key) -> Self {
                let hash = blake3::derive_key($context, key.as_bytes());
                Self(uuid_from(&hash))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

key_id!(
    /// A person's id. It names the door topic.
    UserId,
    RootKey,
    "kith 2026 user id"
);
key_id!(
    /// A device's id.
    DeviceId,
    DeviceKey,
    "kith 2026 device id"
);

key_id!(
    /// A group's id, where people are named by their [`UserId`].
    GroupId,
    ConversationId,
    "kith 2026 group id"
);

/// The first 16 bytes of a hash as a version 8 UUID.
pub(crate) fn uuid_from(hash: &[u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hash) {
        *to = *from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
