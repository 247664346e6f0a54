mod thread;

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::thread::{PAGE, THREAD_MAX};
use super::*;
use crate::coordinator::{
    BrokerState, BrokerStatus, ChangeView, ChatView, ContactView, Delta, GroupChange, LineView, MessageState,
    MessageView, PageAt, PageView, Path, RequestView, View,
};
use crate::ui::clock::Clock;

const BOB: Uuid = Uuid::from_u128(1);
const CAROL: Uuid = Uuid::from_u128(2);
const ME: Uuid = Uuid::from_u128(9);
/// Saturday 7 March 2026, 12:45 UTC.
const NOW: u64 = 1_772_887_500_000;
const MINUTE: u64 = 60_000;

fn clock() -> Clock {
    Clock::fixed(i64::try_from(NOW).unwrap())
}

fn contact(user: Uuid, name: &str, accepted: bool) -> ContactView {
    ContactView {
        user_id: user,
        name: name.into(),
        nickname: None,
        online: false,
        path: Path::None,
        reason: None,
        address_hidden: false,
        safety_number: String::new(),
        accepted,
        warning: None,
    }
}

fn chat(user: Uuid, activity: u64) -> ChatView {
    ChatView { user_id: user, activity, ..ChatView::default() }
}

fn request(user: Uuid) -> RequestView {
    RequestView {
        user_id: user,
        name: "R".into(),
        safety_number: String::new(),
        invited: true,
        address_hidden: false,
        warning: None,
    }
}

fn begun() -> Model {
    let mut model = Model::default();
    model.begin(View {
        contacts: vec![contact(BOB, "Bob", true), contact(CAROL, "Carol", true)],
        chats: vec![chat(BOB, 5), chat(CAROL, 7)],
        ..View::default()
    });
    model
}

fn message(at: u64) -> MessageView {
    let from = if at.is_multiple_of(3) { ME } else { BOB };
    MessageView {
        id: format!("{at:08}"),
        from,
        text: "x".into(),
        at: NOW - 1_000_000_000 + at * MINUTE,
        state: if from == ME { MessageState::Delivered } else { MessageState::Received },
        ..MessageView::default()
    }
}

/// The latest conversation is on top; one in which nothing was said yet is above all, and whoever was only asked is apart.
#[test]
fn the_latest_conversation_is_on_top() {
    let mut model = begun();
    assert_eq!(model.chats, [CAROL, BOB]);
    assert_eq!(model.apply(&Delta::Chat(chat(BOB, 8))), [Changed::Person(BOB), Changed::Lists, Changed::Messages(BOB)]);
    assert_eq!(model.chats, [BOB, CAROL]);
    let dan = Uuid::from_u128(3);
    model.apply(&Delta::Contact(contact(dan, "Dan", false)));
    assert_eq!((model.chats.clone(), model.asked.clone()), (vec![BOB, CAROL], vec![dan]));
    model.apply(&Delta::Contact(contact(dan, "Dan", true)));
    assert_eq!((model.chats.clone(), model.asked.clone()), (vec![dan, BOB, CAROL], vec![]));
    model.apply(&Delta::ContactGone(BOB));
    assert_eq!(model.chats, [dan, CAROL]);
    assert!(!model.people.contains_key(&BOB));
}

/// Pinned conversations stand above the others, and archived ones apart, each in the same order.
#[test]
fn pinned_ones_are_on_top_and_archived_ones_apart() {
    let mut model = begun();
    let lists = [Changed::Person(BOB), Changed::Lists, Changed::Messages(BOB)];
    assert_eq!(model.apply(&Delta::Chat(ChatView { pinned: true, ..chat(BOB, 5) })), lists);
    assert_eq!(model.chats, [BOB, CAROL]);
    model.apply(&Delta::Chat(chat(CAROL, 9)));
    assert_eq!(model.chats, [BOB, CAROL]);
    assert_eq!(model.apply(&Delta::Chat(ChatView { archived: true, ..chat(BOB, 5) })), lists);
    assert_eq!((model.chats.clone(), model.archived.clone()), (vec![CAROL], vec![BOB]));
    model.apply(&Delta::Chat(chat(BOB, 10)));
    assert_eq!((model.chats.clone(), model.archived.clone()), (vec![BOB, CAROL], vec![]));
}

