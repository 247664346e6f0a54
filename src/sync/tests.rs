mod have;
mod refused;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::wire::{ConversationId, EntryId};

/// The only conversation of most tests.
const TALK: ConversationId = ConversationId([1; 32]);

fn id(n: u64) -> EntryId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    EntryId(bytes)
}

/// The store as the machines see it: entries 1 to `written`, minus those the peer is believed to have.
fn outbox(written: u64, believed: &BTreeSet<EntryId>, after: u64, count: usize) -> (Vec<(u64, EntryId, usize)>, bool) {
    let lacking: Vec<_> = (after + 1..=written).filter(|n| !believed.contains(&id(*n))).collect();
    (lacking.iter().take(count).map(|n| (*n, id(*n), 100)).collect(), lacking.len() > count)
}

/// Entries in one deposit: so few that what is written fills the window several times over.
const PAGE: usize = 20;

proptest! {
    /// Over a link that drops frames, acks and `have`s, and goes down and up, everything written arrives in the end, and the
    /// window is never exceeded.
    #[test]
    fn push_delivers_everything_within_its_window(seed: u64, total in 1u64..600) {
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut push, mut now) = (Push::default(), Duration::ZERO);
        let (mut written, mut peer, mut believed) = (0, BTreeSet::new(), BTreeSet::new());
        let mut needs = push.up(now);
        let (mut haves, mut sent): (usize, Vec<EntryId>) = (0, vec![]);
        for step in 0.. {
            prop_assert!(step < 20_000, "it does not come to an end: {} of {}", peer.len(), total);
            let lossy = step < 300;
            now += Duration::from_millis(rng.random_range(1..400));
            if written < total { written = (written + rng.random_range(0..40)).min(total); needs.extend(push.wrote(now)); }
            if let Some(need) = needs.pop() {
                match need {
                    Need::Have(_) => haves += usize::from(!(lossy && rng.random_bool(0.3))),
                    Need::Outbox { number, after, .. } => {
                        let (found, more) = outbox(written, &believed, after, 128);
                        sent.extend(push.outbox(number, &found, more, now).into_iter().filter(|_| !(lossy && rng.random_bool(0.2))));
                        needs.extend(push.ask(now));
                    }
                }
            }
            if haves > 0 && !(lossy && rng.random_bool(0.3)) {
                haves = 0;
                believed = peer.clone();
                needs.extend(push.peer_has(TALK, now));
            }
            let arrived: Vec<EntryId> = std::mem::take(&mut sent);
            peer.extend(arrived.iter().copied());
            let acked: Vec<EntryId> = arrived.into_iter().filter(|_| !(lossy && rng.random_bool(0.2))).collect();
            believed.extend(acked.iter().copied());
            needs.extend(push.acked(&acked, now));
            if lossy && rng.random_bool(0.02) { push.down(); sent.clear(); needs = push.up(now); }
            needs.extend(push.tick(now));
            if written == total && peer.len() as u64 == total && push.is_idle() { break; }
        }
    }

    /// Mail that brokers lose and peers acknowledge late or never is deposited again until everything has arrived, and never
    /// are more than 16 envelopes unacknowledged.
    #[test]
    fn mail_is_repeated_until_it_arrives(seed: u64, total in 1u64..1200) {
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut mailer, mut now, mut number) = (Mailer::default(), Duration::ZERO, 0);
        let (mut peer, mut believed, mut queued) = (BTreeSet::new(), BTreeSet::new(), vec![]);
        // What the mailer may not have forgotten: its deposits, until they are acknowledged, lost with a broker, or repeated.
        let mut outstanding: BTreeMap<u64, Vec<EntryId>> = BTreeMap::new();
        let mut unpublished = BTreeSet::new();
        mailer.wake(now, Duration::from_millis(500));
        for step in 0.. {
            if mailer.deadline().is_some_and(|at| now >= at) {
                outstanding.clear();
                unpublished.clear();
            }
            prop_assert!(step < 5_000, "it does not come to an end: {} of {}", peer.len(), total);
            while let Some(need) = mailer.tick(now, &mut rng) {
                let Need::Outbox { number: question, after, .. } = need else { unreachable!() };
                let (found, more) = outbox(total, &believed, after, PAGE);
                let found: Vec<_> = found.into_iter().map(|(cursor, id, _)| (cursor, id)).collect();
                if let Some(deposit) = mailer.outbox(question, &found, more) {
                    number += 1;
                    mailer.depositing(number, &deposit, now, &mut rng);
                    outstanding.insert(number, deposit.ids.clone());
                    unpublished.insert(number);
                    queued.push((number, deposit));
                }
                prop_assert!(outstanding.len() <= MAIL_WINDOW, "{} are unacknowledged in step {step}", outstanding.len());
            }
            if step < 20 && rng.random_bool(0.3) {
                mailer.broker_lost();
                queued.clear();
                outstanding.retain(|number, _| !unpublished.contains(number));
                unpublished.clear();
            }
            for (number, deposit) in queued.drain(..) {
                if step < 20 && rng.random_bool(0.3) { continue; }
                mailer.published(number);
                unpublished.remove(&number);
                peer.extend(deposit.ids.iter().copied());
                if step < 20 && rng.random_bool(0.3) { continue; }
                believed.extend(deposit.ids.iter().copied());
                mailer.acked(&deposit.ids);
                outstanding.retain(|_, ids| ids.iter().any(|id| !believed.contains(id)));
            }
            if peer.len() as u64 == total && believed.len() as u64 == total { break; }
            // Now and then nothing is due yet, and what is outstanding stays so.
            let next = if rng.random_bool(0.5) { mailer.deadline() } else { None };
            now = next.unwrap_or(now).max(now + Duration::from_secs(1));
        }
        prop_assert!(!mailer.is_busy());
    }
}

