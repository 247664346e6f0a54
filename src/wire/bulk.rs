//! Bulk: pieces of blobs, on a channel of their own and never by mail.
//!
//! A piece names its blob and where in it it belongs, so it is valid alone, in any order, and again. What a blob is and who asks
//! for it is not said here.

use minicbor::{Decode, Encode};
use thiserror::Error;

use super::BlobHash;
use super::cbor::{self, DecodeError};

/// A piece is one data channel message, and 64 KiB is what every WebRTC stack takes (RFC 8841 §6.1).
pub const BULK_MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// A blob's bytes in a piece: what is left beside the hash, the offset and the head of each field.
pub const BULK_BYTES_MAX: usize = BULK_MESSAGE_BYTES_MAX - 50;

/// A piece of a blob.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Bulk {
    /// Which blob.
    #[n(0)]
    pub blob: BlobHash,
    /// Where in it the piece begins, in bytes.
    #[n(1)]
    pub offset: u64,
    /// 1 to [`BULK_BYTES_MAX`] bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// Why a piece was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BulkError {
    /// Not a piece.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// Nothing, too much, or beyond the end of every blob.
    #[error("{0}")]
    Limit(&'static str),
}

impl Bulk {
    /// The piece's message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads one message and checks its limits.
    ///
    /// # Errors
    /// When the bytes are no piece, or it is beyond a limit.
    pub fn parse(bytes: &[u8]) -> Result<Self, BulkError> {
        let piece: Self = cbor::decode(bytes, BULK_MESSAGE_BYTES_MAX)?;
        if piece.bytes.is_empty() {
            return Err(BulkError::Limit("a piece of nothing"));
        }
        if piece.bytes.len() > BULK_BYTES_MAX {
            return Err(BulkError::Limit("a piece that is too long"));
        }
        if piece.offset.checked_add(piece.bytes.len() as u64).is_none() {
            return Err(BulkError::Limit("a piece beyond the end of every blob"));
        }
        Ok(piece)
    }
}
