//! Groups as the window knows them: a group is somebody in the list too, with people in it. Pure.

use uuid::Uuid;

use super::{Changed, Model, Person};
use crate::coordinator::{ChatView, ContactView, GroupView, MemberView, Path};

/// What this person may do in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Change who is in it, its name, and what new members get.
    pub admin: bool,
    /// There is no admin any more, and they have been in it the longest: they may become one.
    pub heir: bool,
}

/// What this person may do in a group.
#[must_use]
pub fn rights(group: &GroupView, own: Option<Uuid>) -> Rights {
    let Some(own) = own.filter(|_| group.inside) else { return Rights::default() };
    let admin = group.members.iter().any(|member| member.admin && member.user_id == own);
    let none = !group.members.iter().any(|member| member.admin);
    Rights { admin, heir: none && group.members.first().is_some_and(|first| first.user_id == own) }
}

/// Somebody in a group.
#[must_use]
pub fn member(group: &GroupView, user: Uuid) -> Option<&MemberView> {
    group.members.iter().find(|member| member.user_id == user)
}

impl Person {
    /// A group, as somebody in the list.
    #[must_use]
    pub fn of_group(group: GroupView, chat: ChatView) -> Self {
        let contact = ContactView {
            user_id: group.group_id,
            name: group.name.clone(),
            nickname: None,
            online: false,
            path: Path::None,
            reason: None,
            address_hidden: false,
            safety_number: String::new(),
            accepted: true,
            warning: None,
        };
        Self { contact, chat, group: Some(group) }
    }
}

impl Model {
    /// A group is new or changed.
    pub(super) fn group(&mut self, view: &GroupView) -> Vec<Changed> {
        let group = view.group_id;
        let old = self.people.remove(&group);
        let moved = old.as_ref().is_none_or(|old| old.contact.name != view.name);
        let chat = old.map_or(ChatView { user_id: group, ..ChatView::default() }, |old| old.chat);
        self.people.insert(group, Person::of_group(view.clone(), chat));
        if moved {
            self.list();
            return vec![Changed::Person(group), Changed::Lists];
        }
        vec![Changed::Person(group)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinator::{Delta, View};

    const WALKERS: Uuid = Uuid::from_u128(70);
    const ME: Uuid = Uuid::from_u128(9);
    const BOB: Uuid = Uuid::from_u128(1);

    fn walkers(members: &[(Uuid, bool)]) -> GroupView {
        let members = members.iter().map(|(user_id, admin)| MemberView {
            user_id: *user_id,
            name: "x".into(),
            admin: *admin,
            contact: false,
        });
        let (members, name) = (members.collect(), "Walkers".to_owned());
        GroupView { group_id: WALKERS, name, hue: 7, history: false, inside: true, members }
    }

    /// A group is listed like somebody; its conversation stays with it when it is called something else.
    #[test]
    fn a_group_is_listed_like_somebody() {
        let mut model = Model::default();
        model.begin(View { groups: vec![walkers(&[(ME, true)])], ..View::default() });
        assert_eq!(model.chats, [WALKERS]);
        let chat = ChatView { user_id: WALKERS, unread: 3, activity: 5, ..ChatView::default() };
        model.apply(&Delta::Chat(chat.clone()));
        let renamed = GroupView { name: "Runners".into(), ..walkers(&[(ME, true), (BOB, false)]) };
        assert_eq!(model.apply(&Delta::Group(renamed.clone())), [Changed::Person(WALKERS), Changed::Lists]);
        assert_eq!((model.people[&WALKERS].name(), &model.people[&WALKERS].chat), ("Runners", &chat));
        assert_eq!(model.apply(&Delta::Group(GroupView { history: true, ..renamed })), [Changed::Person(WALKERS)]);
    }

    /// An admin may change a group; without one whoever has been there the longest may take over; who is outside may nothing.
    #[test]
    fn what_one_may_do_depends_on_who_one_is() {
        let of = |members: &[(Uuid, bool)]| rights(&walkers(members), Some(ME));
        assert_eq!(of(&[(ME, true), (BOB, false)]), Rights { admin: true, heir: false });
        assert_eq!(of(&[(BOB, true), (ME, false)]), Rights::default());
        assert_eq!(of(&[(ME, false), (BOB, false)]), Rights { admin: false, heir: true });
        assert_eq!(of(&[(BOB, false), (ME, false)]), Rights::default());
        let outside = GroupView { inside: false, ..walkers(&[(ME, true)]) };
        assert_eq!((rights(&outside, Some(ME)), rights(&outside, None)), (Rights::default(), Rights::default()));
        assert!(member(&walkers(&[(BOB, true)]), BOB).is_some() && member(&walkers(&[]), BOB).is_none());
    }
}
