//! Every wire type comes back from its bytes as it was, and no other bytes mean the same.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;

use super::values;
use crate::wire::{
    BULK_MESSAGE_BYTES_MAX, Bulk, CLASSES, ENTRY_BYTES_MAX, Entry, Envelope, FRAME_BYTES_MAX, Frame, Header,
    INNER_BYTES_MAX, Inner, KeyKind, MESSAGE_BYTES_MAX, Message, cbor,
};

/// What happens to bytes on a bad way.
#[derive(Clone, Copy, Debug)]
pub enum Harm {
    /// They end early.
    Cut(Index),
    /// One bit changes.
    Flip(Index, u8),
    /// One byte is changed to any other.
    Replace(Index, u8),
    /// One byte comes in.
    Insert(Index, u8),
    /// One byte is left out.
    Remove(Index),
    /// Something follows.
    Append(u8),
}

pub fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        any::<Index>().prop_map(Harm::Cut),
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Harm::Replace(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Harm::Insert(at, byte)),
        any::<Index>().prop_map(Harm::Remove),
        any::<u8>().prop_map(Harm::Append),
    ]
}

impl Harm {
    /// The harmed bytes.
    pub fn to(self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        match self {
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Flip(at, bit) => *at.get_mut(&mut bytes) ^= 1 << bit,
            Self::Replace(at, byte) => *at.get_mut(&mut bytes) = byte,
            Self::Insert(at, byte) => bytes.insert(at.index(bytes.len()), byte),
            Self::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Self::Append(byte) => bytes.push(byte),
        }
        bytes
    }

    /// What no reader may ever accept, whatever was cut off or follows.
    fn is_refused_always(self) -> bool {
        matches!(self, Self::Cut(_) | Self::Append(_))
    }
}

/// The one form: a value comes back from its bytes; harmed bytes are refused or mean something else, in its one form.
fn has_one_form<T: Debug + PartialEq, E: Debug>(
    value: &T,
    harm: Harm,
    encode: impl Fn(&T) -> Vec<u8>,
    parse: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<(), TestCaseError> {
    let bytes = encode(value);
    match parse(&bytes) {
        Ok(parsed) => prop_assert_eq!(&parsed, value),
        Err(error) => prop_assert!(false, "refused: {error:?}"),
    }
    let harmed = harm.to(&bytes);
    let Ok(other) = parse(&harmed) else { return Ok(()) };
    prop_assert!(!harm.is_refused_always(), "{harm:?} was accepted");
    if harmed == bytes {
        return Ok(());
    }
    prop_assert_ne!(&other, value, "two encodings of one value");
    let again = encode(&other);
    // A key of a newer version is skipped and what it says is gone; nothing else makes the two differ.
    prop_assert!(again == harmed || again.len() < harmed.len(), "{harmed:02x?} became {again:02x?}");
    match parse(&again) {
        Ok(parsed) => prop_assert_eq!(parsed, other),
        Err(error) => prop_assert!(false, "accepted once, and then refused: {error:?}"),
    }
    Ok(())
}

proptest! {
    /// A frame of any kind.
    #[test]
    fn frames(frame in values::frame(), harm in harm()) {
        has_one_form(&frame, harm, Frame::to_bytes, Frame::parse)?;
        prop_assert!(frame.to_bytes().len() <= FRAME_BYTES_MAX);
    }

    /// A piece of a blob.
    #[test]
    fn pieces(piece in values::bulk(), harm in harm()) {
        has_one_form(&piece, harm, Bulk::to_bytes, Bulk::parse)?;
        prop_assert!(piece.to_bytes().len() <= BULK_MESSAGE_BYTES_MAX);
    }

    /// A message of any kind.
    #[test]
    fn messages(message in values::message(), harm in harm()) {
        has_one_form(&message, harm, cbor::encode, Message::parse)?;
        prop_assert!(cbor::encode(&message).len() <= MESSAGE_BYTES_MAX);
    }

    /// An entry as it travels.
    #[test]
    fn entries(entry in values::entry(), harm in harm()) {
        has_one_form(&entry, harm, cbor::encode, |bytes| cbor::decode::<Entry>(bytes, ENTRY_BYTES_MAX))?;
    }

    /// The signed part of an entry.
    #[test]
    fn headers(header in values::header(), harm in harm()) {
        has_one_form(&header, harm, cbor::encode, |bytes| cbor::decode::<Header>(bytes, ENTRY_BYTES_MAX))?;
    }

    /// What is inside an envelope.
    #[test]
    fn inners(inner in values::inner(), harm in harm()) {
        has_one_form(&inner, harm, cbor::encode, |bytes| cbor::decode::<Inner>(bytes, INNER_BYTES_MAX))?;
    }

    /// Padding: any content comes back, and padding that was harmed is refused or is another content's only padding.
    #[test]
    fn padded_contents(content in values::bytes(INNER_BYTES_MAX), harm in harm()) {
        let pad = |content: &Vec<u8>| Envelope::pad(content).unwrap();
        has_one_form(&content, harm, pad, |bytes| Envelope::unpad(bytes).map(<[u8]>::to_vec).ok_or(()))?;
        prop_assert!(CLASSES.contains(&(pad(&content).len() + 34 + 16)));
    }

    /// An envelope comes apart into what it was made of, and goes together again as the same bytes.
    #[test]
    fn envelopes(
        class in prop::sample::select(CLASSES.to_vec()),
        card: bool,
        encapsulated: [u8; 32],
        fill: u8,
        harm in harm(),
    ) {
        let key = if card { KeyKind::Card } else { KeyKind::Working };
        let ciphertext = vec![fill; class - 34];
        let envelope = Envelope { key, encapsulated: &encapsulated, ciphertext: &ciphertext };
        let bytes = envelope.to_bytes();
        prop_assert_eq!(bytes.len(), class);
        prop_assert_eq!(Envelope::parse(&bytes), Ok(envelope));
        let harmed = harm.to(&bytes);
        if let Ok(other) = Envelope::parse(&harmed) {
            prop_assert_eq!(other.to_bytes(), &harmed[..]);
            prop_assert_eq!(other == envelope, harmed == bytes);
        }
    }
}
