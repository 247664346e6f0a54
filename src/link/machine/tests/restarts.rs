//! How an open link finds new paths, and what a wake and a change of the network mean.

use std::time::Duration;

use super::stories::{BOOT, Story};
use crate::link::{CloseReason, DriverCommand, DriverEvent, Input, Output, Path, Role, State};
use crate::wire::signal::{Candidate, Heartbeat, Signal};
use crate::wire::{ConnectionId, Nonce};

const SECOND: Duration = Duration::from_secs(1);

fn sdp() -> String {
    "theirs".to_owned()
}

fn restarts(out: &[Output]) -> Vec<u32> {
    let generation = |output: &Output| match output {
        Output::Driver(DriverCommand::Restart { generation, .. } | DriverCommand::AcceptRestart { generation, .. }) => {
            Some(*generation)
        }
        _ => None,
    };
    out.iter().filter_map(generation).collect()
}

fn wishes(out: &[Output]) -> usize {
    out.iter().filter(|output| matches!(output, Output::Send(Signal::Restart { .. }))).count()
}

fn is_begun(out: &[Output]) -> bool {
    out.iter().any(|output| matches!(output, Output::Driver(DriverCommand::Offer { .. })))
}

/// The impolite side's restart offer is out.
fn restarting() -> (Story, ConnectionId) {
    let (mut story, connection) = Story::open(Role::Impolite);
    story.pass(10 * SECOND);
    let out = story.tell(Input::Driver(DriverEvent::Disconnected { connection }));
    assert_eq!((restarts(&out), story.machine.state()), (vec![1], State::Suspect), "{out:?}");
    story.tell(Input::Driver(DriverEvent::OfferReady { connection, generation: 1, sdp: "ours".to_owned() }));
    (story, connection)
}

/// A silent link is restarted on the same connection: the restart is said again until it is answered, and when a path works
/// the link is open again at the first frame. No `Down` comes between.
#[test]
fn a_silent_link_finds_a_new_path() {
    let (mut story, connection) = restarting();
    let out = story.pass(SECOND);
    assert!(out.iter().any(|o| matches!(o, Output::Send(Signal::Offer { generation: 1, .. }))), "{out:?}");
    let out = story.tell(Input::Signal(Signal::Answer { connection, number: 9, sdp: sdp(), generation: 1 }));
    assert!(out.contains(&Output::Driver(DriverCommand::AcceptAnswer { connection, sdp: sdp() })), "{out:?}");
    let out = story.tell(Input::Driver(DriverEvent::Reconnected { connection, generation: 1, path: Path::Relay }));
    assert!(out.iter().any(|o| matches!(o, Output::SendHeartbeat(_))), "the peer is asked: {out:?}");
    assert_eq!(story.machine.path(), Some(Path::Relay));
    let out = story.tell(Input::Alive(connection));
    assert!(!out.contains(&Output::Down));
    assert_eq!(story.machine.state(), State::Open);
    assert!(story.pass(5 * SECOND).iter().all(|o| !matches!(o, Output::Send(_))), "nothing is left to be said");
}

/// The polite side makes no restart offer: it asks, and answers each offer once. What it has answered it answers again
/// when the offer is repeated, and an older one not at all.
#[test]
fn the_polite_side_asks_and_answers() {
    let (mut story, connection) = Story::open(Role::Polite);
    let out = story.tell(Input::NetworkChanged);
    assert_eq!((restarts(&out), wishes(&out)), (vec![], 1), "{out:?}");
    assert_eq!(wishes(&story.pass(SECOND)), 1, "it is said again");
    let offer = |generation, number| Input::Signal(Signal::Offer { connection, number, sdp: sdp(), generation });
    assert_eq!(restarts(&story.tell(offer(1, 5))), vec![1]);
    story.tell(Input::Driver(DriverEvent::AnswerReady { connection, generation: 1, sdp: "ours".to_owned() }));
    let again = story.tell(offer(1, 5));
    assert_eq!(restarts(&again), [0u32; 0]);
    assert!(again.iter().any(|o| matches!(o, Output::Send(Signal::Answer { generation: 1, .. }))), "{again:?}");
    assert_eq!(wishes(&story.pass(3 * SECOND)), 0, "it has what it asked for");
    assert_eq!(restarts(&story.tell(offer(2, 6))), vec![2]);
    let old = story.tell(offer(1, 5));
    assert_eq!((restarts(&old), old.len()), (vec![], 0), "{old:?}");
}

/// The impolite side ignores restart offers, and restarts once for each generation for which it is asked.
#[test]
fn the_impolite_side_restarts_when_it_is_asked() {
    let (mut story, connection) = Story::open(Role::Impolite);
    let offer = Input::Signal(Signal::Offer { connection, number: 5, sdp: sdp(), generation: 1 });
    assert_eq!(restarts(&story.tell(offer)), [0u32; 0]);
    let wish = |generation| Input::Signal(Signal::Restart { connection, number: 6, generation });
    assert_eq!(restarts(&story.tell(wish(0))), vec![1]);
    assert_eq!(restarts(&story.tell(wish(0))), [0u32; 0], "the same wish");
    story.tell(Input::Driver(DriverEvent::OfferReady { connection, generation: 1, sdp: "ours".to_owned() }));
    let out = story.tell(wish(0));
    assert!(out.iter().any(|o| matches!(o, Output::Send(Signal::Offer { .. }))), "it has not got it: {out:?}");
    assert_eq!(restarts(&story.tell(wish(1))), vec![2], "it has, and its addresses changed again");
}

