//! When others are told that this person types: not with every key. Pure: the time is passed in.

use std::time::{Duration, Instant};

use uuid::Uuid;

/// Who goes on typing says so again after this long: a few times in what a word of it is good for.
const AGAIN: Duration = Duration::from_secs(3);

/// What was said last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typist(Option<(Uuid, Instant)>);

impl Typist {
    /// A key was pressed in this conversation, and the field is empty now or not. What to say there, if anything.
    pub fn types(&mut self, with: Uuid, empty: bool, now: Instant) -> Option<bool> {
        let said = self.0.filter(|(there, _)| *there == with).map(|(_, at)| at);
        if empty {
            return said.is_some().then(|| {
                self.0 = None;
                false
            });
        }
        if said.is_some_and(|at| now.saturating_duration_since(at) < AGAIN) {
            return None;
        }
        self.0 = Some((with, now));
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: Uuid = Uuid::from_u128(1);
    const CAROL: Uuid = Uuid::from_u128(2);

    /// It is said once, again while it goes on, and taken back when the field is empty.
    #[test]
    fn typing_is_said_now_and_then() {
        let (mut typist, start) = (Typist::default(), Instant::now());
        assert_eq!(typist.types(BOB, true, start), None, "nothing was said");
        assert_eq!(typist.types(BOB, false, start), Some(true));
        assert_eq!(typist.types(BOB, false, start + AGAIN / 2), None);
        assert_eq!(typist.types(BOB, false, start + AGAIN), Some(true));
        assert_eq!(typist.types(CAROL, true, start + AGAIN), None);
        assert_eq!(typist.types(BOB, true, start + AGAIN), Some(false));
        assert_eq!(typist.types(BOB, true, start + AGAIN), None);
        assert_eq!(typist.types(CAROL, false, start + AGAIN), Some(true), "another conversation is told at once");
    }
}
