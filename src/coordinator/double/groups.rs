//! What the pretended coordinator does with groups: everything at once, and nobody else has a say.

use uuid::Uuid;

use super::script::Script;
use crate::coordinator::{
    Command, CommandError, Delta, ErrorCode, GroupView, LineView, MemberDelivery, MemberView, MessageState, Reply,
};

/// The first id of a group; the next ones follow.
const GROUP: u128 = 0x6702_0000_0000_8000_8000_0000_0000_0000;
/// The colour of every group that is made here.
const HUE: u16 = 285;

impl Script {
    /// A group that is there: who is in it besides this person, who is an admin.
    pub fn gathers(&mut self, name: &str, admin: bool, members: &[(Uuid, &str, bool)]) -> Uuid {
        let group_id = Uuid::from_u128(GROUP + u128::try_from(self.view.groups.len()).unwrap_or_default());
        let own = MemberView { user_id: self.own.user_id, name: self.own.name.clone(), admin, contact: false };
        let others = members.iter().map(|(user_id, name, admin)| MemberView {
            user_id: *user_id,
            name: (*name).to_owned(),
            admin: *admin,
            contact: self.view.contacts.iter().any(|contact| contact.user_id == *user_id),
        });
        let members = [own].into_iter().chain(others).collect();
        let name = name.to_owned();
        self.view.groups.push(GroupView { group_id, name, hue: HUE, history: false, inside: true, members });
        group_id
    }

    /// Somebody has said something in a group. Gives what changed.
    pub fn says_in(&mut self, group: Uuid, from: Uuid, text: &str, at: u64, state: MessageState) -> Delta {
        self.says(group, from == self.own.user_id, text, at, state, true);
        self.becomes(group, |last| last.from = from)
    }

    /// A change of a group stands behind what was said in it until now.
    pub fn changes_in(&mut self, group: Uuid, line: LineView) {
        self.talks.entry(group).or_default().changes.push(line);
    }

    /// Obeys a command about groups.
    pub(super) fn grouped(&mut self, command: Command, deltas: &mut Vec<Delta>) -> Result<Reply, CommandError> {
        let group = match command {
            Command::ListGroups => return Ok(Reply::Groups(self.view.groups.clone())),
            Command::ShowGroup(group) => return Ok(Reply::Group(Box::new(self.known(group)?.clone()))),
            Command::CreateGroup { name, members } => {
                let names = self.names(&members);
                let named: Vec<(Uuid, &str, bool)> =
                    members.iter().zip(&names).map(|(user, name)| (*user, name.as_str(), false)).collect();
                let group = self.gathers(&name, true, &named);
                deltas.extend([Delta::Group(self.known(group)?.clone()), self.chat(group)]);
                return Ok(Reply::GroupId(group));
            }
            Command::AddToGroup { group, user } => {
                let name = self.names(&[user]).pop().unwrap_or_default();
                self.known(group)?.members.push(MemberView { user_id: user, name, admin: false, contact: true });
                group
            }
            Command::RemoveFromGroup { group, user } => {
                self.known(group)?.members.retain(|member| member.user_id != user);
                group
            }
            Command::LeaveGroup(group) => {
                let own = self.own.user_id;
                let known = self.known(group)?;
                known.inside = false;
                known.members.retain(|member| member.user_id != own);
                group
            }
            Command::Promote { group, user } => self.appoints(group, user, true)?,
            Command::Demote { group, user } => self.appoints(group, user, false)?,
            Command::RenameGroup { name, .. } if name.is_empty() => {
                return Err(CommandError::new(ErrorCode::InvalidName, "The name is empty."));
            }
            Command::RenameGroup { group, name } => {
                self.known(group)?.name = name;
                group
            }
            Command::SetGroupHistory { group, shared } => {
                self.known(group)?.history = shared;
                group
            }
            _ => return Ok(Reply::Done),
        };
        deltas.push(Delta::Group(self.known(group)?.clone()));
        Ok(Reply::Done)
    }

    /// Who has a message of this person's own: everybody but the last.
    pub(super) fn receipts(&self, group: Uuid) -> Vec<MemberDelivery> {
        let known = self.view.groups.iter().find(|known| known.group_id == group);
        let others = known.into_iter().flat_map(|group| &group.members).map(|member| member.user_id);
        let others: Vec<Uuid> = others.filter(|user| *user != self.own.user_id).collect();
        let last = others.last().copied();
        let told = |user_id: Uuid| MemberDelivery { user_id, delivered: Some(user_id) != last };
        others.iter().copied().map(told).collect()
    }

    fn names(&self, users: &[Uuid]) -> Vec<String> {
        let name = |user: &Uuid| self.view.contacts.iter().find(|contact| contact.user_id == *user);
        users.iter().map(|user| name(user).map(|contact| contact.name.clone()).unwrap_or_default()).collect()
    }

    fn appoints(&mut self, group: Uuid, user: Uuid, admin: bool) -> Result<Uuid, CommandError> {
        let members = self.known(group)?.members.iter_mut();
        members.filter(|member| member.user_id == user).for_each(|member| member.admin = admin);
        Ok(group)
    }

    fn known(&mut self, group: Uuid) -> Result<&mut GroupView, CommandError> {
        let missing = || CommandError::new(ErrorCode::UnknownGroup, "There is no group with this id.");
        self.view.groups.iter_mut().find(|known| known.group_id == group).ok_or_else(missing)
    }
}
