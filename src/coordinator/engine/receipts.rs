//! In a group that is too large for everybody to have a link with everybody: by which way a word goes, and how its author hears who has it.
//!
//! Every device computes the same tree for each author (`sync::mesh`). What is fresh goes along it at once; beside it only to those who
//! do not say within a moment that they have it. Everybody says so to all with whom they are linked, and hands what they hear from
//! those behind them on to the one before them, gathered for a second. So the author hears from few of everybody, and mails only to
//! whom nobody has reached.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::Engine;
use super::io::Now;
use super::members::Joined;
use super::pushing::Pushed;
use crate::link;
use crate::store::Fresh;
use crate::sync::NEIGHBOURS_MAX;
use crate::wire::{
    ConversationId, DeviceKey, EntryId, Frame, HELD_DEVICES_MAX, HELD_IDS_MAX, Held, RootKey, STATE_BYTES_MAX, State,
    cbor, state,
};

/// Entries of which it is heard who has them: the last ones, more than a link has under way.
const RECEIPTS_MAX: usize = 512;
/// What is heard within this is handed on together: who has sent something waits for it no longer than it takes to look away.
const GATHERED: Duration = Duration::from_secs(1);
/// Entries that somebody said to have before they were here: as many as come in one go.
const EARLY_MAX: usize = 256;
/// Who is not linked with us gets mail after this: whoever is there has it through others long before, and that has come back.
pub(super) const PATIENCE_MESH: Duration = Duration::from_secs(10);

/// Who has which of the last entries of large groups.
#[derive(Default)]
pub(super) struct Receipts {
    known: BTreeMap<EntryId, Receipt>,
    /// Their order, the oldest first.
    order: VecDeque<EntryId>,
    /// When what was heard is handed on.
    at: Option<Duration>,
    /// What a device has said to have that is not known here, the oldest first.
    early: BTreeMap<DeviceKey, VecDeque<EntryId>>,
}

struct Receipt {
    conversation: ConversationId,
    author: RootKey,
    /// Who has it, as far as that was not handed on.
    holders: BTreeSet<DeviceKey>,
}

impl Receipts {
    fn note(&mut self, id: EntryId, conversation: ConversationId, author: RootKey) {
        if let Entry::Vacant(place) = self.known.entry(id) {
            place.insert(Receipt { conversation, author, holders: BTreeSet::new() });
            self.order.push_back(id);
        }
        if self.order.len() > RECEIPTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    fn hold(&mut self, id: &EntryId, device: DeviceKey, now: Now) {
        if let Some(receipt) = self.known.get_mut(id) {
            receipt.holders.insert(device);
            self.at.get_or_insert(now.mono + GATHERED);
        }
    }

    /// The link to a device is gone: it says anew what it has.
    pub(super) fn link_lost(&mut self, device: &DeviceKey) {
        self.early.remove(device);
    }
}

impl Joined {
    /// Whether not everybody here has a link with everybody.
    pub(super) fn is_large(&self) -> bool {
        self.membership.members.len() > NEIGHBOURS_MAX + 1
    }
}

impl Engine {
    /// To whom a word of this author goes at once; nothing where everybody gets it so.
    fn onward(&mut self, conversation: &ConversationId, author: &RootKey) -> Option<BTreeSet<RootKey>> {
        self.joined_mut(conversation).map(|joined| joined.mesh.place(author).onward.clone())
    }

    /// An own entry of a conversation goes out: at once, and in a group along its tree. `asked`: between two people the outbox was asked
    /// for it already.
    pub(super) fn spread_own(&mut self, conversation: &ConversationId, id: EntryId, asked: bool) {
        let own = self.me.as_ref().map(|me| me.card.root());
        let onward = own.and_then(|own| self.onward(conversation, &own));
        if let Some(own) = own.filter(|_| self.joined(conversation).is_some_and(Joined::is_large)) {
            self.receipts.note(id, *conversation, own);
        }
        for device in self.devices_sharing(conversation) {
            self.in_use(&device);
            let root = self.peers.get(&device).map(|peer| peer.row.root);
            let push = match &onward {
                None if asked => Pushed::Already,
                None => Pushed::Now,
                Some(onward) if root.is_some_and(|root| onward.contains(&root)) => Pushed::Now,
                Some(_) => Pushed::Later,
            };
            self.something_for(&device, push);
        }
    }

