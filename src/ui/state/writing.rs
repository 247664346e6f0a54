//! What the field below a conversation is for: a new message, an answer, or another text of an old one. Pure.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use uuid::Uuid;

use super::acts::{excerpt, offers};
use crate::coordinator::MessageView;

/// What the field is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Writing {
    /// A new message.
    #[default]
    New,
    /// An answer to a message.
    Reply {
        /// Which.
        id: String,
        /// Who wrote it.
        from: Uuid,
        /// What it says, on one line.
        text: String,
    },
    /// Another text of an own message.
    Edit {
        /// Which.
        id: String,
        /// What it says now.
        text: String,
    },
}

impl Writing {
    /// An answer to this; none where there is nothing to answer.
    #[must_use]
    pub fn reply(message: &MessageView) -> Option<Self> {
        let (id, from) = (message.id.clone(), message.from);
        offers(message).says.then(|| Self::Reply { id, from, text: excerpt(&message.text) })
    }

    /// Another text of this; none where it cannot be changed.
    #[must_use]
    pub fn edit(message: &MessageView) -> Option<Self> {
        offers(message).edit.then(|| Self::Edit { id: message.id.clone(), text: message.text.clone() })
    }

    /// The message that is being changed.
    #[must_use]
    pub fn edited(&self) -> Option<&str> {
        match self {
            Self::Edit { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The message that is being answered.
    #[must_use]
    pub fn answered(&self) -> Option<&str> {
        match self {
            Self::Reply { id, .. } => Some(id),
            _ => None,
        }
    }
}

/// What the fields of all conversations are for, and what was typed into those that change a message: that is no draft, and
/// is lost with the window, as the old text is still there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writings {
    fields: BTreeMap<Uuid, Writing>,
    /// Nobody draws them: the field has its text already. So they change without the rest.
    edits: Rc<RefCell<BTreeMap<String, String>>>,
}

impl Writings {
    /// What the field of a conversation is for.
    #[must_use]
    pub fn of(&self, with: Uuid) -> Writing {
        self.fields.get(&with).cloned().unwrap_or_default()
    }

    /// From now on it is for this. What was typed for the message before is forgotten.
    pub fn begin(&mut self, with: Uuid, writing: Writing) {
        if let Some(Writing::Edit { id, .. }) = self.fields.get(&with)
            && writing.edited() != Some(id.as_str())
        {
            self.edits.borrow_mut().remove(id);
        }
        match writing {
            Writing::New => self.fields.remove(&with),
            other => self.fields.insert(with, other),
        };
    }

    /// This was typed as the new text of a message.
    pub fn typed(&self, id: &str, text: String) {
        self.edits.borrow_mut().insert(id.to_owned(), text);
    }

    /// What the field of a message that is being changed begins with.
    #[must_use]
    pub fn text(&self, id: &str, now: &str) -> String {
        self.edits.borrow().get(id).map_or(now, String::as_str).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::acts::{Ask, reacted};
    use super::*;
    use crate::coordinator::{MessageState, ReactionView};

    const BOB: Uuid = Uuid::from_u128(1);
    const ME: Uuid = Uuid::from_u128(9);

    fn said(from: Uuid, state: MessageState) -> MessageView {
        MessageView { id: "a".into(), from, text: "Hello\n you".into(), state, ..MessageView::default() }
    }

    /// One's own text can be changed, anybody's answered; what is deleted or not understood neither.
    #[test]
    fn what_can_be_done_depends_on_the_message() {
        let mine = said(ME, MessageState::Delivered);
        let theirs = said(BOB, MessageState::Received);
        assert_eq!(Writing::edit(&mine), Some(Writing::Edit { id: "a".into(), text: "Hello\n you".into() }));
        assert_eq!(Writing::edit(&theirs), None);
        let reply = Writing::reply(&theirs).unwrap();
        assert_eq!(reply, Writing::Reply { id: "a".into(), from: BOB, text: "Hello you".into() });
        assert!(offers(&mine).everywhere && !offers(&theirs).everywhere && offers(&theirs).says);
        for (deleted, newer) in [(true, false), (false, true)] {
            let message = MessageView { deleted, newer, ..mine.clone() };
            assert_eq!((Writing::reply(&message), Writing::edit(&message)), (None, None));
            assert!(!offers(&message).everywhere);
        }
    }

    /// Each conversation's field is for something of its own; a text that was begun for a message is there until it is left.
    #[test]
    fn a_field_comes_back_as_it_was() {
        let mut all = Writings::default();
        let edit = Writing::Edit { id: "a".into(), text: "Hello".into() };
        all.begin(BOB, edit.clone());
        all.typed("a", "Hello!".into());
        assert_eq!((all.of(BOB), all.of(ME)), (edit.clone(), Writing::New));
        all.begin(BOB, edit);
        assert_eq!(all.text("a", "Hello"), "Hello!", "the same again is no new beginning");
        all.begin(BOB, Writing::New);
        assert_eq!((all.text("a", "Hello").as_str(), all.of(BOB)), ("Hello", Writing::New));
    }

    /// A long text is cut, and its lines stand on one.
    #[test]
    fn a_line_about_a_text_is_short() {
        assert_eq!(excerpt(" a\n\nb  c "), "a b c");
        let long = excerpt(&"word ".repeat(1_000));
        assert!(long.ends_with('…') && long.chars().count() == 161, "{long}");
        assert_eq!(excerpt(&"x".repeat(1_000)).chars().count(), 161);
    }

    /// The script's questions are understood, and nothing else is.
    #[test]
    fn the_page_asks_for_three_things() {
        assert_eq!(Ask::parse("menu ab"), Some(Ask::Menu("ab".into())));
        assert_eq!(Ask::parse("reply ab"), Some(Ask::Reply("ab".into())));
        assert_eq!(Ask::parse("edit"), Some(Ask::EditLast));
        for other in ["", "menu", "delete ab", "edit ab"] {
            assert_eq!(Ask::parse(other), None, "{other}");
        }
    }

    /// Who reacted is known by emoji and person.
    #[test]
    fn a_reaction_is_somebodys() {
        let all = [ReactionView { emoji: "👍".into(), by: vec![BOB] }];
        assert!(reacted(&all, "👍", Some(BOB)) && !reacted(&all, "👍", Some(ME)));
        assert!(!reacted(&all, "❤️", Some(BOB)) && !reacted(&all, "👍", None));
    }
}
