//! What a person asks for about groups.
//!
//! Every change is an entry of the group. Whether somebody may make it is asked of the fold before it is written (`log::group`);
//! whether it counts is decided by everybody for themselves. What follows from a change is in `members`.

use rand::RngExt;
use uuid::Uuid;

use super::Engine;
use super::io::CallId;
use super::members::Joined;
use super::pending::Pending;
use super::state::{Conversation, GROUPS_MAX, With};
use super::write::Place;
use crate::coordinator::{CommandError, ErrorCode, GroupView, MEMBERS_MAX, MemberView, Reply};
use crate::identity::{Card, GroupId, Name, UserId};
use crate::log::Entry;
use crate::log::group::{Action, CUT_LOGS_MAX, HUE_MAX, Last, Refusal};
use crate::store::{Op, Standing};
use crate::wire::{ConversationId, EntryId, LogId, OWN_CONVERSATION, RootKey, kind};

impl Engine {
    pub(super) fn create_group(&mut self, call: CallId, name: &str, users: &[Uuid]) -> Result<(), CommandError> {
        self.need_identity()?;
        let name = group_name(name)?;
        if self.groups_inside() >= GROUPS_MAX {
            return Err(CommandError::new(ErrorCode::Full, format!("Kith keeps at most {GROUPS_MAX} groups.")));
        }
        if users.len() >= MEMBERS_MAX {
            let message = format!("A group has at most {MEMBERS_MAX} people, you among them.");
            return Err(CommandError::new(ErrorCode::Full, message));
        }
        let Some(me) = &self.me else { return Ok(()) };
        let mut cards = vec![me.card.clone()];
        for user in users {
            let card = self.card_of_contact(*user)?;
            if !cards.iter().any(|other| other.root() == card.root()) {
                cards.push(card);
            }
        }
        let later = cards.split_off(Action::fits(&cards));
        let hue = self.rng.random_range(0..=HUE_MAX);
        let action = Action::Create { name, hue, history: false, cards };
        let log = LogId(self.rng.random());
        let draft = Place { conversation: OWN_CONVERSATION, log, sequence: 0, previous: None, after: vec![] };
        let Some(entry) = self.sign(draft, kind::GROUP, None, action.to_bytes()) else { return Ok(()) };
        let (id, first) = (entry.conversation(), entry.id());
        let created = Conversation::fresh(With::Created, log, vec![first]);
        let fresh = Conversation { next: 1, last: Some(first), writing: 1, ..created };
        self.conversations.insert(id, fresh);
        self.ask(Pending::Nothing, Op::SaveOwnLog { conversation: id, log });
        let last = later.is_empty().then_some(call);
        let pending = Pending::Changed { call: last, conversation: id, entry: Box::new(entry.clone()) };
        self.ask(pending, Op::Append(Box::new(entry)));
        for (place, card) in later.iter().enumerate() {
            let call = (place + 1 == later.len()).then_some(call);
            self.write_change(&id, &Action::Add { card: Box::new(card.clone()) }, call)?;
        }
        Ok(())
    }

    pub(super) fn add_to_group(&mut self, call: CallId, group: Uuid, user: Uuid) -> Result<(), CommandError> {
        let card = Box::new(self.card_of_contact(user)?);
        self.change_group(call, group, &Action::Add { card })
    }

    pub(super) fn remove_from_group(&mut self, call: CallId, group: Uuid, user: Uuid) -> Result<(), CommandError> {
        let (conversation, root) = self.member_of(group, user)?;
        self.cut(call, conversation, root)
    }

    pub(super) fn leave_group(&mut self, call: CallId, group: Uuid) -> Result<(), CommandError> {
        self.need_identity()?;
        let (conversation, joined) = self.group(group)?;
        let Some(root) = self.me.as_ref().map(|me| me.card.root()) else { return Ok(()) };
        let admins = joined.membership.members.iter().filter(|member| member.admin.is_some());
        let is_last = admins.map(|member| member.root).eq([root]);
        let longest = joined.membership.members.iter().map(|member| member.root).find(|member| *member != root);
        if let Some(root) = longest.filter(|_| is_last) {
            // Whoever has been in longest could take over by themselves, but only once they come.
            self.write_change(&conversation, &Action::Promote { root }, None)?;
        }
        self.cut(call, conversation, root)
    }

    pub(super) fn promote(&mut self, call: CallId, group: Uuid, user: Uuid, on: bool) -> Result<(), CommandError> {
        let (_, root) = self.member_of(group, user)?;
        let action = if on { Action::Promote { root } } else { Action::Demote { root } };
        self.change_group(call, group, &action)
    }

