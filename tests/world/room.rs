//! A conversation as a story knows it: who is in it, and what its people were told.

use std::collections::{BTreeMap, BTreeSet};

use kith::wire::{ConversationId, EntryId, RootKey};
use uuid::Uuid;

/// Two contacts, or a group.
pub struct Room {
    pub conversation: ConversationId,
    /// By side: whose device it is, and what the conversation is called there.
    pub devices: Vec<usize>,
    pub names: Vec<Uuid>,
    /// What people were told is safe, and no restored disk has lost since: its text.
    pub must: BTreeMap<EntryId, String>,
    /// What a restored disk has lost when nobody else had it, or of a group, perhaps nobody in it. What follows it may be elsewhere, and waits for
    /// it for ever.
    pub lost: BTreeSet<EntryId>,
    /// People whose addition a restored disk has lost: they may have been given something by it, and not it itself.
    pub added_and_lost: BTreeSet<RootKey>,
    /// What stood before a message when it was written, as far as its author was told.
    pub before: Vec<(EntryId, Vec<EntryId>)>,
    /// By side: messages that it was told of, in order, and those that it has marked as read.
    pub told: Vec<Vec<EntryId>>,
    pub read: Vec<BTreeSet<EntryId>>,
    /// By side: what was on its disk when it had last marked something. Nothing else can be read.
    pub readable: Vec<BTreeSet<EntryId>>,
    /// By side: what it has written, as far as it was told.
    pub own: Vec<BTreeSet<EntryId>>,
    /// Messages that somebody wanted to edit or delete: their texts may be others.
    pub changed: BTreeSet<EntryId>,
}

/// What a reply is waited for.
pub enum Asked {
    Written {
        text: String,
        before: Vec<EntryId>,
    },
    Read,
    Marked {
        shown: Vec<EntryId>,
    },
    /// Messages with a word that begins with this.
    Found(char),
    Done,
    /// To write what counts for nothing.
    Ignored,
    Brokers(Vec<String>),
}

pub struct Call {
    pub number: u64,
    pub room: usize,
    pub side: usize,
    pub asked: Asked,
}

impl Room {
    pub fn new(conversation: ConversationId, devices: Vec<usize>, names: Vec<Uuid>) -> Self {
        let sides = devices.len();
        Self {
            conversation,
            devices,
            names,
            must: BTreeMap::new(),
            lost: BTreeSet::new(),
            added_and_lost: BTreeSet::new(),
            before: vec![],
            told: vec![vec![]; sides],
            read: vec![BTreeSet::new(); sides],
            readable: vec![BTreeSet::new(); sides],
            own: vec![BTreeSet::new(); sides],
            changed: BTreeSet::new(),
        }
    }

    /// A group has one name everywhere.
    pub fn is_group(&self) -> bool {
        self.names.first() == self.names.last()
    }

    /// On which side a device is.
    pub fn side(&self, device: usize) -> Option<usize> {
        self.devices.iter().position(|other| *other == device)
    }
}
