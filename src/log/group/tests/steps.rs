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

/// Who writes, and what they have written.
struct Writers {
    people: Vec<Person>,
    facts: Vec<Fact>,
}

impl Writers {
    fn new(people: std::ops::Range<u64>) -> Self {
        Self { people: people.map(person).collect(), facts: vec![] }
    }

    fn write(&mut self, by: usize, seen: Vec<EntryId>, action: Action) -> EntryId {
        let number = u32::try_from(self.facts.len()).unwrap();
        let id = EntryId(blake3::derive_key("kith test entry", &number.to_be_bytes()));
        let (author, device) = (self.root(by), self.people[by].secrets.device_key());
        self.facts.push(Fact { id, author, device, time: 0, seen, action: Some(action) });
        id
    }

    fn root(&self, who: usize) -> RootKey {
        self.people[who].secrets.root_key()
    }

    fn card(&self, who: usize) -> Card {
        self.people[who].card.clone()
    }
}

/// A hundred people of whom ten are admins, and so many changes, three branches at a time.
fn large(size: usize) -> Vec<Fact> {
    let mut all = Writers::new(1_000..1_100);
    let cards = (0..50).map(|who| all.card(who)).collect();
    let mut last = vec![all.write(0, vec![], Action::Create { name: name("Large"), hue: 0, history: false, cards })];
    for who in 1..10 {
        last = vec![all.write(0, last, Action::Promote { root: all.root(who) })];
    }
    for number in 10..size {
        let (who, by) = (50 + number / 3 % 50, number % 10);
        let action = match number / 150 % 3 {
            0 => Action::Add { card: Box::new(all.card(who)) },
            1 => Action::Rename { name: name("Renamed"), hue: Some(1) },
            _ => Action::Remove { root: all.root(who), cut: vec![] },
        };
        let written = all.write(by, last.clone(), action);
        if number % 3 == 0 {
            last = vec![written];
        } else {
            last.push(written);
        }
    }
    all.facts
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

/// The creator and somebody who is no admin any more, but did not know of it, and added a third; that one and seven others go on adding each
/// other, so often.
fn added_in_vain(additions: usize) -> Group {
    let mut all = Writers::new(1_000..1_010);
    let add = |all: &Writers, who: usize| Action::Add { card: Box::new(all.card(who)) };
    let cards = (0..2).map(|who| all.card(who)).collect();
    let creation = all.write(0, vec![], Action::Create { name: name("Small"), hue: 0, history: false, cards });
    let promotion = all.write(0, vec![creation], Action::Promote { root: all.root(1) });
    all.write(0, vec![promotion], Action::Demote { root: all.root(1) });
    let mut last = all.write(1, vec![promotion], add(&all, 2));
    for number in 0..additions {
        let by = 2 + number % 8;
        last = all.write(by, vec![last], add(&all, 2 + (number + 1 + number / 8 % 7) % 8));
    }
    let mut group = Group::new(group_conversation(&all.facts[0].id));
    all.facts.into_iter().for_each(|fact| group.add(fact).unwrap());
    group
}

/// Two who are out write as many words about one of them and against whoever puts people out as they may: what each of these looks at is counted.
#[test]
fn who_writes_much_against_an_admin_costs_no_more_than_the_bound() {
    let mut all = Writers::new(1_000..1_020);
    let cards = (0..20).map(|who| all.card(who)).collect();
    let creation = all.write(0, vec![], Action::Create { name: name("Small"), hue: 0, history: false, cards });
    let mut last = creation;
    for _ in 0..330 {
        last = all.write(1, vec![last], Action::Demote { root: all.root(1) });
    }
    for _ in 0..330 {
        last = all.write(2, vec![last], Action::Promote { root: all.root(1) });
    }
    for _ in 0..330 {
        last = all.write(1, vec![last], Action::Demote { root: all.root(0) });
    }
    let mut end = creation;
    for who in 1..20 {
        end = all.write(0, vec![end], Action::Remove { root: all.root(who), cut: vec![] });
    }
    let mut group = Group::new(group_conversation(&all.facts[0].id));
    all.facts.into_iter().for_each(|fact| group.add(fact).unwrap());
    let mut membership = None;
    let cost = steps(|| membership = group.fold().membership());
    assert_eq!(membership.unwrap().members.len(), 1);
    assert!(cost < 300_000, "{cost} steps to fold");
}

/// Whoever was added in vain may go on adding people, by the hundred, and each of these entries may have seen all the others: to look for what makes
/// them void has a bound. Behind it nothing is found of anybody: what was found until then depends on the order in which the entries came.
#[test]
fn who_is_added_in_vain_and_adds_others_is_looked_for_with_a_bound() {
    let few = added_in_vain(20).fold().membership().unwrap();
    assert_eq!((few.members.len(), few.undone.len()), (2, 8));
    let many = added_in_vain(900);
    let mut membership = None;
    let cost = steps(|| membership = many.fold().membership());
    let membership = membership.unwrap();
    assert_eq!((membership.members.len(), membership.undone.len()), (2, 0));
    assert!(cost < 300_000, "{cost} steps to fold");
}
