//! What the machine does with the peer's signals: rules 2 to 6 of the [machine](super).

use std::time::Duration;

use rand::Rng;

use super::{Attempt, Machine, Output, Phase, Role, State};
use crate::link::DriverCommand;
use crate::wire::ConnectionId;
use crate::wire::signal::{Candidate, Signal};

impl Machine {
    pub(super) fn on_signal(&mut self, signal: Signal, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let (connection, number, generation) = (signal.connection(), signal.number(), signal.generation());
        if let Signal::Candidates { candidates, end: true, .. } = &signal
            && candidates.is_empty()
        {
            // No sign of life that a link could come of, also when it is said once more.
            return self.on_nothing_shown(connection, out);
        }
        // Candidates that overtake their offer say that it comes: an offer of our own would only cross it.
        let early = self.attempt.is_none() && matches!(signal, Signal::Candidates { .. });
        let news = !early && !std::mem::replace(&mut self.heard, true);
        let ended = self.ended.contains(connection);
        match signal {
            Signal::Answer { .. } if ended => self.on_stray_answer(number, now, rng, out),
            _ if ended => {}
            Signal::Offer { sdp, .. } if generation > 0 => {
                self.on_restart_offer_or_repetition(connection, number, generation, sdp, now, out);
            }
            Signal::Offer { sdp, .. } => self.on_offer(connection, number, sdp, now, out),
            Signal::Answer { sdp, .. } => self.on_answer(connection, number, generation, sdp, out),
            Signal::Candidates { candidates, .. } => {
                self.on_candidates(connection, generation, number, candidates, out);
            }
            Signal::Restart { .. } => self.on_asked(connection, generation, now, rng, out),
        }
        if !early {
            self.on_sign_of_life(news, now, rng, out);
        }
    }

    /// After an attempt in which the peer said nothing, a word of it is news: the delays begin anew, and an attempt at
    /// once. After one in which it talked and no link came of it, more talk is no reason to hurry.
    fn on_sign_of_life(&mut self, news: bool, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        if news {
            self.backoff.reset();
        }
        if self.state == State::Waiting || (news && self.state == State::Backoff) {
            self.peer_known = true;
            self.begin(now, rng, out);
        }
    }

    fn on_offer(&mut self, connection: ConnectionId, number: u32, sdp: String, now: Duration, out: &mut Vec<Output>) {
        let mut instead_of = None;
        if let Some(attempt) = &self.attempt {
            if attempt.connection == connection {
                // It has not got our answer. (When we have restarted since, it had got it, and this is an old copy.)
                if attempt.generation == 0 {
                    self.repeat_now(out);
                }
                return;
            }
            if attempt.overtakes(number) {
                return;
            }
            let crossing = attempt.phase == Phase::Offered && attempt.is_beginning();
            if self.role == Role::Impolite && attempt.is_fresh(now) {
                tracing::debug!(?connection, crossing, "the peer's offer is ignored: ours stands");
                return self.repeat_now(out);
            }
            instead_of = attempt.is_beginning().then_some(attempt.connection);
            if crossing {
                tracing::debug!(?connection, "two offers cross: ours gives way");
            }
        }
        if !self.offers.allow(now) {
            tracing::debug!(?connection, "too many offers; one is dropped");
            return;
        }
        self.unshown = None;
        self.replace_attempt(Attempt::theirs(connection, self.boot, number, now), now, out);
        out.push(Output::Driver(DriverCommand::AcceptOffer { connection, sdp, instead_of }));
        self.add_held(connection, out);
    }

    fn on_restart_offer_or_repetition(
        &mut self,
        connection: ConnectionId,
        number: u32,
        generation: u32,
        sdp: String,
        now: Duration,
        out: &mut Vec<Output>,
    ) {
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.connection == connection) else { return };
        attempt.heard(number);
        if attempt.generation == generation {
            // It has not got our answer.
            self.repeat_now(out);
        } else {
            self.on_restart_offer(connection, generation, sdp, now, out);
        }
    }

    fn on_answer(
        &mut self,
        connection: ConnectionId,
        number: u32,
        generation: u32,
        sdp: String,
        out: &mut Vec<Output>,
    ) {
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.connection == connection) else { return };
        attempt.heard(number);
        if attempt.phase != Phase::Offered || attempt.generation != generation {
            return;
        }
        attempt.phase = Phase::Negotiated;
        attempt.boot = self.boot;
        out.push(Output::Driver(DriverCommand::AcceptAnswer { connection, sdp }));
        self.add_held(connection, out);
    }

    /// The peer answers an offer of ours that is over, so it does not have what we are at now.
    fn on_stray_answer(&mut self, number: u32, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let Some(attempt) = self.attempt.as_ref().filter(|attempt| !attempt.overtakes(number)) else { return };
        if attempt.is_unanswered() {
            self.repeat_now(out);
        } else if self.state != State::Connecting {
            self.fail(now, rng, out);
        } else if self.role == Role::Impolite {
            self.offer(now, rng, out);
        }
    }

    fn on_candidates(
        &mut self,
        connection: ConnectionId,
        generation: u32,
        number: u32,
        candidates: Vec<Candidate>,
        out: &mut Vec<Output>,
    ) {
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.connection == connection) else {
            return self.held.push(connection, generation, number, candidates);
        };
        if generation < attempt.generation {
            return;
        }
        if generation > attempt.generation || !attempt.is_described() {
            return self.held.push(connection, generation, number, candidates);
        }
        attempt.heard(number);
        if attempt.takes(number, candidates.len()) && !candidates.is_empty() {
            out.push(Output::Driver(DriverCommand::AddCandidates { connection, candidates }));
        }
    }

    /// What came before the description it belongs to.
    pub(super) fn add_held(&mut self, connection: ConnectionId, out: &mut Vec<Output>) {
        let generation = self.attempt.as_ref().map_or(0, |attempt| attempt.generation);
        for (number, candidates) in self.held.take(connection, generation) {
            self.on_candidates(connection, generation, number, candidates, out);
        }
    }

    pub(super) fn say(&mut self, signal: Signal, now: Duration, out: &mut Vec<Output>) {
        if let Some(attempt) = &mut self.attempt {
            attempt.said(signal.clone(), now);
        }
        out.push(Output::Send(signal));
    }

    pub(super) fn repeat_now(&self, out: &mut Vec<Output>) {
        if let Some(attempt) = &self.attempt {
            out.extend(attempt.repetition().map(Output::Send));
        }
    }
}
