//! What it costs, in comparisons of two entries: counted, not timed.

use std::cell::Cell;

use super::*;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

pub(in super::super) fn count(steps: u64) {
    STEPS.set(STEPS.get() + steps);
}

fn steps(work: impl FnOnce()) -> u64 {
    let before = STEPS.get();
    work();
    STEPS.get() - before
}

/// A hundred people of whom ten are admins, and so many changes, three branches at a time.
fn large(size: usize) -> Vec<Fact> {
    let people: Vec<Person> = (1_000..1_100).map(person).collect();
    let root = |who: usize| people[who].secrets.root_key();
    let mut facts: Vec<Fact> = vec![];
    let mut write = |by: usize, seen: Vec<EntryId>, action: Action| {
        let number = u32::try_from(facts.len()).unwrap();
        let id = EntryId(blake3::derive_key("kith test entry", &number.to_be_bytes()));
        let device = people[by].secrets.device_key();
        facts.push(Fact { id, author: root(by), device, time: 0, seen, action: Some(action) });
        id
    };
    let cards = people.iter().take(50).map(|person| person.card.clone()).collect();
    let mut last = vec![write(0, vec![], Action::Create { name: name("Large"), hue: 0, history: false, cards })];
    for who in 1..10 {
        last = vec![write(0, last, Action::Promote { root: root(who) })];
    }
    for number in 10..size {
        let (who, by) = (50 + number / 3 % 50, number % 10);
        let action = match number / 150 % 3 {
            0 => Action::Add { card: Box::new(people[who].card.clone()) },
            1 => Action::Rename { name: name("Renamed"), hue: Some(1) },
            _ => Action::Remove { root: root(who), cut: vec![] },
        };
        let written = write(by, last.clone(), action);
        if number % 3 == 0 {
            last = vec![written];
        } else {
            last.push(written);
        }
    }
    facts
}

/// To add an entry takes as many steps as there are branches, and to fold a thousand of a hundred people stays far below what a
/// comparison of each with each would take.
#[test]
fn a_thousand_changes_of_a_hundred_people_are_cheap() {
    let facts = large(1_000);
    let mut group = Group::new(group_conversation(&facts[0].id));
    let mut costs = vec![];
    for fact in facts {
        costs.push(steps(|| group.add(fact).unwrap()));
    }
    let worst = costs.iter().max().unwrap();
    assert!(*worst <= 64, "{worst} steps to add one");
    let (mut first, mut second) = (0, 0);
    let cost = steps(|| {
        let fold = group.fold();
        first = fold.membership().unwrap().members.len();
        second = group.len();
    });
    assert!((50..=100).contains(&first));
    assert_eq!(second, 1_000);
    assert!(cost < 200_000, "{cost} steps to fold");
    let device = person(1_000).secrets.device_key();
    let (id, log, seen) = (EntryId([0; 32]), crate::wire::LogId([0; 16]), group.tops());
    let author = person(1_000).secrets.root_key();
    let fold = group.fold();
    let cost = steps(|| fold.judge(&Written { id, author, device, log, sequence: 0, seen: &seen }, |_| true).unwrap());
    assert!(cost < 100, "{cost} steps to judge a text");
}

/// Whoever was added in vain may go on adding people, by the hundred, and each of these entries may have seen all the others: to look for what makes
/// them void has a bound.
#[test]
fn who_is_added_in_vain_and_adds_others_is_looked_for_with_a_bound() {
    let people: Vec<Person> = (1_000..1_010).map(person).collect();
    let root = |who: usize| people[who].secrets.root_key();
    let add = |who: usize| Action::Add { card: Box::new(people[who].card.clone()) };
    let mut facts: Vec<Fact> = vec![];
    let mut write = |by: usize, seen: Vec<EntryId>, action: Action| {
        let number = u32::try_from(facts.len()).unwrap();
        let id = EntryId(blake3::derive_key("kith test entry", &number.to_be_bytes()));
        let device = people[by].secrets.device_key();
        facts.push(Fact { id, author: root(by), device, time: 0, seen, action: Some(action) });
        id
    };
    let cards = people.iter().take(2).map(|person| person.card.clone()).collect();
    let creation = write(0, vec![], Action::Create { name: name("Small"), hue: 0, history: false, cards });
    let promotion = write(0, vec![creation], Action::Promote { root: root(1) });
    write(0, vec![promotion], Action::Demote { root: root(1) });
    let mut last = write(1, vec![promotion], add(2));
    for number in 0..900 {
        let by = 2 + number % 8;
        last = write(by, vec![last], add(2 + (number + 1 + number / 8 % 7) % 8));
    }
    let mut group = Group::new(group_conversation(&facts[0].id));
    facts.into_iter().for_each(|fact| group.add(fact).unwrap());
    let mut members = 0;
    let cost = steps(|| members = group.fold().membership().unwrap().members.len());
    assert_eq!(members, 2);
    assert!(cost < 300_000, "{cost} steps to fold");
}
