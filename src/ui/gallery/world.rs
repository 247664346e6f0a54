//! The gallery's answers.

use std::collections::HashMap;

use uuid::Uuid;

use super::people::NOW;
use crate::coordinator::double::Double;
use crate::coordinator::{
    ChatView, Command, CommandError, Delta, ErrorCode, LAST_LINE_CHARS_MAX, LastMessage, MessageState, MessageView,
    PageAt, PageView, Reply, View,
};

/// Who there is and what was said.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// What a window sees first.
    pub view: View,
    messages: HashMap<Uuid, Vec<MessageView>>,
    unread: HashMap<Uuid, String>,
}

impl World {
    /// Answers until nobody asks any more.
    pub async fn serve(mut self, mut double: Double) {
        double.view = self.view.clone();
        while let Some((command, answer)) = double.next().await {
            let (reply, deltas) = self.answer(command);
            // Who asked may be gone.
            let _ = answer.send(reply);
            if !deltas.is_empty() {
                double.change(deltas);
            }
            double.view = self.view.clone();
        }
    }

    /// Something is said in a conversation.
    pub fn say(&mut self, with: Uuid, message: MessageView, unread: bool) {
        let mine = message.from != with;
        let text: String = message.text.chars().take(LAST_LINE_CHARS_MAX).collect();
        if let Some(chat) = self.view.chats.iter_mut().find(|chat| chat.user_id == with) {
            chat.last = Some(LastMessage { id: message.id.clone(), mine, text, at: message.at, state: message.state });
            chat.activity = message.at;
            chat.unread += u32::from(unread);
        }
        if unread {
            self.unread.entry(with).or_insert_with(|| message.id.clone());
        }
        self.messages.entry(with).or_default().push(message);
    }

    fn answer(&mut self, command: Command) -> (Result<Reply, CommandError>, Vec<Delta>) {
        match command {
            Command::ReadPage { with, at, limit } => (Ok(Reply::Page(self.page(with, &at, limit))), vec![]),
            Command::SendMessage { to, text } => {
                if text.len() > crate::coordinator::TEXT_BYTES_MAX {
                    return (Err(CommandError::new(ErrorCode::InvalidText, "The text is too long.")), vec![]);
                }
                let count = self.messages.get(&to).map_or(0, Vec::len);
                let id = format!("{:032x}{count:032x}", to.as_u128());
                let message =
                    MessageView { id: id.clone(), from: Self::me(), text, at: NOW, state: MessageState::Queued };
                self.say(to, message, false);
                (Ok(Reply::Message(id)), self.chat(to, |_| {}))
            }
            Command::MarkRead { with, .. } => {
                self.unread.remove(&with);
                (Ok(Reply::Done), self.chat(with, |chat| chat.unread = 0))
            }
            Command::SaveDraft { with, text } => (Ok(Reply::Done), self.chat(with, |chat| chat.draft = text)),
            Command::AcceptContact(user) | Command::DeclineContact(user) => {
                self.view.requests.retain(|request| request.user_id != user);
                (Ok(Reply::Done), vec![Delta::RequestGone(user)])
            }
            Command::BlockContact(user) | Command::RemoveContact(user) => {
                self.view.requests.retain(|request| request.user_id != user);
                self.view.contacts.retain(|contact| contact.user_id != user);
                self.view.chats.retain(|chat| chat.user_id != user);
                (Ok(Reply::Done), vec![Delta::RequestGone(user), Delta::ContactGone(user)])
            }
            Command::SetNickname { user, nickname } => {
                let Some(contact) = self.view.contacts.iter_mut().find(|contact| contact.user_id == user) else {
                    return (Ok(Reply::Done), vec![]);
                };
                contact.nickname = Some(nickname).filter(|name| !name.is_empty());
                (Ok(Reply::Done), vec![Delta::Contact(contact.clone())])
            }
            Command::AddContact { .. } => {
                (Err(CommandError::new(ErrorCode::LinkForeign, "This is no kith: link.")), vec![])
            }
            _ => (Ok(Reply::Done), vec![]),
        }
    }

    fn chat(&mut self, with: Uuid, edit: impl FnOnce(&mut ChatView)) -> Vec<Delta> {
        let chat = self.view.chats.iter_mut().find(|chat| chat.user_id == with);
        chat.map(|chat| {
            edit(chat);
            Delta::Chat(chat.clone())
        })
        .into_iter()
        .collect()
    }

    fn page(&self, with: Uuid, at: &PageAt, limit: u32) -> PageView {
        let all = self.messages.get(&with).map(Vec::as_slice).unwrap_or_default();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let place = |id: &str| all.iter().position(|message| message.id == id);
        let latest = (all.len().saturating_sub(limit), all.len());
        let first_unread = self.unread.get(&with).cloned();
        let (from, to) = match at {
            PageAt::Latest => latest,
            PageAt::Unread => first_unread.as_deref().and_then(place).map_or(latest, |at| {
                let from = at.saturating_sub(limit / 2);
                (from, (from + limit).min(all.len()))
            }),
            PageAt::Before(id) => place(id).map_or(latest, |at| (at.saturating_sub(limit), at)),
            PageAt::After(id) => place(id).map_or(latest, |at| (at + 1, (at + 1 + limit).min(all.len()))),
            PageAt::From(id) => place(id).map_or(latest, |at| (at, (at + limit).min(all.len()))),
        };
        PageView {
            messages: all.get(from..to).map(<[_]>::to_vec).unwrap_or_default(),
            earlier: from > 0,
            later: to < all.len(),
            first_unread,
        }
    }
}
