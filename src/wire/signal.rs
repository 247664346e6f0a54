//! Signals: what two devices say through a broker in order to build a link, and the heartbeat they exchange on it.
//!
//! An offer, an answer and batches of candidates travel inside envelopes on the topics `offer`, `answer` and
//! `iceCandidate`; who may send them and to whom is decided there. This module only says what they look like and how
//! much of it is too much. It never opens a connection and never interprets a candidate.

mod sdp;

use minicbor::{Decode, Encode};
use thiserror::Error;

use super::bytes::ConnectionId;
use super::cbor::{self, DecodeError};

pub use sdp::{SDP_BYTES_MAX, SdpError, sdp_fingerprint};

/// A candidate line is about 100 bytes; one with IPv6 addresses, a related address and extensions stays below 300.
pub const CANDIDATE_BYTES_MAX: usize = 512;
/// Candidates in one batch. A machine has a handful of addresses; more batches may follow.
pub const CANDIDATES_PER_BATCH_MAX: usize = 16;
/// A media id is a short token; ours is one digit.
pub const MID_BYTES_MAX: usize = 16;
/// The longest signal: a full batch of the longest candidates (8.7 KiB), or the longest SDP and its frame (8.1 KiB).
pub const SIGNAL_BYTES_MAX: usize = 9 * 1024;
/// The longest heartbeat: a map of three keys with a 4-byte and two 8-byte integers takes 27 bytes.
pub const HEARTBEAT_BYTES_MAX: usize = 64;
/// Nobody needs to be heard more often than this; a shorter interval would let a peer call every link dead.
pub const INTERVAL_MS_MIN: u32 = 1_000;
/// A device that is silent for longer than this between heartbeats could not be told from a dead one.
pub const INTERVAL_MS_MAX: u32 = 60_000;

/// One signal. `number` grows with every signal its sender makes in one run of the program, whatever the connection,
/// so that the recipient can drop duplicates and recognise an offer that is older than what it already acts on.
///
/// `generation` counts the ICE restarts of a connection: 0 is its beginning, and each restart offer has the next one. An
/// answer and candidates belong to the generation that they name and to no other.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Signal {
    /// "Let us connect like this." Every offer that is not a repetition has a new connection id.
    #[n(0)]
    #[cbor(map)]
    Offer {
        /// The attempt that this offer begins.
        #[n(0)]
        connection: ConnectionId,
        /// See [`Signal`].
        #[n(1)]
        number: u32,
        /// The description (RFC 8866, RFC 9429); at most [`SDP_BYTES_MAX`].
        #[n(2)]
        sdp: String,
        /// See [`Signal`]. Above 0 this restarts ICE on a connection that both have.
        #[n(3)]
        generation: u32,
    },
    /// "Agreed."
    #[n(1)]
    #[cbor(map)]
    Answer {
        /// The attempt whose offer this answers.
        #[n(0)]
        connection: ConnectionId,
        /// See [`Signal`].
        #[n(1)]
        number: u32,
        /// The description; at most [`SDP_BYTES_MAX`].
        #[n(2)]
        sdp: String,
        /// The generation of the offer that this answers.
        #[n(3)]
        generation: u32,
    },
    /// "I may be reachable here." Batches are cumulative and may arrive before the offer or answer they belong to.
    #[n(2)]
    #[cbor(map)]
    Candidates {
        /// The attempt that these belong to.
        #[n(0)]
        connection: ConnectionId,
        /// See [`Signal`].
        #[n(1)]
        number: u32,
        /// At most [`CANDIDATES_PER_BATCH_MAX`].
        #[n(2)]
        candidates: Vec<Candidate>,
        /// True when no more will follow.
        #[n(3)]
        end: bool,
        /// The generation whose descriptions these go with.
        #[n(4)]
        generation: u32,
    },
    /// "Our paths have changed; make a restart offer", said by the side that makes none itself.
    #[n(3)]
    #[cbor(map)]
    Restart {
        /// The connection to restart.
        #[n(0)]
        connection: ConnectionId,
        /// See [`Signal`].
        #[n(1)]
        number: u32,
        /// The generation at hand: the offer that is asked for has a higher one.
        #[n(2)]
        generation: u32,
    },
}

/// An address at which the sender may be reached (RFC 8839 §5.1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Candidate {
    /// The line, from `candidate:` on; printable ASCII, at most [`CANDIDATE_BYTES_MAX`].
    #[n(0)]
    pub line: String,
    /// The media id of the section it belongs to; at most [`MID_BYTES_MAX`].
    #[n(1)]
    pub mid: Option<String>,
    /// The index of the section it belongs to.
    #[n(2)]
    pub mline: Option<u16>,
}