    /// What one has brought is on disk, and these have found their place, some (`freed`) of which were here and waited for that: the others with
    /// whom we are linked hear that we have them, and get them from us, along the tree of each author at once.
    pub(super) fn spread(&mut self, from: &DeviceKey, fresh: &[Fresh], freed: &BTreeSet<EntryId>) {
        let (now, mut at_once, mut later) = (self.now.mono, BTreeSet::new(), BTreeSet::new());
        for fresh in fresh {
            let Some(onward) = self.onward(&fresh.conversation, &fresh.author) else { continue };
            let Some(joined) = self.joined(&fresh.conversation) else { continue };
            if joined.is_large() {
                self.receipts.note(fresh.id, fresh.conversation, fresh.author);
            }
            for device in self.devices_sharing(&fresh.conversation) {
                let Some(root) = self.peers.get(&device).filter(|peer| peer.open.is_some()).map(|peer| peer.row.root)
                else {
                    continue;
                };
                let is_freed = freed.contains(&fresh.id);
                if device == *from && !is_freed {
                    continue;
                }
                if is_freed && let Some(peer) = self.peers.get_mut(&device) {
                    peer.push.look_back();
                }
                if onward.contains(&root) {
                    at_once.insert(device)
                } else {
                    later.insert(device)
                };
                let is_member = self.joined(&fresh.conversation).is_some_and(|joined| joined.has(&root));
                let early = self.receipts.early.get(&device).is_some_and(|early| early.contains(&fresh.id));
                if early {
                    self.has_one(&device, fresh.id, fresh.conversation);
                }
                let peer = self.peers.get_mut(&device).filter(|peer| peer.link.state() == link::State::Open);
                if let Some(peer) = peer.filter(|_| is_member) {
                    peer.acks.add([fresh.id]);
                }
            }
        }
        for device in &at_once {
            let needs = self.peers.get_mut(device).map(|peer| peer.push.wrote(now)).unwrap_or_default();
            self.need(device, needs);
        }
        for device in later.difference(&at_once) {
            self.peers.get_mut(device).into_iter().for_each(|peer| peer.push.wrote_later(now));
        }
    }

    /// A device is known to have one of the last entries.
    fn has_one(&mut self, device: &DeviceKey, id: EntryId, of: ConversationId) {
        let (device, ids, way) = (*device, vec![id], self.way(device));
        self.acked(&device, ids, BTreeSet::from([of]), way);
        self.behind_us(&device, &[id]);
    }

    /// A device has said over its link that it has these.
    pub(super) fn said_to_have(&mut self, device: &DeviceKey, ids: &[EntryId]) {
        if self.peers.get(device).is_none_or(|peer| peer.open.is_none()) {
            return;
        }
        let early = self.receipts.early.entry(*device).or_default();
        early.extend(ids);
        while early.len() > EARLY_MAX {
            early.pop_front();
        }
        self.behind_us(device, ids);
    }

    /// Notes who has what of those who stand behind us in the tree of its author.
    fn behind_us(&mut self, device: &DeviceKey, ids: &[EntryId]) {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return };
        let now = self.now;
        for id in ids {
            let Some((conversation, author)) =
                self.receipts.known.get(id).map(|receipt| (receipt.conversation, receipt.author))
            else {
                continue;
            };
            let behind = self.onward(&conversation, &author).is_some_and(|onward| onward.contains(&root));
            if behind && !self.is_me(&author) {
                self.receipts.hold(id, *device, now);
            }
        }
    }

    fn is_me(&self, root: &RootKey) -> bool {
        self.me.as_ref().is_some_and(|me| me.card.root() == *root)
    }

