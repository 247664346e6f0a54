//! What was changed in a group, as lines for people: by whom, whether it counts, and what was done at the same time.

use uuid::Uuid;

use super::Engine;
use super::io::CallId;
use super::members::Joined;
use crate::coordinator::{ChangeView, CommandError, GROUP_CHANGES_MAX, GroupChange, LineView, Reply, Uncounted};
use crate::identity::UserId;
use crate::log::group::{Action, Fact, Fold, Void};
use crate::wire::{ConversationId, EntryId, RootKey};

impl Engine {
    pub(super) fn list_group_changes(&mut self, call: CallId, group: Uuid) -> Result<(), CommandError> {
        self.need_identity()?;
        let (_, joined) = self.group(group)?;
        let fold = joined.group.fold();
        let first = joined.group.len().saturating_sub(GROUP_CHANGES_MAX);
        // Who was never in it has nothing to say in it.
        let changes = joined.group.facts().skip(first).map(|fact| line(&fold, fact));
        let changes = changes.filter(|line| line.uncounted != Some(Uncounted::Outsider)).collect();
        self.reply(call, Ok(Reply::GroupChanges(changes)));
        Ok(())
    }
}

impl Engine {
    /// The lines of a group's conversation for these changes, each with the message behind it. Who was never in it has nothing to say
    /// there, and a new card says nothing to people.
    pub(super) fn lines(&self, conversation: &ConversationId, changes: &[(EntryId, Option<EntryId>)]) -> Vec<LineView> {
        let Some(joined) = self.joined(conversation) else { return vec![] };
        let fold = joined.group.fold();
        let mut lines = vec![];
        for (id, before) in changes {
            let Some(fact) = joined.group.fact(id) else { continue };
            let change = line(&fold, fact);
            if change.uncounted == Some(Uncounted::Outsider) || change.change == GroupChange::Card {
                continue;
            }
            let about = match &fact.action {
                Some(Action::Add { card }) => Some(card.root()),
                Some(Action::Remove { root, .. } | Action::Promote { root } | Action::Demote { root }) => Some(*root),
                _ => None,
            };
            lines.push(LineView {
                before: before.map(|id| id.to_string()),
                change,
                by: self.called(joined, &fact.author),
                about: about.map(|root| self.called(joined, &root)).unwrap_or_default(),
            });
        }
        lines
    }

    /// What somebody is called here who is or was in a group.
    fn called(&self, joined: &Joined, root: &RootKey) -> String {
        if let Some(nickname) = self.nicknames.get(root) {
            return nickname.clone();
        }
        let member = joined.membership.member(root).map(|member| &member.card);
        let former = joined.membership.former.iter().find(|former| former.root == *root).map(|former| &former.card);
        let known = self.people.get(root).map(|contact| &contact.card);
        known.or(member).or(former).map(|card| card.fields().name.to_string()).unwrap_or_default()
    }
}

fn line(fold: &Fold<'_>, fact: &Fact) -> ChangeView {
    let verdict = fold.verdict(&fact.id).unwrap_or(Err(Void::Unreadable));
    ChangeView {
        id: fact.id.to_string(),
        by: user(&fact.author),
        at: fact.time,
        change: change(fact),
        uncounted: verdict.err().map(uncounted),
        beside: fold.at_the_same_time(&fact.id).iter().map(ToString::to_string).collect(),
    }
}

fn user(root: &RootKey) -> Uuid {
    UserId::from(root).0
}

fn change(fact: &Fact) -> GroupChange {
    match &fact.action {
        None => GroupChange::Newer,
        Some(Action::Create { name, cards, .. }) => {
            GroupChange::Created { name: name.to_string(), members: cards.iter().map(|card| card.user().0).collect() }
        }
        Some(Action::Add { card }) if card.root() == fact.author => GroupChange::Card,
        Some(Action::Add { card }) => GroupChange::Added { user_id: card.user().0 },
        Some(Action::Remove { root, .. }) if *root == fact.author => GroupChange::Left,
        Some(Action::Remove { root, .. }) => GroupChange::Removed { user_id: user(root) },
        Some(Action::Leave { .. }) => GroupChange::Left,
        Some(Action::Promote { root }) => GroupChange::Promoted { user_id: user(root) },
        Some(Action::Demote { root }) => GroupChange::Demoted { user_id: user(root) },
        Some(Action::Rename { name, .. }) => GroupChange::Renamed { name: name.to_string() },
        Some(Action::History { shared }) => GroupChange::History { shared: *shared },
    }
}

fn uncounted(void: Void) -> Uncounted {
    match void {
        Void::Device | Void::Outsider | Void::Misplaced | Void::Cut(_) | Void::Full => Uncounted::Outsider,
        Void::NoAdmin => Uncounted::NoAdmin,
        Void::Overruled => Uncounted::Overruled,
        Void::Senior => Uncounted::Senior,
        Void::Unreadable => Uncounted::Unreadable,
    }
}
