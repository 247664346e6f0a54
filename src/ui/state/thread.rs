//! The conversation on the screen: a stretch of it, never all of it.
//!
//! ```text
//!   … earlier …  [ at most THREAD_MAX messages, oldest first ]  … later …
//! ```
//! Scrolling near an end asks for the next page there ([`Thread::toward`]); what is too much falls off at the other end. When
//! the conversation changes, the stretch is read again from its first message ([`Thread::again`]), so that a message that
//! belongs into the middle appears in the middle.

use std::collections::HashMap;

use dioxus::prelude::*;
use uuid::Uuid;

use super::acts::{is_mine, offers};
use super::{Row, rows};
use crate::coordinator::{LineView, MessageView, PageAt, PageView};
use crate::ui::clock::Clock;

/// Messages that are read at a time: three screens of short ones.
pub const PAGE: u32 = 60;
/// Messages that the page holds at most; with the separators between them it stays below 200 nodes.
pub const THREAD_MAX: usize = 160;

/// How far the reading has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// The first page is on its way.
    #[default]
    Loading,
    /// There is something to see.
    Ready,
    /// It could not be read, and why.
    Failed(String),
}

/// What to ask the coordinator for, and where its answer belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whose conversation.
    pub with: Uuid,
    /// Which page.
    pub at: PageAt,
    /// How many messages.
    pub limit: u32,
}

/// The conversation on the screen.
#[derive(Clone, Debug, Default, PartialEq, Store)]
pub struct Thread {
    /// With whom; none when no conversation is open.
    pub with: Option<Uuid>,
    /// How far the reading has come.
    pub phase: Phase,
    /// The messages by id; each bubble reads its own.
    pub messages: HashMap<String, MessageView>,
    /// What was changed in the group between them.
    pub changes: Vec<LineView>,
    /// What is shown, in order.
    pub rows: Vec<Row>,
    /// There are more before the first.
    pub earlier: bool,
    /// There are more after the last.
    pub later: bool,
    /// The first message that was unread when the conversation was opened, and how many there were.
    pub divider: Option<(String, u32)>,
    /// Whether the reader sees the end.
    pub at_end: bool,
    /// Counts the openings: the page begins anew with each.
    pub opening: u32,
    /// The message that the reader has jumped to, and how often they have jumped: the page goes there with each.
    pub target: Option<(String, u32)>,
    /// The message that they want to jump to, while it is read.
    pub wanted: Option<String>,
}

impl Thread {
    /// Opens a conversation; answers what to read first.
    pub fn open(&mut self, with: Uuid) -> Reading {
        *self = Self { with: Some(with), at_end: true, opening: self.opening.wrapping_add(1), ..Self::default() };
        Reading { with, at: PageAt::Unread, limit: PAGE }
    }

    /// Opens it where a message stands; answers what to read first.
    pub fn open_at(&mut self, with: Uuid, id: &str) -> Reading {
        drop(self.open(with));
        self.at_end = false;
        self.wanted = Some(id.to_owned());
        Reading { with, at: PageAt::Around(id.to_owned()), limit: PAGE }
    }

    /// Closes it.
    pub fn close(&mut self) {
        *self = Self { opening: self.opening.wrapping_add(1), ..Self::default() };
    }

    /// The conversation changed: what to read again.
    #[must_use]
    pub fn again(&self) -> Option<Reading> {
        let with = self.with?;
        let limit = u32::try_from(THREAD_MAX).unwrap_or(PAGE);
        match (self.first(), self.later) {
            (Some(first), _) => Some(Reading { with, at: PageAt::From(first), limit }),
            (None, _) => Some(Reading { with, at: PageAt::Latest, limit: PAGE }),
        }
    }

    /// The reader comes near an end (`earlier`, or else later) that was at this message: what to read there. Nothing when
    /// the end has moved meanwhile: whoever scrolls says it many times, and one page is enough for all of them.
    #[must_use]
    pub fn toward(&self, earlier: bool, edge: &str) -> Option<Reading> {
        let with = self.with.filter(|_| self.phase == Phase::Ready)?;
        let at = match earlier {
            true if self.earlier => PageAt::Before(self.first().filter(|first| first == edge)?),
            false if self.later => PageAt::After(self.last().filter(|last| last == edge)?),
            _ => return None,
        };
        Some(Reading { with, at, limit: PAGE })
    }

    /// Back to the end: what to read.
    #[must_use]
    pub fn to_end(&self) -> Option<Reading> {
        Some(Reading { with: self.with?, at: PageAt::Latest, limit: PAGE })
    }

    /// The reader jumps to a message: what to read first, when it is not on the screen already.
    pub fn jump(&mut self, id: &str) -> Option<Reading> {
        let with = self.with.filter(|_| self.phase == Phase::Ready)?;
        if self.messages.contains_key(id) {
            self.aim(id);
            return None;
        }
        self.wanted = Some(id.to_owned());
        Some(Reading { with, at: PageAt::From(id.to_owned()), limit: PAGE })
    }

