//! Two machines, a broker that loses, repeats and reorders, a modelled driver, restarts: one seed replays a whole world.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::link::{CloseReason, DriverCommand, DriverEvent, Input, Machine, Output, Path, Role, Settings, State};
use crate::wire::ConnectionId;
use crate::wire::signal::{Candidate, Heartbeat, Signal};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Until then anything may go wrong.
const FAULTS_END: Duration = ms(40_000);
/// By then there must be one link, and no state may have changed for the last [`CALM`].
const END: Duration = ms(240_000);
const CALM: Duration = ms(60_000);
/// A world has about 1,500; one in which each signal begets another has no end.
const HAPPENINGS_MAX: u64 = 20_000;

/// What the modelled library holds.
#[derive(Clone, Debug)]
struct Peer {
    connection: ConnectionId,
    offerer: bool,
    /// Names this one's certificate; its description says it.
    serial: u64,
    /// The other's, from its description.
    remote: Option<u64>,
    candidates: bool,
    open: bool,
}

struct Side {
    machine: Machine,
    boot: u64,
    /// The boot of the other that this one has adopted.
    adopted: Option<u64>,
    peer: Option<Peer>,
    up: Option<ConnectionId>,
    ticking: Option<Duration>,
    changed: Duration,
}

#[derive(Debug)]
enum Happening {
    Signal {
        to: usize,
        boot: u64,
        signal: Signal,
    },
    Driver {
        at: usize,
        boot: u64,
        event: DriverEvent,
    },
    Frame {
        to: usize,
        boot: u64,
        connection: ConnectionId,
        heartbeat: Heartbeat,
    },
    Adopt {
        at: usize,
        boot: u64,
    },
    Opens {
        at: usize,
        connection: ConnectionId,
    },
    Forget {
        at: usize,
    },
    Restart {
        at: usize,
    },
    /// The network swallows everything on the connection of the moment.
    BlackHole,
    Tick {
        at: usize,
    },
}

pub(super) struct World {
    rng: StdRng,
    now: Duration,
    sides: [Side; 2],
    queue: BinaryHeap<Reverse<(Duration, u64)>>,
    waiting: BTreeMap<u64, Happening>,
    next: u64,
    boots: u64,
    serials: u64,
    loss: f64,
    doubling: f64,
    slowest: u64,
    failing: f64,
    swallowed: Option<ConnectionId>,
    settings: Settings,
    pub(super) log: Vec<String>,
}

