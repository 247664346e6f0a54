//! A story as it is lived: each move finds somebody who can make it, and what people were told is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use kith::coordinator::world::{Backup, Moment, World};
use kith::coordinator::{Command, MessageView};
use kith::wire::{ConversationId, EntryId};
use uuid::Uuid;

use super::live::Change;
use super::moves::{Kind, Move, Story};

/// A year, in seconds.
const YEAR: i64 = 365 * 24 * 3600;
/// Two contacts.
pub struct Pair {
    pub devices: [usize; 2],
    /// Who each is for the other.
    pub users: [Uuid; 2],
    pub conversation: ConversationId,
    /// What people were told is safe, and no restored disk has lost since: its text.
    pub must: BTreeMap<EntryId, String>,
    /// What a restored disk has lost when nobody else had it. What follows it may be elsewhere, and waits for it for ever.
    pub lost: BTreeSet<EntryId>,
    /// What stood before a message when it was written, as far as its author was told.
    pub before: Vec<(EntryId, Vec<EntryId>)>,
    /// By side: messages that it was told of, in order, and those that it has marked as read.
    pub told: [Vec<EntryId>; 2],
    pub read: [BTreeSet<EntryId>; 2],
    /// By side: what was on its disk when it had last marked something. Nothing else can be read.
    pub readable: [BTreeSet<EntryId>; 2],
    /// By side: what it has written, as far as it was told.
    pub own: [BTreeSet<EntryId>; 2],
    /// Messages that somebody wanted to edit or delete: their texts may be others.
    pub changed: BTreeSet<EntryId>,
}

/// What a reply is waited for.
pub enum Asked {
    Written { text: String, before: Vec<EntryId> },
    Read,
    Marked { shown: Vec<EntryId> },
    Done,
    Brokers(Vec<String>),
}

pub struct Call {
    pub number: u64,
    pub pair: usize,
    pub side: usize,
    pub asked: Asked,
}

pub struct Life {
    pub world: World,
    pub pairs: Vec<Pair>,
    pub links: bool,
    /// People come to use other brokers in this story, and then no database is put back: somebody whose database is older than their
    /// last card, and a contact who has that card, may look for each other at different brokers (seed 150 showed it; not mended).
    other_brokers: bool,
    pub people: usize,
    pub calls: Vec<Call>,
    backups: BTreeMap<usize, Vec<Backup>>,
    pub parted: BTreeSet<(usize, usize)>,
    unplugged: BTreeSet<usize>,
    pub broker_down: bool,
    /// Who has ever hidden an address, by pair and side, and who from all.
    pub hidden: BTreeSet<(usize, usize)>,
    pub hidden_from_all: BTreeSet<usize>,
    /// Events that were looked at, by device.
    pub seen: Vec<usize>,
    texts: u64,
    /// Moves that somebody could make, by kind.
    pub made: BTreeMap<Kind, u64>,
}

impl Life {
    /// Everybody, with their contacts made.
    pub fn begin(story: &Story, folder: &Path) -> Self {
        let mut world = World::new(story.seed);
        world.links_work = story.links;
        for n in 0..story.people {
            let name = format!("Person {n}");
            if story.on_disk {
                let folder = folder.join(n.to_string());
                std::fs::create_dir(&folder).unwrap();
                world.person_on_disk(&name, &folder);
            } else {
                world.person(&name);
            }
        }
        let mut pairs = vec![];
        for (one, other) in story.contacts() {
            let (one_id, other_id) = world.befriend(one, other);
            pairs.push(Pair {
                devices: [one, other],
                users: [one_id, other_id],
                conversation: world.conversation(one, other),
                must: BTreeMap::new(),
                lost: BTreeSet::new(),
                before: vec![],
                told: [vec![], vec![]],
                read: [BTreeSet::new(), BTreeSet::new()],
                readable: [BTreeSet::new(), BTreeSet::new()],
                own: [BTreeSet::new(), BTreeSet::new()],
                changed: BTreeSet::new(),
            });
        }
        Self {
            world,
            pairs,
            links: story.links,
            other_brokers: story.seed % 4 == 1,
            people: story.people,
            calls: vec![],
            backups: BTreeMap::new(),
            parted: BTreeSet::new(),
            unplugged: BTreeSet::new(),
            broker_down: false,
            hidden: BTreeSet::new(),
            hidden_from_all: BTreeSet::new(),
            seen: vec![0; story.people],
            texts: 0,
            made: BTreeMap::new(),
        }
    }

