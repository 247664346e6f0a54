//! The state machine of one peer device's link. Pure: it reads no clock and draws no number of its own.
//!
//! ```text
//!                 wanted                peer adopted                    opened
//!        Idle ─────────────▶ Waiting ─────────────────▶ Connecting ─────────────▶ Open ◀──┐ a frame
//!         ▲                    ▲ │       an offer of the   ▲  ▲  │                 │ │     │ arrives
//!         │ not wanted         │ └─────── peer, from any ──┘  │  │ no answer, no   │ └──▶ Suspect
//!         │ (from any state)   │          state but Idle      │  │ path, closed    │        │
//!         │                    │                              │  ▼                 │ closed │ silent for
//!                              └──────────────────────────── Backoff ◀─────────────┴────────┘ too long
//!                               delay over, peer unknown       │
//!                                                              └─▶ Connecting: delay over, or peer adopted
//! ```
//!
//! # How one link comes of two wills
//!
//! 1. Either side may offer at any time; every offer that is not a repetition mints a connection id. Since both sides
//!    usually learn of each other at the same moment, the polite one waits [`Settings::polite_grace`] first.
//! 2. While both have an unanswered offer out, the polite one rolls its own back and answers. The impolite one ignores
//!    the other's while its own is younger than [`OFFER_FRESH`], and repeats its own instead.
//! 3. Everything said in an attempt is repeated on a schedule until the link is open, and when the peer repeats its
//!    offer. Signals are therefore numbered, and what was acted on once is not acted on again.
//! 4. A number grows over all connections of one run. An offer that is not newer than what the peer has since said about
//!    the connection at hand was overtaken on its way, and is dropped. A newer one means that the peer has lost that
//!    connection: it is accepted, even when ours looks open.
//! 5. An answer to an offer that we have given up, and newer than what the peer said about the connection at hand, means
//!    that the peer has left that connection. The impolite side then offers afresh.
//! 6. A connection that is over never comes back; its id is remembered for a while.
//!
//! Every attempt ends within [`ATTEMPT_BUDGET`], so whatever else goes wrong, both sides are soon free to try again.

mod attempt;
mod held;
mod pulse;
mod signals;

use std::time::Duration;

use rand::{Rng, RngExt};

use self::attempt::{Attempt, Phase};
use self::held::{Ended, Held};
use self::pulse::{Pulse, Verdict};
use super::{CloseReason, DriverCommand, DriverEvent, Path};
use crate::clock::{Backoff, RateLimit};
use crate::wire::ConnectionId;
use crate::wire::signal::{Heartbeat, Signal};

/// How long an attempt may take from its first offer to an open channel. Slow brokers and several candidate pairs fit
/// in; a person who waits for more would rather have the message go by mail.
pub const ATTEMPT_BUDGET: Duration = Duration::from_secs(15);
/// How long the impolite side insists on its own offer. A peer that lives answers within a second; one that does not
/// have our offer after five seconds and some repetitions shall have its own way.
pub const OFFER_FRESH: Duration = Duration::from_secs(5);
/// When to ask for a hello again while the peer is unknown, after the first. A hello may be lost with its session; a
/// peer that is away says hello itself when it returns, so it ends there.
const ANNOUNCES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(32)];
/// Offers of the peer that are acted on at once, and how often afterwards. Each costs us a certificate.
const OFFERS_BURST: u32 = 8;
/// See [`OFFERS_BURST`].
const OFFERS_EVERY: Duration = Duration::from_secs(1);

/// Who gives way when both offer. The device with the lexicographically lower key is polite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Gives way.
    Polite,
    /// Insists for a while.
    Impolite,
}

/// What may differ between tests and the program.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long the polite side waits for the other's offer before it makes its own.
    pub polite_grace: Duration,
    /// The heartbeat's interval while somebody uses the conversation.
    pub active_interval: Duration,
    /// The heartbeat's interval otherwise.
    pub idle_interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Twice the way of an offer over a distant broker; what is lost by waiting is only ever this.
            polite_grace: Duration::from_millis(400),
            // A loss is noticed after three intervals: 12 s where somebody looks on, 75 s where a radio may sleep.
            active_interval: Duration::from_secs(4),
            idle_interval: Duration::from_secs(25),
        }
    }
}

