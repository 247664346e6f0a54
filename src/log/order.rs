//! The order of a conversation: a function of the set of its entries and nothing else.
//!
//! It is Kahn's topological sort over "comes before" (the previous entry of the log, and every head an entry names),
//! where among the entries that are ready the lowest [`Key`] goes first. So an answer never sorts before what it
//! answers, and a wrong clock moves only its own messages.
//!
//! **The insertion rule.** Let an entry's parents all be placed. It has no children yet (a child is only placed after
//! its parents), so in the sort it is a leaf: it takes its turn as soon as it is the lowest of the ready ones and
//! disturbs nobody else. Hence it goes right before the first entry behind its last parent whose key is higher than its
//! own, or to the end. A position is therefore a local index that arrival never permutes; [`place`] and [`sort`] agree.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::Entry;
use crate::wire::{EntryId, RootKey};

/// What decides between two entries that are both ready: time, then author, then id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The author's wall clock, Unix milliseconds.
    pub time: u64,
    /// The author.
    pub author: RootKey,
    /// The entry.
    pub id: EntryId,
}

impl From<&Entry> for Key {
    fn from(entry: &Entry) -> Self {
        Self { time: entry.header().time, author: entry.header().author, id: entry.id() }
    }
}

/// An entry as the order sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Decides among the ready ones.
    pub key: Key,
    /// What must come before.
    pub parents: Vec<EntryId>,
}

impl From<&Entry> for Node {
    fn from(entry: &Entry) -> Self {
        Self { key: Key::from(entry), parents: entry.parents().copied().collect() }
    }
}

/// Sorts a set of entries. Those with a parent that is missing, directly or through others, are left out.
#[must_use]
pub fn sort(nodes: &[Node]) -> Vec<EntryId> {
    let known: BTreeMap<EntryId, &Node> = nodes.iter().map(|node| (node.key.id, node)).collect();
    let mut waiting: BTreeMap<EntryId, usize> = BTreeMap::new();
    let mut children: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
    let mut ready = BinaryHeap::new();
    for (id, node) in &known {
        let mut parents = node.parents.clone();
        parents.sort_unstable();
        parents.dedup();
        for parent in &parents {
            children.entry(*parent).or_default().push(*id);
        }
        if parents.is_empty() {
            ready.push(Reverse(node.key));
        }
        waiting.insert(*id, parents.len());
    }
    let mut order = Vec::with_capacity(known.len());
    while let Some(Reverse(key)) = ready.pop() {
        order.push(key.id);
        for child in children.remove(&key.id).unwrap_or_default() {
            let Some(left) = waiting.get_mut(&child) else { continue };
            *left -= 1;
            if *left == 0
                && let Some(node) = known.get(&child)
            {
                ready.push(Reverse(node.key));
            }
        }
    }
    order
}

/// Where an entry goes in an order that holds all of its parents; `None` when a parent is missing.
#[must_use]
pub fn place(order: &[Key], node: &Node) -> Option<usize> {
    let mut last = 0;
    for parent in &node.parents {
        last = last.max(1 + order.iter().position(|key| key.id == *parent)?);
    }
    let behind = order.iter().skip(last).position(|key| *key > node.key);
    Some(behind.map_or(order.len(), |offset| last + offset))
}