fn role(side: usize) -> Role {
    if side == 0 { Role::Polite } else { Role::Impolite }
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let settings = Settings { polite_grace: ms([0, 0, 400][rng.random_range(0..3)]), ..Settings::default() };
        let side = |side, boot| Side {
            machine: Machine::new(role(side), settings.clone()),
            boot,
            adopted: None,
            peer: None,
            up: None,
            ticking: None,
            changed: ms(0),
        };
        let sides = [side(0, 1), side(1, 2)];
        Self {
            now: ms(0),
            sides,
            queue: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            next: 0,
            boots: 2,
            serials: 0,
            loss: rng.random_range(0.0..0.4),
            doubling: rng.random_range(0.0..0.3),
            slowest: [10, 200, 1_000, 8_000][rng.random_range(0..4)],
            failing: [0.0, 0.0, 0.3][rng.random_range(0..3)],
            swallowed: None,
            settings,
            rng,
            log: Vec::new(),
        }
    }

    fn at(&mut self, when: Duration, happening: Happening) {
        self.next += 1;
        self.queue.push(Reverse((when, self.next)));
        self.waiting.insert(self.next, happening);
    }

    fn soon(&mut self, least: u64, most: u64, happening: Happening) {
        let when = self.now + Duration::from_micros(self.rng.random_range(least * 1_000..=most * 1_000));
        self.at(when, happening);
    }

    fn faulty(&self) -> bool {
        self.now < FAULTS_END
    }

    fn strikes(&mut self, chance: f64) -> bool {
        self.faulty() && self.rng.random::<f64>() < chance
    }

    /// Runs the world to its end and checks that it has exactly one link.
    pub(super) fn run(&mut self) {
        for _ in 0..self.rng.random_range(0..4) {
            let (when, at) = (ms(self.rng.random_range(0..FAULTS_END.as_millis() as u64)), self.rng.random_range(0..2));
            self.at(when, Happening::Restart { at });
        }
        for _ in 0..self.rng.random_range(0..3) {
            let when = ms(self.rng.random_range(0..FAULTS_END.as_millis() as u64));
            self.at(when, Happening::BlackHole);
        }
        for at in [0, 1] {
            self.start(at);
            if self.rng.random() {
                let when = ms(self.rng.random_range(0..FAULTS_END.as_millis() as u64));
                self.at(when, Happening::Forget { at });
            }
        }
        // Hello is another layer's. It may go wrong while things go wrong, and is right soon after.
        for late in [50, 9_000] {
            for at in [0, 1] {
                self.at(FAULTS_END + ms(late), Happening::Adopt { at, boot: u64::MAX });
            }
        }
        while let Some(Reverse((when, key))) = self.queue.pop() {
            if when > END {
                break;
            }
            self.now = when;
            assert!(key < HAPPENINGS_MAX, "the two talk without end");
            if let Some(happening) = self.waiting.remove(&key) {
                self.happen(happening);
            }
        }
        self.check();
    }

    fn check(&self) {
        let [a, b] = &self.sides;
        let connections = [a, b].map(|side| side.machine.connection());
        assert_eq!([a, b].map(|side| side.machine.state()), [State::Open; 2]);
        assert_eq!(connections[0], connections[1]);
        for side in [a, b] {
            let peer = side.peer.as_ref().expect("the driver has a connection");
            assert_eq!(Some(peer.connection), connections[0]);
            assert!(peer.open && side.up == connections[0]);
            assert!(side.changed + CALM < END, "no calm: changed at {:?}", side.changed);
        }
        assert!(a.peer.as_ref().unwrap().offerer != b.peer.as_ref().unwrap().offerer);
    }

    fn start(&mut self, at: usize) {
        self.input(at, Input::Wanted(true));
        let active = self.rng.random();
        self.input(at, Input::Activity(active));
        self.hello(at);
    }

    /// Each learns the other's boot, if nothing is lost.
    fn hello(&mut self, from: usize) {
        for at in [from, 1 - from] {
            let boot = self.sides[1 - at].boot;
            if !self.strikes(self.loss) {
                let slowest = if self.faulty() { self.slowest } else { 100 };
                self.soon(1, slowest, Happening::Adopt { at, boot });
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Signal { to, boot, signal } => {
                if self.sides[to].boot == boot {
                    self.input(to, Input::Signal(signal));
                }
            }
            Happening::Driver { at, boot, event } => {
                let current = self.sides[at].peer.as_ref().map(|peer| peer.connection);
                let closed = matches!(event, DriverEvent::Closed { .. });
                if self.sides[at].boot == boot && (closed || current == Some(event.connection())) {
                    if closed && current == Some(event.connection()) {
                        self.sides[at].peer = None;
                    }
                    self.input(at, Input::Driver(event));
                }
            }
            Happening::Frame { to, boot, connection, heartbeat } => {
                let open = self.sides[to].peer.as_ref().is_some_and(|peer| peer.open && peer.connection == connection);
                if self.sides[to].boot == boot && open && self.swallowed != Some(connection) {
                    self.input(to, Input::Heartbeat(connection, heartbeat));
                }
            }
            Happening::Adopt { at, boot } => {
                let boot = if boot == u64::MAX { self.sides[1 - at].boot } else { boot };
                if self.sides[at].adopted != Some(boot) {
                    self.sides[at].adopted = Some(boot);
                    self.input(at, Input::PeerAdopted);
                }
            }
            Happening::Opens { at, connection } => {
                let both = self.sides.iter().all(|side| side.peer.as_ref().is_some_and(|p| p.connection == connection));
                if both && !self.sides[at].peer.as_ref().unwrap().open {
                    self.sides[at].peer.as_mut().unwrap().open = true;
                    self.input(at, Input::Driver(DriverEvent::Opened { connection, path: Path::Direct }));
                }
            }
            Happening::Forget { at } => {
                self.sides[at].adopted = None;
                self.input(at, Input::PeerUnknown);
            }
            Happening::Restart { at } => {
                self.boots += 1;
                let machine = Machine::new(role(at), self.settings.clone());
                let (boot, changed) = (self.boots, self.now);
                self.sides[at] = Side { machine, boot, adopted: None, peer: None, up: None, ticking: None, changed };
                self.start(at);
            }
            Happening::BlackHole => self.swallowed = self.sides[0].peer.as_ref().map(|peer| peer.connection),
            Happening::Tick { at } => {
                if self.sides[at].ticking == Some(self.now) {
                    self.sides[at].ticking = None;
                    self.input(at, Input::Tick);
                }
            }
        }
    }

    fn input(&mut self, at: usize, input: Input) {
        self.log.push(format!("{:?} {at} <- {input:?}", self.now));
        let outputs = self.sides[at].machine.handle(input, self.now, &mut self.rng);
        for output in outputs {
            self.log.push(format!("{:?} {at} -> {output:?}", self.now));
            self.output(at, output);
        }
        let deadline = self.sides[at].machine.deadline();
        if deadline != self.sides[at].ticking {
            let due = deadline.map(|due| due.max(self.now));
            self.sides[at].ticking = due;
            if let Some(due) = due {
                self.at(due, Happening::Tick { at });
            }
        }
    }

    fn output(&mut self, at: usize, output: Output) {
        match output {
            Output::Send(signal) => {
                let Some(boot) = self.sides[at].adopted else { return };
                let copies = 1 + u64::from(self.strikes(self.doubling));
                for _ in 0..copies {
                    if !self.strikes(self.loss) {
                        let slowest = if self.faulty() { self.slowest } else { 30 };
                        self.soon(1, slowest, Happening::Signal { to: 1 - at, boot, signal: signal.clone() });
                    }
                }
            }
            Output::Driver(command) => self.command(at, command),
            Output::SendHeartbeat(heartbeat) => {
                let open = self.sides[at].peer.as_ref().filter(|peer| peer.open).map(|peer| peer.connection);
                if let Some(connection) = open {
                    let boot = self.sides[1 - at].boot;
                    self.soon(1, 20, Happening::Frame { to: 1 - at, boot, connection, heartbeat });
                }
            }
            Output::Announce => self.hello(at),
            Output::StateChanged { .. } => self.sides[at].changed = self.now,
            Output::Up { connection } => {
                assert_eq!(self.sides[at].up.replace(connection), None, "up while up");
            }
            Output::Down => assert!(self.sides[at].up.take().is_some(), "down while down"),
        }
    }

    fn command(&mut self, at: usize, command: DriverCommand) {
        let boot = self.sides[at].boot;
        self.serials += 1;
        let serial = self.serials;
        let sdp = serial.to_string();
        let fresh = |connection, remote: Option<String>| Peer {
            connection,
            offerer: remote.is_none(),
            serial,
            remote: remote.map(|sdp| sdp.parse().unwrap()),
            candidates: false,
            open: false,
        };
        let made = match command {
            DriverCommand::Offer { connection } => {
                self.drop_peer(at);
                self.sides[at].peer = Some(fresh(connection, None));
                DriverEvent::OfferReady { connection, sdp }
            }
            DriverCommand::AcceptOffer { connection, instead_of, sdp: offer } => {
                let kept = self.sides[at].peer.as_ref().is_some_and(|peer| Some(peer.connection) == instead_of);
                if !kept {
                    self.drop_peer(at);
                }
                self.sides[at].peer = Some(fresh(connection, Some(offer)));
                DriverEvent::AnswerReady { connection, sdp }
            }
            DriverCommand::AcceptAnswer { connection, sdp } => {
                if let Some(peer) = self.sides[at].peer.as_mut().filter(|peer| peer.connection == connection) {
                    assert!(peer.offerer && peer.remote.is_none(), "an answer that the library would refuse");
                    peer.remote = sdp.parse().ok();
                }
                return self.meet();
            }
            DriverCommand::AddCandidates { connection, .. } => {
                if let Some(peer) = self.sides[at].peer.as_mut().filter(|peer| peer.connection == connection) {
                    assert!(peer.remote.is_some(), "candidates that the library would refuse");
                    peer.candidates = true;
                }
                return self.meet();
            }
            DriverCommand::Close => return self.drop_peer(at),
        };
        let connection = made.connection();
        self.soon(1, 30, Happening::Driver { at, boot, event: made });
        let line = Candidate { line: "candidate".to_owned(), mid: None, mline: Some(0) };
        let event = DriverEvent::CandidatesReady { connection, candidates: vec![line], end: true };
        self.soon(31, 60, Happening::Driver { at, boot, event });
        self.meet();
    }

    /// When both libraries have what they need they connect, if the network allows.
    fn meet(&mut self) {
        let [Some(a), Some(b)] = [0, 1].map(|at| self.sides[at].peer.clone()) else { return };
        let able = a.connection == b.connection && a.remote == Some(b.serial) && b.remote == Some(a.serial);
        if able && (a.candidates || b.candidates) && !self.strikes(self.failing) {
            for at in [0, 1] {
                self.soon(1, 80, Happening::Opens { at, connection: a.connection });
            }
        }
    }

    /// The library closes; the other side may or may not notice.
    fn drop_peer(&mut self, at: usize) {
        let Some(peer) = self.sides[at].peer.take() else { return };
        let (other, connection) = (1 - at, peer.connection);
        if peer.open && self.rng.random() {
            let (boot, reason) = (self.sides[other].boot, CloseReason::ByPeer);
            let event = DriverEvent::Closed { connection, reason };
            self.soon(1, 50, Happening::Driver { at: other, boot, event });
        }
    }
}

fn run(seeds: impl Iterator<Item = u64>) {
    for seed in seeds {
        let mut world = World::new(seed);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.run()));
        if let Err(panic) = result {
            let from = 0;
            println!("seed {seed}:\n{}", world.log[from..].join("\n"));
            std::panic::resume_unwind(panic);
        }
    }
}

/// However signals are lost, doubled and delayed, and whoever restarts: once that ends, exactly one link results.
#[test]
fn no_start_leaves_two_links_or_none() {
    run(0..3_000);
}
