//! The end of a story: everything works again, and time passes until all have what all have.

use std::collections::BTreeSet;
use std::time::Duration;

use kith::coordinator::LinkState;
use kith::coordinator::world::World;
use kith::wire::{ConversationId, EntryId};

use super::life::{Life, Pair};

/// Everybody finds everybody within this: the longest backoff of links and brokers, several times.
const MEET_WITHIN: Duration = Duration::from_secs(300);
/// Over open links everything is everywhere within this.
const SETTLE_WITHIN: Duration = Duration::from_secs(60);
/// By mail alone within this: a deposit that a broker has lost is repeated after an hour at most.
const MAIL_WITHIN: Duration = Duration::from_secs(3 * 3600);

impl Life {
    /// Everything works again, everybody comes back, and time passes until all have what all have.
    pub fn calm_down(&mut self) {
        self.world.jitter = Duration::ZERO;
        self.world.calm_disks();
        if self.broker_down {
            self.world.broker(true);
        }
        for (one, other) in self.parted.clone() {
            self.heal(one, other);
        }
        (0..self.people).for_each(|device| self.bring_back(device));
        self.settle_down();
        if self.links {
            let apart = |world: &World, pair: &Pair| {
                let open =
                    |side: usize| world.link_with(pair.devices[side], pair.users[1 - side]) == Some(LinkState::Open);
                !(open(0) && open(1))
            };
            let pairs = &self.pairs;
            let end = self.world.now + MEET_WITHIN;
            while let Some(pair) = pairs.iter().find(|pair| apart(&self.world, pair)) {
                let state = |side: usize| self.world.link_with(pair.devices[side], pair.users[1 - side]);
                let states = [state(0), state(1)];
                assert!(self.world.now < end, "persons {:?} found no link: {states:?}", pair.devices);
                self.world.pass(Duration::from_millis(500));
            }
        }
        let (within, step) = if self.links { (SETTLE_WITHIN, 1) } else { (MAIL_WITHIN, 60) };
        let end = self.world.now + within;
        while let Some(why) = self.unsettled() {
            assert!(self.world.now < end, "{why}, {within:?} after all was well");
            self.world.pass(Duration::from_secs(step));
        }
        self.world.pass(Duration::from_secs(5));
        // Whoever has read something marks it, and is told.
        for _ in 0..3 {
            self.hear();
            self.world.pass(Duration::from_secs(1));
        }
    }

    fn unsettled(&mut self) -> Option<String> {
        for device in 0..self.people {
            let waiting = self.world.status(device).outbox;
            if waiting > 0 {
                return Some(format!("{waiting} messages of person {device} wait for a confirmation"));
            }
        }
        let envelopes = self.world.being_delivered();
        if envelopes > 0 {
            return Some(format!("{envelopes} envelopes wait with the broker"));
        }
        for pair in &self.pairs {
            let [one, other] = pair.devices.map(|device| ids(&mut self.world, device, &pair.conversation));
            if one != other {
                let missing = one.symmetric_difference(&other).count();
                return Some(format!("{missing} messages are missing between persons {:?}", pair.devices));
            }
        }
        None
    }
}

fn ids(world: &mut World, device: usize, conversation: &ConversationId) -> BTreeSet<EntryId> {
    world.db(device).entries(conversation).unwrap().into_iter().map(|kept| kept.id).collect()
}