/// A contact that comes and goes changes its own row and nothing else; a chat of somebody unknown changes nothing.
#[test]
fn presence_changes_one_row() {
    let mut model = begun();
    let online = ContactView { online: true, path: Path::Direct, ..contact(BOB, "Bob", true) };
    assert_eq!(model.apply(&Delta::Contact(online)), [Changed::Person(BOB)]);
    assert_eq!(model.apply(&Delta::Chat(chat(Uuid::from_u128(77), 9))), []);
    let named = ContactView { nickname: Some("Ann".into()), ..contact(BOB, "Bob", true) };
    assert_eq!(model.apply(&Delta::Contact(named)), [Changed::Person(BOB), Changed::Lists]);
    assert_eq!(model.people[&BOB].name(), "Ann");
    assert_eq!(model.people[&BOB].chat.activity, 5, "the conversation stays with them");
}

/// The status line says the most useful thing that is true.
#[test]
fn the_status_says_what_is_true() {
    let of = |url: &str, own, state| BrokerStatus { url: url.into(), own, state, reason: None };
    // Somebody is met elsewhere: that says nothing of how we can be reached.
    let theirs = || of("mqtt://theirs", false, BrokerState::Connected);
    let broker = |state| vec![of("mqtt://a", true, state), theirs()];
    let mut model = Model::default();
    assert!(!model.settle());
    assert_eq!(model.standing, Standing::Starting);
    let mut model = begun();
    for (brokers, meeting, standing) in [
        (vec![theirs()], Meeting::Nowhere, Standing::Unlinked),
        (broker(BrokerState::Connecting), Meeting::Connecting, Standing::Unlinked),
        (broker(BrokerState::Refused), Meeting::Refused, Standing::Unlinked),
        (broker(BrokerState::Unreachable), Meeting::Unreachable, Standing::Unlinked),
        (broker(BrokerState::Connected), Meeting::Reached, Standing::Ready),
    ] {
        model.apply(&Delta::Brokers(brokers));
        assert!(model.settle());
        assert_eq!((model.meeting, model.standing), (meeting, standing));
    }
    model.apply(&Delta::Contact(ContactView { path: Path::Relay, ..contact(BOB, "Bob", true) }));
    assert!(model.settle() && model.standing == Standing::Linked(1));
    model.apply(&Delta::Brokers(broker(BrokerState::Refused)));
    assert!(model.settle() && model.meeting == Meeting::Refused, "a link does not hide what needs the person");
    assert!(!model.settle(), "saying it twice is no news");
}

fn any_delta() -> impl Strategy<Value = Delta> {
    let user = (1u128..5).prop_map(Uuid::from_u128);
    prop_oneof![
        (user.clone(), "[a-c]{1,2}", any::<bool>())
            .prop_map(|(user, name, accepted)| Delta::Contact(contact(user, &name, accepted))),
        user.clone().prop_map(Delta::ContactGone),
        (user.clone(), 0u64..6, any::<bool>(), any::<bool>()).prop_map(|(user, activity, pinned, archived)| {
            Delta::Chat(ChatView { pinned, archived, ..chat(user, activity) })
        }),
        user.clone().prop_map(|user| Delta::Request(request(user))),
        user.prop_map(Delta::RequestGone),
    ]
}

proptest! {
    /// Applying the same batch twice is the same as once at its end, and lists hold everybody exactly once.
    #[test]
    fn deltas_are_whole_values(deltas in prop::collection::vec(any_delta(), 0..30)) {
        let mut model = begun();
        for delta in &deltas {
            model.apply(delta);
            let once = model.clone();
            model.apply(delta);
            prop_assert_eq!(&once, &model, "{:?}", delta);
        }
        let lists = [&model.chats, &model.archived, &model.asked];
        let listed: BTreeSet<Uuid> = lists.into_iter().flatten().copied().collect();
        prop_assert_eq!(listed.len(), lists.iter().map(|list| list.len()).sum::<usize>());
        prop_assert_eq!(listed, model.people.keys().copied().collect::<BTreeSet<_>>());
        let requests: BTreeSet<Uuid> = model.requests.iter().map(|request| request.user_id).collect();
        prop_assert_eq!(requests.len(), model.requests.len());
    }
}

/// Who types is known until they stop, once each; a fresh view knows of nobody.
#[test]
fn who_types_is_known_until_they_stop() {
    let mut model = begun();
    let types = |from, on| Delta::Typing { with: BOB, from, on };
    for (from, on, now) in [
        (BOB, true, vec![(BOB, BOB)]),
        (BOB, true, vec![(BOB, BOB)]),
        (CAROL, true, vec![(BOB, BOB), (BOB, CAROL)]),
        (BOB, false, vec![(BOB, CAROL)]),
        (BOB, false, vec![(BOB, CAROL)]),
    ] {
        assert_eq!(model.apply(&types(from, on)), [Changed::Typing]);
        assert_eq!(model.typing, now);
    }
    model.begin(View::default());
    assert_eq!(model.typing, []);
}
