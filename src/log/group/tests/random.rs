//! Random histories of up to seven people with concurrent branches, liars and strangers.

use proptest::prelude::*;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::model::Model;
use super::*;
use crate::wire::LogId;

/// Removals name what counts of this many logs of everybody.
const LOGS: u8 = 2;

fn cut(rng: &mut StdRng, who: usize) -> Vec<Last> {
    let device = EVERYBODY[who].secrets.device_key();
    let last = |log| {
        let sequence = rng.random_range(0..6);
        Last { device, log: LogId([log; 16]), sequence, id: text_id(who, log, sequence) }
    };
    (0..LOGS).map(last).collect()
}

fn text_id(who: usize, log: u8, sequence: u64) -> EntryId {
    let mut id = [0xee; 32];
    (id[0], id[1], id[2]) = (u8::try_from(who).unwrap(), log, u8::try_from(sequence).unwrap());
    EntryId(id)
}

fn action(rng: &mut StdRng, by: usize, people: usize) -> Option<Action> {
    let who = rng.random_range(0..people);
    Some(match rng.random_range(0..100) {
        0..22 => add(who),
        22..44 => Action::Remove { root: root(who), cut: cut(rng, who) },
        44..66 => promote(who),
        66..78 => demote(who),
        78..83 => Action::Leave { cut: cut(rng, by) },
        83..88 => promote(by),
        88..93 => Action::Rename { name: name(&format!("Name {who}")), hue: rng.random_bool(0.5).then_some(9) },
        93..98 => Action::History { shared: rng.random_bool(0.5) },
        _ => return None,
    })
}

/// The entries among these that no other of them has seen.
fn tops(room: &Room, set: &BTreeSet<EntryId>) -> Vec<EntryId> {
    let below: BTreeSet<EntryId> = set.iter().flat_map(|id| room.past[id].iter().copied()).collect();
    set.difference(&below).copied().collect()
}

/// A history. People know what they wrote and what they were told; some pretend to know less.
fn story(seed: u64, people: usize, size: usize) -> Room {
    let mut rng = StdRng::seed_from_u64(seed);
    let first = rng.random_range(0..people);
    let (mut room, creation) = Room::new(seed, &(1..=first).collect::<Vec<_>>(), rng.random_bool(0.5));
    let mut known: Vec<BTreeSet<EntryId>> = vec![BTreeSet::from([creation]); people];
    while room.facts.len() < size {
        let who = rng.random_range(0..people);
        if rng.random_bool(0.35) {
            let other = rng.random_range(0..people);
            // What stands beside the group nobody takes but those who cheat.
            let taken = |id: &&EntryId| !room.beside.contains(*id);
            let told: Vec<EntryId> = known[other].iter().filter(taken).copied().collect();
            known[who].extend(told);
            continue;
        }
        // Who may do something does more than who may not.
        let who = if rng.random_bool(0.4) { who.min(rng.random_range(0..people)) } else { who };
        let mut seen = known[who].clone();
        if rng.random_bool(0.15) {
            let chosen = room.facts[rng.random_range(0..room.facts.len())].id;
            seen = room.past[&chosen].clone();
            seen.extend(rng.random_bool(0.5).then_some(chosen));
        }
        let named = if rng.random_bool(0.1) { seen.iter().copied().collect() } else { tops(&room, &seen) };
        let action = action(&mut rng, who, people);
        let device = if rng.random_bool(0.03) { (who + 1) % people } else { who };
        let written = room.write_with(who, EVERYBODY[device].secrets.device_key(), &named, action);
        if room.beside.contains(&written) && rng.random_bool(0.8) {
            continue;
        }
        known[who].insert(written);
        let past = room.past[&written].clone();
        known[who].extend(past);
    }
    room
}

/// Everything that a fold says, to be compared.
#[derive(Debug, PartialEq)]
struct Said {
    membership: Option<Membership>,
    verdicts: Vec<(EntryId, Result<(), Void>, Vec<EntryId>)>,
    shares: Vec<Share>,
    texts: Vec<Result<(), Void>>,
}

