//! The WebRTC driver: one task owns one peer connection at a time for one peer device, and only translates.
//!
//! It must never decide anything about the protocol: which offer wins, whether a link lives and when to try again is
//! [`Machine`](super::Machine)'s business. Commands and frames come from the coordinator through bounded channels that
//! it never waits on; events go into one bounded channel that all drivers share, each under its own tag.
//!
//! # Back-pressure
//!
//! - Outwards: [`Handle::send`] takes a frame only while fewer than [`QUEUE_BYTES_MAX`] bytes wait here. It returns how
//!   many more bytes it would take now. A refusal ([`SendError::Full`]) is followed by one [`DriverEvent::Writable`]
//!   when the queue has drained to [`QUEUE_BYTES_LOW`]. Behind the queue the library holds at most
//!   [`SEND_BUFFER_BYTES_MAX`] that the peer has not confirmed.
//! - Inwards: while the shared event channel is full no further frame is taken from the library, whose receive window
//!   (1 MiB) then closes and stops the peer. Nothing is dropped. Commands are still carried out.
//!
//! # Bulk
//!
//! Pieces of blobs have a channel of their own, so that a message never waits for them ([`bulk`](self)). Outwards it is the
//! same: [`Handle::send_bulk`], [`BULK_QUEUE_BYTES_MAX`], [`DriverEvent::BulkWritable`]; but behind the queue the library holds no
//! more than fills the path. Inwards a piece comes out of [`Handle::take_bulk`] only while it is expected
//! ([`Handle::expect_bulk`]); any other is dropped and counted ([`Handle::bulk_dropped`]).
//!
//! # What is set in the library, and why
//!
//! See [`connection`](self): each setting there stands beside its reason.

mod bulk;
mod connection;
mod forward;
mod names;
mod queue;
mod sockets;
mod task;

use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::{DriverCommand, DriverEvent, FRAME_BYTES_MAX, IceServer};
use crate::wire::{BULK_MESSAGE_BYTES_MAX, ConnectionId};

pub use super::Policy;
pub use bulk::BULK_EXPECTED_BYTES_MAX;
pub use names::Names;
pub use queue::{BULK_QUEUE_BYTES_MAX, QUEUE_BYTES_LOW, QUEUE_BYTES_MAX, QUEUE_FRAMES_MAX};

/// Bytes that the library may hold for the peer: as much as its receive window, more would only wait in memory.
pub const SEND_BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// Commands that may wait. The machine gives one or two for each signal or timer, and the driver needs milliseconds.
const COMMANDS_MAX: usize = 64;

/// How to make connections.
#[derive(Clone, Debug)]
pub struct Settings {
    /// STUN and TURN servers; may be empty.
    pub ice_servers: Vec<IceServer>,
    /// Where to listen. An unspecified address means each interface of that family.
    pub bind: Vec<String>,
    /// What a peer may learn of where we are.
    pub policy: Policy,
    /// What is known of the servers' names.
    pub names: Names,
}

impl Default for Settings {
    fn default() -> Self {
        // Loopback by name, since the library leaves it out of "each interface": two processes on one machine, perhaps
        // with no network at all, must find each other.
        let bind = ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"];
        let bind = bind.map(str::to_owned).to_vec();
        Self { ice_servers: Vec::new(), bind, policy: Policy::default(), names: Names::default() }
    }
}

impl Settings {
    /// Whether no connection may be made at all.
    fn forbids_links(&self) -> bool {
        match self.policy {
            Policy::Everything => false,
            Policy::RelayOnly => !self.ice_servers.iter().any(IceServer::is_relay),
            Policy::Never => true,
        }
    }
}

/// A driver's handle. When it is dropped the driver closes its connection and ends, whatever it was told before and has not done.
#[derive(Debug)]
pub struct Handle {
    commands: mpsc::Sender<DriverCommand>,
    frames: queue::Sender,
    pieces: queue::Sender,
    bulk: Arc<bulk::Shared>,
    arrived: Option<mpsc::Receiver<(ConnectionId, Bytes)>>,
    /// That the commands end is not enough: what waits there would be carried out first, by a policy that may hold no more.
    _end: DropGuard,
}

