//! How an open link finds new paths: ICE restarts on the same connection, and what waking and changes of the network mean.
//!
//! 1. Only the impolite side makes restart offers, so they never cross. The polite one says `Restart` and names the
//!    generation that it has; that is repeated like everything else.
//! 2. A restart is a new generation of the connection's descriptions. Each signal names its own: an answer or a candidate
//!    of an older one is dropped, candidates of a newer one are held, a repeated offer of the same one is answered again.
//! 3. A restart is done when the driver has a working pair again. Then the peer is asked to be heard; when it is not, or
//!    when the restart takes longer than [`RESTART_BUDGET`], the connection is given up and a fresh one made.
//! 4. While it lasts the link is `Suspect`: frames are taken, and what they carry goes by mail too when it takes long.

use std::time::Duration;

use rand::Rng;

use super::pulse::{RECONNECTED_PATIENCE, WOKE_PATIENCE};
use super::{Machine, Output, Phase, Role, State};
use crate::link::{DriverCommand, Path};
use crate::wire::ConnectionId;
use crate::wire::signal::Signal;

/// How long a restart may take: a lost offer and a lost answer are each said again within it. With the library's 5 s
/// before it reports a silence this stays within the 12 s in which a peer's absence is to be noticed.
pub const RESTART_BUDGET: Duration = Duration::from_secs(4);
/// Changes of the network that come within this time of the last are taken together: a system reports several for one. No longer
/// than a broker is doubted after a change: before that nothing can be said to the peer.
const CHANGE_PAUSE: Duration = Duration::from_millis(500);

impl Machine {
    /// The driver hears nothing of the peer's addresses.
    pub(super) fn on_disconnected(&mut self, now: Duration, out: &mut Vec<Output>) {
        let restarting = self.attempt.as_ref().is_some_and(|attempt| attempt.restart.is_some());
        if self.state.is_up() && !restarting {
            self.restart(now, out);
        }
    }

    /// The driver has a working pair of addresses again.
    pub(super) fn on_reconnected(&mut self, path: Path, now: Duration, out: &mut Vec<Output>) {
        let Some(attempt) = self.attempt.as_mut().filter(|_| self.state.is_up()) else { return };
        // One that was reported before the driver began the restart is not yet what the restart was made for.
        if attempt.is_described() {
            let restarted = attempt.restart.is_some();
            attempt.settled();
            if restarted {
                self.probe(RECONNECTED_PATIENCE, now, out);
            }
        }
        self.take_path(path, now, out);
    }

    pub(super) fn on_network_changed(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        match self.changed.map(|changed| changed + CHANGE_PAUSE).filter(|free| now < *free) {
            Some(free) if self.state != State::Idle => self.change_due = Some(free),
            Some(_) => {}
            None => self.network_changed(now, rng, out),
        }
    }

    pub(super) fn network_changed(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        (self.changed, self.change_due) = (Some(now), None);
        match self.state {
            State::Idle => {}
            State::Open | State::Suspect => self.restart(now, out),
            State::Connecting => self.connect_afresh(now, rng, out),
            State::Waiting | State::Backoff => self.hurry(now, rng, out),
        }
    }

    /// Containers, virtual machines and IPv6's temporary addresses come and go all day: the peer is only asked, and when it does not
    /// answer a fresh connection is made. A restart that is under way finds out by itself, and would be ended by the question.
    pub(super) fn on_addresses_changed(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let restarting = self.attempt.as_ref().is_some_and(|attempt| attempt.restart.is_some());
        match self.state {
            State::Open | State::Suspect if !restarting => self.probe(WOKE_PATIENCE, now, out),
            // It failed without the address that may have come.
            State::Backoff => self.hurry(now, rng, out),
            State::Open | State::Suspect | State::Idle | State::Connecting | State::Waiting => {}
        }
    }

    /// Everything is asked at once: the clock has jumped for us and not for the peer.
    pub(super) fn on_woke(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        match self.state {
            State::Idle => {}
            State::Open | State::Suspect => {
                if let Some(pulse) = &mut self.pulse {
                    pulse.woke(now);
                }
                self.probe(WOKE_PATIENCE, now, out);
                // What is written now must not wait for the end of a link that nobody knows to live.
                self.enter(State::Suspect, out);
                out.push(Output::Announce);
            }
            State::Connecting => {
                self.repeat_now(out);
                out.push(Output::Announce);
            }
            State::Waiting | State::Backoff => self.hurry(now, rng, out),
        }
    }

