//! What can be done with a message, and what the page's script asks for. Pure.

use uuid::Uuid;

use crate::coordinator::{MessageState, MessageView, QUOTE_CHARS_MAX, ReactionView};

/// The reactions that are one press away: what people answer most often with.
pub const QUICK: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
/// The rest of them, as many as a phone shows without scrolling.
pub const MORE: [&str; 42] = [
    "😀", "😊", "😍", "🥰", "😘", "😉", "😎", "🤗", "🤔", "🙄", "😴", "😅", "🤣", "😇", "😋", "🥳", "😱", "😭", "😡",
    "🤯", "🥲", "😬", "👎", "👏", "🙌", "💪", "🤝", "👋", "👌", "✌️", "🤞", "💯", "🔥", "✨", "🎉", "🎂", "🌹", "☕",
    "🍻", "⭐", "💔", "✅",
];

/// What the page's script asks for: it knows where a finger is, and nothing of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The menu of a message.
    Menu(String),
    /// An answer to a message.
    Reply(String),
    /// To write one's own last message anew.
    EditLast,
}

impl Ask {
    /// Reads `menu ID`, `reply ID` or `edit`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            Some(("menu", id)) => Some(Self::Menu(id.to_owned())),
            Some(("reply", id)) => Some(Self::Reply(id.to_owned())),
            None if text == "edit" => Some(Self::EditLast),
            _ => None,
        }
    }
}

/// What can be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offers {
    /// It has a text that this program understands: it can be answered, reacted to, copied and forwarded.
    pub says: bool,
    /// Its text can be changed.
    pub edit: bool,
    /// It can be deleted everywhere.
    pub everywhere: bool,
}

/// What can be done with a message. It can always be looked at, and deleted here.
#[must_use]
pub fn offers(message: &MessageView) -> Offers {
    let says = !message.deleted && !message.newer;
    let own = says && is_mine(message);
    Offers { says, edit: own, everywhere: own }
}

/// Whether this person wrote it.
#[must_use]
pub fn is_mine(message: &MessageView) -> bool {
    message.state != MessageState::Received
}

/// Whether somebody has reacted with this.
#[must_use]
pub fn reacted(reactions: &[ReactionView], emoji: &str, by: Option<Uuid>) -> bool {
    by.is_some_and(|by| reactions.iter().any(|one| one.emoji == emoji && one.by.contains(&by)))
}

/// The beginning of a text on one line, as long as a quote of it.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let mut short = String::new();
    for word in text.split_whitespace() {
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
        if short.chars().count() > QUOTE_CHARS_MAX {
            return short.chars().take(QUOTE_CHARS_MAX).chain(['…']).collect();
        }
    }
    short
}
