use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{Nonce, PROTOCOL_VERSION};

mod round_trip;

fn secrets(seed: u64) -> Secrets {
    Secrets::generate(&mut StdRng::seed_from_u64(seed))
}

/// Somebody of this number, and their card.
pub(crate) fn person(seed: u64) -> (Secrets, Card) {
    let secrets = secrets(seed);
    let fields = CardFields {
        sealing: secrets.card_key(),
        counter: 1,
        name: Name::parse(&format!("Person {seed}")).unwrap(),
        brokers: vec![BrokerUrl::parse("mqtts://broker.example").unwrap()],
    };
    let card = Card::sign(&secrets.device, secrets.certificate(), secrets.device_list(), fields);
    (secrets, card)
}

fn card(seed: u64) -> Card {
    person(seed).1
}

fn link(seed: u64) -> Link {
    Link { card: card(seed), token: Nonce(StdRng::seed_from_u64(seed).random()) }
}

/// A link that nobody touched gives back the card and the invitation.
#[test]
fn a_link_carries_its_card() {
    let link = link(1);
    assert_eq!(Link::parse(&link.to_text(), None), Ok(link.clone()));
    assert_eq!(Link::parse(&format!("  {}\n", link.to_text()), None), Ok(link));
}

/// Every single character, changed to every other that a link can hold, is noticed.
#[test]
fn every_changed_character_is_noticed() {
    let text = link(2).to_text();
    for at in 0..text.len() {
        for other in ['A', 'b', '0', '-', '_', ':', '=', 'é'] {
            if text[at..].starts_with(other) {
                continue;
            }
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            let error = Link::parse(&changed, None).expect_err("a changed link was accepted");
            let expected = if at < 5 {
                error == LinkError::Foreign
            } else {
                matches!(error, LinkError::Tampered | LinkError::Truncated)
            };
            assert!(expected, "character {at} changed to {other:?} gave {error:?}");
        }
    }
}

/// Cut anywhere, a link is said to be cut off.
#[test]
fn a_link_cut_anywhere_is_truncated() {
    let text = link(3).to_text();
    for length in 5..text.len() {
        assert_eq!(Link::parse(&text[..length], None), Err(LinkError::Truncated), "cut at {length}");
    }
}

/// Foreign, oversize, own and newer links each get their own error.
#[test]
fn each_bad_link_is_named() {
    for foreign in ["", "https://example.org", "kith", "mailto:a@b", "KITH:AAAA"] {
        assert_eq!(Link::parse(foreign, None), Err(LinkError::Foreign), "{foreign}");
    }
    assert_eq!(Link::parse(&format!("kith:{}", "A".repeat(LINK_CHARS_MAX)), None), Err(LinkError::Oversize));
    let own = link(4);
    assert_eq!(Link::parse(&own.to_text(), Some(&own.card.root())), Err(LinkError::Own));

    let newer = with_good_check(&own, |bytes| bytes[0] = PROTOCOL_VERSION + 1);
    assert_eq!(Link::parse(&newer, None), Err(LinkError::Newer));
}

/// The text of a link whose content was changed and whose check was made to hold again.
fn with_good_check(link: &Link, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = data_encoding::BASE64URL_NOPAD.decode(&link.to_text().as_bytes()[5..]).unwrap();
    bytes.truncate(bytes.len() - 16);
    change(&mut bytes);
    let mut check = [0; 16];
    blake3::Hasher::new_derive_key("kith 2026 link check").update(&bytes).finalize_xof().fill(&mut check);
    bytes.extend(check);
    format!("kith:{}", data_encoding::BASE64URL_NOPAD.encode(&bytes))
}

/// Even with a check that holds, a version that never was and a length that lies are refused: no two links mean the same.
#[test]
fn a_link_has_one_form() {
    let link = link(4);
    assert_eq!(Link::parse(&with_good_check(&link, |_| {}), None).as_ref(), Ok(&link));
    let lies: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes[0] = 0,
        |bytes| bytes[1] ^= 0x80,
        |bytes| bytes[2] = bytes[2].wrapping_sub(1),
        |bytes| bytes[2] = bytes[2].wrapping_add(1),
        |bytes| bytes.push(0),
    ];
    for lie in lies {
        assert_eq!(Link::parse(&with_good_check(&link, lie), None), Err(LinkError::Tampered));
    }
}

