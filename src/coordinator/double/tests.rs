//! The pretended coordinator keeps the contract of the real one, so far as it goes.

use uuid::Uuid;

use super::Script;
use crate::coordinator::{Command, Delta, IdentityView, MessageState, PageAt, PageView, Reply, View};

fn script() -> (Script, Uuid) {
    let own = IdentityView {
        user_id: Uuid::from_u128(1),
        device_id: Uuid::from_u128(2),
        name: "Alice".into(),
        link: "kith:a".into(),
        warning: None,
    };
    (Script::new(own, View::default(), 1_000), Uuid::from_u128(3))
}

fn page(script: &mut Script, with: Uuid, at: PageAt) -> PageView {
    match script.obey(Command::ReadPage { with, at, limit: 10 }).0 {
        Ok(Reply::Page(page)) => page,
        other => panic!("{other:?}"),
    }
}

/// Pages follow each other without a gap or a double, from the end to the beginning and back.
#[test]
fn pages_follow_each_other() {
    let (mut script, bob) = script();
    for n in 0..25 {
        script.says(bob, n % 2 == 0, &n.to_string(), n, MessageState::Received, true);
    }
    let texts = |page: &PageView| page.messages.iter().map(|m| m.text.parse().unwrap()).collect::<Vec<u32>>();
    let last = page(&mut script, bob, PageAt::Latest);
    assert_eq!(texts(&last), (15..25).collect::<Vec<_>>());
    assert!(last.earlier && !last.later);
    let middle = page(&mut script, bob, PageAt::Before(last.messages[0].id.clone()));
    assert_eq!(texts(&middle), (5..15).collect::<Vec<_>>());
    let first = page(&mut script, bob, PageAt::Before(middle.messages[0].id.clone()));
    assert_eq!(texts(&first), (0..5).collect::<Vec<_>>());
    assert!(!first.earlier && first.later);
    assert_eq!(
        texts(&page(&mut script, bob, PageAt::After(first.messages[4].id.clone()))),
        (5..15).collect::<Vec<_>>()
    );
    assert_eq!(texts(&page(&mut script, bob, PageAt::From(last.messages[0].id.clone()))), (15..25).collect::<Vec<_>>());
}

/// What was not read is counted, a page begins before it, and reading takes it away.
#[test]
fn unread_messages_are_counted_until_they_are_read() {
    let (mut script, bob) = script();
    for n in 0..30 {
        script.says(bob, false, &n.to_string(), n, MessageState::Received, n < 20);
    }
    let unread = page(&mut script, bob, PageAt::Unread);
    assert_eq!(unread.messages[0].text, "15");
    assert_eq!(unread.first_unread, Some(unread.messages[5].id.clone()));
    let up_to = unread.messages[9].id.clone();
    let (_, deltas) = script.obey(Command::MarkRead { with: bob, up_to });
    let [Delta::Chat(chat)] = deltas.as_slice() else { panic!("{deltas:?}") };
    assert_eq!(chat.unread, 5);
}
