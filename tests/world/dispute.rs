//! Two admins and a member who do not hear of each other: one puts the member out, who deletes something of theirs meanwhile, and the other
//! takes the first one's office away. Who hears of it in that order sees the deletion count for nothing, and then count again.

use std::time::Duration;

use kith::coordinator::Command;
use kith::wire::{EntryId, RootKey};

use super::checks::entries;
use super::group_checks::Model;
use super::life::Life;
use super::room::Asked;

/// Who comes back is heard by the others within this.
const HEARD: Duration = Duration::from_secs(3);
/// In which order the three may come back.
const ORDERS: [[usize; 3]; 6] = [[1, 2, 0], [1, 0, 2], [2, 1, 0], [2, 0, 1], [0, 1, 2], [0, 2, 1]];

/// Whose dispute it is, by their devices.
struct Parties {
    senior: usize,
    junior: usize,
    member: usize,
    /// What the member has written.
    text: EntryId,
}

impl Life {
    /// All three do it while none of them has a network, and come back one after the other.
    pub fn dispute(&mut self, who: usize, what: usize) -> Option<()> {
        let (room, group) = self.group()?;
        let Parties { senior, junior, member, text } = self.parties(who)?;
        self.disputes += 1;
        let apart = [senior, junior, member];
        apart.into_iter().for_each(|device| self.go_away(device));
        self.rooms[room].changed.insert(text);
        let user = self.world.user(member);
        self.submit(room, junior, Command::RemoveFromGroup { group, user }, Asked::Done);
        let deletion = Command::DeleteMessage { with: group, id: text.to_string(), for_everyone: true };
        self.submit(room, member, deletion, Asked::Done);
        self.submit(room, senior, Command::Demote { group, user: self.world.user(junior) }, Asked::Done);
        for party in ORDERS[what % ORDERS.len()] {
            self.world.pass(HEARD);
            self.bring_back(apart[party]);
        }
        self.world.pass(HEARD);
        Some(())
    }

    /// As somebody in the group sees it: the most senior admin, another one, and a member with a text of theirs whom that one may put out.
    fn parties(&mut self, who: usize) -> Option<Parties> {
        let (room, _) = self.group()?;
        let insiders: Vec<usize> = self.insiders().into_iter().map(|(device, ..)| device).collect();
        let sees = *insiders.get(who % insiders.len().max(1))?;
        let kept = entries(self, room, sees);
        let model = Model::of(&self.rooms[room], &kept);
        let mut members = model.group().fold().membership()?.members;
        members.sort_by_key(|member| member.seniority);
        let device = |root: RootKey| insiders.iter().copied().find(|device| self.world.root(*device) == root);
        let mut members = members.into_iter().filter_map(|member| Some((device(member.root)?, member.admin.is_some())));
        let mut admins = members.by_ref().filter(|(_, admin)| *admin).map(|(device, _)| device);
        let (senior, junior) = (admins.next()?, admins.next()?);
        let room = &self.rooms[room];
        let text = |device: usize| {
            let mut own = room.told[device].iter().rev().filter(|id| room.own[device].contains(*id));
            own.find(|id| !room.changed.contains(*id)).copied()
        };
        members.find_map(|(member, _)| Some(Parties { senior, junior, member, text: text(member)? }))
    }
}
