//! Beginnings and ends of attempts and links.

use std::time::Duration;

use rand::{Rng, RngExt};

use super::timers::ANNOUNCES;
use super::{ATTEMPT_BUDGET, Attempt, Machine, Output, Pulse, Role, State};
use crate::link::{DriverCommand, Path};
use crate::wire::ConnectionId;

/// A link that was open for this long and is lost is made anew at once. One that opens and ends again and again is not:
/// its attempts wait like those that fail.
const LONG_OPEN: Duration = Duration::from_secs(5);
/// A link that is lost so soon after a change of the network was lost by it, and is made anew at once however young it was: a
/// restart's budget, and what its new paths may take to carry something.
const MOVED: Duration = Duration::from_secs(6);

impl Machine {
    /// The one place where the state changes.
    pub(super) fn enter(&mut self, state: State, out: &mut Vec<Output>) {
        if self.state == state {
            return;
        }
        tracing::debug!(connection = ?self.connection(), "{:?} -> {state:?}", self.state);
        let (was_up, is_up) = (self.state.is_up(), state.is_up());
        self.state = state;
        if !is_up {
            self.path = None;
            self.pulse = None;
            self.opened = None;
        }
        if was_up && !is_up {
            out.push(Output::Down);
        }
        out.push(Output::StateChanged { state, path: self.path });
        if let Some(connection) = self.connection()
            && is_up
            && !was_up
        {
            out.push(Output::Up { connection });
        }
    }

    /// The driver sees this path now.
    pub(super) fn take_path(&mut self, path: Path, now: Duration, out: &mut Vec<Output>) {
        let Some(pulse) = &mut self.pulse else { return };
        if pulse.see(path) {
            out.push(Output::SendHeartbeat(pulse.beat(now)));
        }
        self.show_path(out);
    }

    /// Frames may take another path than was said last.
    pub(super) fn show_path(&mut self, out: &mut Vec<Output>) {
        let Some(path) = self.pulse.as_ref().map(Pulse::path) else { return };
        if self.state.is_up() && self.path != Some(path) {
            tracing::debug!(connection = ?self.connection(), ?path, "another path");
            self.path = Some(path);
            out.push(Output::StateChanged { state: self.state, path: self.path });
        }
    }

    /// Waits for the peer to be there; the first announce is the caller's.
    pub(super) fn wait(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.announces = 0;
        self.grace = None;
        self.until = ANNOUNCES.first().map(|delay| now + *delay);
        self.enter(State::Waiting, out);
    }

    /// Begins to connect: the impolite side offers, the polite one first gives the other time to.
    pub(super) fn begin(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        self.heard = false;
        if self.role == Role::Impolite || self.settings.polite_grace.is_zero() {
            return self.offer(now, rng, out);
        }
        if self.end_attempt() {
            out.push(Output::Driver(DriverCommand::Close));
        }
        self.until = Some(now + ATTEMPT_BUDGET);
        self.grace = Some(now + self.settings.polite_grace);
        self.enter(State::Connecting, out);
    }

    /// Makes an offer of our own, in place of whatever there was.
    pub(super) fn offer(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let connection = ConnectionId(rng.random());
        self.replace_attempt(Attempt::own(connection, self.boot, now), now, out);
        out.push(Output::Driver(DriverCommand::Offer { connection }));
    }

    pub(super) fn replace_attempt(&mut self, attempt: Attempt, now: Duration, out: &mut Vec<Output>) {
        self.end_attempt();
        self.grace = None;
        self.until = Some(now + ATTEMPT_BUDGET);
        // First the state: what is `Down` is the old connection.
        self.enter(State::Connecting, out);
        self.attempt = Some(attempt);
    }

    /// Remembers that the connection at hand is over. False when there was none.
    pub(super) fn end_attempt(&mut self) -> bool {
        let Some(attempt) = self.attempt.take() else { return false };
        self.ended.push(attempt.connection);
        self.held.forget(attempt.connection);
        true
    }

    /// The attempt or the link is over. After an attempt, or a link that was open for a moment only, the next waits.
    pub(super) fn fail(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let long_open = self.opened.is_some_and(|opened| now.saturating_sub(opened) >= LONG_OPEN);
        // Once for each change: what fails then was not up.
        let moved = self.state.is_up() && self.changed.is_some_and(|changed| now.saturating_sub(changed) < MOVED);
        self.end_attempt();
        out.push(Output::Driver(DriverCommand::Close));
        self.grace = None;
        // Who said nothing in a whole attempt is not there. Only a hello brings it back, so that nobody offers for ever to
        // a process that is gone.
        self.peer_known &= self.heard;
        if (long_open || moved) && self.peer_known {
            return self.begin(now, rng, out);
        }
        self.until = Some(now + self.backoff.next_delay(rng));
        self.enter(State::Backoff, out);
    }

    pub(super) fn open(&mut self, path: Path, now: Duration, out: &mut Vec<Output>) {
        self.backoff.reset();
        self.heard = true;
        self.until = None;
        self.opened = Some(now);
        if let Some(attempt) = &mut self.attempt {
            attempt.settled();
        }
        self.path = Some(path);
        let mut pulse = Pulse::new(self.interval(), path, now);
        let first = pulse.beat(now);
        self.pulse = Some(pulse);
        self.enter(State::Open, out);
        out.push(Output::SendHeartbeat(first));
    }

    pub(super) fn interval(&self) -> Duration {
        if self.active { self.settings.active_interval } else { self.settings.idle_interval }
    }

    pub(super) fn next_number(&mut self) -> u32 {
        self.number = self.number.saturating_add(1);
        self.number
    }
}
