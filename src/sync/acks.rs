//! Acks on their way to a peer: over the link while it is beyond doubt, by mail while there is none, and when the link is in
//! doubt first over it and a little later, all of them together, by mail too.
//!
//! An ack that is lost costs the peer a repetition, and one that goes by mail costs a broker an envelope. A link that recovers
//! has carried what it was given, and one that opens begins with `have`, which says more than any ack.

use std::time::Duration;

use crate::wire::{ACK_IDS_MAX, EntryId};

/// How long a link that is in doubt has before what it was given is said by mail too: as long as a message has.
pub const ACKS_PATIENCE: Duration = Duration::from_millis(1_500);
/// Acks that wait for a way out: a mailbox full of small messages. Whoever misses theirs sends again.
const KEPT_MAX: usize = 16 * ACK_IDS_MAX;

/// What was put on disk of one peer and is not acknowledged yet.
#[derive(Clone, Debug, Default)]
pub struct Acks {
    fresh: Vec<EntryId>,
    /// Said over a link that was in doubt.
    doubtful: Vec<EntryId>,
    /// When those are said by mail.
    mail_at: Option<Duration>,
}

impl Acks {
    /// These are on disk now.
    pub fn add(&mut self, ids: impl IntoIterator<Item = EntryId>) {
        self.fresh.extend(ids);
    }

    /// Whether any has yet to be said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.doubtful.is_empty()
    }

    /// What goes over an open link now.
    pub fn over_link(&mut self, sure: bool, now: Duration) -> Vec<EntryId> {
        let fresh = std::mem::take(&mut self.fresh);
        if !sure && !fresh.is_empty() {
            let room = KEPT_MAX.saturating_sub(self.doubtful.len());
            self.doubtful.extend(fresh.iter().take(room));
            self.mail_at.get_or_insert(now + ACKS_PATIENCE);
        }
        fresh
    }

    /// What goes by mail now: nothing that only waits for a link to recover, unless something else goes or all must.
    pub fn by_mail(&mut self, all: bool, now: Duration) -> Vec<EntryId> {
        if self.fresh.is_empty() && !all && self.mail_at.is_none_or(|at| now < at) {
            return vec![];
        }
        self.mail_at = None;
        let mut ids = std::mem::take(&mut self.doubtful);
        ids.append(&mut self.fresh);
        ids
    }

    /// There is no way out at all: keeps what is worth keeping.
    pub fn wait(&mut self) {
        self.fresh.truncate(KEPT_MAX);
    }

    /// The link has recovered, or another has opened.
    pub fn settled(&mut self) {
        self.doubtful.clear();
        self.mail_at = None;
    }

    /// When [`Acks::by_mail`] has something to say.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.mail_at
    }
}
