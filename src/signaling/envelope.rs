//! Sealing and opening envelopes.
//!
//! HPKE base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305; `info` is
//! `kith/envelope`, the associated data are version, key kind and topic. Base mode authenticates nobody, so the sending
//! device signs version, key kind, topic, encapsulated key, the recipient's device key and the message: an envelope
//! cannot be altered, moved to another topic, or handed on to somebody else.

use ed25519_dalek::SigningKey;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, setup_receiver, setup_sender_with_rng};
use rand::CryptoRng;
use thiserror::Error;
use x25519_dalek::StaticSecret;

use super::Topic;
#[cfg(any(test, feature = "testing"))]
use super::pretend;
use crate::identity::{Context, sign, verify};
use crate::wire::cbor::{self, DecodeError};
use crate::wire::{
    DeviceKey, Envelope, EnvelopeError, ExchangeKey, INNER_BYTES_MAX, Inner, KeyKind, Message, PROTOCOL_VERSION,
};

type Kx = X25519HkdfSha256;
const INFO: &[u8] = b"kith/envelope";

/// Who an envelope is for.
#[derive(Clone, Copy, Debug)]
pub struct Recipient {
    /// The device.
    pub device: DeviceKey,
    /// Which of its keys.
    pub kind: KeyKind,
    /// That key.
    pub key: ExchangeKey,
}

/// The secrets that open envelopes for this device.
#[derive(Clone, Copy)]
pub struct Keyring<'k> {
    /// This device.
    pub device: DeviceKey,
    /// Opens requests and new keys.
    pub card: &'k StaticSecret,
    /// Opens everything else.
    pub working: &'k StaticSecret,
}

/// What was inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The device that signed it.
    pub device: DeviceKey,
    /// What it says.
    pub message: Message,
}

/// Why a message could not be sealed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SealError {
    /// Too large for every class.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The recipient's key is not one.
    #[error("the recipient's sealing key is not valid")]
    Key,
}

/// Why an envelope was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// Not an envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Not sealed to this key, for this topic; or altered.
    #[error("the envelope does not open")]
    Sealed,
    /// Padding, sender or signature are wrong.
    #[error("the envelope's content was not made by its sender")]
    Forged,
    /// The message is not one that this topic and this key take.
    #[error("the envelope holds the wrong kind of message")]
    Misplaced,
    /// The message is malformed.
    #[error("the envelope's message is malformed: {0}")]
    Message(#[from] DecodeError),
}

/// Seals a message for one device.
///
/// # Errors
/// When the message is too large or the key invalid.
pub fn seal(
    rng: &mut impl CryptoRng,
    sender: &SigningKey,
    to: &Recipient,
    topic: &Topic,
    message: &Message,
) -> Result<Vec<u8>, SealError> {
    #[cfg(any(test, feature = "testing"))]
    if let Some(encapsulated) = pretend::encapsulate(rng) {
        let padded = enclose(sender, to, topic, message, &encapsulated)?;
        let ciphertext = pretend::encrypt(encapsulated, to, topic, padded);
        return Ok(Envelope { key: to.kind, encapsulated: &encapsulated, ciphertext: &ciphertext }.to_bytes());
    }
    let key = <Kx as Kem>::PublicKey::from_bytes(to.key.as_bytes()).map_err(|_| SealError::Key)?;
    let (encapsulated, mut context) =
        setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, Kx>(&OpModeS::Base, &key, INFO, rng)
            .map_err(|_| SealError::Key)?;
    let encapsulated: [u8; 32] = encapsulated.to_bytes().into();
    let padded = enclose(sender, to, topic, message, &encapsulated)?;
    let ciphertext = context.seal(&padded, &associated(to.kind, topic)).map_err(|_| SealError::Key)?;
    Ok(Envelope { key: to.kind, encapsulated: &encapsulated, ciphertext: &ciphertext }.to_bytes())
}