/// A link that opens while mail is being prepared makes the mail unnecessary.
#[test]
fn a_link_makes_mail_unnecessary() {
    let mut mailer = Mailer::default();
    let mut rng = StdRng::seed_from_u64(1);
    mailer.wake(Duration::ZERO, Duration::from_secs(1));
    assert_eq!(mailer.tick(Duration::from_millis(999), &mut rng), None);
    assert!(mailer.tick(Duration::from_secs(1), &mut rng).is_some());
    mailer.stop();
    assert_eq!(mailer.outbox(1, &[(1, id(1))], false), None);
    assert!(!mailer.is_busy());
}

/// With a peer that acknowledges nothing, no more is under way than the window; an ack makes room for more.
#[test]
fn what_is_under_way_is_bounded() {
    const PAGE: u64 = 128;
    let mut push = Push::default();
    push.up(Duration::ZERO);
    let mut needs = push.peer_has(TALK, Duration::ZERO);
    let mut sent = vec![];
    while let Some(need) = needs.pop() {
        let Need::Outbox { number, after, .. } = need else { continue };
        assert!(sent.len() < PUSH_WINDOW_ENTRIES, "{} are under way, and more are asked for", sent.len());
        let page: Vec<_> = (after + 1..=after + PAGE).map(|n| (n, id(n), 100)).collect();
        sent.extend(push.outbox(number, &page, true, Duration::ZERO));
        needs.extend(push.ask(Duration::ZERO));
    }
    assert_eq!(sent.len(), PUSH_WINDOW_ENTRIES);
    assert_eq!(push.wrote(Duration::ZERO), vec![]);
    assert_eq!(push.acked(&sent[..1], Duration::ZERO).len(), 1);

    let mut push = Push::default();
    push.up(Duration::ZERO);
    push.peer_has(TALK, Duration::ZERO);
    assert_eq!(push.outbox(1, &[(1, id(1), PUSH_WINDOW_BYTES)], true, Duration::ZERO).len(), 1);
    assert_eq!(push.ask(Duration::ZERO), vec![], "large entries count by their bytes");
    assert_eq!(push.acked(&[id(1)], Duration::ZERO).len(), 1);
}

/// What was asked before a restart is answered too late: only the answer to the last question counts.
#[test]
fn a_late_answer_is_not_taken_for_the_new_one() {
    let mut push = Push::default();
    push.up(Duration::ZERO);
    push.peer_has(TALK, Duration::ZERO);
    let [Need::Outbox { number, .. }] = push.restart(Duration::ZERO)[..] else { panic!("nothing is asked") };
    assert_eq!(push.outbox(number - 1, &[(7, id(7), 100)], false, Duration::ZERO), vec![]);
    assert_eq!(push.outbox(number, &[(1, id(1), 100)], true, Duration::ZERO), vec![id(1)]);
    assert!(matches!(push.ask(Duration::ZERO)[..], [Need::Outbox { after: 1, .. }]));
}

