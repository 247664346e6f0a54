//! What people do in stories, in the words of the API.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::node::{Node, RpcError};

/// `identity.show`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub user_id: String,
    pub device_id: String,
    pub name: String,
    pub link: String,
}

/// One of `contact.requests`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub user_id: String,
    pub name: String,
    pub safety_number: String,
}

/// One of `contact.list`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    pub user_id: String,
    pub name: String,
    pub online: bool,
    pub path: String,
    pub safety_number: String,
    /// An addition to the API: false while our own request has no answer.
    #[serde(default = "yes")]
    pub accepted: bool,
    /// Additions: why there is no link, and whether the address is hidden from them.
    pub reason: Option<String>,
    #[serde(default)]
    pub address_hidden: bool,
}

fn yes() -> bool {
    true
}

/// One of `message.history`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    pub id: String,
    pub from: String,
    pub text: String,
    pub at: u64,
    pub state: String,
}

/// `status`.
#[derive(Clone, Debug, Deserialize)]
pub struct Status {
    pub brokers: Vec<BrokerView>,
    pub links: Vec<LinkView>,
    pub outbox: u64,
    #[serde(default)]
    pub dropped: std::collections::BTreeMap<String, u64>,
}

/// One of `status.brokers`.
#[derive(Clone, Debug, Deserialize)]
pub struct BrokerView {
    pub url: String,
    pub state: String,
}

/// One of `status.links`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkView {
    pub user_id: String,
    pub state: String,
    pub path: String,
    pub rtt_ms: Option<f64>,
    /// An addition: why there is no link.
    pub reason: Option<String>,
}

impl Status {
    /// Everything that was dropped or refused.
    pub fn dropped_in_all(&self) -> u64 {
        self.dropped.values().sum()
    }
}

impl Node {
    pub(super) fn with_identity(mut self, name: &str) -> Self {
        self.does("identity.create", json!({ "name": name }));
        let identity: Identity = self.view("identity.show", json!({}));
        assert_eq!(identity.name, name);
        assert!(identity.link.starts_with("kith:"), "{}", identity.link);
        self.identity = Some(identity);
        self
    }

    /// Who this is.
    pub fn identity(&self) -> &Identity {
        self.identity.as_ref().expect("an identity")
    }

    /// The user id.
    pub fn user_id(&self) -> &str {
        &self.identity().user_id
    }

    /// The link that invites others.
    pub fn link(&self) -> &str {
        &self.identity().link
    }

    /// Waits until a broker is connected and has confirmed the subscriptions.
    pub fn waits_until_online(&self) {
        self.until("a broker is connected", |node| {
            node.status().brokers.iter().any(|broker| broker.state == "connected").then_some(())
        });
    }

    /// Waits until no broker is connected.
    pub fn waits_until_offline(&self) {
        self.until("no broker is connected", |node| {
            node.status().brokers.iter().all(|broker| broker.state != "connected").then_some(())
        });
    }

    /// `status`.
    pub fn status(&self) -> Status {
        self.view("status", json!({}))
    }

    /// Adds somebody's link.
    pub fn asks(&self, other: &Self) {
        let answer = self.does("contact.add", json!({ "link": other.link() }));
        assert_eq!(answer["userId"], other.user_id(), "the link names somebody else");
    }

    /// Tries a link that may be refused.
    pub fn adds(&self, link: &str) -> Result<Value, RpcError> {
        self.call("contact.add", json!({ "link": link }))
    }

    /// Waits for somebody's request to show, and reads it.
    pub fn is_asked_by(&self, other: &Self) -> Request {
        let event = self.event("requestReceived", |event| event["userId"] == other.user_id());
        assert_eq!(event["name"], other.identity().name);
        self.request_of(other).unwrap_or_else(|| self.fail("an event told of a request that is not listed"))
    }

    /// `contact.requests`.
    pub fn requests(&self) -> Vec<Request> {
        self.view("contact.requests", json!({}))
    }

    /// Somebody's request.
    pub fn request_of(&self, other: &Self) -> Option<Request> {
        self.requests().into_iter().find(|request| request.user_id == other.user_id())
    }

    /// How often somebody's request has interrupted.
    pub fn times_asked_by(&self, other: &Self) -> usize {
        self.events_of("requestReceived").iter().filter(|event| event["userId"] == other.user_id()).count()
    }

    /// Accepts a request.
    pub fn accepts(&self, other: &Self) {
        self.answers("contact.accept", other);
    }

    /// Declines a request.
    pub fn declines(&self, other: &Self) {
        self.answers("contact.decline", other);
    }

    /// Blocks somebody.
    pub fn blocks(&self, other: &Self) {
        self.answers("contact.block", other);
    }

    /// Removes a contact.
    pub fn removes(&self, other: &Self) {
        self.answers("contact.remove", other);
    }

    /// Waits until somebody is a contact.
    pub fn gains(&self, other: &Self) {
        self.event("contactAdded", |event| event["userId"] == other.user_id());
    }

    /// `contact.list`.
    pub fn contacts(&self) -> Vec<Contact> {
        self.view("contact.list", json!({}))
    }

    /// Somebody, as a contact.
    pub fn contact(&self, other: &Self) -> Option<Contact> {
        self.contacts().into_iter().find(|contact| contact.user_id == other.user_id())
    }

    /// Links to somebody that are open.
    pub fn open_links_to(&self, other: &Self) -> Vec<LinkView> {
        let links = self.status().links.into_iter();
        links.filter(|link| link.user_id == other.user_id() && link.state == "open").collect()
    }

