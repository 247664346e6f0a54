//! Fixed-length byte strings, each its own type, so that a key can never be passed where an id belongs.

use std::fmt;

use data_encoding::HEXLOWER;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

macro_rules! byte_string {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// Length in bytes.
            pub const LENGTH: usize = $length;

            /// The bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// From a slice of exactly the right length.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// From lower-case hexadecimal.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                Self::from_slice(&HEXLOWER.decode(text.as_bytes()).ok()?)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let hex = HEXLOWER.encode(&self.0);
                write!(f, "{}({})", stringify!($name), hex.get(..8).unwrap_or(&hex))
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                Self::from_slice(d.bytes()?).ok_or_else(|| decode::Error::message("wrong length"))
            }
        }
    };
}

byte_string!(
    /// A person's Ed25519 public key. It names the person wherever something is signed or authorised.
    RootKey,
    32
);
byte_string!(
    /// A device's Ed25519 public key.
    DeviceKey,
    32
);
byte_string!(
    /// An X25519 public key: a rendezvous key or a sealing key.
    ExchangeKey,
    32
);
byte_string!(
    /// An Ed25519 signature (RFC 8032).
    Signature,
    64
);
byte_string!(
    /// The hash of an entry's header: the same on every device.
    EntryId,
    32
);
byte_string!(
    /// A log's random name; a new install or a restore draws a new one.
    LogId,
    16
);
byte_string!(
    /// Names one attempt to connect; every offer mints one.
    ConnectionId,
    16
);
byte_string!(
    /// Sixteen random bytes used once: boot ids, hello nonces, invitation tokens, request ids.
    Nonce,
    16
);
byte_string!(
    /// A conversation: the hash of both sorted root keys, or of a group's creation entry.
    ConversationId,
    32
);
byte_string!(
    /// BLAKE3 of an entry's salt and body.
    BodyHash,
    32
);
byte_string!(
    /// BLAKE3 of a blob: what is too large for an entry, and travels as bulk.
    BlobHash,
    32
);
byte_string!(
    /// Random bytes beside an entry's body, so that its hash says nothing about a body that was erased.
    Salt,
    32
);
