//! The driver's one task.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use webrtc::data_channel::DataChannelEvent;
use webrtc::error::Error;
use webrtc::peer_connection::RTCPeerConnectionState;

use super::connection::{Connection, Happening};
use super::{Settings, bulk, queue};
use crate::link::{CloseReason, DriverCommand, DriverEvent, FRAME_BYTES_MAX};
use crate::platform::crash;
use crate::wire::ConnectionId;

/// Events that may wait for the shared channel before commands wait too. Each command makes at most one or two.
const OUTBOX_MAX: usize = 64;

pub(super) struct Task<T> {
    tag: T,
    settings: Settings,
    commands: mpsc::Receiver<DriverCommand>,
    frames: queue::Receiver,
    pieces: queue::Receiver,
    inbox: bulk::Inbox,
    events: mpsc::Sender<(T, DriverEvent)>,
    connection: Option<Connection>,
    /// A frame that the library has no room for yet.
    frame: Option<Bytes>,
    /// A piece of bulk for which the window has no room yet.
    piece: Option<Bytes>,
    /// Events for which the shared channel has no room yet. While there are any, no frame is taken from the library.
    outbox: VecDeque<DriverEvent>,
    /// The driver is to end. It may have been made for a policy that holds no more: what it is doing is given up, not finished.
    cancel: CancellationToken,
}

