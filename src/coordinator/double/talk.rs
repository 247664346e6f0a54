//! What was said: conversations as they are shown.

use uuid::Uuid;

use super::script::Script;
use crate::coordinator::{
    ChatView, CommandError, Delta, ErrorCode, FoundMessage, FoundView, LAST_LINE_CHARS_MAX, LastMessage, LineView,
    MessageInfo, MessageView, MissingView, PageAt, PageView, Path, Reply, SEARCH_LIMIT_DEFAULT, UNREAD_MAX,
};
use crate::log::Query;

/// A conversation.
#[derive(Clone, Default)]
pub(super) struct Talk {
    pub(super) messages: Vec<MessageView>,
    /// How many of them were read.
    pub(super) read: usize,
    pub(super) draft: String,
    pub(super) activity: u64,
    pub(super) muted_until: Option<u64>,
    pub(super) pinned: bool,
    pub(super) archived: bool,
    pub(super) missing: Vec<MissingView>,
    pub(super) forked: Vec<Uuid>,
    pub(super) changes: Vec<LineView>,
}

impl Script {
    pub(super) fn shows(&self, with: Option<Uuid>, id: &str) -> Result<Reply, CommandError> {
        let talks = self.talks.iter().filter(|(user, _)| with.is_none_or(|with| with == **user));
        let mut found = talks.flat_map(|(user, talk)| talk.messages.iter().map(|message| (*user, message)));
        let (with, message) = found
            .find(|(_, message)| message.id == id)
            .ok_or_else(|| CommandError::new(ErrorCode::UnknownMessage, "There is no such message."))?;
        let members = if message.from == self.own.user_id { self.receipts(with) } else { vec![] };
        Ok(Reply::Info(MessageInfo { with, message: message.clone(), members }))
    }

    /// A message of a conversation.
    pub(super) fn message(&mut self, with: Uuid, id: &str) -> Result<&mut MessageView, CommandError> {
        let talk = self.talks.get_mut(&with);
        talk.and_then(|talk| talk.messages.iter_mut().find(|message| message.id == id))
            .ok_or_else(|| CommandError::new(ErrorCode::UnknownMessage, "There is no such message."))
    }

    /// A message is there no more.
    pub(super) fn drops(&mut self, with: Uuid, id: &str) {
        let Some(talk) = self.talks.get_mut(&with) else { return };
        let Some(place) = talk.messages.iter().position(|message| message.id == id) else { return };
        talk.messages.remove(place);
        talk.read -= usize::from(place < talk.read);
    }

    /// The id of what was said last.
    pub(super) fn last_id(&self) -> String {
        format!("{:064x}", self.said)
    }

