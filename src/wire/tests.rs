use proptest::prelude::*;

use super::cbor::{self, DecodeError};
use super::{ExchangeKey, FRAMES_PER_MAIL_MAX, MAIL_BYTES_MAX, Mail, Message, WorkingKey};

mod limits;
mod round_trip;
mod values;

fn refused(bytes: &[u8]) -> bool {
    matches!(cbor::check(bytes), Err(DecodeError::NotDeterministic { .. } | DecodeError::Truncated))
}

/// Each way of writing CBOR that RFC 8949 §4.2.1 forbids, and each thing Kith does not use, is refused.
#[test]
fn only_the_one_form_is_accepted() {
    let forbidden: &[&[u8]] = &[
        &[0x18, 0x17],                                           // 23 in two bytes
        &[0x19, 0x00, 0xff],                                     // 255 in three bytes
        &[0x1a, 0, 0, 0xff, 0xff],                               // 65535 in five bytes
        &[0x1b, 0, 0, 0, 0, 1, 1, 1, 1],                         // a small number in nine bytes
        &[0x9f, 0x01, 0xff],                                     // indefinite array
        &[0x5f, 0x41, 0x00, 0xff],                               // indefinite bytes
        &[0xa2, 0x01, 0x00, 0x00, 0x00],                         // keys out of order
        &[0xa2, 0x01, 0x00, 0x01, 0x00],                         // a key twice
        &[0xa1, 0x61, 0x61, 0x00],                               // a text key
        &[0xa1, 0x20, 0x00],                                     // a negative key
        &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],                         // a float
        &[0xf9, 0x3c, 0x00],                                     // a half float
        &[0xf7],                                                 // undefined
        &[0xf8, 0x14],                                           // false in two bytes
        &[0xc0, 0x00],                                           // a tag
        &[0x61, 0xff],                                           // text that is not UTF-8
        &[0x00, 0x00],                                           // two items
        &[0x42, 0x00],                                           // cut off
        &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // a length that is a lie
        &[],
    ];
    for bytes in forbidden {
        assert!(refused(bytes), "{bytes:02x?} was accepted");
    }
    assert!(refused(&[0x81; 64]), "deep nesting was accepted");
    for bytes in [&[0x17][..], &[0x18, 0x18], &[0xf4], &[0xf5], &[0xf6], &[0xa2, 0, 0, 1, 0x81, 0x60]] {
        assert_eq!(cbor::check(bytes), Ok(()), "{bytes:02x?} was refused");
    }
}

/// A mail holds so many frames and so many bytes of them; with one more it is refused.
#[test]
fn mails_have_limits() {
    let key = WorkingKey { key: ExchangeKey([1; 32]), counter: 1 };
    let mail = |sizes: &[usize]| {
        let frames = sizes.iter().map(|size| vec![0; *size].into()).collect();
        let mail = Message::Mail(Mail { number: 1, key, frames, accept: None, accepted: None, seen: None });
        Message::parse(&cbor::encode(&mail)).is_ok()
    };
    assert!(mail(&[MAIL_BYTES_MAX / 2; 2]));
    assert!(!mail(&[MAIL_BYTES_MAX / 2, MAIL_BYTES_MAX / 2, 1]));
    assert!(mail(&[1; FRAMES_PER_MAIL_MAX]));
    assert!(!mail(&[1; FRAMES_PER_MAIL_MAX + 1]));
}

proptest! {
    /// Whatever passes the check is written back, by an independent encoder, as the same bytes.
    #[test]
    fn what_passes_has_one_form(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if cbor::check(&bytes).is_ok() {
            let mut decoder = minicbor::Decoder::new(&bytes);
            let mut out = minicbor::Encoder::new(Vec::new());
            copy(&mut decoder, &mut out);
            prop_assert_eq!(out.into_writer(), bytes);
        }
    }

    /// Arbitrary bytes are refused or accepted, never a panic, and the limit holds.
    #[test]
    fn limits_hold(bytes in prop::collection::vec(any::<u8>(), 0..200), limit in 0usize..200) {
        let result = cbor::decode::<u64>(&bytes, limit);
        if bytes.len() > limit {
            prop_assert_eq!(result, Err(DecodeError::TooLong { actual: bytes.len(), limit }));
        }
    }
}

fn copy(from: &mut minicbor::Decoder<'_>, to: &mut minicbor::Encoder<Vec<u8>>) {
    use minicbor::data::Type;
    match from.datatype().unwrap() {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => drop(to.u64(from.u64().unwrap())),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => drop(to.int(from.int().unwrap())),
        Type::Bytes => drop(to.bytes(from.bytes().unwrap())),
        Type::String => drop(to.str(from.str().unwrap())),
        Type::Bool => drop(to.bool(from.bool().unwrap())),
        Type::Null => {
            from.null().unwrap();
            to.null().unwrap();
        }
        Type::Array => {
            let count = from.array().unwrap().unwrap();
            to.array(count).unwrap();
            (0..count).for_each(|_| copy(from, to));
        }
        Type::Map => {
            let count = from.map().unwrap().unwrap();
            to.map(count).unwrap();
            (0..2 * count).for_each(|_| copy(from, to));
        }
        other => panic!("{other:?} passed the check"),
    }
}