impl<T: Clone + Send + 'static> Task<T> {
    pub(super) fn new(
        tag: T,
        settings: Settings,
        commands: mpsc::Receiver<DriverCommand>,
        [frames, pieces]: [queue::Receiver; 2],
        inbox: bulk::Inbox,
        events: mpsc::Sender<(T, DriverEvent)>,
        cancel: CancellationToken,
    ) -> Self {
        let (connection, frame, piece, outbox) = (None, None, None, VecDeque::new());
        Self { tag, settings, commands, frames, pieces, inbox, events, connection, frame, piece, outbox, cancel }
    }

    pub(super) async fn run(mut self) {
        let (events, cancel) = (self.events.clone(), self.cancel.clone());
        loop {
            let read = self.outbox.is_empty();
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                room = events.reserve(), if !self.outbox.is_empty() => match (room, self.outbox.pop_front()) {
                    (Ok(room), Some(event)) => room.send((self.tag.clone(), event)),
                    _ => break,
                },
                command = self.commands.recv(), if self.outbox.len() < OUTBOX_MAX => match command {
                    Some(command) => Box::pin(self.command(command)).await,
                    None => break,
                },
                // Nobody sends any more when these are none, and then the commands end too. Each waits for the one before it,
                // so they may stand above what happens, which may be bulk without end.
                Some((connection, frame)) = self.frames.recv(), if self.frame.is_none() => {
                    self.queued(connection, frame);
                }
                Some((connection, piece)) = self.pieces.recv(), if self.piece.is_none() => {
                    self.queued_bulk(connection, piece);
                }
                happening = next(&mut self.connection, read, self.frame.is_some(), self.piece.as_ref().map(Bytes::len)) => {
                    self.happened(happening).await;
                }
            }
        }
        self.close().await;
    }

    async fn command(&mut self, command: DriverCommand) {
        if self.settings.forbids_links()
            && let DriverCommand::Offer { connection } | DriverCommand::AcceptOffer { connection, .. } = command
        {
            return self.ended(connection, CloseReason::Forbidden).await;
        }
        let (connection, done) = match command {
            DriverCommand::Offer { connection } => (connection, self.offer(connection).await),
            DriverCommand::AcceptOffer { connection, sdp, instead_of } => {
                (connection, self.accept_offer(connection, sdp, instead_of).await)
            }
            DriverCommand::Restart { connection, generation } => {
                (connection, self.restart(connection, generation, None).await)
            }
            DriverCommand::AcceptRestart { connection, generation, sdp } => {
                (connection, self.restart(connection, generation, Some(sdp)).await)
            }
            DriverCommand::AcceptAnswer { connection, sdp } => {
                let cancel = self.cancel.clone();
                match self.current(connection) {
                    Some(current) => (connection, unless_ended(&cancel, current.accept(sdp)).await),
                    None => return,
                }
            }
            DriverCommand::AddCandidates { connection, candidates } => {
                let cancel = self.cancel.clone();
                if let Some(current) = self.current(connection) {
                    let added = async {
                        for candidate in candidates {
                            current.add(candidate).await;
                        }
                        Ok(())
                    };
                    // Whoever ends the driver asks nothing more of it.
                    let _ = unless_ended(&cancel, added).await;
                }
                return;
            }
            DriverCommand::Close => return self.close().await,
        };
        if let Err(error) = done {
            self.ended(connection, CloseReason::Setup(error.to_string())).await;
        }
    }

    async fn offer(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let cancel = self.cancel.clone();
        let current = self.fresh(connection).await?;
        let sdp = unless_ended(&cancel, current.offer()).await?;
        self.tell(DriverEvent::OfferReady { connection, generation: 0, sdp });
        Ok(())
    }

    /// Restarts ICE, by an offer of our own or by an answer to the peer's.
    async fn restart(&mut self, connection: ConnectionId, generation: u32, offer: Option<String>) -> Result<(), Error> {
        let cancel = self.cancel.clone();
        let Some(current) = self.current(connection) else { return Ok(()) };
        let event = match offer {
            None => {
                let sdp = unless_ended(&cancel, current.restart(generation)).await?;
                DriverEvent::OfferReady { connection, generation, sdp }
            }
            Some(offer) => {
                let sdp = unless_ended(&cancel, current.answer_restart(generation, offer)).await?;
                DriverEvent::AnswerReady { connection, generation, sdp }
            }
        };
        self.tell(event);
        Ok(())
    }

    async fn accept_offer(
        &mut self,
        connection: ConnectionId,
        sdp: String,
        instead_of: Option<ConnectionId>,
    ) -> Result<(), Error> {
        let cancel = self.cancel.clone();
        if let Some(own) = instead_of
            && let Some(current) = self.current(own)
        {
            if let Ok(()) = unless_ended(&cancel, current.roll_back(connection)).await
                && let Ok(answer) = unless_ended(&cancel, current.answer(sdp.clone())).await
            {
                self.tell(DriverEvent::AnswerReady { connection, generation: 0, sdp: answer });
                return Ok(());
            }
            // No way back on this connection. A fresh one serves the same end and costs a few milliseconds.
            tracing::debug!(?connection, "the own offer could not be rolled back; beginning afresh");
        }
        let current = self.fresh(connection).await?;
        let answer = unless_ended(&cancel, current.answer(sdp)).await?;
        self.tell(DriverEvent::AnswerReady { connection, generation: 0, sdp: answer });
        Ok(())
    }

    async fn happened(&mut self, happening: Happening) {
        let Some(current) = self.connection.as_mut() else { return };
        let connection = current.id;
        match happening {
            Happening::Candidates(candidates, end) => {
                let generation = current.generation;
                self.tell(DriverEvent::CandidatesReady { connection, generation, candidates, end });
            }
            Happening::State(RTCPeerConnectionState::Connected) => {
                current.wake().await;
                current.cut = false;
                if current.open {
                    let path = current.look().await;
                    let generation = current.generation;
                    self.tell(DriverEvent::Reconnected { connection, generation, path });
                }
            }
            Happening::State(RTCPeerConnectionState::Disconnected) if current.open => {
                current.cut = true;
                self.tell(DriverEvent::Disconnected { connection });
            }
            Happening::State(RTCPeerConnectionState::Failed) => self.ended(connection, CloseReason::NoPath).await,
            Happening::State(RTCPeerConnectionState::Closed) => self.ended(connection, CloseReason::ByPeer).await,
            Happening::State(_) => {}
            Happening::Channel(Some(DataChannelEvent::OnOpen)) => {
                current.open = true;
                let path = current.look().await;
                self.tell(DriverEvent::Opened { connection, path });
            }
            Happening::Foreign => self.ended(connection, CloseReason::Violation("a channel of its own")).await,
            Happening::Look => {
                let before = current.path;
                let path = current.look().await;
                if before != path {
                    self.tell(DriverEvent::PathChanged { connection, path });
                }
            }
            Happening::Channel(Some(DataChannelEvent::OnMessage(message))) => {
                if message.is_string || message.data.len() > FRAME_BYTES_MAX {
                    self.ended(connection, CloseReason::Violation("not a frame")).await;
                } else {
                    self.tell(DriverEvent::Frame { connection, bytes: message.data.freeze() });
                }
            }
            Happening::Channel(Some(DataChannelEvent::OnClose) | None) => {
                self.ended(connection, CloseReason::ByPeer).await;
            }
            Happening::Channel(Some(_)) => {}
            Happening::Writable(Ok(())) => {
                let sent = match self.frame.take() {
                    Some(frame) => {
                        let sent = current.send(&frame).await;
                        if sent.is_ok() {
                            crash::point(crash::after_frame(&frame));
                        }
                        sent
                    }
                    None => Ok(()),
                };
                if sent.is_err() {
                    self.ended(connection, CloseReason::ByPeer).await;
                }
            }
            Happening::Bulk(Ok(bulk::Happening::Arrived(piece))) => self.inbox.arrived(connection, piece),
            Happening::Bulk(Ok(bulk::Happening::Room)) => {
                let sent = match self.piece.take() {
                    Some(piece) => current.send_bulk(piece).await,
                    None => Ok(()),
                };
                self.inbox.set_piece_bytes(current.bulk.piece_bytes());
                if sent.is_err() {
                    self.ended(connection, CloseReason::ByPeer).await;
                }
            }
            Happening::Bulk(Ok(bulk::Happening::Violation)) => {
                self.ended(connection, CloseReason::Violation("not a piece of bulk")).await;
            }
            Happening::Writable(Err(_)) | Happening::Bulk(Ok(bulk::Happening::Ended) | Err(_)) => {
                self.ended(connection, CloseReason::ByPeer).await;
            }
        }
    }

    fn queued(&mut self, connection: ConnectionId, frame: Bytes) {
        if self.current(connection).is_some_and(|current| current.open) {
            self.frame = Some(frame);
        }
        if self.frames.has_room_again()
            && let Some(current) = &self.connection
        {
            self.tell(DriverEvent::Writable { connection: current.id });
        }
    }

    fn queued_bulk(&mut self, connection: ConnectionId, piece: Bytes) {
        if self.current(connection).is_some_and(|current| current.open) {
            self.piece = Some(piece);
        }
        if self.pieces.has_room_again()
            && let Some(current) = &self.connection
        {
            self.tell(DriverEvent::BulkWritable { connection: current.id });
        }
    }

    fn current(&mut self, connection: ConnectionId) -> Option<&mut Connection> {
        self.connection.as_mut().filter(|current| current.id == connection)
    }

    /// Closes what is there and builds a new connection.
    async fn fresh(&mut self, connection: ConnectionId) -> Result<&mut Connection, Error> {
        self.close().await;
        Ok(self.connection.insert(Connection::new(connection, &self.settings).await?))
    }

    async fn ended(&mut self, connection: ConnectionId, reason: CloseReason) {
        self.close().await;
        self.tell(DriverEvent::Closed { connection, reason });
    }

    async fn close(&mut self) {
        (self.frame, self.piece) = (None, None);
        if let Some(connection) = self.connection.take() {
            self.inbox.connection_ended();
            connection.close().await;
        }
    }

    fn tell(&mut self, event: DriverEvent) {
        self.outbox.push_back(event);
    }
}

/// Work on a connection, given up when the driver is to end. The connection must be where [`Task::close`] finds it: only what
/// is closed ends. Building one is not given up: until its first description it gathers nothing and sends nothing.
async fn unless_ended<T>(cancel: &CancellationToken, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::ErrConnectionClosed),
        done = work => done,
    }
}

/// What happens next on a connection; never, without one.
async fn next(connection: &mut Option<Connection>, read: bool, write: bool, piece: Option<usize>) -> Happening {
    match connection {
        Some(connection) => {
            let (write, piece) = (write && !connection.cut, piece.filter(|_| !connection.cut));
            connection.next(read, write, piece).await
        }
        None => std::future::pending().await,
    }
}
