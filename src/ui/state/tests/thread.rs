//! The messages of a conversation: which stand there, and how they are grouped.

use super::*;

/// A conversation opens where a message stands that was found; one that is not there is no place to go to.
#[test]
fn a_conversation_opens_where_a_message_stands() {
    let all: Vec<MessageView> = (0..500).map(message).collect();
    let mut thread = Thread::default();
    let wanted = all[200].id.clone();
    let reading = thread.open_at(BOB, &wanted);
    assert_eq!(reading.at, PageAt::Around(wanted.clone()));
    thread.take(&reading, page(&all, &reading, Some(&all[450].id)), 3, &clock());
    assert_eq!(thread.target.as_ref().map(|(id, _)| id), Some(&wanted));
    assert!(thread.earlier && thread.later && !thread.at_end && thread.divider.is_none());
    assert!(thread.messages.contains_key(&wanted) && thread.messages.contains_key(&all[190].id));
    let reading = thread.open_at(BOB, "gone");
    thread.fail(&reading, "it is gone".into());
    assert_eq!((thread.phase, thread.target), (Phase::Failed("it is gone".into()), None));
}

/// The store's answer, as it would be.
fn page(all: &[MessageView], reading: &Reading, first_unread: Option<&str>) -> PageView {
    let limit = usize::try_from(reading.limit).unwrap();
    let place = |id: &str| all.iter().position(|one| one.id == id).unwrap();
    let latest = (all.len().saturating_sub(limit), all.len());
    let (from, to) = match &reading.at {
        PageAt::Latest => latest,
        PageAt::Unread => first_unread.map_or(latest, |id| {
            let from = place(id).saturating_sub(limit / 2);
            (from, (from + limit).min(all.len()))
        }),
        PageAt::Around(id) => {
            let from = place(id).saturating_sub(limit / 2);
            (from, (from + limit).min(all.len()))
        }
        PageAt::Before(id) => (place(id).saturating_sub(limit), place(id)),
        PageAt::After(id) => (place(id) + 1, (place(id) + 1 + limit).min(all.len())),
        PageAt::From(id) => (place(id), (place(id) + limit).min(all.len())),
    };
    PageView {
        messages: all[from..to].to_vec(),
        earlier: from > 0,
        later: to < all.len(),
        first_unread: first_unread.map(str::to_owned),
        changes: vec![],
    }
}

/// A wish for more that was made before more had come is granted once: the end has moved.
#[test]
fn one_page_for_many_wishes() {
    let all: Vec<MessageView> = (0..500).map(message).collect();
    let mut thread = Thread::default();
    let reading = thread.open(BOB);
    thread.take(&reading, page(&all, &reading, None), 0, &clock());
    assert!(thread.at_end);
    let edge = thread.first().unwrap();
    let reading = thread.toward(true, &edge).unwrap();
    thread.take(&reading, page(&all, &reading, None), 0, &clock());
    assert_eq!(thread.toward(true, &edge), None);
    assert!(thread.toward(true, &thread.first().unwrap()).is_some());
    assert_eq!(thread.toward(false, &thread.last().unwrap()), None, "there is nothing later");
    assert_eq!(thread.last_theirs(), Some(message(499).id));
}

/// A page that comes when another conversation is open already changes nothing, and a failure hides nothing.
#[test]
fn late_pages_change_nothing() {
    let all: Vec<MessageView> = (0..10).map(message).collect();
    let mut thread = Thread::default();
    let late = thread.open(CAROL);
    let reading = thread.open(BOB);
    thread.take(&late, page(&all, &reading, None), 0, &clock());
    assert_eq!(thread.phase, Phase::Loading);
    thread.fail(&reading, "disk".into());
    assert_eq!(thread.phase, Phase::Failed("disk".into()));
    thread.take(&reading, page(&all, &reading, None), 0, &clock());
    thread.fail(&reading, "disk".into());
    assert_eq!((thread.phase.clone(), thread.messages.len()), (Phase::Ready, 10));
    assert_eq!(reading.limit, PAGE);
    thread.close();
    assert_eq!((thread.with, thread.again(), thread.to_end()), (None, None, None));
}

