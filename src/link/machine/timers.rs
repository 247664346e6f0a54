//! What is due: the deadlines of states, of repetitions and of the heartbeat.

use std::time::Duration;

use rand::Rng;

use super::{Attempt, Machine, Output, Pulse, State, Verdict};

/// When to ask for a hello again while the peer is unknown, after the first. A hello may be lost with its session; a
/// peer that is away says hello itself when it returns, so it ends there.
pub(super) const ANNOUNCES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(32)];

impl Machine {
    /// When to call with [`Input::Tick`](super::Input::Tick) at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let pulse = self.pulse.as_ref().map(Pulse::deadline);
        let attempt = self.attempt.as_ref().and_then(Attempt::deadline);
        [self.until, self.grace, self.change_due, pulse, attempt].into_iter().flatten().min()
    }

    pub(super) fn on_time(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        if due(self.change_due) {
            self.network_changed(now, rng, out);
        }
        match self.state {
            State::Idle => {}
            State::Waiting if due(self.until) => {
                out.push(Output::Announce);
                self.announces += 1;
                self.until = ANNOUNCES.get(self.announces).map(|delay| now + *delay);
            }
            State::Connecting if due(self.until) => self.fail(now, rng, out),
            State::Connecting if due(self.grace) => self.offer(now, rng, out),
            State::Connecting => self.repeat_when_due(now, out),
            State::Open | State::Suspect => {
                self.repeat_when_due(now, out);
                self.restart_in_time(now, rng, out);
                self.beat_in_time(now, rng, out);
            }
            State::Backoff if due(self.until) => {
                out.push(Output::Announce);
                if self.peer_known { self.begin(now, rng, out) } else { self.wait(now, out) }
            }
            State::Waiting | State::Backoff => {}
        }
    }

    fn repeat_when_due(&mut self, now: Duration, out: &mut Vec<Output>) {
        let Some(attempt) = &mut self.attempt else { return };
        if attempt.repeat_at.is_some_and(|at| at <= now) {
            out.extend(attempt.repetition().map(Output::Send));
            attempt.schedule(now);
        }
    }

    fn beat_in_time(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        match self.pulse.as_mut().map(|pulse| pulse.on_time(now)) {
            Some(Verdict::Lost) => self.fail(now, rng, out),
            Some(Verdict::Suspect(probe)) => {
                self.enter(State::Suspect, out);
                out.push(Output::SendHeartbeat(probe));
            }
            Some(Verdict::Beat(heartbeat)) => out.push(Output::SendHeartbeat(heartbeat)),
            Some(Verdict::Fine) | None => {}
        }
    }
}
