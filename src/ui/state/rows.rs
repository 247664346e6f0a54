//! What stands between the messages, and which of them belong together.

use jiff::civil::Date;

use super::acts::is_mine;
use crate::coordinator::{LineView, MessageView};
use crate::ui::clock::Clock;
use crate::ui::format::date_of;

/// Messages of one author that follow within this time are one group.
const GROUP_MS: u64 = 60 * 1000;

/// A line of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A day begins.
    Day(Date),
    /// What was unread begins: so many.
    Unread(u32),
    /// Something was changed in the group.
    Change(Box<LineView>),
    /// A message.
    Message {
        /// Its id.
        id: String,
        /// It begins a group.
        first: bool,
        /// It ends one.
        last: bool,
        /// We wrote it.
        mine: bool,
    },
}

impl Row {
    /// What tells it from the other lines of the same conversation.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Day(day) => day.to_string(),
            // There is one at most.
            Self::Unread(_) => "unread".to_owned(),
            Self::Change(line) => line.change.id.clone(),
            Self::Message { id, .. } => id.clone(),
        }
    }
}

/// The lines of a stretch of messages, with what was changed in the group between them. A day that returns (somebody's clock is wrong)
/// is not announced twice.
#[must_use]
pub fn rows(
    messages: &[MessageView],
    changes: &[LineView],
    divider: Option<&(String, u32)>,
    clock: &Clock,
) -> Vec<Row> {
    let row = |line: &LineView| Row::Change(Box::new(line.clone()));
    let is_led = |message: &MessageView| standing_before(changes, Some(message)).next().is_some();
    let mut rows = Vec::with_capacity(messages.len() + 8);
    let mut days: Vec<Date> = vec![];
    let mut before: Option<&MessageView> = None;
    for (index, message) in messages.iter().enumerate() {
        let day = date_of(clock, message.at);
        let mut apart = false;
        if !days.contains(&day) {
            days.push(day);
            rows.push(Row::Day(day));
            apart = true;
        }
        rows.extend(standing_before(changes, Some(message)).map(row));
        apart |= is_led(message);
        if let Some((_, count)) = divider.filter(|(id, _)| *id == message.id) {
            rows.push(Row::Unread(*count));
            apart = true;
        }
        let first = apart || !before.is_some_and(|before| together(before, message));
        let next = messages.get(index + 1);
        let next_apart = |next: &MessageView| {
            !days.contains(&date_of(clock, next.at)) || divider.is_some_and(|(id, _)| *id == next.id) || is_led(next)
        };
        let last = !next.is_some_and(|next| together(message, next) && !next_apart(next));
        rows.push(Row::Message { id: message.id.clone(), first, last, mine: is_mine(message) });
        before = Some(message);
    }
    rows.extend(standing_before(changes, None).map(row));
    rows
}

/// The changes right before a message, or behind the last one.
fn standing_before<'a>(
    changes: &'a [LineView],
    message: Option<&'a MessageView>,
) -> impl Iterator<Item = &'a LineView> {
    let id = message.map(|message| message.id.as_str());
    changes.iter().filter(move |line| line.before.as_deref() == id)
}

fn together(before: &MessageView, after: &MessageView) -> bool {
    before.from == after.from && before.at.abs_diff(after.at) <= GROUP_MS
}
