//! One machine, one rule each. The peer's signals are made by hand.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::link::{CloseReason, DriverCommand, DriverEvent, Input, Machine, Output, Path, Role, Settings, State};
use crate::wire::signal::{Candidate, Heartbeat, Signal};
use crate::wire::{ConnectionId, Nonce};

const THEIRS: ConnectionId = ConnectionId([9; 16]);
pub(super) const BOOT: Nonce = Nonce([1; 16]);
/// No clock shows whole microseconds, as what is said to the peer does.
pub(super) const BEGIN: Duration = Duration::from_nanos(1);

pub(super) struct Story {
    pub machine: Machine,
    rng: StdRng,
    pub now: Duration,
}

impl Story {
    /// A machine that wants a link to a peer that is there.
    pub fn new(role: Role) -> Self {
        let settings = Settings { polite_grace: Duration::ZERO, ..Settings::default() };
        let mut story = Self { machine: Machine::new(role, settings), rng: StdRng::seed_from_u64(1), now: BEGIN };
        story.tell(Input::Wanted(true));
        story
    }

    pub fn tell(&mut self, input: Input) -> Vec<Output> {
        self.machine.handle(input, self.now, &mut self.rng)
    }

    /// Time passes, from deadline to deadline; everything that was wanted meanwhile.
    pub fn pass(&mut self, time: Duration) -> Vec<Output> {
        let end = self.now + time;
        let mut out = vec![];
        let mut ticks = 0;
        while let Some(at) = self.machine.deadline().filter(|at| *at <= end) {
            assert!(at >= self.now || ticks == 0, "a deadline in the past");
            self.now = self.now.max(at);
            out.extend(self.tell(Input::Tick));
            ticks += 1;
            assert!(ticks <= 20 + 4 * time.as_secs(), "it spins");
        }
        self.now = end;
        out
    }

    /// Our own offer is out.
    pub fn offering(role: Role) -> (Self, ConnectionId) {
        let mut story = Self::new(role);
        let out = story.tell(Input::PeerAdopted(BOOT));
        let Some(Output::Driver(DriverCommand::Offer { connection })) =
            out.iter().find(|output| matches!(output, Output::Driver(DriverCommand::Offer { .. })))
        else {
            panic!("no offer: {out:?}")
        };
        let connection = *connection;
        story.tell(Input::Driver(DriverEvent::OfferReady { connection, generation: 0, sdp: "ours".to_owned() }));
        (story, connection)
    }

    pub fn open(role: Role) -> (Self, ConnectionId) {
        let (mut story, connection) = Self::offering(role);
        story.tell(Input::Signal(Signal::Answer { connection, number: 1, sdp: "theirs".to_owned(), generation: 0 }));
        let out = story.tell(Input::Driver(DriverEvent::Opened { connection, path: Path::Direct }));
        assert!(out.contains(&Output::Up { connection }), "{out:?}");
        (story, connection)
    }
}

fn offer(number: u32) -> Input {
    Input::Signal(Signal::Offer { connection: THEIRS, number, sdp: "theirs".to_owned(), generation: 0 })
}

fn accepts(out: &[Output]) -> usize {
    out.iter().filter(|output| matches!(output, Output::Driver(DriverCommand::AcceptOffer { .. }))).count()
}

fn offers(out: &[Output]) -> usize {
    out.iter().filter(|output| matches!(output, Output::Send(Signal::Offer { .. }))).count()
}

/// When offers cross, the polite side rolls its own back and answers.
#[test]
fn the_polite_side_gives_way() {
    let (mut story, ours) = Story::offering(Role::Polite);
    let out = story.tell(offer(1));
    let expected = DriverCommand::AcceptOffer { connection: THEIRS, sdp: "theirs".to_owned(), instead_of: Some(ours) };
    assert!(out.contains(&Output::Driver(expected)), "{out:?}");
}

/// The impolite side ignores a crossing offer while its own is fresh, and repeats its own; later it gives way too.
#[test]
fn the_impolite_side_insists_for_a_while() {
    let (mut story, _) = Story::offering(Role::Impolite);
    let out = story.tell(offer(1));
    assert_eq!((accepts(&out), offers(&out)), (0, 1), "{out:?}");
    story.pass(Duration::from_secs(6));
    assert_eq!(accepts(&story.tell(offer(2))), 1);
}

