//! Which packet id belongs to which command: pure bookkeeping of one connection.
//!
//! rumqttc numbers requests when it sends them, in the order in which it got them, and names the number in an outgoing
//! event. Answers name only the number.

use std::collections::{HashMap, HashSet, VecDeque};

/// A publish that its broker has not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Publishing {
    /// Comes back when it is confirmed.
    pub(super) token: u64,
    /// Where a test may end the process once it is confirmed.
    pub(super) crash_point: &'static str,
}

/// What is under way on one connection.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// Names the connection inside delivery numbers.
    connection: u64,
    /// What rumqttc has and has not sent.
    publishes: VecDeque<Publishing>,
    /// The same by packet id, once it is sent.
    unconfirmed: HashMap<u16, Publishing>,
    /// Subscriptions that rumqttc has and has not sent.
    subscribes: VecDeque<Vec<String>>,
    /// Subscriptions by packet id, oldest first; an id can come twice when many are under way.
    unanswered: VecDeque<(u16, Vec<String>)>,
    /// Packet ids that we owe an acknowledgement.
    owed: HashSet<u16>,
}

impl Flight {
    pub(super) fn new(connection: u64) -> Self {
        Self { connection, ..Self::default() }
    }

    pub(super) fn publish_requested(&mut self, publishing: Publishing) {
        self.publishes.push_back(publishing);
    }

    pub(super) fn publish_sent(&mut self, packet: u16) {
        if let Some(publishing) = self.publishes.pop_front() {
            self.unconfirmed.insert(packet, publishing);
        }
    }

    pub(super) fn publish_confirmed(&mut self, packet: u16) -> Option<Publishing> {
        self.unconfirmed.remove(&packet)
    }

    pub(super) fn subscribe_requested(&mut self, topics: Vec<String>) {
        self.subscribes.push_back(topics);
    }

    pub(super) fn subscribe_sent(&mut self, packet: u16) {
        if let Some(topics) = self.subscribes.pop_front() {
            self.unanswered.push_back((packet, topics));
        }
    }

    pub(super) fn subscribe_answered(&mut self, packet: u16) -> Vec<String> {
        let at = self.unanswered.iter().position(|(id, _)| *id == packet);
        at.and_then(|at| self.unanswered.remove(at)).map(|(_, topics)| topics).unwrap_or_default()
    }

    /// Notes that `packet` must be acknowledged, and gives it a number that no other connection uses.
    pub(super) fn received(&mut self, packet: u16) -> u64 {
        self.owed.insert(packet);
        self.connection << 16 | u64::from(packet)
    }

    /// The packet id to acknowledge; none when it is of another connection or was acknowledged already.
    pub(super) fn owed(&self, delivery: u64) -> Option<u16> {
        let packet = packet(delivery);
        (delivery >> 16 == self.connection && self.owed.contains(&packet)).then_some(packet)
    }

    pub(super) fn acknowledged(&mut self, delivery: u64) {
        self.owed.remove(&packet(delivery));
    }
}

fn packet(delivery: u64) -> u16 {
    (delivery & 0xffff) as u16
}
