use std::collections::BTreeMap;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::*;
use crate::log::Deletion;
use crate::log::order::{Key, Node, place, sort};

/// People in a conversation.
const PEOPLE: u8 = 3;
const EMOJI: [&str; 3] = ["👍", "🎉", "❤️"];

fn person(number: u8) -> RootKey {
    RootKey([number; 32])
}

/// An entry of a made-up conversation.
#[derive(Clone, Debug)]
struct Said {
    node: Node,
    target: Option<EntryId>,
    operation: Operation,
}

/// Anybody writes texts, and edits, deletes and reacts to anything, known or not; sometimes with bodies that nobody can read.
fn conversation(seed: u64, size: usize) -> Vec<Said> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut all: Vec<Said> = vec![];
    for number in 0..size {
        let author = person(rng.random_range(0..PEOPLE));
        let id = EntryId(rng.random());
        let some = |rng: &mut StdRng, all: &[Said]| {
            let known = all.get(rng.random_range(0..all.len().max(1)));
            known.map_or(EntryId([9; 32]), |said| said.operation.id)
        };
        let (kind, target, body) = match rng.random_range(0..8) {
            0 | 1 => (kind::TEXT, None, Text::new(format!("{number}")).unwrap().to_bytes()),
            2 => (kind::TEXT, Some(some(&mut rng, &all)), Text::new(format!("{number}")).unwrap().forward().to_bytes()),
            3 | 4 => (kind::EDIT, Some(some(&mut rng, &all)), Text::new(format!("edit {number}")).unwrap().to_bytes()),
            5 if rng.random_bool(0.4) => (kind::DELETE, Some(some(&mut rng, &all)), Deletion {}.to_bytes()),
            6 if rng.random_bool(0.2) => (77, rng.random_bool(0.5).then(|| some(&mut rng, &all)), vec![1, 2]),
            _ => {
                let reaction =
                    Reaction::new(*EMOJI.get(rng.random_range(0..3usize)).unwrap(), rng.random_bool(0.7)).unwrap();
                (kind::REACTION, Some(some(&mut rng, &all)), reaction.to_bytes())
            }
        };
        let body = if rng.random_bool(0.1) { b"unreadable".to_vec() } else { body };
        let mut parents: Vec<EntryId> = vec![];
        for _ in 0..rng.random_range(0..3) {
            parents.extend(all.get(rng.random_range(0..all.len().max(1))).map(|said| said.operation.id));
        }
        let node = Node { key: Key { time: rng.random_range(0..9), author, id }, parents };
        all.push(Said { node, target, operation: Operation { id, author, kind, body: Some(body) } });
    }
    all
}

/// Everything that is shown, in its order, folded.
fn shown(all: &[Said], order: &[EntryId]) -> Vec<(EntryId, Folded)> {
    let known: BTreeMap<EntryId, &Said> = all.iter().map(|said| (said.operation.id, said)).collect();
    let in_order = || order.iter().filter_map(|id| known.get(id));
    let rows = in_order().filter(|said| is_shown(said.operation.kind, said.target.is_some()));
    let fold_one = |said: &&Said| {
        let Operation { id, author, kind, body } = &said.operation;
        let on_it = in_order().filter(|other| other.target == Some(*id)).map(|other| other.operation.clone());
        let target = Target { author: *author, kind: *kind, body: body.as_deref() };
        (*id, fold(target, &on_it.collect::<Vec<_>>()))
    };
    rows.map(fold_one).collect()
}

