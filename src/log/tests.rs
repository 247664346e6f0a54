use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::order::{Key, Node, place, sort};
use super::*;
use crate::wire::{self, EntryId, LogId, RootKey, Salt, cbor, kind};

fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn draft(seed: u8, sequence: u64, previous: Option<EntryId>, text: &str) -> Draft {
    Draft {
        author: RootKey(signer(seed).verifying_key().to_bytes()),
        conversation: direct_conversation(&RootKey([1; 32]), &RootKey([2; 32])),
        log: LogId([seed; 16]),
        sequence,
        previous,
        after: vec![],
        time: 1_700_000_000_000,
        kind: kind::TEXT,
        target: None,
        body: Text::new(text).unwrap().to_bytes(),
        salt: Salt([7; 32]),
    }
}

/// An entry that travelled is the same entry.
#[test]
fn an_entry_survives_its_journey() {
    let entry = Entry::write(&signer(1), draft(1, 0, None, "hello"));
    let bytes = cbor::encode(entry.wire());
    let read = Entry::verify(cbor::decode(&bytes, wire::ENTRY_BYTES_MAX).unwrap()).unwrap();
    assert_eq!(read, entry);
    assert_eq!(Text::parse(read.body().unwrap()).unwrap().text, "hello");
}

/// An entry whose body was erased still verifies; one whose body was swapped does not.
#[test]
fn bodies_can_be_erased_but_not_swapped() {
    let entry = Entry::write(&signer(1), draft(1, 0, None, "hello"));
    let mut erased = entry.wire().clone();
    (erased.salt, erased.body) = (None, None);
    assert_eq!(Entry::verify(erased).unwrap().id(), entry.id());
    let jello = Text::new("jello").unwrap().to_bytes();
    for (salt, body) in [
        (None, entry.wire().body.clone()),
        (entry.wire().salt, Some(vec![0xa0])),
        (entry.wire().salt, Some(jello)),
        (entry.wire().salt, None),
    ] {
        let swapped = wire::Entry { salt, body, ..entry.wire().clone() };
        assert_eq!(Entry::verify(swapped), Err(EntryError::Body));
    }
}

/// Every byte of the header is covered by the signature.
#[test]
fn a_changed_header_is_refused() {
    let entry = Entry::write(&signer(1), draft(1, 1, Some(EntryId([3; 32])), "hello"));
    for at in 0..entry.wire().header.len() {
        let mut changed = entry.wire().clone();
        changed.header[at] ^= 1;
        assert!(Entry::verify(changed).is_err(), "byte {at}");
    }
}

/// The rules between a header's fields hold for everybody, signed or not.
#[test]
fn inconsistent_headers_are_refused() {
    let refused = |draft: Draft| {
        matches!(Entry::verify(Entry::write(&signer(1), draft).wire().clone()), Err(EntryError::Inconsistent(_)))
    };
    assert!(refused(draft(1, 0, Some(EntryId([3; 32])), "first with one before it")));
    assert!(refused(draft(1, 1, None, "second with none before it")));
    assert!(refused(Draft { time: 1 << 48, ..draft(1, 0, None, "a clock out of range") }));
    assert!(refused(Draft { body: vec![0; wire::BODY_BYTES_MAX + 1], ..draft(1, 0, None, "too long") }));
}

/// A text has 1 byte to 16 KiB.
#[test]
fn texts_have_limits() {
    assert_eq!(Text::new(""), Err(TextError::Empty));
    assert!(Text::new("x".repeat(TEXT_BYTES_MAX)).is_ok());
    assert_eq!(Text::new("x".repeat(TEXT_BYTES_MAX + 1)), Err(TextError::TooLong(TEXT_BYTES_MAX + 1)));
    assert!(matches!(Text::parse(&[0xa1, 0x00, 0x60]), Err(TextError::Empty)));
}

/// A random conversation: logs that name each other's heads, clocks that are wrong, entries that nobody saw.
fn conversation(seed: u64, size: usize) -> Vec<Node> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut nodes: Vec<Node> = vec![];
    let mut last: [Option<EntryId>; 4] = [None; 4];
    for _ in 0..size {
        let author = rng.random_range(0..4usize);
        let id = EntryId(rng.random());
        let mut parents: Vec<EntryId> = last[author].into_iter().collect();
        for _ in 0..rng.random_range(0..3) {
            if let Some(seen) = nodes.get(rng.random_range(0..nodes.len().max(1))) {
                parents.push(seen.key.id);
            }
        }
        let key = Key { time: rng.random_range(0..20), author: RootKey([author as u8; 32]), id };
        nodes.push(Node { key, parents });
        last[author] = Some(id);
    }
    nodes
}

proptest! {
    /// The order is the same for every order of arrival, and nothing comes before its parents.
    #[test]
    fn order_depends_on_the_set_alone(seed: u64, size in 1usize..60) {
        let mut nodes = conversation(seed, size);
        let order = sort(&nodes);
        prop_assert_eq!(order.len(), size);
        let mut seen = BTreeSet::new();
        for id in &order {
            let node = nodes.iter().find(|node| node.key.id == *id).unwrap();
            prop_assert!(node.parents.iter().all(|parent| seen.contains(parent)));
            seen.insert(*id);
        }
        nodes.shuffle(&mut StdRng::seed_from_u64(seed ^ 1));
        prop_assert_eq!(sort(&nodes), order);
    }

    /// Placing entries one by one, in any order in which parents come first, gives what the full sort gives.
    #[test]
    fn the_insertion_rule_agrees_with_the_sort(seed: u64, size in 1usize..60) {
        let mut nodes = conversation(seed, size);
        let expected = sort(&nodes);
        nodes.shuffle(&mut StdRng::seed_from_u64(seed ^ 2));
        let mut order: Vec<Key> = vec![];
        while !nodes.is_empty() {
            let before = nodes.len();
            nodes.retain(|node| match place(&order, node) {
                Some(at) => { order.insert(at, node.key); false }
                None => true,
            });
            prop_assert!(nodes.len() < before);
        }
        prop_assert_eq!(order.into_iter().map(|key| key.id).collect::<Vec<_>>(), expected);
    }

    /// What lacks a parent waits, and nothing else does.
    #[test]
    fn orphans_wait(seed: u64, size in 2usize..40) {
        let mut nodes = conversation(seed, size);
        let lost = nodes.remove(0).key.id;
        let placed: BTreeSet<EntryId> = sort(&nodes).into_iter().collect();
        for node in &nodes {
            let waits = node.parents.iter().any(|parent| *parent == lost || !placed.contains(parent));
            prop_assert_eq!(placed.contains(&node.key.id), !waits);
        }
    }

    /// Arbitrary bytes are no entry and never a panic.
    #[test]
    fn arbitrary_headers_are_refused(header in prop::collection::vec(any::<u8>(), 0..200)) {
        let entry = wire::Entry { header, signature: wire::Signature([0; 64]), salt: None, body: None };
        prop_assert!(Entry::verify(entry).is_err());
    }
}
