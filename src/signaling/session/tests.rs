use rand::{SeedableRng, rngs::StdRng};
use uuid::Uuid;

use super::*;
use crate::signaling::{Leaf, Turn};

fn presence(id: u128) -> Topic {
    Topic { id: Uuid::from_u128(id), leaf: Leaf::Presence }
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn gone() -> Readiness {
    Readiness::Lost("gone".into())
}

/// A session subscribes to everything on every connection, waits before it tries again, and says when it is ready.
#[test]
fn a_session_subscribes_again_on_every_connection() {
    let mut rng = StdRng::seed_from_u64(1);
    let topics = [presence(1), presence(2)];
    let mut session = Session::new(topics);
    assert_eq!(session.tick(at(0)), Some(Action::Connect));
    for start in [0, 100] {
        assert_eq!(session.connected(at(start)), Action::Subscribe(topics.to_vec()));
        assert_eq!(session.subscribed(&topics[0], true, at(start), &mut rng), None);
        assert_eq!(session.subscribed(&topics[1], true, at(start), &mut rng), Some(Action::Ready));
        assert_eq!(session.listen([presence(1)], at(start)), None);
        session.lost(gone(), at(start + 50), &mut rng);
        assert_eq!(session.tick(at(start + 50)), None, "it must not try again at once");
        assert_eq!(session.tick(at(start + 51)), Some(Action::Connect));
    }
    let _ = session.connected(at(200));
    assert_eq!(session.subscribed(&topics[0], false, at(200), &mut rng), None);
    assert!(matches!(session.readiness(), Readiness::Refused(_)));
    // A cluster that elects a leader refuses for a moment: what was not granted is asked for again, ever less often.
    assert_eq!(session.subscribed(&topics[1], true, at(200), &mut rng), None);
    assert_eq!(session.tick(at(201)), Some(Action::Subscribe(vec![topics[0]])));
    assert_eq!(session.subscribed(&topics[0], false, at(201), &mut rng), None);
    assert_eq!(session.tick(at(202)), None);
    assert_eq!(session.tick(at(203)), Some(Action::Subscribe(vec![topics[0]])));
    assert_eq!(session.subscribed(&topics[0], true, at(203), &mut rng), Some(Action::Ready));
    assert_eq!(session.deadline(), None);
}

/// An attempt that was kept waiting is not followed by another wait, and one that failed at once is.
#[test]
fn a_wait_counts_from_the_beginning_of_the_attempt() {
    let mut rng = StdRng::seed_from_u64(6);
    let mut session = Session::new([]);
    let _ = session.tick(at(100));
    session.lost(gone(), at(104), &mut rng);
    assert_eq!(session.tick(at(104)), Some(Action::Connect), "it has waited for 4 s");
    // Also when it was let in, and dropped with the first thing that it published.
    let _ = session.connected(at(104));
    session.lost(gone(), at(108), &mut rng);
    assert_eq!(session.tick(at(108)), Some(Action::Connect));
    session.lost(gone(), at(108), &mut rng);
    assert_eq!(session.tick(at(110)), None);
    assert_eq!(session.tick(at(112)), Some(Action::Connect));
}

/// After a change of the network a broker that answers keeps its connection, one that does not is left within half a second, and
/// one that is away is tried at once.
#[test]
fn a_broker_in_doubt_is_asked_at_once() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut session = Session::new([]);
    let _ = (session.tick(at(0)), session.connected(at(0)));

    assert_eq!(session.doubt(at(100)), Some(Action::Probe));
    assert_eq!(session.doubt(at(100)), None, "one question is enough");
    session.alive();
    assert_eq!((session.tick(at(101)), session.deadline()), (None, None));

    assert_eq!(session.doubt(at(200)), Some(Action::Probe));
    let until = session.deadline().unwrap();
    assert_eq!(until, at(200) + DOUBT_PATIENCE);
    assert_eq!(session.tick(until), Some(Action::GiveUp));
    session.lost(gone(), until, &mut rng);
    assert_eq!(session.tick(until), Some(Action::Connect), "it must not wait");

    // An attempt that was under way may go nowhere either.
    assert_eq!(session.doubt(at(300)), None);
    assert_eq!(session.tick(at(300) + DOUBT_PATIENCE), Some(Action::GiveUp));
    session.lost(gone(), at(301), &mut rng);
    assert_eq!(session.tick(at(301)), Some(Action::Connect));

    // Without a new doubt the usual waits hold, and a doubt ends them.
    session.lost(gone(), at(302), &mut rng);
    assert_eq!(session.tick(at(302)), None);
    assert_eq!(session.doubt(at(302)), None);
    assert_eq!(session.tick(at(302)), Some(Action::Connect));
}

