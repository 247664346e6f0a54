//! A window: what it makes of what it is told.

use uuid::Uuid;

use crate::coordinator::engine::tests::world::World;
use crate::coordinator::{ChatView, ContactView, Delta, View};

/// What a window makes of a delta.
pub(super) fn apply(view: &mut View, delta: Delta) {
    fn put<T>(list: &mut Vec<T>, id: impl Fn(&T) -> Uuid, item: T) {
        let of = id(&item);
        match list.iter_mut().find(|other| id(other) == of) {
            Some(old) => *old = item,
            None => list.push(item),
        }
    }
    match delta {
        Delta::Identity(identity) => view.identity = Some(identity),
        Delta::Contact(contact) => put(&mut view.contacts, |contact| contact.user_id, contact),
        Delta::ContactGone(user) => {
            assert!(view.contacts.iter().any(|contact| contact.user_id == user), "gone before they came");
            view.contacts.retain(|contact| contact.user_id != user);
            view.chats.retain(|chat| chat.user_id != user);
        }
        Delta::Request(request) => put(&mut view.requests, |request| request.user_id, request),
        Delta::RequestGone(user) => {
            assert!(view.requests.iter().any(|request| request.user_id == user), "gone before they came");
            view.requests.retain(|request| request.user_id != user);
        }
        Delta::Chat(chat) => {
            let known = |contact: &ContactView| contact.user_id == chat.user_id && contact.accepted;
            assert!(view.contacts.iter().any(known), "a chat with nobody");
            put(&mut view.chats, |chat| chat.user_id, chat);
        }
        Delta::Brokers(brokers) => view.brokers = brokers,
    }
}

pub(super) fn sorted(mut view: View) -> View {
    view.contacts.sort_by_key(|contact| contact.user_id);
    view.requests.sort_by_key(|request| request.user_id);
    view.chats.sort_by_key(|chat| chat.user_id);
    view
}

/// A window: it begins with a view and is told what changes.
pub(super) struct Window {
    pub(super) device: usize,
    pub(super) view: View,
}

impl Window {
    pub(super) fn open(world: &mut World, device: usize) -> Self {
        let view = world.watch(device);
        // What older watchers were told is in this view.
        world.deltas(device);
        Self { device, view }
    }

    pub(super) fn hear(&mut self, world: &mut World) -> Vec<Delta> {
        let deltas = world.deltas(self.device);
        deltas.iter().for_each(|delta| apply(&mut self.view, delta.clone()));
        deltas
    }

    /// What this window shows is what another would show that opens now.
    pub(super) fn check(&mut self, world: &mut World, when: &str) {
        self.hear(world);
        let fresh = sorted(world.watch(self.device));
        assert_eq!(self.hear(world), vec![], "{when}: told only because somebody looked");
        assert_eq!(sorted(self.view.clone()), fresh, "{when}");
        let mut chats = world.chats_on_disk(self.device);
        chats.sort_by_key(|chat| chat.user_id);
        assert_eq!(fresh.chats, chats, "{when}: the disk knows more");
    }

    pub(super) fn chat(&self, with: Uuid) -> &ChatView {
        self.view.chats.iter().find(|chat| chat.user_id == with).unwrap()
    }

    pub(super) fn contact(&self, user: Uuid) -> Option<&ContactView> {
        self.view.contacts.iter().find(|contact| contact.user_id == user)
    }
}
