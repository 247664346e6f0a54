//! What was handed to a link and is not written down as sent yet.
//!
//! Most entries are acknowledged a few milliseconds after they were handed over. Writing down before that that they were sent would
//! cost a wait for the disk, and nobody would see it. So it waits a moment, and only what is still without an answer is written down.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::wire::EntryId;

/// An entry without an answer for so long is shown as sent. Less than anybody notices, more than two disks and a link take.
pub const SENT_AFTER: Duration = Duration::from_millis(150);

/// One peer's. `W` is what is known of the way they went.
#[derive(Clone, Debug)]
pub struct Sent<W> {
    /// No more than what may be under way on a link, twice: it empties with each [`SENT_AFTER`].
    waiting: BTreeSet<EntryId>,
    /// The way of the last ones, and when all of them are due.
    due: Option<(W, Duration)>,
}

impl<W> Default for Sent<W> {
    fn default() -> Self {
        Self { waiting: BTreeSet::new(), due: None }
    }
}

impl<W: Copy> Sent<W> {
    /// These were handed over.
    pub fn add(&mut self, ids: &[EntryId], way: W, now: Duration) {
        if ids.is_empty() {
            return;
        }
        self.waiting.extend(ids);
        let at = self.due.map_or(now + SENT_AFTER, |(_, at)| at);
        self.due = Some((way, at));
    }

    /// The peer has these: nothing needs to be written down but that.
    pub fn acked(&mut self, ids: &[EntryId]) {
        for id in ids {
            self.waiting.remove(id);
        }
        if self.waiting.is_empty() {
            self.due = None;
        }
    }

    /// What is to be written down now, and how it went.
    pub fn due(&mut self, now: Duration) -> Option<(W, Vec<EntryId>)> {
        self.due.is_some_and(|(_, at)| now >= at).then(|| self.all()).flatten()
    }

    /// The link is gone: all of it is to be written down.
    pub fn all(&mut self) -> Option<(W, Vec<EntryId>)> {
        let (way, _) = self.due.take()?;
        Some((way, std::mem::take(&mut self.waiting).into_iter().collect()))
    }

    /// When [`Sent::due`] has something to say.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.due.map(|(_, at)| at)
    }
}
