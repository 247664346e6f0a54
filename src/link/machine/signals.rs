//! What the machine does with the peer's signals: rules 2 to 6 of the [machine](super).

use std::time::Duration;

use rand::Rng;

use super::{Attempt, Machine, Output, Phase, Role, State};
use crate::link::DriverCommand;
use crate::wire::ConnectionId;
use crate::wire::signal::{Candidate, Signal};

impl Machine {
    pub(super) fn on_signal(&mut self, signal: Signal, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        self.on_sign_of_life(now, rng);
        let (connection, number) = (signal.connection(), signal.number());
        match signal {
            Signal::Answer { .. } if self.ended.contains(connection) => self.on_stray_answer(number, now, rng, out),
            _ if self.ended.contains(connection) => {}
            Signal::Offer { sdp, .. } => self.on_offer(connection, number, sdp, now, out),
            Signal::Answer { sdp, .. } => self.on_answer(connection, number, sdp, out),
            Signal::Candidates { candidates, .. } => self.on_candidates(connection, number, candidates, out),
        }
    }

    /// After an attempt in which the peer said nothing, a word of it is news: the delays begin anew. After one in which
    /// it talked and no link came of it, more talk is no reason to hurry.
    fn on_sign_of_life(&mut self, now: Duration, rng: &mut impl Rng) {
        if !self.heard {
            self.backoff.reset();
            if self.state == State::Backoff {
                self.until = self.until.min(Some(now + self.backoff.next_delay(rng)));
            }
        }
        self.heard = true;
    }

    fn on_offer(&mut self, connection: ConnectionId, number: u32, sdp: String, now: Duration, out: &mut Vec<Output>) {
        let mut instead_of = None;
        if let Some(attempt) = &self.attempt {
            if attempt.connection == connection {
                // It has not got our answer.
                return self.repeat_now(out);
            }
            if attempt.overtakes(number) {
                return;
            }
            let crossing = attempt.phase == Phase::Offered;
            if self.role == Role::Impolite && attempt.is_fresh(now) {
                tracing::debug!(?connection, crossing, "the peer's offer is ignored: ours stands");
                return self.repeat_now(out);
            }
            instead_of = attempt.is_unanswered().then_some(attempt.connection);
            if crossing {
                tracing::debug!(?connection, "two offers cross: ours gives way");
            }
        }
        if !self.offers.allow(now) {
            tracing::debug!(?connection, "too many offers; one is dropped");
            return;
        }
        self.replace_attempt(Attempt::theirs(connection, number, now), now, out);
        out.push(Output::Driver(DriverCommand::AcceptOffer { connection, sdp, instead_of }));
        self.add_held(connection, out);
    }

    fn on_answer(&mut self, connection: ConnectionId, number: u32, sdp: String, out: &mut Vec<Output>) {
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.connection == connection) else { return };
        attempt.heard(number);
        if attempt.phase != Phase::Offered {
            return;
        }
        attempt.phase = Phase::Negotiated;
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
        number: u32,
        candidates: Vec<Candidate>,
        out: &mut Vec<Output>,
    ) {
        match self.attempt.as_mut().filter(|attempt| attempt.connection == connection && attempt.is_described()) {
            Some(attempt) => {
                attempt.heard(number);
                if attempt.takes(number, candidates.len()) && !candidates.is_empty() {
                    out.push(Output::Driver(DriverCommand::AddCandidates { connection, candidates }));
                }
            }
            None => self.held.push(connection, number, candidates),
        }
    }

    fn add_held(&mut self, connection: ConnectionId, out: &mut Vec<Output>) {
        for (number, candidates) in self.held.take(connection) {
            self.on_candidates(connection, number, candidates, out);
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
