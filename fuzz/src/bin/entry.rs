//! Entries and their bodies: what is accepted keeps its bytes and holds every rule.
//!
//! First byte: 0 verifies the rest as an entry; 1 as a header that its device signs, the body erased; 2 as salt and body of an
//! entry that is written; 4 as the body of a reaction; 5 of a deletion; 6 of a change of a group;
//! any other, of a text.
#![cfg_attr(not(test), no_main)]

use std::sync::LazyLock;

use kith::identity::{Context, Secrets, sign};
use kith::log::group::Action;
use kith::log::order::Node;
use kith::log::{Deletion, Draft, Entry, EntryError, REACTION_BYTES_MAX, Reaction, TEXT_BYTES_MAX, Text};
use kith::wire::{self, ConversationId, LogId, Salt, cbor, kind};
use kith_fuzz::{assert_one_form, secrets};
use libfuzzer_sys::fuzz_target;

static ALICE: LazyLock<Secrets> = LazyLock::new(|| secrets(1));

fuzz_target!(|bytes: &[u8]| {
    match bytes {
        [] => {}
        [0, entry @ ..] => {
            if let Ok(read) = cbor::decode::<wire::Entry>(entry, wire::ENTRY_BYTES_MAX) {
                assert_one_form(entry, &cbor::encode(&read));
                check(read);
            }
        }
        [1, header @ ..] => {
            let signature = sign(&ALICE.device, Context::Entry, header);
            check(wire::Entry { header: header.to_vec(), signature, salt: None, body: None });
        }
        [2, rest @ ..] => {
            if let Some((salt, body)) = rest.split_first_chunk::<32>() {
                write(Salt(*salt), body);
            }
        }
        [4, body @ ..] => {
            if let Ok(reaction) = Reaction::parse(body) {
                assert!((1..=REACTION_BYTES_MAX).contains(&reaction.emoji.len()));
                assert_one_form(body, &reaction.to_bytes());
                assert_eq!(Reaction::parse(&reaction.to_bytes()).as_ref(), Ok(&reaction));
            }
        }
        [5, body @ ..] => {
            if let Ok(deletion) = Deletion::parse(body) {
                assert_one_form(body, &deletion.to_bytes());
            }
        }
        [6, body @ ..] => {
            if let Ok(action) = Action::known(body) {
                assert_one_form(body, &action.to_bytes());
                assert_eq!(Action::known(&action.to_bytes()).as_ref(), Ok(&action));
                // What also verifies means the same.
                assert!(Action::parse(body).is_ok_and(|parsed| parsed == action) || !parsed_without_cards(&action));
            }
        }
        [_, body @ ..] => {
            if let Ok(text) = Text::parse(body) {
                assert!((1..=TEXT_BYTES_MAX).contains(&text.text.len()));
                assert_one_form(body, &text.to_bytes());
                assert_eq!(Text::parse(&text.to_bytes()).as_ref(), Ok(&text));
            }
        }
    }
});

/// Whether nothing in it is signed by itself.
fn parsed_without_cards(action: &Action) -> bool {
    !matches!(action, Action::Create { .. } | Action::Add { .. })
}

fn check(entry: wire::Entry) {
    let read = Entry::verify(entry.clone());
    assert_eq!(read, Entry::verify(entry.clone()));
    let Ok(read) = read else { return };
    assert_eq!(*read.wire(), entry);
    let header = read.header();
    assert_eq!(header.sequence == 0, header.previous.is_none());
    assert!(header.after.len() <= wire::AFTER_MAX && header.after.is_sorted_by(|a, b| a < b));
    assert!(header.sequence < u64::from(u32::MAX) && header.time < 1 << 48);
    assert_one_form(&entry.header, &cbor::encode(header));
    // The order is never asked to place an entry before itself: no id can name its own hash.
    assert!(!Node::from(&read).parents.contains(&read.id()));
    // An erased body changes neither id nor verdict.
    let erased = wire::Entry { salt: None, body: None, ..entry };
    assert_eq!(Entry::verify(erased).map(|erased| erased.id()), Ok(read.id()));
}

fn write(salt: Salt, body: &[u8]) {
    let draft = Draft {
        author: ALICE.root_key(),
        conversation: ConversationId([1; 32]),
        log: LogId([2; 16]),
        sequence: 0,
        previous: None,
        after: vec![],
        time: 1_700_000_000_000,
        kind: kind::TEXT,
        target: None,
        body: body.to_vec(),
        salt,
    };
    let written = Entry::write(&ALICE.device, draft);
    match Entry::verify(written.wire().clone()) {
        Ok(read) => {
            assert_eq!(read, written);
            assert_eq!(read.body(), Some(body));
            let mut swapped = written.wire().clone();
            swapped.body = Some([body, &[0]].concat());
            assert_eq!(Entry::verify(swapped), Err(EntryError::Body));
        }
        Err(error) => {
            assert!(matches!(error, EntryError::Inconsistent(_)) && body.len() > wire::BODY_BYTES_MAX, "{error}");
        }
    }
}
