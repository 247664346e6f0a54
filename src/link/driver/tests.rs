mod bulk;
mod paths;
mod together;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::link::Path;
use crate::wire::signal::{Candidate, sdp_fingerprint};

/// Nothing here takes a second on an idle machine; this one may be shared by many.
const DEADLINE: Duration = Duration::from_secs(30);

/// Two drivers in one process, and a table between them that carries what they say to the other side.
struct Pair {
    handles: [Handle; 2],
    events: mpsc::Receiver<(usize, DriverEvent)>,
    tracker: TaskTracker,
    cancel: CancellationToken,
    /// Candidates that arrived before the description they belong to.
    early: HashMap<(usize, ConnectionId), Vec<Candidate>>,
    described: Vec<(usize, ConnectionId)>,
}

impl Pair {
    fn new() -> Self {
        Self::with(Settings { bind: vec!["127.0.0.1:0".to_owned()], ..Settings::default() }, 64)
    }

    fn with(settings: Settings, events_max: usize) -> Self {
        Self::of([settings.clone(), settings], events_max)
    }

    fn of(settings: [Settings; 2], events_max: usize) -> Self {
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let (sender, events) = mpsc::channel(events_max);
        let mut tag = 0..;
        let handles =
            settings.map(|settings| spawn(tag.next().unwrap(), settings, &tracker, cancel.clone(), sender.clone()));
        Self { handles, events, tracker, cancel, early: HashMap::new(), described: Vec::new() }
    }

    fn command(&self, side: usize, command: DriverCommand) {
        self.handles[side].command(command).unwrap();
    }

    async fn event(&mut self) -> (usize, DriverEvent) {
        tokio::time::timeout(DEADLINE, self.events.recv()).await.expect("an event in time").unwrap()
    }

    fn describe(&mut self, side: usize, connection: ConnectionId, command: DriverCommand) {
        self.command(side, command);
        self.described.push((side, connection));
        if let Some(candidates) = self.early.remove(&(side, connection)) {
            self.command(side, DriverCommand::AddCandidates { connection, candidates });
        }
    }

    /// Carries an event of one side to the other; hands back what is not signaling.
    fn carry(&mut self, side: usize, event: DriverEvent, instead_of: Option<ConnectionId>) -> Option<DriverEvent> {
        let other = 1 - side;
        match event {
            DriverEvent::OfferReady { connection, generation, sdp } => {
                sdp_fingerprint(&sdp).unwrap();
                let command = match generation {
                    0 => DriverCommand::AcceptOffer { connection, sdp, instead_of },
                    _ => DriverCommand::AcceptRestart { connection, generation, sdp },
                };
                self.describe(other, connection, command);
            }
            DriverEvent::AnswerReady { connection, sdp, .. } => {
                sdp_fingerprint(&sdp).unwrap();
                self.describe(other, connection, DriverCommand::AcceptAnswer { connection, sdp });
            }
            DriverEvent::CandidatesReady { connection, candidates, .. } => {
                if self.described.contains(&(other, connection)) {
                    self.command(other, DriverCommand::AddCandidates { connection, candidates });
                } else {
                    self.early.entry((other, connection)).or_default().extend(candidates);
                }
            }
            other => return Some(other),
        }
        None
    }

    /// Carries signals until both sides say that the connection is open.
    async fn open(&mut self, connection: ConnectionId) {
        let mut open = [false; 2];
        while open != [true; 2] {
            let (side, event) = self.event().await;
            match self.carry(side, event, None) {
                Some(DriverEvent::Opened { connection: opened, path }) => {
                    assert_eq!((opened, path), (connection, Path::Direct));
                    open[side] = true;
                }
                Some(other) => panic!("{side}: {other:?}"),
                None => {}
            }
        }
    }

    async fn connect(&mut self, connection: ConnectionId) {
        self.command(0, DriverCommand::Offer { connection });
        self.open(connection).await;
    }