    /// As the real one finds, where a message's id is its number.
    pub(super) fn finds(
        &self,
        typed: &str,
        within: Option<Uuid>,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<Reply, CommandError> {
        let query =
            Query::parse(typed).map_err(|error| CommandError::new(ErrorCode::InvalidQuery, error.to_string()))?;
        let limit = usize::try_from(limit.unwrap_or(SEARCH_LIMIT_DEFAULT)).unwrap_or(usize::MAX);
        let talks = self.talks.iter().filter(|(user, _)| within.is_none_or(|within| within == **user));
        let all = talks.flat_map(|(user, talk)| talk.messages.iter().map(|message| (*user, message)));
        let mut messages: Vec<FoundMessage> = all
            .filter(|(_, message)| query.is_in(&message.text))
            .map(|(with, message)| {
                let snippet = query.snippet(&message.text);
                FoundMessage {
                    with,
                    id: message.id.clone(),
                    from: message.from,
                    at: message.at,
                    text: snippet.text,
                    marks: snippet.marks.into_iter().map(|mark| [mark.start, mark.end]).collect(),
                    place: u64::from_str_radix(message.id.trim_start_matches('0'), 16).unwrap_or_default(),
                }
            })
            .filter(|found| before.is_none_or(|before| found.place < before))
            .collect();
        messages.sort_by_key(|found| std::cmp::Reverse(found.place));
        let more = messages.len() > limit;
        messages.truncate(limit);
        let next = messages.last().filter(|_| more).map(|last| last.place);
        Ok(Reply::Found(FoundView { messages, next, unfinished: false }))
    }

    /// The last that was said in a conversation went, or came, like this.
    pub fn went(&mut self, with: Uuid, path: Path) {
        if let Some(message) = self.talks.get_mut(&with).and_then(|talk| talk.messages.last_mut()) {
            message.path = Some(path);
        }
    }

    /// The last that was said in a conversation is like this now. Gives what changed.
    pub fn becomes(&mut self, with: Uuid, change: impl FnOnce(&mut MessageView)) -> Delta {
        if let Some(message) = self.talks.get_mut(&with).and_then(|talk| talk.messages.last_mut()) {
            change(message);
        }
        self.chat(with)
    }

    /// The messages of a conversation, oldest first.
    #[must_use]
    pub fn messages(&self, with: Uuid) -> &[MessageView] {
        self.talks.get(&with).map_or(&[], |talk| &talk.messages)
    }

    /// The view's chats, from what was said.
    pub(super) fn fill(&mut self) {
        let accepted = self.view.contacts.iter().filter(|contact| contact.accepted);
        let groups = self.view.groups.iter().map(|group| group.group_id);
        let all = accepted.map(|contact| contact.user_id).chain(groups);
        self.view.chats = all.map(|with| self.summary(with)).collect();
    }

    pub(super) fn chat(&self, with: Uuid) -> Delta {
        Delta::Chat(self.summary(with))
    }

    pub(super) fn summary(&self, with: Uuid) -> ChatView {
        let Some(talk) = self.talks.get(&with) else { return ChatView { user_id: with, ..ChatView::default() } };
        let last = talk.messages.last().map(|last| LastMessage {
            id: last.id.clone(),
            from: last.from,
            mine: last.from == self.own.user_id,
            text: last.text.chars().map(|c| if c == '\n' { ' ' } else { c }).take(LAST_LINE_CHARS_MAX).collect(),
            at: last.at,
            state: last.state,
            deleted: last.deleted,
            newer: last.newer,
        });
        let unread = talk.messages.iter().skip(talk.read).filter(|message| message.from != self.own.user_id).count();
        let unread = u32::try_from(unread).map_or(UNREAD_MAX, |count| count.min(UNREAD_MAX));
        ChatView {
            user_id: with,
            last,
            unread,
            activity: talk.activity,
            draft: talk.draft.clone(),
            muted_until: talk.muted_until,
            pinned: talk.pinned,
            archived: talk.archived,
            missing: talk.missing.clone(),
            forked: talk.forked.clone(),
        }
    }

    pub(super) fn page(&self, with: Uuid, at: &PageAt, limit: u32) -> PageView {
        let Some(talk) = self.talks.get(&with) else { return PageView::default() };
        let all = &talk.messages;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let place = |id: &String| all.iter().position(|message| message.id == *id).unwrap_or(all.len());
        let unread = all
            .iter()
            .skip(talk.read)
            .position(|message| message.from != self.own.user_id)
            .map(|place| place + talk.read);
        let start = match at {
            PageAt::Latest => all.len().saturating_sub(limit),
            // A page as full as it can be, also when little comes behind the first unread one.
            PageAt::Unread => {
                let last_start = all.len().saturating_sub(limit);
                unread.map_or(last_start, |place| place.saturating_sub(limit / 2).min(last_start))
            }
            PageAt::Before(id) => place(id).saturating_sub(limit),
            PageAt::After(id) => place(id).saturating_add(1).min(all.len()),
            PageAt::From(id) => place(id),
            PageAt::Around(id) => place(id).saturating_sub(limit / 2).min(all.len().saturating_sub(limit)),
        };
        let end = match at {
            PageAt::Before(id) => place(id),
            _ => start.saturating_add(limit).min(all.len()),
        };
        PageView {
            messages: all.get(start..end).unwrap_or_default().to_vec(),
            earlier: start > 0,
            later: end < all.len(),
            first_unread: unread.and_then(|place| all.get(place)).map(|message| message.id.clone()),
            changes: talk.changes.clone(),
        }
    }
}