/// Answers and candidates of another generation are not taken for those of this one: an older answer is dropped, newer
/// candidates wait for their description.
#[test]
fn generations_are_not_mixed() {
    let (mut story, connection) = restarting();
    let candidate = Candidate { line: "candidate:1".to_owned(), mid: None, mline: Some(0) };
    let batch = |generation, number| {
        let candidates = vec![candidate.clone()];
        Input::Signal(Signal::Candidates { connection, number, candidates, end: true, generation })
    };
    let answer = |generation, number| Input::Signal(Signal::Answer { connection, number, sdp: sdp(), generation });
    for early in [answer(0, 2), batch(0, 3), batch(1, 4), batch(7, 5)] {
        let out = story.tell(early);
        assert!(out.iter().all(|o| !matches!(o, Output::Driver(_))), "{out:?}");
    }
    let commands = story.tell(answer(1, 6)).into_iter().filter(|o| matches!(o, Output::Driver(_)));
    let expected = [
        DriverCommand::AcceptAnswer { connection, sdp: sdp() },
        DriverCommand::AddCandidates { connection, candidates: vec![candidate.clone()] },
    ];
    assert_eq!(commands.collect::<Vec<_>>(), expected.map(Output::Driver));
}

/// A restart that finds no path ends within its budget, and a fresh connection is begun at once.
#[test]
fn a_failed_restart_is_followed_by_a_fresh_connection_at_once() {
    let (mut story, _) = restarting();
    let out = story.pass(4 * SECOND);
    assert!(out.contains(&Output::Down) && is_begun(&out), "{out:?}");
    assert_eq!(story.machine.state(), State::Connecting);
}

/// A path of the last generation that works, reported when its end was already decided, is not what the restart is for: the
/// new addresses are said, and said again.
#[test]
fn a_path_of_an_older_generation_ends_no_restart() {
    let (mut story, connection) = Story::open(Role::Polite);
    let offer = Signal::Offer { connection, number: 5, sdp: sdp(), generation: 1 };
    assert_eq!(restarts(&story.tell(Input::Signal(offer))), vec![1]);
    story.tell(Input::Driver(DriverEvent::Reconnected { connection, generation: 0, path: Path::Direct }));
    story.tell(Input::Alive(connection));
    assert_eq!(story.machine.state(), State::Suspect, "a frame that came by the old path");
    story.tell(Input::Driver(DriverEvent::AnswerReady { connection, generation: 1, sdp: "ours".to_owned() }));
    let candidates = vec![Candidate { line: "candidate:1".to_owned(), mid: None, mline: Some(0) }];
    let gathered = DriverEvent::CandidatesReady { connection, generation: 1, candidates, end: true };
    let out = story.tell(Input::Driver(gathered));
    assert!(out.iter().any(|o| matches!(o, Output::Send(Signal::Candidates { generation: 1, .. }))), "{out:?}");
}

/// A path that works and yet carries nothing is given up soon: what waits in the library may wait for long.
#[test]
fn a_path_that_carries_nothing_is_given_up() {
    let (mut story, connection) = restarting();
    story.tell(Input::Signal(Signal::Answer { connection, number: 9, sdp: sdp(), generation: 1 }));
    story.tell(Input::Driver(DriverEvent::Reconnected { connection, generation: 1, path: Path::Direct }));
    let out = story.pass(2 * SECOND);
    assert!(out.contains(&Output::Down) && is_begun(&out), "{out:?}");
}

/// A polite side whose wish nobody hears keeps a link on which frames still come.
#[test]
fn a_wish_that_is_not_heard_ends_no_living_link() {
    let (mut story, connection) = Story::open(Role::Polite);
    story.tell(Input::NetworkChanged);
    story.pass(SECOND);
    story.tell(Input::Heartbeat(connection, Heartbeat { interval_ms: 4_000, stamp: 1, echo: None, relayed: None }));
    let out = story.pass(4 * SECOND);
    assert!(!out.contains(&Output::Down), "{out:?}");
    assert_eq!(story.machine.state(), State::Open);
}

/// Reports of one change that come together cause two restarts at most, and none is forgotten.
#[test]
fn changes_that_come_together_are_taken_together() {
    let (mut story, _) = Story::open(Role::Impolite);
    let mut out = vec![];
    for _ in 0..20 {
        out.extend(story.tell(Input::NetworkChanged));
        out.extend(story.pass(Duration::from_millis(20)));
    }
    assert_eq!(restarts(&out), vec![1]);
    assert_eq!(restarts(&story.pass(SECOND)), vec![2]);
}

