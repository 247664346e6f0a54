//! Numbers as SQLite holds them: 64 bits with a sign.

/// A number that SQL compares. What does not fit is beyond everything stored, and so is the largest that does.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The way back from [`int`].
pub(super) fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// A counter that somebody else chose, bit for bit. SQL never compares it.
pub(super) fn bits(value: u64) -> i64 {
    value.cast_signed()
}

/// The way back from [`bits`].
pub(super) fn from_bits(value: i64) -> u64 {
    value.cast_unsigned()
}
