//! A peer that takes only some of what is pushed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{TALK, id, outbox};
use crate::sync::window::ACK_PATIENCE;
use crate::sync::{Need, PUSH_WINDOW_ENTRIES, Push};
use crate::wire::EntryId;

proptest! {
    /// What a peer does not take, however much that is, keeps nothing behind it from arriving, and arrives once it is taken.
    #[test]
    fn what_is_not_taken_keeps_nothing_else_back(seed: u64, total in 1u64..1200) {
        let mut rng = StdRng::seed_from_u64(seed);
        let refused: BTreeSet<EntryId> = (1..=total.min(800)).map(id).filter(|_| rng.random_bool(0.9)).collect();
        let rounds = u32::try_from(refused.len() / PUSH_WINDOW_ENTRIES).unwrap() + 1;
        let (mut push, mut now) = (Push::default(), Duration::ZERO);
        push.up(now);
        let mut needs = push.peer_has(TALK, now);
        let (mut written, mut peer, mut willing) = (total / 2, BTreeSet::new(), None);
        for _ in 0.. {
            now += Duration::from_millis(100);
            if written < total && rng.random_bool(0.5) { written += 1; needs.extend(push.wrote(now)); }
            while let Some(need) = needs.pop() {
                let Need::Outbox { number, after, .. } = need else { continue };
                let (found, more) = outbox(written, &peer, after, 128);
                let sent = push.outbox(number, &found, more, now);
                let taken: Vec<EntryId> = sent.into_iter().filter(|id| willing.is_some() || !refused.contains(id)).collect();
                peer.extend(taken.iter().copied());
                needs.extend(push.acked(&taken, now));
                needs.extend(push.ask(now));
            }
            prop_assert!(push.under_way().0 <= PUSH_WINDOW_ENTRIES);
            needs.extend(push.tick(now));
            if willing.is_none() && written == total && peer.len() + refused.len() == total as usize {
                let writing = Duration::from_millis(200) * u32::try_from(total).unwrap();
                prop_assert!(now < writing + rounds * Duration::from_secs(21) + Duration::from_secs(60), "{now:?}");
                willing = Some(now);
            }
            if let Some(since) = willing && peer.len() as u64 == total && push.is_idle() {
                prop_assert!(now - since < Duration::from_secs(180), "{:?}", now - since);
                break;
            }
            prop_assert!(now < Duration::from_secs(900), "{} of {total} have arrived, {} are not taken", peer.len(), refused.len());
        }
    }
}

/// What a peer never takes keeps nothing waiting that is written once it was passed over, and is tried again all the same.
#[test]
fn what_was_passed_over_keeps_nothing_fresh_waiting() {
    const REFUSED: u64 = 1_000;
    let (step, every) = (Duration::from_millis(100), 70);
    let (mut push, mut now) = (Push::default(), Duration::ZERO);
    push.up(now);
    let mut needs = push.peer_has(TALK, now);
    let (mut written, mut peer, mut tried) = (REFUSED, BTreeSet::new(), BTreeMap::new());
    for round in 1.. {
        now += step;
        let passed = now > ACK_PATIENCE * 7;
        if passed && round % every == 0 {
            assert_eq!(peer.len() as u64, written - REFUSED, "something is still on its way after {now:?}");
            written += 1;
            needs.extend(push.wrote(now));
        }
        while let Some(need) = needs.pop() {
            let Need::Outbox { number, after, .. } = need else { continue };
            let (found, more) = outbox(written, &peer, after, 128);
            let sent = push.outbox(number, &found, more, now);
            sent.iter().for_each(|id| *tried.entry(*id).or_insert(0) += 1);
            let taken: Vec<EntryId> = sent.into_iter().filter(|one| *one > id(REFUSED)).collect();
            peer.extend(taken.iter().copied());
            needs.extend(push.acked(&taken, now));
            needs.extend(push.ask(now));
        }
        if passed && round % every < 2 {
            assert_eq!(peer.len() as u64, written - REFUSED, "what was written at {now:?} waits");
        }
        needs.extend(push.tick(now));
        if now > Duration::from_secs(1_800) {
            break;
        }
    }
    assert!((1..=REFUSED).all(|n| tried[&id(n)] > 2), "{:?}", tried.values().min());
}

/// Nor when either says again what they have: it comes after everything else, and is tried at once.
#[test]
fn what_was_passed_over_keeps_nothing_waiting_when_pushing_begins_anew() {
    const REFUSED: u64 = 1_000;
    let step = Duration::from_millis(100);
    let (mut push, mut now) = (Push::default(), Duration::ZERO);
    push.up(now);
    let mut needs = push.peer_has(TALK, now);
    let (mut written, mut peer, mut tried) = (REFUSED, BTreeSet::new(), BTreeMap::new());
    for round in 1..=6_000 {
        now += step;
        let passed = now > ACK_PATIENCE * 7;
        if passed && round % 70 == 0 {
            written += 1;
            needs.extend(push.wrote(now));
            needs.extend(if round % 140 == 0 { push.restart(now) } else { push.peer_has(TALK, now) });
        }
        while let Some(need) = needs.pop() {
            let Need::Outbox { number, after, .. } = need else { continue };
            let (found, more) = outbox(written, &peer, after, 128);
            let sent = push.outbox(number, &found, more, now);
            sent.iter().filter(|_| passed).for_each(|id| *tried.entry(*id).or_insert(0) += 1);
            let taken: Vec<EntryId> = sent.into_iter().filter(|one| *one > id(REFUSED)).collect();
            peer.extend(taken.iter().copied());
            needs.extend(push.acked(&taken, now));
            needs.extend(push.ask(now));
        }
        if passed {
            assert_eq!(peer.len() as u64, written - REFUSED, "what was written at {now:?} waits");
        }
        needs.extend(push.tick(now));
    }
    assert!(tried[&id(1)] > 1, "it is tried again each time");
}
