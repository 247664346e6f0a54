//! What stands between the messages, and which of them belong together.

use jiff::civil::Date;

use super::acts::is_mine;
use crate::coordinator::MessageView;
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
            Self::Message { id, .. } => id.clone(),
        }
    }
}

/// The lines of a stretch of messages. A day that returns (somebody's clock is wrong) is not announced twice.
#[must_use]
pub fn rows(messages: &[MessageView], divider: Option<&(String, u32)>, clock: &Clock) -> Vec<Row> {
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
        if let Some((_, count)) = divider.filter(|(id, _)| *id == message.id) {
            rows.push(Row::Unread(*count));
            apart = true;
        }
        let first = apart || !before.is_some_and(|before| together(before, message));
        let next = messages.get(index + 1);
        let next_apart = |next: &MessageView| {
            !days.contains(&date_of(clock, next.at)) || divider.is_some_and(|(id, _)| *id == next.id)
        };
        let last = !next.is_some_and(|next| together(message, next) && !next_apart(next));
        rows.push(Row::Message { id: message.id.clone(), first, last, mine: is_mine(message) });
        before = Some(message);
    }
    rows
}

fn together(before: &MessageView, after: &MessageView) -> bool {
    before.from == after.from && before.at.abs_diff(after.at) <= GROUP_MS
}
