//! Groups.

use serde_json::json;

use super::{BOB, BOB_TEXT, Case};
use crate::coordinator::{ChangeView, Command, GroupChange, GroupView, MemberView, Reply, Uncounted};

pub(super) fn cases() -> Vec<Case> {
    let group = json!({ "groupId": BOB_TEXT });
    let member = json!({ "groupId": BOB_TEXT, "userId": BOB_TEXT });
    let view = GroupView {
        group_id: BOB,
        name: "Us".into(),
        hue: 7,
        history: true,
        inside: true,
        members: vec![MemberView { user_id: BOB, name: "Bob".into(), admin: true, contact: false }],
    };
    let view_json = json!({
        "groupId": BOB_TEXT, "name": "Us", "hue": 7, "history": true, "inside": true,
        "members": [{ "userId": BOB_TEXT, "name": "Bob", "admin": true, "contact": false }],
    });
    let (of, user_of) = (BOB, BOB);
    vec![
        (
            "group.create",
            json!({ "name": "Us", "members": [BOB_TEXT] }),
            Command::CreateGroup { name: "Us".into(), members: vec![BOB] },
            Reply::GroupId(BOB),
            group.clone(),
        ),
        ("group.list", json!({}), Command::ListGroups, Reply::Groups(vec![view.clone()]), json!([view_json])),
        ("group.members", group.clone(), Command::ShowGroup(BOB), Reply::Group(Box::new(view)), view_json),
        (
            "group.changes",
            group.clone(),
            Command::ListGroupChanges(BOB),
            Reply::GroupChanges(vec![ChangeView {
                id: "00".into(),
                by: BOB,
                at: 5,
                change: GroupChange::Removed { user_id: BOB },
                uncounted: Some(Uncounted::Overruled),
                beside: vec!["01".into()],
            }]),
            json!([{
                "id": "00", "by": BOB_TEXT, "at": 5, "what": "removed", "userId": BOB_TEXT,
                "uncounted": "overruled", "beside": ["01"],
            }]),
        ),
        ("group.add", member.clone(), Command::AddToGroup { group: of, user: user_of }, Reply::Done, json!({})),
        ("group.remove", member.clone(), Command::RemoveFromGroup { group: of, user: user_of }, Reply::Done, json!({})),
        ("group.leave", group, Command::LeaveGroup(BOB), Reply::Done, json!({})),
        ("group.promote", member.clone(), Command::Promote { group: of, user: user_of }, Reply::Done, json!({})),
        ("group.demote", member, Command::Demote { group: of, user: user_of }, Reply::Done, json!({})),
        (
            "group.rename",
            json!({ "groupId": BOB_TEXT, "name": "We" }),
            Command::RenameGroup { group: of, name: "We".into() },
            Reply::Done,
            json!({}),
        ),
        (
            "group.history",
            json!({ "groupId": BOB_TEXT, "shared": true }),
            Command::SetGroupHistory { group: of, shared: true },
            Reply::Done,
            json!({}),
        ),
    ]
}