/// Messages of one person within minutes are one group; a day, the unread line and another person part them.
#[test]
fn groups_end_where_something_stands_between() {
    let say = |id: &str, from, ago: u64| MessageView {
        id: id.into(),
        from,
        text: id.into(),
        at: NOW - ago * MINUTE,
        state: if from == ME { MessageState::Delivered } else { MessageState::Received },
        ..MessageView::default()
    };
    let messages = [
        say("a", BOB, 24 * 60),
        say("b", BOB, 6),
        say("c", BOB, 5),
        say("d", BOB, 4),
        say("e", ME, 3),
        say("f", ME, 2),
        say("g", ME, 2 + 24 * 60),
    ];
    let divider = ("d".to_owned(), 4);
    let drawn: Vec<String> = rows(&messages, &[], Some(&divider), &clock())
        .into_iter()
        .map(|row| match row {
            Row::Day(day) => day.to_string(),
            Row::Unread(count) => format!("unread {count}"),
            Row::Change(line) => line.change.id,
            Row::Message { id, first, last, mine } => {
                format!(
                    "{id}{}{}{}",
                    if first { "<" } else { "" },
                    if last { ">" } else { "" },
                    if mine { "!" } else { "" }
                )
            }
        })
        .collect();
    assert_eq!(drawn, ["2026-03-06", "a<>", "2026-03-07", "b<", "c>", "unread 4", "d<>", "e<!", "f>!", "g<>!"]);
}

/// Jumping to a message that is on the screen reads nothing; one that is elsewhere is read with what stands before it, and one
/// that is not here changes nothing.
#[test]
fn a_jump_leads_to_a_message_anywhere() {
    let all: Vec<MessageView> = (0..900).map(message).collect();
    let mut thread = Thread::default();
    assert_eq!(thread.jump("x"), None, "nothing is open");
    let reading = thread.open(BOB);
    thread.take(&reading, page(&all, &reading, None), 0, &clock());
    let (near, far) = (all[890].id.clone(), all[100].id.clone());
    assert_eq!(thread.jump(&near), None);
    assert_eq!(thread.target, Some((near.clone(), 1)));
    assert_eq!(thread.jump(&near), None);
    assert_eq!(thread.target, Some((near.clone(), 2)), "the same one again is a jump too");

    let before = thread.clone();
    let gone = thread.jump("gone").unwrap();
    thread.fail(&gone, "there is no such message".into());
    assert_eq!(thread, before);

    let opening = thread.opening;
    let reading = thread.jump(&far).unwrap();
    thread.take(&reading, page(&all, &reading, None), 0, &clock());
    assert_eq!((thread.target.clone(), thread.opening, thread.at_end), (Some((far.clone(), 3)), opening + 1, false));
    let reading = thread.toward(true, &far).unwrap();
    thread.take(&reading, page(&all, &reading, None), 0, &clock());
    assert!(thread.messages.contains_key(&all[99].id) && thread.messages.contains_key(&all[101].id));
    assert_eq!((thread.opening, thread.last_own()), (opening + 1, None), "the end is elsewhere");

    let reading = thread.to_end().unwrap();
    thread.take(&reading, page(&all, &reading, None), 0, &clock());
    assert_eq!((thread.target.clone(), thread.at_end), (None, true));
    assert_eq!(thread.last_own().map(|own| own.id.as_str()), Some(all[897].id.as_str()));
}

