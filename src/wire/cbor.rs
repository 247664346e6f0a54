//! Deterministic CBOR: the only way bytes from a network become a type.
//!
//! [`decode`] first walks the bytes without allocating and refuses everything that RFC 8949 §4.2.1 would not have
//! produced (longer integers than needed, indefinite lengths, unsorted or repeated keys), and everything Kith does not
//! use (floats, tags, keys that are not unsigned integers). Two different byte strings therefore never mean the same.

use minicbor::{Decode, Encode};
use thiserror::Error;

/// Why bytes were refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// More bytes than this type may have.
    #[error("{actual} bytes, and at most {limit} are allowed")]
    TooLong {
        /// Bytes given.
        actual: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// Valid CBOR perhaps, but not the one deterministic form.
    #[error("not deterministic at byte {offset}: {what}")]
    NotDeterministic {
        /// Where.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// Deterministic, but not this type.
    #[error("not what was expected: {0}")]
    Unexpected(String),
}

/// Arrays and maps may nest this deep: twice what any type of ours needs.
const DEPTH_MAX: u8 = 12;

/// Encodes a value. Derived encoders write keys in ascending order and integers at their shortest.
#[must_use]
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    // Writing to a Vec cannot fail, and none of our encoders reports an error of its own.
    minicbor::to_vec(value).unwrap_or_default()
}

/// Decodes a value of at most `limit` bytes that fills `bytes` exactly.
///
/// # Errors
/// When the bytes are too long, cut off, not deterministic, or not a `T`.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8], limit: usize) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLong { actual: bytes.len(), limit });
    }
    check(bytes)?;
    minicbor::decode(bytes).map_err(|error| DecodeError::Unexpected(error.to_string()))
}

/// Checks that `bytes` are exactly one item in deterministic form.
///
/// # Errors
/// Names the first offence.
pub fn check(bytes: &[u8]) -> Result<(), DecodeError> {
    let mut walk = Walk { bytes, at: 0 };
    walk.item(0)?;
    if walk.at != bytes.len() {
        return Err(walk.offence("bytes after the end"));
    }
    Ok(())
}

struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Walk<'_> {
    fn offence(&self, what: &'static str) -> DecodeError {
        DecodeError::NotDeterministic { offset: self.at, what }
    }

    fn take(&mut self, count: usize) -> Result<&[u8], DecodeError> {
        let end = self.at.checked_add(count).ok_or(DecodeError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(DecodeError::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    /// Reads one head: the major type and its argument.
    fn head(&mut self) -> Result<(u8, u64), DecodeError> {
        let start = self.at;
        let first = self.take(1)?.first().copied().unwrap_or_default();
        let (major, low) = (first >> 5, first & 0x1f);
        let width = match low {
            0..=23 => return Ok((major, u64::from(low))),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(DecodeError::NotDeterministic { offset: start, what: "indefinite or reserved length" }),
        };
        let value = self.take(width)?.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        let least = match width {
            1 => 24,
            2 => 1 << 8,
            4 => 1 << 16,
            _ => 1 << 32,
        };
        if major != 7 && value < least {
            return Err(DecodeError::NotDeterministic { offset: start, what: "an integer longer than needed" });
        }
        Ok((major, value))
    }

    fn item(&mut self, depth: u8) -> Result<(), DecodeError> {
        if depth > DEPTH_MAX {
            return Err(self.offence("nested too deep"));
        }
        let start = self.at;
        let (major, argument) = self.head()?;
        let count = usize::try_from(argument).map_err(|_| DecodeError::Truncated);
        match major {
            0 | 1 => Ok(()),
            2 => self.take(count?).map(drop),
            3 => match std::str::from_utf8(self.take(count?)?) {
                Ok(_) => Ok(()),
                Err(_) => Err(self.offence("text that is not UTF-8")),
            },
            4 => (0..count?).try_for_each(|_| self.item(depth + 1)),
            5 => self.map(argument, depth),
            7 if matches!(argument, 20..=22) && self.at == start + 1 => Ok(()),
            7 => Err(self.offence("a float or a simple value")),
            _ => Err(self.offence("a tag")),
        }
    }

    fn map(&mut self, entries: u64, depth: u8) -> Result<(), DecodeError> {
        let mut last = None;
        for _ in 0..entries {
            let (major, key) = self.head()?;
            if major != 0 {
                return Err(self.offence("a key that is not an unsigned integer"));
            }
            if last.is_some_and(|last| key <= last) {
                return Err(self.offence("keys repeated or out of order"));
            }
            last = Some(key);
            self.item(depth + 1)?;
        }
        Ok(())
    }
}
