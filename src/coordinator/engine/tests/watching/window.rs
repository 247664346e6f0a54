//! A window as a watcher sees it: a view, and what deltas make of it.

use uuid::Uuid;

use crate::coordinator::engine::view;
use crate::coordinator::world::World;
use crate::coordinator::{ChatView, ContactView, Delta, View};
use crate::log::direct_conversation;
use crate::store::{Op, Outcome, Standing};
use crate::wire::RootKey;

/// What a window makes of a delta.
pub fn apply(view: &mut View, delta: Delta) {
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
            let group = view.groups.iter().any(|group| group.group_id == chat.user_id);
            assert!(group || view.contacts.iter().any(known), "a chat with nobody");
            put(&mut view.chats, |chat| chat.user_id, chat);
        }
        Delta::Brokers(brokers) => view.brokers = brokers,
        // It lives for seconds, and is in no view.
        Delta::Typing { .. } => {}
        Delta::Group(group) => put(&mut view.groups, |group| group.group_id, group),
    }
}

/// The conversations with contacts as they are on disk.
pub fn chats_on_disk(world: &mut World, device: usize) -> Vec<ChatView> {
    if !world.is_running(device) {
        return vec![];
    }
    let engine = world.engine(device);
    let me = engine.me.as_ref().unwrap().card.root();
    let contacts = engine.people.values().filter(|contact| contact.person.standing == Standing::Contact);
    let contacts: Vec<RootKey> = contacts.map(|contact| contact.person.root).collect();
    let chat = |root| {
        let op = Op::Summarise(vec![direct_conversation(&me, &root)]);
        let Some(Ok(Outcome::Summaries(summaries))) = world.db(device).apply(vec![op]).pop() else { panic!() };
        view::chat(&me, crate::identity::UserId::from(&root).0, &summaries[0])
    };
    contacts.into_iter().map(chat).collect()
}

pub fn sorted(mut view: View) -> View {
    view.contacts.sort_by_key(|contact| contact.user_id);
    view.requests.sort_by_key(|request| request.user_id);
    view.chats.sort_by_key(|chat| chat.user_id);
    view.groups.sort_by_key(|group| group.group_id);
    view
}

/// A window: it begins with a view and is told what changes.
pub struct Window {
    pub device: usize,
    pub view: View,
}

impl Window {
    pub fn open(world: &mut World, device: usize) -> Self {
        let view = world.watch(device);
        // What older watchers were told is in this view.
        world.deltas(device);
        Self { device, view }
    }

    pub fn hear(&mut self, world: &mut World) -> Vec<Delta> {
        let deltas = world.deltas(self.device);
        deltas.iter().for_each(|delta| apply(&mut self.view, delta.clone()));
        deltas
    }

    /// What this window shows is what another would show that opens now.
    pub fn check(&mut self, world: &mut World, when: &str) {
        self.hear(world);
        let fresh = sorted(world.watch(self.device));
        assert_eq!(self.hear(world), vec![], "{when}: told only because somebody looked");
        assert_eq!(sorted(self.view.clone()), fresh, "{when}");
        let mut chats = chats_on_disk(world, self.device);
        chats.sort_by_key(|chat| chat.user_id);
        assert_eq!(fresh.chats, chats, "{when}: the disk knows more");
    }

    pub fn chat(&self, with: Uuid) -> &ChatView {
        self.view.chats.iter().find(|chat| chat.user_id == with).unwrap()
    }

    pub fn contact(&self, user: Uuid) -> Option<&ContactView> {
        self.view.contacts.iter().find(|contact| contact.user_id == user)
    }
}
