//! Envelopes: padding has one form; only what the recipient's contact sealed opens, unchanged, on its topic.
//!
//! First byte: 0 opens the rest, filled up to a class; 1 pads and unpads it; 2 seals it as a message and opens that; 3 and
//! above seal it to the card's key. Second byte: the class, or the topic.
#![cfg_attr(not(test), no_main)]

use std::sync::LazyLock;

use kith::identity::Secrets;
use kith::signaling::envelope::{Keyring, OpenError, Recipient, open, seal};
use kith::signaling::{InboxId, Leaf, Topic};
use kith::wire::{CLASSES, Envelope, INNER_BYTES_MAX, Inner, KeyKind, Message, cbor, class_for};
use kith_fuzz::{assert_one_form, generator, secrets};
use libfuzzer_sys::fuzz_target;

static ALICE: LazyLock<Secrets> = LazyLock::new(|| secrets(1));
static BOB: LazyLock<Secrets> = LazyLock::new(|| secrets(2));

fuzz_target!(|bytes: &[u8]| {
    let [mode, choice, rest @ ..] = bytes else { return };
    match mode {
        0 => opening(*choice, rest),
        1 => padding(rest),
        2 => sealing(KeyKind::Working, *choice, rest),
        _ => sealing(KeyKind::Card, *choice, rest),
    }
});

fn opening(class: u8, bytes: &[u8]) {
    if !CLASSES.contains(&bytes.len()) {
        assert!(Envelope::parse(bytes).is_err());
    }
    let mut bytes = bytes.to_vec();
    bytes.resize(CLASSES[usize::from(class) % CLASSES.len()], 0);
    match Envelope::parse(&bytes) {
        Ok(envelope) => assert_eq!(envelope.to_bytes(), bytes),
        Err(error) => assert_eq!(open(&bytes, &topic(3), &keyring()), Err(OpenError::Envelope(error))),
    }
    // Whoever has no key of Alice's can at most bring back an envelope that she sealed.
    if let Ok(opened) = open(&bytes, &topic(3), &keyring()) {
        assert_eq!(opened.device, ALICE.device_key());
    }
}

fn padding(bytes: &[u8]) {
    match Envelope::pad(bytes) {
        Ok(padded) => {
            assert_eq!(Envelope::unpad(&padded), Some(bytes));
            let class = class_for(bytes.len()).expect("padded, so there is a class");
            assert!(CLASSES.contains(&class) && padded.len() < class);
        }
        Err(_) => assert!(bytes.len() > INNER_BYTES_MAX),
    }
    if let Some(inner) = Envelope::unpad(bytes) {
        assert_eq!(Envelope::pad(inner).as_deref(), Ok(bytes));
    }
    if let Ok(inner) = cbor::decode::<Inner>(bytes, INNER_BYTES_MAX) {
        assert_one_form(bytes, &cbor::encode(&inner));
    }
}

fn sealing(kind: KeyKind, choice: u8, bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else { return };
    let key = match kind {
        KeyKind::Card => BOB.card_key(),
        KeyKind::Working => BOB.working_key().key,
    };
    let to = Recipient { device: BOB.device_key(), kind, key };
    let (here, there) = (topic(choice), topic(choice.wrapping_add(1)));
    let mut sealed = seal(&mut generator(9), &ALICE.device, &to, &here, &message).expect("every message fits");
    assert!(CLASSES.contains(&sealed.len()));
    match open(&sealed, &here, &keyring()) {
        Ok(opened) => assert_eq!((opened.device, opened.message), (ALICE.device_key(), message)),
        Err(error) => assert_eq!(error, OpenError::Misplaced),
    }
    assert_eq!(open(&sealed, &there, &keyring()), Err(OpenError::Sealed));
    let at = sealed.len() * usize::from(choice) / 256;
    sealed[at] ^= 1;
    assert!(open(&sealed, &here, &keyring()).is_err(), "byte {at} can be changed");
}

fn topic(choice: u8) -> Topic {
    let leaves = [Leaf::ContactRequest, Leaf::Offer, Leaf::Answer, Leaf::Presence, Leaf::IceCandidate, Leaf::Mailbox];
    Topic::inbox(InboxId(Default::default()), leaves[usize::from(choice) % leaves.len()])
}

fn keyring() -> Keyring<'static> {
    Keyring { device: BOB.device_key(), card: &BOB.card_sealing, working: &BOB.working_sealing }
}
