//! Whom we know for the sake of a conversation: what each person shares with us, and with whom of a group a link is kept.

use std::collections::BTreeSet;

use super::Engine;
use super::io::CallId;
use super::pending::Pending;
use super::state::{PEOPLE_MAX, SHARED_MAX};
use crate::identity::Card;
use crate::link;
use crate::log::direct_conversation;
use crate::store::{Op, Standing};
use crate::sync::{Need, Of};
use crate::wire::{ConversationId, DeviceKey, RootKey};

impl Engine {
    /// Gets to know everybody in a group.
    pub(super) fn meet(&mut self, conversation: &ConversationId) {
        let Some(joined) = self.joined(conversation).filter(|joined| joined.inside) else { return };
        let own = self.me.as_ref().map(|me| me.card.root());
        let cards: Vec<Card> = joined.membership.members.iter().map(|member| member.card.clone()).collect();
        for card in cards {
            let root = card.root();
            if Some(root) == own {
                continue;
            }
            if self.people.contains_key(&root) {
                if self.renew_card(&card) {
                    self.save_person(&root, Pending::Nothing);
                }
            } else if self.people.len() >= PEOPLE_MAX || self.users.contains_key(&card.user()) {
                self.drop_counted("a member of a group who cannot be known");
            } else {
                self.know(Self::stranger(&card, Standing::Member), card, &[]);
                self.save_person(&root, Pending::Nothing);
            }
        }
    }

    /// The groups that somebody shares with us. With a contact also those that we have left, for they have to learn it, and those
    /// that they are in no more: what they may be given of them the fold says. With everybody else in one those that we have left, until
    /// somebody there has heard it.
    fn groups_with(&self, root: &RootKey, standing: Standing) -> BTreeSet<ConversationId> {
        if standing == Standing::Blocked {
            return BTreeSet::new();
        }
        let shares = |conversation: &&ConversationId| {
            let Some(joined) = self.joined(conversation) else { return false };
            let member = joined.membership.member(root).is_some();
            let former = joined.membership.former.iter().any(|former| former.root == *root)
                || joined.membership.undone.contains_key(root);
            let hears = joined.inside || self.is_leaving(joined);
            (member && hears) || (standing == Standing::Contact && (member || former))
        };
        let (inside, out): (Vec<ConversationId>, Vec<ConversationId>) =
            self.groups.values().filter(shares).copied().partition(|conversation| {
                self.joined(conversation).is_some_and(|joined| joined.inside && joined.has(root))
            });
        inside.into_iter().chain(out).take(SHARED_MAX - 1).collect()
    }

    /// Brings up to date what somebody shares with us. What they share no more they are told nothing of from now on.
    pub(super) fn share(&mut self, root: &RootKey) {
        let Some(standing) = self.people.get(root).map(|contact| contact.person.standing) else { return };
        let Some(own) = self.me.as_ref().map(|me| me.card.root()) else { return };
        let now = self.now.mono;
        let mut shared = self.groups_with(root, standing);
        if standing == Standing::Contact {
            shared.insert(direct_conversation(&own, root));
        }
        for device in self.devices_of(root) {
            let is_told = |conversation: &ConversationId| {
                self.joined(conversation).is_some_and(|joined| joined.told.contains(&device))
            };
            let shared: BTreeSet<ConversationId> = shared.iter().filter(|one| !is_told(one)).copied().collect();
            let Some(peer) = self.peers.get_mut(&device) else { continue };
            let before = std::mem::replace(&mut peer.shared, shared.clone());
            for gone in before.difference(&shared) {
                if peer.push.heard().contains(gone) {
                    // It does not say again on this link what it has, should the two share it again.
                    peer.told.insert(*gone);
                }
                peer.push.unshared(gone);
            }
            let open = peer.open.is_some();
            let fresh: Vec<ConversationId> = shared.difference(&before).copied().collect();
            if fresh.is_empty() {
                continue;
            }
            if open {
                let mut needs = vec![];
                for one in fresh {
                    // Who has spoken of it already does not do so again.
                    let spoken = peer.told.remove(&one);
                    needs.extend(if spoken { peer.push.peer_has(one, now) } else { vec![Need::Have(Of::One(one))] });
                }
                self.need(&device, needs);
            } else {
                // What they share anew has not been looked through, however far the mail of the rest is.
                peer.mailer.look_through_again();
                if self.loaded {
                    self.wake_mail(&device);
                }
            }
        }
    }

