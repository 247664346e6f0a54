//! A story as it is lived: each move finds somebody who can make it, and what people were told is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use kith::coordinator::world::{Backup, Moment, World};
use kith::coordinator::{Command, MessageView};
use kith::log::group::Action;
use kith::wire::{EntryId, RootKey};

use super::found::numbered_up_to_a_slice;
use super::groups;
use super::live::Change;
use super::moves::{Kind, Move, Story};
use super::room::{Asked, Call, Room};
use super::traces::{what_was_erased_is_gone_at_once, word};

/// A year, in seconds.
const YEAR: i64 = 365 * 24 * 3600;

pub struct Life {
    pub world: World,
    /// Every two contacts, and then the group, if there is one.
    pub rooms: Vec<Room>,
    pub links: bool,
    /// Somebody loses with their disk what is on its way, at the end: who, if anybody.
    pub relapsing: Option<usize>,
    /// How often there was a dispute, and a relapse.
    pub disputes: u64,
    pub relapses: u64,
    /// Somebody who is out of the group writes on and on, at the end; and what they have written.
    pub floods: bool,
    pub flood: BTreeSet<EntryId>,
    pub people: usize,
    pub calls: Vec<Call>,
    /// Copies of databases, from before somebody went from the group too.
    pub backups: BTreeMap<usize, Vec<Rc<Backup>>>,
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
        numbered_up_to_a_slice(&mut world, story);
        let contacts = story.contacts();
        let mut rooms = vec![];
        for (one, other) in &contacts {
            let (one_id, other_id) = world.befriend(*one, *other);
            let conversation = world.conversation(*one, *other);
            rooms.push(Room::new(conversation, vec![*one, *other], vec![other_id, one_id]));
        }
        if story.group {
            rooms.push(groups::found(&mut world, story.people, &contacts));
        }
        Self {
            world,
            rooms,
            links: story.links,
            relapsing: story.relapse,
            disputes: 0,
            relapses: 0,
            floods: story.flood,
            flood: BTreeSet::new(),
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
        if matches!(step.kind, Kind::Delete | Kind::Remove) {
            what_was_erased_is_gone_at_once(self);
        }
    }

    fn attempt(&mut self, step: &Move) -> Option<()> {
        let (who, what) = (step.who as usize, step.what as usize);
        let awake = |life: &Self, device: &usize| life.world.is_loaded(*device);
        match step.kind {
            Kind::Write => self.write(who, what, 20),
            Kind::WriteMany => match what % 3 {
                // More than fits into one envelope, or into a link's window.
                0 => {
                    let (room, side) = self.writer_to_one(who, what / 3)?;
                    (0..12).for_each(|_| self.write_to(room, side, 15_000));
                    Some(())
                }
                // More than one transaction takes at a time.
                1 => (0..20).try_for_each(|_| self.write(who, what / 3, 10)),
                // One after the other: to somebody who is away each is an envelope.
                _ => (0..12).try_for_each(|_| {
                    self.world.pass(Duration::from_millis(20));
                    self.write(who, what / 3, 10)
                }),
            },
            Kind::Talk => self.talk(who, what),
            Kind::Read => {
                let (room, side) = self.writer(who, what)?;
                let limit = Some(100);
                let command = Command::ReadHistory { with: self.rooms[room].names[side], before: None, limit };
                self.submit(room, side, command, Asked::Read);
                self.look_for_something(room, side, what);
                Some(())
            }
            Kind::Leave => {
                let device = self.one_of(who, awake)?;
                self.world.shut_down(device);
                Some(())
            }
            Kind::Unplug => {
                let device = self.one_of(who, |life, device| !life.unplugged.contains(device))?;
                self.go_away(device);
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
                let (one, other) = self.two(who);
                let fresh = self.parted.insert((one, other));
                fresh.then(|| self.world.part(one, other))
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
                self.backups.entry(device).or_default().push(Rc::new(backup));
                Some(())
            }
            // Two whom no link joins may miss each other at different brokers when the database of one is older than their last card.
            Kind::Brokers if !self.links => None,
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
            Kind::Invite => self.invite(who, what),
            Kind::Remove if what % 4 == 0 => self.dispute(who, what / 4).or_else(|| self.remove(who, what)),
            Kind::Remove => self.remove(who, what),
            Kind::Quit => self.quit(who),
            Kind::Promote => self.promote(who, what),
            Kind::Rename => self.rename(who, what),
        }
    }

