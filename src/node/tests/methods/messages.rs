//! Messages and conversations.

use serde_json::json;

use super::{BOB, BOB_TEXT, Case};
use crate::coordinator::{
    ChatView, Command, FoundMessage, FoundView, LastMessage, MUTED_FOR_GOOD, MessageInfo, MessageState, MessageView,
    MissingView, Path, Quote, ReactionView, Reply,
};

pub(super) fn cases() -> Vec<Case> {
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
    let history =
        |before: Option<&str>, limit| Command::ReadHistory { with: BOB, before: before.map(Into::into), limit };
    vec![
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
                        from: BOB,
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
                { "with": BOB_TEXT,
                  "last": { "id": "ab", "from": BOB_TEXT, "mine": false, "text": "Hi", "at": 5, "state": "received" },
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
    ]
}
