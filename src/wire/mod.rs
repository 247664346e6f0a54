//! Every type that crosses a network, versioned, and the strict codec that reads and writes them.
//!
//! All of them are deterministic CBOR (RFC 8949 §4.2.1) with integer keys and no floats; [`cbor::decode`] refuses
//! anything else before a type sees it. Unknown keys are skipped. This layer decides nothing.

pub mod broker_url;
mod bulk;
mod bytes;
pub mod cbor;
mod entry;
mod envelope;
mod frame;
mod message;
pub mod signal;

pub use bulk::{BULK_BYTES_MAX, BULK_MESSAGE_BYTES_MAX, Bulk, BulkError};
pub use bytes::{
    BlobHash, BodyHash, ConnectionId, ConversationId, DeviceKey, EntryId, ExchangeKey, LogId, Nonce, RootKey, Salt,
    Signature,
};
pub use entry::{AFTER_MAX, BODY_BYTES_MAX, ENTRY_BYTES_MAX, Entry, Header, OWN_CONVERSATION, kind};
pub use envelope::{CLASSES, Envelope, EnvelopeError, INNER_BYTES_MAX, Inner, KeyKind, class_for};
pub use frame::{
    ACK_IDS_MAX, Ack, FRAME_BYTES_MAX, Frame, FrameError, HAVE_LOGS_MAX, HELD_DEVICES_MAX, HELD_IDS_MAX, Have, Held,
    Lack, LogHave, RANGES_MAX, Range, Reading, STATE_BYTES_MAX, State, TIPS_MAX, Typing, state,
};
pub use message::{
    Accept, FRAMES_PER_MAIL_MAX, Hello, MAIL_BYTES_MAX, MESSAGE_BYTES_MAX, Mail, Message, NewKey, Request, Signalled,
    WorkingKey,
};

/// The version of everything on the wire that this program speaks. A card names the range its owner understands.
pub const PROTOCOL_VERSION: u8 = 1;

#[cfg(test)]
mod tests;