/// A new network's addresses come one by one, each a change: an attempt that began on it has the time that it takes, and one that
/// leads nowhere ends all the same. An attempt that is older than all of them is not waited for.
#[test]
fn changes_that_follow_each_other_leave_an_attempt_its_time() {
    let mut rng = StdRng::seed_from_u64(3);
    let ms = Duration::from_millis;
    let mut session = Session::new([]);
    let _ = (session.tick(at(0)), session.connected(at(0)));
    assert_eq!(session.doubt(at(100)), Some(Action::Probe));
    let begun = at(100) + DOUBT_PATIENCE;
    assert_eq!(session.tick(begun), Some(Action::GiveUp));
    session.lost(gone(), begun, &mut rng);
    assert_eq!(session.tick(begun), Some(Action::Connect));
    for after in [300, 900, 1_500, 2_400] {
        assert_eq!((session.doubt(begun + ms(after)), session.tick(begun + ms(after))), (None, None));
    }
    assert_eq!(session.deadline(), Some(begun + ATTEMPT_PATIENCE));
    let mut in_time = session.clone();
    let _ = in_time.connected(begun + ms(2_500));
    assert_eq!(in_time.tick(begun + ATTEMPT_PATIENCE), None, "it has arrived");
    assert_eq!(session.tick(begun + ATTEMPT_PATIENCE), Some(Action::GiveUp));
    session.lost(gone(), begun + ATTEMPT_PATIENCE, &mut rng);
    assert_eq!(session.tick(begun + ATTEMPT_PATIENCE), Some(Action::Connect));
    // That one began long after the first change and soon after the last.
    assert_eq!(session.doubt(at(200)), None);
    assert_eq!(session.deadline(), Some(at(200) + DOUBT_PATIENCE), "it was under way for too long already");

    let mut session = Session::new([]);
    assert_eq!((session.tick(at(0)), session.doubt(at(1))), (Some(Action::Connect), None));
    assert_eq!(session.deadline(), Some(at(1) + DOUBT_PATIENCE), "it began before any change");

    // What changes beside the way out ends no attempt, asks a connection, and ends a wait.
    let mut session = Session::new([]);
    assert_eq!((session.tick(at(0)), session.ask(at(1)), session.deadline()), (Some(Action::Connect), None, None));
    session.lost(gone(), at(1), &mut rng);
    assert_eq!((session.ask(at(1)), session.tick(at(1))), (None, Some(Action::Connect)));
    let _ = session.connected(at(2));
    assert_eq!(session.ask(at(3)), Some(Action::Probe));
}

/// A broker that comes back within minutes is found within five seconds; one that stays away is asked ever less often.
#[test]
fn who_is_away_for_long_is_asked_less_often() {
    let mut rng = StdRng::seed_from_u64(2);
    let mut session = Session::new([]);
    let (mut now, mut waits) = (at(0), vec![]);
    for _ in 0..100 {
        session.lost(gone(), now, &mut rng);
        let next = session.deadline().unwrap();
        waits.push((now, next - now));
        now = next;
        assert_eq!(session.tick(now), Some(Action::Connect));
    }
    assert!(waits.iter().all(|(start, wait)| *start > at(180) || *wait <= at(4)), "{waits:?}");
    assert!(waits.last().is_some_and(|(_, wait)| *wait >= at(24)), "{waits:?}");
    // Letting us in for a moment is no recovery; for ten seconds it is.
    let _ = session.connected(now);
    session.lost(gone(), now, &mut rng);
    assert!(session.deadline().unwrap() - now >= at(24));
    let _ = session.connected(now);
    session.lost(gone(), now + STEADY, &mut rng);
    assert!(session.deadline().unwrap() - now - STEADY <= at(1));
}