/// How a link stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody wants a link.
    #[default]
    Idle,
    /// Wanted, and the other device is not known to be there.
    Waiting,
    /// Offers, answers and candidates are under way.
    Connecting,
    /// Frames flow.
    Open,
    /// Silent for longer than it promised; frames may still be sent.
    Suspect,
    /// Failed; the next attempt waits.
    Backoff,
}

/// What the machine is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// Whether a link to this device is wanted: the contact is accepted and we are not shutting down.
    Wanted(bool),
    /// The peer's boot id was newly adopted: it is there now, and may have been restarted.
    PeerAdopted,
    /// The peer's adopted boot id was given up.
    PeerUnknown,
    /// A signal of the peer, authenticated and addressed to this run.
    Signal(Signal),
    /// The driver reports. Frames may be reported like this or by [`Input::Alive`].
    Driver(DriverEvent),
    /// A frame arrived on this connection.
    Alive(ConnectionId),
    /// A heartbeat arrived on this connection.
    Heartbeat(ConnectionId, Heartbeat),
    /// Whether somebody uses the conversation.
    Activity(bool),
    /// This device's interfaces or addresses have changed: what was open may lead nowhere.
    NetworkChanged,
    /// This process was stopped or the device slept: nothing that was believed of time and peers need hold any more.
    Woke,
    /// The deadline has come.
    Tick,
}

/// What the machine wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send this to the peer's adopted boot.
    Send(Signal),
    /// Hand this to the driver.
    Driver(DriverCommand),
    /// Send this on the open connection. It may be dropped when there is no room.
    SendHeartbeat(Heartbeat),
    /// The state or path changed.
    StateChanged {
        /// The state.
        state: State,
        /// The path, while there is a link.
        path: Option<Path>,
    },
    /// Say hello to the peer: we want a link, and do not know whether it is there.
    Announce,
    /// Frames may flow on this connection.
    Up {
        /// Which.
        connection: ConnectionId,
    },
    /// They no longer may.
    Down,
}

/// One peer device's link.
#[derive(Debug)]
pub struct Machine {
    role: Role,
    settings: Settings,
    state: State,
    path: Option<Path>,
    wanted: bool,
    peer_known: bool,
    active: bool,
    backoff: Backoff,
    /// The deadline of Waiting, Connecting and Backoff.
    until: Option<Duration>,
    /// When the polite side stops waiting for the other's offer.
    grace: Option<Duration>,
    /// Announces since Waiting began.
    announces: usize,
    attempt: Option<Attempt>,
    pulse: Option<Pulse>,
    /// The last measured round trip; kept when the link ends.
    rtt: Option<Duration>,
    /// The number of our last signal.
    number: u32,
    ended: Ended,
    held: Held,
    offers: RateLimit,
    /// Whether the peer has said anything since the last attempt began.
    heard: bool,
}

impl Machine {
    /// A machine that wants nothing yet.
    #[must_use]
    pub fn new(role: Role, settings: Settings) -> Self {
        Self {
            role,
            settings,
            state: State::Idle,
            path: None,
            wanted: false,
            peer_known: false,
            active: false,
            backoff: Backoff::standard(),
            until: None,
            grace: None,
            announces: 0,
            attempt: None,
            pulse: None,
            rtt: None,
            number: 0,
            ended: Ended::default(),
            held: Held::default(),
            offers: RateLimit::new(OFFERS_BURST, OFFERS_EVERY),
            heard: true,
        }
    }