    pub(super) fn rename_group(&mut self, call: CallId, group: Uuid, name: &str) -> Result<(), CommandError> {
        let name = group_name(name)?;
        self.change_group(call, group, &Action::Rename { name, hue: None })
    }

    pub(super) fn set_group_history(&mut self, call: CallId, group: Uuid, shared: bool) -> Result<(), CommandError> {
        self.change_group(call, group, &Action::History { shared })
    }

    pub(super) fn list_groups(&mut self, call: CallId) -> Result<(), CommandError> {
        self.need_identity()?;
        let groups = self.group_views();
        self.reply(call, Ok(Reply::Groups(groups)));
        Ok(())
    }

    pub(super) fn show_group(&mut self, call: CallId, group: Uuid) -> Result<(), CommandError> {
        self.need_identity()?;
        let (conversation, _) = self.group(group)?;
        let view = self.group_view(&conversation).ok_or_else(unknown_group)?;
        self.reply(call, Ok(Reply::Group(Box::new(view))));
        Ok(())
    }

    fn change_group(&mut self, call: CallId, group: Uuid, action: &Action) -> Result<(), CommandError> {
        self.need_identity()?;
        let (conversation, _) = self.group(group)?;
        match self.allows(&conversation, action) {
            Err(Refusal::Already) => {
                self.reply(call, Ok(Reply::Done));
                Ok(())
            }
            Err(refusal) => Err(refused(refusal)),
            Ok(()) => self.write_change(&conversation, action, Some(call)),
        }
    }

    fn allows(&self, conversation: &ConversationId, action: &Action) -> Result<(), Refusal> {
        let (Some(joined), Some(me)) = (self.joined(conversation), &self.me) else { return Err(Refusal::Outsider) };
        joined.group.fold().allows(&me.card.root(), action)
    }

    /// A removal names the last entry that is here of each log of the one who goes: the store is asked for them.
    fn cut(&mut self, call: CallId, conversation: ConversationId, root: RootKey) -> Result<(), CommandError> {
        self.allows(&conversation, &self.end_of(root, vec![])).map_err(refused)?;
        self.ask(Pending::Cut { call, conversation, root }, Op::Cut { conversation, author: root });
        Ok(())
    }

    fn end_of(&self, root: RootKey, cut: Vec<Last>) -> Action {
        let own = self.me.as_ref().is_some_and(|me| me.card.root() == root);
        if own { Action::Leave { cut } } else { Action::Remove { root, cut } }
    }

    /// The store has told the last entries. What was written here since, and is on its way to the disk, counts too.
    pub(super) fn cut_known(&mut self, call: CallId, conversation: &ConversationId, root: RootKey, mut cut: Vec<Last>) {
        if let (Some(me), Some(state)) = (&self.me, self.conversations.get(conversation))
            && me.card.root() == root
            && let Some(id) = state.last
        {
            let own =
                Last { device: me.secrets.device_key(), log: state.log, sequence: state.next.saturating_sub(1), id };
            cut.retain(|last| (last.device, last.log) != (own.device, own.log));
            // One more could not be read by anybody, and then nobody could leave.
            cut.truncate(CUT_LOGS_MAX.saturating_sub(1));
            cut.push(own);
            cut.sort_unstable_by_key(|last| (last.device, last.log));
        }
        let action = self.end_of(root, cut);
        let written = self.allows(conversation, &action).map_err(refused);
        if let Err(error) = written.and_then(|()| self.write_change(conversation, &action, Some(call))) {
            self.reply(call, Err(error));
        }
    }

    /// Writes a change at the end of a group's conversation.
    pub(super) fn write_change(
        &mut self,
        conversation: &ConversationId,
        action: &Action,
        call: Option<CallId>,
    ) -> Result<(), CommandError> {
        let entry = self.compose(conversation, kind::GROUP, None, action.to_bytes())?;
        let pending = Pending::Changed { call, conversation: *conversation, entry: Box::new(entry.clone()) };
        self.ask(pending, Op::Append(Box::new(entry)));
        Ok(())
    }

