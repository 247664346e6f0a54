//! Two small memories: candidates that came too early, and connections that are over.

use std::collections::VecDeque;

use crate::wire::ConnectionId;
use crate::wire::signal::Candidate;

/// Batches that are held for an offer or answer which is still on its way. The oldest makes room: it is repeated.
const HELD_MAX: usize = 8;
/// Connections that are remembered as over. Each attempt of both sides takes one place; what a broker still delivers
/// after sixteen attempts is refused by its number.
const ENDED_MAX: usize = 16;

#[derive(Debug)]
struct Batch {
    connection: ConnectionId,
    generation: u32,
    number: u32,
    candidates: Vec<Candidate>,
}

#[derive(Debug, Default)]
pub(super) struct Held {
    batches: VecDeque<Batch>,
}

impl Held {
    pub(super) fn push(&mut self, connection: ConnectionId, generation: u32, number: u32, candidates: Vec<Candidate>) {
        if self.batches.iter().any(|batch| batch.connection == connection && batch.number == number) {
            return;
        }
        if self.batches.len() >= HELD_MAX {
            self.batches.pop_front();
        }
        self.batches.push_back(Batch { connection, generation, number, candidates });
    }

    /// What was held for this generation of this connection, in the order in which it arrived. What was held for an
    /// earlier one is forgotten.
    pub(super) fn take(&mut self, connection: ConnectionId, generation: u32) -> Vec<(u32, Vec<Candidate>)> {
        let (taken, kept): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.batches)
            .into_iter()
            .partition(|batch| batch.connection == connection && batch.generation <= generation);
        self.batches = kept;
        let current = taken.into_iter().filter(|batch| batch.generation == generation);
        current.map(|batch| (batch.number, batch.candidates)).collect()
    }

    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.batches.retain(|batch| batch.connection != connection);
    }
}

#[derive(Debug, Default)]
pub(super) struct Ended {
    connections: VecDeque<ConnectionId>,
}

impl Ended {
    pub(super) fn push(&mut self, connection: ConnectionId) {
        if self.connections.len() >= ENDED_MAX {
            self.connections.pop_front();
        }
        self.connections.push_back(connection);
    }

    pub(super) fn contains(&self, connection: ConnectionId) -> bool {
        self.connections.contains(&connection)
    }
}
