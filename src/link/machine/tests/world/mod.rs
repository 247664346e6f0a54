//! Two machines, brokers that lose, repeat and reorder, a modelled driver, restarts of processes, changes of networks,
//! sleep: one seed replays a whole world.

mod happenings;
mod library;
mod one_loss;
mod verdict;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::library::Library;
use super::stories::BEGIN;
use crate::link::{DriverEvent, Input, Machine, Policy, Role, Settings};
use crate::wire::signal::{Heartbeat, Signal};
use crate::wire::{ConnectionId, Nonce};

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
/// Signals that both say in all. Ten attempts of a few signals, each repeated five times.
const SIGNALS_MAX: usize = 700;
/// Seeds of the usual run; `KITH_SEEDS` asks for more.
const SEEDS: u64 = 4_000;

struct Side {
    machine: Machine,
    boot: u64,
    /// The boot of the other that this one has adopted.
    adopted: Option<u64>,
    library: Option<Library>,
    /// Which network it is in; another one after each change.
    network: u32,
    /// Until when its process stands still.
    asleep: Duration,
    /// Until when its broker cannot be reached.
    offline: Duration,
    /// When it greeted last because of a signal that it could not take.
    greeted: Option<Duration>,
    /// What holds now, in this process and the next.
    policy: Policy,
    up: Option<ConnectionId>,
    ticking: Option<Duration>,
    changed: Duration,
}

#[derive(Debug)]
enum Happening {
    Signal {
        to: usize,
        boot: u64,
        from: u64,
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
    Works {
        at: usize,
        connection: ConnectionId,
        pair: (u64, u64),
    },
    Silent {
        at: usize,
        connection: ConnectionId,
        generation: u32,
        dead: bool,
    },
    Forget {
        at: usize,
    },
    Restart {
        at: usize,
    },
    /// The addresses of a side change, or do not, and it is told something or nothing.
    Network {
        at: usize,
        moves: bool,
        told: Option<Input>,
    },
    /// Another rule for the addresses that the other may learn.
    Policy {
        at: usize,
        policy: Policy,
    },
    Sleep {
        at: usize,
        time: Duration,
    },
    Woke {
        at: usize,
    },
    Offline {
        at: usize,
        time: Duration,
    },
    Route {
        at: usize,
    },
    /// The network swallows everything on the connection of the moment, or on this generation of it only.
    BlackHole {
        whole: bool,
    },
    Tick {
        at: usize,
    },
}

impl Happening {
    /// Whose process takes part in it.
    fn process(&self) -> Option<usize> {
        match self {
            Self::Signal { to: at, .. }
            | Self::Driver { at, .. }
            | Self::Frame { to: at, .. }
            | Self::Adopt { at, .. }
            | Self::Works { at, .. }
            | Self::Silent { at, .. }
            | Self::Forget { at }
            | Self::Woke { at }
            | Self::Route { at }
            | Self::Tick { at } => Some(*at),
            Self::Restart { .. }
            | Self::Network { .. }
            | Self::Policy { .. }
            | Self::Sleep { .. }
            | Self::Offline { .. }
            | Self::BlackHole { .. } => None,
        }
    }
}

struct World {
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
    /// How slow the broker is at worst over which each side is reached, in milliseconds.
    slowest: [u64; 2],
    failing: f64,
    refusing: f64,
    swallowed: Option<(ConnectionId, Option<u32>)>,
    settings: Settings,
    /// What each side shows the other in the end.
    policies: [Policy; 2],
    /// Signals said, and when the last was.
    said: (usize, Duration),
    /// This signal, counted from 1, arrives nowhere.
    missed: usize,
    log: Option<Vec<String>>,
}

fn role(side: usize) -> Role {
    if side == 0 { Role::Polite } else { Role::Impolite }
}

fn nonce(boot: u64) -> Nonce {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&boot.to_be_bytes());
    Nonce(bytes)
}