    fn aim(&mut self, id: &str) {
        let count = self.target.as_ref().map_or(0, |(_, count)| *count);
        self.target = Some((id.to_owned(), count.wrapping_add(1)));
    }

    fn ids(&self) -> impl DoubleEndedIterator<Item = &String> {
        self.rows.iter().filter_map(|row| match row {
            Row::Message { id, .. } => Some(id),
            _ => None,
        })
    }

    /// The first message on the screen.
    #[must_use]
    pub fn first(&self) -> Option<String> {
        self.ids().next().cloned()
    }

    /// The last message on the screen.
    #[must_use]
    pub fn last(&self) -> Option<String> {
        self.ids().next_back().cloned()
    }

    /// Somebody else's last message on the screen: what has been read when the reader sees the end.
    #[must_use]
    pub fn last_theirs(&self) -> Option<String> {
        let theirs = |id: &&String| self.messages.get(*id).is_some_and(|message| !is_mine(message));
        self.ids().rev().find(theirs).cloned()
    }

    /// The last message of one's own that can be changed; none while the end is elsewhere.
    #[must_use]
    pub fn last_own(&self) -> Option<&MessageView> {
        let mut own = self.ids().rev().filter_map(|id| self.messages.get(id));
        own.find(|message| offers(message).edit).filter(|_| !self.later)
    }

    /// A page has come. `unread` is what the list says of this conversation. Pages of another conversation change nothing.
    pub fn take(&mut self, reading: &Reading, page: PageView, unread: u32, clock: &Clock) {
        if self.with != Some(reading.with) {
            return;
        }
        let old: Vec<MessageView> = self.ids().filter_map(|id| self.messages.get(id)).cloned().collect();
        let gone = |id: &String| !page.messages.iter().any(|message| message.id == *id);
        if self.wanted.as_ref().is_some_and(|id| reading.at == PageAt::From(id.clone()) && gone(id)) {
            // It was deleted here.
            self.wanted = None;
            return;
        }
        let lines = page.changes;
        if matches!(reading.at, PageAt::Before(_) | PageAt::After(_)) {
            self.changes.retain(|old| !lines.iter().any(|line| line.change.id == old.change.id));
            self.changes.extend(lines);
        } else {
            self.changes = lines;
        }
        let messages = match &reading.at {
            PageAt::Before(_) => {
                self.earlier = page.earlier;
                let mut all = joined(page.messages, old);
                self.later |= all.len() > THREAD_MAX;
                all.truncate(THREAD_MAX);
                all
            }
            PageAt::After(_) => {
                self.later = page.later;
                let mut all = joined(old, page.messages);
                let over = all.len().saturating_sub(THREAD_MAX);
                self.earlier |= over > 0;
                all.drain(..over);
                all
            }
            PageAt::From(id) => {
                if self.wanted.as_ref() == Some(id) {
                    self.wanted = None;
                    // The reader has jumped out of what was on the screen.
                    self.opening = self.opening.wrapping_add(1);
                    self.divider = None;
                    self.at_end = false;
                    self.aim(id);
                }
                // Something may have come that sorts before all that is on the screen.
                self.earlier = page.earlier;
                self.later = page.later;
                page.messages
            }
            PageAt::Around(id) => {
                if self.wanted.take().as_ref() == Some(id) {
                    self.aim(id);
                }
                self.earlier = page.earlier;
                self.later = page.later;
                page.messages
            }
            PageAt::Latest | PageAt::Unread => {
                if reading.at == PageAt::Latest && self.phase == Phase::Ready {
                    // The reader has jumped: the page begins anew at its end, with no line between old and new.
                    self.opening = self.opening.wrapping_add(1);
                    self.divider = None;
                    self.target = None;
                    self.at_end = true;
                }
                if self.phase != Phase::Ready {
                    self.divider = page.first_unread.clone().map(|id| (id, unread.max(1)));
                    // Where the reader stands, the page says once it has found the divider.
                    self.at_end = self.divider.is_none() && !page.later;
                }
                self.earlier = page.earlier;
                self.later = page.later;
                page.messages
            }
        };
        self.phase = Phase::Ready;
        let (later, on_screen) = (self.later, |id: &String| messages.iter().any(|message| message.id == *id));
        self.changes.retain(|line| line.before.as_ref().map_or(!later, on_screen));
        self.rows = rows(&messages, &self.changes, self.divider.as_ref(), clock);
        self.messages = messages.into_iter().map(|message| (message.id.clone(), message)).collect();
    }

    /// The page could not be read. What is on the screen stays there.
    pub fn fail(&mut self, reading: &Reading, why: String) {
        if self.with != Some(reading.with) {
            return;
        }
        // What was to be jumped to is not here.
        self.wanted = None;
        if self.phase != Phase::Ready {
            self.phase = Phase::Failed(why);
        }
    }
}

/// One after the other, each message once.
fn joined(first: Vec<MessageView>, second: Vec<MessageView>) -> Vec<MessageView> {
    let mut all = first;
    for message in second {
        if !all.iter().any(|known| known.id == message.id) {
            all.push(message);
        }
    }
    all
}
