//! What is done with messages: writing them, and then answering, editing, deleting, reacting, passing on; and who is told.

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

use super::Engine;
use super::io::{CallId, Output};
use super::pending::Pending;
use super::reading::{entry_id, unknown_message};
use super::state::{UNTOLD_ALL_MAX, UNTOLD_MAX};
use super::statements::Statements;
use super::turns::Queues;
use super::write::being_read;
use crate::coordinator::{CommandError, ErrorCode, Event, FORWARD_MAX, Reply};
use crate::identity::{UserId, visible};
use crate::log::fold::{Content, EMOJI_MAX};
use crate::log::{Deletion, Entry, Reaction, Text};
use crate::store::{Fresh, Happened, MessageRow, Op, Outcome};
use crate::wire::{ConversationId, EntryId, kind};

/// What this file, `turns` and `statements` keep in memory.
#[derive(Default)]
pub(super) struct Live {
    /// What waits in each conversation where a message is being looked at.
    pub queues: Queues,
    /// Messages that are passed on, by the command.
    forwards: BTreeMap<CallId, Forward>,
    pub statements: Statements,
}

struct Forward {
    ids: Vec<String>,
    left: usize,
}

/// What is to be done in a conversation.
pub(super) enum Act {
    Say(Text),
    Answer(Text),
    Edit(Text),
    Delete,
    /// Delete it on this device only: nothing of it need be looked at.
    Hide(EntryId),
    React(Reaction),
    /// Say it in these.
    Forward(Vec<ConversationId>),
}

impl Engine {
    pub(super) fn send_message(
        &mut self,
        call: CallId,
        to: Uuid,
        text: String,
        reply_to: Option<&str>,
    ) -> Result<(), CommandError> {
        let conversation = self.writable(to)?;
        let text = checked(text)?;
        match reply_to.map(entry_id).transpose()? {
            Some(target) => self.in_order(call, conversation, Some(target), Act::Answer(text)),
            None => self.in_order(call, conversation, None, Act::Say(text)),
        }
    }

    pub(super) fn edit_message(
        &mut self,
        call: CallId,
        with: Uuid,
        id: &str,
        text: String,
    ) -> Result<(), CommandError> {
        let conversation = self.writable(with)?;
        self.in_order(call, conversation, Some(entry_id(id)?), Act::Edit(checked(text)?))
    }

    pub(super) fn delete_message(
        &mut self,
        call: CallId,
        with: Uuid,
        id: &str,
        for_everyone: bool,
    ) -> Result<(), CommandError> {
        if for_everyone {
            let conversation = self.writable(with)?;
            return self.in_order(call, conversation, Some(entry_id(id)?), Act::Delete);
        }
        let conversation = self.conversation_with(with)?;
        self.in_order(call, conversation, None, Act::Hide(entry_id(id)?))
    }

    pub(super) fn react(
        &mut self,
        call: CallId,
        with: Uuid,
        id: &str,
        emoji: String,
        on: bool,
    ) -> Result<(), CommandError> {
        let conversation = self.writable(with)?;
        let wrong = |error: crate::log::ReactionError| CommandError::new(ErrorCode::InvalidReaction, error.to_string());
        let reaction = Reaction::new(emoji, on).map_err(wrong)?;
        self.in_order(call, conversation, Some(entry_id(id)?), Act::React(reaction))
    }

    pub(super) fn forward_message(
        &mut self,
        call: CallId,
        with: Uuid,
        id: &str,
        to: &[Uuid],
    ) -> Result<(), CommandError> {
        let (conversation, id) = (self.conversation_with(with)?, entry_id(id)?);
        if !(1..=FORWARD_MAX).contains(&to.len()) {
            let message = format!(
                "A message is passed on to at most {FORWARD_MAX} conversations at a time, and to one at least."
            );
            return Err(CommandError::new(ErrorCode::InvalidLimit, message));
        }
        let to = to.iter().map(|to| self.writable(*to)).collect::<Result<Vec<_>, _>>()?;
        self.in_order(call, conversation, Some(id), Act::Forward(to))
    }

    /// Does it, with the message that it is about.
    pub(super) fn perform(
        &mut self,
        call: CallId,
        conversation: ConversationId,
        row: Option<MessageRow>,
        act: Act,
    ) -> Result<(), CommandError> {
        match (act, row) {
            (Act::Say(text), _) => self.say(call, conversation, None, &text),
            (Act::Hide(id), _) => {
                self.ask(Pending::Hidden(call, conversation), Op::Hide { conversation, id });
                Ok(())
            }
            (Act::Answer(text), Some(row)) => self.say(call, conversation, Some(row.id), &text),
            (Act::Edit(text), Some(row)) => self.edit(call, conversation, &row, text),
            (Act::Delete, Some(row)) => self.delete(call, conversation, &row),
            (Act::React(reaction), Some(row)) => self.react_to(call, conversation, &row, reaction),
            (Act::Forward(to), Some(row)) => self.forward(call, row, &to),
            (_, None) => Err(unknown_message()),
        }
    }

