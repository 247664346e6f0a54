//! A group as windows and scripts see it.

use serde::Serialize;
use uuid::Uuid;

pub use crate::log::group::{HUE_MAX, MEMBERS_MAX};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupView {
    /// Names its conversation, as a contact's id names theirs.
    pub group_id: Uuid,
    /// What it is called.
    pub name: String,
    /// The colour of its picture, 0 to [`HUE_MAX`].
    pub hue: u16,
    /// Whether those who come from now on get what was written before.
    pub history: bool,
    /// Whether we are in it: otherwise it can only be read.
    pub inside: bool,
    /// Who is in it, the longest first; ourselves among them. At most [`MEMBERS_MAX`].
    pub members: Vec<MemberView>,
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// Who.
    pub user_id: Uuid,
    /// The name on their card.
    pub name: String,
    /// Whether they may change the group.
    pub admin: bool,
    /// Whether they are a contact, beside being in this group.
    pub contact: bool,
}

/// Whether somebody in a group has a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberDelivery {
    /// Who.
    pub user_id: Uuid,
    /// Whether each of their devices has said that it is on its disk.
    pub delivered: bool,
}

/// Changes that are told at once: more than anybody reads, and an answer that stays below a megabyte.
pub const GROUP_CHANGES_MAX: usize = 1_000;

/// A change of a group: a line of its conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// The entry, as a message's id.
    pub id: String,
    /// Who has made it.
    pub by: Uuid,
    /// Their wall clock, Unix milliseconds.
    pub at: u64,
    /// What it is.
    #[serde(flatten)]
    pub change: GroupChange,
    /// Why it does not count, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<Uncounted>,
    /// Changes that were made at the same time, by people who did not know of this one, and that are about the same person, name or
    /// word, or take the right to this one from its author.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GroupChange {
    /// The group was made, with these people in it, its creator first.
    Created {
        /// What it was called.
        name: String,
        /// Who.
        members: Vec<Uuid>,
    },
    /// Somebody came in.
    Added {
        /// Who.
        user_id: Uuid,
    },
    /// Somebody was put out.
    Removed {
        /// Who.
        user_id: Uuid,
    },
    /// The author has gone.
    Left,
    /// Somebody became an admin.
    Promoted {
        /// Who.
        user_id: Uuid,
    },
    /// Somebody is an admin no longer.
    Demoted {
        /// Who.
        user_id: Uuid,
    },
    /// The group has another name.
    Renamed {
        /// What it was called.
        name: String,
    },
    /// Whether those who come later get what was written before.
    History {
        /// Whether.
        shared: bool,
    },
    /// The author has a new card.
    Card,
    /// Written by a newer version, or nothing that can be read.
    Newer,
}

/// Why a change does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Uncounted {
    /// Its author was not in the group, or wrote with a device that is not theirs.
    Outsider,
    /// Its author was no admin.
    NoAdmin,
    /// At the same time its author was put out, or was an admin no longer.
    Overruled,
    /// It is against somebody who has been an admin for longer than its author.
    Senior,
    /// It cannot be read here.
    Unreadable,
}
