//! Moves that change where people are and who learns of it: addresses, networks, brokers; and what they run.

use std::time::Duration;

use kith::coordinator::Command;
use kith::coordinator::world::{BROKER, Fault, Otherwise, Part};
use kith::identity::Card;
use kith::log::Text;
use kith::log::group::Action;
use kith::wire::broker_url::BrokerUrl;
use kith::wire::{EntryId, kind};

use super::calm::lists;
use super::life::Life;
use super::room::{Asked, Call, Room};

/// Brokers beside the one that everybody begins with. Everybody keeps that one: two who leave the only broker that they share
/// while they are apart have no way back to each other, and no program can find one for them.
const OTHERS: [&str; 2] = ["mqtt://second.example", "mqtt://third.example"];
/// A relay, as ICE servers are named.
const RELAY: &str = "turn:user:password@relay.example:3478";
/// What somebody says who had deleted it.
const AFTER_ALL: &str = "said after all";
/// Mail that takes longer than this is as good as lost for a while, and that is another move.
const MAIL_TAKES_MAX: Duration = Duration::from_secs(20);

/// Somebody is added to a group by a card that they have not signed.
fn add_by_a_forged(mut card: Vec<u8>) -> Option<Otherwise> {
    *card.last_mut()? ^= 1;
    let body = Action::Add { card: Box::new(Card::known(&card).ok()?) }.to_bytes();
    Some(Otherwise { kind: kind::GROUP, target: None, body })
}

impl Life {
    /// The broker ends, or comes back; what it has kept comes late; another one fails in its own way.
    pub fn trouble_a_broker(&mut self, what: usize) -> Option<()> {
        match what % 4 {
            0 | 1 => {
                self.broker_down = !self.broker_down;
                self.world.broker(!self.broker_down);
            }
            2 => {
                let prompt = self.world.mail_takes.is_zero();
                let takes = MAIL_TAKES_MAX.mul_f64((what / 4 % 20 + 1) as f64 / 20.0);
                self.world.mail_takes = if prompt { takes } else { Duration::ZERO };
            }
            _ => {
                let broker = BrokerUrl::parse(OTHERS[what / 4 % OTHERS.len()]).unwrap().to_string();
                let fault = [Fault::Gone, Fault::Silent, Fault::Lying][what / 8 % 3];
                if self.world.faults.remove(&broker).is_none() {
                    self.world.faults.insert(broker, fault);
                }
            }
        }
        Some(())
    }

    pub fn hide(&mut self, who: usize, what: usize) -> Option<()> {
        let (room, side) = self.writer_to_one(who, what / 4)?;
        let device = self.rooms[room].devices[side];
        let on = (what / 2).is_multiple_of(2);
        let command = match what % 8 {
            0 => {
                self.hidden_from_all.insert(device);
                Command::HideAddressFromAll(on)
            }
            1 => Command::UseIce(if on { vec![RELAY.to_owned()] } else { vec![] }),
            _ => {
                self.hidden.insert((room, side));
                Command::HideAddress { from: self.rooms[room].names[side], on }
            }
        };
        self.submit(room, side, command, Asked::Done);
        Some(())
    }

    pub fn change_brokers(&mut self, who: usize, what: usize) -> Option<()> {
        let (room, side) = self.writer(who, what)?;
        let other = OTHERS[what / 4 % OTHERS.len()];
        let brokers: &[&str] = match what % 3 {
            0 => &[BROKER],
            1 => &[BROKER, other],
            _ => &[other, BROKER],
        };
        let brokers: Vec<String> = brokers.iter().map(ToString::to_string).collect();
        self.submit(room, side, Command::UseBrokers(brokers.clone()), Asked::Brokers(brokers));
        Some(())
    }

    pub fn change_network(&mut self, who: usize, what: usize) -> Option<()> {
        let device = self.one_of(who, |life, device| life.world.is_running(*device))?;
        match what % 5 {
            0 => self.world.only_tell_of_a_change(device),
            1 => self.world.tell_of_containers(device),
            2 => self.world.change_network(device),
            _ => self.world.wake(device),
        }
        Some(())
    }