    fn say(
        &mut self,
        call: CallId,
        conversation: ConversationId,
        target: Option<EntryId>,
        text: &Text,
    ) -> Result<(), CommandError> {
        let entry = self.compose(&conversation, kind::TEXT, target, text.to_bytes())?;
        let pending = Pending::Written { call, conversation, id: entry.id() };
        self.put_down(pending, entry);
        Ok(())
    }

    fn edit(
        &mut self,
        call: CallId,
        conversation: ConversationId,
        row: &MessageRow,
        text: Text,
    ) -> Result<(), CommandError> {
        self.need_author(row, "Only its author can edit a message.")?;
        match &row.folded.content {
            Content::Text(now) if *now == text.text => {
                self.reply(call, Ok(Reply::Done));
                return Ok(());
            }
            Content::Text(_) => {}
            Content::Deleted => return Err(deleted()),
            Content::Newer => {
                let message = "A newer Kith has written this message: only that can edit it.";
                return Err(CommandError::new(ErrorCode::MessageNewer, message));
            }
        }
        let entry = self.compose(&conversation, kind::EDIT, Some(row.id), text.to_bytes())?;
        let happened = Happened::Edited { target: row.id, text: text.text };
        self.append(call, conversation, entry, happened);
        Ok(())
    }

    fn delete(&mut self, call: CallId, conversation: ConversationId, row: &MessageRow) -> Result<(), CommandError> {
        self.need_author(row, "Only its author can delete a message for everyone. You can delete it on this device.")?;
        if row.folded.content == Content::Deleted {
            self.reply(call, Ok(Reply::Done));
            return Ok(());
        }
        let entry = self.compose(&conversation, kind::DELETE, Some(row.id), Deletion {}.to_bytes())?;
        self.append(call, conversation, entry, Happened::Deleted { target: row.id });
        Ok(())
    }

    fn react_to(
        &mut self,
        call: CallId,
        conversation: ConversationId,
        row: &MessageRow,
        reaction: Reaction,
    ) -> Result<(), CommandError> {
        if row.folded.content == Content::Deleted {
            return Err(deleted());
        }
        let me = self.me.as_ref().ok_or_else(being_read)?.card.root();
        let beside = row.folded.reactions.iter().find(|beside| beside.emoji == reaction.emoji);
        if beside.is_some_and(|beside| beside.by.iter().any(|(who, _)| *who == me)) == reaction.on {
            self.reply(call, Ok(Reply::Done));
            return Ok(());
        }
        if beside.is_none() && row.folded.reactions.len() >= EMOJI_MAX {
            let message = format!("There are {EMOJI_MAX} different emoji beside this message already.");
            return Err(CommandError::new(ErrorCode::InvalidReaction, message));
        }
        let entry = self.compose(&conversation, kind::REACTION, Some(row.id), reaction.to_bytes())?;
        let Reaction { emoji, on } = reaction;
        self.append(call, conversation, entry, Happened::Reacted { target: row.id, emoji, on });
        Ok(())
    }

    fn forward(&mut self, call: CallId, row: MessageRow, to: &[ConversationId]) -> Result<(), CommandError> {
        let text = match row.folded.content {
            Content::Text(text) => checked(text)?.forward(),
            Content::Deleted => return Err(deleted()),
            Content::Newer => {
                let message = "A newer Kith has written this message: only that can pass it on.";
                return Err(CommandError::new(ErrorCode::MessageNewer, message));
            }
        };
        // Nothing is written where not all of it can be.
        let stale = |id: &ConversationId| self.conversations.get(id).is_none_or(|state| state.stale);
        if to.iter().any(stale) {
            return Err(being_read());
        }
        self.live.forwards.insert(call, Forward { ids: vec![], left: to.len() });
        for conversation in to {
            let entry = self.compose(conversation, kind::TEXT, None, text.to_bytes())?;
            let pending = Pending::Forwarded { call, conversation: *conversation, id: entry.id() };
            self.put_down(pending, entry);
        }
        Ok(())
    }

    fn need_author(&self, row: &MessageRow, otherwise: &str) -> Result<(), CommandError> {
        let mine = self.me.as_ref().is_some_and(|me| me.card.root() == row.author);
        if mine { Ok(()) } else { Err(CommandError::new(ErrorCode::NotYours, otherwise)) }
    }

    fn append(&mut self, call: CallId, conversation: ConversationId, entry: Entry, happened: Happened) {
        let pending = Pending::Acted { call, conversation, id: entry.id(), happened };
        self.put_down(pending, entry);
    }

