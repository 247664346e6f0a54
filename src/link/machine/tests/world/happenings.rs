//! What happens in the world, and what the machines want done.

use super::{Happening, Side, World, ms, nonce};
use crate::link::{DriverEvent, Input, Output};
use crate::wire::signal::Signal;

impl World {
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Signal { to, boot, from, signal } => {
                if self.sides[to].boot == boot && self.sides[to].adopted == Some(from) {
                    self.input(to, Input::Signal(signal));
                } else if self.sides[to].greeted.is_none_or(|last| last + ms(500) < self.now) {
                    self.sides[to].greeted = Some(self.now);
                    self.hello(to);
                }
            }
            Happening::Driver { at, boot, event } => {
                let current = self.sides[at].library.as_ref().map(|own| own.connection);
                let closed = matches!(event, DriverEvent::Closed { .. });
                if self.sides[at].boot == boot && (closed || current == Some(event.connection())) {
                    if closed && current == Some(event.connection()) {
                        self.sides[at].library = None;
                    }
                    self.input(at, Input::Driver(event));
                }
            }
            Happening::Frame { to, boot, connection, heartbeat } => {
                let here = self.sides[to].library.as_ref().is_some_and(|own| own.connection == connection);
                if self.sides[to].boot == boot && here && self.flows() {
                    self.input(to, Input::Heartbeat(connection, heartbeat));
                }
            }
            Happening::Adopt { at, boot } => {
                let boot = if boot == u64::MAX { self.sides[1 - at].boot } else { boot };
                // A nonce counts once, so an old boot does not come back.
                if self.sides[at].adopted.is_none_or(|adopted| adopted <= boot) {
                    self.sides[at].adopted = Some(boot);
                    self.input(at, Input::PeerAdopted(nonce(boot)));
                }
            }
            Happening::Works { at, connection, pair } => self.works(at, connection, pair),
            Happening::Silent { at, connection, generation, dead } => self.silent(at, connection, generation, dead),
            Happening::Forget { at } => {
                self.sides[at].adopted = None;
                self.input(at, Input::PeerUnknown);
            }
            Happening::Restart { at } => {
                self.boots += 1;
                let policy = self.sides[at].policy;
                let fresh = Side::new(at, &self.settings, self.boots, self.now, self.sides[at].network);
                self.sides[at] = Side { policy, ..fresh };
                self.may_be_silent();
                self.start(at);
            }
            Happening::Network { at, moves, told } => {
                self.sides[at].network += u32::from(moves);
                self.may_be_silent();
                if let Some(told) = told {
                    self.input(at, told);
                }
            }
            Happening::Policy { at, policy } => {
                self.sides[at].policy = policy;
                self.input(at, Input::Policy(policy));
            }
            Happening::Sleep { at, time } => {
                self.sides[at].asleep = self.now + time;
                self.may_be_silent();
                self.at(self.now + time, Happening::Woke { at });
            }
            Happening::Woke { at } => {
                if self.rng_bool() {
                    self.input(at, Input::Woke);
                }
            }
            Happening::Offline { at, time } => {
                self.sides[at].offline = self.now + time;
                self.at(self.now + time, Happening::Route { at });
            }
            Happening::Route { at } => {
                self.input(at, Input::RouteAppeared);
                self.hello(at);
            }
            Happening::BlackHole { whole } => {
                let own = self.sides[0].library.as_ref();
                self.swallowed = own.map(|own| (own.connection, (!whole).then_some(own.generation)));
                self.may_be_silent();
            }
            Happening::Tick { at } => {
                if self.sides[at].ticking == Some(self.now) {
                    self.sides[at].ticking = None;
                    self.input(at, Input::Tick);
                }
            }
        }
    }

    pub(super) fn input(&mut self, at: usize, input: Input) {
        if let Some(log) = &mut self.log {
            log.push(format!("{:?} {at} <- {input:?}", self.now));
        }
        let outputs = self.sides[at].machine.handle(input, self.now, &mut self.rng);
        for output in outputs {
            if let Some(log) = &mut self.log {
                log.push(format!("{:?} {at} -> {output:?}", self.now));
            }
            self.output(at, output);
        }
        let deadline = self.sides[at].machine.deadline();
        if deadline != self.sides[at].ticking {
            let due = deadline.map(|due| due.max(self.now).max(self.sides[at].asleep));
            self.sides[at].ticking = due;
            if let Some(due) = due {
                self.at(due, Happening::Tick { at });
            }
        }
    }

    fn output(&mut self, at: usize, output: Output) {
        match output {
            Output::Send(signal) => self.send(at, &signal),
            Output::Driver(command) => self.carry_out(at, command),
            Output::SendHeartbeat(heartbeat) => {
                let open = self.sides[at].library.as_ref().filter(|own| own.open).map(|own| own.connection);
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

    fn send(&mut self, at: usize, signal: &Signal) {
        self.said = (self.said.0 + 1, self.now);
        if self.said.0 == self.missed {
            return;
        }
        let Some(boot) = self.sides[at].adopted.filter(|_| self.sides[at].offline <= self.now) else { return };
        let (to, from) = (1 - at, self.sides[at].boot);
        let copies = 1 + u64::from(self.strikes(self.doubling));
        for _ in 0..copies {
            if !self.strikes(self.loss) {
                let slowest = if self.faulty() { self.slowest[to] } else { 30 };
                self.soon(1, slowest, Happening::Signal { to, boot, from, signal: signal.clone() });
            }
        }
    }
}
