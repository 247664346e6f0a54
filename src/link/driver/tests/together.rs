//! Two machines with two drivers and the real library between them; signals arrive at once. Offers cross on purpose.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::*;
use super::{DEADLINE, report};
use crate::link::{DriverEvent, Input, Machine, Output, Role, State};
use crate::wire::{ConnectionId, Frame, Nonce};

/// Times that two devices start at once in the usual run; `KITH_GLARES` asks for more.
const GLARES: usize = 30;

struct Devices {
    machines: [Machine; 2],
    handles: [Handle; 2],
    events: mpsc::Receiver<(usize, DriverEvent)>,
    inputs: VecDeque<(usize, Input)>,
    rng: StdRng,
    began: Instant,
    up: [Option<ConnectionId>; 2],
    /// Links that came up, on each side.
    ups: [usize; 2],
    signals: usize,
    tracker: TaskTracker,
    cancel: CancellationToken,
}

impl Devices {
    fn new(seed: u64) -> Self {
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let (sender, events) = mpsc::channel(64);
        let settings = Settings { bind: vec!["127.0.0.1:0".to_owned()], ..Settings::default() };
        let handles = [0, 1].map(|tag| spawn(tag, settings.clone(), &tracker, cancel.clone(), sender.clone()));
        let eager = crate::link::Settings { polite_grace: Duration::ZERO, ..crate::link::Settings::default() };
        let machines = [Role::Polite, Role::Impolite].map(|role| Machine::new(role, eager.clone()));
        let (inputs, rng, began) = (VecDeque::new(), StdRng::seed_from_u64(seed), Instant::now());
        Self { machines, handles, events, inputs, rng, began, up: [None; 2], ups: [0; 2], signals: 0, tracker, cancel }
    }

    fn input(&mut self, side: usize, input: Input) {
        let outputs = self.machines[side].handle(input, self.began.elapsed(), &mut self.rng);
        for output in outputs {
            match output {
                Output::Send(signal) => {
                    self.signals += 1;
                    self.inputs.push_back((1 - side, Input::Signal(signal)));
                }
                Output::Driver(command) => self.handles[side].command(command).unwrap(),
                Output::SendHeartbeat(heartbeat) => {
                    let connection = self.machines[side].connection().unwrap();
                    let frame = Bytes::from(Frame::Heartbeat(heartbeat).to_bytes());
                    self.handles[side].send(connection, frame).unwrap();
                }
                Output::Up { connection } => {
                    self.ups[side] += 1;
                    self.up[side] = Some(connection);
                }
                Output::Down => self.up[side] = None,
                Output::StateChanged { .. } | Output::Announce => {}
            }
        }
    }

    /// Lets things happen until it is so.
    async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let limit = Instant::now() + DEADLINE;
        while !done(self) {
            assert!(Instant::now() < limit, "{what}: {:?}", self.machines);
            if let Some((side, input)) = self.inputs.pop_front() {
                self.input(side, input);
                continue;
            }
            let deadlines = self.machines.iter().filter_map(Machine::deadline);
            let due = self.began + deadlines.min().unwrap_or(DEADLINE);
            tokio::select! {
                event = self.events.recv() => match event.unwrap() {
                    (side, DriverEvent::Frame { connection, bytes }) => {
                        let Ok(Frame::Heartbeat(heartbeat)) = Frame::parse(&bytes) else { panic!("{bytes:?}") };
                        self.input(side, Input::Heartbeat(connection, heartbeat));
                    }
                    (side, event) => self.input(side, Input::Driver(event)),
                },
                () = tokio::time::sleep_until(due.into()) => {
                    for side in [0, 1] {
                        self.input(side, Input::Tick);
                    }
                }
            }
        }
    }

    fn are_linked(&self) -> bool {
        self.up[0].is_some() && self.up[0] == self.up[1]
    }

    fn are_calm(&self) -> bool {
        self.are_linked()
            && self.machines.iter().all(|machine| machine.state() == State::Open && machine.rtt().is_some())
    }

    async fn end(self) {
        self.cancel.cancel();
        self.tracker.close();
        tokio::time::timeout(DEADLINE, self.tracker.wait()).await.expect("the drivers end");
    }
}

/// However often two start at once, each time exactly one link comes of it, the same on both sides; and when either's
/// network changes, or both do, it is still that link, with few words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_start_at_once_have_one_link_and_keep_it() {
    let rounds = std::env::var("KITH_GLARES").ok().map_or(GLARES, |rounds| rounds.parse().expect("a number"));
    let (mut opened, mut moved) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut devices = Devices::new(round as u64);
        for side in [0, 1] {
            devices.input(side, Input::Wanted(true));
        }
        // In turns the one or the other learns of its peer first.
        for side in [round % 2, 1 - round % 2] {
            devices.input(side, Input::PeerAdopted(Nonce([u8::try_from(side).unwrap(); 16])));
        }
        let began = Instant::now();
        devices.until("a link", Devices::are_linked).await;
        opened.push(began.elapsed());
        devices.until("calm", Devices::are_calm).await;
        let (link, said) = (devices.up, devices.signals);
        assert!(said <= 8, "{said} signals for one link");
        let began = Instant::now();
        for side in [0, 1].into_iter().filter(|side| round % 3 == 2 || round % 3 == *side) {
            devices.input(side, Input::NetworkChanged);
        }
        devices.until("open again", Devices::are_calm).await;
        moved.push(began.elapsed());
        assert_eq!((devices.up, devices.ups), (link, [1; 2]), "it is another link");
        let said = devices.signals - said;
        // An offer and an answer at least; candidates may come when both are calm already.
        assert!((2..=8).contains(&said), "{said} signals for a restart");
        devices.end().await;
    }
    report("two start at once", opened);
    report("a network changes", moved);
}
