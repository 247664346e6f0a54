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
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let (sender, events) = mpsc::channel(events_max);
        let handles = [0, 1].map(|tag| spawn(tag, settings.clone(), &tracker, cancel.clone(), sender.clone()));
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
            DriverEvent::OfferReady { connection, sdp } => {
                sdp_fingerprint(&sdp).unwrap();
                self.describe(other, connection, DriverCommand::AcceptOffer { connection, sdp, instead_of });
            }
            DriverEvent::AnswerReady { connection, sdp } => {
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