    /// One move, and what follows it for a while.
    pub fn make(&mut self, step: &Move) {
        if self.attempt(step).is_some() {
            *self.made.entry(step.kind).or_default() += 1;
        }
        self.world.pass(step.pause);
        self.hear();
    }

    fn attempt(&mut self, step: &Move) -> Option<()> {
        let (who, what) = (step.who as usize, step.what as usize);
        let awake = |life: &Self, device: &usize| life.world.is_loaded(*device);
        match step.kind {
            Kind::Write => self.write(who, what, 20),
            Kind::WriteMany => match what % 3 {
                // More than fits into one envelope, or into a link's window.
                0 => (0..12).try_for_each(|_| self.write(who, what / 3, 15_000)),
                // More than one transaction takes at a time.
                1 => (0..30).try_for_each(|_| self.write(who, what / 3, 10)),
                // One after the other: to somebody who is away each is an envelope.
                _ => (0..20).try_for_each(|_| {
                    self.world.pass(Duration::from_millis(20));
                    self.write(who, what / 3, 10)
                }),
            },
            Kind::Talk => self.talk(who, what),
            Kind::Read => {
                let (pair, side) = self.writer(who, what)?;
                let limit = Some(100);
                let command = Command::ReadHistory { with: self.pairs[pair].users[1 - side], before: None, limit };
                self.submit(pair, side, command, Asked::Read);
                Some(())
            }
            Kind::Leave => {
                let device = self.one_of(who, awake)?;
                self.world.shut_down(device);
                Some(())
            }
            Kind::Unplug => {
                let device = self.one_of(who, |life, device| !life.unplugged.contains(device))?;
                self.unplugged.insert(device);
                self.world.unplug(device);
                Some(())
            }
            Kind::Return => {
                let away =
                    |life: &Self, device: &usize| !life.world.is_running(*device) || life.unplugged.contains(device);
                let device = self.one_of(who, away)?;
                self.bring_back(device);
                Some(())
            }
            Kind::Crash => {
                // Of a device that is away: around a commit of its next start.
                let device = who % self.people;
                let moment = if what % 2 == 0 { Moment::Before } else { Moment::After };
                self.world.crash_at(device, (what / 2 % 12) as u32, moment);
                Some(())
            }
            Kind::Lose => self.lose(who, what),
            Kind::Repeat => {
                for n in 0..=what % 3 {
                    self.world.repeat_frame(who / (n + 1) % 64);
                    self.world.repeat_envelope(what / (n + 1) % 64);
                }
                Some(())
            }
            Kind::Reorder => {
                let calm = self.world.jitter.is_zero();
                self.world.jitter = Duration::from_millis(if calm { 20 + what as u64 % 400 } else { 0 });
                Some(())
            }
            Kind::Part => {
                let devices = self.pairs[who % self.pairs.len()].devices;
                let fresh = self.parted.insert((devices[0], devices[1]));
                fresh.then(|| self.world.part(devices[0], devices[1]))
            }
            Kind::Heal => {
                let (one, other) = *self.parted.iter().nth(who % self.parted.len().max(1))?;
                self.heal(one, other);
                Some(())
            }
            Kind::Skew => {
                let seconds = i64::from(step.what) % (2 * YEAR) - YEAR;
                self.world.set_clock(who % self.people, 1_000 * seconds);
                Some(())
            }
            Kind::BackUp => {
                let device = self.one_of(who, awake)?;
                let backup = self.world.back_up(device);
                self.backups.entry(device).or_default().push(backup);
                Some(())
            }
            Kind::Restore if self.other_brokers => None,
            Kind::Brokers if !self.other_brokers => None,
            Kind::Restore => self.restore(who, what),
            Kind::Disk if what % 2 == 0 => {
                let device = self.one_of(who, |life, device| life.world.is_running(*device))?;
                self.world.refuse(device, 1 + (what / 2 % 5) as u32, |_| true);
                Some(())
            }
            Kind::Disk => {
                let quick = self.world.disk_takes.is_zero();
                self.world.disk_takes = Duration::from_millis(if quick { 5 + what as u64 % 300 } else { 0 });
                Some(())
            }
            Kind::Broker => self.trouble_a_broker(what),
            Kind::Hide => self.hide(who, what),
            Kind::Brokers => self.change_brokers(who, what),
            Kind::Network => self.change_network(who, what),
            Kind::Version => self.change_version(who, what),
            Kind::Edit => self.change(who, what, Change::Edit),
            Kind::Delete => self.change(who, what, Change::Delete),
            Kind::React => self.change(who, what, Change::React),
            Kind::Answer => self.change(who, what, Change::Answer),
        }
    }

