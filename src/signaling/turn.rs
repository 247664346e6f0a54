//! Whose turn it is among somebody's brokers.
//!
//! Pure. A broker that takes everything and delivers nothing cannot be told from a person who is away. So what is said again is
//! said over the next broker, and one over which an answer came stays.

use std::time::Duration;

/// A person who is there answers sooner; what is said again is said a second later at the earliest.
const ANSWER_PATIENCE: Duration = Duration::from_millis(900);

/// The turn for one person.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    count: usize,
    /// When something was first said over this broker that no answer has followed.
    unanswered_since: Option<Duration>,
}

impl Turn {
    /// Something is about to be said.
    pub fn say(&mut self, now: Duration) {
        match self.unanswered_since {
            Some(since) if now < since.saturating_add(ANSWER_PATIENCE) => {}
            Some(_) => {
                self.count = self.count.wrapping_add(1);
                self.unanswered_since = Some(now);
            }
            None => self.unanswered_since = Some(now),
        }
    }

    /// They have shown that they heard us.
    pub fn heard(&mut self) {
        self.unanswered_since = None;
    }

    /// The one of these whose turn it is.
    #[must_use]
    pub fn pick<T: Copy>(&self, brokers: &[T]) -> Option<T> {
        brokers.get(self.count.checked_rem(brokers.len())?).copied()
    }
}
