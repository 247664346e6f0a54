//! What must be so when everything that goes wrong is over.

use super::{CALM, END, SIGNALS_MAX, World};
use crate::link::{Policy, State};

impl World {
    /// Exactly one link, the same on both sides, which carries something; and nobody says a word more than it takes.
    pub(super) fn check(&self) {
        let [a, b] = &self.sides;
        if self.policies.contains(&Policy::Never) {
            return self.check_apart();
        }
        let connections = [a, b].map(|side| side.machine.connection());
        assert_eq!([a, b].map(|side| side.machine.state()), [State::Open; 2]);
        assert_eq!(connections[0], connections[1]);
        for side in [a, b] {
            let library = side.library.as_ref().expect("the driver has a connection");
            assert_eq!(Some(library.connection), connections[0]);
            assert!(library.open && side.up == connections[0]);
            assert!(side.changed + CALM < END, "no calm: changed at {:?}", side.changed);
        }
        assert!(a.library.as_ref().unwrap().offerer != b.library.as_ref().unwrap().offerer);
        assert!(self.flows(), "a link that carries nothing");
        assert!(self.said.1 + CALM < END, "signals without reason: the last at {:?}", self.said.1);
        assert!(self.said.0 < SIGNALS_MAX, "a storm of {} signals", self.said.0);
    }

    /// Where one side shows nothing there is no link, and nobody keeps asking for one.
    fn check_apart(&self) {
        for side in &self.sides {
            assert!(matches!(side.machine.state(), State::Idle | State::Waiting), "{:?}", side.machine.state());
            assert!(side.up.is_none() && side.machine.connection().is_none());
            assert!(side.changed + CALM < END, "no calm: changed at {:?}", side.changed);
        }
        assert!(self.said.1 + CALM < END, "signals without reason: the last at {:?}", self.said.1);
        assert!(self.said.0 < SIGNALS_MAX, "a storm of {} signals", self.said.0);
    }
}
