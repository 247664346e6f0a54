//! One connection from its first offer to its end, restarts included.

use std::time::Duration;

use super::{OFFER_FRESH, State};
use crate::wire::signal::Signal;
use crate::wire::{ConnectionId, Nonce};

/// The pauses after which everything said in an attempt is said again. Together 12 s, within the attempt's budget; the
/// first is longer than any offer and answer need when nothing is lost.
const REPEATS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(4),
];
/// Signals of ours that are repeated: a description and a few batches.
const SAID_MAX: usize = 8;
/// Numbers of the peer's batches that are remembered: more than it would ever send for one generation.
const SEEN_MAX: usize = 32;
/// Addresses of the peer that are tried. Each costs packets to wherever the peer says.
pub(super) const PEER_CANDIDATES_MAX: usize = 64;

/// How far the two descriptions have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The driver makes our offer.
    Creating,
    /// Our offer is out and unanswered.
    Offered,
    /// The driver makes our answer.
    Answering,
    /// Both have both.
    Negotiated,
}

#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) connection: ConnectionId,
    /// Whether its first offer was ours.
    pub(super) ours: bool,
    /// The boot of the peer with which it is made; none when it was not known.
    pub(super) boot: Option<Nonce>,
    /// Counts the restarts of its descriptions.
    pub(super) generation: u32,
    /// How far the descriptions of this generation have come.
    pub(super) phase: Phase,
    /// Until when a restart that is under way has time.
    pub(super) restart: Option<Duration>,
    /// The highest number of the peer's signals about this connection.
    pub(super) peer_number: Option<u32>,
    pub(super) repeat_at: Option<Duration>,
    began: Duration,
    repeats: usize,
    said: Vec<Signal>,
    seen: Vec<u32>,
    candidates: usize,
}

impl Attempt {
    pub(super) fn own(connection: ConnectionId, boot: Option<Nonce>, now: Duration) -> Self {
        Self {
            connection,
            ours: true,
            boot,
            generation: 0,
            phase: Phase::Creating,
            restart: None,
            peer_number: None,
            repeat_at: None,
            began: now,
            repeats: 0,
            said: Vec::new(),
            seen: Vec::new(),
            candidates: 0,
        }
    }

    pub(super) fn theirs(connection: ConnectionId, boot: Option<Nonce>, number: u32, now: Duration) -> Self {
        Self { ours: false, phase: Phase::Answering, peer_number: Some(number), ..Self::own(connection, boot, now) }
    }

    /// The next generation of descriptions begins. Who still answers with the last one is not heard.
    pub(super) fn renew(&mut self, generation: u32, phase: Phase) {
        (self.generation, self.phase) = (generation, phase);
        self.unsay();
        (self.seen, self.candidates) = (Vec::new(), 0);
    }

    /// What is said from now on is a wish for a restart; what was said before is worthless.
    pub(super) fn asking(&mut self) {
        self.unsay();
    }

    /// A restart was asked for, and no offer has come yet.
    pub(super) fn is_asking(&self) -> bool {
        self.restart.is_some() && self.said.iter().any(|signal| matches!(signal, Signal::Restart { .. }))
    }

    fn unsay(&mut self) {
        (self.said, self.repeats, self.repeat_at) = (Vec::new(), 0, None);
    }

    /// Whether it cannot be a connection with this boot of the peer. An offer that nobody has answered is for any.
    pub(super) fn is_with_another(&self, boot: Nonce) -> bool {
        !self.is_unanswered() && self.boot.is_some_and(|with| with != boot)
    }

    /// Whether addresses of ours are worth saying.
    pub(super) fn is_under_way(&self, state: State) -> bool {
        state == State::Connecting || self.restart.is_some()
    }

    /// When something of it is due.
    pub(super) fn deadline(&self) -> Option<Duration> {
        [self.repeat_at, self.restart].into_iter().flatten().min()
    }

    /// Our own offer, and no answer yet.
    pub(super) fn is_unanswered(&self) -> bool {
        matches!(self.phase, Phase::Creating | Phase::Offered)
    }

    /// Our own offer that began it, and no answer yet: what crosses with an offer of the peer.
    pub(super) fn is_beginning(&self) -> bool {
        self.generation == 0 && self.is_unanswered()
    }

    /// Our own unanswered offer is young enough to insist on. A peer that begins afresh while we restart has lost the
    /// connection.
    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        self.is_beginning() && now.saturating_sub(self.began) < OFFER_FRESH
    }

    /// Whether the driver has the peer's description and can take its candidates.
    pub(super) fn is_described(&self) -> bool {
        matches!(self.phase, Phase::Answering | Phase::Negotiated)
    }

    /// Whether the peer has since said something about this connection.
    pub(super) fn overtakes(&self, number: u32) -> bool {
        self.peer_number.is_some_and(|newest| number <= newest)
    }

    pub(super) fn heard(&mut self, number: u32) {
        self.peer_number = self.peer_number.max(Some(number));
    }

    /// True the first time for each number, while there is room to remember it and to use `count` more candidates.
    pub(super) fn takes(&mut self, number: u32, count: usize) -> bool {
        let room = self.seen.len() < SEEN_MAX && self.candidates + count <= PEER_CANDIDATES_MAX;
        if !room || self.seen.contains(&number) {
            return false;
        }
        self.seen.push(number);
        self.candidates += count;
        true
    }

    pub(super) fn said(&mut self, signal: Signal, now: Duration) {
        if self.said.len() < SAID_MAX {
            self.said.push(signal);
        }
        if self.repeats == 0 && self.repeat_at.is_none() {
            self.schedule(now);
        }
    }

    /// What is worth saying again; the offer only while it is unanswered.
    pub(super) fn repetition(&self) -> impl Iterator<Item = Signal> + '_ {
        let answered = !self.is_unanswered();
        self.said.iter().filter(move |signal| !(answered && matches!(signal, Signal::Offer { .. }))).cloned()
    }

    /// Plans the next repetition.
    pub(super) fn schedule(&mut self, now: Duration) {
        self.repeat_at = REPEATS.get(self.repeats).map(|pause| now + *pause);
        self.repeats += 1;
    }

    /// The link is open, or has new paths: nothing needs to be said again.
    pub(super) fn settled(&mut self) {
        self.repeat_at = None;
        self.said = Vec::new();
        self.restart = None;
    }
}