    /// The store has answered about one of these.
    pub(super) fn lived(&mut self, pending: Pending, outcome: Outcome) {
        match (pending, outcome) {
            (Pending::Looked { call, conversation, act }, outcome) => self.looked(call, conversation, act, outcome),
            (Pending::Acted { call, conversation, id, happened }, Outcome::Appended { heads }) => {
                self.reply(call, Ok(Reply::Done));
                self.on_disk(&conversation, id, heads, true);
                if let Some(me) = self.me.as_ref().map(|me| me.card.root()) {
                    self.tell_happened(&conversation, &me, id, happened);
                }
            }
            (Pending::Forwarded { call, conversation, id }, Outcome::Appended { heads }) => {
                self.await_delivery(&conversation, id);
                self.on_disk(&conversation, id, heads, true);
                self.bring_back(&conversation);
                let Some(forward) = self.live.forwards.get_mut(&call) else { return };
                forward.ids.push(id.to_string());
                forward.left = forward.left.saturating_sub(1);
                if forward.left == 0
                    && let Some(forward) = self.live.forwards.remove(&call)
                {
                    self.reply(call, Ok(Reply::Messages(forward.ids)));
                }
            }
            (Pending::Bare(missing), Outcome::Bare { lacks, next }) => self.missing_known(&missing, &lacks, next),
            (Pending::Hidden(call, conversation), Outcome::Done) => {
                self.reply(call, Ok(Reply::Done));
                self.mark_chat(&conversation);
            }
            (Pending::Hidden(call, _), _) => self.reply(call, Err(unknown_message())),
            (Pending::TheyRead { device, conversation, entry }, Outcome::Moved(moved)) => {
                self.they_have_read(&device, &conversation, entry, moved);
            }
            (pending, _) => self.not_lived(pending, "the entry did not continue its log"),
        }
    }

    /// The disk refused one of these.
    pub(super) fn not_lived(&mut self, pending: Pending, error: &str) {
        match pending {
            Pending::Looked { call, conversation, .. } => {
                self.reply_storage(call, error);
                self.go_on(conversation);
            }
            Pending::Acted { call, conversation, .. } => self.write_failed(call, &conversation, error),
            Pending::Forwarded { call, conversation, .. } => {
                // The first that fails is answered; what was written of it is there, and can be seen.
                match self.live.forwards.remove(&call) {
                    Some(_) => self.write_failed(call, &conversation, error),
                    None => self.log_is_stale(&conversation),
                }
            }
            Pending::Hidden(call, _) => self.reply_storage(call, error),
            // It is asked, or said, again on the next link.
            _ => {}
        }
    }

    /// Tells what an entry that has found its place means.
    pub(super) fn tell_message(&mut self, fresh: Fresh) {
        if !self.conversations.contains_key(&fresh.conversation) {
            // A group that a contact tells us of: whether we are in it is being read. They tell of a few at a time.
            let all: usize = self.untold.values().map(VecDeque::len).sum();
            let untold = self.untold.entry(fresh.conversation).or_default();
            untold.push_back(fresh);
            if untold.len() > UNTOLD_MAX || all >= UNTOLD_ALL_MAX {
                untold.pop_front();
            }
            return;
        }
        self.tell_happened(&fresh.conversation, &fresh.author, fresh.id, fresh.happened);
    }

    fn tell_happened(
        &mut self,
        conversation: &ConversationId,
        author: &crate::wire::RootKey,
        entry: EntryId,
        happened: Happened,
    ) {
        let Some(with) = self.name_of_conversation(conversation) else { return };
        let from = UserId::from(author).0;
        let mine = self.me.as_ref().is_some_and(|me| me.card.root() == *author);
        let event = match happened {
            Happened::Nothing => return,
            Happened::Said(_) if mine => return,
            Happened::Said(text) => {
                self.typing_ends(conversation, author);
                let muted = self.is_muted(conversation);
                self.bring_back(conversation);
                Event::MessageReceived { with, id: entry.to_string(), from, text: visible(&text), muted }
            }
            Happened::Edited { target, text } => {
                Event::MessageEdited { with, id: target.to_string(), from, text: visible(&text) }
            }
            Happened::Deleted { target } => Event::MessageDeleted { with, id: target.to_string(), from },
            Happened::Reacted { target, emoji, on } => {
                Event::ReactionChanged { with, id: target.to_string(), from, emoji, on }
            }
        };
        self.emit(Output::Event(event));
    }
}

fn checked(text: String) -> Result<Text, CommandError> {
    Text::new(text).map_err(|error| CommandError::new(ErrorCode::InvalidText, error.to_string()))
}

fn deleted() -> CommandError {
    CommandError::new(ErrorCode::MessageDeleted, "This message was deleted.")
}
