//! What each input other than a signal of the peer means.

use std::time::Duration;

use rand::Rng;

use super::pulse::RESTARTED_PATIENCE;
use super::{Machine, Output, Phase, State};
use crate::link::{CloseReason, DriverEvent};
use crate::wire::signal::{Heartbeat, Signal};
use crate::wire::{ConnectionId, Nonce};

/// A longer round trip says more of a queue that was full once than of the way.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(1);

impl Machine {
    pub(super) fn on_wanted(&mut self, wanted: bool, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        if self.wanted == wanted {
            return;
        }
        self.wanted = wanted;
        if !wanted {
            self.rest(out);
        } else if !self.is_shut() {
            self.look_for_peer(now, rng, out);
        }
    }

    pub(super) fn on_adopted(&mut self, boot: Nonce, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        self.peer_known = true;
        self.heard = true;
        self.backoff.reset();
        let restarted = self.boot.replace(boot) != Some(boot);
        if let Some(attempt) = self.attempt.as_mut().filter(|_| restarted) {
            // A restarted peer counts from the beginning, so what its last run said no longer overtakes anything.
            attempt.peer_number = None;
        }
        let with_another = self.attempt.as_ref().is_some_and(|attempt| attempt.is_with_another(boot));
        match self.state {
            State::Idle => {}
            State::Waiting if self.is_unshown(boot) => {}
            State::Waiting | State::Backoff => self.begin(now, rng, out),
            // Half of it was said by a run that has ended, so nothing comes of it.
            State::Connecting | State::Open | State::Suspect if with_another => self.begin(now, rng, out),
            State::Connecting => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.boot = Some(boot);
                }
                // What was said so far was addressed to nobody, or to a run that has ended.
                self.repeat_now(out);
            }
            // Who greets usually has no link, but its greeting may be old: the link is asked and not torn down.
            State::Open | State::Suspect => self.probe(RESTARTED_PATIENCE, now, out),
        }
    }

    pub(super) fn on_unknown(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.peer_known = false;
        if self.grace.is_some() {
            self.wait(now, out);
        }
    }

    pub(super) fn on_driver(&mut self, event: DriverEvent, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let connection = event.connection();
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.connection == connection) else { return };
        match event {
            DriverEvent::OfferReady { generation, sdp, .. }
                if attempt.phase == Phase::Creating && attempt.generation == generation =>
            {
                attempt.phase = Phase::Offered;
                let number = self.next_number();
                self.say(Signal::Offer { connection, number, sdp, generation }, now, out);
            }
            DriverEvent::AnswerReady { generation, sdp, .. }
                if attempt.phase == Phase::Answering && attempt.generation == generation =>
            {
                attempt.phase = Phase::Negotiated;
                let number = self.next_number();
                self.say(Signal::Answer { connection, number, sdp, generation }, now, out);
            }
            DriverEvent::CandidatesReady { generation, candidates, end, .. }
                if attempt.generation == generation && attempt.is_under_way(self.state) =>
            {
                let number = self.next_number();
                self.say(Signal::Candidates { connection, number, candidates, end, generation }, now, out);
            }
            DriverEvent::Opened { path, .. } if self.state == State::Connecting => self.open(path, now, out),
            DriverEvent::Disconnected { .. } => self.on_disconnected(now, out),
            DriverEvent::Reconnected { generation, path, .. } if attempt.generation == generation => {
                self.on_reconnected(path, now, out);
            }
            DriverEvent::PathChanged { path, .. } => self.take_path(path, now, out),
            DriverEvent::Frame { .. } => self.on_alive(connection, now, out),
            // Trying again would end the same. Who changes the policy wants the link anew.
            DriverEvent::Closed { reason: CloseReason::Forbidden, .. } => self.on_wanted(false, now, rng, out),
            DriverEvent::Closed { reason, .. } => {
                tracing::debug!(?connection, %reason, "the connection ended");
                self.fail(now, rng, out);
            }
            _ => {}
        }
    }

    pub(super) fn on_alive(&mut self, connection: ConnectionId, now: Duration, out: &mut Vec<Output>) {
        let Some(attempt) = self.attempt.as_ref().filter(|attempt| attempt.connection == connection) else { return };
        let restarting = attempt.restart.is_some();
        let Some(pulse) = &mut self.pulse else { return };
        pulse.alive(now);
        let unproven = pulse.is_unproven();
        // A frame that came by a path which is being replaced says nothing of the new one.
        if !restarting && !unproven {
            self.enter(State::Open, out);
        }
    }

    pub(super) fn on_heartbeat(
        &mut self,
        connection: ConnectionId,
        heartbeat: Heartbeat,
        now: Duration,
        out: &mut Vec<Output>,
    ) {
        // First what it says: an answer may be what shows that the peer lives.
        if self.connection() == Some(connection)
            && let Some(pulse) = &mut self.pulse
        {
            out.extend(pulse.received(heartbeat, now).map(Output::SendHeartbeat));
            self.rtt = pulse.rtt.or(self.rtt);
            self.show_path(out);
        }
        self.on_alive(connection, now, out);
    }

    pub(super) fn on_activity(&mut self, active: bool, now: Duration, out: &mut Vec<Output>) {
        self.active = active;
        let interval = self.interval();
        if let Some(pulse) = &mut self.pulse
            && pulse.interval != interval
        {
            pulse.interval = interval;
            out.push(Output::SendHeartbeat(pulse.beat(now)));
        }
    }

    /// Asks the peer to be heard within `patience` and two round trips, or the link is lost.
    pub(super) fn probe(&mut self, patience: Duration, now: Duration, out: &mut Vec<Output>) {
        let patience = patience + 2 * self.rtt.unwrap_or_default().min(ROUND_TRIP_MAX);
        if let Some(pulse) = &mut self.pulse {
            out.push(Output::SendHeartbeat(pulse.probe(patience, now)));
        }
    }
}
