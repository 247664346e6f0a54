//! Frames: idempotent statements between two devices, valid alone, in any order, on any path.
//!
//! A frame is `[kind, map]`. A kind that this program does not know is reported as [`FrameError::Newer`] and skipped.

use minicbor::{Decode, Decoder, Encode};
use thiserror::Error;

use super::cbor::{self, DecodeError};
use super::signal::Heartbeat;
use super::{ConversationId, DeviceKey, Entry, EntryId, LogId};

/// A frame is one data channel message, and 64 KiB is what every WebRTC stack takes (RFC 8841 §6.1).
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Logs in one `have`: 256 of about 130 bytes stay far below a frame.
pub const HAVE_LOGS_MAX: usize = 256;
/// Ranges that one log may list above its contiguous part. What is above the last one is said as lacking, and is sent again.
pub const RANGES_MAX: usize = 32;
/// Branch tips of forks in one log.
pub const TIPS_MAX: usize = 16;
/// Ids in one `ack`: 16 KiB of them, what one mail of short messages needs.
pub const ACK_IDS_MAX: usize = 512;
/// A latest-value statement: a card is the largest.
pub const STATE_BYTES_MAX: usize = 4 * 1024;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Frame {
    /// A sign of life on a link.
    #[n(0)]
    Heartbeat(#[n(0)] Heartbeat),
    /// An entry.
    #[n(1)]
    Entry(#[n(0)] Entry),
    /// What the sender has on disk.
    #[n(2)]
    Have(#[n(0)] Have),
    /// What the sender asks for.
    #[n(3)]
    Lack(#[n(0)] Lack),
    /// What the sender has just put on disk.
    #[n(4)]
    Ack(#[n(0)] Ack),
    /// A latest value.
    #[n(5)]
    State(#[n(0)] State),
}

/// Consecutive sequence numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Range {
    /// The first.
    #[n(0)]
    pub from: u64,
    /// How many, at least 1.
    #[n(1)]
    pub count: u64,
}

impl Range {
    /// The first sequence number after the range.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.from.saturating_add(self.count)
    }
}

/// What the sender has of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Have {
    /// The conversation.
    #[n(0)]
    pub conversation: ConversationId,
    /// Each log once, ascending by (device, log).
    #[n(1)]
    pub logs: Vec<LogHave>,
    /// Whether these are all logs that the sender has: of one that is not named it has nothing then.
    #[n(2)]
    pub all: bool,
}

/// What the sender has of one log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogHave {
    /// Whose log.
    #[n(0)]
    pub device: DeviceKey,
    /// Which log of that device.
    #[n(1)]
    pub log: LogId,
    /// It has the sequences 0 to `count - 1` without a gap.
    #[n(2)]
    pub count: u64,
    /// The id of the entry at `count - 1`; absent when `count` is 0.
    #[n(3)]
    pub head: Option<EntryId>,
    /// What it has above, ascending and apart.
    #[n(4)]
    pub ranges: Vec<Range>,
    /// Entries that it has on other branches of a forked log.
    #[n(5)]
    pub tips: Vec<EntryId>,
}

/// Asks for entries of one log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Lack {
    /// The conversation.
    #[n(0)]
    pub conversation: ConversationId,
    /// Whose log.
    #[n(1)]
    pub device: DeviceKey,
    /// Which log of that device.
    #[n(2)]
    pub log: LogId,
    /// What is wanted, ascending and apart.
    #[n(3)]
    pub ranges: Vec<Range>,
}

/// These entries are on the sender's disk.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Ack {
    /// Their ids.
    #[n(0)]
    pub ids: Vec<EntryId>,
}

/// A latest value: the highest counter wins.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct State {
    /// One of [`state`], or a newer one.
    #[n(0)]
    pub kind: u32,
    /// Grows with every change.
    #[n(1)]
    pub counter: u64,
    /// What `kind` says.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub value: Vec<u8>,
}

/// Kinds of [`State`].
pub mod state {
    /// The sender's signed card.
    pub const CARD: u32 = 1;
    /// How far its user has read: the value is a [`super::Reading`].
    pub const READ: u32 = 2;
    /// Its user types, or has stopped: the value is a [`super::Typing`]. Over an open link only; the counter says nothing.
    pub const TYPING: u32 = 3;
    /// How far mail has come: the counter is the number of the sender's last mail to the reader, the value (8 bytes, the highest
    /// first) the highest number of the reader's whose `have` counts.
    pub const MAIL: u32 = 4;
    /// Who else has some of the last entries of a large group: the value is a [`super::Held`]. Over an open link only; the counter
    /// says nothing.
    pub const HELD: u32 = 5;
}