/// What was changed in a group stands between the messages where it belongs, and parts those of one person; behind the last message it
/// is shown at the end only, and no page says it twice.
#[test]
fn changes_stand_between_messages() {
    let all: Vec<MessageView> = (0..4)
        .map(|number| MessageView {
            id: format!("{number}"),
            from: BOB,
            at: NOW - MINUTE,
            state: MessageState::Received,
            ..MessageView::default()
        })
        .collect();
    let line = |id: &str, before: Option<&str>| LineView {
        before: before.map(str::to_owned),
        by: "Bob".into(),
        about: String::new(),
        change: ChangeView {
            id: id.into(),
            by: BOB,
            at: NOW,
            change: GroupChange::Left,
            uncounted: None,
            beside: vec![],
        },
    };
    let drawn = |thread: &Thread| -> Vec<String> {
        let name = |row: &Row| match row {
            Row::Message { id, first: true, .. } => Some(format!("{id}<")),
            Row::Message { id, .. } => Some(id.clone()),
            Row::Change(line) => Some(line.change.id.clone()),
            Row::Day(_) | Row::Unread(_) => None,
        };
        thread.rows.iter().filter_map(name).collect()
    };
    let mut thread = Thread::default();
    let reading = thread.open(BOB);
    let last = PageView {
        messages: all[2..].to_vec(),
        earlier: true,
        changes: vec![line("b", Some("3")), line("c", None)],
        ..PageView::default()
    };
    thread.take(&reading, last, 0, &clock());
    assert_eq!(drawn(&thread), ["2<", "b", "3<", "c"]);
    let reading = thread.toward(true, "2").unwrap();
    let earlier = PageView {
        messages: all[..2].to_vec(),
        later: true,
        changes: vec![line("a", Some("1")), line("b", Some("3"))],
        ..PageView::default()
    };
    thread.take(&reading, earlier, 0, &clock());
    assert_eq!(drawn(&thread), ["0<", "a", "1<", "2", "b", "3<", "c"]);
}

proptest! {
    /// However somebody scrolls, and whatever arrives meanwhile, the page holds a stretch of the conversation without a
    /// hole, never more than its limit, and knows whether there is more on either side.
    #[test]
    fn a_stretch_has_no_hole(count in 1u64..600, unread in 0u64..300, moves in prop::collection::vec(0u8..5, 0..40)) {
        let mut all: Vec<MessageView> = (0..count).map(message).collect();
        let first_unread = all[all.len().saturating_sub(usize::try_from(unread).unwrap())..].iter().find(|one| one.from == BOB).map(|one| one.id.clone());
        let mut thread = Thread::default();
        let reading = thread.open(BOB);
        let page = page(&all, &reading, first_unread.as_deref());
        thread.take(&reading, page, 3, &clock());
        prop_assert_eq!(thread.divider.is_some(), first_unread.is_some());
        for step in moves {
            let reading = match step {
                0 => thread.toward(true, &thread.first().unwrap()),
                1 => thread.toward(false, &thread.last().unwrap()),
                2 => thread.to_end(),
                3 => {
                    all.push(message(all.len() as u64));
                    thread.again()
                }
                _ => { thread.at_end = !thread.at_end; None }
            };
            if let Some(reading) = reading {
                thread.take(&reading, self::page(&all, &reading, None), 0, &clock());
            }
            let ids: Vec<String> = thread.rows.iter().filter_map(|row| match row { Row::Message { id, .. } => Some(id.clone()), _ => None }).collect();
            prop_assert!(ids.len() <= THREAD_MAX && !ids.is_empty());
            prop_assert_eq!(ids.len(), thread.messages.len());
            let from = all.iter().position(|one| one.id == ids[0]).unwrap();
            let expected: Vec<String> = all[from..from + ids.len()].iter().map(|one| one.id.clone()).collect();
            prop_assert_eq!(&ids, &expected);
            prop_assert_eq!(thread.earlier, from > 0);
            if matches!(step, 0..=3) {
                prop_assert_eq!(thread.later, from + ids.len() < all.len());
            }
            let keys: BTreeSet<String> = thread.rows.iter().map(Row::key).collect();
            prop_assert_eq!(keys.len(), thread.rows.len(), "two lines with one key");
        }
    }
}
