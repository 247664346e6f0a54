//! The body of a change: one form, within its limits; and the entry that creates a group, whose conversation is itself.

use proptest::prelude::*;

use super::*;
use crate::identity::{BROKERS_MAX, CARD_BYTES_MAX, CardFields, DEVICES_MAX, DeviceList, Secrets};
use crate::log::{Draft, Entry, EntryError};
use crate::wire::{self, BODY_BYTES_MAX, LogId, OWN_CONVERSATION, Salt, cbor, kind};

fn last() -> impl Strategy<Value = Last> {
    (any::<[u8; 32]>(), any::<[u8; 16]>(), any::<u64>(), any::<[u8; 32]>()).prop_map(|(device, log, sequence, id)| {
        Last { device: DeviceKey(device), log: LogId(log), sequence, id: EntryId(id) }
    })
}

fn cut() -> impl Strategy<Value = Vec<Last>> {
    prop::collection::vec(last(), 0..20).prop_map(|mut cut| {
        cut.sort_unstable_by_key(|last| (last.device, last.log));
        cut.dedup_by_key(|last| (last.device, last.log));
        cut
    })
}

fn actions() -> impl Strategy<Value = Action> {
    let who = 0..PEOPLE;
    let hue = 0..=HUE_MAX;
    prop_oneof![
        (
            "[a-zA-Z0-9]{1,128}",
            hue.clone(),
            any::<bool>(),
            prop::sample::subsequence((0..PEOPLE).collect::<Vec<_>>(), 1..=PEOPLE)
        )
            .prop_map(|(text, hue, history, who)| Action::Create {
                name: name(&text),
                hue,
                history,
                cards: who.into_iter().map(card).collect()
            }),
        who.clone().prop_map(add),
        (who.clone(), cut()).prop_map(|(who, cut)| Action::Remove { root: root(who), cut }),
        cut().prop_map(|cut| Action::Leave { cut }),
        who.clone().prop_map(promote),
        who.prop_map(demote),
        ("[a-zA-Z0-9 ]{0,20}x", prop::option::of(hue))
            .prop_map(|(text, hue)| Action::Rename { name: name(&text), hue }),
        any::<bool>().prop_map(|shared| Action::History { shared }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// An action comes back from its bytes as it was; changed bytes are refused or mean something else.
    #[test]
    fn actions_have_one_form(action in actions(), at: prop::sample::Index, bit in 0u8..8) {
        let bytes = action.to_bytes();
        prop_assert_eq!(&Action::parse(&bytes).unwrap(), &action);
        prop_assert_eq!(&Action::known(&bytes).unwrap(), &action);
        let mut harmed = bytes.clone();
        harmed[at.index(bytes.len())] ^= 1 << bit;
        if let Ok(other) = Action::parse(&harmed) {
            prop_assert_ne!(&other, &action);
            prop_assert!(other.to_bytes() == harmed || other.to_bytes().len() < harmed.len());
        }
        prop_assert!(Action::parse(&[&bytes[..], &[0]].concat()).is_err());
        prop_assert!(Action::parse(&bytes[..bytes.len() - 1]).is_err());
    }
}

fn longest(seed: u64) -> Card {
    let devices: Vec<Secrets> = (0..DEVICES_MAX as u64).map(|number| person(seed + number).secrets).collect();
    let list = DeviceList::sign(&devices[0].root, u64::MAX, devices.iter().map(Secrets::certificate).collect());
    let url = format!("mqtts://{}.example", ["long"; 10].join("."));
    let fields = CardFields {
        sealing: devices[0].card_key(),
        counter: u64::MAX,
        name: name(&"n".repeat(128)),
        brokers: vec![BrokerUrl::parse(&url).unwrap(); BROKERS_MAX],
    };
    Card::sign(&devices[0].device, devices[0].certificate(), list, fields)
}

/// As many cards as are said to fit do fit; of usual ones at least 40, of the longest at least 11. The others are added afterwards.
#[test]
fn a_creation_holds_as_many_cards_as_fit() {
    let create = |cards: Vec<Card>| Action::Create { name: name(&"n".repeat(128)), hue: 359, history: true, cards };
    let usual: Vec<Card> = (2_000..2_100).map(|seed| person(seed).card).collect();
    let long: Vec<Card> = (0..30).map(|number| longest(3_000 + 10 * number)).collect();
    assert!((1_000..CARD_BYTES_MAX).contains(&long[0].bytes().len()));
    for (cards, least) in [(usual, 40), (long, 11)] {
        let fit = Action::fits(&cards);
        assert!(fit >= least, "{fit}");
        let bytes = create(cards[..fit].to_vec()).to_bytes();
        assert!(bytes.len() <= BODY_BYTES_MAX);
        assert!(Action::parse(&bytes).is_ok());
        assert!(create(cards[..=fit].to_vec()).to_bytes().len() + 200 > BODY_BYTES_MAX, "one more would hardly fit");
    }
}

/// A removal of somebody with as many logs as can be named fits; with one more it is refused.
#[test]
fn a_cut_has_a_limit_that_fits() {
    let last = |number: usize| Last {
        device: DeviceKey([0xff; 32]),
        log: LogId(u128::try_from(number).unwrap().to_be_bytes()),
        sequence: u64::from(u32::MAX),
        id: EntryId([0xff; 32]),
    };
    let removal = |count: usize| Action::Remove { root: root(1), cut: (0..count).map(last).collect() }.to_bytes();
    assert!(removal(CUT_LOGS_MAX).len() <= BODY_BYTES_MAX);
    assert!(Action::parse(&removal(CUT_LOGS_MAX)).is_ok());
    assert_eq!(Action::parse(&removal(CUT_LOGS_MAX + 1)), Err(ActionError::Limit("more logs than a removal can name")));
    let unordered = Action::Leave { cut: vec![last(2), last(1)] };
    let twice = Action::Leave { cut: vec![last(1), last(1)] };
    for action in [unordered, twice] {
        assert_eq!(Action::parse(&action.to_bytes()), Err(ActionError::Limit("logs out of order")));
    }
}

/// What is beyond a limit, what a newer version says and what is no card are told from each other.
#[test]
fn bad_bodies_are_named() {
    let create = |cards: Vec<Card>, hue| Action::Create { name: name("x"), hue, history: false, cards }.to_bytes();
    assert!(matches!(Action::parse(&create(vec![], 0)), Err(ActionError::Limit(_))));
    assert!(matches!(Action::parse(&create(vec![card(0)], HUE_MAX + 1)), Err(ActionError::Limit(_))));
    assert!(matches!(Action::parse(&create(vec![card(0), card(0)], 0)), Err(ActionError::Limit(_))));
    assert_eq!(Action::parse(&[0x82, 0x08, 0xa0]), Err(ActionError::Newer(8)));
    assert!(matches!(Action::parse(&[0xa0]), Err(ActionError::Malformed(_))));
    assert!(matches!(Action::parse(&vec![0; BODY_BYTES_MAX + 1]), Err(ActionError::Malformed(_))));
    // A name that would be shown in another form: two spaces.
    let rename = [&[0x82, 0x06, 0xa1, 0x00, 0x64][..], b"a  b"].concat();
    assert!(matches!(Action::parse(&rename), Err(ActionError::Limit(_))));
    let mut forged = add(1).to_bytes();
    let end = forged.len() - 1;
    forged[end] ^= 1;
    assert!(matches!(Action::parse(&forged), Err(ActionError::Card(_))));
    assert!(Action::known(&forged).is_ok(), "what was verified once is not verified again");
}

fn creation() -> Draft {
    let body = Action::Create { name: name("x"), hue: 0, history: false, cards: vec![card(0)] }.to_bytes();
    Draft {
        author: root(0),
        conversation: OWN_CONVERSATION,
        log: LogId([1; 16]),
        sequence: 0,
        previous: None,
        after: vec![],
        time: 1,
        kind: kind::GROUP,
        target: None,
        body,
        salt: Salt([2; 32]),
    }
}

/// The entry that creates a group belongs to the conversation that it names, and what follows it says that by name.
#[test]
fn a_creation_is_its_own_conversation() {
    let device = &EVERYBODY[0].secrets.device;
    let first = Entry::write(device, creation());
    assert_eq!(first.conversation(), group_conversation(&first.id()));
    let read: wire::Entry = cbor::decode(&cbor::encode(first.wire()), wire::ENTRY_BYTES_MAX).unwrap();
    assert_eq!(Entry::verify(read).unwrap().conversation(), first.conversation());
    let second = Draft { conversation: first.conversation(), sequence: 1, previous: Some(first.id()), ..creation() };
    let second = Entry::write(device, second);
    assert_eq!(Entry::verify(second.wire().clone()).unwrap().conversation(), first.conversation());
    let fact = Fact::new(&first, vec![]);
    assert_eq!((fact.id, fact.author, fact.device), (first.id(), root(0), EVERYBODY[0].secrets.device_key()));
    assert!(matches!(fact.action, Some(Action::Create { .. })));
}

/// Nothing else is its own conversation: no message, nothing that follows or answers something.
#[test]
fn only_a_creation_is_its_own_conversation() {
    let device = &EVERYBODY[0].secrets.device;
    let refused = |draft: Draft| {
        matches!(Entry::verify(Entry::write(device, draft).wire().clone()), Err(EntryError::Inconsistent(_)))
    };
    assert!(!refused(creation()));
    assert!(refused(Draft { kind: kind::TEXT, ..creation() }));
    assert!(refused(Draft { after: vec![EntryId([1; 32])], ..creation() }));
    assert!(refused(Draft { sequence: 1, previous: Some(EntryId([1; 32])), ..creation() }));
}
