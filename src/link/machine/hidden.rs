//! Which of our addresses the peer may learn, and what a peer means that shows none of its own: rule 7 of the
//! [machine](super).

use std::time::Duration;

use rand::Rng;

use super::timers::ANNOUNCES;
use super::{Held, Machine, Output, Phase, State};
use crate::link::{DriverCommand, Policy};
use crate::wire::signal::Signal;
use crate::wire::{ConnectionId, Nonce};

impl Machine {
    /// A link is wanted, and none may be made.
    pub(super) fn is_shut(&self) -> bool {
        self.wanted && self.policy == Policy::Never
    }

    pub(super) fn on_policy(&mut self, policy: Policy, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        if std::mem::replace(&mut self.policy, policy) == policy {
            return;
        }
        // A peer that showed nothing may do so because of what it believes of us; it is asked once more.
        self.unshown = None;
        if self.wanted && policy == Policy::Never {
            self.rest(out);
        } else if self.wanted {
            // Closed here, and not by the offer that follows: the polite side waits before it makes one.
            if self.end_attempt() {
                out.push(Output::Driver(DriverCommand::Close));
            }
            self.backoff.reset();
            self.look_for_peer(now, rng, out);
        }
    }

    /// Leaves whatever there is, and makes nothing new.
    pub(super) fn rest(&mut self, out: &mut Vec<Output>) {
        if self.end_attempt() {
            out.push(Output::Driver(DriverCommand::Close));
        }
        self.held = Held::default();
        self.backoff.reset();
        (self.until, self.grace, self.change_due) = (None, None, None);
        self.enter(State::Idle, out);
    }

    /// Begins to connect to a peer that is known to be there, or asks whether it is.
    pub(super) fn look_for_peer(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        if self.peer_known {
            self.begin(now, rng, out);
        } else {
            out.push(Output::Announce);
            self.wait(now, out);
        }
    }

    /// No link comes of the peer's offer, and it need not find that out by waiting.
    pub(super) fn on_signal_while_shut(&mut self, signal: &Signal, now: Duration, out: &mut Vec<Output>) {
        let Signal::Offer { connection, generation, .. } = signal else { return };
        if !self.offers.allow(now) {
            return;
        }
        let (connection, generation, number) = (*connection, *generation, self.next_number());
        out.push(Output::Send(Signal::Candidates {
            connection,
            number,
            candidates: Vec::new(),
            end: true,
            generation,
        }));
    }

    /// The peer shows no address in answer to our offer. Its boot is left in peace until it offers by itself.
    pub(super) fn on_nothing_shown(&mut self, connection: ConnectionId, out: &mut Vec<Output>) {
        let Some(attempt) = self.attempt.as_ref().filter(|attempt| attempt.connection == connection) else { return };
        if attempt.phase != Phase::Offered {
            return;
        }
        tracing::debug!(?connection, "the peer shows no address");
        self.end_attempt();
        out.push(Output::Driver(DriverCommand::Close));
        (self.unshown, self.heard) = (self.boot, true);
        (self.until, self.grace, self.announces) = (None, None, ANNOUNCES.len());
        self.enter(State::Waiting, out);
    }

    /// Whether this boot of the peer shows no address: that it is there is no reason to offer again.
    pub(super) fn is_unshown(&self, boot: Nonce) -> bool {
        self.state == State::Waiting && self.unshown == Some(boot)
    }

    /// Whether a link waits for the peer to show an address again.
    #[must_use]
    pub fn waits_for_an_address(&self) -> bool {
        self.boot.is_some_and(|boot| self.is_unshown(boot))
    }
}
