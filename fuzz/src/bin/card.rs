//! Cards and device lists: what is accepted keeps its bytes, names a listed device, and can be shown.
//!
//! First byte: 0 verifies the rest as a card; 1 as the body of a card that its device signs; above, as a device list that its
//! root key signs.
#![cfg_attr(not(test), no_main)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use kith::identity::{BROKERS_MAX, Card, Context, DEVICES_MAX, DeviceList, Name, Secrets, UserId, sign};
use kith::wire::broker_url::BrokerUrl;
use kith_fuzz::{secrets, sign_card};
use libfuzzer_sys::fuzz_target;

static ALICE: LazyLock<Secrets> = LazyLock::new(|| secrets(1));

fuzz_target!(|bytes: &[u8]| {
    match bytes {
        [] => {}
        [0, card @ ..] => check_card(card),
        [1, body @ ..] => check_card(&sign_card(&ALICE, body)),
        [_, list @ ..] => {
            if let Ok(read) = DeviceList::verify(list, sign(&ALICE.root, Context::DeviceList, list)) {
                assert_eq!(read.root(), ALICE.root_key());
                check_list(&read);
                assert_eq!(read.bytes(), list);
            }
        }
    }
});

fn check_card(bytes: &[u8]) {
    let read = Card::verify(bytes);
    assert_eq!(read, Card::verify(bytes));
    let Ok(card) = read else { return };
    assert_eq!(card.bytes(), bytes);
    check_list(card.devices());
    assert_eq!(card.devices().certificate(&card.device().device), Some(card.device()));
    assert_eq!(card.user(), UserId::from(&card.devices().root()));
    let fields = card.fields();
    assert_eq!(Name::parse(fields.name.as_str()).as_ref(), Ok(&fields.name));
    assert!(fields.brokers.len() <= BROKERS_MAX);
    for url in &fields.brokers {
        assert_eq!(BrokerUrl::parse_canonical(&url.to_string()).as_ref(), Ok(url));
    }
    let _ = card.only_loopback();
}

fn check_list(list: &DeviceList) {
    let keys: BTreeSet<_> = list.devices().iter().map(|certificate| certificate.device).collect();
    assert!((1..=DEVICES_MAX).contains(&keys.len()) && keys.len() == list.devices().len());
    assert_eq!(DeviceList::verify(list.bytes(), list.signature()).as_ref(), Ok(list));
}