/// The same by the rules as they are written: one pass for each message, one question for each rule.
fn by_the_rules(all: &[Said], order: &[EntryId]) -> Vec<(EntryId, Folded)> {
    let at = |id: &EntryId| all.iter().find(|said| said.operation.id == *id).unwrap();
    let mut rows = vec![];
    for id in order {
        let said = at(id);
        let text = said.operation.kind == kind::TEXT;
        if !(text || said.operation.kind == 77 && said.target.is_none()) {
            continue;
        }
        let on_it: Vec<&Said> = order.iter().map(at).filter(|other| other.target == Some(*id)).collect();
        let own: Vec<&&Said> = on_it.iter().filter(|other| other.operation.author == said.operation.author).collect();
        if own.iter().any(|other| other.operation.kind == kind::DELETE) {
            rows.push((*id, Folded::default()));
            continue;
        }
        let read = |said: &Said| Text::parse(said.operation.body.as_deref().unwrap()).ok();
        let mut folded = Folded { content: Content::Newer, ..Folded::default() };
        if text {
            if let Some(text) = read(said) {
                folded.content = Content::Text(text.text);
                folded.forwarded = text.forwarded.is_some();
            }
            for edit in own.iter().filter(|other| other.operation.kind == kind::EDIT) {
                if let Some(text) = read(edit) {
                    folded.content = Content::Text(text.text);
                    folded.edit = Some(edit.operation.id);
                }
            }
        }
        let said_of = |emoji: &str, who: RootKey| {
            let words =
                on_it.iter().filter(|other| other.operation.author == who && other.operation.kind == kind::REACTION);
            let mut words = words.filter_map(|other| {
                let reaction = Reaction::parse(other.operation.body.as_deref().unwrap()).ok()?;
                (reaction.emoji == emoji).then_some((
                    order.iter().position(|id| *id == other.operation.id)?,
                    other,
                    reaction.on,
                ))
            });
            words.next_back().filter(|(_, _, on)| *on).map(|(place, other, _)| (place, who, other.operation.id))
        };
        for emoji in EMOJI {
            let mut by: Vec<_> = (0..PEOPLE).filter_map(|who| said_of(emoji, person(who))).collect();
            by.sort();
            if !by.is_empty() {
                let by = by.into_iter().map(|(_, who, id)| (who, id)).collect();
                folded.reactions.push(Reacted { emoji: emoji.to_owned(), by });
            }
        }
        rows.push((*id, folded));
    }
    rows
}

/// The order of emoji is a matter of looks, and not of the rules above.
fn sorted(mut rows: Vec<(EntryId, Folded)>) -> Vec<(EntryId, Folded)> {
    rows.iter_mut().for_each(|(_, folded)| folded.reactions.sort_by(|a, b| a.emoji.cmp(&b.emoji)));
    rows
}

proptest! {
    /// Whoever edits, deletes and reacts to what, in whatever order that arrives: everybody sees the same in the end, and it
    /// is what the rules say.
    #[test]
    fn everybody_sees_the_same_in_the_end(seed: u64, size in 1usize..60) {
        let mut all = conversation(seed, size);
        let order = sort(&all.iter().map(|said| said.node.clone()).collect::<Vec<_>>());
        let expected = shown(&all, &order);
        prop_assert_eq!(sorted(expected.clone()), sorted(by_the_rules(&all, &order)));
        // Another device gets them in another order, and looks at what it has after each.
        all.shuffle(&mut StdRng::seed_from_u64(seed ^ 1));
        let (mut placed, mut waiting, mut has): (Vec<Key>, Vec<Said>, Vec<Said>) = (vec![], vec![], vec![]);
        let mut deleted: Vec<EntryId> = vec![];
        for said in all {
            waiting.push(said);
            while let Some(next) = waiting.iter().position(|said| place(&placed, &said.node).is_some()) {
                let said = waiting.remove(next);
                placed.insert(place(&placed, &said.node).unwrap(), said.node.key);
                has.push(said);
            }
            let sees = shown(&has, &placed.iter().map(|key| key.id).collect::<Vec<_>>());
            let gone = |id: &EntryId| sees.iter().any(|(other, folded)| other == id && *folded == Folded::default());
            prop_assert!(deleted.iter().all(gone), "what was deleted is there again");
            deleted = sees.iter().filter(|(_, folded)| *folded == Folded::default()).map(|(id, _)| *id).collect();
        }
        prop_assert!(waiting.is_empty());
        prop_assert_eq!(shown(&has, &placed.iter().map(|key| key.id).collect::<Vec<_>>()), expected);
    }
}

/// Emoji stand in the order in which they were set, and no more of them than there is room for.
#[test]
fn emoji_have_their_order_and_their_limit() {
    let text = Text::new("hello").unwrap().to_bytes();
    let target = Target { author: person(0), kind: kind::TEXT, body: Some(&text) };
    let react = |number: u8, who: u8, emoji: &str, on| Operation {
        id: EntryId([number; 32]),
        author: person(who),
        kind: kind::REACTION,
        body: Some(Reaction::new(emoji, on).unwrap().to_bytes()),
    };
    let operations =
        [react(1, 1, "👍", true), react(2, 2, "🎉", true), react(3, 2, "👍", true), react(4, 1, "👍", false)];
    let folded = fold(target, &operations);
    let seen: Vec<_> = folded.reactions.iter().map(|known| (known.emoji.as_str(), known.by.len())).collect();
    assert_eq!(seen, [("👍", 1), ("🎉", 1)]);
    let many: Vec<Operation> = (0..60)
        .map(|number| react(number, 1, &char::from_u32(0x1f600 + u32::from(number)).unwrap().to_string(), true))
        .collect();
    let folded = fold(target, &many);
    assert_eq!(folded.reactions.len(), EMOJI_MAX);
    assert_eq!(folded.reactions.first().unwrap().emoji, "\u{1f600}");
}
