//! Saying by mail what one has, to a peer with whom no link comes.
//!
//! Over a link `have` is the first word. By mail it has to be said too, once in each run: a database that was put back from a
//! copy does not know that it was, and its peers believe that it has what it once acknowledged. The peer's mail says which of
//! ours has counted last (`seen`), and a statement is repeated until that is one of this run. When it is a higher number that
//! this run has not used for a statement, it is from a life that was put back: this run's numbers were too low to count, so
//! they go on above that one, and what is there is said anew.

use std::collections::VecDeque;
use std::time::Duration;

use rand::{Rng, RngExt};

use crate::clock::Backoff;

/// A link gets this long after the start: whoever is there has one by then, and nobody waits for this statement.
const PATIENCE: Duration = Duration::from_secs(30);
/// The first repetition. A broker that loses its queue is rare, and what is at stake is only what a restored copy lacks.
const REPEAT_FIRST: Duration = Duration::from_secs(3600);
/// The last: somebody who is away for weeks costs one envelope a day.
const REPEAT_LAST: Duration = Duration::from_secs(24 * 3600);
/// This run's mails that are remembered, those first that have said all: an answer to an older one comes late, and then it is said again.
const SAID_MAX: usize = 16;

/// What one peer has to be told of what we have.
#[derive(Clone, Debug)]
pub struct Telling {
    /// When to say it next; `None` while nothing is to be said.
    at: Option<Duration>,
    /// The store was asked for it.
    asking: bool,
    /// The mails that have said it in this run, the last first.
    said: VecDeque<Said>,
    /// The number of the first.
    first: Option<u64>,
    repeat: Backoff,
}

/// A mail that has said what there is.
#[derive(Clone, Copy, Debug)]
struct Said {
    number: u64,
    /// Of all conversations, and not of one in which something was asked for.
    all: bool,
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            at: None,
            asking: false,
            said: VecDeque::new(),
            first: None,
            repeat: Backoff::new(REPEAT_FIRST, REPEAT_LAST),
        }
    }
}

impl Telling {
    /// The run has begun: unless a link comes, it is to be said.
    pub fn begin(&mut self, now: Duration, rng: &mut impl Rng) {
        // Not to everybody at once.
        let patience = PATIENCE.mul_f64(1.0 + rng.random::<f64>());
        *self = Self { at: Some(now + patience), ..Self::default() };
    }

    /// The peer believes that we have something that we do not: what it has heard of that in this run does not count. However often it
    /// says so, it costs one statement in a while.
    pub fn tell_again(&mut self, now: Duration, rng: &mut impl Rng) {
        if self.at.is_none() || self.has_said_all() {
            self.begin(now, rng);
        }
    }

    /// Other mail goes to the peer, so no link is expected: this goes with it.
    pub fn hurry(&mut self, now: Duration) {
        if !self.has_said_all()
            && let Some(at) = &mut self.at
        {
            *at = now.min(*at);
        }
    }

    /// A link is open: it is said there.
    pub fn stop(&mut self) {
        *self = Self::default();
    }

    /// Whether the store is to be asked for the statement now.
    pub fn tick(&mut self, now: Duration) -> bool {
        let due = !self.asking && self.at.is_some_and(|at| now >= at);
        self.asking |= due;
        due
    }

    /// The store could not tell, or there was no way out after all: it is asked again later.
    pub fn unsaid(&mut self, now: Duration) {
        self.asking = false;
        if self.at.is_some() {
            self.at = Some(now + super::ASK_AGAIN);
        }
    }

    /// It goes out in the mail with this number, or the last part of it.
    pub fn says(&mut self, number: u64, now: Duration, rng: &mut impl Rng) {
        self.asking = false;
        if self.at.is_some() {
            self.remember(Said { number, all: true });
            self.at = Some(now + self.repeat.next_delay(rng));
        }
    }

    /// The mail with this number says what there is of some conversations, one in which something is asked for or a part of all. That it has counted shows that
    /// the peer has heard this run, and not that it has heard all.
    pub fn says_a_part(&mut self, number: u64) {
        self.remember(Said { number, all: false });
    }

    fn remember(&mut self, said: Said) {
        if self.said.len() == SAID_MAX {
            let part = self.said.iter().rposition(|said| !said.all);
            self.said.remove(part.unwrap_or(SAID_MAX - 1));
        }
        self.said.push_front(said);
        self.first.get_or_insert(said.number);
    }

    fn has_said_all(&self) -> bool {
        self.said.iter().any(|said| said.all)
    }

    fn of_number(&self, number: u64) -> Option<Said> {
        self.said.iter().find(|said| said.number == number).copied()
    }

    /// Whether it is still to be said.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.at.is_some()
    }

    /// The peer's mail says which of ours has counted last, while `used` is the highest number that we know to have used.
    /// Says whether that number is from a life that was put back: then only higher ones count, and it is to be said at once.
    #[must_use]
    pub fn seen(&mut self, number: u64, used: u64, now: Duration) -> bool {
        if let Some(said) = self.of_number(number) {
            self.at = self.at.filter(|_| !said.all);
            return false;
        }
        // What it had seen before our first one came tells nothing of that.
        let foreign = number > self.first.unwrap_or(used);
        if foreign {
            *self = Self { at: Some(now), ..Self::default() };
        }
        foreign
    }

    /// The peer has said by mail what it has, and which of ours has counted last. When that is none of this run's, it may have
    /// forgotten what we said to an earlier life of it: it is said again.
    pub fn answered(&mut self, number: Option<u64>, now: Duration) {
        if number.and_then(|number| self.of_number(number)).is_none() {
            self.at = Some(now);
        }
    }

    /// Whether it goes out as soon as the store has told it.
    #[must_use]
    pub fn is_going(&self, now: Duration) -> bool {
        self.asking || self.at.is_some_and(|at| now >= at)
    }

    /// When [`Telling::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.at.filter(|_| !self.asking)
    }
}
