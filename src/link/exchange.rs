//! What the machine and the driver say to each other. Plain values: the tests of the machine model the driver with them.

use bytes::Bytes;
use thiserror::Error;

use crate::wire::ConnectionId;
use crate::wire::signal::Candidate;

pub use crate::wire::FRAME_BYTES_MAX;

/// What the machine asks of the driver. The driver carries out commands in order; frames go beside them
/// ([`driver::Handle::send`](super::driver::Handle::send)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverCommand {
    /// Begin a fresh connection and make an offer. Whatever was there before is closed.
    Offer {
        /// The new connection.
        connection: ConnectionId,
    },
    /// Accept the peer's offer and make an answer. Whatever was there before is closed, unless it is rolled back.
    AcceptOffer {
        /// The peer's connection.
        connection: ConnectionId,
        /// The peer's description.
        sdp: String,
        /// Our own unanswered offer that yields to it: the driver rolls it back and keeps what it has gathered.
        instead_of: Option<ConnectionId>,
    },
    /// Restart ICE on the open connection and make a restart offer: addresses are bound and gathered anew, and no frame
    /// flows until a pair of them works.
    Restart {
        /// The connection at hand.
        connection: ConnectionId,
        /// The generation that begins.
        generation: u32,
    },
    /// Accept the peer's restart offer on the open connection and make an answer; the same happens on our side.
    AcceptRestart {
        /// The connection at hand.
        connection: ConnectionId,
        /// The generation that begins.
        generation: u32,
        /// The peer's description.
        sdp: String,
    },
    /// Apply the answer to our offer, the last one that was made.
    AcceptAnswer {
        /// Our connection.
        connection: ConnectionId,
        /// The peer's description.
        sdp: String,
    },
    /// Addresses at which the peer may be reached. Only sent after the peer's description.
    AddCandidates {
        /// The connection they belong to.
        connection: ConnectionId,
        /// The addresses.
        candidates: Vec<Candidate>,
    },
    /// Close the connection, whichever it is. No event follows.
    Close,
}

/// What the driver tells. Events of a connection that the machine no longer has are ignored by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverEvent {
    /// The offer is made.
    OfferReady {
        /// For which connection.
        connection: ConnectionId,
        /// For which of its generations.
        generation: u32,
        /// Our description.
        sdp: String,
    },
    /// The answer is made.
    AnswerReady {
        /// For which connection.
        connection: ConnectionId,
        /// For which of its generations.
        generation: u32,
        /// Our description.
        sdp: String,
    },
    /// More addresses at which we may be reached.
    CandidatesReady {
        /// For which connection.
        connection: ConnectionId,
        /// For which of its generations.
        generation: u32,
        /// The addresses; at most [`CANDIDATES_PER_BATCH_MAX`](crate::wire::signal::CANDIDATES_PER_BATCH_MAX).
        candidates: Vec<Candidate>,
        /// Whether these were the last.
        end: bool,
    },
    /// Frames can flow.
    Opened {
        /// On which connection.
        connection: ConnectionId,
        /// How.
        path: Path,
    },
    /// An open connection has heard nothing of the peer's addresses for a while. Frames wait in the library.
    Disconnected {
        /// Which connection.
        connection: ConnectionId,
    },
    /// A pair of addresses works again, after a silence or a restart.
    Reconnected {
        /// Which connection.
        connection: ConnectionId,
        /// Which of its generations: the report of an older one may cross the command that begins the next.
        generation: u32,
        /// How.
        path: Path,
    },
    /// Frames flow by another path than was said last.
    PathChanged {
        /// On which connection.
        connection: ConnectionId,
        /// How.
        path: Path,
    },
    /// A frame arrived.
    Frame {
        /// On which connection.
        connection: ConnectionId,
        /// At most [`FRAME_BYTES_MAX`].
        bytes: Bytes,
    },
    /// After a refused send: there is room again.
    Writable {
        /// On which connection.
        connection: ConnectionId,
    },
    /// After a refused piece of bulk: there is room again.
    BulkWritable {
        /// On which connection.
        connection: ConnectionId,
    },
    /// The connection ended or never came to be, and not because we closed it.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// Why.
        reason: CloseReason,
    },
}

impl DriverEvent {
    /// The connection that this is about.
    #[must_use]
    pub fn connection(&self) -> ConnectionId {
        match self {
            Self::OfferReady { connection, .. }
            | Self::AnswerReady { connection, .. }
            | Self::CandidatesReady { connection, .. }
            | Self::Opened { connection, .. }
            | Self::Disconnected { connection }
            | Self::Reconnected { connection, .. }
            | Self::PathChanged { connection, .. }
            | Self::Frame { connection, .. }
            | Self::Writable { connection }
            | Self::BulkWritable { connection }
            | Self::Closed { connection, .. } => *connection,
        }
    }
}

/// Which addresses of ours a peer may learn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// All of them: whatever path works is taken.
    #[default]
    Everything,
    /// Those of relays only. For a driver without a TURN server this is `Never`.
    RelayOnly,
    /// None: no connection is made and no offer accepted. Each try of a driver ends in [`CloseReason::Forbidden`].
    Never,
}

/// How frames travel on an open link. A driver says what it sees: a relay of the peer's may look to it like a plain address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// From device to device.
    Direct,
    /// Through a TURN server.
    Relay,
}

/// Why a connection ended without our asking.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CloseReason {
    /// No pair of addresses works, or none works any more.
    #[error("no network path")]
    NoPath,
    /// The [policy](super::driver::Policy) allows no connection at all.
    #[error("links are not allowed")]
    Forbidden,
    /// The peer closed it.
    #[error("closed by the peer")]
    ByPeer,
    /// The peer sent something that no peer of ours sends: a frame over the limit, or text.
    #[error("the peer broke the protocol: {0}")]
    Violation(&'static str),
    /// The library refused a description, or could not set up.
    #[error("the connection could not be set up: {0}")]
    Setup(String),
}