fn said(room: &Room, group: &Group) -> Said {
    let fold = group.fold();
    let (mut verdicts, mut shares, mut texts) = (vec![], vec![], vec![]);
    for fact in &room.facts {
        if let Some(verdict) = fold.verdict(&fact.id) {
            verdicts.push((fact.id, verdict, fold.at_the_same_time(&fact.id)));
        }
        for who in 0..PEOPLE {
            shares.push(fold.share(&root(who), &fact.seen, false));
            shares.push(fold.share(&root(who), &[fact.id], true));
            let sequence = u64::from(fact.id.0[0] % 8);
            texts.push(fold.judge(&text(who, fact.id.0[1] % 3, sequence, &[fact.id]), |_| true));
        }
    }
    Said { membership: fold.membership(), verdicts, shares, texts }
}

fn text(who: usize, log: u8, sequence: u64, seen: &[EntryId]) -> Written<'_> {
    let device = EVERYBODY[who].secrets.device_key();
    Written { id: text_id(who, log, sequence), author: root(who), device, log: LogId([log; 16]), sequence, seen }
}

fn shuffled(rng: &mut StdRng, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(rng);
    order
}

/// Those who are in, those who are admins and by what, and what the group is called.
type Power = (Vec<(RootKey, Option<EntryId>, EntryId, bool)>, Name, u16, bool, Option<RootKey>);

fn power(room: &Room) -> Power {
    let now = room.membership();
    let members = now.members.iter().map(|member| (member.root, member.admin, member.since, member.history)).collect();
    (members, now.name, now.hue, now.history, now.heir)
}

/// Somebody writes whatever they like, as if they had seen whatever they like, and goes on from that.
fn scheme(room: &mut Room, rng: &mut StdRng, who: usize, people: usize) {
    for _ in 0..rng.random_range(1..6) {
        let seen = match rng.random_range(0..4) {
            0 => vec![],
            1 => room.group().tops(),
            _ => {
                let chosen = room.facts[rng.random_range(0..room.facts.len())].id;
                let mut seen = room.past[&chosen].clone();
                seen.extend(rng.random_bool(0.6).then_some(chosen));
                tops(room, &seen)
            }
        };
        let action = match action(rng, who, people) {
            // To go, or to step down, they are free. And a card of their own is no power.
            Some(Action::Leave { .. }) => Some(promote(who)),
            Some(Action::Remove { root: target, .. } | Action::Demote { root: target }) if target == root(who) => {
                Some(promote(who))
            }
            other => other,
        };
        room.write(who, &seen, action);
    }
}

