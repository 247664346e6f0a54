//! The bulk channel: pieces of blobs beside the frames, as fast as the path takes them and out of the way of every message.
//!
//! What goes out waits for [`Window`]. What comes in is only taken while somebody has said to expect it ([`Handle::expect_bulk`]);
//! the rest is dropped and counted. So no piece ever waits in the library: there it would hold up the frames too, since a
//! connection has one receive window.
//!
//! [`Handle::expect_bulk`]: super::Handle::expect_bulk

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;
use tokio::time::Instant;
use webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use webrtc::error::Result;
use webrtc::peer_connection::PeerConnection;

use super::sockets;
use crate::link::window::Window;
use crate::wire::{BULK_MESSAGE_BYTES_MAX, ConnectionId};

/// Bytes that may be expected at a time: several of the largest windows, so that a sender never waits for a reader who keeps up.
pub const BULK_EXPECTED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a piece counts as at least, since small ones cost more than their bytes.
const PIECE_BYTES_MIN: usize = 4 * 1024;
/// Pieces that may wait for whoever expects them: as many as may be expected.
const PIECES_MAX: usize = BULK_EXPECTED_BYTES_MAX / PIECE_BYTES_MIN;
/// The channel's id, the same on both sides, like that of the frames.
const CHANNEL_ID: u16 = 2;
/// How much of the window is still under way when the library says that there is room. Half of it is what the path holds, and
/// would be gone before more arrives, since saying so takes a turn of two tasks.
const MARK_EIGHTHS: usize = 5;
/// The library says when what it has sent and holds falls to a mark, and nothing when all of it went before it rose above the
/// mark. So we look by ourselves too, after half a round trip, within these bounds.
const LOOK_AFTER: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(20)];

/// What happened on the channel.
pub(super) enum Happening {
    /// A piece arrived.
    Arrived(Bytes),
    /// The piece that waits may go.
    Room,
    /// Something that is no piece arrived.
    Violation,
    /// The channel has ended.
    Ended,
}

/// The channel of one connection.
pub(super) struct Channel {
    channel: Arc<dyn DataChannel>,
    open: bool,
    window: Window,
    began: Instant,
    /// The mark that the library knows.
    mark: u32,
    /// When to look at what the library holds; none when there is nothing to learn.
    look_at: Option<Instant>,
}

impl Channel {
    pub(super) async fn new(peer: &Arc<dyn PeerConnection>) -> Result<Self> {
        let negotiated = RTCDataChannelInit { negotiated: Some(CHANNEL_ID), ..RTCDataChannelInit::default() };
        let channel = peer.create_data_channel("bulk", Some(negotiated)).await?;
        let window = Window::default();
        Ok(Self { channel, open: false, window, began: Instant::now(), mark: 0, look_at: None })
    }

    /// The peer described its side.
    pub(super) fn described(&mut self, sdp: &str) {
        if let Some(room) = sockets::room(sdp) {
            self.window.set_room(room);
        }
    }

    /// How much data the next piece should have.
    pub(super) fn piece_bytes(&self) -> usize {
        self.window.piece_bytes()
    }

    /// Waits for what happens next; `piece` is the length of the piece that waits. Cancel safe.
    pub(super) async fn next(&mut self, piece: Option<usize>) -> Result<Happening> {
        loop {
            let waiting = piece.filter(|_| self.open);
            if let Some(bytes) = waiting
                && self.look_at.is_none_or(|at| at <= Instant::now())
            {
                // What is known already may do: each look waits for the library, which does all the work of the connection
                // under one lock.
                if !self.window.has_room(bytes) {
                    self.look().await?;
                }
                if self.window.has_room(bytes) {
                    return Ok(Happening::Room);
                }
                let [soonest, latest] = LOOK_AFTER;
                self.look_at = Some(Instant::now() + (self.window.round_trip() / 2).clamp(soonest, latest));
                self.set_mark().await?;
            }
            let look_at = self.look_at;
            tokio::select! {
                biased;
                event = self.channel.poll() => match event {
                    Some(DataChannelEvent::OnOpen) => self.open = true,
                    Some(DataChannelEvent::OnBufferedAmountLow) => self.look_at = None,
                    Some(DataChannelEvent::OnMessage(message)) => {
                        let fits = !message.is_string && message.data.len() <= BULK_MESSAGE_BYTES_MAX;
                        return Ok(if fits { Happening::Arrived(message.data.freeze()) } else { Happening::Violation });
                    }
                    Some(DataChannelEvent::OnClose) | None => return Ok(Happening::Ended),
                    Some(_) => {}
                },
                () = until(look_at), if waiting.is_some() => {}
            }
        }
    }

