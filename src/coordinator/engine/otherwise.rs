//! For tests: what another program would do in the place of this one, and what a world looks at from outside.

use rand::RngExt;
use uuid::Uuid;

use super::Engine;
use super::io::{CallId, Now, Output};
use super::pending::Pending;
use super::write::Place;
use crate::coordinator::GroupView;
use crate::log::{Entry, Text};
use crate::sync::{Mailer, Push};
use crate::wire::{ConversationId, EntryId, LogId, kind};

/// An entry as another program may write it.
#[derive(Debug)]
pub struct Otherwise {
    /// What it is.
    pub kind: u32,
    /// What it is about.
    pub target: Option<EntryId>,
    /// What it says.
    pub body: Vec<u8>,
}

impl Otherwise {
    /// Of a kind that no version knows.
    #[must_use]
    pub fn newer() -> Self {
        Self { kind: 4_711, target: None, body: vec![0xa1, 0x00, 0x18, 0x2a] }
    }
}

impl Engine {
    /// What is under way to each device, to be held against the limits.
    pub(in crate::coordinator) fn under_way(&self) -> impl Iterator<Item = (&Push, &Mailer)> {
        self.peers.values().map(|peer| (&peer.push, &peer.mailer))
    }

    /// A group as it stands here.
    pub(in crate::coordinator) fn group_now(&self, group: Uuid) -> Option<(ConversationId, GroupView)> {
        let conversation = self.groups.get(&group)?;
        Some((*conversation, self.group_view(conversation)?))
    }

    /// What this device says of itself, once it is somebody.
    pub(in crate::coordinator) fn own_card(&self) -> Option<Vec<u8>> {
        self.me.as_ref().map(|me| me.card.bytes().to_vec())
    }

    /// Writes what nobody can ask this version for. Whoever asked is answered as for a message.
    pub(in crate::coordinator) fn write_otherwise(
        &mut self,
        call: CallId,
        to: Uuid,
        said: Otherwise,
        now: Now,
    ) -> Vec<Output> {
        self.now = now;
        let composed = self.writable(to).and_then(|conversation| {
            Ok((conversation, self.compose(&conversation, said.kind, said.target, said.body)?))
        });
        match composed {
            Ok((conversation, entry)) => {
                let pending = Pending::Written { call, conversation, id: entry.id() };
                self.put_down(pending, entry);
            }
            Err(error) => self.reply(call, Err(error)),
        }
        self.finish_step();
        self.take()
    }

    /// So many texts for a group, whether or not this person is in it, one behind the other in a log of their own; they are kept nowhere.
    pub(in crate::coordinator) fn flood(
        &mut self,
        conversation: ConversationId,
        after: EntryId,
        count: usize,
        now: Now,
    ) -> Option<Vec<Entry>> {
        self.now = now;
        let (log, mut previous) = (LogId(self.rng.random()), None);
        let mut entries = vec![];
        for sequence in (0..).take(count) {
            let after = if sequence == 0 { vec![after] } else { vec![] };
            let body = Text::new(format!("flood {sequence}")).ok()?.to_bytes();
            let entry = self.sign(Place { conversation, log, sequence, previous, after }, kind::TEXT, None, body)?;
            previous = Some(entry.id());
            entries.push(entry);
        }
        Some(entries)
    }

    /// From now on it does as an older version: it has no mailed `have`, no `seen`, and no state of mail.
    pub fn be_older(&mut self) {
        self.older = true;
    }
}