/// What is confirmed while the outbox is being asked is not sent again, though its answer still holds it; nor is what is
/// under way when the peer says anew what it has.
#[test]
fn what_is_confirmed_or_under_way_is_not_sent_again() {
    let mut push = Push::default();
    push.up(Duration::ZERO);
    push.peer_has(TALK, Duration::ZERO);
    let page = [(1, id(1), 100), (2, id(2), 100)];
    assert_eq!(push.outbox(1, &page, false, Duration::ZERO), vec![id(1), id(2)]);
    assert!(matches!(push.peer_has(TALK, Duration::ZERO)[..], [Need::Outbox { number: 2, after: 0, .. }]));
    assert_eq!(push.acked(&[id(1)], Duration::ZERO), vec![]);
    assert_eq!(push.outbox(2, &page, false, Duration::ZERO), vec![]);
}

/// While the driver has no room nothing is asked for; then everything unconfirmed is, and the statement is said again.
#[test]
fn a_full_driver_is_waited_for() {
    let mut push = Push::default();
    push.up(Duration::ZERO);
    push.peer_has(TALK, Duration::ZERO);
    push.outbox(1, &[(1, id(1), 100), (2, id(2), 100)], true, Duration::ZERO);
    push.full();
    assert_eq!(push.ask(Duration::ZERO), vec![]);
    assert_eq!(push.acked(&[id(1)], Duration::ZERO), vec![]);
    assert_eq!(push.wrote(Duration::ZERO), vec![]);
    let needs = push.writable(Duration::ZERO);
    assert!(matches!(needs[..], [Need::Have(Of::All), Need::Outbox { after: 0, .. }]));
    assert_eq!(push.writable(Duration::ZERO), vec![], "it was not refused again");
}

/// A peer that acknowledges nothing gets so many envelopes, and one more for each that it acknowledges.
#[test]
fn unacknowledged_mail_is_bounded() {
    let (mut mailer, mut rng) = (Mailer::default(), StdRng::seed_from_u64(1));
    mailer.wake(Duration::ZERO, Duration::ZERO);
    let mut deposit = |mailer: &mut Mailer, number: u64| {
        let need = mailer.tick(Duration::ZERO, &mut rng)?;
        let Need::Outbox { number: question, after, .. } = need else { unreachable!() };
        let deposit = mailer.outbox(question, &[(after + 1, id(after + 1))], true).unwrap();
        mailer.depositing(number, &deposit, Duration::ZERO, &mut rng);
        mailer.published(number);
        Some(deposit.ids)
    };
    let mut sent = vec![];
    while let Some(ids) = deposit(&mut mailer, sent.len() as u64) {
        sent.push(ids);
        assert!(sent.len() <= MAIL_WINDOW, "a broker's confirmation is no receipt");
    }
    assert_eq!(sent.len(), MAIL_WINDOW);
    mailer.acked(&sent[3]);
    assert!(deposit(&mut mailer, 100).is_some());
    assert!(deposit(&mut mailer, 101).is_none());
}

/// While mail goes and no link comes, what is written later goes out at once, though nothing else happens.
#[test]
fn what_is_written_while_mail_goes_waits_for_nothing_else() {
    let (mut mailer, mut rng) = (Mailer::default(), StdRng::seed_from_u64(1));
    let (mut now, patience) = (Duration::ZERO, Duration::from_millis(300));
    for number in 1..4 {
        mailer.wake(now, patience);
        assert!(mailer.deadline().is_some_and(|at| at <= now + patience), "nobody looks for message {number}");
        now = mailer.deadline().unwrap();
        let Some(Need::Outbox { number: question, after, .. }) = mailer.tick(now, &mut rng) else {
            panic!("message {number} stays where it is")
        };
        assert_eq!(mailer.deadline(), None, "it is looked for once");
        let deposit = mailer.outbox(question, &[(after + 1, id(number))], false).unwrap();
        mailer.depositing(number, &deposit, now, &mut rng);
        mailer.published(number);
        mailer.acked(&deposit.ids);
        assert!(!mailer.is_busy() && mailer.deadline().is_none());
        now += Duration::from_secs(10);
    }
}

