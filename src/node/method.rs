//! Every method by its name, and what it asks of the coordinator.

use serde_json::Value;

use super::code::{FrontCode, Refusal, shown};
use super::params::Params;
use super::{HISTORY_WEIGHT, rpc::Call};
use crate::coordinator::{Command, MUTED_FOR_GOOD};

/// Understands a method and its parameters.
pub(super) fn call(method: &str, params: Option<Value>) -> Result<Call, Refusal> {
    let Some(build) = builder(method) else {
        let message = format!("There is no method `{}`.", shown(method));
        return Err(Refusal::new(FrontCode::UnknownMethod, message));
    };
    let mut params = Params::new(params)?;
    let call = build(&mut params)?;
    params.end()?;
    Ok(call)
}

type Build = fn(&mut Params) -> Result<Call, Refusal>;

fn builder(method: &str) -> Option<Build> {
    let build: Build = match method {
        "identity.create" => |params| Ok(Command::CreateIdentity { name: params.text("name")? }.into()),
        "identity.show" => |_| Ok(Command::ShowIdentity.into()),
        "contact.add" => |params| Ok(Command::AddContact { link: params.text("link")? }.into()),
        "contact.requests" => {
            |params| Ok(Call::ListRequests { uninvited: params.optional_flag("uninvited")?.unwrap_or_default() })
        }
        "contact.accept" => |params| Ok(Command::AcceptContact(params.user("userId")?).into()),
        "contact.decline" => |params| Ok(Command::DeclineContact(params.user("userId")?).into()),
        "contact.block" => |params| Ok(Command::BlockContact(params.user("userId")?).into()),
        "contact.remove" => |params| Ok(Command::RemoveContact(params.user("userId")?).into()),
        "contact.hideAddress" => |params| {
            let (from, on) = (params.user("userId")?, params.flag("on")?);
            Ok(Command::HideAddress { from, on }.into())
        },
        "contact.list" => |_| Ok(Command::ListContacts.into()),
        "message.send" => |params| {
            let (to, text) = (params.user("to")?, params.text("text")?);
            Ok(Command::SendMessage { to, text, reply_to: None }.into())
        },
        "message.reply" => |params| {
            let (to, text, id) = (params.user("with")?, params.text("text")?, params.text("id")?);
            Ok(Command::SendMessage { to, text, reply_to: Some(id) }.into())
        },
        "message.edit" => |params| {
            let (with, id, text) = (params.user("with")?, params.text("id")?, params.text("text")?);
            Ok(Command::EditMessage { with, id, text }.into())
        },
        "message.delete" => |params| {
            let (with, id) = (params.user("with")?, params.text("id")?);
            Ok(Command::DeleteMessage { with, id, for_everyone: params.flag("forEveryone")? }.into())
        },
        "message.react" => |params| {
            let (with, id, emoji) = (params.user("with")?, params.text("id")?, params.text("emoji")?);
            Ok(Command::React { with, id, emoji, on: params.flag("on")? }.into())
        },
        "message.forward" => |params| {
            let (with, id) = (params.user("with")?, params.text("id")?);
            Ok(Command::ForwardMessage { with, id, to: params.users("to")? }.into())
        },
        "message.markRead" => |params| {
            let (with, up_to) = (params.user("with")?, params.text("id")?);
            Ok(Command::MarkRead { with, up_to }.into())
        },
        "message.typing" => |params| {
            let (with, on) = (params.user("with")?, params.flag("on")?);
            Ok(Command::SetTyping { with, on }.into())
        },
        "message.history" => |params| {
            let with = params.user("with")?;
            let (before, limit) = (params.optional_text("before")?, params.optional_number("limit")?);
            Ok(Command::ReadHistory { with, before, limit }.into())
        },
        "message.info" => |params| {
            let (with, id) = (params.optional_user("with")?, params.text("id")?);
            Ok(Command::ShowMessage { with, id }.into())
        },
        "message.search" => |params| {
            let (query, within) = (params.text("query")?, params.optional_user("with")?);
            let (before, limit) = (params.optional_large("before")?, params.optional_number("limit")?);
            Ok(Command::Search { query, within, before, limit }.into())
        },
        "conversation.list" => |_| Ok(Command::ListConversations.into()),
        "conversation.mute" => |params| {
            let (with, until) = (params.user("with")?, params.optional_large("until")?.unwrap_or(MUTED_FOR_GOOD));
            Ok(Command::MuteConversation { with, until }.into())
        },
        "conversation.pin" => |params| {
            let (with, on) = (params.user("with")?, params.flag("on")?);
            Ok(Command::PinConversation { with, on }.into())
        },
        "conversation.archive" => |params| {
            let (with, on) = (params.user("with")?, params.flag("on")?);
            Ok(Command::ArchiveConversation { with, on }.into())
        },
        "group.create" => |params| {
            let (name, members) = (params.text("name")?, params.users("members")?);
            Ok(Command::CreateGroup { name, members }.into())
        },
        "group.list" => |_| Ok(Command::ListGroups.into()),
        "group.changes" => |params| Ok(Command::ListGroupChanges(params.user("groupId")?).into()),
        "group.members" => |params| Ok(Command::ShowGroup(params.user("groupId")?).into()),
        "group.add" => |params| {
            let (group, user) = (params.user("groupId")?, params.user("userId")?);
            Ok(Command::AddToGroup { group, user }.into())
        },
        "group.remove" => |params| {
            let (group, user) = (params.user("groupId")?, params.user("userId")?);
            Ok(Command::RemoveFromGroup { group, user }.into())
        },
        "group.leave" => |params| Ok(Command::LeaveGroup(params.user("groupId")?).into()),
        "group.promote" => |params| {
            let (group, user) = (params.user("groupId")?, params.user("userId")?);
            Ok(Command::Promote { group, user }.into())
        },
        "group.demote" => |params| {
            let (group, user) = (params.user("groupId")?, params.user("userId")?);
            Ok(Command::Demote { group, user }.into())
        },
        "group.rename" => |params| {
            let (group, name) = (params.user("groupId")?, params.text("name")?);
            Ok(Command::RenameGroup { group, name }.into())
        },
        "group.history" => |params| {
            let (group, shared) = (params.user("groupId")?, params.flag("shared")?);
            Ok(Command::SetGroupHistory { group, shared }.into())
        },
        "settings.show" => |_| Ok(Call::ShowSettings),
        "settings.change" => |params| Ok(Call::ChangeSettings { hide_address: params.optional_flag("hideAddress")? }),
        "status" => |_| Ok(Command::ShowStatus.into()),
        "shutdown" => |_| Ok(Call::Shutdown),
        _ => return None,
    };
    Some(build)
}

/// The names of all methods, for tests of the documentation.
#[cfg(test)]
pub(super) const METHODS: &[&str] = &[
    "identity.create",
    "identity.show",
    "contact.add",
    "contact.requests",
    "contact.accept",
    "contact.decline",
    "contact.block",
    "contact.remove",
    "contact.hideAddress",
    "contact.list",
    "message.send",
    "message.reply",
    "message.edit",
    "message.delete",
    "message.react",
    "message.forward",
    "message.markRead",
    "message.typing",
    "message.history",
    "message.info",
    "message.search",
    "conversation.list",
    "conversation.mute",
    "conversation.pin",
    "conversation.archive",
    "group.create",
    "group.list",
    "group.members",
    "group.changes",
    "group.add",
    "group.remove",
    "group.leave",
    "group.promote",
    "group.demote",
    "group.rename",
    "group.history",
    "settings.show",
    "settings.change",
    "status",
    "shutdown",
];

impl From<Command> for Call {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

impl Call {
    /// What it counts for among [`super::REQUESTS_MAX`].
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Command(Command::ReadHistory { .. }) => HISTORY_WEIGHT,
            _ => 1,
        }
    }
}
