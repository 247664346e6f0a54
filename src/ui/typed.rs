//! What is being typed, in every conversation: the one place that knows it between the key and the disk. Pure: the time is
//! passed in.
//!
//! A field begins with what was typed last, whether or not it is on the disk yet; what was sent is gone from it at once. The
//! bridge keeps texts as drafts when the typing pauses, or has gone on for a while.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use uuid::Uuid;

/// A pause in typing after which a draft is kept: short enough that a crash costs a word, long enough that typing is not a
/// write to the disk for every key.
const PAUSE: Duration = Duration::from_millis(400);
/// Who never pauses has a draft kept this often.
const AGE_MAX: Duration = Duration::from_secs(1);

/// One text.
#[derive(Debug)]
struct Text {
    text: String,
    /// What of it is to be kept: since when, and when. None when it is on its way to the disk, or was refused there.
    due: Option<(Instant, Instant)>,
}

/// What is being typed. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Typed(Rc<RefCell<BTreeMap<Uuid, Text>>>);

impl Typed {
    /// Somebody has typed, or has sent what there was.
    pub fn set(&self, with: Uuid, text: String, now: Instant) {
        let mut texts = self.0.borrow_mut();
        let since = texts.get(&with).and_then(|old| old.due).map_or(now, |(since, _)| since);
        // An empty one is kept at once: what was sent or deleted must not come back as a draft.
        let at = if text.is_empty() { now } else { (now + PAUSE).min(since + AGE_MAX) };
        texts.insert(with, Text { text, due: Some((since, at)) });
    }

    /// What was typed last, unless the disk has it and nothing else: then the draft there is the truth.
    #[must_use]
    pub fn latest(&self, with: Uuid) -> Option<String> {
        self.0.borrow().get(&with).map(|text| text.text.clone())
    }

    /// When the next one is to be kept.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.0.borrow().values().filter_map(|text| Some(text.due?.1)).min()
    }

    /// Those that are to be kept now, or all that are not kept yet. Each is given once until it is typed again.
    #[must_use]
    pub fn take(&self, now: Instant, all: bool) -> Vec<(Uuid, String)> {
        let mut texts = self.0.borrow_mut();
        let due = |text: &Text| text.due.is_some_and(|(_, at)| all || at <= now);
        let taken = texts.iter_mut().filter(|(_, text)| due(text)).map(|(with, text)| {
            text.due = None;
            (*with, text.text.clone())
        });
        taken.collect()
    }

    /// This is the draft on the disk: what is the same need not be known here any more.
    pub fn kept(&self, with: Uuid, draft: &str) {
        let mut texts = self.0.borrow_mut();
        if texts.get(&with).is_some_and(|text| text.due.is_none() && text.text == draft) {
            texts.remove(&with);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: Uuid = Uuid::from_u128(1);
    const CAROL: Uuid = Uuid::from_u128(2);

    /// A draft is kept once the typing pauses, the last text of it, and at once when it must be.
    #[test]
    fn a_draft_is_kept_when_typing_pauses() {
        let (typed, start) = (Typed::default(), Instant::now());
        typed.set(BOB, "H".into(), start);
        typed.set(BOB, "Hi".into(), start + PAUSE / 2);
        typed.set(CAROL, "x".into(), start + PAUSE);
        assert_eq!(typed.due(), Some(start + PAUSE / 2 + PAUSE));
        assert_eq!(typed.take(start + PAUSE, false), []);
        assert_eq!(typed.take(start + PAUSE * 3 / 2, false), [(BOB, "Hi".to_owned())]);
        assert_eq!(typed.take(start, true), [(CAROL, "x".to_owned())]);
        assert_eq!(typed.due(), None);
        typed.set(BOB, String::new(), start);
        assert_eq!(typed.take(start, false), [(BOB, String::new())]);
    }

    /// Who types without a pause loses no more than a little when everything ends.
    #[test]
    fn typing_without_a_pause_is_kept_too() {
        let (typed, start) = (Typed::default(), Instant::now());
        let mut kept = 0;
        for key in 0..100u32 {
            let now = start + PAUSE / 4 * key;
            typed.set(BOB, "x".repeat(key as usize), now);
            kept += typed.take(now, false).len();
        }
        assert!((5..=10).contains(&kept), "{kept}");
    }

    /// A field that comes back has what was typed, also before the disk has it; the disk's word ends that.
    #[test]
    fn a_field_comes_back_with_what_was_typed() {
        let (typed, start) = (Typed::default(), Instant::now());
        typed.set(BOB, "Hi".into(), start);
        typed.kept(BOB, "Hi");
        assert_eq!(typed.latest(BOB).as_deref(), Some("Hi"), "it was not given to the disk yet");
        assert_eq!(typed.take(start + PAUSE, false).len(), 1);
        typed.kept(BOB, "H");
        assert_eq!(typed.latest(BOB).as_deref(), Some("Hi"), "that was an older one");
        typed.kept(BOB, "Hi");
        assert_eq!((typed.latest(BOB), typed.latest(CAROL)), (None, None));
        typed.set(BOB, String::new(), start);
        assert_eq!(typed.latest(BOB).as_deref(), Some(""), "what was sent does not come back");
    }
}