    /// Somebody may be given more of a conversation than before, or we may give them more: the outbox is looked through from its beginning. They
    /// may have been given headers of it before (`again`), or not.
    pub(super) fn look_through_again(&mut self, root: &RootKey, conversation: &ConversationId, again: bool) {
        let now = self.now.mono;
        for device in self.devices_of(root) {
            let Some(peer) = self.peers.get_mut(&device).filter(|peer| peer.shared.contains(conversation)) else {
                continue;
            };
            if peer.open.is_none() {
                peer.mailer.look_through_again();
                self.wake_mail(&device);
                // They may have asked when we did not know yet that they may have more, and have acknowledged headers: they look for bodies when they hear
                // what is here. Who is new has not, and everybody in the group would say it to them at once.
                if again {
                    self.ask_by_mail(&device, *conversation);
                }
            } else if peer.push.heard().contains(conversation) {
                let needs = peer.push.peer_has(*conversation, now);
                self.need(&device, needs);
            } else {
                // They may have had no reason to answer what we had then.
                self.need(&device, vec![Need::Have(Of::One(*conversation))]);
            }
        }
    }

    /// Listens to somebody and looks for links as far as what they share with us asks for.
    pub(super) fn attend(&mut self, root: &RootKey) {
        let Some(standing) = self.people.get(root).map(|contact| contact.person.standing) else { return };
        if !self.shares(root) && !matches!(standing, Standing::Contact | Standing::Asked) {
            self.deafen(root);
        }
        self.reach(root);
        self.listen(root);
        self.link_up_with(root);
    }

    /// Looks for links with somebody; forgets who shares nothing with us any more and is nobody otherwise.
    pub(super) fn link_up_with(&mut self, root: &RootKey) {
        let Some(standing) = self.people.get(root).map(|contact| contact.person.standing) else { return };
        let shares = self.shares(root);
        if !shares && standing == Standing::Member {
            self.forget(root);
            return self.ask(Pending::Nothing, Op::DeletePerson(*root));
        }
        let wanted = shares && (standing == Standing::Contact || self.is_neighbour(root));
        let leaving = shares && self.is_told_that_we_left(root);
        for device in self.devices_of(root) {
            // What is open carries it, and the answer.
            let open = leaving && self.peers.get(&device).is_some_and(|peer| peer.open.is_some());
            self.link(&device, link::Input::Wanted(wanted || open));
            self.offer_key(&device);
        }
    }

    /// Whether somebody has to be known for a group's sake.
    pub(super) fn is_needed(&self, root: &RootKey) -> bool {
        !self.groups_with(root, Standing::Member).is_empty()
    }

    /// Somebody is a contact no more, or blocked no more, and in a group with us.
    pub(super) fn keep_as_member(&mut self, root: &RootKey, call: CallId) {
        let Some(contact) = self.people.get_mut(root) else { return };
        contact.person = Self::stranger(&contact.card, Standing::Member);
        contact.courier.at = None;
        self.nicknames.remove(root);
        self.ask(Pending::Nothing, Op::SaveNickname { root: *root, nickname: String::new() });
        self.share(root);
        self.attend(root);
        self.leave_brokers();
        self.save_person(root, Pending::Reply(call));
    }

    fn is_neighbour(&self, root: &RootKey) -> bool {
        let chosen = |conversation: &ConversationId| {
            self.joined(conversation).is_some_and(|joined| joined.inside && joined.neighbours().contains(root))
        };
        self.groups.values().any(chosen)
    }

    /// Whether somebody shares a conversation with us.
    pub(super) fn shares(&self, root: &RootKey) -> bool {
        let Some(contact) = self.people.get(root) else { return false };
        self.is_peer(&contact.card.device().device)
    }

    /// Whether this device shares a conversation with us: it is a contact's, or a member's of a group.
    pub(super) fn is_peer(&self, device: &DeviceKey) -> bool {
        self.peers.get(device).is_some_and(|peer| !peer.shared.is_empty())
    }
}