    /// Hands a piece to the library. Called after `Room`.
    pub(super) async fn send(&mut self, piece: Bytes) -> Result<()> {
        let bytes = piece.len();
        self.window.handed(bytes, self.began.elapsed());
        self.look_at = None;
        let piece = piece.try_into_mut().unwrap_or_else(|shared| BytesMut::from(shared.as_ref()));
        self.channel.send(piece).await
    }

    /// Looks how much the library still holds.
    async fn look(&mut self) -> Result<()> {
        let held = self.channel.outstanding_bytes().await?;
        self.window.left(held, self.began.elapsed());
        Ok(())
    }

    /// The library says when there is room, and not for each packet: one turn then hands over some pieces.
    async fn set_mark(&mut self) -> Result<()> {
        let mark = u32::try_from(self.window.bytes() / 8 * MARK_EIGHTHS).unwrap_or(u32::MAX);
        // Each change costs the library a turn.
        if mark.abs_diff(self.mark) > self.mark / 8 {
            self.mark = mark;
            self.channel.set_buffered_amount_low_threshold(mark).await?;
        }
        Ok(())
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What the driver's task and its handle both know of bulk.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Bytes that somebody still expects.
    expected: AtomicUsize,
    /// Pieces that nobody expected.
    dropped: AtomicU64,
    /// How much data the next piece should have.
    piece: AtomicUsize,
}

impl Shared {
    /// More is expected, up to the limit.
    pub(super) fn expect(&self, bytes: usize) {
        let more = |expected: usize| Some(expected.saturating_add(bytes).min(BULK_EXPECTED_BYTES_MAX));
        let _ = self.expected.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::SeqCst)
    }

    pub(super) fn piece_bytes(&self) -> usize {
        self.piece.load(Ordering::Relaxed)
    }

    pub(super) fn set_piece_bytes(&self, bytes: usize) {
        self.piece.store(bytes, Ordering::Relaxed);
    }
}

/// Where pieces go that arrive.
pub(super) struct Inbox {
    pieces: mpsc::Sender<(ConnectionId, Bytes)>,
    shared: Arc<Shared>,
}

impl Inbox {
    /// The inbox, where pieces come out of it, and what is known of it.
    pub(super) fn new() -> (Self, mpsc::Receiver<(ConnectionId, Bytes)>, Arc<Shared>) {
        let (pieces, taken) = mpsc::channel(PIECES_MAX);
        let shared = Arc::<Shared>::default();
        shared.set_piece_bytes(Window::default().piece_bytes());
        (Self { pieces, shared: Arc::clone(&shared) }, taken, shared)
    }

    /// Takes a piece that is expected, and drops any other.
    pub(super) fn arrived(&self, connection: ConnectionId, piece: Bytes) {
        let bytes = piece.len().max(PIECE_BYTES_MIN);
        let less = |expected: usize| (expected > 0).then(|| expected.saturating_sub(bytes));
        let expected = self.shared.expected.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
        if !expected || self.pieces.try_send((connection, piece)).is_err() {
            let before = self.shared.dropped.fetch_add(1, Ordering::SeqCst);
            if before == 0 {
                tracing::debug!(?connection, "the peer sends bulk that nobody asked for; it is dropped");
            }
        }
    }

    /// A connection has ended, and with it what was expected of it: whoever still wants that asks for it anew.
    pub(super) fn connection_ended(&self) {
        self.shared.expected.store(0, Ordering::SeqCst);
    }

    pub(super) fn set_piece_bytes(&self, bytes: usize) {
        self.shared.set_piece_bytes(bytes);
    }
}
