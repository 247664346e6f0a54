//! Messages: what an envelope holds. A message is `[kind, map]`, and each topic takes only its own kind.

use minicbor::{Decode, Encode};

use super::cbor::{self, DecodeError};
use super::signal::Signal;
use super::{ExchangeKey, INNER_BYTES_MAX, Nonce};

/// A message is what remains of the largest envelope after the sender's key and signature.
pub const MESSAGE_BYTES_MAX: usize = INNER_BYTES_MAX - 128;
/// The frames of one mail: up to 48 KiB, so that an entry of any size fits beside others.
pub const MAIL_BYTES_MAX: usize = 48 * 1024;
/// Frames in one mail: more than this many short messages wait for the next one.
pub const FRAMES_PER_MAIL_MAX: usize = 512;

/// What an envelope holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Message {
    /// On `contactRequest`.
    #[n(0)]
    Request(#[n(0)] Request),
    /// On `presence`.
    #[n(1)]
    Hello(#[n(0)] Hello),
    /// On `offer`, `answer` and `iceCandidate`.
    #[n(2)]
    Signalled(#[n(0)] Signalled),
    /// On `mailbox`.
    #[n(3)]
    Mail(#[n(0)] Mail),
    /// On `presence`: an envelope of yours could not be opened; seal to this key.
    #[n(4)]
    NewKey(#[n(0)] NewKey),
}

impl Message {
    /// Reads one message and checks its limits.
    ///
    /// # Errors
    /// When the bytes are no message of a kind that this program knows.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let message: Self = cbor::decode(bytes, MESSAGE_BYTES_MAX)?;
        let refused = |what: &str| Err(DecodeError::Unexpected(what.to_owned()));
        match &message {
            Self::Mail(mail) if mail.frames.len() > FRAMES_PER_MAIL_MAX => {
                refused("more frames than one mail may hold")
            }
            Self::Mail(mail) if mail.frames.iter().map(|frame| frame.len()).sum::<usize>() > MAIL_BYTES_MAX => {
                refused("more bytes than one mail may hold")
            }
            Self::Signalled(signalled) if signalled.signal.validate().is_err() => refused("a signal beyond its limits"),
            _ => Ok(message),
        }
    }
}

/// A sealing key for everything but requests. The highest counter wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WorkingKey {
    /// The key.
    #[n(0)]
    pub key: ExchangeKey,
    /// Grows with every new key of this device.
    #[n(1)]
    pub counter: u64,
}

/// Asks the owner of a card to become a contact.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Request {
    /// The same for every repetition of this request.
    #[n(0)]
    pub id: Nonce,
    /// The requester's signed card.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub card: Vec<u8>,
    /// The invitation from the link.
    #[n(2)]
    pub token: Option<Nonce>,
    /// Where the answer is to be sealed to.
    #[n(3)]
    pub key: WorkingKey,
}

/// Presence. It changes nothing by itself: a boot counts only when it comes with our latest nonce echoed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// The sender's boot id, drawn once per process.
    #[n(0)]
    pub boot: Nonce,
    /// To be echoed.
    #[n(1)]
    pub nonce: Nonce,
    /// The recipient's nonce that this one answers.
    #[n(2)]
    pub echo: Option<Nonce>,
    /// The sender's working key.
    #[n(3)]
    pub key: WorkingKey,
}

/// A signal, addressed to one boot of the recipient.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Signalled {
    /// The recipient's boot id; a signal for an old one is answered with hello.
    #[n(0)]
    pub to: Nonce,
    /// The sender's boot id.
    #[n(1)]
    pub from: Nonce,
    /// The signal.
    #[n(2)]
    pub signal: Signal,
}

/// What waits in a broker's queue for a device that is away, or travels there when no link can be had.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Mail {
    /// Grows with every mail from this device to that one: an old `have` or `lack` does not undo a newer one.
    #[n(0)]
    pub number: u64,
    /// The sender's working key.
    #[n(1)]
    pub key: WorkingKey,
    /// Encoded [`super::Frame`]s, at most [`FRAMES_PER_MAIL_MAX`] and [`MAIL_BYTES_MAX`] together.
    #[n(2)]
    pub frames: Vec<minicbor::bytes::ByteVec>,
    /// The answer to a request.
    #[n(3)]
    pub accept: Option<Accept>,
    /// The acceptance of the request with this id has arrived.
    #[n(4)]
    pub accepted: Option<Nonce>,
    /// The highest number of a mail of the recipient's whose `have` or `lack` counts here: later ones need a higher one.
    #[n(5)]
    pub seen: Option<u64>,
}

/// Accepts a request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Accept {
    /// The request's id.
    #[n(0)]
    pub request: Nonce,
    /// The accepting person's signed card.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub card: Vec<u8>,
}

/// A working key for a sender whose envelope could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NewKey {
    /// The key.
    #[n(0)]
    pub key: WorkingKey,
}