/// What was acted on once is not acted on again: a repeated offer gets the same answer, a repeated answer nothing.
#[test]
fn repeated_signals_are_acted_on_once() {
    let mut story = Story::new(Role::Polite);
    assert_eq!(accepts(&story.tell(offer(1))), 1);
    story.tell(Input::Driver(DriverEvent::AnswerReady { connection: THEIRS, generation: 0, sdp: "ours".to_owned() }));
    let again = story.tell(offer(1));
    assert_eq!(accepts(&again), 0, "{again:?}");
    assert!(again.iter().any(|output| matches!(output, Output::Send(Signal::Answer { .. }))), "{again:?}");

    let (mut story, connection) = Story::offering(Role::Impolite);
    let answer = || Input::Signal(Signal::Answer { connection, number: 1, sdp: "theirs".to_owned(), generation: 0 });
    assert!(story.tell(answer()).iter().any(|output| matches!(output, Output::Driver(_))));
    assert!(!story.tell(answer()).iter().any(|output| matches!(output, Output::Driver(_))));
}

/// Candidates that come before the offer they belong to are kept, and bounded.
#[test]
fn early_candidates_are_kept() {
    let mut story = Story::new(Role::Polite);
    let candidate = Candidate { line: "candidate:1".to_owned(), mid: None, mline: Some(0) };
    let batch = |number| {
        let candidates = vec![candidate.clone()];
        Input::Signal(Signal::Candidates { connection: THEIRS, number, candidates, end: false, generation: 0 })
    };
    for number in 2..100 {
        assert!(story.tell(batch(number)).iter().all(|output| !matches!(output, Output::Driver(_))));
    }
    let out = story.tell(offer(1));
    let added =
        out.iter().filter(|output| matches!(output, Output::Driver(DriverCommand::AddCandidates { .. }))).count();
    assert!((1..=16).contains(&added), "{added} of 98 were kept");
}

/// An offer without an answer is repeated and ends within its budget. A peer that said nothing meanwhile is not offered to
/// again before a hello: after a few announcements there is silence.
#[test]
fn nobody_offers_for_ever_to_who_is_gone() {
    let (mut story, _) = Story::offering(Role::Impolite);
    let out = story.pass(Duration::from_secs(16));
    assert!(offers(&out) >= 3, "{} repetitions", offers(&out));
    assert!(out.contains(&Output::Driver(DriverCommand::Close)));
    let out = story.pass(Duration::from_secs(120));
    let announces = out.iter().filter(|output| **output == Output::Announce).count();
    assert!((2..=5).contains(&announces), "{announces} announcements");
    assert_eq!(story.pass(Duration::from_secs(3_600)), vec![]);
    assert!(
        story.tell(Input::PeerAdopted(BOOT)).iter().any(|o| matches!(o, Output::Driver(DriverCommand::Offer { .. })))
    );
}

/// A peer that talks, and yet no link comes of it, is tried again and again: its word is a sign of life, so about once per
/// budget.
#[test]
fn a_peer_that_talks_is_tried_again() {
    let (mut story, connection) = Story::offering(Role::Impolite);
    let mut now_at = connection;
    let mut attempts = 0;
    for number in 1..=600u32 {
        story.tell(Input::Signal(Signal::Answer {
            connection: now_at,
            number,
            sdp: "theirs".to_owned(),
            generation: 0,
        }));
        for output in story.pass(Duration::from_secs(1)) {
            if let Output::Driver(DriverCommand::Offer { connection }) = output {
                attempts += 1;
                now_at = connection;
                story.tell(Input::Driver(DriverEvent::OfferReady {
                    connection,
                    generation: 0,
                    sdp: "ours".to_owned(),
                }));
            }
        }
    }
    assert!((20..=40).contains(&attempts), "{attempts} attempts in ten minutes");
}

