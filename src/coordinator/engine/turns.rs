//! Commands of one conversation are done in their order.
//!
//! Most must first look at the message that they are about; what comes after such a one waits in a queue, so that a reaction that is
//! taken back right after it was set is seen set. What comes first is done at once.

use std::collections::{BTreeMap, VecDeque};

use super::Engine;
use super::io::CallId;
use super::live::Act;
use super::pending::Pending;
use super::reading::unknown_message;
use crate::coordinator::{CommandError, ErrorCode};
use crate::store::{Op, Outcome};
use crate::wire::{ConversationId, EntryId};

/// Commands of one conversation that wait for another one to be looked up: more than a script may have under way.
const QUEUE_MAX: usize = 1_024;

/// What waits in each conversation where a message is being looked at.
pub(super) type Queues = BTreeMap<ConversationId, VecDeque<Queued>>;

pub(super) struct Queued {
    call: CallId,
    target: Option<EntryId>,
    act: Act,
}

impl Engine {
    /// Does something, after everything that was asked for in this conversation before.
    pub(super) fn in_order(
        &mut self,
        call: CallId,
        conversation: ConversationId,
        target: Option<EntryId>,
        act: Act,
    ) -> Result<(), CommandError> {
        if let Some(queue) = self.live.queues.get_mut(&conversation) {
            if queue.len() >= QUEUE_MAX {
                return Err(CommandError::new(ErrorCode::Full, "Too much is under way here; try again."));
            }
            queue.push_back(Queued { call, target, act });
            return Ok(());
        }
        match target {
            None => self.perform(call, conversation, None, act),
            Some(target) => {
                self.live.queues.insert(conversation, VecDeque::new());
                self.look(call, conversation, target, act);
                Ok(())
            }
        }
    }

    fn look(&mut self, call: CallId, conversation: ConversationId, target: EntryId, act: Act) {
        let op = Op::Message { id: target, conversation: Some(conversation) };
        self.ask(Pending::Looked { call, conversation, act }, op);
    }

    /// The message that something is to be done with was read.
    pub(super) fn looked(&mut self, call: CallId, conversation: ConversationId, act: Act, outcome: Outcome) {
        let result = match outcome {
            Outcome::Message(_, row) => self.perform(call, conversation, Some(*row), act),
            _ => Err(unknown_message()),
        };
        if let Err(error) = result {
            self.reply(call, Err(error));
        }
        self.go_on(conversation);
    }

    /// Does what waits, up to the next message that must be looked at.
    pub(super) fn go_on(&mut self, conversation: ConversationId) {
        while let Some(queue) = self.live.queues.get_mut(&conversation) {
            let Some(Queued { call, target, act }) = queue.pop_front() else {
                self.live.queues.remove(&conversation);
                return;
            };
            if let Some(target) = target {
                return self.look(call, conversation, target, act);
            }
            if let Err(error) = self.perform(call, conversation, None, act) {
                self.reply(call, Err(error));
            }
        }
    }
}
