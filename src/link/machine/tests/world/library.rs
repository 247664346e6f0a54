//! The modelled driver and library: what a connection holds, when a pair of addresses works, and when it is silent.

use super::{Happening, World, ms};
use crate::link::{CloseReason, DriverCommand, DriverEvent, Path};
use crate::wire::ConnectionId;
use crate::wire::signal::Candidate;

/// After so much silence the library says that it is disconnected, and after so much that it has failed.
const SILENT_AFTER: u64 = 5_000;
const DEAD_AFTER: u64 = 30_000;

/// One side's peer connection.
#[derive(Clone, Debug)]
pub(super) struct Library {
    pub connection: ConnectionId,
    pub offerer: bool,
    pub generation: u32,
    /// Names the description that this side made last: its certificate and its credentials.
    pub local: u64,
    /// The other's, when it was applied.
    pub remote: Option<u64>,
    pub candidates: bool,
    /// The network to which its sockets are bound.
    pub bound: u32,
    pub open: bool,
    /// The descriptions for which a pair of addresses works.
    pub works: Option<(u64, u64)>,
}

impl World {
    pub(super) fn carry_out(&mut self, at: usize, command: DriverCommand) {
        self.serials += 1;
        let (serial, bound) = (self.serials, self.sides[at].network);
        let sdp = serial.to_string();
        let fresh = |connection, remote: Option<u64>| Library {
            connection,
            offerer: remote.is_none(),
            generation: 0,
            local: serial,
            remote,
            candidates: false,
            bound,
            open: false,
            works: None,
        };
        let event = match command {
            DriverCommand::Offer { connection } => {
                self.drop_library(at);
                self.sides[at].library = Some(fresh(connection, None));
                DriverEvent::OfferReady { connection, generation: 0, sdp }
            }
            DriverCommand::AcceptOffer { connection, instead_of, sdp: offer } => {
                let kept = self.sides[at].library.as_ref().is_some_and(|own| Some(own.connection) == instead_of);
                if !kept {
                    self.drop_library(at);
                }
                self.sides[at].library = Some(fresh(connection, offer.parse().ok()));
                DriverEvent::AnswerReady { connection, generation: 0, sdp }
            }
            DriverCommand::Restart { connection, generation } => {
                if !self.begin_generation(at, connection, generation, serial, None) {
                    return;
                }
                DriverEvent::OfferReady { connection, generation, sdp }
            }
            DriverCommand::AcceptRestart { connection, generation, sdp: offer } => {
                if !self.begin_generation(at, connection, generation, serial, offer.parse().ok()) {
                    return;
                }
                DriverEvent::AnswerReady { connection, generation, sdp }
            }
            DriverCommand::AcceptAnswer { connection, sdp } => {
                if let Some(own) = self.sides[at].library.as_mut().filter(|own| own.connection == connection) {
                    assert!(own.remote.is_none(), "an answer that the library would refuse");
                    own.remote = sdp.parse().ok();
                }
                return self.meet();
            }
            DriverCommand::AddCandidates { connection, .. } => {
                if let Some(own) = self.sides[at].library.as_mut().filter(|own| own.connection == connection) {
                    assert!(own.remote.is_some(), "candidates that the library would refuse");
                    own.candidates = true;
                }
                return self.meet();
            }
            DriverCommand::Close => return self.drop_library(at),
        };
        let (connection, boot) = (event.connection(), self.sides[at].boot);
        if self.strikes(self.refusing) {
            let event = DriverEvent::Closed { connection, reason: CloseReason::Setup("a bad day".to_owned()) };
            return self.soon(1, 30, Happening::Driver { at, boot, event });
        }
        let generation = self.sides[at].library.as_ref().map_or(0, |own| own.generation);
        self.soon(1, 30, Happening::Driver { at, boot, event });
        let line = Candidate { line: "candidate".to_owned(), mid: None, mline: Some(0) };
        let event = DriverEvent::CandidatesReady { connection, generation, candidates: vec![line], end: true };
        self.soon(31, 60, Happening::Driver { at, boot, event });
        self.meet();
    }