    /// The reason to wait may be gone.
    fn hurry(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        self.backoff.reset();
        out.push(Output::Announce);
        if self.peer_known { self.begin(now, rng, out) } else { self.wait(now, out) }
    }

    /// The addresses that were said in this attempt are gone. Who answers cannot begin anew by itself without a glare that
    /// the other wins with the old offer, so it asks.
    fn connect_afresh(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        match &self.attempt {
            Some(attempt) if self.role == Role::Polite && !attempt.ours => self.ask(now, out),
            Some(_) => self.offer(now, rng, out),
            // Nothing was said yet.
            None => {}
        }
    }

    /// Makes the paths of the open connection anew, or asks the peer to.
    fn restart(&mut self, now: Duration, out: &mut Vec<Output>) {
        let Some(attempt) = &mut self.attempt else { return };
        attempt.restart = Some(now + RESTART_BUDGET);
        let connection = attempt.connection;
        tracing::debug!(?connection, generation = attempt.generation, "the paths are made anew");
        if self.role == Role::Impolite {
            let generation = attempt.generation.saturating_add(1);
            attempt.renew(generation, Phase::Creating);
            out.push(Output::Driver(DriverCommand::Restart { connection, generation }));
        } else {
            self.ask(now, out);
        }
        self.enter(State::Suspect, out);
    }

    fn ask(&mut self, now: Duration, out: &mut Vec<Output>) {
        let number = self.next_number();
        let Some(attempt) = &mut self.attempt else { return };
        let (connection, generation) = (attempt.connection, attempt.generation);
        attempt.asking();
        self.say(Signal::Restart { connection, number, generation }, now, out);
    }

    /// The polite peer asks for a restart.
    pub(super) fn on_asked(
        &mut self,
        connection: ConnectionId,
        generation: u32,
        now: Duration,
        rng: &mut impl Rng,
        out: &mut Vec<Output>,
    ) {
        let Some(attempt) = self.attempt.as_ref().filter(|attempt| attempt.connection == connection) else { return };
        if self.role == Role::Polite || generation > attempt.generation {
            return;
        }
        if generation < attempt.generation {
            // It was asked for before we had begun, or the offer was lost.
            if attempt.restart.is_some() {
                self.repeat_now(out);
            }
        } else if !self.offers.allow(now) {
            tracing::debug!(?connection, "too many restarts are asked for; one is not made");
        } else if self.state.is_up() {
            self.restart(now, out);
        } else {
            self.offer(now, rng, out);
        }
    }

    /// The impolite peer makes a restart offer for the connection at hand.
    pub(super) fn on_restart_offer(
        &mut self,
        connection: ConnectionId,
        generation: u32,
        sdp: String,
        now: Duration,
        out: &mut Vec<Output>,
    ) {
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.connection == connection) else { return };
        // Without both descriptions of the last generation there is nothing to restart; who has only made an offer never
        // opened this connection.
        if self.role == Role::Impolite || generation <= attempt.generation || !attempt.is_described() {
            return;
        }
        if !self.offers.allow(now) {
            tracing::debug!(?connection, "too many restart offers; one is dropped");
            return;
        }
        attempt.renew(generation, Phase::Answering);
        out.push(Output::Driver(DriverCommand::AcceptRestart { connection, generation, sdp }));
        if self.state.is_up() {
            attempt.restart = Some(now + RESTART_BUDGET);
            self.enter(State::Suspect, out);
        }
        self.add_held(connection, out);
    }

    /// Ends a restart that takes too long.
    pub(super) fn restart_in_time(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let Some(attempt) = &mut self.attempt else { return };
        let Some(until) = attempt.restart.filter(|until| *until <= now) else { return };
        // A restart that was only asked for has torn nothing down, and frames may have come all the while.
        let began = until.saturating_sub(RESTART_BUDGET);
        let alive = self.pulse.as_ref().is_some_and(|pulse| pulse.was_alive_after(began));
        if attempt.is_asking() && alive {
            attempt.settled();
            self.enter(State::Open, out);
        } else {
            tracing::debug!(connection = ?attempt.connection, "no new path is found in time");
            self.fail(now, rng, out);
        }
    }
}
