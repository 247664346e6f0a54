//! The body of a text entry, and of an edit: it is the new text.

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::wire::{BODY_BYTES_MAX, cbor};

/// A message's text: 1 byte to 16 KiB of UTF-8, so that an entry with its proofs stays below 32 KiB and is never split.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// A text. Newer versions may add fields beside it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Text {
    /// What was written.
    #[n(0)]
    pub text: String,
    /// `true` when somebody has passed on what was written elsewhere; absent otherwise.
    #[n(1)]
    pub forwarded: Option<bool>,
}

/// Why a text was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TextError {
    /// Empty.
    #[error("A message needs at least one byte of text.")]
    Empty,
    /// More than [`TEXT_BYTES_MAX`].
    #[error("A message has at most {TEXT_BYTES_MAX} bytes of text; this one has {0}.")]
    TooLong(usize),
    /// Not the body of a text.
    #[error("not a text: {0}")]
    Malformed(#[from] cbor::DecodeError),
}

impl Text {
    /// Checks a text that somebody wants to send.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        match text.len() {
            0 => Err(TextError::Empty),
            length if length > TEXT_BYTES_MAX => Err(TextError::TooLong(length)),
            _ => Ok(Self { text, forwarded: None }),
        }
    }

    /// The body's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    /// When it is not the body of a text, or beyond its limits.
    pub fn parse(body: &[u8]) -> Result<Self, TextError> {
        let Self { text, forwarded } = cbor::decode(body, BODY_BYTES_MAX)?;
        Ok(Self { forwarded, ..Self::new(text)? })
    }

    /// The same text, passed on.
    #[must_use]
    pub fn forward(self) -> Self {
        Self { forwarded: Some(true), ..self }
    }
}