/// Entries that one [`Held`] names: with as many devices as it can name it stays below a state's limit.
pub const HELD_IDS_MAX: usize = 16;
/// Devices that one [`Held`] names.
pub const HELD_DEVICES_MAX: usize = 96;

/// These devices have said, to the sender or to who told it, that each of these entries is on their disks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Held {
    /// The entries.
    #[n(0)]
    pub ids: Vec<EntryId>,
    /// The devices.
    #[n(1)]
    pub devices: Vec<DeviceKey>,
}

/// How far somebody has read in one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Reading {
    /// Where.
    #[n(0)]
    pub conversation: ConversationId,
    /// The last entry of somebody else that was read; what stands before it was read too.
    #[n(1)]
    pub entry: EntryId,
}

/// Whether somebody types in one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Typing {
    /// Where.
    #[n(0)]
    pub conversation: ConversationId,
    /// Whether they do.
    #[n(1)]
    pub on: bool,
}

/// Why a frame was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// Not a frame.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// A kind that this program does not know: written by a newer version.
    #[error("a frame of the unknown kind {0}")]
    Newer(u32),
    /// A list is longer than allowed, out of order, or empty where it may not be.
    #[error("{0}")]
    Limit(&'static str),
}

/// The highest kind that this program knows.
const KIND_LAST: u32 = 5;

impl Frame {
    /// The frame's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads one frame and checks its limits.
    ///
    /// # Errors
    /// When the bytes are no frame, of an unknown kind, or beyond a limit.
    pub fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(DecodeError::TooLong { actual: bytes.len(), limit: FRAME_BYTES_MAX }.into());
        }
        cbor::check(bytes)?;
        let mut decoder = Decoder::new(bytes);
        if let (Ok(Some(_)), Ok(kind)) = (decoder.array(), decoder.u32())
            && kind > KIND_LAST
        {
            return Err(FrameError::Newer(kind));
        }
        let frame: Self = cbor::decode(bytes, FRAME_BYTES_MAX)?;
        frame.limits()?;
        Ok(frame)
    }

    fn limits(&self) -> Result<(), FrameError> {
        match self {
            Self::Heartbeat(heartbeat) => ensure(heartbeat.validate().is_ok(), "an interval outside its limits"),
            Self::Entry(entry) => {
                let size = entry.header.len() + entry.body.as_ref().map_or(0, Vec::len);
                ensure(size <= ENTRY_SIZE, "an entry over 32 KiB")
            }
            Self::Have(have) => {
                ensure(have.logs.len() <= HAVE_LOGS_MAX, "more logs than one have may name")?;
                let pairs = have.logs.iter().zip(have.logs.iter().skip(1));
                ensure(pairs.clone().all(|(a, b)| (a.device, a.log) < (b.device, b.log)), "logs out of order")?;
                have.logs.iter().try_for_each(|log| {
                    ensure(log.tips.len() <= TIPS_MAX, "more tips than one log may have")?;
                    ensure(log.head.is_some() == (log.count > 0), "a head without entries, or entries without a head")?;
                    ranges(&log.ranges)
                })
            }
            Self::Lack(lack) => {
                ensure(!lack.ranges.is_empty(), "nothing asked for")?;
                ranges(&lack.ranges)
            }
            Self::Ack(ack) => ensure(ack.ids.len() <= ACK_IDS_MAX, "more ids than one ack may name"),
            Self::State(state) => ensure(state.value.len() <= STATE_BYTES_MAX, "a state over its limit"),
        }
    }
}

const ENTRY_SIZE: usize = super::ENTRY_BYTES_MAX - 128;

fn ranges(ranges: &[Range]) -> Result<(), FrameError> {
    ensure(ranges.len() <= RANGES_MAX, "more ranges than one log may have")?;
    ensure(ranges.iter().all(|range| range.count > 0), "an empty range")?;
    ensure(ranges.iter().zip(ranges.iter().skip(1)).all(|(a, b)| a.end() < b.from), "ranges out of order or touching")
}

fn ensure(holds: bool, otherwise: &'static str) -> Result<(), FrameError> {
    if holds { Ok(()) } else { Err(FrameError::Limit(otherwise)) }
}
