//! What a person sees of a message: a function of the message and of the operations on it, in the conversation's order.
//!
//! Nothing of it is stored. An operation is an entry that names the message as its target: an edit, a deletion, a reaction.
//! Since [`fold`] is given them in the order of [`super::order`], which depends on the set alone, it does not matter when
//! one arrived, nor whether it came before the message: it is found once the message is there.
//!
//! - **Deletion** is final, wherever it stands. It counts whatever its body says.
//! - **The last edit wins**, in the order, not by the clock.
//! - **A reaction** counts once for each person and emoji: the last one says whether it is set.
//! - Only the author edits and deletes; everybody reacts. Whatever else names the message changes nothing.

use super::{Reaction, Text};
use crate::wire::{EntryId, RootKey, kind};

/// Different emoji that are shown beside a message: more than a window has room for. Of more, those that came first.
pub const EMOJI_MAX: usize = 32;

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct Target<'b> {
    /// Who wrote it.
    pub author: RootKey,
    /// What it is.
    pub kind: u32,
    /// Its body, unless it was erased.
    pub body: Option<&'b [u8]>,
}

/// An entry about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Which.
    pub id: EntryId,
    /// Who wrote it.
    pub author: RootKey,
    /// What it does.
    pub kind: u32,
    /// Its body, unless it was erased.
    pub body: Option<Vec<u8>>,
}

/// A message as a person sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// What it says.
    pub content: Content,
    /// The edit that gave it this text.
    pub edit: Option<EntryId>,
    /// Its author has passed on what was written elsewhere.
    pub forwarded: bool,
    /// Emoji beside it, the one that came first in front; at most [`EMOJI_MAX`].
    pub reactions: Vec<Reacted>,
}

/// What a message says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// This.
    Text(String),
    /// Nothing any more: it was deleted, or came without its body from somebody who knows that it was.
    #[default]
    Deleted,
    /// Something that this version cannot read.
    Newer,
}

/// One emoji beside a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reacted {
    /// Which.
    pub emoji: String,
    /// Who has set it, and with which entry; the first in front.
    pub by: Vec<(RootKey, EntryId)>,
}

/// Whether an entry is a row of a conversation. Of the kinds that this version does not know those are that are about no
/// other entry.
#[must_use]
pub fn is_shown(kind: u32, has_target: bool) -> bool {
    match kind {
        kind::TEXT => true,
        kind::EDIT | kind::DELETE | kind::REACTION | kind::GROUP => false,
        _ => !has_target,
    }
}

/// Folds the operations on a message, in the conversation's order, into what a person sees of it.
#[must_use]
pub fn fold(target: Target<'_>, operations: &[Operation]) -> Folded {
    let theirs = |operation: &&Operation| operation.author == target.author;
    if operations.iter().filter(theirs).any(|operation| operation.kind == kind::DELETE) {
        return Folded::default();
    }
    let mut folded = Folded { reactions: reactions(operations), ..Folded::default() };
    if target.kind != kind::TEXT {
        folded.content = Content::Newer;
        return folded;
    }
    match target.body.map(Text::parse) {
        Some(Ok(text)) => {
            folded.forwarded = text.forwarded == Some(true);
            folded.content = Content::Text(text.text);
        }
        Some(Err(_)) => folded.content = Content::Newer,
        None => {}
    }
    let edits = operations.iter().rev().filter(theirs).filter(|operation| operation.kind == kind::EDIT);
    let last = edits.filter_map(|edit| Some((edit.id, Text::parse(edit.body.as_deref()?).ok()?))).next();
    if let Some((id, text)) = last {
        folded.edit = Some(id);
        folded.content = Content::Text(text.text);
    }
    folded
}

/// The last word of each person about each emoji, those that are set.
fn reactions(operations: &[Operation]) -> Vec<Reacted> {
    let mut reacted: Vec<Reacted> = vec![];
    for operation in operations.iter().filter(|operation| operation.kind == kind::REACTION) {
        let Some(Ok(reaction)) = operation.body.as_deref().map(Reaction::parse) else { continue };
        let known = reacted.iter().position(|known| known.emoji == reaction.emoji);
        let place = match known {
            Some(place) => place,
            None if !reaction.on => continue,
            None => {
                reacted.push(Reacted { emoji: reaction.emoji, by: vec![] });
                reacted.len() - 1
            }
        };
        let Some(known) = reacted.get_mut(place) else { continue };
        known.by.retain(|(author, _)| *author != operation.author);
        if reaction.on {
            known.by.push((operation.author, operation.id));
        }
        if known.by.is_empty() {
            reacted.remove(place);
        }
    }
    reacted.truncate(EMOJI_MAX);
    reacted
}

#[cfg(test)]
mod tests;