/// "I am here", sent on an open link.
///
/// One without an echo asks, and is answered at once by one that echoes its stamp; an answer is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Heartbeat {
    /// How often the sender promises to be heard, in milliseconds; [`INTERVAL_MS_MIN`] to [`INTERVAL_MS_MAX`].
    #[n(0)]
    pub interval_ms: u32,
    /// The sender's own monotonic clock in microseconds. It means nothing to anybody else.
    #[n(1)]
    pub stamp: u64,
    /// The stamp that this answers.
    #[n(2)]
    pub echo: Option<u64>,
    /// Whether the sender sees that packets of this link go through a relay. Who relays knows it; the other may only see an
    /// address that nobody has named. Absent when the sender does not say.
    #[n(3)]
    pub relayed: Option<bool>,
}

/// Why a signal or a heartbeat was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SignalError {
    /// Not the one deterministic form, or not this type.
    #[error(transparent)]
    Codec(#[from] DecodeError),
    /// The description is refused.
    #[error(transparent)]
    Sdp(#[from] SdpError),
    /// More candidates than one batch may have.
    #[error("{0} candidates, and at most {CANDIDATES_PER_BATCH_MAX} are allowed")]
    TooManyCandidates(usize),
    /// A candidate is empty, too long, or not printable ASCII.
    #[error("a candidate is empty, too long, or not printable")]
    Candidate,
    /// The announced interval is outside its limits.
    #[error("an interval of {0} ms is outside {INTERVAL_MS_MIN} to {INTERVAL_MS_MAX}")]
    Interval(u32),
}

impl Signal {
    /// Reads a signal and checks every limit.
    ///
    /// # Errors
    /// Names the first offence.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignalError> {
        let signal: Self = cbor::decode(bytes, SIGNAL_BYTES_MAX)?;
        signal.validate()?;
        Ok(signal)
    }

    /// Checks every limit; our own signals pass it too before they are sent.
    ///
    /// # Errors
    /// Names the first offence.
    pub fn validate(&self) -> Result<(), SignalError> {
        match self {
            Self::Offer { sdp, .. } | Self::Answer { sdp, .. } => {
                sdp_fingerprint(sdp)?;
            }
            Self::Candidates { candidates, .. } => {
                if candidates.len() > CANDIDATES_PER_BATCH_MAX {
                    return Err(SignalError::TooManyCandidates(candidates.len()));
                }
                if !candidates.iter().all(Candidate::is_valid) {
                    return Err(SignalError::Candidate);
                }
            }
            Self::Restart { .. } => {}
        }
        Ok(())
    }

    /// The bytes that go into an envelope.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// The attempt it belongs to.
    #[must_use]
    pub fn connection(&self) -> ConnectionId {
        match self {
            Self::Offer { connection, .. }
            | Self::Answer { connection, .. }
            | Self::Candidates { connection, .. }
            | Self::Restart { connection, .. } => *connection,
        }
    }

    /// Its place among its sender's signals.
    #[must_use]
    pub fn number(&self) -> u32 {
        match self {
            Self::Offer { number, .. }
            | Self::Answer { number, .. }
            | Self::Candidates { number, .. }
            | Self::Restart { number, .. } => *number,
        }
    }

    /// Which of its connection's descriptions it belongs to.
    #[must_use]
    pub fn generation(&self) -> u32 {
        match self {
            Self::Offer { generation, .. }
            | Self::Answer { generation, .. }
            | Self::Candidates { generation, .. }
            | Self::Restart { generation, .. } => *generation,
        }
    }
}

impl Candidate {
    fn is_valid(&self) -> bool {
        let printable = |text: &str, limit| {
            !text.is_empty() && text.len() <= limit && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        };
        printable(&self.line, CANDIDATE_BYTES_MAX) && self.mid.as_ref().is_none_or(|mid| printable(mid, MID_BYTES_MAX))
    }
}

impl Heartbeat {
    /// Reads a heartbeat that stands alone (inside a frame it is read with the frame, and then [validated]).
    ///
    /// [validated]: Self::validate
    ///
    /// # Errors
    /// Names the first offence.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignalError> {
        let heartbeat: Self = cbor::decode(bytes, HEARTBEAT_BYTES_MAX)?;
        heartbeat.validate()?;
        Ok(heartbeat)
    }

    /// Checks the announced interval.
    ///
    /// # Errors
    /// When it is outside its limits.
    pub fn validate(&self) -> Result<(), SignalError> {
        match self.interval_ms {
            INTERVAL_MS_MIN..=INTERVAL_MS_MAX => Ok(()),
            other => Err(SignalError::Interval(other)),
        }
    }
}

/// What a fuzzer calls: everything here that reads bytes of strangers. It must never panic.
pub fn fuzz(bytes: &[u8]) {
    if let Ok(signal) = Signal::parse(bytes) {
        // What was accepted must be accepted again in the form in which we would send it.
        debug_assert!(Signal::parse(&signal.encode()).is_ok());
    }
    let _ = Heartbeat::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = sdp_fingerprint(text);
    }
}

#[cfg(test)]
pub(super) mod tests;