    /// One of the devices that can.
    pub fn one_of(&self, who: usize, can: impl Fn(&Self, &usize) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.people).filter(|device| can(self, device)).collect();
        all.get(who % all.len().max(1)).copied()
    }

    /// Two of them, whether or not they know each other; the first has the lower number.
    pub fn two(&self, who: usize) -> (usize, usize) {
        let other = who / self.people % (self.people - 1);
        let one = who % self.people;
        let other = if other < one { other } else { other + 1 };
        (one.min(other), one.max(other))
    }

    /// Somebody who can write to others: the room, and on which side of it.
    pub fn writer(&self, who: usize, what: usize) -> Option<(usize, usize)> {
        self.writer_in(who, what, |_| true)
    }

    /// The same between two contacts.
    pub fn writer_to_one(&self, who: usize, what: usize) -> Option<(usize, usize)> {
        self.writer_in(who, what, |room| !room.is_group())
    }

    fn writer_in(&self, who: usize, what: usize, is_meant: impl Fn(&Room) -> bool) -> Option<(usize, usize)> {
        let device = self.one_of(who, |life, device| life.world.is_loaded(*device))?;
        let rooms = self.rooms.iter().enumerate().filter(|(_, room)| is_meant(room));
        let all: Vec<(usize, usize)> = rooms.filter_map(|(number, room)| Some((number, room.side(device)?))).collect();
        all.get(what % all.len().max(1)).copied()
    }

    pub fn submit(&mut self, room: usize, side: usize, command: Command, asked: Asked) {
        let number = self.world.submit(self.rooms[room].devices[side], command);
        self.calls.push(Call { number, room, side, asked });
    }

    fn write(&mut self, who: usize, what: usize, length: usize) -> Option<()> {
        let (room, side) = self.writer(who, what)?;
        self.write_to(room, side, length);
        Some(())
    }

    pub fn write_to(&mut self, room: usize, side: usize, length: usize) {
        self.texts += 1;
        let text = format!("{:<length$}", format!("text {} {}", self.texts, word(self.texts)));
        let command = Command::SendMessage { to: self.rooms[room].names[side], text: text.clone(), reply_to: None };
        let before = self.rooms[room].told[side].clone();
        self.submit(room, side, command, Asked::Written { text, before });
    }

    fn lose(&mut self, who: usize, what: usize) -> Option<()> {
        match what % 4 {
            0 | 1 => {
                let (one, other) = self.two(who);
                self.world.break_link(one, other);
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

    /// A device has no network: what is sent from now on neither reaches it nor leaves it.
    pub fn go_away(&mut self, device: usize) {
        if self.unplugged.insert(device) {
            self.world.unplug(device);
        }
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

    fn restore(&mut self, who: usize, what: usize) -> Option<()> {
        let device = self.one_of(who, |life, device| life.backups.contains_key(device))?;
        let backups = &self.backups[&device];
        let backup = Rc::clone(&backups[what % backups.len()]);
        self.put_back(device, &backup);
        Some(())
    }

    /// A copy takes the place of a device's database. What only the replaced disk had is lost to everybody, and nobody can be blamed for it.
    pub fn put_back(&mut self, device: usize, backup: &Backup) {
        let mut additions = BTreeMap::new();
        if self.world.is_running(device) {
            additions = self.additions(device);
            self.world.kill(device);
        }
        self.hear();
        self.forget_calls(device);
        let before = self.world.kept(device).clone();
        self.world.restore(device, backup, true);
        for room in &mut self.rooms {
            let Some(side) = room.side(device) else { continue };
            let safe = |id: &EntryId| room.devices.iter().any(|device| self.world.kept(*device).contains(id));
            // Of a group somebody who is out may have it, and gives nobody what others wrote.
            let kept = self.world.kept(device);
            let is_lost = |id: &&EntryId| if room.is_group() { !kept.contains(*id) } else { !safe(id) };
            let lost: Vec<EntryId> = before.iter().filter(is_lost).copied().collect();
            room.added_and_lost.extend(lost.iter().filter_map(|id| additions.get(id)));
            room.lost.extend(lost);
            room.must.retain(|id, _| safe(id));
            room.told[side].clear();
            room.read[side].clear();
            room.own[side].clear();
        }
        self.world.start(device);
    }

    /// Who was added to the group, by the entries that a device has.
    fn additions(&mut self, device: usize) -> BTreeMap<EntryId, RootKey> {
        let Some((room, _)) = self.group() else { return BTreeMap::new() };
        let kept = self.world.db(device).entries(&self.rooms[room].conversation).unwrap();
        let added = kept.into_iter().filter_map(|kept| match Action::known(&kept.entry.body?) {
            Ok(Action::Add { card }) => Some((kept.id, card.root())),
            _ => None,
        });
        added.collect()
    }

    /// A conversation as a side sees it.
    pub fn history(&mut self, room: usize, side: usize) -> Vec<MessageView> {
        let Room { devices, names, .. } = &self.rooms[room];
        self.world.history(devices[side], names[side])
    }
}
