//! What is looked up in everything that was said, and the index of what was said before there was one.
//!
//! A search is one question to the store after the other, each with an end of its own: what is written meanwhile goes
//! between them. What is found in the conversation of somebody who was removed is passed over.

use uuid::Uuid;

use super::io::CallId;
use super::pending::Pending;
use super::state::With;
use super::{Engine, view};
use crate::coordinator::{
    CommandError, ErrorCode, FoundMessage, FoundView, Reply, SEARCH_LIMIT_DEFAULT, SEARCH_LIMIT_MAX,
};
use crate::log::Query;
use crate::store::{Found, Hit, Op, Outcome, Standing};
use crate::wire::ConversationId;

/// Messages that the store is asked for at least: some of them may belong to somebody who was removed.
const ASKED_FOR_MIN: u32 = 20;

/// A search that is under way.
pub(super) struct Searching {
    pub call: CallId,
    query: Query,
    within: Option<ConversationId>,
    limit: usize,
    found: Vec<FoundMessage>,
}

impl Engine {
    pub(super) fn search(
        &mut self,
        call: CallId,
        typed: &str,
        within: Option<Uuid>,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<(), CommandError> {
        self.need_identity()?;
        let within = within.map(|with| self.conversation_with(with)).transpose()?;
        let limit = limit.unwrap_or(SEARCH_LIMIT_DEFAULT);
        if !(1..=SEARCH_LIMIT_MAX).contains(&limit) {
            let message = format!("At most {SEARCH_LIMIT_MAX} messages are found at once, and at least one.");
            return Err(CommandError::new(ErrorCode::InvalidLimit, message));
        }
        let query =
            Query::parse(typed).map_err(|error| CommandError::new(ErrorCode::InvalidQuery, error.to_string()))?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.look_further(Searching { call, query, within, limit, found: vec![] }, before);
        Ok(())
    }

    fn look_further(&mut self, searching: Searching, before: Option<u64>) {
        let missing = searching.limit.saturating_sub(searching.found.len());
        let limit = u32::try_from(missing).unwrap_or(SEARCH_LIMIT_MAX).max(ASKED_FOR_MIN);
        let op = Op::Search { query: searching.query.clone(), within: searching.within, before, limit };
        self.ask(Pending::Search(Box::new(searching)), op);
    }

    pub(super) fn found(&mut self, mut searching: Searching, found: Found) {
        let Found { hits, mut next, unfinished } = found;
        for hit in hits {
            if searching.found.len() == searching.limit {
                // The store had more than was wanted: the rest is for the next time.
                next = searching.found.last().map(|last| last.place);
                break;
            }
            searching.found.extend(self.found_message(&searching.query, hit));
        }
        if next.is_some() && searching.found.len() < searching.limit {
            return self.look_further(searching, next);
        }
        let view = FoundView { messages: searching.found, next, unfinished };
        self.reply(searching.call, Ok(Reply::Found(view)));
    }

    fn found_message(&self, query: &Query, hit: Hit) -> Option<FoundMessage> {
        let state = self.conversations.get(&hit.conversation)?;
        if let With::Person(root) = &state.with {
            self.people.get(root).filter(|contact| contact.person.standing == Standing::Contact)?;
        }
        let with = state.name(&hit.conversation)?;
        let message = view::message(hit.message);
        let snippet = query.snippet(&message.text);
        Some(FoundMessage {
            with,
            id: message.id,
            from: message.from,
            at: message.at,
            text: snippet.text,
            marks: snippet.marks.into_iter().map(|mark| [mark.start, mark.end]).collect(),
            place: hit.local,
        })
    }

    /// Indexes some more of what was there before the index.
    pub(super) fn index_more(&mut self) {
        self.ask(Pending::Indexing, Op::IndexMore);
    }

    pub(super) fn indexed(&mut self, outcome: &Outcome) {
        // The next start goes on where this one has ended.
        if matches!(outcome, Outcome::Indexed { more: true }) && self.finishing.is_none() {
            self.index_more();
        }
    }
}
