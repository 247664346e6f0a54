//! Hello, without clocks: which boot of a peer is alive.
//!
//! A boot id is drawn once per process. An **announcement** carries a nonce and no echo; an **answer** carries the
//! other's nonce back. A peer's boot is **adopted** only from an envelope that echoes our latest nonce to it, and a
//! nonce counts once, so a broker that keeps old envelopes can bring back no old boot.
//!
//! ```text
//! A → B   boot a, nonce 1            an announcement
//! A ← B   boot b, nonce 2, echo 1    A adopts b
//! A → B   boot a, nonce 3, echo 2    B adopts a; nonce 2 went out with an echo, so B does not answer
//! ```
//! A hello is said at every broker of the other at once, so what comes again at once is the same hello and counts once. A
//! copy over a slow broker comes later: an answer to what was answered before is such a copy whenever it comes, or two
//! brokers of unequal speed would have the two greet each other for ever.

use std::collections::VecDeque;
use std::time::Duration;

use rand::{Rng, RngExt};

use crate::clock::RateLimit;
use crate::wire::{self, Nonce};

/// Answers to one peer: enough for both sides restarting in a row, too few for a replaying broker to make a noise.
const ANSWERS_BURST: u32 = 8;
const ANSWERS_EVERY: Duration = Duration::from_secs(2);

/// The same hello within this time came over another broker; later it was said again. Nobody says one again sooner than
/// after a second.
const SAME_WITHIN: Duration = Duration::from_millis(900);
/// Hellos that are remembered for that: more than two devices say to each other in that time.
const RECENT_MAX: usize = 4;

/// Nonces that were echoed, as far as copies of their echoes are known: more than two devices exchange while a slow broker
/// still has one of them.
const ECHOED_MAX: usize = 8;

/// What we know of one peer's presence.
#[derive(Clone, Debug)]
pub struct Hello {
    /// Our latest nonce to this peer, until it was echoed, and whether it went out with an echo.
    nonce: Option<(Nonce, bool)>,
    adopted: Option<Nonce>,
    answers: RateLimit,
    /// What was heard last: boot, nonce, echo, and when.
    recent: VecDeque<(Nonce, Nonce, Option<Nonce>, Duration)>,
    /// Our nonces that were echoed, the latest first.
    echoed: VecDeque<Nonce>,
}

/// A hello to send; boot and key are added by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// To be echoed.
    pub nonce: Nonce,
    /// What it answers.
    pub echo: Option<Nonce>,
}

/// What a received hello means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// To be sent back.
    pub answer: Option<Greeting>,
    /// The peer's boot was confirmed; `true` when it is another one than before.
    pub adopted: Option<bool>,
}

impl Default for Hello {
    fn default() -> Self {
        let answers = RateLimit::new(ANSWERS_BURST, ANSWERS_EVERY);
        Self { nonce: None, adopted: None, answers, recent: VecDeque::new(), echoed: VecDeque::new() }
    }
}

impl Hello {
    /// The peer's boot that is known to be alive, or was when it was last heard.
    #[must_use]
    pub fn adopted(&self) -> Option<Nonce> {
        self.adopted
    }

    /// Forgets the peer's boot: it is silent, and only a new echo shall bring it back.
    pub fn forget(&mut self) {
        self.adopted = None;
    }

    /// An announcement: when a broker has confirmed our subscriptions, and when a link is wanted. A nonce that was not echoed
    /// yet is said again: the answer to it may be on its way, and another announcement must not make it worthless.
    pub fn announce(&mut self, rng: &mut impl Rng) -> Greeting {
        let nonce = self.nonce.map_or_else(|| Nonce(rng.random()), |(nonce, _)| nonce);
        self.nonce = Some((nonce, false));
        Greeting { nonce, echo: None }
    }

    /// A hello arrived from the peer (already authenticated).
    pub fn receive(&mut self, hello: &wire::Hello, now: Duration, rng: &mut impl Rng) -> Heard {
        self.recent.retain(|(.., at)| now < at.saturating_add(SAME_WITHIN));
        let same = |(boot, nonce, echo, _): &(Nonce, Nonce, Option<Nonce>, Duration)| {
            (boot, nonce, echo) == (&hello.boot, &hello.nonce, &hello.echo)
        };
        if self.recent.iter().any(same) || hello.echo.is_some_and(|echo| self.echoed.contains(&echo)) {
            return Heard::default();
        }
        self.recent.truncate(RECENT_MAX - 1);
        self.recent.push_front((hello.boot, hello.nonce, hello.echo, now));
        let echoed = self.nonce.filter(|(nonce, _)| hello.echo == Some(*nonce));
        let adopted = echoed.map(|_| self.adopted.replace(hello.boot) != Some(hello.boot));
        if let Some((nonce, _)) = echoed {
            self.nonce = None;
            self.echoed.truncate(ECHOED_MAX - 1);
            self.echoed.push_front(nonce);
        }
        // Who echoes a nonce that went out with an echo has had that echo, and so has adopted us.
        let settled = echoed.is_some_and(|(_, with_echo)| with_echo);
        let answer = (!settled && self.answers.allow(now)).then(|| {
            let nonce = self.nonce.map_or_else(|| Nonce(rng.random()), |(nonce, _)| nonce);
            self.nonce = Some((nonce, true));
            Greeting { nonce, echo: Some(hello.nonce) }
        });
        Heard { answer, adopted }
    }
}