    /// Restarts ICE. False when the connection is gone.
    fn begin_generation(
        &mut self,
        at: usize,
        connection: ConnectionId,
        generation: u32,
        local: u64,
        remote: Option<u64>,
    ) -> bool {
        let bound = self.sides[at].network;
        let Some(own) = self.sides[at].library.as_mut().filter(|own| own.connection == connection) else {
            return false;
        };
        assert!(generation > own.generation, "a generation that was");
        *own = Library { generation, local, remote, candidates: false, bound, works: None, ..own.clone() };
        true
    }

    /// When both libraries have what they need a pair works, if the network allows.
    fn meet(&mut self) {
        let [Some(a), Some(b)] = [0, 1].map(|at| self.sides[at].library.clone()) else { return };
        let able = a.connection == b.connection && a.remote == Some(b.local) && b.remote == Some(a.local);
        let bound = a.bound == self.sides[0].network && b.bound == self.sides[1].network;
        let swallowed = self.swallows(a.connection, a.generation);
        if able && bound && !swallowed && (a.candidates || b.candidates) && !self.strikes(self.failing) {
            for (at, pair) in [(0, (a.local, b.local)), (1, (b.local, a.local))] {
                self.soon(1, 80, Happening::Works { at, connection: a.connection, pair });
            }
        }
    }

    /// The library has found a pair.
    pub(super) fn works(&mut self, at: usize, connection: ConnectionId, pair: (u64, u64)) {
        let Some(own) = self.sides[at].library.as_mut().filter(|own| own.connection == connection) else { return };
        if (own.local, own.remote) != (pair.0, Some(pair.1)) || own.works == Some(pair) {
            return;
        }
        own.works = Some(pair);
        let generation = own.generation;
        let path = Path::Direct;
        let event = if std::mem::replace(&mut own.open, true) {
            DriverEvent::Reconnected { connection, generation, path }
        } else {
            DriverEvent::Opened { connection, path }
        };
        self.tell_driver(at, event);
    }

    /// Whether what one sends arrives at the other.
    pub(super) fn flows(&self) -> bool {
        let [Some(a), Some(b)] = [0, 1].map(|at| self.sides[at].library.as_ref()) else { return false };
        a.connection == b.connection
            && a.open
            && b.open
            && a.works == Some((a.local, b.local))
            && b.works == Some((b.local, a.local))
            && a.bound == self.sides[0].network
            && b.bound == self.sides[1].network
            && !self.swallows(a.connection, a.generation)
    }

    fn swallows(&self, connection: ConnectionId, generation: u32) -> bool {
        self.swallowed.is_some_and(|(of, only)| of == connection && only.is_none_or(|only| only == generation))
    }

    /// From now on the connection may be silent: the libraries will notice.
    pub(super) fn may_be_silent(&mut self) {
        for at in [0, 1] {
            let Some(own) = &self.sides[at].library else { continue };
            let (connection, generation) = (own.connection, own.generation);
            for (after, dead) in [(SILENT_AFTER, false), (DEAD_AFTER, true)] {
                self.at(self.now + ms(after), Happening::Silent { at, connection, generation, dead });
            }
        }
    }

    /// The library has heard nothing for a while, unless things have changed.
    pub(super) fn silent(&mut self, at: usize, connection: ConnectionId, generation: u32, dead: bool) {
        let same = |own: &&Library| (own.connection, own.generation, own.open) == (connection, generation, true);
        if self.sides[at].library.as_ref().filter(same).is_none() || self.flows() {
            return;
        }
        if dead {
            self.sides[at].library = None;
            return self.tell_driver(at, DriverEvent::Closed { connection, reason: CloseReason::NoPath });
        }
        self.tell_driver(at, DriverEvent::Disconnected { connection });
    }

    fn tell_driver(&mut self, at: usize, event: DriverEvent) {
        let boot = self.sides[at].boot;
        self.soon(0, 1, Happening::Driver { at, boot, event });
    }

    /// The library closes; the other side may or may not notice.
    fn drop_library(&mut self, at: usize) {
        let Some(own) = self.sides[at].library.take() else { return };
        let (other, connection) = (1 - at, own.connection);
        if own.open && self.rng_bool() {
            let (boot, reason) = (self.sides[other].boot, CloseReason::ByPeer);
            let event = DriverEvent::Closed { connection, reason };
            self.soon(1, 50, Happening::Driver { at: other, boot, event });
        }
    }
}
