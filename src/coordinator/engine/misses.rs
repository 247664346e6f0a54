//! What others have asked us for in vain: it came here without its body too. They get that when it comes; over a link, when it does not come for
//! a while, its header, for something may wait for it there, and perhaps nobody else gives it. (By mail they get the headers at once:
//! `questions`.)

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Engine;
use super::pending::{Pending, Said};
use super::state::PeerState;
use crate::store::{Fresh, Op};
use crate::wire::{ConversationId, DeviceKey, EntryId, Lack, Range};

/// Entries that a device has asked for and that have no body here either: as many as it asks for at a time. Those of a new question take the
/// place of all before where both are more; what is forgotten so it gets when it asks again.
const MISSES_MAX: usize = 256;

/// Whoever else has these gives them within this.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one device has asked for in vain.
#[derive(Clone, Debug, Default)]
pub(super) struct Misses {
    /// What it is to get when the body comes. At most [`MISSES_MAX`].
    wanted: BTreeMap<EntryId, Miss>,
    /// Those whose bodies have come while their headers were under way over the link: they go when those are acknowledged. At most [`MISSES_MAX`].
    late: BTreeMap<EntryId, Lack>,
    /// When it gets the headers of what it wants over the link that is open.
    at: Option<Duration>,
}

/// An entry that was asked for in vain.
#[derive(Clone, Debug)]
struct Miss {
    lack: Lack,
    /// Its header goes, pushed like everything else.
    by_header: bool,
}

impl Misses {
    /// So many of these bodies are missing, each at its place in its log.
    fn add(&mut self, lack: &Lack, bare: &[(EntryId, u64)]) {
        if self.wanted.len() + bare.len() > MISSES_MAX {
            self.wanted.clear();
        }
        let Lack { conversation, device, log, .. } = *lack;
        for (id, from) in bare.iter().take(MISSES_MAX) {
            let ranges = vec![Range { from: *from, count: 1 }];
            // Who asks for it behind its header asks for more than that.
            self.wanted.insert(*id, Miss { lack: Lack { conversation, device, log, ranges }, by_header: false });
        }
    }

    fn take(&mut self, id: &EntryId) -> Option<(EntryId, Lack)> {
        self.wanted.remove_entry(id).map(|(id, miss)| (id, miss.lack))
    }

    fn delay(&mut self, missed: impl IntoIterator<Item = (EntryId, Lack)>) {
        self.late.extend(missed);
        if self.late.len() > MISSES_MAX {
            self.late.clear();
        }
    }

    /// What was asked over a link is no question by mail: its headers are not waited for any more.
    pub(super) fn link_down(&mut self) {
        self.at = None;
        self.wanted.values_mut().for_each(|miss| miss.by_header = false);
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.at
    }
}

impl Engine {
    /// A device asks for what has no body here either: it gets that when it comes.
    pub(super) fn misses(&mut self, device: &DeviceKey, lack: &Lack, bare: &[(EntryId, u64)]) {
        let Some(peer) = self.peers.get_mut(device) else { return };
        peer.misses.add(lack, bare);
        if !bare.is_empty() && peer.open.is_some() {
            peer.misses.at.get_or_insert(self.now.mono + PATIENCE);
        }
    }

    /// Bodies have come of what others have asked for in vain: they lack it still, as far as is known, but for a device that has just shown that
    /// it has them.
    pub(super) fn give_what_was_missed(&mut self, by: Option<&DeviceKey>, fresh: &[Fresh]) {
        let whole: Vec<EntryId> = fresh.iter().filter(|fresh| fresh.body.is_some()).map(|fresh| fresh.id).collect();
        let mut missed: Vec<(DeviceKey, Lack)> = vec![];
        for (device, peer) in self.peers.iter_mut().filter(|(_, peer)| !peer.misses.wanted.is_empty()) {
            let came: Vec<(EntryId, Lack)> = whole.iter().filter_map(|id| peer.misses.take(id)).collect();
            if Some(device) == by {
                continue;
            }
            // An ack of its header, which may be on its way, would say that it has all of it: then it is given behind that.
            let (late, now): (Vec<_>, Vec<_>) = came.into_iter().partition(|(id, _)| peer.push.has_under_way(id));
            peer.misses.delay(late);
            let wanted = now.into_iter().filter(|(_, lack)| peer.shared.contains(&lack.conversation));
            missed.extend(wanted.map(|(_, lack)| (*device, lack)));
        }
        missed.into_iter().for_each(|(device, lack)| self.lacks_still(device, lack));
    }

    /// A device has asked for this, and may get it now.
    fn lacks_still(&mut self, device: DeviceKey, lack: Lack) {
        let said = Said::Lacks(lack.clone());
        self.ask(Pending::Believed { device, said }, Op::Lower { peer: device, lack });
    }

    /// A device has acknowledged headers of what it has asked for, and the bodies have come here meanwhile.
    pub(super) fn give_behind_headers(&mut self, device: &DeviceKey, ids: &[EntryId]) {
        let Some(peer) = self.peers.get_mut(device).filter(|peer| !peer.misses.late.is_empty()) else { return };
        let came: Vec<Lack> = ids.iter().filter_map(|id| peer.misses.late.remove(id)).collect();
        let wanted: Vec<Lack> = came.into_iter().filter(|lack| peer.shared.contains(&lack.conversation)).collect();
        wanted.into_iter().for_each(|lack| self.lacks_still(*device, lack));
    }

    /// Who has asked over a link for what has no body here either has not got it: they get the headers.
    pub(super) fn tick_misses(&mut self) {
        let now = self.now.mono;
        let is_due = |peer: &PeerState| peer.misses.at.is_some_and(|at| now >= at);
        let due: Vec<DeviceKey> =
            self.peers.iter().filter(|(_, peer)| is_due(peer)).map(|(device, _)| *device).collect();
        for device in due {
            let Some(peer) = self.peers.get_mut(&device) else { continue };
            peer.misses.at = None;
            peer.misses.wanted.values_mut().for_each(|miss| miss.by_header = true);
            // They lie before what the outbox was last asked for.
            peer.push.look_back();
            let needs = peer.push.wrote(now);
            self.need(&device, needs);
        }
    }

    /// What of a group goes over a link without its body because it was asked for in vain.
    pub(super) fn headers_for(&self, device: &DeviceKey, conversation: &ConversationId) -> BTreeSet<EntryId> {
        let Some(misses) = self.peers.get(device).map(|peer| &peer.misses) else { return BTreeSet::new() };
        let goes = |miss: &Miss| miss.by_header && miss.lack.conversation == *conversation;
        misses.wanted.iter().filter(|(_, miss)| goes(miss)).map(|(id, _)| *id).collect()
    }
}