    /// How the link stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The path in use, while there is a link.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        self.path
    }

    /// The last measured round trip; none before the first.
    #[must_use]
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// The connection at hand: the open one, or the one being made.
    #[must_use]
    pub fn connection(&self) -> Option<ConnectionId> {
        self.attempt.as_ref().map(|attempt| attempt.connection)
    }

    /// When to call with [`Input::Tick`] at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let pulse = self.pulse.as_ref().map(Pulse::deadline);
        let repeat = self.attempt.as_ref().and_then(|attempt| attempt.repeat_at);
        [self.until, self.grace, pulse, repeat].into_iter().flatten().min()
    }

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, input: Input, now: Duration, rng: &mut impl Rng) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Wanted(wanted) => self.on_wanted(wanted, now, rng, &mut out),
            Input::PeerAdopted => self.on_adopted(now, rng, &mut out),
            Input::PeerUnknown => self.on_unknown(now, &mut out),
            Input::Signal(signal) if self.wanted => self.on_signal(signal, now, rng, &mut out),
            Input::Signal(_) | Input::Tick | Input::NetworkChanged | Input::Woke => {}
            Input::Driver(event) => self.on_driver(event, now, rng, &mut out),
            Input::Alive(connection) => self.on_alive(connection, now, &mut out),
            Input::Heartbeat(connection, heartbeat) => self.on_heartbeat(connection, heartbeat, now, &mut out),
            Input::Activity(active) => self.on_activity(active, now, &mut out),
        }
        self.on_time(now, rng, &mut out);
        out
    }

    /// The one place where the state changes.
    fn enter(&mut self, state: State, out: &mut Vec<Output>) {
        if self.state == state {
            return;
        }
        tracing::debug!(connection = ?self.connection(), "{:?} -> {state:?}", self.state);
        let (was_up, is_up) = (self.state.is_up(), state.is_up());
        self.state = state;
        if !is_up {
            self.path = None;
            self.pulse = None;
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

    fn on_wanted(&mut self, wanted: bool, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        if self.wanted == wanted {
            return;
        }
        self.wanted = wanted;
        if !wanted {
            if self.end_attempt() {
                out.push(Output::Driver(DriverCommand::Close));
            }
            self.held = Held::default();
            self.backoff.reset();
            (self.until, self.grace) = (None, None);
            self.enter(State::Idle, out);
        } else if self.peer_known {
            self.begin(now, rng, out);
        } else {
            out.push(Output::Announce);
            self.wait(now, out);
        }
    }

    fn on_adopted(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        self.peer_known = true;
        self.heard = true;
        self.backoff.reset();
        // A restarted peer counts from the beginning, so what its last run said no longer overtakes anything.
        if let Some(attempt) = &mut self.attempt {
            attempt.peer_number = None;
        }
        match self.state {
            State::Idle => {}
            State::Waiting | State::Backoff => self.begin(now, rng, out),
            // What was said so far was addressed to nobody, or to a run that has ended.
            State::Connecting => self.repeat_now(out),
            // The link may be to this very run (its offer can overtake its hello), so it is asked and not torn down.
            State::Open | State::Suspect => {
                if let Some(pulse) = &mut self.pulse {
                    out.push(Output::SendHeartbeat(pulse.probe(now)));
                }
            }
        }
    }

    fn on_unknown(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.peer_known = false;
        if self.grace.is_some() {
            self.wait(now, out);
        }
    }

    fn on_driver(&mut self, event: DriverEvent, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let connection = event.connection();
        let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.connection == connection) else { return };
        match event {
            DriverEvent::OfferReady { sdp, .. } if attempt.phase == Phase::Creating => {
                attempt.phase = Phase::Offered;
                let number = self.next_number();
                self.say(Signal::Offer { connection, number, sdp }, now, out);
            }
            DriverEvent::AnswerReady { sdp, .. }
                if attempt.phase == Phase::Answering && self.state == State::Connecting =>
            {
                attempt.phase = Phase::Negotiated;
                let number = self.next_number();
                self.say(Signal::Answer { connection, number, sdp }, now, out);
            }
            DriverEvent::CandidatesReady { candidates, end, .. } if self.state == State::Connecting => {
                let number = self.next_number();
                self.say(Signal::Candidates { connection, number, candidates, end }, now, out);
            }
            DriverEvent::Opened { path, .. } if self.state == State::Connecting => self.open(path, now, out),
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

    fn on_alive(&mut self, connection: ConnectionId, now: Duration, out: &mut Vec<Output>) {
        if self.connection() != Some(connection) {
            return;
        }
        if let Some(pulse) = &mut self.pulse {
            pulse.alive(now);
            self.enter(State::Open, out);
        }
    }

    fn on_heartbeat(&mut self, connection: ConnectionId, heartbeat: Heartbeat, now: Duration, out: &mut Vec<Output>) {
        self.on_alive(connection, now, out);
        if self.connection() == Some(connection)
            && let Some(pulse) = &mut self.pulse
        {
            out.extend(pulse.received(heartbeat, now).map(Output::SendHeartbeat));
            self.rtt = pulse.rtt.or(self.rtt);
        }
    }

    fn on_activity(&mut self, active: bool, now: Duration, out: &mut Vec<Output>) {
        self.active = active;
        let interval = self.interval();
        if let Some(pulse) = &mut self.pulse
            && pulse.interval != interval
        {
            pulse.interval = interval;
            out.push(Output::SendHeartbeat(pulse.beat(now)));
        }
    }

    fn on_time(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        match self.state {
            State::Idle => {}
            State::Waiting if due(self.until) => {
                out.push(Output::Announce);
                self.announces += 1;
                self.until = ANNOUNCES.get(self.announces).map(|delay| now + *delay);
            }
            State::Connecting if due(self.until) => self.fail(now, rng, out),
            State::Connecting if due(self.grace) => self.offer(now, rng, out),
            State::Connecting if due(self.attempt.as_ref().and_then(|attempt| attempt.repeat_at)) => {
                self.repeat_now(out);
                if let Some(attempt) = &mut self.attempt {
                    attempt.schedule(now);
                }
            }
            State::Open | State::Suspect => match self.pulse.as_mut().map(|pulse| pulse.on_time(now)) {
                Some(Verdict::Lost) => self.fail(now, rng, out),
                Some(Verdict::Suspect(probe)) => {
                    self.enter(State::Suspect, out);
                    out.push(Output::SendHeartbeat(probe));
                }
                Some(Verdict::Beat(heartbeat)) => out.push(Output::SendHeartbeat(heartbeat)),
                Some(Verdict::Fine) | None => {}
            },
            State::Backoff if due(self.until) => {
                out.push(Output::Announce);
                if self.peer_known { self.begin(now, rng, out) } else { self.wait(now, out) }
            }
            State::Waiting | State::Connecting | State::Backoff => {}
        }
    }

    /// Waits for the peer to be there; the first announce is the caller's.
    fn wait(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.announces = 0;
        self.grace = None;
        self.until = ANNOUNCES.first().map(|delay| now + *delay);
        self.enter(State::Waiting, out);
    }

    /// Begins to connect: the impolite side offers, the polite one first gives the other time to.
    fn begin(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        self.heard = false;
        if self.role == Role::Impolite || self.settings.polite_grace.is_zero() {
            return self.offer(now, rng, out);
        }
        self.until = Some(now + ATTEMPT_BUDGET);
        self.grace = Some(now + self.settings.polite_grace);
        self.enter(State::Connecting, out);
    }

    /// Makes an offer of our own, in place of whatever there was.
    fn offer(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        let connection = ConnectionId(rng.random());
        self.replace_attempt(Attempt::own(connection, now), now, out);
        out.push(Output::Driver(DriverCommand::Offer { connection }));
    }

    fn replace_attempt(&mut self, attempt: Attempt, now: Duration, out: &mut Vec<Output>) {
        self.end_attempt();
        self.grace = None;
        self.until = Some(now + ATTEMPT_BUDGET);
        // First the state: what is `Down` is the old connection.
        self.enter(State::Connecting, out);
        self.attempt = Some(attempt);
    }

    /// Remembers that the connection at hand is over. False when there was none.
    fn end_attempt(&mut self) -> bool {
        let Some(attempt) = self.attempt.take() else { return false };
        self.ended.push(attempt.connection);
        self.held.forget(attempt.connection);
        true
    }

    /// The attempt or the link is over; the next waits.
    fn fail(&mut self, now: Duration, rng: &mut impl Rng, out: &mut Vec<Output>) {
        self.end_attempt();
        out.push(Output::Driver(DriverCommand::Close));
        self.grace = None;
        // Who said nothing in a whole attempt is not there. Only a hello brings it back, so that nobody offers for ever to
        // a process that is gone.
        self.peer_known &= self.heard;
        self.until = Some(now + self.backoff.next_delay(rng));
        self.enter(State::Backoff, out);
    }

    fn open(&mut self, path: Path, now: Duration, out: &mut Vec<Output>) {
        self.backoff.reset();
        self.heard = true;
        self.until = None;
        if let Some(attempt) = &mut self.attempt {
            attempt.settled();
        }
        self.path = Some(path);
        let mut pulse = Pulse::new(self.interval(), now);
        let first = pulse.beat(now);
        self.pulse = Some(pulse);
        self.enter(State::Open, out);
        out.push(Output::SendHeartbeat(first));
    }

    fn interval(&self) -> Duration {
        if self.active { self.settings.active_interval } else { self.settings.idle_interval }
    }

    fn next_number(&mut self) -> u32 {
        self.number = self.number.saturating_add(1);
        self.number
    }
}

impl State {
    fn is_up(self) -> bool {
        matches!(self, Self::Open | Self::Suspect)
    }
}

#[cfg(test)]
mod tests;
