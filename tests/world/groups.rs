//! The group of a story: how everybody comes into it, and what people change of it.

use std::collections::BTreeSet;
use std::time::Duration;

use kith::coordinator::world::World;
use kith::coordinator::{Command, GroupView};
use uuid::Uuid;

use super::life::Life;
use super::room::{Asked, Room};

/// One who was added is in within this, also by mail.
const JOIN_WITHIN: Duration = Duration::from_secs(120);
/// Twice the time of a frame on its way.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Who leaves does not leave somebody alone: a group of one has nothing more to say.
const LEFT_MIN: usize = 3;

/// Everybody in one group, whoever knows whom: somebody in the middle makes it, and whoever came in brings their contacts.
pub fn found(world: &mut World, people: usize, contacts: &[(usize, usize)]) -> Room {
    let friends = |of: usize| {
        contacts.iter().filter_map(move |(one, other)| match of {
            of if of == *one => Some(*other),
            of if of == *other => Some(*one),
            _ => None,
        })
    };
    let founder = people / 2;
    let first: Vec<usize> = friends(founder).collect();
    let users: Vec<Uuid> = first.iter().map(|device| world.user(*device)).collect();
    let group = world.group(founder, "Everybody", &users);
    first.iter().for_each(|device| wait_for(world, *device, group));
    let mut inside: BTreeSet<usize> = first.into_iter().chain([founder]).collect();
    while inside.len() < people {
        for host in inside.clone() {
            let guests: Vec<usize> = friends(host).filter(|guest| !inside.contains(guest)).collect();
            if guests.is_empty() {
                continue;
            }
            let user = world.user(host);
            world.run(founder, Command::Promote { group, user }).unwrap();
            let is_admin = |world: &World| is_admin(&world.group_now(host, group).unwrap().1, user);
            until(world, "an office", is_admin);
            for guest in guests {
                world.run(host, Command::AddToGroup { group, user: world.user(guest) }).unwrap();
                wait_for(world, guest, group);
                inside.insert(guest);
            }
        }
    }
    let (conversation, _) = world.group_now(founder, group).unwrap();
    Room::new(conversation, (0..people).collect(), vec![group; people])
}

fn wait_for(world: &mut World, device: usize, group: Uuid) {
    let inside = |world: &World| world.group_now(device, group).is_some_and(|(_, view)| view.inside);
    until(world, "a member", inside);
}

/// Lets time pass until something is true that takes longer to look at than the next thing to happen.
fn until(world: &mut World, what: &str, done: impl Fn(&World) -> bool) {
    let end = world.now + JOIN_WITHIN;
    while !done(world) {
        assert!(world.now < end, "{what} did not come within {JOIN_WITHIN:?}");
        world.pass(LOOK_EVERY);
    }
}

fn is_admin(view: &GroupView, user: Uuid) -> bool {
    view.members.iter().any(|member| member.user_id == user && member.admin)
}

impl Life {
    /// The group: the last room, in which a person's side is their number.
    pub fn group(&self) -> Option<(usize, Uuid)> {
        let room = self.rooms.last().filter(|room| room.is_group())?;
        Some((self.rooms.len() - 1, room.names[0]))
    }

    /// Whether two are each other's contacts.
    pub fn are_contacts(&self, one: usize, other: usize) -> bool {
        let both = |room: &Room| room.side(one).is_some() && room.side(other).is_some();
        self.rooms.iter().any(|room| !room.is_group() && both(room))
    }

    /// Those who take commands and see themselves in the group, with what they see.
    pub fn insiders(&self) -> Vec<(usize, Uuid, GroupView)> {
        let Some((_, group)) = self.group() else { return vec![] };
        let loaded = (0..self.people).filter(|device| self.world.is_loaded(*device));
        let seen = loaded.filter_map(|device| Some((device, self.world.group_now(device, group)?.1)));
        let inside = seen.filter(|(_, view)| view.inside);
        inside.map(|(device, view)| (device, self.world.user(device), view)).collect()
    }

    fn change_group(&mut self, device: usize, command: Command) -> Option<()> {
        let (room, _) = self.group()?;
        self.submit(room, device, command, Asked::Done);
        Some(())
    }

    /// An admin adds a contact of theirs.
    pub fn invite(&mut self, who: usize, what: usize) -> Option<()> {
        let mut possible = vec![];
        for (device, own, view) in self.insiders().into_iter().filter(|(_, own, view)| is_admin(view, *own)) {
            let rooms = self.rooms.iter().filter(|room| !room.is_group() && room.side(device).is_some());
            let friends = rooms.flat_map(|room| &room.names).filter(|user| **user != own);
            let fresh = |user: &&Uuid| !view.members.iter().any(|member| member.user_id == **user);
            possible.extend(friends.filter(fresh).map(|user| (device, *user)));
        }
        let (device, user) = *possible.get((who ^ what) % possible.len().max(1))?;
        let (_, group) = self.group()?;
        self.change_group(device, Command::AddToGroup { group, user })
    }

    /// An admin, and another member.
    fn admin_and_other(&self, who: usize, what: usize) -> Option<(usize, Uuid, GroupView)> {
        let mut admins = self.insiders();
        admins.retain(|(_, own, view)| is_admin(view, *own));
        let (device, own, view) = admins.get(who % admins.len().max(1))?;
        let others: Vec<Uuid> = view.members.iter().map(|member| member.user_id).filter(|user| user != own).collect();
        let user = others.get(what % others.len().max(1))?;
        Some((*device, *user, view.clone()))
    }

    /// Whoever is no admin, or a junior one, can be put out.
    pub fn remove(&mut self, who: usize, what: usize) -> Option<()> {
        let (device, user, _) = self.admin_and_other(who, what)?;
        let (_, group) = self.group()?;
        self.change_group(device, Command::RemoveFromGroup { group, user })
    }

    pub fn quit(&mut self, who: usize) -> Option<()> {
        let mut possible = self.insiders();
        possible.retain(|(_, _, view)| view.members.len() >= LEFT_MIN);
        let (device, ..) = possible.get(who % possible.len().max(1))?;
        let (device, (_, group)) = (*device, self.group()?);
        self.change_group(device, Command::LeaveGroup(group))
    }

    /// Somebody becomes an admin, or is one no longer; when nobody is one, the heir takes over.
    pub fn promote(&mut self, who: usize, what: usize) -> Option<()> {
        let (_, group) = self.group()?;
        let Some((device, user, view)) = self.admin_and_other(who, what) else {
            let heirs = self.insiders().into_iter().filter(|(_, own, view)| {
                let headless = !view.members.iter().any(|member| member.admin);
                headless && view.members.first().is_some_and(|first| first.user_id == *own)
            });
            let (device, user, _) = heirs.into_iter().next()?;
            return self.change_group(device, Command::Promote { group, user });
        };
        // Who is put out of office by their own hand hands over first.
        let command = match is_admin(&view, user) {
            true if what.is_multiple_of(5) => Command::Demote { group, user: self.world.user(device) },
            true => Command::Demote { group, user },
            false => Command::Promote { group, user },
        };
        self.change_group(device, command)
    }

    /// What concerns everybody.
    pub fn rename(&mut self, who: usize, what: usize) -> Option<()> {
        let (device, ..) = self.admin_and_other(who, what)?;
        let (_, group) = self.group()?;
        let command = match what % 3 {
            0 => Command::SetGroupHistory { group, shared: what.is_multiple_of(2) },
            _ => Command::RenameGroup { group, name: format!("Name {}", what % 1_000) },
        };
        self.change_group(device, command)
    }
}
