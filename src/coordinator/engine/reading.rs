//! What a window reads of a conversation, and what it leaves there: how far somebody has read, and what they typed.
//!
//! Takes commands of a window, never decides what counts as unread: that is the store's. Every answer comes from the store. That a conversation changed is marked here once it is on disk.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Engine;
use super::io::CallId;
use super::pending::Pending;
use super::view::message;
use crate::coordinator::{
    CommandError, DRAFT_BYTES_MAX, ErrorCode, HISTORY_LIMIT_MAX, MemberDelivery, MessageInfo, PageAt, PageView, Reply,
};
use crate::identity::UserId;
use crate::log::direct_conversation;
use crate::store::{Op, Outcome, Place};
use crate::wire::{ConversationId, DeviceKey, EntryId, RootKey};

impl Engine {
    pub(super) fn read_page(&mut self, call: CallId, with: Uuid, at: &PageAt, limit: u32) -> Result<(), CommandError> {
        let conversation = self.conversation_with(with)?;
        if !(1..=HISTORY_LIMIT_MAX).contains(&limit) {
            let message = format!("A page has 1 to {HISTORY_LIMIT_MAX} messages.");
            return Err(CommandError::new(ErrorCode::InvalidLimit, message));
        }
        let at = match at {
            PageAt::Latest => Place::Latest,
            PageAt::Unread => Place::Unread,
            PageAt::Before(id) => Place::Before(entry_id(id)?),
            PageAt::After(id) => Place::After(entry_id(id)?),
            PageAt::From(id) => Place::From(entry_id(id)?),
            PageAt::Around(id) => Place::Around(entry_id(id)?),
        };
        self.ask(Pending::Page(call, conversation), Op::Page { conversation, at, limit });
        Ok(())
    }

    pub(super) fn page_read(&mut self, call: CallId, conversation: &ConversationId, outcome: Outcome) {
        let Outcome::Page(page) = outcome else { return self.reply(call, Err(unknown_message())) };
        let messages = page.rows.into_iter().map(message).collect();
        let first_unread = page.first_unread.map(|id| id.to_string());
        let changes = self.lines(conversation, &page.changes);
        let view = PageView { messages, earlier: page.earlier, later: page.later, first_unread, changes };
        self.reply(call, Ok(Reply::Page(view)));
    }

    /// One message, whichever conversation it belongs to or in a given one.
    pub(super) fn show_message(&mut self, call: CallId, with: Option<Uuid>, id: &str) -> Result<(), CommandError> {
        self.need_identity()?;
        let conversation = with.map(|with| self.conversation_with(with)).transpose()?;
        self.ask(Pending::Info(call), Op::Message { id: entry_id(id)?, conversation });
        Ok(())
    }

    pub(super) fn message_shown(&mut self, call: CallId, outcome: Outcome) {
        let Outcome::Message(conversation, row) = outcome else { return self.reply(call, Err(unknown_message())) };
        let (with, id) = (self.name_of_conversation(&conversation), row.id);
        let info = with.map(|with| MessageInfo { with, message: message(*row), members: vec![] });
        match info {
            // Who has it is another question.
            Some(info) if self.is_own_of_group(&conversation, &info) => {
                self.ask(Pending::Deliveries(call, Box::new(info)), Op::Deliveries(id));
            }
            info => self.reply(call, info.map(Reply::Info).ok_or_else(unknown_message)),
        }
    }

    /// Who of the others in a group has a message of ours, when each of their devices has it.
    pub(super) fn deliveries_shown(&mut self, call: CallId, mut info: MessageInfo, devices: &[(DeviceKey, bool)]) {
        let mut members: BTreeMap<RootKey, bool> = BTreeMap::new();
        for (device, has) in devices {
            if let Some(peer) = self.peers.get(device) {
                *members.entry(peer.row.root).or_insert(true) &= has;
            }
        }
        let delivery = |(root, delivered): (&RootKey, &bool)| MemberDelivery {
            user_id: UserId::from(root).0,
            delivered: *delivered,
        };
        info.members = members.iter().map(delivery).collect();
        self.reply(call, Ok(Reply::Info(info)));
    }

    fn is_own_of_group(&self, conversation: &ConversationId, info: &MessageInfo) -> bool {
        let own = self.me.as_ref().is_some_and(|me| me.card.user().0 == info.message.from);
        own && self.joined(conversation).is_some()
    }

    pub(super) fn mark_read(&mut self, call: CallId, with: Uuid, up_to: &str) -> Result<(), CommandError> {
        let conversation = self.conversation_with(with)?;
        let up_to = entry_id(up_to)?;
        self.ask(Pending::MarkedRead(call, conversation), Op::MarkRead { conversation, up_to });
        Ok(())
    }

    pub(super) fn marked_read(&mut self, call: CallId, conversation: &ConversationId, outcome: &Outcome) {
        let Outcome::Read(mark) = outcome else { return self.reply(call, Err(unknown_message())) };
        self.reply(call, Ok(Reply::Done));
        self.mark_chat(conversation);
        if let Some(mark) = mark {
            self.reading_moved(conversation, *mark);
        }
    }

    pub(super) fn save_draft(&mut self, call: CallId, with: Uuid, text: String) -> Result<(), CommandError> {
        let conversation = self.conversation_with(with)?;
        if text.len() > DRAFT_BYTES_MAX {
            let message = format!("At most {DRAFT_BYTES_MAX} bytes of what was typed are kept.");
            return Err(CommandError::new(ErrorCode::InvalidText, message));
        }
        self.ask(Pending::DraftKept(call, conversation), Op::SaveDraft { conversation, text });
        Ok(())
    }

    pub(super) fn draft_kept(&mut self, call: CallId, conversation: &ConversationId) {
        self.reply(call, Ok(Reply::Done));
        self.mark_chat(conversation);
    }

    /// The conversation that this user or group names.
    pub(super) fn conversation_with(&self, user: Uuid) -> Result<ConversationId, CommandError> {
        self.need_identity()?;
        if let Ok((conversation, _)) = self.group(user) {
            return Ok(conversation);
        }
        let (root, _) = self.person(user)?;
        let missing = || CommandError::new(ErrorCode::NoIdentity, "There is no identity yet. Create one first.");
        let me = self.me.as_ref().ok_or_else(missing)?;
        Ok(direct_conversation(&me.card.root(), &root))
    }
}

pub(super) fn entry_id(text: &str) -> Result<EntryId, CommandError> {
    EntryId::from_hex(text).ok_or_else(unknown_message)
}

pub(super) fn unknown_message() -> CommandError {
    CommandError::new(ErrorCode::UnknownMessage, "There is no such message.")
}
