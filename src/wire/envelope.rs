//! Envelopes as bytes: what a broker carries. Sealing and opening live in [`crate::signaling`].
//!
//! ```text
//! version 1 | key kind 1 | encapsulated key 32 | ciphertext and tag
//! ```
//! The whole is exactly as long as one of [`CLASSES`], so that a length says little about a content.

use minicbor::{Decode, Encode};
use thiserror::Error;

use super::{DeviceKey, PROTOCOL_VERSION, Signature};

/// The lengths that an envelope can have. Presence, candidates and acks are all of the first; a long text of the last.
pub const CLASSES: [usize; 4] = [1024, 4096, 16_384, 65_536];
/// Version, key kind and encapsulated key.
const HEAD_BYTES: usize = 34;
/// Poly1305's tag.
const TAG_BYTES: usize = 16;
/// The length that stands before the inner bytes.
const LENGTH_BYTES: usize = 4;
/// The largest [`Inner`] that fits the largest class.
pub const INNER_BYTES_MAX: usize = 65_536 - HEAD_BYTES - TAG_BYTES - LENGTH_BYTES;

/// Which of the recipient's keys an envelope is sealed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// The key in the card: opens only requests and new keys.
    Card,
    /// The key that travels in presence, mail, requests and acceptances.
    Working,
}

/// An envelope taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'b> {
    /// Which key opens it.
    pub key: KeyKind,
    /// HPKE's encapsulated key.
    pub encapsulated: &'b [u8; 32],
    /// Ciphertext and tag.
    pub ciphertext: &'b [u8],
}

/// What is inside, before padding: `{device, signature, message}`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Inner {
    /// The sending device.
    #[n(0)]
    pub device: DeviceKey,
    /// Its signature over everything that the envelope is bound to.
    #[n(1)]
    pub signature: Signature,
    /// An encoded [`super::Message`].
    #[cbor(n(2), with = "minicbor::bytes")]
    pub message: Vec<u8>,
}

/// Why bytes are no envelope.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Not one of the lengths that an envelope can have.
    #[error("no envelope is {0} bytes long")]
    Length(usize),
    /// Made by a version that this program does not speak.
    #[error("an envelope of version {0}")]
    Version(u8),
    /// An unknown kind of key.
    #[error("an envelope for an unknown kind of key")]
    Key,
    /// What is inside is larger than the largest class.
    #[error("{0} bytes do not fit an envelope")]
    TooLong(usize),
}

/// The smallest class that holds `inner` bytes.
///
/// # Errors
/// When none does.
pub fn class_for(inner: usize) -> Result<usize, EnvelopeError> {
    let whole = inner.saturating_add(HEAD_BYTES + TAG_BYTES + LENGTH_BYTES);
    CLASSES.into_iter().find(|class| *class >= whole).ok_or(EnvelopeError::TooLong(inner))
}

impl<'b> Envelope<'b> {
    /// Takes an envelope apart without opening it.
    ///
    /// # Errors
    /// When the length, version or key kind is not one of ours.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, EnvelopeError> {
        if !CLASSES.contains(&bytes.len()) {
            return Err(EnvelopeError::Length(bytes.len()));
        }
        let length = EnvelopeError::Length(bytes.len());
        let (head, ciphertext) = bytes.split_at_checked(HEAD_BYTES).ok_or(length)?;
        let ([version, key], encapsulated) = head.split_first_chunk::<2>().ok_or(length)?;
        if *version != PROTOCOL_VERSION {
            return Err(EnvelopeError::Version(*version));
        }
        let key = KeyKind::from_byte(*key).ok_or(EnvelopeError::Key)?;
        Ok(Self { key, encapsulated: encapsulated.try_into().map_err(|_| length)?, ciphertext })
    }

    /// Puts an envelope together.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.ciphertext.len());
        bytes.extend([PROTOCOL_VERSION, self.key.to_byte()]);
        bytes.extend(self.encapsulated);
        bytes.extend(self.ciphertext);
        bytes
    }

    /// Pads an encoded [`Inner`] to fill its class: length, bytes, zeros.
    ///
    /// # Errors
    /// When it fits no class.
    pub fn pad(inner: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        let class = class_for(inner.len())?;
        let length = u32::try_from(inner.len()).map_err(|_| EnvelopeError::TooLong(inner.len()))?;
        let mut padded = Vec::with_capacity(class);
        padded.extend(length.to_be_bytes());
        padded.extend(inner);
        padded.resize(class - HEAD_BYTES - TAG_BYTES, 0);
        Ok(padded)
    }

    /// Undoes [`Envelope::pad`]; `None` when the length is wrong, a zero is missing, or a smaller class would have done.
    #[must_use]
    pub fn unpad(padded: &[u8]) -> Option<&[u8]> {
        let (length, rest) = padded.split_first_chunk::<LENGTH_BYTES>()?;
        let (inner, zeros) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let fits = class_for(inner.len()) == Ok(padded.len() + HEAD_BYTES + TAG_BYTES);
        (fits && zeros.iter().all(|byte| *byte == 0)).then_some(inner)
    }
}

impl KeyKind {
    /// The byte that names it.
    #[must_use]
    pub fn to_byte(self) -> u8 {
        match self {
            Self::Card => 0,
            Self::Working => 1,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Card),
            1 => Some(Self::Working),
            _ => None,
        }
    }
}