    /// Somebody hands on who has these. Believed over a link, from those to whom we have given the entry by its author's tree, of
    /// members, and of entries that are known here.
    pub(super) fn held(&mut self, device: &DeviceKey, held: &Held) {
        let open = self.peers.get(device).filter(|peer| peer.open.is_some());
        let Some(teller) = open.map(|peer| peer.row.root) else { return };
        let (now, way) = (self.now, self.way(device));
        let mut ours: BTreeMap<DeviceKey, (Vec<EntryId>, BTreeSet<ConversationId>)> = BTreeMap::new();
        for id in &held.ids {
            let Some((conversation, author)) =
                self.receipts.known.get(id).map(|receipt| (receipt.conversation, receipt.author))
            else {
                continue;
            };
            if !self.onward(&conversation, &author).is_some_and(|onward| onward.contains(&teller)) {
                continue;
            }
            let is_member = |device: &&DeviceKey| {
                let root = self.peers.get(*device).map(|peer| peer.row.root);
                root.is_some_and(|root| self.joined(&conversation).is_some_and(|joined| joined.has(&root)))
            };
            let holders: Vec<DeviceKey> = held.devices.iter().filter(is_member).copied().collect();
            let mine = self.is_me(&author);
            for holder in holders {
                if mine {
                    let (ids, of) = ours.entry(holder).or_default();
                    ids.push(*id);
                    of.insert(conversation);
                } else {
                    self.receipts.hold(id, holder, now);
                }
            }
        }
        for (device, (ids, of)) in ours {
            self.acked(&device, ids, of, way);
        }
    }

    pub(super) fn receipts_deadline(&self) -> Option<Duration> {
        self.receipts.at
    }

    /// Hands on what was heard, to whoever stands before us in the tree of the author.
    pub(super) fn tick_receipts(&mut self) {
        if self.receipts.at.is_none_or(|at| self.now.mono < at) {
            return;
        }
        self.receipts.at = None;
        let heard = self.receipts.known.iter_mut().filter(|(_, receipt)| !receipt.holders.is_empty());
        let heard: Vec<(EntryId, ConversationId, RootKey, BTreeSet<DeviceKey>)> = heard
            .map(|(id, receipt)| (*id, receipt.conversation, receipt.author, std::mem::take(&mut receipt.holders)))
            .collect();
        let mut said: BTreeMap<(DeviceKey, BTreeSet<DeviceKey>), Vec<EntryId>> = BTreeMap::new();
        for (id, conversation, author, holders) in heard {
            let toward = self.joined_mut(&conversation).and_then(|joined| joined.mesh.place(&author).toward);
            let Some(toward) = toward else { continue };
            let linked =
                |device: &DeviceKey| self.peers.get(device).is_some_and(|peer| peer.link.state() == link::State::Open);
            // Who is not there does not hear it, and then the author mails: nothing is lost by that.
            if let Some(device) = self.devices_of(&toward).into_iter().find(linked) {
                said.entry((device, holders)).or_default().push(id);
            }
        }
        for ((device, holders), ids) in said {
            let holders: Vec<DeviceKey> = holders.into_iter().collect();
            for devices in holders.chunks(HELD_DEVICES_MAX) {
                for ids in ids.chunks(HELD_IDS_MAX) {
                    let value = cbor::encode(&Held { ids: ids.to_vec(), devices: devices.to_vec() });
                    debug_assert!(value.len() <= STATE_BYTES_MAX);
                    self.send_frame(&device, &Frame::State(State { kind: state::HELD, counter: 0, value }));
                }
            }
        }
    }

    /// Whether a device is one of a large group's whom others reach: mail has time.
    pub(super) fn is_reached_by_others(&self, device: &DeviceKey) -> bool {
        let Some(peer) = self.peers.get(device) else { return false };
        if self.is_contact(device) {
            return false;
        }
        let linked = |root: &RootKey| {
            self.devices_of(root)
                .iter()
                .any(|device| self.peers.get(device).is_some_and(|peer| peer.link.state() == link::State::Open))
        };
        peer.shared.iter().all(|conversation| {
            self.joined(conversation).is_some_and(|joined| {
                joined.is_large()
                    && !joined.neighbours().contains(&peer.row.root)
                    && joined.neighbours().iter().any(linked)
            })
        })
    }
}
