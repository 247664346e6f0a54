//! What of a group goes to whom, and what is taken from whom: any holder carries, and only a contact tells of a group that we do not
//! know.
//!
//! What somebody may be given is the store's question to the fold; here it is only said whose words go by which path.

use std::collections::BTreeSet;

use super::Engine;
use super::members::Joined;
use super::pending::Pending;
use super::state::{OFFERED_MAX, Offer};
use crate::log::Entry;
use crate::log::group::Action;
use crate::store::{Left, Op, Wanted};
use crate::wire::{ConversationId, DeviceKey, EntryId, Frame, Have, OWN_CONVERSATION};

impl Engine {
    /// What of these conversations goes to a device: of a group by mail only what we have written, and what was here when we added
    /// them. Of one that we have left what others wrote too: our last word in it stands on that, and perhaps nobody else can give it.
    /// Of one out of which others have put us only our own words: who has that from somebody else takes nothing more of it from us.
    pub(super) fn wanted(
        &self,
        device: &DeviceKey,
        conversations: &BTreeSet<ConversationId>,
        mail: bool,
    ) -> Vec<Wanted> {
        let (Some(peer), Some(me)) = (self.peers.get(device), &self.me) else { return vec![] };
        let (root, own) = (peer.row.root, me.card.root());
        let contact = self.is_contact(device);
        // Nobody else is told for ever that we have left.
        let is_over = |joined: &Joined| !contact && !joined.inside && !self.is_leaving(joined);
        let over = |conversation: &&ConversationId| self.joined(conversation).is_some_and(is_over);
        let wanted = |conversation: &ConversationId| {
            let Some(joined) = self.joined(conversation) else { return Wanted::all(*conversation) };
            let since = joined.membership.member(&root).map(|member| member.since);
            let put_out = !joined.inside && joined.own_ends(&own).is_empty();
            let ours = |since: &EntryId| joined.group.fact(since).is_some_and(|fact| fact.author == own);
            Wanted {
                conversation: *conversation,
                to: Some(root),
                only_by: (mail || put_out).then_some(own),
                and_up_to: since.filter(ours).filter(|_| !put_out),
                left: if mail { Left::default() } else { Left::These(self.headers_for(device, conversation)) },
            }
        };
        conversations.iter().filter(|one| !over(one)).map(wanted).collect()
    }

    /// Whether an entry may be taken from a device: of a conversation that it shares with us, or of a group of which a contact tells
    /// us. Who may write in a group is decided by the fold, the same everywhere.
    pub(super) fn may_bring(&mut self, device: &DeviceKey, entry: &Entry) -> bool {
        let conversation = entry.conversation();
        let Some(peer) = self.peers.get(device) else { return false };
        if peer.shared.contains(&conversation) {
            return self.joined(&conversation).is_some() || self.may_write(device, entry);
        }
        if self.joined(&conversation).is_some() {
            // They may have come in after we went, or while we were away: then nobody else may be there who tells us. The store takes
            // no more of it than of anybody who is out.
            return self.is_contact(device);
        }
        if self.conversations.contains_key(&conversation) {
            return false;
        }
        if entry.header().conversation == OWN_CONVERSATION {
            let offered = self.offered(device, &conversation);
            self.offered.get_mut(&conversation).into_iter().for_each(|offer| offer.is_group = true);
            return offered;
        }
        // Until it is known to be a group it may be what we will say to somebody one day, and there no fold says who may write.
        // What comes too early is not acknowledged, and comes again.
        self.offered.get(&conversation).is_some_and(|offer| offer.is_group) && self.offered(device, &conversation)
    }

    /// Those of these groups in which a device's person is not.
    pub(super) fn outside(&self, device: &DeviceKey, conversations: &BTreeSet<ConversationId>) -> Vec<ConversationId> {
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return vec![] };
        let is_out = |joined: &Joined| !joined.has(&root);
        conversations.iter().filter(|group| self.joined(group).is_some_and(is_out)).copied().collect()
    }

    /// A device speaks of a conversation that we do not know. Only a contact may; whether anything comes of it the fold says.
    fn offered(&mut self, device: &DeviceKey, conversation: &ConversationId) -> bool {
        if !self.is_contact(device) {
            self.drop_counted("a group that somebody tells of who is no contact");
            return false;
        }
        let Some(root) = self.peers.get(device).map(|peer| peer.row.root) else { return false };
        if self.offered.contains_key(conversation) {
            return true;
        }
        if self.offered.values().filter(|offer| offer.teller == root).count() >= OFFERED_MAX {
            self.drop_counted("more groups than one contact may tell of");
            return false;
        }
        self.offered.insert(*conversation, Offer { teller: root, is_group: false });
        true
    }

    /// Somebody says over the link what they have of a conversation that we do not know, or not with them: we say what we have, nothing
    /// at first. A contact of whom we know that they are out of a group that we are in, and that they know it, is answered only when they
    /// have what has no place here: they may be in again, and we out. What waits here misses something that they may have.
    pub(super) fn answer_offer(&mut self, device: &DeviceKey, have: &Have) {
        let conversation = have.conversation;
        if !self.conversations.contains_key(&conversation) {
            if self.offered(device, &conversation) {
                self.answer_have(device, conversation);
            }
            return;
        }
        let Some(peer) = self.peers.get(device).filter(|peer| !peer.shared.contains(&conversation)) else { return };
        let Some(joined) = self.joined(&conversation).filter(|_| self.is_contact(device)) else { return };
        let at_once = !joined.inside || (!joined.has(&peer.row.root) && joined.ends(&peer.row.root).is_empty());
        let heads: Vec<EntryId> = have.logs.iter().filter_map(|log| log.head).collect();
        let Some(peer) = self.peers.get_mut(device) else { return };
        if peer.answered.insert(conversation, heads.clone()).is_some_and(|before| before == heads) {
            return;
        }
        if at_once {
            return self.answer_have(device, conversation);
        }
        self.ask(Pending::Offered { device: *device, conversation, named: heads.len() }, Op::Here(heads));
    }

    /// So many of the entries that a contact has named have their place here.
    pub(super) fn offer_known(&mut self, device: &DeviceKey, conversation: ConversationId, named: usize, here: u64) {
        if u64::try_from(named).is_ok_and(|named| here < named) {
            self.answer_have(device, conversation);
        }
    }

    fn answer_have(&mut self, device: &DeviceKey, conversation: ConversationId) {
        if let Some(peer) = self.peers.get_mut(device).filter(|peer| peer.open.is_some()) {
            peer.told.insert(conversation);
            let op = self.have_for(device, &conversation);
            self.ask(Pending::Have(*device), op);
        }
    }

    /// A change that we have written puts somebody out: if they share nothing with us after it they are told now, once. A contact is
    /// told like everything else.
    pub(super) fn farewell(&mut self, entry: &Entry) {
        let action = entry.body().and_then(|body| Action::known(body).ok());
        let Some(Action::Remove { root, .. }) = action else { return };
        let frame = Frame::Entry(entry.wire().clone());
        for device in self.devices_of(&root) {
            if self.is_contact(&device) {
                continue;
            }
            if self.peers.get(&device).is_some_and(|peer| peer.open.is_some()) {
                self.send_frame(&device, &frame);
            }
            // The link may end before it has carried it.
            self.send_mail(&device, vec![frame.to_bytes()], None, None);
        }
    }
}