/// A peer that falls silent is suspected, asked, and given up; a frame in time saves the link.
#[test]
fn silence_ends_a_link() {
    let (mut story, connection) = Story::open(Role::Impolite);
    let heartbeat = Heartbeat { interval_ms: 4_000, stamp: 1, echo: None, relayed: None };
    let out = story.tell(Input::Heartbeat(connection, heartbeat));
    assert!(out.iter().any(|o| matches!(o, Output::SendHeartbeat(Heartbeat { echo: Some(1), .. }))), "{out:?}");
    story.pass(Duration::from_millis(8_100));
    assert_eq!(story.machine.state(), State::Suspect);
    story.tell(Input::Alive(connection));
    assert_eq!(story.machine.state(), State::Open);
    let out = story.pass(Duration::from_millis(12_100));
    assert!(out.contains(&Output::Down), "{out:?}");
    assert!(!matches!(story.machine.state(), State::Open | State::Suspect));
}

/// A newer offer of the peer means that it has lost the link: it replaces ours. An older one is dropped.
#[test]
fn a_newer_offer_replaces_the_link() {
    let (mut story, _) = Story::open(Role::Impolite);
    assert_eq!(accepts(&story.tell(offer(1))), 0, "it was overtaken");
    story.pass(Duration::from_secs(6));
    let out = story.tell(offer(7));
    assert_eq!(accepts(&out), 1, "{out:?}");
    assert!(out.contains(&Output::Down));
}

/// What is no longer wanted is closed, and stays closed whatever the peer says.
#[test]
fn what_is_not_wanted_is_closed() {
    let (mut story, _) = Story::open(Role::Polite);
    let out = story.tell(Input::Wanted(false));
    assert!(out.contains(&Output::Driver(DriverCommand::Close)) && out.contains(&Output::Down), "{out:?}");
    assert_eq!(accepts(&story.tell(offer(50))), 0);
    assert_eq!(story.machine.state(), State::Idle);
    assert_eq!(story.machine.deadline(), None);
}

/// A peer that sends offers without end costs us a bounded number of certificates.
#[test]
fn offers_are_rate_limited() {
    let mut story = Story::new(Role::Polite);
    let mut accepted = 0;
    for number in 1..200u32 {
        let connection = ConnectionId([u8::try_from(number).unwrap(); 16]);
        let out =
            story.tell(Input::Signal(Signal::Offer { connection, number, sdp: "theirs".to_owned(), generation: 0 }));
        accepted += accepts(&out);
    }
    assert!(accepted <= 8, "{accepted} at once");
}

/// A connection that ends is no end: the next attempt waits its turn.
#[test]
fn a_lost_connection_is_made_anew() {
    let (mut story, connection) = Story::open(Role::Impolite);
    let out = story.tell(Input::Driver(DriverEvent::Closed { connection, reason: CloseReason::ByPeer }));
    assert!(out.contains(&Output::Down));
    assert_eq!(story.machine.state(), State::Backoff);
    let out = story.pass(Duration::from_secs(2));
    assert!(out.iter().any(|o| matches!(o, Output::Driver(DriverCommand::Offer { .. }))), "{out:?}");
}

/// A relay that only one side can see is shown on both: who relays says so, in every heartbeat and at once when that changes.
#[test]
fn a_relay_of_either_side_is_shown_on_both() {
    let (mut story, connection) = Story::open(Role::Polite);
    let told = |relayed| Heartbeat { interval_ms: 4_000, stamp: 1, echo: None, relayed };
    let tell = |story: &mut Story, relayed| story.tell(Input::Heartbeat(connection, told(relayed)));
    let relay = Output::StateChanged { state: State::Open, path: Some(Path::Relay) };
    assert!(tell(&mut story, Some(true)).contains(&relay));
    assert!(!tell(&mut story, Some(true)).contains(&relay), "it is no news");
    tell(&mut story, None);
    assert_eq!(story.machine.path(), Some(Path::Relay), "a heartbeat that does not say takes nothing back");
    tell(&mut story, Some(false));
    assert_eq!(story.machine.path(), Some(Path::Direct));

    let says = |out: &[Output], relayed| {
        let say = |o: &Output| matches!(o, Output::SendHeartbeat(beat) if beat.relayed == Some(relayed));
        out.iter().any(say)
    };
    let ours = story.tell(Input::Driver(DriverEvent::PathChanged { connection, path: Path::Relay }));
    assert!(ours.contains(&relay) && says(&ours, true), "{ours:?}");
    assert!(says(&tell(&mut story, Some(false)), true), "ours stays one, and that is our answer");
    assert_eq!(story.machine.path(), Some(Path::Relay));
}