impl World {
    fn new(seed: u64, log: Option<Vec<String>>) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let settings = Settings { polite_grace: ms([0, 0, 400][rng.random_range(0..3)]), ..Settings::default() };
        let sides = [0, 1].map(|at| Side::new(at, &settings, at as u64 + 1, BEGIN, 0));
        Self {
            now: BEGIN,
            sides,
            queue: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            next: 0,
            boots: 2,
            serials: 0,
            loss: rng.random_range(0.0..0.4),
            doubling: rng.random_range(0.0..0.3),
            slowest: [0, 0].map(|_| [10, 200, 1_000, 8_000][rng.random_range(0..4)]),
            failing: [0.0, 0.0, 0.3][rng.random_range(0..3)],
            refusing: [0.0, 0.0, 0.1][rng.random_range(0..3)],
            swallowed: None,
            settings,
            policies: [Policy::Everything; 2],
            said: (0, ms(0)),
            missed: 0,
            rng,
            log,
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

    fn rng_bool(&mut self) -> bool {
        self.rng.random()
    }

    fn faulty(&self) -> bool {
        self.now < FAULTS_END
    }

    fn strikes(&mut self, chance: f64) -> bool {
        self.faulty() && self.rng.random::<f64>() < chance
    }

    /// Plans up to `most - 1` faults of one kind.
    fn plan(&mut self, most: usize, fault: impl Fn(&mut StdRng) -> Happening) {
        for _ in 0..self.rng.random_range(0..most) {
            let when = ms(self.rng.random_range(0..FAULTS_END.as_millis() as u64));
            let happening = fault(&mut self.rng);
            self.at(when, happening);
        }
    }

    /// Runs the world to its end and checks that it has exactly one link.
    fn run(&mut self) {
        let side = |rng: &mut StdRng| rng.random_range(0..2);
        self.plan(4, |rng| Happening::Restart { at: side(rng) });
        self.plan(3, |rng| Happening::BlackHole { whole: rng.random() });
        let told = |rng: &mut StdRng| match rng.random_range(0..10) {
            0 | 1 => None,
            2..5 => Some(Input::AddressesChanged),
            _ => Some(Input::NetworkChanged),
        };
        self.plan(6, |rng| Happening::Network { at: side(rng), moves: rng.random_bool(0.7), told: told(rng) });
        self.plan(3, |rng| Happening::Offline { at: side(rng), time: ms(rng.random_range(100..20_000)) });
        self.plan(3, |rng| {
            let longest = [1_000, 20_000, 70_000][rng.random_range(0..3)];
            Happening::Sleep { at: side(rng), time: ms(rng.random_range(100..longest)) }
        });
        self.plan(3, |rng| Happening::Forget { at: side(rng) });
        const POLICIES: [Policy; 3] = [Policy::Everything, Policy::RelayOnly, Policy::Never];
        self.plan(4, |rng| Happening::Policy { at: side(rng), policy: POLICIES[rng.random_range(0..3)] });
        for at in [0, 1] {
            self.start(at);
        }
        // Hello is another layer's. It may go wrong while things go wrong, and is right soon after.
        for (at, policy) in self.policies.into_iter().enumerate() {
            self.at(FAULTS_END + ms(1), Happening::Policy { at, policy });
        }
        for late in [50, 9_000, 75_000] {
            for at in [0, 1] {
                self.at(FAULTS_END + ms(late), Happening::Adopt { at, boot: u64::MAX });
            }
        }
        self.pass_until(END, |_| false);
        self.check();
    }

    /// Things happen until it is so, or until the end of time.
    fn pass_until(&mut self, end: Duration, so: impl Fn(&Self) -> bool) {
        while let Some(Reverse((when, key))) = self.queue.pop() {
            if when > end {
                break;
            }
            self.now = when;
            assert!(key < HAPPENINGS_MAX, "the two talk without end");
            let Some(happening) = self.waiting.remove(&key) else { continue };
            match happening.process().map(|at| self.sides[at].asleep).filter(|asleep| *asleep > self.now) {
                Some(asleep) => self.at(asleep, happening),
                None => self.happen(happening),
            }
            if so(self) {
                break;
            }
        }
    }

    fn start(&mut self, at: usize) {
        let policy = self.sides[at].policy;
        self.input(at, Input::Policy(policy));
        self.input(at, Input::Wanted(true));
        let active = self.rng.random();
        self.input(at, Input::Activity(active));
        self.hello(at);
    }

    /// Each learns the other's boot, if nothing is lost.
    fn hello(&mut self, from: usize) {
        if self.sides[from].offline > self.now {
            return;
        }
        for at in [from, 1 - from] {
            let boot = self.sides[1 - at].boot;
            if !self.strikes(self.loss) {
                let slowest = if self.faulty() { self.slowest[at] } else { 100 };
                self.soon(1, slowest, Happening::Adopt { at, boot });
            }
        }
    }
}

impl Side {
    fn new(at: usize, settings: &Settings, boot: u64, now: Duration, network: u32) -> Self {
        Self {
            machine: Machine::new(role(at), settings.clone()),
            boot,
            adopted: None,
            library: None,
            network,
            asleep: ms(0),
            offline: ms(0),
            greeted: None,
            policy: Policy::Everything,
            up: None,
            ticking: None,
            changed: now,
        }
    }
}

/// Runs one seed. When it fails it is run again with a log, since writing one down takes longer than all the rest.
fn run(seed: u64, policies: [Policy; 2]) {
    let attempt = |log| {
        let mut world = World { policies, ..World::new(seed, log) };
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.run()));
        (world, result)
    };
    if attempt(None).1.is_ok() {
        return;
    }
    let (world, result) = attempt(Some(vec![]));
    println!("seed {seed}:\n{}", world.log.unwrap_or_default().join("\n"));
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// However signals are lost, doubled and delayed, whoever restarts, sleeps or changes networks: once that ends, exactly one
/// link results, the same on both sides, and nobody says a word more than it takes.
#[test]
fn no_start_leaves_two_links_or_none() {
    each_seed(1, |seed| run(seed, [Policy::Everything; 2]));
}

/// The same where one side, or both, show no address in the end: no link results, both know it, and it is calm.
#[test]
fn where_nothing_is_shown_nobody_keeps_asking() {
    use Policy::{Everything, Never, RelayOnly};
    let ends = [[Never, Everything], [Everything, Never], [RelayOnly, Never], [Never, Never]];
    each_seed(4, |seed| run(seed, ends[(seed % 4) as usize]));
}

/// Runs the usual number of seeds, or a part of them.
fn each_seed(part: u64, run: impl Fn(u64) + Sync) {
    let seeds = std::env::var("KITH_SEEDS").ok().map_or(SEEDS, |seeds| seeds.parse().expect("a number of seeds"));
    let seeds = seeds / part;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let run = &run;
            scope.spawn(move || (thread..seeds).step_by(threads as usize).for_each(run));
        }
    });
    println!("{seeds} seeds");
}