    /// A change of ours is on disk.
    pub(super) fn changed(
        &mut self,
        call: Option<CallId>,
        conversation: &ConversationId,
        entry: &Entry,
        heads: Vec<EntryId>,
    ) {
        let mut answer = None;
        if let Some(call) = call {
            let created = matches!(self.conversations.get(conversation).map(|state| &state.with), Some(With::Created));
            let reply = if created { Reply::GroupId(GroupId::from(conversation).0) } else { Reply::Done };
            answer = Some((call, reply));
        }
        self.farewell(entry);
        self.on_disk(conversation, entry.id(), heads, false);
        self.ask(Pending::Group(*conversation), Op::Group(*conversation));
        // Whoever hears that there is a group may write in it at once.
        if let Some((call, reply)) = answer {
            self.ask(Pending::Then(call, Box::new(reply)), Op::Barrier);
        }
    }

    pub(super) fn change_failed(&mut self, call: Option<CallId>, conversation: &ConversationId, error: &str) {
        if let Some(call) = call {
            self.reply_storage(call, error);
        }
        if matches!(self.conversations.get(conversation).map(|state| &state.with), Some(With::Created)) {
            // Nothing of it is on disk, and what followed is refused too.
            self.conversations.remove(conversation);
            return;
        }
        self.log_is_stale(conversation);
    }

    /// A group by its id, for a command.
    pub(super) fn group(&self, group: Uuid) -> Result<(ConversationId, &Joined), CommandError> {
        let conversation = self.groups.get(&group).ok_or_else(unknown_group)?;
        let joined = self.joined(conversation).ok_or_else(unknown_group)?;
        Ok((*conversation, joined))
    }

    fn member_of(&self, group: Uuid, user: Uuid) -> Result<(ConversationId, RootKey), CommandError> {
        self.need_identity()?;
        let (conversation, joined) = self.group(group)?;
        let mut members = joined.membership.members.iter();
        let member = members.find(|member| UserId::from(&member.root).0 == user);
        Ok((conversation, member.ok_or_else(|| refused(Refusal::NotIn))?.root))
    }

    fn card_of_contact(&self, user: Uuid) -> Result<Card, CommandError> {
        self.need_identity()?;
        let (_, contact) = self.person(user)?;
        if contact.person.standing != Standing::Contact {
            let message = "Only a contact can be added to a group.";
            return Err(CommandError::new(ErrorCode::NotAContact, message));
        }
        Ok(contact.card.clone())
    }

    /// All groups, by name.
    pub(super) fn group_views(&self) -> Vec<GroupView> {
        let mut views: Vec<GroupView> =
            self.groups.values().filter_map(|conversation| self.group_view(conversation)).collect();
        views.sort_by_cached_key(|view| (view.name.to_lowercase(), view.group_id));
        views
    }

    pub(super) fn group_view(&self, conversation: &ConversationId) -> Option<GroupView> {
        let (joined, me) = (self.joined(conversation)?, self.me.as_ref()?.card.root());
        let standing = |root: &RootKey| self.people.get(root).map(|contact| contact.person.standing);
        let members = joined.membership.members.iter().map(|member| MemberView {
            user_id: UserId::from(&member.root).0,
            name: self.name_of(&member.root).unwrap_or_else(|| member.card.fields().name.to_string()),
            admin: member.admin.is_some(),
            contact: member.root != me && standing(&member.root) == Some(Standing::Contact),
        });
        Some(GroupView {
            group_id: GroupId::from(conversation).0,
            name: joined.membership.name.to_string(),
            hue: joined.membership.hue,
            history: joined.membership.history,
            inside: joined.inside,
            members: members.collect(),
        })
    }

    /// The name on the newest card that is here.
    fn name_of(&self, root: &RootKey) -> Option<String> {
        let own = self.me.as_ref().filter(|me| me.card.root() == *root).map(|me| me.name.to_string());
        own.or_else(|| self.people.get(root).map(|contact| contact.card.fields().name.to_string()))
    }
}

fn group_name(name: &str) -> Result<Name, CommandError> {
    Name::parse(name).map_err(|error| CommandError::new(ErrorCode::InvalidName, error.to_string()))
}

fn unknown_group() -> CommandError {
    CommandError::new(ErrorCode::UnknownGroup, "There is no group with this id.")
}

fn refused(refusal: Refusal) -> CommandError {
    let code = match refusal {
        Refusal::Outsider => ErrorCode::NotInGroup,
        Refusal::NotIn => ErrorCode::UnknownUser,
        Refusal::NoAdmin | Refusal::Senior => ErrorCode::NotAnAdmin,
        Refusal::Full => ErrorCode::Full,
        Refusal::Already | Refusal::Exists => ErrorCode::UnknownGroup,
    };
    CommandError::new(code, refusal.to_string())
}