/// A broker that lets another session in is there: nobody waits any longer.
#[test]
fn a_sign_of_life_ends_the_wait() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut session = Session::new([]);
    let _ = session.tick(at(0));
    session.lost(gone(), at(0), &mut rng);
    session.hurry(at(0));
    assert_eq!(session.tick(at(0)), Some(Action::Connect));
    session.hurry(at(0));
    assert_eq!(session.tick(at(0)), None, "an attempt under way needs no second one");
}

/// A broker that lets us in and then answers nothing is given up; one that answers now and then is not.
#[test]
fn a_broker_that_answers_nothing_is_given_up() {
    let mut rng = StdRng::seed_from_u64(4);
    let topics = [presence(1), presence(2)];
    let mut session = Session::new(topics);
    let _ = session.tick(at(0));
    let _ = session.connected(at(0));
    assert!(!session.is_mute(at(1)) && session.is_mute(at(2)));
    assert_eq!(session.tick(at(19)), None);
    let _ = session.subscribed(&topics[0], true, at(19), &mut rng);
    assert_eq!(session.tick(at(38)), None, "it has answered");
    assert_eq!(session.deadline(), Some(at(39)));
    let _ = session.subscribed(&topics[1], true, at(38), &mut rng);
    assert_eq!(session.deadline(), None, "it owes nothing");
    session.publishes(at(50));
    session.publishes(at(60));
    session.published(at(69));
    assert_eq!(session.tick(at(88)), None);
    assert_eq!(session.tick(at(89)), Some(Action::GiveUp));
    assert_eq!(session.tick(at(89)), None, "once");
}

/// What is said again without an answer is said over the next broker, round and round; an answer keeps the one that works.
#[test]
fn an_unanswered_broker_loses_its_turn() {
    let brokers = ["one", "two", "three"].map(Some);
    let mut turn = Turn::default();
    assert_eq!(turn.pick::<&str>(&[]), None);
    for (millis, expected) in
        [(0, "one"), (500, "one"), (1_000, "two"), (1_500, "two"), (2_000, "three"), (4_000, "one")]
    {
        turn.say(Duration::from_millis(millis));
        assert_eq!(turn.pick(&brokers), Some(expected));
    }
    turn.say(at(8));
    turn.heard();
    for seconds in [20, 30, 40] {
        turn.say(at(seconds));
        assert_eq!(turn.pick(&brokers), Some("two"));
        turn.heard();
    }
    assert_eq!(turn.pick(&[None, None, Some("only")]), Some("only"));
    assert_eq!(turn.pick(&[Some("one"), None, Some("three")]), Some("three"), "the next after the one that is away");
}

/// A broker that is known to deliver keeps its turn whatever silence follows, until something is said again.
#[test]
fn a_broker_that_delivers_keeps_its_turn() {
    let brokers = ["one", "two", "three"].map(Some);
    let mut turn = Turn::default();
    turn.mention(at(0));
    turn.mention(at(5));
    assert_eq!(turn.pick(&brokers), Some("two"), "nothing is known of any");
    turn.heard_over(2);
    for seconds in [10, 20, 30] {
        turn.mention(at(seconds));
        turn.say_first(at(seconds + 1));
        assert_eq!(turn.pick(&brokers), Some("three"));
    }
    turn.say(at(70));
    assert_eq!(turn.pick(&brokers), Some("one"));
    turn.say_first(at(80));
    assert_eq!(turn.pick(&brokers), Some("two"), "it is not known to deliver");
}