proptest! {
    /// Whatever the order of arrival, everything is the same, and so it is for what had arrived before the end.
    #[test]
    fn the_order_of_arrival_changes_nothing(seed: u64, people in 3usize..8, size in 2usize..50) {
        let room = story(seed, people, size);
        let mut rng = StdRng::seed_from_u64(seed ^ 1);
        let expected = said(&room, &room.group());
        for _ in 0..3 {
            let group = room.arrive(shuffled(&mut rng, room.facts.len()));
            let model = Model::new(&room);
            prop_assert_eq!(group.len(), room.facts.iter().filter(|fact| model.belongs(fact)).count());
            prop_assert!(said(&room, &group) == expected, "in another order");
            let mut tops = group.tops();
            tops.sort_unstable();
            prop_assert_eq!(tops, tops_of(&room, &model));
        }
        // A part: what one entry has seen, and itself.
        let chosen = room.facts[rng.random_range(0..room.facts.len())].id;
        let part: Vec<usize> =
            (0..room.facts.len()).filter(|number| {
                let id = room.facts[*number].id;
                id == chosen || room.past[&chosen].contains(&id)
            }).collect();
        let expected = said(&room, &room.arrive(part.iter().copied()));
        let order = shuffled(&mut rng, part.len());
        let group = room.arrive(order.into_iter().map(|number| part[number]));
        prop_assert!(said(&room, &group) == expected, "a part in another order");
    }

    /// The fold says what the model says.
    #[test]
    fn the_fold_agrees_with_the_model(seed: u64, people in 3usize..8, size in 2usize..26) {
        let room = story(seed, people, size);
        let model = Model::new(&room);
        let group = room.group();
        let fold = group.fold();
        for fact in &room.facts {
            prop_assert_eq!(group.belongs(&fact.id), model.belongs(fact));
            let counts = fold.verdict(&fact.id) == Some(Ok(()));
            // The model says nothing of what stands beside the group.
            let theirs = model.belongs(fact) && if fact.action.is_some() && fact.author == subject(fact).unwrap_or(root(7)) && !promotes_itself(fact) {
                model.device(fact) && model.seat(&fact.author, Some(&fact.id)).is_some()
            } else {
                model.counts(fact)
            };
            prop_assert_eq!(counts, theirs, "{:?}", fact);
        }
        let membership = fold.membership().unwrap();
        let mut seats: Vec<_> = model.everybody().into_iter().filter_map(|root| Some((model.seat(&root, None)?, root))).collect();
        seats.sort_unstable();
        let expected: Vec<_> = seats.iter().map(|((_, since, _), root)| (*root, model.office(root), *since)).collect();
        let members: Vec<_> = membership.members.iter().map(|member| (member.root, member.admin, member.since)).collect();
        prop_assert_eq!(members, expected);
        let former: BTreeSet<_> = membership.former.iter().map(|former| former.root).collect();
        let expected: BTreeSet<_> = model.everybody().into_iter()
            .filter(|root| model.seat(root, None).is_none() && !model.entries(root).is_empty()).collect();
        prop_assert_eq!(former, expected);
        let words = model.last_words(|action| matches!(action, Action::Rename { .. }));
        let last = words.into_iter().max_by_key(|fact| (fact.time, fact.author, fact.id));
        let expected = match last.and_then(|fact| fact.action.as_ref()) {
            Some(Action::Rename { name, .. }) => name.clone(),
            _ => name("Created"),
        };
        prop_assert_eq!(membership.name, expected);
        let words = model.last_words(|action| matches!(action, Action::History { .. }));
        if !words.is_empty() {
            let open = words.iter().all(|fact| matches!(fact.action, Some(Action::History { shared: true })));
            prop_assert_eq!(membership.history, open);
        }
    }

    /// Texts count as the rule says: some seat that they have seen, and every end after it cuts above them.
    #[test]
    fn texts_are_judged_as_the_rule_says(seed: u64, people in 3usize..8, size in 2usize..26) {
        let room = story(seed, people, size);
        let model = Model::new(&room);
        let group = room.group();
        let fold = group.fold();
        let mut rng = StdRng::seed_from_u64(seed ^ 2);
        for _ in 0..20 {
            let who = rng.random_range(0..people);
            let seen = room.facts[rng.random_range(0..room.facts.len())].id;
            let (log, sequence) = (rng.random_range(0..LOGS + 1), rng.random_range(0..7));
            let knows = |id: &EntryId| *id == seen || room.past[&seen].contains(id);
            let expected = model.entries(&root(who)).iter().any(|(_, seat, _)| {
                knows(seat) && model.ending(&root(who)).iter().all(|end| {
                    let within = match &end.action {
                        Some(Action::Remove { cut, .. } | Action::Leave { cut }) => {
                            cut.iter().any(|last| last.log == LogId([log; 16]) && sequence <= last.sequence
                                && last.device == EVERYBODY[who].secrets.device_key())
                        }
                        _ => false,
                    };
                    room.past[seat].contains(&end.id) || within
                })
            });
            let known = [seen];
            let expected = expected && !room.beside.contains(&seen);
            let judged = fold.judge(&text(who, log, sequence, &known), |_| true);
            prop_assert_eq!(judged.is_ok(), expected, "{:?}", judged);
        }
    }

    /// Who was put out by somebody and is out gets nothing back and takes nothing from anybody, whatever they write afterwards and
    /// whatever they say that they had seen when they wrote it.
    #[test]
    fn the_removed_regain_nothing(seed: u64, people in 3usize..8, size in 4usize..40) {
        let mut room = story(seed, people, size);
        let now = room.membership();
        let mut rng = StdRng::seed_from_u64(seed ^ 3);
        for former in &now.former {
            if former.ends.iter().all(|(_, by, _)| *by == former.root) {
                continue;
            }
            let Some(who) = (0..people).find(|who| root(*who) == former.root) else { continue };
            let before = power(&room);
            scheme(&mut room, &mut rng, who, people);
            prop_assert_eq!(power(&room), before, "{} schemed", who);
        }
    }

    /// Who never was an admin changes nothing by whatever they write, and who was made none by anybody else never is one.
    #[test]
    fn power_comes_from_power(seed: u64, people in 3usize..8, size in 4usize..40) {
        let mut room = story(seed, people, size);
        let mut rng = StdRng::seed_from_u64(seed ^ 4);
        for who in 0..people {
            let promoted = room.facts.iter().any(|fact| match &fact.action {
                Some(Action::Create { .. }) => fact.author == root(who),
                Some(Action::Promote { root: target }) => *target == root(who) && fact.author != root(who),
                _ => false,
            });
            // An heir is one by the rules.
            let group = room.group();
            let took_over = room.facts.iter().any(|fact| {
                fact.author == root(who) && promotes_itself(fact) && group.fold().verdict(&fact.id) == Some(Ok(()))
            });
            if promoted || took_over || room.membership().heir.is_some() {
                continue;
            }
            let before = power(&room);
            scheme(&mut room, &mut rng, who, people);
            let after = power(&room);
            let heirs = room.facts.iter().any(|fact| {
                fact.author == root(who) && promotes_itself(fact) && room.group().fold().verdict(&fact.id) == Some(Ok(()))
            });
            // Where nobody was an admin any more for a while, whoever has been in longest could have taken over at that time.
            if !heirs {
                prop_assert_eq!(after, before, "{} schemed", who);
            }
        }
    }

    /// What a window asks before it lets somebody try agrees with what comes of it.
    #[test]
    fn what_is_allowed_counts(seed: u64, people in 3usize..8, size in 2usize..30) {
        let room = story(seed, people, size);
        let mut rng = StdRng::seed_from_u64(seed ^ 5);
        for _ in 0..12 {
            let who = rng.random_range(0..people);
            let Some(action) = action(&mut rng, who, people) else { continue };
            let allowed = room.group().fold().allows(&root(who), &action);
            let mut tried = room.clone();
            let seen = room.group().tops();
            let written = tried.write(who, &seen, Some(action.clone()));
            let verdict = tried.verdict(&written);
            match allowed {
                Ok(()) => prop_assert_eq!(verdict, Ok(()), "{:?}", action),
                Err(Refusal::Outsider) => prop_assert!(matches!(verdict, Err(Void::Outsider | Void::Device))),
                Err(Refusal::NoAdmin) => prop_assert_eq!(verdict, Err(Void::NoAdmin)),
                Err(Refusal::Senior) => prop_assert_eq!(verdict, Err(Void::Senior)),
                // These change nothing, and who has written them is not to blame.
                Err(Refusal::Already | Refusal::NotIn) => prop_assert_eq!(power(&tried), power(&room)),
                Err(Refusal::Full | Refusal::Exists) => {}
            }
        }
    }
}

fn subject(fact: &Fact) -> Option<RootKey> {
    match &fact.action {
        Some(Action::Remove { root, .. } | Action::Promote { root } | Action::Demote { root }) => Some(*root),
        Some(Action::Add { card }) => Some(card.root()),
        Some(Action::Leave { .. }) => Some(fact.author),
        _ => None,
    }
}

fn promotes_itself(fact: &Fact) -> bool {
    matches!(&fact.action, Some(Action::Promote { root }) if *root == fact.author)
}

fn tops_of(room: &Room, model: &Model<'_>) -> Vec<EntryId> {
    tops(room, &room.facts.iter().filter(|fact| model.belongs(fact)).map(|fact| fact.id).collect())
}
