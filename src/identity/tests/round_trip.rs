//! Device lists, cards and links: any of them comes back as it was, and what anybody changed is refused.

use minicbor::Encode;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use proptest::test_runner::Config;

use super::*;
use crate::wire::broker_url::BROKER_URL_BYTES_MAX;
use crate::wire::{DeviceKey, ExchangeKey, Signature, cbor};

/// Signatures are slow in a test build: a quarter of the usual number.
fn config() -> Config {
    Config { cases: 64, ..Config::default() }
}

/// What happens to bytes on a bad way: they end early, one bit changes, a byte comes in or something follows.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Cut(Index),
    Flip(Index, u8),
    Insert(Index, u8),
    Append(u8),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        any::<Index>().prop_map(Harm::Cut),
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Harm::Insert(at, byte)),
        any::<u8>().prop_map(Harm::Append),
    ]
}

impl Harm {
    fn to(self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        match self {
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Flip(at, bit) => *at.get_mut(&mut bytes) ^= 1 << bit,
            Self::Insert(at, byte) => bytes.insert(at.index(bytes.len()), byte),
            Self::Append(byte) => bytes.push(byte),
        }
        bytes
    }
}

/// A person with this many devices, of which any makes the card.
fn person() -> impl Strategy<Value = (Vec<Secrets>, DeviceList, usize)> {
    (any::<u64>(), 1..=DEVICES_MAX, any::<u64>(), any::<Index>()).prop_map(|(seed, count, counter, which)| {
        let devices: Vec<Secrets> = (0..count as u64).map(|number| secrets(seed.wrapping_add(number))).collect();
        let certificates = devices.iter().map(Secrets::certificate).collect();
        let list = DeviceList::sign(&devices[0].root, counter, certificates);
        (devices, list, which.index(count))
    })
}

fn fields() -> impl Strategy<Value = CardFields> {
    let brokers = ["mqtt://a", "mqtts://ann@broker.example", "ws://[::1]:9001/mqtt", "wss://b.example/%C3%A9"];
    let brokers: Vec<BrokerUrl> = brokers.iter().map(|url| BrokerUrl::parse(url).unwrap()).collect();
    let name = "[a-zé東 ]{0,20}x".prop_map(|name| Name::parse(&name).unwrap());
    (any::<[u8; 32]>(), any::<u64>(), name, subsequence(brokers, 0..=BROKERS_MAX)).prop_map(
        |(sealing, counter, name, brokers)| CardFields { sealing: ExchangeKey(sealing), counter, name, brokers },
    )
}

fn any_card() -> impl Strategy<Value = Card> {
    (person(), fields()).prop_map(|((devices, list, which), fields)| {
        Card::sign(&devices[which].device, devices[which].certificate(), list, fields)
    })
}

proptest! {
    #![proptest_config(config())]

    /// A device list is read as it was signed; harmed, or under a harmed signature, it is refused.
    #[test]
    fn device_lists((_, list, _) in person(), harm in harm(), bit in 0usize..512) {
        prop_assert_eq!(&DeviceList::verify(list.bytes(), list.signature()), &Ok(list.clone()));
        let harmed = harm.to(list.bytes());
        prop_assert!(harmed == list.bytes() || DeviceList::verify(&harmed, list.signature()).is_err(), "{:?}", harm);
        let Signature(mut signature) = list.signature();
        signature[bit / 8] ^= 1 << (bit % 8);
        let refused = DeviceList::verify(list.bytes(), Signature(signature));
        prop_assert_eq!(refused, Err(DeviceListError::Signature));
    }

    /// A card is read as it was signed, and its bytes stay as they are; harmed it is refused.
    #[test]
    fn cards(card in any_card(), harm in harm()) {
        let read = Card::verify(card.bytes());
        prop_assert_eq!(read.as_ref(), Ok(&card));
        let harmed = harm.to(card.bytes());
        prop_assert!(harmed == card.bytes() || Card::verify(&harmed).is_err(), "{:?}", harm);
    }

    /// A link is read as it was written, and written as it was read; harmed it is refused.
    #[test]
    fn links(card in any_card(), token: [u8; 16], harm in harm()) {
        let link = Link { card, token: Nonce(token) };
        let text = link.to_text();
        prop_assert!(text.len() <= LINK_CHARS_MAX);
        prop_assert_eq!(Link::parse(&text, None).map(|link| link.to_text()), Ok(text.clone()));
        prop_assert_eq!(Link::parse(&text, None), Ok(link));
        if let Ok(harmed) = String::from_utf8(harm.to(text.as_bytes())) {
            // Space around a link is no harm: it is pasted.
            prop_assert!(harmed.trim() == text || Link::parse(&harmed, None).is_err(), "{:?}", harm);
        }
    }

    /// Arbitrary bytes are neither a device list nor a card, and never a panic.
    #[test]
    fn arbitrary_bytes_are_refused(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert!(DeviceList::verify(&bytes, Signature([1; 64])).is_err());
        prop_assert!(Card::verify(&bytes).is_err());
    }
}

