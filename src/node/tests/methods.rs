//! What every method asks the coordinator for, and how its reply looks.

use serde_json::{Value, json};
use uuid::Uuid;

use super::script::Script;
use crate::coordinator::{
    BrokerState, BrokerStatus, Command, ContactView, IdentityView, LinkState, LinkStatus, NoLink, Path, Reply,
    RequestView, StatusView,
};
use crate::node::method::METHODS;

mod groups;
mod messages;

const BOB: Uuid = Uuid::from_u128(0x8c2f_0a5e_1b7d_8e3a_9f46_0d5b_7c1e_2a90);
const BOB_TEXT: &str = "8c2f0a5e-1b7d-8e3a-9f46-0d5b7c1e2a90";

fn request_view(name: &str, invited: bool) -> RequestView {
    RequestView {
        user_id: BOB,
        name: name.into(),
        safety_number: "1 2".into(),
        invited,
        address_hidden: false,
        warning: None,
    }
}

fn request_json(name: &str, invited: bool) -> Value {
    json!({ "userId": BOB_TEXT, "name": name, "safetyNumber": "1 2", "invited": invited, "addressHidden": false })
}

/// A method, its parameters, the command that reaches the coordinator, its reply, and the result.
type Case = (&'static str, Value, Command, Reply, Value);

fn cases() -> Vec<Case> {
    let identity = IdentityView {
        user_id: BOB,
        device_id: Uuid::nil(),
        name: "Bob".into(),
        link: "kith:x".into(),
        warning: Some("loopback".into()),
    };
    let identity_json = json!({
        "userId": BOB_TEXT, "deviceId": Uuid::nil(), "name": "Bob", "link": "kith:x", "warning": "loopback",
    });
    let contact = ContactView {
        user_id: BOB,
        name: "Bob".into(),
        nickname: None,
        online: true,
        path: Path::Direct,
        reason: None,
        address_hidden: false,
        safety_number: "1 2".into(),
        accepted: true,
        warning: None,
    };
    let hidden =
        ContactView { path: Path::Mail, reason: Some(NoLink::AddressHidden), address_hidden: true, ..contact.clone() };
    let status = StatusView {
        brokers: vec![BrokerStatus {
            url: "mqtt://h:1".into(),
            own: true,
            state: BrokerState::Refused,
            reason: Some("no".into()),
        }],
        links: vec![LinkStatus { user_id: BOB, state: LinkState::Open, path: Path::Relay, reason: None, rtt_ms: None }],
        outbox: 3,
        dropped: [("junk", 2)].into(),
    };
    let status_json = json!({
        "brokers": [{ "url": "mqtt://h:1", "own": true, "state": "refused", "reason": "no" }],
        "links": [{ "userId": BOB_TEXT, "state": "open", "path": "relay", "rttMs": null }],
        "outbox": 3,
        "dropped": { "junk": 2 },
    });
    let user = json!({ "userId": BOB_TEXT });
    let both = vec![request_view("a", true), request_view("b", false)];
    let both_json = json!([request_json("a", true), request_json("b", false)]);
    let own = vec![
        (
            "identity.create",
            json!({ "name": "Bob" }),
            Command::CreateIdentity { name: "Bob".into() },
            Reply::Identity(identity.clone()),
            identity_json.clone(),
        ),
        ("identity.show", json!({}), Command::ShowIdentity, Reply::Identity(identity), identity_json),
        (
            "contact.add",
            json!({ "link": "kith:x" }),
            Command::AddContact { link: "kith:x".into() },
            Reply::User(BOB),
            user.clone(),
        ),
        ("contact.requests", json!({}), Command::ListRequests, Reply::Requests(both.clone()), json!([both_json[0]])),
        ("contact.requests", json!({ "uninvited": true }), Command::ListRequests, Reply::Requests(both), both_json),
        ("contact.accept", user.clone(), Command::AcceptContact(BOB), Reply::Done, json!({})),
        ("contact.decline", user.clone(), Command::DeclineContact(BOB), Reply::Done, json!({})),
        ("contact.block", user.clone(), Command::BlockContact(BOB), Reply::Done, json!({})),
        ("contact.remove", user, Command::RemoveContact(BOB), Reply::Done, json!({})),
        (
            "contact.list",
            json!({}),
            Command::ListContacts,
            Reply::Contacts(vec![contact, hidden]),
            json!([
                { "userId": BOB_TEXT, "name": "Bob", "online": true, "path": "direct", "addressHidden": false,
                  "safetyNumber": "1 2", "accepted": true },
                { "userId": BOB_TEXT, "name": "Bob", "online": true, "path": "mail", "reason": "address_hidden",
                  "addressHidden": true, "safetyNumber": "1 2", "accepted": true },
            ]),
        ),
        (
            "contact.hideAddress",
            json!({ "userId": BOB_TEXT, "on": true }),
            Command::HideAddress { from: BOB, on: true },
            Reply::Done,
            json!({}),
        ),
        ("status", json!({}), Command::ShowStatus, Reply::Status(status), status_json),
    ];
    own.into_iter().chain(messages::cases()).chain(groups::cases()).collect()
}

/// Every method asks for what its name says, and answers with the fields that the reference names.
#[tokio::test]
async fn every_method_translates() {
    let (mut script, mut double) = Script::with_double();
    for (id, (method, params, command, reply, result)) in (1..).zip(cases()) {
        script.ask(id, method, &params).await;
        let (asked, answer) = double.next().await.unwrap();
        assert_eq!(asked, command, "{method}");
        answer.send(Ok(reply)).unwrap();
        assert_eq!(script.read().await.unwrap(), json!({ "jsonrpc": "2.0", "id": id, "result": result }), "{method}");
    }
    let tried: Vec<_> = cases().into_iter().map(|case| case.0).collect();
    for method in METHODS {
        let elsewhere = *method == "shutdown" || method.starts_with("settings.");
        assert!(tried.contains(method) || elsewhere, "{method}");
    }
}

/// What is chosen for the device is no command: it is shown, changed, and kept before it is answered.
#[tokio::test]
async fn settings_are_shown_and_changed() {
    let mut script = Script::with_rule(|_, command| panic!("{command:?}"));
    let cases = [
        ("settings.show", json!({}), false),
        ("settings.change", json!({ "hideAddress": true }), true),
        ("settings.change", json!({}), true),
        ("settings.show", json!({}), true),
        ("settings.change", json!({ "hideAddress": false }), false),
    ];
    for (id, (method, params, on)) in (1..).zip(cases) {
        script.ask(id, method, &params).await;
        let answer = json!({ "jsonrpc": "2.0", "id": id, "result": { "hideAddress": on } });
        assert_eq!(script.read().await.unwrap(), answer, "{method}");
    }
}

/// The reference names every method, every code and every event.
#[test]
fn the_reference_is_complete() {
    let reference = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/node-api.md")).unwrap();
    let events = [
        "requestReceived",
        "contactAdded",
        "messageReceived",
        "messageDelivered",
        "messageEdited",
        "messageDeleted",
        "reactionChanged",
        "messageRead",
        "typingChanged",
        "groupJoined",
        "groupChanged",
        "groupLeft",
        "linkChanged",
        "brokerChanged",
        "conversationChanged",
        "missed",
    ];
    let codes: Vec<String> =
        super::refusals::codes().iter().map(|code| json!(code).as_str().unwrap().to_owned()).collect();
    for name in METHODS.iter().copied().chain(events).chain(codes.iter().map(String::as_str)) {
        assert!(reference.contains(&format!("`{name}`")), "docs/node-api.md does not name `{name}`");
    }
}
