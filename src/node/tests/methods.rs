//! What every method asks the coordinator for, and how its reply looks.

use serde_json::{Value, json};
use uuid::Uuid;

use super::script::Script;
use crate::coordinator::{
    BrokerState, BrokerStatus, ChangeView, ChatView, Command, ContactView, FoundMessage, FoundView, GroupChange,
    GroupView, IdentityView, LastMessage, LinkState, LinkStatus, MUTED_FOR_GOOD, MemberView, MessageInfo, MessageState,
    MessageView, MissingView, NoLink, Path, Quote, ReactionView, Reply, RequestView, StatusView, Uncounted,
};
use crate::node::method::METHODS;

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
fn cases() -> Vec<(&'static str, Value, Command, Reply, Value)> {
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
    let message = MessageView {
        id: "ab".into(),
        from: BOB,
        text: "Hi\n".into(),
        at: 5,
        state: MessageState::Received,
        ..MessageView::default()
    };
    let lived = MessageView {
        id: "ac".into(),
        text: "Hi".into(),
        state: MessageState::Read,
        edited: true,
        forwarded: true,
        reply_to: Some(Quote { id: "ab".into(), from: BOB, text: String::new(), deleted: true }),
        reactions: vec![ReactionView { emoji: "👍".into(), by: vec![BOB] }],
        ..message.clone()
    };
    let info =
        MessageInfo { with: BOB, message: MessageView { path: Some(Path::Mail), ..message.clone() }, members: vec![] };
    let info_json = json!({
        "with": BOB_TEXT, "id": "ab", "from": BOB_TEXT, "text": "Hi\n", "at": 5, "state": "received", "path": "mail",
    });
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
    let history =
        |before: Option<&str>, limit| Command::ReadHistory { with: BOB, before: before.map(Into::into), limit };
    let both = vec![request_view("a", true), request_view("b", false)];
    let both_json = json!([request_json("a", true), request_json("b", false)]);
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
    let groups = vec![
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
    ];
    let others = vec![
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
        (
            "message.send",
            json!({ "to": BOB_TEXT.to_uppercase(), "text": "Hi" }),
            Command::SendMessage { to: BOB, text: "Hi".into(), reply_to: None },
            Reply::Message("ab".into()),
            json!({ "id": "ab" }),
        ),
        (
            "message.reply",
            json!({ "with": BOB_TEXT, "id": "aa", "text": "Hi" }),
            Command::SendMessage { to: BOB, text: "Hi".into(), reply_to: Some("aa".into()) },
            Reply::Message("ab".into()),
            json!({ "id": "ab" }),
        ),
        (
            "message.edit",
            json!({ "with": BOB_TEXT, "id": "aa", "text": "Hi" }),
            Command::EditMessage { with: BOB, id: "aa".into(), text: "Hi".into() },
            Reply::Done,
            json!({}),
        ),
        (
            "message.delete",
            json!({ "with": BOB_TEXT, "id": "aa", "forEveryone": true }),
            Command::DeleteMessage { with: BOB, id: "aa".into(), for_everyone: true },
            Reply::Done,
            json!({}),
        ),
        (
            "message.react",
            json!({ "with": BOB_TEXT, "id": "aa", "emoji": "👍", "on": false }),
            Command::React { with: BOB, id: "aa".into(), emoji: "👍".into(), on: false },
            Reply::Done,
            json!({}),
        ),
        (
            "message.forward",
            json!({ "with": BOB_TEXT, "id": "aa", "to": [BOB_TEXT, BOB_TEXT] }),
            Command::ForwardMessage { with: BOB, id: "aa".into(), to: vec![BOB, BOB] },
            Reply::Messages(vec!["ab".into(), "ac".into()]),
            json!({ "ids": ["ab", "ac"] }),
        ),
        (
            "message.markRead",
            json!({ "with": BOB_TEXT, "id": "aa" }),
            Command::MarkRead { with: BOB, up_to: "aa".into() },
            Reply::Done,
            json!({}),
        ),
        (
            "message.typing",
            json!({ "with": BOB_TEXT, "on": true }),
            Command::SetTyping { with: BOB, on: true },
            Reply::Done,
            json!({}),
        ),
        (
            "message.history",
            json!({ "with": BOB_TEXT, "before": "aa" }),
            history(Some("aa"), None),
            Reply::History(vec![lived]),
            json!([{
                "id": "ac", "from": BOB_TEXT, "text": "Hi", "at": 5, "state": "read", "edited": true, "forwarded": true,
                "replyTo": { "id": "ab", "from": BOB_TEXT, "text": "", "deleted": true },
                "reactions": [{ "emoji": "👍", "by": [BOB_TEXT] }],
            }]),
        ),
        (
            "message.history",
            json!({ "with": BOB_TEXT }),
            history(None, None),
            Reply::History(vec![message]),
            json!([{ "id": "ab", "from": BOB_TEXT, "text": "Hi\n", "at": 5, "state": "received" }]),
        ),
        (
            "message.history",
            json!({ "with": BOB_TEXT, "before": "ab", "limit": 7 }),
            history(Some("ab"), Some(7)),
            Reply::History(vec![]),
            json!([]),
        ),
        // Out of range is for the coordinator to refuse, however far out.
        (
            "message.history",
            json!({ "with": BOB_TEXT, "limit": -1 }),
            history(None, Some(0)),
            Reply::History(vec![]),
            json!([]),
        ),
        (
            "message.history",
            json!({ "with": BOB_TEXT, "limit": 4_294_967_296_u64 }),
            history(None, Some(u32::MAX)),
            Reply::History(vec![]),
            json!([]),
        ),
        (
            "message.info",
            json!({ "id": "ab" }),
            Command::ShowMessage { with: None, id: "ab".into() },
            Reply::Info(info.clone()),
            info_json.clone(),
        ),
        (
            "message.info",
            json!({ "with": BOB_TEXT, "id": "ab" }),
            Command::ShowMessage { with: Some(BOB), id: "ab".into() },
            Reply::Info(info),
            info_json,
        ),
        (
            "message.search",
            json!({ "query": "hi th" }),
            Command::Search { query: "hi th".into(), within: None, before: None, limit: None },
            Reply::Found(FoundView {
                messages: vec![FoundMessage {
                    with: BOB,
                    id: "ab".into(),
                    from: BOB,
                    at: 5,
                    text: "Hi there".into(),
                    marks: vec![[0, 2], [3, 5]],
                    place: 9,
                }],
                next: Some(9),
                unfinished: true,
            }),
            json!({
                "messages": [
                    { "with": BOB_TEXT, "id": "ab", "from": BOB_TEXT, "at": 5, "text": "Hi there", "marks": [[0, 2], [3, 5]] },
                ],
                "next": 9,
                "unfinished": true,
            }),
        ),
        (
            "message.search",
            json!({ "query": "hi", "with": BOB_TEXT, "before": 9, "limit": 7 }),
            Command::Search { query: "hi".into(), within: Some(BOB), before: Some(9), limit: Some(7) },
            Reply::Found(FoundView::default()),
            json!({ "messages": [], "unfinished": false }),
        ),
        (
            "conversation.list",
            json!({}),
            Command::ListConversations,
            Reply::Conversations(vec![
                ChatView {
                    user_id: BOB,
                    last: Some(LastMessage {
                        id: "ab".into(),
                        mine: false,
                        text: "Hi".into(),
                        at: 5,
                        state: MessageState::Received,
                        ..LastMessage::default()
                    }),
                    unread: 1,
                    activity: 3,
                    draft: "typ".into(),
                    muted_until: Some(7),
                    pinned: true,
                    archived: false,
                    missing: vec![MissingView { author: Some(BOB), count: 2, held_by: vec![BOB] }],
                    forked: vec![BOB],
                },
                ChatView { user_id: BOB, ..ChatView::default() },
            ]),
            json!([
                { "with": BOB_TEXT, "last": { "id": "ab", "mine": false, "text": "Hi", "at": 5, "state": "received" },
                  "unread": 1, "activity": 3, "draft": "typ", "mutedUntil": 7, "pinned": true, "archived": false,
                  "missing": [{ "author": BOB_TEXT, "count": 2, "heldBy": [BOB_TEXT] }], "forked": [BOB_TEXT] },
                { "with": BOB_TEXT, "unread": 0, "activity": 0, "pinned": false, "archived": false },
            ]),
        ),
        (
            "conversation.mute",
            json!({ "with": BOB_TEXT, "until": 7 }),
            Command::MuteConversation { with: BOB, until: 7 },
            Reply::Done,
            json!({}),
        ),
        (
            "conversation.mute",
            json!({ "with": BOB_TEXT }),
            Command::MuteConversation { with: BOB, until: MUTED_FOR_GOOD },
            Reply::Done,
            json!({}),
        ),
        (
            "conversation.pin",
            json!({ "with": BOB_TEXT, "on": true }),
            Command::PinConversation { with: BOB, on: true },
            Reply::Done,
            json!({}),
        ),
        (
            "conversation.archive",
            json!({ "with": BOB_TEXT, "on": false }),
            Command::ArchiveConversation { with: BOB, on: false },
            Reply::Done,
            json!({}),
        ),
        ("status", json!({}), Command::ShowStatus, Reply::Status(status), status_json),
    ];
    others.into_iter().chain(groups).collect()
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