/// A card's content as anybody can write it, who is bound by no limit.
#[derive(Clone, Encode)]
#[cbor(map)]
struct Body {
    #[n(0)]
    oldest: u8,
    #[n(1)]
    newest: u8,
    #[cbor(n(2), with = "minicbor::bytes")]
    devices: Vec<u8>,
    #[n(3)]
    devices_signature: Signature,
    #[n(4)]
    device: DeviceKey,
    #[n(5)]
    sealing: ExchangeKey,
    #[n(6)]
    counter: u64,
    #[n(7)]
    name: String,
    #[n(8)]
    brokers: Vec<String>,
}

#[derive(Encode)]
#[cbor(map)]
struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    body: Vec<u8>,
    #[n(1)]
    signature: Signature,
}

fn signed(by: &Secrets, body: &Body) -> Vec<u8> {
    let body = cbor::encode(body);
    let signature = sign(&by.device, Context::Card, &body);
    cbor::encode(&Signed { body, signature })
}

/// The fullest card that there may be, with every list and text at its limit.
fn fullest(by: &Secrets) -> Body {
    let certificates = (1..8).map(|seed| secrets(seed).certificate());
    let devices = DeviceList::sign(&by.root, u64::MAX, std::iter::once(by.certificate()).chain(certificates).collect());
    let broker = |number: usize| {
        let path = BROKER_URL_BYTES_MAX - "wss://broker.example:9001/".len() - 1;
        format!("wss://broker.example:9001/{number}{}", "m".repeat(path))
    };
    Body {
        oldest: PROTOCOL_VERSION,
        newest: u8::MAX,
        devices: devices.bytes().to_vec(),
        devices_signature: devices.signature(),
        device: by.device_key(),
        sealing: by.card_key(),
        counter: u64::MAX,
        name: "n".repeat(NAME_BYTES_MAX),
        brokers: (0..BROKERS_MAX).map(broker).collect(),
    }
}

/// The fullest card fits its limit, as a link too; one more of anything is refused with the error that says so.
#[test]
fn cards_hold_so_much_and_no_more() {
    let alice = secrets(100);
    let full = fullest(&alice);
    let bytes = signed(&alice, &full);
    assert!(bytes.len() <= CARD_BYTES_MAX, "{} bytes", bytes.len());
    let card = Card::verify(&bytes).unwrap();
    assert_eq!((card.devices().devices().len(), card.fields().brokers.len()), (DEVICES_MAX, BROKERS_MAX));
    let link = Link { card, token: Nonce([7; 16]) };
    assert_eq!(Link::parse(&link.to_text(), None), Ok(link));

    let refused = |change: fn(&mut Body)| {
        let mut body = full.clone();
        change(&mut body);
        Card::verify(&signed(&alice, &body)).unwrap_err()
    };
    assert!(matches!(refused(|body| body.brokers = vec!["mqtt://a".to_owned(); 5]), CardError::Brokers(_)));
    assert!(matches!(refused(|body| body.brokers = vec!["http://a".to_owned()]), CardError::Brokers(_)));
    assert!(matches!(refused(|body| body.name.push('n')), CardError::Name(NameError::TooLong(129))));
    assert!(matches!(refused(|body| body.name.clear()), CardError::Name(NameError::Empty)));
    assert_eq!(refused(|body| body.oldest = PROTOCOL_VERSION + 1), CardError::Newer(PROTOCOL_VERSION + 1));
    assert_eq!(refused(|body| body.device = DeviceKey([1; 32])), CardError::Signature);
    let long = refused(|body| body.brokers = vec!["m".repeat(1_000); 4]);
    assert!(matches!(long, CardError::Malformed(cbor::DecodeError::TooLong { .. })));
}

/// A device list names one to eight different devices.
#[test]
fn device_lists_hold_so_many_and_no_more() {
    let root = secrets(100).root;
    let list = |devices: Vec<Certificate>| {
        let list = DeviceList::sign(&root, 1, devices);
        DeviceList::verify(list.bytes(), list.signature()).map(|list| list.devices().len())
    };
    let devices = |count: u64| (0..count).map(|seed| secrets(seed).certificate()).collect::<Vec<_>>();
    assert_eq!(list(devices(8)), Ok(8));
    for wrong in [devices(0), devices(9), vec![secrets(1).certificate(); 2]] {
        assert_eq!(list(wrong), Err(DeviceListError::Devices));
    }
    let long = list(devices(20));
    assert!(matches!(long, Err(DeviceListError::Malformed(cbor::DecodeError::TooLong { .. }))));
}