/// Why a frame or a piece of bulk was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SendError {
    /// Longer than [`FRAME_BYTES_MAX`], or [`BULK_MESSAGE_BYTES_MAX`]: it can never be sent.
    #[error("{0} bytes, and at most {FRAME_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// No room now; a [`DriverEvent::Writable`] or [`DriverEvent::BulkWritable`] follows.
    #[error("no room; wait until it is writable")]
    Full,
    /// The driver has ended.
    #[error("the driver has ended")]
    Ended,
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CommandError {
    /// As many commands wait as may. The caller drops the handle and begins anew: the driver hangs.
    #[error("the driver does not keep up")]
    Full,
    /// The driver has ended.
    #[error("the driver has ended")]
    Ended,
}

impl Handle {
    /// Hands over a command; returns at once.
    ///
    /// # Errors
    /// When the driver does not keep up, or has ended.
    pub fn command(&self, command: DriverCommand) -> Result<(), CommandError> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => CommandError::Full,
            mpsc::error::TrySendError::Closed(_) => CommandError::Ended,
        })
    }

    /// Hands over a frame for an open connection; returns at once with the number of bytes it would still take.
    /// A frame for another connection than the open one is dropped: frames are valid alone and are said again.
    ///
    /// # Errors
    /// When the frame is too long, there is no room now, or the driver has ended.
    pub fn send(&self, connection: ConnectionId, frame: Bytes) -> Result<usize, SendError> {
        if frame.len() > FRAME_BYTES_MAX {
            return Err(SendError::TooLong(frame.len()));
        }
        self.frames.send(connection, frame)
    }

    /// Hands over a piece of bulk for an open connection; returns at once with the number of bytes it would still take. Every
    /// frame goes before it. A piece for another connection than the open one is dropped.
    ///
    /// # Errors
    /// When the piece is too long, there is no room now, or the driver has ended.
    pub fn send_bulk(&self, connection: ConnectionId, piece: Bytes) -> Result<usize, SendError> {
        if piece.len() > BULK_MESSAGE_BYTES_MAX {
            return Err(SendError::TooLong(piece.len()));
        }
        self.pieces.send(connection, piece)
    }

    /// How many bytes of a blob the next piece should have, by what the path was seen to take; at most
    /// [`BULK_BYTES_MAX`](crate::wire::BULK_BYTES_MAX). A piece that has been begun goes before every message.
    #[must_use]
    pub fn bulk_piece_bytes(&self) -> usize {
        self.bulk.piece_bytes()
    }

    /// Where pieces that are expected arrive, each with its connection. None but the first time.
    pub fn take_bulk(&mut self) -> Option<mpsc::Receiver<(ConnectionId, Bytes)>> {
        self.arrived.take()
    }

    /// So many bytes of bulk more may come, and are taken; at most [`BULK_EXPECTED_BYTES_MAX`] at a time. Say it when the peer is
    /// asked for them, and no more than what is taken from [`take_bulk`](Self::take_bulk) has room for. When the connection ends
    /// nothing is expected any more.
    pub fn expect_bulk(&self, bytes: usize) {
        self.bulk.expect(bytes);
    }

    /// How many pieces nobody expected and were dropped.
    #[must_use]
    pub fn bulk_dropped(&self) -> u64 {
        self.bulk.dropped()
    }
}

/// Starts a driver on the current Tokio runtime. It ends when its handle is dropped or `cancel` is cancelled, in both cases at
/// once: commands that wait are not carried out, the one that is being carried out is given up, and the connection is closed
/// (at most about 100 ms), for which `tracker` waits.
pub fn spawn<T: Clone + Send + 'static>(
    tag: T,
    settings: Settings,
    tracker: &TaskTracker,
    cancel: CancellationToken,
    events: mpsc::Sender<(T, DriverEvent)>,
) -> Handle {
    let (command_sender, commands) = mpsc::channel(COMMANDS_MAX);
    let (frame_sender, frames) = queue::new(queue::FRAMES);
    let (piece_sender, pieces) = queue::new(queue::BULK);
    let (inbox, arrived, bulk) = bulk::Inbox::new();
    let cancel = cancel.child_token();
    let end = cancel.clone().drop_guard();
    tracker.spawn(task::Task::new(tag, settings, commands, [frames, pieces], inbox, events, cancel).run());
    let arrived = Some(arrived);
    Handle { commands: command_sender, frames: frame_sender, pieces: piece_sender, bulk, arrived, _end: end }
}

#[cfg(test)]
mod tests;