    /// One of the devices that can.
    pub fn one_of(&self, who: usize, can: impl Fn(&Self, &usize) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.people).filter(|device| can(self, device)).collect();
        all.get(who % all.len().max(1)).copied()
    }

    /// Somebody who can write to a contact: the pair, and on which side of it.
    pub fn writer(&self, who: usize, what: usize) -> Option<(usize, usize)> {
        let device = self.one_of(who, |life, device| life.world.is_loaded(*device))?;
        let all: Vec<(usize, usize)> = self
            .pairs
            .iter()
            .enumerate()
            .filter_map(|(pair, of)| Some((pair, of.devices.iter().position(|other| *other == device)?)))
            .collect();
        all.get(what % all.len()).copied()
    }

    pub fn submit(&mut self, pair: usize, side: usize, command: Command, asked: Asked) {
        let number = self.world.submit(self.pairs[pair].devices[side], command);
        self.calls.push(Call { number, pair, side, asked });
    }

    fn write(&mut self, who: usize, what: usize, length: usize) -> Option<()> {
        let (pair, side) = self.writer(who, what)?;
        self.write_to(pair, side, length);
        Some(())
    }

    pub fn write_to(&mut self, pair: usize, side: usize, length: usize) {
        self.texts += 1;
        let text = format!("{:<length$}", format!("text {}", self.texts));
        let command = Command::SendMessage { to: self.pairs[pair].users[1 - side], text: text.clone(), reply_to: None };
        let before = self.pairs[pair].told[side].clone();
        self.submit(pair, side, command, Asked::Written { text, before });
    }

    fn lose(&mut self, who: usize, what: usize) -> Option<()> {
        match what % 4 {
            0 | 1 => {
                let devices = self.pairs[who % self.pairs.len()].devices;
                self.world.break_link(devices[0], devices[1]);
            }
            2 => {
                let device = self.one_of(who, |life, device| life.world.is_running(*device))?;
                self.world.break_connections(device);
            }
            _ => self.world.lose_mail(),
        }
        Some(())
    }

    pub fn heal(&mut self, one: usize, other: usize) {
        self.parted.remove(&(one, other));
        self.world.heal(one, other);
    }

    pub fn bring_back(&mut self, device: usize) {
        if !self.world.is_running(device) {
            self.forget_calls(device);
            self.world.start(device);
        }
        if self.unplugged.remove(&device) {
            self.world.plug_in(device);
        }
    }

    /// What only the replaced disk had is lost to everybody, and nobody can be blamed for it.
    fn restore(&mut self, who: usize, what: usize) -> Option<()> {
        let device = self.one_of(who, |life, device| life.backups.contains_key(device))?;
        if self.world.is_running(device) {
            self.world.kill(device);
        }
        self.hear();
        self.forget_calls(device);
        let before = self.world.kept(device).clone();
        let backups = &self.backups[&device];
        self.world.restore(device, &backups[what % backups.len()], true);
        for pair in &mut self.pairs {
            let Some(side) = pair.devices.iter().position(|other| *other == device) else { continue };
            let [one, other] = pair.devices.map(|device| self.world.kept(device).clone());
            let safe = |id: &EntryId| one.contains(id) || other.contains(id);
            pair.lost.extend(before.iter().filter(|id| !safe(id)));
            pair.must.retain(|id, _| safe(id));
            pair.told[side].clear();
            pair.read[side].clear();
            pair.own[side].clear();
        }
        self.world.start(device);
        Some(())
    }

    /// A conversation as a side sees it.
    pub fn history(&mut self, pair: usize, side: usize) -> Vec<MessageView> {
        let Pair { devices, users, .. } = &self.pairs[pair];
        self.world.history(devices[side], users[1 - side])
    }
}
