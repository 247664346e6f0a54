//! What the machine is told, what it wants, and how it stands. Plain values.

use std::time::Duration;

use crate::link::{DriverCommand, DriverEvent, Path, Policy};
use crate::wire::signal::{Heartbeat, Signal};
use crate::wire::{ConnectionId, Nonce};

/// Who gives way when both offer, and who asks for ICE restarts instead of making them. The device with the
/// lexicographically lower key is polite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Gives way, and asks.
    Polite,
    /// Insists for a while, and restarts.
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
    /// Nobody wants a link, or the peer may learn no address of ours.
    #[default]
    Idle,
    /// Wanted, and the other device is not known to be there.
    Waiting,
    /// Offers, answers and candidates are under way.
    Connecting,
    /// Frames flow.
    Open,
    /// Silent for longer than it promised, or its paths are being made anew; frames may still be sent.
    Suspect,
    /// Failed; the next attempt waits.
    Backoff,
}

impl State {
    pub(super) fn is_up(self) -> bool {
        matches!(self, Self::Open | Self::Suspect)
    }
}

/// What the machine is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// Whether a link to this device is wanted: the contact is accepted and we are not shutting down.
    Wanted(bool),
    /// Which of our addresses the peer may learn from now on. Whatever is open or being made was made by the rule before and
    /// is left at once; the driver of the next connection is told the new one by the caller.
    Policy(Policy),
    /// The peer has shown that this boot of it is there now. Not only when it is another one than before: every such
    /// showing is a sign of life.
    PeerAdopted(Nonce),
    /// The peer's adopted boot id was given up.
    PeerUnknown,
    /// A signal of the peer's adopted boot, authenticated and addressed to this run.
    Signal(Signal),
    /// Signals can be sent again after they could not: what waits for an answer is said again.
    RouteAppeared,
    /// The driver reports. Frames may be reported like this or by [`Input::Alive`].
    Driver(DriverEvent),
    /// A frame arrived on this connection.
    Alive(ConnectionId),
    /// A heartbeat arrived on this connection.
    Heartbeat(ConnectionId, Heartbeat),
    /// Whether somebody uses the conversation.
    Activity(bool),
    /// The rest of the world is reached by another way than before: what was open leads nowhere, or may.
    NetworkChanged,
    /// Addresses of this device beside its way out came or went: what is open is likely to live.
    AddressesChanged,
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
    /// Say hello to the peer: we want a link, and do not know whether it is there; or it may think that we are gone.
    Announce,
    /// Frames may flow on this connection.
    Up {
        /// Which.
        connection: ConnectionId,
    },
    /// They no longer may.
    Down,
}
