//! Which addresses the peer may learn, and a peer that shows none: rule 7.

use std::time::Duration;

use super::stories::{BOOT, Story};
use crate::link::{DriverCommand, Input, Output, Policy, Role, State};
use crate::wire::signal::Signal;
use crate::wire::{ConnectionId, Nonce};

const THEIRS: ConnectionId = ConnectionId([9; 16]);
const BOTH: [Role; 2] = [Role::Polite, Role::Impolite];

fn offer(connection: ConnectionId, number: u32) -> Input {
    Input::Signal(Signal::Offer { connection, number, sdp: "theirs".to_owned(), generation: 0 })
}

fn nothing(connection: ConnectionId, number: u32) -> Input {
    Input::Signal(Signal::Candidates { connection, number, candidates: vec![], end: true, generation: 0 })
}

fn offered(out: &[Output]) -> Option<ConnectionId> {
    out.iter().find_map(|output| match output {
        Output::Driver(DriverCommand::Offer { connection }) => Some(*connection),
        _ => None,
    })
}

/// Another rule ends the open link at once and makes a fresh one under it, whoever is the polite one.
#[test]
fn another_rule_makes_the_link_anew() {
    for role in BOTH {
        let (mut story, old) = Story::open(role);
        let out = story.tell(Input::Policy(Policy::RelayOnly));
        assert!(out.contains(&Output::Down) && out.contains(&Output::Driver(DriverCommand::Close)), "{out:?}");
        assert_eq!(story.machine.state(), State::Connecting);
        let fresh = offered(&out).expect("the polite one waits for nothing here");
        assert_ne!(fresh, old);
        assert!(story.tell(Input::Policy(Policy::RelayOnly)).is_empty(), "the same rule is no news");
    }
}

/// Who shows nothing leaves the link at once, rests, and makes nothing new, whatever happens; until that changes.
#[test]
fn who_shows_nothing_rests() {
    for role in BOTH {
        let (mut story, _) = Story::open(role);
        let out = story.tell(Input::Policy(Policy::Never));
        assert!(out.contains(&Output::Down) && out.contains(&Output::Driver(DriverCommand::Close)), "{out:?}");
        assert_eq!((story.machine.state(), story.machine.path()), (State::Idle, None));
        assert_eq!(story.machine.deadline(), None);
        for input in [Input::PeerAdopted(BOOT), Input::NetworkChanged, Input::Woke, Input::RouteAppeared] {
            assert_eq!(story.tell(input), []);
        }
        assert_eq!(story.pass(Duration::from_secs(3600)), []);
        assert!(offered(&story.tell(Input::Policy(Policy::Everything))).is_some());
    }
}

/// An offer to who shows nothing is answered so that the peer need not wait, at a bounded rate; other signals are not, and
/// who wants no link at all says nothing.
#[test]
fn an_offer_to_who_shows_nothing_is_answered() {
    let mut story = Story::new(Role::Polite);
    story.tell(Input::Policy(Policy::Never));
    let out = story.tell(offer(THEIRS, 1));
    let [Output::Send(Signal::Candidates { connection: THEIRS, candidates, end: true, generation: 0, .. })] = &out[..]
    else {
        panic!("{out:?}")
    };
    assert!(candidates.is_empty());
    assert_eq!(story.tell(nothing(THEIRS, 2)), []);
    let said = (3..100).map(|number| story.tell(offer(THEIRS, number)).len()).sum::<usize>();
    assert!(said < 10, "{said} answers at once");
    story.tell(Input::Wanted(false));
    story.now += Duration::from_secs(100);
    assert_eq!(story.tell(offer(THEIRS, 101)), []);
}

/// A peer that shows nothing is left in peace: neither time nor its hellos make another attempt, nor does the same word said
/// twice. Its own offer does, and so does another boot of it.
#[test]
fn a_peer_that_shows_nothing_is_left_in_peace() {
    for role in BOTH {
        for another_boot in [false, true] {
            let (mut story, connection) = Story::offering(role);
            let out = story.tell(nothing(connection, 1));
            assert!(out.contains(&Output::Driver(DriverCommand::Close)), "{out:?}");
            assert_eq!(story.machine.state(), State::Waiting);
            assert!(story.machine.waits_for_an_address());
            for input in [nothing(connection, 1), nothing(connection, 2), Input::PeerAdopted(BOOT)] {
                assert_eq!(story.tell(input), []);
            }
            assert_eq!(story.pass(Duration::from_secs(3600)), []);
            if another_boot {
                assert!(offered(&story.tell(Input::PeerAdopted(Nonce([7; 16])))).is_some());
            } else {
                story.tell(offer(THEIRS, 3));
                assert_eq!(story.machine.connection(), Some(THEIRS));
            }
            assert!(!story.machine.waits_for_an_address());
        }
    }
}

/// That the peer shows nothing counts as the answer to our offer only: an open link, and one that is being agreed on, go on.
#[test]
fn nothing_shown_is_an_answer_to_an_offer_only() {
    let (mut story, connection) = Story::open(Role::Impolite);
    story.tell(nothing(connection, 9));
    assert_eq!(story.machine.state(), State::Open);
    let (mut story, connection) = Story::offering(Role::Impolite);
    story.tell(nothing(THEIRS, 1));
    story.tell(Input::Signal(Signal::Answer { connection, number: 2, sdp: "theirs".to_owned(), generation: 0 }));
    story.tell(nothing(connection, 3));
    assert_eq!(story.machine.connection(), Some(connection));
}
