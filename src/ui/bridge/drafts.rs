//! What is being typed, until the typing pauses. Pure: the time is passed in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

/// A pause in typing after which a draft is kept: short enough that a crash costs a word, long enough that typing is not a
/// write to the disk for every key.
const PAUSE: Duration = Duration::from_millis(600);

/// What was typed and is not kept yet.
#[derive(Default)]
pub(super) struct Drafts {
    waiting: BTreeMap<Uuid, (String, Instant)>,
}

impl Drafts {
    pub(super) fn typed(&mut self, with: Uuid, text: String, now: Instant) {
        // An empty one is kept at once: what was sent or deleted must not come back as a draft.
        let at = if text.is_empty() { now } else { now + PAUSE };
        self.waiting.insert(with, (text, at));
    }

    /// When the next one is to be kept.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.values().map(|(_, at)| *at).min()
    }

    /// Those that are to be kept now.
    pub(super) fn take(&mut self, now: Instant, all: bool) -> Vec<(Uuid, String)> {
        let ready: Vec<Uuid> =
            self.waiting.iter().filter(|(_, (_, at))| all || *at <= now).map(|(with, _)| *with).collect();
        ready.into_iter().filter_map(|with| Some((with, self.waiting.remove(&with)?.0))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A draft is kept once the typing pauses, the last text of it, and at once when it must be.
    #[test]
    fn a_draft_is_kept_when_typing_pauses() {
        let (mut drafts, bob, carol, start) =
            (Drafts::default(), Uuid::from_u128(1), Uuid::from_u128(2), Instant::now());
        drafts.typed(bob, "H".into(), start);
        drafts.typed(bob, "Hi".into(), start + PAUSE / 2);
        drafts.typed(carol, "x".into(), start + PAUSE);
        assert_eq!(drafts.due(), Some(start + PAUSE / 2 + PAUSE));
        assert_eq!(drafts.take(start + PAUSE, false), []);
        assert_eq!(drafts.take(start + PAUSE * 3 / 2, false), [(bob, "Hi".to_owned())]);
        assert_eq!(drafts.take(start, true), [(carol, "x".to_owned())]);
        assert_eq!(drafts.due(), None);
        drafts.typed(bob, String::new(), start);
        assert_eq!(drafts.take(start, false), [(bob, String::new())]);
    }
}