    /// Sends a frame from one side and waits for it at the other.
    async fn deliver(&mut self, side: usize, connection: ConnectionId, frame: &'static [u8]) {
        self.handles[side].send(connection, Bytes::from_static(frame)).unwrap();
        loop {
            let (at, event) = self.event().await;
            if let Some(DriverEvent::Frame { connection: on, bytes }) = self.carry(at, event, None) {
                assert_eq!((at, on, &bytes[..]), (1 - side, connection, frame));
                return;
            }
        }
    }

    /// Ends both drivers; returns when no task of theirs is left.
    async fn end(self) {
        self.cancel.cancel();
        self.tracker.close();
        tokio::time::timeout(DEADLINE, self.tracker.wait()).await.expect("the drivers end");
    }
}

fn id(number: u8) -> ConnectionId {
    ConnectionId([number; 16])
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("{what}: median {:?}, worst {:?} of {}", times[times.len() / 2], times[times.len() - 1], times.len());
}

/// Two devices on one machine connect with trickled candidates and a frame goes each way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_connect_and_frames_go_both_ways() {
    let mut times = Vec::new();
    for round in 0..20 {
        let mut pair = Pair::new();
        let began = Instant::now();
        pair.connect(id(round)).await;
        pair.deliver(0, id(round), b"there").await;
        pair.deliver(1, id(round), b"and back").await;
        times.push(began.elapsed());
        pair.end().await;
    }
    report("connect and echo on loopback", times);
}

/// The same with every interface of the machine, as the program does it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_connect_over_any_interface() {
    let mut times = Vec::new();
    for round in 0..5 {
        let mut pair = Pair::with(Settings::default(), 64);
        let began = Instant::now();
        pair.connect(id(round)).await;
        pair.deliver(0, id(round), b"there").await;
        pair.deliver(1, id(round), b"and back").await;
        times.push(began.elapsed());
        pair.end().await;
    }
    report("connect and echo over every interface", times);
}

