//! Own entries: where the next one of a conversation goes, its signature, and what follows when it is on disk, or did not get
//! there.
//!
//! The next one follows the last before the disk has that one, so a log is never waited for; when one fails, everything behind it
//! does, and where the log stands is read again.

use rand::RngExt;
use uuid::Uuid;

use super::Engine;
use super::io::CallId;
use super::pending::Pending;
use crate::coordinator::{CommandError, ErrorCode, Reply};
use crate::log::{Draft, Entry};
use crate::store::{Op, Standing};
use crate::wire::{AFTER_MAX, ConversationId, DeviceKey, EntryId, LogId, Salt, kind};

/// Where an own entry goes.
pub(super) struct Place {
    pub conversation: ConversationId,
    pub log: LogId,
    pub sequence: u64,
    pub previous: Option<EntryId>,
    pub after: Vec<EntryId>,
}

impl Engine {
    /// The conversation that this user or group names, if one may write in it.
    pub(super) fn writable(&self, to: Uuid) -> Result<ConversationId, CommandError> {
        self.need_identity()?;
        if let Ok((conversation, joined)) = self.group(to) {
            let outside = || CommandError::new(ErrorCode::NotInGroup, "You are not in this group.");
            return joined.inside.then_some(conversation).ok_or_else(outside);
        }
        let (_, contact) = self.person(to)?;
        match contact.person.standing {
            Standing::Contact => self.conversation_with(to),
            Standing::Blocked => Err(CommandError::new(ErrorCode::Blocked, "You have blocked this person.")),
            _ => {
                let message = "They are not a contact yet: messages can be written once one of you has accepted.";
                Err(CommandError::new(ErrorCode::NotAContact, message))
            }
        }
    }

    /// The next own entry of a conversation, behind everything that is here. A change of a group names the changes that it has
    /// seen before any other heads.
    pub(super) fn compose(
        &mut self,
        conversation: &ConversationId,
        kind: u32,
        target: Option<EntryId>,
        body: Vec<u8>,
    ) -> Result<Entry, CommandError> {
        let first = match kind {
            kind::GROUP => self.joined(conversation).map(|joined| joined.group.tops()).unwrap_or_default(),
            _ => vec![],
        };
        let state = self.conversations.get(conversation).filter(|state| !state.stale).ok_or_else(being_read)?;
        let mut after: Vec<EntryId> = vec![];
        for head in first.iter().chain(&state.heads) {
            if Some(*head) != state.last && !after.contains(head) && after.len() < AFTER_MAX {
                after.push(*head);
            }
        }
        let place =
            Place { conversation: *conversation, log: state.log, sequence: state.next, previous: state.last, after };
        let entry = self.sign(place, kind, target, body).ok_or_else(being_read)?;
        let state = self.conversations.get_mut(conversation).ok_or_else(being_read)?;
        // The next one follows this one even before the disk has it.
        state.next += 1;
        state.last = Some(entry.id());
        state.heads = vec![entry.id()];
        state.writing += 1;
        Ok(entry)
    }

    pub(super) fn sign(&mut self, place: Place, kind: u32, target: Option<EntryId>, body: Vec<u8>) -> Option<Entry> {
        let (wall, salt) = (self.now.wall, Salt(self.rng.random()));
        let me = self.me.as_ref()?;
        let Place { conversation, log, sequence, previous, after } = place;
        let draft = Draft {
            author: me.card.root(),
            conversation,
            log,
            sequence,
            previous,
            after,
            time: wall,
            kind,
            target,
            body,
            salt,
        };
        Some(Entry::write(&me.secrets.device, draft))
    }

    /// Gives an own entry to the store. Between two people the outbox is asked right behind it when they are linked: the answer comes
    /// when both are on disk, and the entry goes out without another way to the store and back. Who gets it at once in a group follows
    /// from who is in it when it is on disk.
    pub(super) fn put_down(&mut self, pending: Pending, entry: Entry) {
        let conversation = entry.conversation();
        self.ask(pending, Op::Append(Box::new(entry)));
        if self.joined(&conversation).is_some() {
            return;
        }
        for peer in self.peers.values_mut().filter(|peer| peer.open.is_some() && peer.shared.contains(&conversation)) {
            peer.written = true;
        }
    }

    /// No more commands wait: what they have written goes out with the answers of these questions.
    pub(super) fn flush_written(&mut self) {
        let now = self.now.mono;
        let due: Vec<DeviceKey> =
            self.peers.iter().filter(|(_, peer)| peer.written).map(|(device, _)| *device).collect();
        for device in due {
            let Some(peer) = self.peers.get_mut(&device) else { continue };
            peer.written = false;
            let needs = peer.push.wrote(now);
            self.need(&device, needs);
        }
    }

    pub(super) fn written(&mut self, call: CallId, conversation: &ConversationId, id: EntryId, heads: Vec<EntryId>) {
        self.reply(call, Ok(Reply::Message(id.to_string())));
        self.await_delivery(conversation, id);
        self.on_disk(conversation, id, heads, true);
        self.bring_back(conversation);
    }

    /// An own entry is on disk: it goes out. `asked`: it came by [`Engine::put_down`].
    pub(super) fn on_disk(&mut self, conversation: &ConversationId, id: EntryId, mut heads: Vec<EntryId>, asked: bool) {
        // A later own entry that is on its way follows this one already.
        if self.conversations.get(conversation).is_some_and(|state| state.last != Some(id)) {
            heads.retain(|head| *head != id);
        }
        let Some(state) = self.conversations.get_mut(conversation) else { return };
        state.writing = state.writing.saturating_sub(1);
        let idle = state.writing == 0;
        self.mark_chat(conversation);
        self.new_heads(conversation, heads);
        self.spread_own(conversation, id, asked);
        if idle {
            self.heir_may_act(conversation);
        }
    }

    pub(super) fn write_failed(&mut self, call: CallId, conversation: &ConversationId, error: &str) {
        self.reply_storage(call, error);
        self.log_is_stale(conversation);
    }

    /// An own entry did not come to the disk: where the log stands is read again.
    pub(super) fn log_is_stale(&mut self, conversation: &ConversationId) {
        let Some(state) = self.conversations.get_mut(conversation) else { return };
        state.writing = state.writing.saturating_sub(1);
        state.stale = true;
        if state.writing == 0 {
            self.ask(Pending::Reload, Op::Load);
        }
    }

    /// What the conversation's next entry follows: the heads on disk, for what is there was shown, and the last own entry, which
    /// may still be on its way to the disk. It may name some of them too; to say so twice changes nothing.
    pub(super) fn new_heads(&mut self, conversation: &ConversationId, mut heads: Vec<EntryId>) {
        if let Some(state) = self.conversations.get_mut(conversation) {
            if state.writing > 0 {
                heads.extend(state.last);
            }
            state.heads = heads;
        }
    }
}

/// A log whose last entry did not come to the disk is not gone on with before it was read.
pub(super) fn being_read() -> CommandError {
    CommandError::new(ErrorCode::Storage, "The conversation is being read again; try again.")
}
