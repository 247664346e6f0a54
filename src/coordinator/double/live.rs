//! What the pretended coordinator does with messages that were written already: edit, delete, react, forward, answer.

use uuid::Uuid;

use super::script::Script;
use crate::coordinator::{
    Command, CommandError, Delta, ErrorCode, MessageState, MessageView, QUOTE_CHARS_MAX, Quote, ReactionView, Reply,
};

impl Script {
    /// Obeys a command about a message; the others are done.
    pub(super) fn lives(&mut self, command: Command, deltas: &mut Vec<Delta>) -> Result<Reply, CommandError> {
        let own = self.own.user_id;
        match command {
            Command::EditMessage { with, id, text } => {
                let message = self.message(with, &id)?;
                if message.from != own {
                    return Err(CommandError::new(ErrorCode::NotYours, "Only its author can edit a message."));
                }
                message.edited = true;
                message.text = text;
                deltas.push(self.chat(with));
            }
            Command::DeleteMessage { with, id, for_everyone: true } => {
                let message = self.message(with, &id)?;
                let MessageView { id, from, at, state, path, .. } = message.clone();
                *message = MessageView { id, from, at, state, path, deleted: true, ..MessageView::default() };
                deltas.push(self.chat(with));
            }
            Command::DeleteMessage { with, id, for_everyone: false } => {
                self.message(with, &id)?;
                self.drops(with, &id);
                deltas.push(self.chat(with));
            }
            Command::React { with, id, emoji, on } => deltas.push(self.reacts(with, &id, own, &emoji, on)?),
            Command::ForwardMessage { with, id, to } => {
                let text = self.message(with, &id)?.text.clone();
                let mut ids = vec![];
                for to in to {
                    deltas.push(self.says(to, true, &text, self.now, MessageState::Queued, true));
                    let said = self.last_id();
                    self.message(to, &said)?.forwarded = true;
                    ids.push(said);
                }
                return Ok(Reply::Messages(ids));
            }
            _ => {}
        }
        Ok(Reply::Done)
    }

    /// Somebody puts an emoji beside a message, or takes it back. Gives what changed.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn reacts(&mut self, with: Uuid, id: &str, who: Uuid, emoji: &str, on: bool) -> Result<Delta, CommandError> {
        let message = self.message(with, id)?;
        for reaction in &mut message.reactions {
            reaction.by.retain(|by| reaction.emoji != emoji || *by != who);
        }
        if on {
            match message.reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
                Some(reaction) => reaction.by.push(who),
                None => message.reactions.push(ReactionView { emoji: emoji.to_owned(), by: vec![who] }),
            }
        }
        message.reactions.retain(|reaction| !reaction.by.is_empty());
        Ok(self.chat(with))
    }

    /// The last message of a conversation answers this one.
    ///
    /// # Errors
    /// When there is no such message.
    pub fn answers(&mut self, with: Uuid, id: &str) -> Result<Delta, CommandError> {
        let MessageView { id, from, text, deleted, .. } = self.message(with, id)?.clone();
        let quote = Quote { id, from, text: text.chars().take(QUOTE_CHARS_MAX).collect(), deleted };
        let last = self.last_id();
        self.message(with, &last)?.reply_to = Some(quote);
        Ok(self.chat(with))
    }
}
