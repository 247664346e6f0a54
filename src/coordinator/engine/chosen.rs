//! What this person chose for a conversation: silence, a place on top, a place out of sight. Only this device knows it.
//!
//! A choice holds when it is on disk. A new message brings a conversation back from out of sight, unless it is muted.

use uuid::Uuid;

use super::io::{CallId, Output};
use super::pending::Pending;
use super::{Engine, view};
use crate::coordinator::{CommandError, Event, Reply};
use crate::log::direct_conversation;
use crate::store::{Choice, Chosen, Op, Outcome, Standing, Summary};
use crate::wire::ConversationId;

impl Engine {
    pub(super) fn choose(&mut self, call: CallId, with: Uuid, choice: Choice) -> Result<(), CommandError> {
        let conversation = self.conversation_with(with)?;
        self.ask(Pending::Chosen { call: Some(call), conversation }, Op::Choose { conversation, choice });
        Ok(())
    }

    /// A choice is on disk.
    pub(super) fn has_chosen(&mut self, call: Option<CallId>, conversation: &ConversationId, outcome: &Outcome) {
        let Outcome::Chosen(chosen) = outcome else { return };
        self.chosen.insert(*conversation, *chosen);
        if let Some(call) = call {
            self.reply(call, Ok(Reply::Done));
        }
        self.mark_chat(conversation);
        let Some(with) = self.name_of_conversation(conversation) else { return };
        let event = Event::ConversationChanged {
            with,
            muted_until: view::muted_until(chosen),
            pinned: chosen.pinned,
            archived: chosen.archived,
        };
        self.emit(Output::Event(event));
    }

    /// What the store knew at the start.
    pub(super) fn remember_chosen(&mut self, summaries: &[Summary]) {
        let each = summaries.iter().map(|summary| (summary.conversation, summary.chosen));
        self.chosen = each.filter(|(_, chosen)| *chosen != Chosen::default()).collect();
    }

    /// Whether nothing of a conversation shall interrupt now.
    pub(super) fn is_muted(&self, conversation: &ConversationId) -> bool {
        self.chosen.get(conversation).is_some_and(|chosen| chosen.muted_until > self.now.wall)
    }

    /// Something was said there.
    pub(super) fn bring_back(&mut self, conversation: &ConversationId) {
        if self.is_muted(conversation) {
            return;
        }
        let Some(chosen) = self.chosen.get_mut(conversation).filter(|chosen| chosen.archived) else { return };
        // Said once, however many come.
        chosen.archived = false;
        let (conversation, choice) = (*conversation, Choice::Archived(false));
        self.ask(Pending::Chosen { call: None, conversation }, Op::Choose { conversation, choice });
    }

    /// The disk has refused that: the next message says it again.
    pub(super) fn not_brought_back(&mut self, conversation: &ConversationId) {
        if let Some(chosen) = self.chosen.get_mut(conversation) {
            chosen.archived = true;
        }
    }

    /// Every conversation with a contact, and of a group.
    pub(super) fn list_conversations(&mut self, call: CallId) -> Result<(), CommandError> {
        self.need_identity()?;
        let Some(me) = self.me.as_ref().map(|me| me.card.root()) else { return Ok(()) };
        let contacts = self.people.values().filter(|contact| contact.person.standing == Standing::Contact);
        let direct = contacts.map(|contact| direct_conversation(&me, &contact.person.root));
        let all = direct.chain(self.groups.values().copied()).collect();
        self.ask(Pending::Conversations(call), Op::Summarise(all));
        Ok(())
    }

    pub(super) fn conversations_listed(&mut self, call: CallId, summaries: &[Summary]) {
        let Some(me) = self.me.as_ref().map(|me| me.card.root()) else { return };
        let view =
            |summary: &Summary| Some(view::chat(&me, self.name_of_conversation(&summary.conversation)?, summary));
        let mut chats: Vec<_> = summaries.iter().filter_map(view).collect();
        chats.sort_by_key(|chat| (!chat.pinned, std::cmp::Reverse(chat.activity), chat.user_id));
        self.reply(call, Ok(Reply::Conversations(chats)));
    }
}