    /// Waits until a link to somebody is open.
    pub fn waits_until_linked(&self, other: &Self) {
        self.until(&format!("a link to {} is open", other.name()), |node| node.open_links_to(other).pop());
    }

    /// Hides the own address from somebody, or shows it again.
    pub fn hides_from(&self, other: &Self, on: bool) {
        assert_eq!(self.does("contact.hideAddress", json!({ "userId": other.user_id(), "on": on })), json!({}));
    }

    /// Hides the own address from everybody, or shows it again.
    pub fn hides_from_all(&self, on: bool) {
        assert_eq!(self.does("settings.change", json!({ "hideAddress": on })), json!({ "hideAddress": on }));
    }

    /// Waits until a link to somebody is open by this path.
    pub fn waits_until_linked_by(&self, other: &Self, path: &str) {
        self.until(&format!("a link to {} is open by {path}", other.name()), |node| {
            node.open_links_to(other).pop().filter(|link| link.path == path)
        });
    }

    /// How a message travelled.
    pub fn path_of(&self, id: &str) -> Option<String> {
        let info = self.does("message.info", json!({ "id": id }));
        assert_eq!(info["id"], id);
        info["path"].as_str().map(str::to_owned)
    }

    /// Writes a message; it is durable when this returns.
    pub fn writes(&self, other: &Self, text: &str) -> String {
        let answer = self.does("message.send", json!({ "to": other.user_id(), "text": text }));
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Tries to write a message that may be refused.
    pub fn tries_to_write(&self, other: &Self, text: &str) -> Result<Value, RpcError> {
        self.call("message.send", json!({ "to": other.user_id(), "text": text }))
    }

    /// Waits until a message of somebody is on disk here.
    pub fn receives(&self, other: &Self, id: &str) {
        let event = self.event("messageReceived", |event| event["id"] == id);
        assert_eq!(event["with"], other.user_id());
        assert_eq!(event["from"], other.user_id());
    }

    /// Waits until somebody's device has confirmed a message. An event that a kill has swallowed is made good by the
    /// history.
    pub fn waits_until_delivered(&self, other: &Self, id: &str) {
        self.until(&format!("{} has confirmed {id}", other.name()), |node| {
            let told = node.events_of("messageDelivered").iter().any(|event| event["id"] == id);
            (told || node.state_of(other, id) == "delivered").then_some(())
        });
        assert_eq!(self.state_of(other, id), "delivered");
    }

    /// Waits until nothing of ours waits for anybody's confirmation.
    pub fn waits_until_all_delivered(&self) {
        self.until("everything is delivered", |node| (node.status().outbox == 0).then_some(()));
    }

    /// Waits until a conversation has this many messages, and reads it.
    pub fn waits_for_history(&self, other: &Self, length: usize) -> Vec<Message> {
        self.until(&format!("the conversation with {} has {length} messages", other.name()), |node| {
            let messages = node.reads(other);
            (messages.len() >= length).then_some(messages)
        })
    }

    /// The whole conversation, oldest first, page by page.
    pub fn reads(&self, other: &Self) -> Vec<Message> {
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let mut params = json!({ "with": other.user_id(), "limit": 1000 });
            if let Some(first) = messages.first() {
                params["before"] = json!(first.id);
            }
            let mut page: Vec<Message> = self.view("message.history", params);
            let full = page.len() == 1000;
            page.append(&mut messages);
            messages = page;
            if !full {
                return messages;
            }
        }
    }

    /// How far a message has come.
    pub fn state_of(&self, other: &Self, id: &str) -> String {
        let messages = self.reads(other);
        match messages.into_iter().find(|message| message.id == id) {
            Some(message) => message.state,
            None => self.fail(&format!("message {id} is not in the history")),
        }
    }

    /// Fails when a message has been announced twice.
    pub fn was_told_of_nothing_twice(&self) {
        let mut ids: Vec<String> =
            self.events_of("messageReceived").iter().map(|event| event["id"].to_string()).collect();
        let told = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(told, ids.len(), "{} was told of a message twice", self.name());
    }

    fn answers(&self, method: &str, other: &Self) {
        assert_eq!(self.does(method, json!({ "userId": other.user_id() })), json!({}), "{method} answers {{}}");
    }

    fn view<T: DeserializeOwned>(&self, method: &str, params: Value) -> T {
        let value = self.does(method, params);
        match serde_json::from_value(value.clone()) {
            Ok(view) => view,
            Err(error) => self.fail(&format!("{method} answered {value}: {error}")),
        }
    }
}

/// Two people become contacts.
pub fn befriend(one: &Node, other: &Node) {
    one.asks(other);
    other.is_asked_by(one);
    other.accepts(one);
    one.gains(other);
    other.gains(one);
}

/// Two contacts that are both there wait until a link is open on both sides.
pub fn link_up(one: &Node, other: &Node) {
    one.waits_until_linked(other);
    other.waits_until_linked(one);
}

/// Two people hold the same messages in the same order. Returns the ids.
pub fn same_history(one: &Node, other: &Node) -> Vec<String> {
    let ids = |messages: Vec<Message>| -> Vec<(String, String, String, u64)> {
        messages.into_iter().map(|message| (message.id, message.from, message.text, message.at)).collect()
    };
    let (ours, theirs) = (ids(one.reads(other)), ids(other.reads(one)));
    assert_eq!(ours, theirs, "{} and {} read different conversations", one.name(), other.name());
    ours.into_iter().map(|message| message.0).collect()
}