/// Containers come and go: a link that lives is asked, and goes on as it was, without a signal. One that does not answer is
/// made anew within a promise's time, and one that finds new paths already is left alone.
#[test]
fn a_change_beside_the_way_out_restarts_nothing() {
    for role in [Role::Impolite, Role::Polite] {
        for heard in [true, false] {
            let (mut story, connection) = Story::open(role);
            story.pass(6 * SECOND);
            story.tell(Input::Alive(connection));
            let out = story.tell(Input::AddressesChanged);
            assert!(matches!(out[..], [Output::SendHeartbeat(_)]), "{out:?}");
            if heard {
                story.tell(Input::Alive(connection));
            }
            let out = story.pass(Duration::from_millis(1_300));
            assert_eq!((out.contains(&Output::Down), restarts(&out).len()), (!heard, 0), "{out:?}");
            assert_eq!(is_begun(&out), !heard, "{out:?}");
        }
    }
    let (mut story, _) = restarting();
    assert_eq!(story.tell(Input::AddressesChanged), []);
    assert!(!story.pass(Duration::from_millis(1_500)).contains(&Output::Down), "it has its budget");
}

/// Whatever waits is tried at once when the network changes.
#[test]
fn a_change_of_network_ends_a_wait() {
    let (mut story, connection) = Story::open(Role::Impolite);
    story.tell(Input::Driver(DriverEvent::Closed { connection, reason: CloseReason::NoPath }));
    assert_eq!(story.machine.state(), State::Backoff);
    assert!(is_begun(&story.tell(Input::NetworkChanged)));
}

/// Another boot of the peer means that the link leads nowhere: a fresh one is made at once. The same boot is asked.
#[test]
fn a_peer_that_was_restarted_is_connected_to_at_once() {
    let (mut story, _) = Story::open(Role::Impolite);
    let out = story.tell(Input::PeerAdopted(BOOT));
    assert!(!is_begun(&out) && out.iter().any(|o| matches!(o, Output::SendHeartbeat(_))), "{out:?}");
    let out = story.tell(Input::PeerAdopted(Nonce([2; 16])));
    assert!(out.contains(&Output::Down) && is_begun(&out), "{out:?}");
}

/// After a sleep an open link is asked at once and given a little time, whatever the clock says; when nobody answers a
/// fresh one is made.
#[test]
fn after_a_sleep_everything_is_asked_at_once() {
    for heard in [true, false] {
        let (mut story, connection) = Story::open(Role::Impolite);
        story.pass(6 * SECOND);
        story.tell(Input::Alive(connection));
        story.now += 60 * SECOND;
        let out = story.tell(Input::Woke);
        assert!(out.contains(&Output::Announce) && !out.contains(&Output::Down), "{out:?}");
        assert!(out.iter().any(|o| matches!(o, Output::SendHeartbeat(_))), "{out:?}");
        assert_eq!(story.machine.state(), State::Suspect, "nobody knows whether it lives");
        let answer = |stamp: Duration| {
            let stamp = u64::try_from(stamp.as_micros()).unwrap();
            Input::Heartbeat(connection, Heartbeat { interval_ms: 4_000, stamp: 0, echo: Some(stamp), relayed: None })
        };
        // What the system had kept for us is read first: the peer said it before it gave us up.
        story.tell(Input::Alive(connection));
        story.tell(answer(story.now - 59 * SECOND));
        assert_eq!(story.machine.state(), State::Suspect, "that shows nothing");
        assert!(story.machine.rtt().is_none_or(|rtt| rtt < SECOND), "nor how long the way is");
        if heard {
            story.tell(answer(story.now));
            assert_eq!(story.machine.state(), State::Open);
        }
        let out = story.pass(Duration::from_millis(1_300));
        assert_eq!(is_begun(&out), !heard, "{out:?}");
    }
}

/// The first word of a peer that was given up begins an attempt at once.
#[test]
fn a_sign_of_life_ends_a_wait() {
    let (mut story, connection) = Story::offering(Role::Impolite);
    story.pass(25 * SECOND);
    assert_eq!(story.machine.state(), State::Waiting);
    let stray = Signal::Answer { connection, number: 9, sdp: sdp(), generation: 0 };
    assert!(is_begun(&story.tell(Input::Signal(stray))));
}

/// A young link that a change of the network has cost is made anew at once, on the side that was told of the change; without a
/// change its successor waits.
#[test]
fn a_young_link_that_was_lost_by_a_change_does_not_wait() {
    for changed in [true, false] {
        let (mut story, connection) = Story::open(Role::Impolite);
        if changed {
            story.tell(Input::NetworkChanged);
        }
        let out = story.tell(Input::Driver(DriverEvent::Closed { connection, reason: CloseReason::ByPeer }));
        assert_eq!(is_begun(&out), changed, "{out:?}");
        assert_eq!(story.machine.state() == State::Backoff, !changed);
        // What then fails waits like everything that fails.
        if let Some(connection) = story.machine.connection() {
            let reason = CloseReason::Setup("no".to_owned());
            story.tell(Input::Driver(DriverEvent::Closed { connection, reason }));
            assert_eq!(story.machine.state(), State::Backoff);
        }
    }
}
