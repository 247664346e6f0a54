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