/// Both offer; one rolls its own offer back on the same connection and answers, with its candidates said again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn glare_ends_in_one_connection_by_rollback() {
    let mut times = Vec::new();
    for round in 0..20 {
        let mut pair = Pair::new();
        let (polite, impolite) = (id(100 + round), id(200 + round));
        let began = Instant::now();
        pair.command(0, DriverCommand::Offer { connection: polite });
        pair.command(1, DriverCommand::Offer { connection: impolite });
        let mut offer = None;
        let mut made = false;
        let mut held = Vec::new();
        // Both offers are made, and the polite side's candidates are out under the old id, before it yields.
        while offer.is_none() || !made || !held.contains(&0) {
            match pair.event().await {
                (1, DriverEvent::OfferReady { sdp, .. }) => offer = Some(sdp),
                (0, DriverEvent::OfferReady { .. }) => made = true,
                (side, DriverEvent::CandidatesReady { candidates, .. }) => {
                    held.push(side);
                    if side == 1 {
                        pair.early.entry((0, impolite)).or_default().extend(candidates);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        let accept = DriverCommand::AcceptOffer { connection: impolite, sdp: offer.unwrap(), instead_of: Some(polite) };
        pair.describe(0, impolite, accept);
        pair.open(impolite).await;
        pair.deliver(0, impolite, b"there").await;
        pair.deliver(1, impolite, b"and back").await;
        times.push(began.elapsed());
        pair.end().await;
    }
    report("glare, rollback and echo", times);
}

/// A frame that is too long to be sent is refused at once, and the connection goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_that_is_too_long_is_refused_at_once() {
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    let long = Bytes::from(vec![7; FRAME_BYTES_MAX + 1]);
    assert_eq!(pair.handles[0].send(id(1), long), Err(SendError::TooLong(FRAME_BYTES_MAX + 1)));
    let longest = vec![7; FRAME_BYTES_MAX].leak();
    pair.deliver(0, id(1), longest).await;
    pair.deliver(1, id(1), b"and back").await;
    pair.end().await;
}

/// A sender who is quicker than the link is refused, is told once when there is room again, and nothing is lost or comes in
/// another order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_sender_is_refused_and_told_when_there_is_room() {
    const FRAMES: u32 = 400;
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    let frame = |n: u32| Bytes::from([&n.to_be_bytes()[..], &[7; 16 * 1024]].concat());
    let (mut next, mut refused, mut arrived) = (0, 0, 0);
    let (mut waiting, mut told) = (false, 0);
    while arrived < FRAMES {
        while !waiting && next < FRAMES {
            match pair.handles[0].send(id(1), frame(next)) {
                Ok(room) => {
                    assert!(room <= QUEUE_BYTES_MAX);
                    next += 1;
                }
                Err(error) => {
                    assert_eq!(error, SendError::Full);
                    refused += 1;
                    waiting = true;
                }
            }
        }
        let (side, event) = pair.event().await;
        match pair.carry(side, event, None) {
            Some(DriverEvent::Writable { connection }) => {
                assert_eq!((side, connection), (0, id(1)));
                told += 1;
                waiting = false;
            }
            Some(DriverEvent::Frame { bytes, .. }) => {
                assert_eq!((side, &bytes), (1, &frame(arrived)));
                arrived += 1;
            }
            Some(other) => panic!("{side}: {other:?}"),
            None => {}
        }
    }
    assert!(refused > 0, "6 MiB fit a queue of {QUEUE_BYTES_MAX} bytes");
    assert_eq!(told, refused, "one for each refusal");
    pair.end().await;
}

/// While nobody takes events, frames are not taken from the peer either, whose queue fills; when they are taken again, all
/// of them come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_slows_the_sender_and_loses_nothing() {
    let mut pair = Pair::with(Settings { bind: vec!["127.0.0.1:0".to_owned()], ..Settings::default() }, 4);
    pair.connect(id(1)).await;
    let frame = |n: u32| Bytes::from([&n.to_be_bytes()[..], &[7; 16 * 1024]].concat());
    let mut sent = 0;
    // What the driver, the library and the peer may hold together is bounded, so this comes to its end; a driver that
    // only is slow has a moment's patience.
    let mut patience = 0;
    while patience < 100 {
        match pair.handles[0].send(id(1), frame(sent)) {
            Ok(_) => (sent, patience) = (sent + 1, 0),
            Err(error) => {
                assert_eq!(error, SendError::Full);
                patience += 1;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        assert!(sent < 1_000, "16 MiB wait somewhere");
    }
    let mut arrived = 0;
    while arrived < sent {
        let (side, event) = pair.event().await;
        if let Some(DriverEvent::Frame { bytes, .. }) = pair.carry(side, event, None) {
            assert_eq!((side, &bytes), (1, &frame(arrived)));
            arrived += 1;
        }
    }
    pair.end().await;
}

/// Who closes hears nothing more of the connection; the peer hears that it was closed, and both can connect again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_is_heard_by_the_peer_and_both_can_connect_again() {
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    pair.command(0, DriverCommand::Close);
    loop {
        let (side, event) = pair.event().await;
        match pair.carry(side, event, None) {
            Some(DriverEvent::Closed { connection, reason }) => {
                assert_eq!((side, connection, reason), (1, id(1), crate::link::CloseReason::ByPeer));
                break;
            }
            Some(other) => panic!("{side}: {other:?}"),
            None => {}
        }
    }
    // A frame for what is closed is dropped, and harms nobody.
    pair.handles[0].send(id(1), Bytes::from_static(b"too late")).unwrap();
    pair.connect(id(2)).await;
    pair.deliver(0, id(2), b"there").await;
    pair.end().await;
}

/// A driver that has ended says so to whoever sends or commands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_driver_says_so() {
    let pair = Pair::new();
    pair.cancel.cancel();
    pair.tracker.close();
    tokio::time::timeout(DEADLINE, pair.tracker.wait()).await.expect("the drivers end");
    assert_eq!(pair.handles[0].command(DriverCommand::Close), Err(CommandError::Ended));
    assert_eq!(pair.handles[0].send(id(1), Bytes::from_static(b"x")), Err(SendError::Ended));
}