    pub fn change_version(&mut self, who: usize, what: usize) -> Option<()> {
        if what % 4 == 1 {
            let (room, side) = self.writer(who, what / 4)?;
            let (said, asked) = self.of_another_program(room, side, what / 16);
            let Room { devices, names, .. } = &self.rooms[room];
            let number = self.world.write_otherwise(devices[side], names[side], said);
            self.calls.push(Call { number, room, side, asked });
            return Some(());
        }
        if what.is_multiple_of(4) {
            let (one, other) = self.two(who);
            let (from, to) = if (what / 4).is_multiple_of(2) { (one, other) } else { (other, one) };
            match what / 8 % 4 {
                0 => self.world.forge(from, to, Part::Body),
                1 => self.world.forge(from, to, Part::Signature),
                _ => self.world.say_something_newer(from, to),
            }
            return Some(());
        }
        let device = self.one_of(who, |life, device| life.world.is_loaded(*device))?;
        let older = self.world.is_older(device);
        self.update(device, !older);
        Some(())
    }

    /// What a program writes that is newer than all others: they keep it, pass it on, and show it as what it is. Or one that holds itself to
    /// nothing: it edits and deletes what somebody else has said, and that changes nothing for anybody; it edits what its own person has deleted, of
    /// which nobody keeps a word; or adds somebody to a group by a card that they have not signed.
    fn of_another_program(&self, room: usize, side: usize, what: usize) -> (Otherwise, Asked) {
        let Room { told, own, changed, .. } = &self.rooms[room];
        let of = |mine: bool| told[side].iter().filter(move |id| own[side].contains(id) == mine).copied();
        let theirs = of(false).last();
        let deleted = of(true).rfind(|id| changed.contains(id));
        let edit = |id: EntryId, text: &str| Otherwise {
            kind: kind::EDIT,
            target: Some(id),
            body: Text::new(text).unwrap().to_bytes(),
        };
        let said = match what % 6 {
            1 => theirs.map(|id| edit(id, "said by somebody else")),
            2 => theirs.map(|id| Otherwise { kind: kind::DELETE, target: Some(id), body: vec![] }),
            3 => deleted.map(|id| edit(id, AFTER_ALL)),
            4 | 5 => self.outsider(room, side, what / 8).and_then(add_by_a_forged),
            _ => None,
        };
        match said {
            Some(said) => (said, Asked::Ignored),
            None => (Otherwise::newer(), Asked::Written { text: String::new(), before: told[side].clone() }),
        }
    }

    /// The card of somebody who is not in a group, as this side sees it.
    fn outsider(&self, room: usize, side: usize, what: usize) -> Option<Vec<u8>> {
        let (device, group) = (self.rooms[room].devices[side], self.rooms[room].names[side]);
        let (_, view) = self.world.group_now(device, group)?;
        let others = (0..self.people).filter(|other| !lists(&view, self.world.user(*other)));
        let cards: Vec<Vec<u8>> = others.filter_map(|other| self.world.card(other)).collect();
        cards.get(what % cards.len().max(1)).cloned()
    }

    /// A device ends, and starts with an older version or with this one.
    fn update(&mut self, device: usize, older: bool) {
        self.world.shut_down(device);
        self.world.run_older(device, older);
        self.forget_calls(device);
        self.world.start(device);
    }

    /// People at their devices: each writes while the others do, and each has seen what it was told.
    pub fn talk(&mut self, who: usize, what: usize) -> Option<()> {
        let (room, first) = self.writer(who, what)?;
        for n in 0..4 + what / 16 % 8 {
            self.world.pass(Duration::from_millis((what >> n) as u64 % 40));
            self.hear();
            let side = (first + (what >> (n + 8))) % self.rooms[room].devices.len();
            if self.world.is_loaded(self.rooms[room].devices[side]) {
                self.write_to(room, side, 10);
            }
        }
        Some(())
    }

    /// Everybody has this version, shows everybody an address again, and every broker does what brokers do.
    pub fn settle_down(&mut self) {
        self.world.faults.clear();
        self.world.mail_takes = Duration::ZERO;
        let older: Vec<usize> = (0..self.people).filter(|device| self.world.is_older(*device)).collect();
        older.into_iter().for_each(|device| self.update(device, false));
        // Everybody can be asked how things stand.
        (0..self.people).for_each(|device| self.insist(device, &Command::ShowStatus));
        for device in std::mem::take(&mut self.hidden_from_all) {
            self.insist(device, &Command::HideAddressFromAll(false));
        }
        for (room, side) in std::mem::take(&mut self.hidden) {
            let (device, from) = (self.rooms[room].devices[side], self.rooms[room].names[side]);
            self.insist(device, &Command::HideAddress { from, on: false });
        }
    }

    /// A database that could not be read is read again after a while, and takes commands then.
    fn insist(&mut self, device: usize, command: &Command) {
        let end = self.world.now + Duration::from_secs(30);
        while let Err(error) = self.world.run(device, command.clone()) {
            assert!(self.world.now < end, "refused for good: {error:?}");
            self.world.pass(Duration::from_secs(1));
        }
    }
}