/// The signed message, padded to its class.
fn enclose(
    sender: &SigningKey,
    to: &Recipient,
    topic: &Topic,
    message: &Message,
    encapsulated: &[u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
    let message = cbor::encode(message);
    let bound = bind(to.kind, topic, encapsulated, &to.device, &message);
    let inner = Inner {
        device: DeviceKey(sender.verifying_key().to_bytes()),
        signature: sign(sender, Context::Envelope, &bound),
        message,
    };
    Envelope::pad(&cbor::encode(&inner))
}

/// Opens an envelope that arrived on `topic`, and verifies who made it.
///
/// # Errors
/// When it is not one, does not open, was not made by its sender, or holds what does not belong there.
pub fn open(bytes: &[u8], topic: &Topic, keys: &Keyring<'_>) -> Result<Opened, OpenError> {
    let envelope = Envelope::parse(bytes)?;
    let secret = match envelope.key {
        KeyKind::Card => keys.card,
        KeyKind::Working => keys.working,
    };
    let padded = decrypt(&envelope, secret, topic, &keys.device)?;
    let inner: Inner = cbor::decode(Envelope::unpad(&padded).ok_or(OpenError::Forged)?, INNER_BYTES_MAX)?;
    let bound = bind(envelope.key, topic, envelope.encapsulated, &keys.device, &inner.message);
    if !verify(inner.device.as_bytes(), Context::Envelope, &bound, &inner.signature) {
        return Err(OpenError::Forged);
    }
    let message = Message::parse(&inner.message)?;
    if !belongs(&message, topic, envelope.key) {
        return Err(OpenError::Misplaced);
    }
    Ok(Opened { device: inner.device, message })
}

/// What is in the envelope, still padded.
fn decrypt(
    envelope: &Envelope<'_>,
    secret: &StaticSecret,
    topic: &Topic,
    device: &DeviceKey,
) -> Result<Vec<u8>, OpenError> {
    #[cfg(any(test, feature = "testing"))]
    if let Some(opened) = pretend::open(envelope.encapsulated, envelope.ciphertext, envelope.key, secret, device, topic)
    {
        return opened;
    }
    #[cfg(not(any(test, feature = "testing")))]
    let _ = device;
    let secret = <Kx as Kem>::PrivateKey::from_bytes(secret.as_bytes()).map_err(|_| OpenError::Sealed)?;
    let encapsulated = <Kx as Kem>::EncappedKey::from_bytes(envelope.encapsulated).map_err(|_| OpenError::Sealed)?;
    let mut context = setup_receiver::<ChaCha20Poly1305, HkdfSha256, Kx>(&OpModeR::Base, &secret, &encapsulated, INFO)
        .map_err(|_| OpenError::Sealed)?;
    context.open(envelope.ciphertext, &associated(envelope.key, topic)).map_err(|_| OpenError::Sealed)
}

/// Each topic takes its own kind of message, and the card's key opens only requests and new keys.
fn belongs(message: &Message, topic: &Topic, key: KeyKind) -> bool {
    use super::Leaf;
    use crate::wire::signal::Signal;
    match (message, topic.leaf, key) {
        (Message::Request(_), Leaf::ContactRequest, KeyKind::Card)
        | (Message::NewKey(_), Leaf::Presence | Leaf::Mailbox, KeyKind::Card)
        | (Message::Hello(_), Leaf::Presence, KeyKind::Working)
        | (Message::Mail(_), Leaf::Mailbox, KeyKind::Working) => true,
        (Message::Signalled(signalled), leaf, KeyKind::Working) => match &signalled.signal {
            Signal::Offer { .. } | Signal::Restart { .. } => leaf == Leaf::Offer,
            Signal::Answer { .. } => leaf == Leaf::Answer,
            Signal::Candidates { .. } => leaf == Leaf::IceCandidate,
        },
        _ => false,
    }
}

fn associated(kind: KeyKind, topic: &Topic) -> Vec<u8> {
    let topic = topic.to_string();
    let mut bytes = Vec::with_capacity(2 + topic.len());
    bytes.extend([PROTOCOL_VERSION, kind.to_byte()]);
    bytes.extend(topic.as_bytes());
    bytes
}

/// What the sending device signs. Every part but the last has a fixed or a stated length.
fn bind(kind: KeyKind, topic: &Topic, encapsulated: &[u8; 32], to: &DeviceKey, message: &[u8]) -> Vec<u8> {
    let topic = topic.to_string();
    let mut bytes = Vec::with_capacity(68 + topic.len() + message.len());
    bytes.extend([PROTOCOL_VERSION, kind.to_byte()]);
    bytes.extend(u16::try_from(topic.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend(topic.as_bytes());
    bytes.extend(encapsulated);
    bytes.extend(to.as_bytes());
    bytes.extend(message);
    bytes
}
