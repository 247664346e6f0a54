//! What is written: answers and events, as JSON-RPC 2.0 wants them.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::code::Refusal;
use super::rpc::Id;
use crate::coordinator::{
    ChangeView, ChatView, ContactView, Event, FoundView, GroupView, IdentityView, MessageInfo, MessageView, Reply,
    RequestView, StatusView,
};
use crate::host::Settings;

/// `"2.0"`, and nothing else.
#[derive(Debug)]
pub(super) struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("2.0")
    }
}

/// The answer to one request.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    jsonrpc: Version,
    id: Id,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Result(Done),
    Error(Refusal),
}

/// What a method returns.
#[derive(Debug, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum Done {
    Nothing {},
    Identity(IdentityView),
    User { user_id: Uuid },
    Requests(Vec<RequestView>),
    Contacts(Vec<ContactView>),
    Message { id: String },
    History(Vec<MessageView>),
    Info(MessageInfo),
    GroupId { group_id: Uuid },
    Groups(Vec<GroupView>),
    Group(Box<GroupView>),
    GroupChanges(Vec<ChangeView>),
    Settings(SettingsView),
    Status(StatusView),
    Messages { ids: Vec<String> },
    Found(FoundView),
    Conversations(Vec<ChatView>),
}

/// What was chosen for this device, as far as it concerns a node.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SettingsView {
    hide_address: bool,
}

impl From<Settings> for SettingsView {
    fn from(settings: Settings) -> Self {
        Self { hide_address: settings.hide_address }
    }
}

impl Answer {
    pub(super) fn new(id: Id, outcome: Result<Done, Refusal>) -> Self {
        let outcome = match outcome {
            Ok(done) => Outcome::Result(done),
            Err(refusal) => Outcome::Error(refusal),
        };
        Self { jsonrpc: Version, id, outcome }
    }
}

impl From<Reply> for Done {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Done => Self::Nothing {},
            Reply::Identity(identity) => Self::Identity(identity),
            Reply::User(user_id) => Self::User { user_id },
            Reply::Requests(requests) => Self::Requests(requests),
            Reply::Contacts(contacts) => Self::Contacts(contacts),
            Reply::Message(id) => Self::Message { id },
            Reply::History(messages) => Self::History(messages),
            Reply::Info(info) => Self::Info(info),
            Reply::GroupId(group_id) => Self::GroupId { group_id },
            Reply::Groups(groups) => Self::Groups(groups),
            Reply::Group(group) => Self::Group(group),
            Reply::GroupChanges(changes) => Self::GroupChanges(changes),
            Reply::Page(page) => Self::History(page.messages),
            Reply::Status(status) => Self::Status(status),
            Reply::Messages(ids) => Self::Messages { ids },
            Reply::Found(found) => Self::Found(found),
            Reply::Conversations(chats) => Self::Conversations(chats),
        }
    }
}

/// Something that happened, as a notification to the script.
#[derive(Debug, Serialize)]
pub(super) struct Notice<'a> {
    jsonrpc: Version,
    method: &'static str,
    params: Params<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Params<'a> {
    Event(&'a Event),
    Missed {
        #[serde(rename = "type")]
        kind: &'static str,
    },
}

impl<'a> Notice<'a> {
    pub(super) fn event(event: &'a Event) -> Self {
        Self { jsonrpc: Version, method: "event", params: Params::Event(event) }
    }

    /// Some events were lost because the script was too slow.
    pub(super) fn missed() -> Self {
        Self { jsonrpc: Version, method: "event", params: Params::Missed { kind: "missed" } }
    }
}
