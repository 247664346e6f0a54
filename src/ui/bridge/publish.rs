//! Copies the places that changed from the model into the store, and no more: what is written is drawn again.

use std::collections::HashMap;
use std::hash::Hash;

use dioxus::prelude::*;

use crate::ui::state::{Changed, Model, ModelStoreExt, Thread, ThreadStoreExt};

/// Copies the places that changed.
pub(super) fn publish(store: &mut Store<Model>, model: &Model, changed: &[Changed], standing: bool) {
    if changed.contains(&Changed::Everything) {
        store.set(model.clone());
        return;
    }
    if standing {
        differ(store.standing(), &model.standing);
        differ(store.meeting(), &model.meeting);
    }
    for place in changed {
        match place {
            Changed::Identity => store.identity().set(model.identity.clone()),
            Changed::Person(user) => put(store.people(), user, model.people.get(user)),
            Changed::Lists => {
                differ(store.chats(), &model.chats);
                differ(store.archived(), &model.archived);
                differ(store.asked(), &model.asked);
            }
            Changed::Requests => store.requests().set(model.requests.clone()),
            Changed::Brokers => store.brokers().set(model.brokers.clone()),
            Changed::Typing => differ(store.typing(), &model.typing),
            Changed::Everything | Changed::Messages(_) => {}
        }
    }
}

/// Copies the open conversation, message by message.
pub(super) fn publish_thread(store: &mut Store<Model>, thread: &Thread) {
    let shown = store.thread();
    let opened = *shown.opening().peek() != thread.opening;
    if opened {
        let mut shown = shown;
        shown.set(thread.clone());
        return;
    }
    // The new messages first: a row is drawn with its message there. The old ones last, when no row needs them.
    for (id, message) in &thread.messages {
        put(shown.messages(), id, Some(message));
    }
    differ(shown.rows(), &thread.rows);
    let gone: Vec<String> =
        shown.messages().peek().keys().filter(|id| !thread.messages.contains_key(*id)).cloned().collect();
    gone.iter().for_each(|id| put(shown.messages(), id, None));
    differ(shown.phase(), &thread.phase);
    differ(shown.earlier(), &thread.earlier);
    differ(shown.later(), &thread.later);
    differ(shown.divider(), &thread.divider);
    differ(shown.at_end(), &thread.at_end);
    differ(shown.target(), &thread.target);
}

fn differ<T, Lens>(mut place: Store<T, Lens>, value: &T)
where
    T: Clone + PartialEq + 'static,
    Lens: Writable<Target = T> + 'static,
{
    if *place.peek() != *value {
        place.set(value.clone());
    }
}

/// A value of a map: who reads another one of them is not drawn again.
fn put<K, V, Lens>(mut map: Store<HashMap<K, V>, Lens>, key: &K, value: Option<&V>)
where
    K: Clone + Eq + Hash + 'static,
    V: Clone + PartialEq + 'static,
    Lens: Writable<Target = HashMap<K, V>> + Copy + 'static,
{
    let same = map.peek().get(key) == value;
    match value {
        _ if same => {}
        None => drop(map.remove(key)),
        Some(value) if map.peek().contains_key(key) => map.get_unchecked(key.clone()).set(value.clone()),
        Some(value) => map.insert(key.clone(), value.clone()),
    }
}
