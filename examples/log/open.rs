//! Starts on a long past, and asks what a window asks for: the list of chats, each conversation at its first unread message, and
//! the page before that, and searches.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use kith::coordinator::{Command, PageAt, PageView, Reply};
use serde_json::{Value, json};

use crate::person::start;

/// What somebody might type, letter by letter too: words that are everywhere, one message of a million, beginnings, Japanese inside a
/// sentence, several words, and what is nowhere.
const QUERIES: [&str; 12] = [
    "train",
    "tr",
    "t",
    "東京",
    "Müller",
    "muller coffee",
    "noon please thanks",
    "tomorrow 777",
    "12345",
    "early train and",
    "hills over the ra",
    NOWHERE,
];
const NOWHERE: &str = "zeppelin";
/// As many messages as a window asks for.
const PAGE: u32 = 60;

pub async fn run(begun: Instant, folder: &Path, broker: &str) -> Result<Value> {
    let core = start(folder, broker).await?;
    let opened = crate::millis(begun);
    let watch = core.watch().await?;
    let list = crate::millis(begun);
    let chats = watch.view.chats;
    ensure!(chats.iter().all(|chat| chat.last.is_some()), "a chat without a last message");
    let (mut pages, mut older) = (vec![], vec![]);
    for chat in &chats {
        let with = chat.user_id;
        let asked = Instant::now();
        let page = read(&core, Command::ReadPage { with, at: PageAt::Unread, limit: PAGE }).await?;
        pages.push(crate::millis(asked));
        ensure!((chat.unread > 0) == page.first_unread.is_some(), "a first unread message that is none");
        let Some(first) = page.messages.first().filter(|_| page.earlier) else { continue };
        let asked = Instant::now();
        read(&core, Command::ReadPage { with, at: PageAt::Before(first.id.clone()), limit: PAGE }).await?;
        older.push(crate::millis(asked));
    }
    let mut searches = vec![];
    for query in QUERIES {
        let asked = Instant::now();
        let search = Command::Search { query: query.to_owned(), within: None, before: None, limit: None };
        let Reply::Found(found) = core.run(search).await? else { bail!("no answer to a search") };
        searches.push(crate::millis(asked));
        ensure!(!found.unfinished, "the index is not complete");
        ensure!(query != NOWHERE || found.messages.is_empty(), "“{query}” is found: {found:?}");
    }
    let unread = chats.iter().filter(|chat| chat.unread > 0).count();
    core.shutdown().await;
    Ok(json!({
        "openedMillis": opened, "listMillis": list, "chats": chats.len(), "chatsWithUnread": unread,
        "pageMillis": pages, "olderMillis": older, "searchMillis": searches,
    }))
}

async fn read(core: &kith::coordinator::Handle, command: Command) -> Result<PageView> {
    match core.run(command).await? {
        Reply::Page(page) if !page.messages.is_empty() => Ok(page),
        other => bail!("no page: {other:?}"),
    }
}
