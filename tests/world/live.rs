//! What people do with messages that are there: they edit, delete, react to and answer them; and what must be so in the end.

use std::collections::{BTreeMap, BTreeSet};

use kith::coordinator::{Command, MessageView};
use kith::log::fold::{Content, Operation, is_shown};
use kith::log::order::{Node, sort};
use kith::log::{Entry, Text};
use kith::wire::{EntryId, Header, cbor, kind};
use uuid::Uuid;

use super::checks::PAGE;
use super::life::Life;
use super::room::Asked;
use super::told::id_of;

/// Reactions that people know.
const EMOJI: [&str; 3] = ["👍", "🎉", "❤️"];

impl Life {
    /// Somebody does something with one of the last messages that they know.
    pub fn change(&mut self, who: usize, what: usize, how: Change) -> Option<()> {
        let (room, side) = self.writer(who, what)?;
        let known = &self.rooms[room].told[side];
        let mine = matches!(how, Change::Edit | Change::Delete);
        let own: Vec<&EntryId> = known.iter().filter(|id| !mine || self.rooms[room].own[side].contains(id)).collect();
        // One of the last dozen, so that both sides often mean the same.
        let id = (**own.iter().rev().nth(what / 64 % 12usize.min(own.len().max(1)))?).to_string();
        let with = self.rooms[room].names[side];
        let text = format!("changed {what}");
        let before = self.rooms[room].told[side].clone();
        if mine {
            self.rooms[room].changed.insert(id_of(&id));
        }
        let (command, asked) = match how {
            Change::Edit => (Command::EditMessage { with, id, text }, Asked::Done),
            Change::Delete => (Command::DeleteMessage { with, id, for_everyone: true }, Asked::Done),
            Change::React => {
                let emoji = EMOJI[what / 8 % 3].to_owned();
                (Command::React { with, id, emoji, on: what % 8 > 1 }, Asked::Done)
            }
            Change::Answer => {
                let command = Command::SendMessage { to: with, text: text.clone(), reply_to: Some(id) };
                (command, Asked::Written { text, before })
            }
        };
        self.submit(room, side, command, asked);
        Some(())
    }
}

/// What is done with a message.
#[derive(Clone, Copy)]
pub enum Change {
    Edit,
    Delete,
    React,
    Answer,
}

/// What of a message both must see alike.
pub type Seen = (String, Uuid, String, u64, bool, bool, Option<(String, String, bool)>, Vec<(String, Vec<Uuid>)>);

/// A message without what differs by device: how far it has come, and how.
pub fn seen(message: MessageView) -> Seen {
    let quote = message.reply_to.map(|quote| (quote.id, quote.text, quote.deleted));
    let reactions = message.reactions.into_iter().map(|reaction| (reaction.emoji, reaction.by)).collect();
    (message.id, message.from, message.text, message.at, message.edited, message.deleted, quote, reactions)
}

/// Whether a text that somebody has edited or deleted is erased everywhere, while no deletion of it has a place: it waits for what was lost
/// with a disk, or was lost itself when only the header had come without the text.
pub fn is_only_erased(id: &EntryId, entries: &BTreeMap<EntryId, Entry>, changed: &BTreeSet<EntryId>) -> bool {
    let Some(entry) = entries.get(id).filter(|entry| entry.body().is_none() && changed.contains(id)) else {
        return false;
    };
    let deletes = |other: &&Entry| {
        let Header { kind: of, author, target, .. } = other.header();
        *of == kind::DELETE && *author == entry.header().author && *target == Some(*id)
    };
    let nodes: Vec<Node> = entries.values().map(Node::from).collect();
    let placed = sort(&nodes);
    !entries.values().filter(deletes).any(|deletion| placed.contains(&deletion.id()))
}

/// What a message says after all operations on it, in their order: the rules (protocol, section 7) read anew. Only its author changes it; a deletion
/// is final, and of edits the last one counts that can be read.
pub fn content(header: &Header, body: Option<&[u8]>, operations: &[Operation]) -> Content {
    let mut said = match body.map(Text::parse) {
        _ if header.kind != kind::TEXT => Content::Newer,
        Some(Ok(text)) => Content::Text(text.text),
        Some(Err(_)) => Content::Newer,
        None => Content::Deleted,
    };
    for operation in operations.iter().filter(|operation| operation.author == header.author) {
        match operation.kind {
            kind::DELETE => return Content::Deleted,
            kind::EDIT if header.kind == kind::TEXT => {
                if let Some(Ok(text)) = operation.body.as_deref().map(Text::parse) {
                    said = Content::Text(text.text);
                }
            }
            _ => {}
        }
    }
    said
}

/// Of a message that its author has deleted no edit of theirs has its text any more, whenever it came.
pub fn nothing_else_is_left(header: &Header, operations: &[Operation]) {
    let mut theirs = operations.iter().filter(|operation| operation.author == header.author);
    let has_text = |operation: &Operation| operation.kind == kind::EDIT && operation.body.is_some();
    let deleted = theirs.clone().any(|operation| operation.kind == kind::DELETE);
    assert!(!deleted || !theirs.any(has_text), "the text of an edit of what was deleted is still there");
}

/// What is shown is what the entries say, folded by the rules; and of what was deleted no text is left.
pub fn what_is_shown_follows_from_the_entries(
    entries: &BTreeMap<EntryId, Entry>,
    changed: &BTreeSet<EntryId>,
    history: &[MessageView],
) {
    let headers: BTreeMap<EntryId, (Header, Option<Vec<u8>>)> = entries
        .iter()
        .map(|(id, entry)| {
            let header: Header = cbor::decode(&entry.wire().header, 4_096).unwrap();
            (*id, (header, entry.wire().body.clone()))
        })
        .collect();
    let nodes: Vec<Node> = entries.values().map(Node::from).collect();
    let order = sort(&nodes);
    let mut operations: BTreeMap<EntryId, Vec<Operation>> = BTreeMap::new();
    for id in &order {
        let (header, body) = &headers[id];
        if let Some(target) = header.target {
            let operation = Operation { id: *id, author: header.author, kind: header.kind, body: body.clone() };
            operations.entry(target).or_default().push(operation);
        }
    }
    let rows = order.iter().filter(|id| is_shown(headers[id].0.kind, headers[id].0.target.is_some()));
    let expected: Vec<(EntryId, Content)> = rows
        .filter(|id| !is_only_erased(id, entries, changed))
        .map(|id| {
            let (header, body) = &headers[id];
            let operations = operations.get(id).map_or(&[][..], Vec::as_slice);
            let said = content(header, body.as_deref(), operations);
            assert!(said != Content::Deleted || body.is_none(), "a text that was deleted is still there");
            nothing_else_is_left(header, operations);
            (*id, said)
        })
        .collect();
    // No more than a page is compared.
    let expected = &expected[expected.len().saturating_sub(PAGE as usize)..];
    let as_shown = |message: &MessageView| match message {
        MessageView { deleted: true, .. } => Content::Deleted,
        MessageView { newer: true, .. } => Content::Newer,
        message => Content::Text(message.text.clone()),
    };
    let shown: Vec<(EntryId, Content)> =
        history.iter().map(|message| (id_of(&message.id), as_shown(message))).collect();
    let wrong = shown.iter().zip(expected).rev().find(|(shown, expected)| shown != expected);
    assert!(shown == expected, "what is shown is not what the entries say: last {wrong:?}");
}