/// While a link is in doubt its acks are said over it at once, and together by mail when the doubt lasts; a link that recovers
/// has carried them.
#[test]
fn acks_of_a_doubtful_link_go_by_mail_together_and_late() {
    let at = Duration::from_millis;
    for recovers in [true, false] {
        let mut acks = Acks::default();
        for n in 0..20 {
            acks.add([id(n)]);
            assert_eq!(acks.over_link(false, at(n * 50)), vec![id(n)]);
            assert_eq!(acks.by_mail(false, at(n * 50)), vec![]);
        }
        assert_eq!(acks.deadline(), Some(ACKS_PATIENCE));
        if recovers {
            acks.settled();
        }
        let expected = if recovers { vec![] } else { (0..20).map(id).collect() };
        assert_eq!(acks.by_mail(false, ACKS_PATIENCE), expected);
        assert_eq!((acks.deadline(), acks.is_empty()), (None, true));
    }
    let mut acks = Acks::default();
    acks.add([id(1)]);
    acks.over_link(false, at(0));
    acks.add([id(2)]);
    assert_eq!(acks.by_mail(false, at(1)), vec![id(1), id(2)], "the link is gone, and an envelope goes anyway");
}

/// What is acknowledged soon is never written down as sent; the rest is, once, after a moment or when the link is gone.
#[test]
fn only_what_has_no_answer_is_written_down_as_sent() {
    let mut sent = Sent::default();
    let (start, later) = (Duration::from_secs(5), Duration::from_secs(5) + SENT_AFTER);
    sent.add(&[], "mail", start);
    assert_eq!((sent.deadline(), sent.due(later)), (None, None));
    sent.add(&[id(1), id(2)], "direct", start);
    sent.add(&[id(3)], "relay", start + SENT_AFTER / 2);
    assert_eq!(sent.deadline(), Some(later), "the first ones wait no longer for the next");
    sent.acked(&[id(1), id(9)]);
    assert_eq!(sent.due(later - Duration::from_millis(1)), None);
    assert_eq!(sent.due(later), Some(("relay", vec![id(2), id(3)])));
    assert_eq!((sent.due(later), sent.all(), sent.deadline()), (None, None, None));
    sent.add(&[id(4), id(5)], "direct", start);
    sent.acked(&[id(4)]);
    assert_eq!(sent.all(), Some(("direct", vec![id(5)])));
    sent.add(&[id(6)], "direct", start);
    sent.acked(&[id(6)]);
    assert_eq!((sent.deadline(), sent.all()), (None, None));
}

/// What finds its place late is looked for where it came, also when a question is on its way that begins behind that.
#[test]
fn what_finds_its_place_late_is_found_behind_the_cursor() {
    let mut push = Push::default();
    push.up(Duration::ZERO);
    let asked = |needs: Vec<Need>| match needs.last() {
        Some(Need::Outbox { number, after, .. }) => (*number, *after),
        _ => panic!("{needs:?}"),
    };
    let (first, _) = asked(push.peer_has(ConversationId([1; 32]), Duration::ZERO));
    assert_eq!(push.outbox(first, &[(7, id(1), 10)], false, Duration::ZERO), [id(1)]);
    let (second, after) = asked(push.wrote(Duration::ZERO));
    assert_eq!(after, 7);
    push.look_back();
    assert_eq!(push.outbox(second, &[], false, Duration::ZERO), []);
    assert_eq!(asked(push.ask(Duration::ZERO)).1, 0);
}

/// What others most likely bring is asked for after a moment, unless it was asked for anyway.
#[test]
fn what_others_bring_is_pushed_later() {
    let mut push = Push::default();
    let heard = ConversationId([1; 32]);
    push.up(Duration::ZERO);
    let needs = push.peer_has(heard, Duration::ZERO);
    let Some(Need::Outbox { number, .. }) = needs.last().copied() else { panic!("{needs:?}") };
    push.outbox(number, &[], false, Duration::ZERO);
    push.tick(Duration::from_secs(2));
    push.wrote_later(Duration::from_secs(10));
    assert!(!push.is_idle());
    let at = push.deadline().unwrap();
    assert_eq!(at, Duration::from_secs(11));
    assert_eq!(push.tick(Duration::from_millis(10_900)), []);
    assert!(matches!(push.tick(at)[..], [Need::Outbox { .. }]));
    assert!(push.deadline().is_none_or(|next| next > at));
}
