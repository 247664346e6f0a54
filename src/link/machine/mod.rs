//! The state machine of one peer device's link. Pure: it reads no clock and draws no number of its own.
//!
//! ```text
//!                 wanted                peer adopted                    opened
//!        Idle ─────────────▶ Waiting ─────────────────▶ Connecting ─────────────▶ Open ◀──┐ a frame
//!         ▲                    ▲ │       a signal of the    ▲  ▲  │                 │ │     │ arrives
//!         │ not wanted, or no  │ └─────── peer ─────────────┘  │  │ no answer, no   │ └──▶ Suspect
//!         │ link may be made   │                              │  ▼ path, closed    │  silent, another
//!         │ (from any state)   │                              │  │                 │  network, or woken
//!                              └──────────────────────────── Backoff ◀─────────────┴────────┘ closed, or the
//!                               delay over, peer unknown       │                              restart failed
//!                                                              └─▶ Connecting: delay over, or a sign of life
//! ```
//!
//! Beside it: Connecting goes back to Waiting when the peer shows no address (rule 7) or turns out not to be there, and Open
//! goes to Connecting when the peer is another run of its program or has lost the connection.
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
//! 7. Who may show the peer no address ([`Policy::Never`]) rests in Idle and answers an offer with an empty last batch of
//!    candidates: no link comes of it. The offerer then rests too, until the peer offers or is another boot (`hidden`).
//!
//! Every attempt ends within [`ATTEMPT_BUDGET`], so whatever else goes wrong, both sides are soon free to try again.
//!
//! # How a link comes back
//!
//! When an open link falls silent or the network changes, its paths are made anew on the same connection (`restart`).
//! When that fails, when the peer turns out to be another run of its program, or when the connection ends although it
//! was long open, a fresh connection is made at once. Only an attempt that fails makes the next one wait.
//!
//! | file | what it decides |
//! |---|---|
//! | `words` | nothing: what goes in and what comes out |
//! | `inputs` | what each input other than a signal means |
//! | `signals` | what the peer's signals mean: rules 2 to 6 |
//! | `restart` | restarts, changes of the network, waking |
//! | `hidden` | which addresses the peer may learn, and a peer that shows none: rule 7 |
//! | `state` | beginnings and ends: the one place where the state changes |
//! | `timers` | what is due |
//! | `attempt`, `held`, `pulse` | their own small memories |

mod attempt;
mod held;
mod hidden;
mod inputs;
mod pulse;
mod restart;
mod signals;
mod state;
mod timers;
mod words;

use std::time::Duration;

use rand::Rng;

use self::attempt::{Attempt, Phase};
use self::held::{Ended, Held};
use self::pulse::{Pulse, Verdict};
use super::{Path, Policy};
use crate::clock::{Backoff, RateLimit};
use crate::wire::{ConnectionId, Nonce};

pub use self::words::{Input, Output, Role, Settings, State};

/// How long an attempt may take from its first offer to an open channel. Slow brokers and several candidate pairs fit
/// in; messages go by mail long before.
pub const ATTEMPT_BUDGET: Duration = Duration::from_secs(15);
/// How long the impolite side insists on its own offer. A peer that lives answers within a second; one that does not
/// have our offer after five seconds and some repetitions shall have its own way.
pub const OFFER_FRESH: Duration = Duration::from_secs(5);
/// Offers and wishes of the peer that are acted on at once, and how often afterwards. Each costs us a certificate, or new
/// sockets.
const OFFERS_BURST: u32 = 8;
/// See [`OFFERS_BURST`].
const OFFERS_EVERY: Duration = Duration::from_secs(1);

/// One peer device's link.
#[derive(Debug)]
pub struct Machine {
    role: Role,
    settings: Settings,
    state: State,
    path: Option<Path>,
    wanted: bool,
    policy: Policy,
    /// The boot of the peer that shows no address: it offers when that changes.
    unshown: Option<Nonce>,
    peer_known: bool,
    /// The peer's boot that was adopted last.
    boot: Option<Nonce>,
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
    /// When the open link opened.
    opened: Option<Duration>,
    /// When the last change of the network was acted on.
    changed: Option<Duration>,
    /// When one that came too soon after it will be.
    change_due: Option<Duration>,
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
            policy: Policy::default(),
            unshown: None,
            peer_known: false,
            boot: None,
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
            opened: None,
            changed: None,
            change_due: None,
        }
    }

    /// How the link stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The path in use, while there is a link: a relay when either side sees one.
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

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, input: Input, now: Duration, rng: &mut impl Rng) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Wanted(wanted) => self.on_wanted(wanted, now, rng, &mut out),
            Input::Policy(policy) => self.on_policy(policy, now, rng, &mut out),
            Input::PeerAdopted(boot) => self.on_adopted(boot, now, rng, &mut out),
            Input::PeerUnknown => self.on_unknown(now, &mut out),
            Input::Signal(signal) if self.is_shut() => self.on_signal_while_shut(&signal, now, &mut out),
            Input::Signal(signal) if self.wanted => self.on_signal(signal, now, rng, &mut out),
            Input::Signal(_) | Input::Tick => {}
            Input::RouteAppeared => self.repeat_now(&mut out),
            Input::Driver(event) => self.on_driver(event, now, rng, &mut out),
            Input::Alive(connection) => self.on_alive(connection, now, &mut out),
            Input::Heartbeat(connection, heartbeat) => self.on_heartbeat(connection, heartbeat, now, &mut out),
            Input::Activity(active) => self.on_activity(active, now, &mut out),
            Input::NetworkChanged => self.on_network_changed(now, rng, &mut out),
            Input::AddressesChanged => self.on_addresses_changed(now, rng, &mut out),
            Input::Woke => self.on_woke(now, rng, &mut out),
        }
        self.on_time(now, rng, &mut out);
        out
    }
}

#[cfg(test)]
mod tests;