/// A card in which somebody changed any byte, and even mended the link's check, is refused.
#[test]
fn a_changed_card_is_refused() {
    let bytes = card(5).bytes().to_vec();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Card::verify(&changed).is_err(), "byte {at}");
    }
}

/// A list that names a person's root key counts only with that key's signature: nobody else adds a device.
#[test]
fn only_the_root_key_names_devices() {
    let (alice, eve) = (secrets(6), secrets(7));
    let list = DeviceList::sign(&alice.root, 2, vec![alice.certificate(), eve.certificate()]);
    assert_eq!(DeviceList::verify(list.bytes(), list.signature()).as_ref(), Ok(&list));
    for key in [&eve.root, &alice.device] {
        let signature = sign(key, Context::DeviceList, list.bytes());
        assert_eq!(DeviceList::verify(list.bytes(), signature), Err(DeviceListError::Signature));
    }
}

/// One type's signature is never valid for another, nor under another key.
#[test]
fn signatures_are_bound_to_their_context() {
    let (alice, bob) = (secrets(6), secrets(7));
    let signature = sign(&alice.device, Context::Card, b"text");
    assert!(verify(alice.device_key().as_bytes(), Context::Card, b"text", &signature));
    assert!(!verify(alice.device_key().as_bytes(), Context::Entry, b"text", &signature));
    assert!(!verify(alice.device_key().as_bytes(), Context::Card, b"texu", &signature));
    assert!(!verify(bob.device_key().as_bytes(), Context::Card, b"text", &signature));
}

/// Both sides see the same twelve groups of five digits, and another pair sees others.
#[test]
fn safety_numbers_agree() {
    let [a, b, c] = [8, 9, 10].map(|seed| secrets(seed).root_key());
    let number = safety_number(&a, &b);
    assert_eq!(number, safety_number(&b, &a));
    assert_ne!(number, safety_number(&a, &c));
    assert_eq!(number.split(' ').filter(|group| group.len() == 5).count(), 12);
}

/// A key file gives back the same identity; a damaged or newer one is refused.
#[test]
fn secrets_survive_their_file() {
    let secrets = secrets(11);
    let bytes = secrets.to_bytes();
    let read = Secrets::from_bytes(&bytes).expect("own key file");
    assert_eq!(
        (read.user(), read.device_id(), read.working_key()),
        (secrets.user(), secrets.device_id(), secrets.working_key())
    );
    assert!(Secrets::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    let mut newer = bytes.to_vec();
    newer[2] = 2;
    assert_eq!(Secrets::from_bytes(&newer).err(), Some(SecretsError::Newer(2)));
}

/// Names keep every script and lose what deceives.
#[test]
fn names_lose_what_deceives() {
    assert_eq!(Name::parse("  Zoë\u{202e}  東京\n").unwrap().as_str(), "Zoë 東京");
    assert_eq!(Name::parse("\u{200f}\u{2066} \u{feff}"), Err(NameError::Empty));
    assert_eq!(Name::parse(&"x".repeat(129)), Err(NameError::TooLong(129)));
    assert_eq!(visible("a\u{202e}b\nc\u{7}"), "ab\nc\u{7}");
}

proptest! {
    /// Arbitrary text never passes for a link and never panics.
    #[test]
    fn arbitrary_text_is_no_link(text in "(kith:)?[A-Za-z0-9_=-]{0,400}") {
        prop_assert!(Link::parse(&text, None).is_err());
    }

    /// A name that was accepted is accepted again, unchanged.
    #[test]
    fn names_are_stable(text in "\\PC{0,40}") {
        if let Ok(name) = Name::parse(&text) {
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
        }
    }
}
