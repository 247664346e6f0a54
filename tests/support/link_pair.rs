//! Two link drivers in one process, what they say carried between them, and what the process holds.
//!
//! Included by path in the test of leaks and in the bench of links, which must mean the same by a cycle.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use kith::link::driver::{self, Handle, Settings};
use kith::link::{DriverCommand, DriverEvent};
use kith::wire::ConnectionId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Nothing takes so long on an idle machine; this one may be shared by many.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often to look at what the process has: no event says that the library has let go of it.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What the process has.
#[derive(Debug, PartialEq)]
pub struct Held {
    pub tasks: usize,
    pub files: Option<usize>,
    pub threads: Option<usize>,
}

impl Held {
    pub fn now() -> Self {
        let count = |folder| fs::read_dir(folder).ok().map(Iterator::count);
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        Self { tasks, files: count("/proc/self/fd"), threads: count("/proc/self/task") }
    }

    /// As it is once no more tasks are alive than `tasks`. The library's own task of a closed connection ends a moment after
    /// it and tells nobody, so it is looked until it has.
    pub async fn at_rest(tasks: usize) -> Self {
        Self::once(|held| held.tasks <= tasks).await
    }

    /// As it is once all is as before, or after all the time there is.
    pub async fn again(before: &Self) -> Self {
        Self::once(|held| held == before).await
    }

    async fn once(so: impl Fn(&Self) -> bool) -> Self {
        let wait = async {
            let mut looks = tokio::time::interval(LOOK_EVERY);
            while !so(&Self::now()) {
                looks.tick().await;
            }
        };
        // What is still there after that is a leak, which whoever compares shows.
        let _ = tokio::time::timeout(DEADLINE, wait).await;
        Self::now()
    }
}

/// Pages of memory in use, where the system tells.
pub fn memory() -> Option<u64> {
    fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()
}

/// Two drivers, and whoever carries between them.
pub struct Pair {
    pub handles: [Handle; 2],
    events: mpsc::Receiver<(usize, DriverEvent)>,
    /// Candidates that came before the description they belong to, and who has the other's description.
    early: [Vec<DriverCommand>; 2],
    described: [bool; 2],
    tracker: TaskTracker,
    cancel: CancellationToken,
}

impl Pair {
    /// On the loopback address.
    pub fn new() -> Self {
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let (sender, events) = mpsc::channel(64);
        let settings = Settings { bind: vec!["127.0.0.1:0".to_owned()], ..Settings::default() };
        let handles = [0, 1].map(|tag| driver::spawn(tag, settings.clone(), &tracker, cancel.clone(), sender.clone()));
        Self { handles, events, early: [vec![], vec![]], described: [false; 2], tracker, cancel }
    }

    fn describe(&mut self, side: usize, command: DriverCommand) {
        self.handles[side].command(command).unwrap();
        self.described[side] = true;
        for command in std::mem::take(&mut self.early[side]) {
            self.handles[side].command(command).unwrap();
        }
    }

    /// Carries what is said until something else happens.
    pub async fn event(&mut self) -> (usize, DriverEvent) {
        loop {
            let (side, event) = tokio::time::timeout(DEADLINE, self.events.recv()).await.expect("in time").unwrap();
            let other = 1 - side;
            match event {
                DriverEvent::OfferReady { connection, generation: 0, sdp } => {
                    self.describe(other, DriverCommand::AcceptOffer { connection, sdp, instead_of: None });
                }
                DriverEvent::OfferReady { connection, generation, sdp } => {
                    self.describe(other, DriverCommand::AcceptRestart { connection, generation, sdp });
                }
                DriverEvent::AnswerReady { connection, sdp, .. } => {
                    self.describe(other, DriverCommand::AcceptAnswer { connection, sdp });
                }
                DriverEvent::CandidatesReady { connection, candidates, .. } => {
                    let command = DriverCommand::AddCandidates { connection, candidates };
                    if self.described[other] {
                        self.handles[other].command(command).unwrap();
                    } else {
                        self.early[other].push(command);
                    }
                }
                event => return (side, event),
            }
        }
    }

    /// Waits until both sides say so.
    pub async fn both(&mut self, what: impl Fn(&DriverEvent) -> bool) {
        let mut said = [false; 2];
        while said != [true; 2] {
            let (side, event) = self.event().await;
            said[side] |= what(&event);
        }
    }

    /// A connection that is open on both sides.
    pub async fn open(&mut self, connection: ConnectionId) {
        self.handles[0].command(DriverCommand::Offer { connection }).unwrap();
        self.both(|event| matches!(event, DriverEvent::Opened { .. })).await;
    }

    /// Returns when both drivers have ended.
    pub async fn end(self) {
        let Pair { handles, events, tracker, .. } = self;
        drop((handles, events));
        tracker.close();
        tokio::time::timeout(DEADLINE, tracker.wait()).await.expect("the drivers end");
    }
}

/// One life of a link, each in one of several ways.
pub async fn cycle(number: usize) {
    let mut pair = Pair::new();
    let connection = ConnectionId([1; 16]);
    // Every fifth ends while it is being made.
    if number.is_multiple_of(5) {
        pair.handles[0].command(DriverCommand::Offer { connection }).unwrap();
    } else {
        pair.open(connection).await;
        for side in [0, 1] {
            pair.handles[side].send(connection, Bytes::from(vec![7; 20_000])).unwrap();
        }
        pair.both(|event| matches!(event, DriverEvent::Frame { .. })).await;
    }
    match number % 5 {
        1 => {
            pair.described = [false; 2];
            pair.handles[0].command(DriverCommand::Restart { connection, generation: 1 }).unwrap();
            pair.both(|event| matches!(event, DriverEvent::Reconnected { .. })).await;
        }
        2 => {
            pair.handles[1].command(DriverCommand::Close).unwrap();
            while !matches!(pair.event().await, (0, DriverEvent::Closed { .. })) {}
        }
        3 => pair.cancel.cancel(),
        _ => {}
    }
    pair.end().await;
}
