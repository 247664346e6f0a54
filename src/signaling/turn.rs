//! Whose turn it is among somebody's brokers.
//!
//! Pure. A broker that takes everything and delivers nothing cannot be told from a person who is away. So what is said again is
//! said over the next broker. One over which an answer came, or over which they say something to us, is known to deliver and
//! stays; only what is said again leaves it.

use std::time::Duration;

/// A person who is there answers sooner; what is said again is said a second later at the earliest.
const ANSWER_PATIENCE: Duration = Duration::from_millis(900);

/// The turn for one person.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    count: usize,
    /// When something was first said over this broker that no answer has followed.
    unanswered_since: Option<Duration>,
    /// The last that was heard of it: it delivers.
    delivers: bool,
}

impl Turn {
    /// Something is about to be said, perhaps again.
    pub fn say(&mut self, now: Duration) {
        match self.unanswered_since {
            Some(since) if now < since.saturating_add(ANSWER_PATIENCE) => {}
            Some(_) => {
                self.count = self.count.wrapping_add(1);
                (self.unanswered_since, self.delivers) = (Some(now), false);
            }
            None => self.unanswered_since = Some(now),
        }
    }

    /// Something new is about to be said, which an answer will follow when they are there. That none has come to something
    /// else says nothing of a broker that delivers.
    pub fn say_first(&mut self, now: Duration) {
        if self.delivers {
            self.unanswered_since.get_or_insert(now);
        } else {
            self.say(now);
        }
    }

    /// Something is about to be said that nobody answers: silence after it is no sign.
    pub fn mention(&mut self, now: Duration) {
        if !self.delivers {
            self.say(now);
        }
    }

    /// They have shown that they heard us.
    pub fn heard(&mut self) {
        (self.unanswered_since, self.delivers) = (None, true);
    }

    /// They have said something over the broker at this place: where they are heard they are reached.
    pub fn heard_over(&mut self, place: usize) {
        self.count = place;
        self.heard();
    }

    /// The one of these whose turn it is: all of their brokers in one order, of which some can be used now. The turn of one
    /// that cannot is the next one's.
    #[must_use]
    pub fn pick<T: Copy>(&self, brokers: &[Option<T>]) -> Option<T> {
        let first = self.count.checked_rem(brokers.len())?;
        let (before, from) = brokers.split_at_checked(first)?;
        from.iter().chain(before).copied().flatten().next()
    }
}
