//! Every type that crosses a network, versioned, and the strict codec that reads and writes them.
//!
//! All of them are deterministic CBOR (RFC 8949 §4.2.1) with integer keys and no floats; [`cbor::decode`] refuses
//! anything else before a type sees it. Unknown keys are skipped. This layer decides nothing.

mod bytes;
pub mod cbor;

pub use bytes::{ConnectionId, DeviceKey, EntryId, ExchangeKey, LogId, Nonce, RootKey, Signature};

/// The version of everything on the wire that this program speaks. A card names the range its owner understands.
pub const PROTOCOL_VERSION: u8 = 1;

#[cfg(test)]
mod tests;
