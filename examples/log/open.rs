//! Starts on a long past, and asks what a window asks for: the list of chats, each conversation at its first unread message, and
//! the page before that.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use kith::coordinator::{Command, PageAt, PageView, Reply};
use serde_json::{Value, json};

use crate::person::start;

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
    let unread = chats.iter().filter(|chat| chat.unread > 0).count();
    core.shutdown().await;
    Ok(json!({
        "openedMillis": opened, "listMillis": list, "chats": chats.len(), "chatsWithUnread": unread,
        "pageMillis": pages, "olderMillis": older,
    }))
}

async fn read(core: &kith::coordinator::Handle, command: Command) -> Result<PageView> {
    match core.run(command).await? {
        Reply::Page(page) if !page.messages.is_empty() => Ok(page),
        other => bail!("no page: {other:?}"),
    }
}
