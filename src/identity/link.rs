//! Links: `kith:` and a card with an invitation, as one text that can be sent, printed as a QR code, and pasted.
//!
//! ```text
//! version 1 | length 2 (big endian) | token 16 | card | check 16
//! ```
//! in base64url without padding (RFC 4648 §5). The check is BLAKE3 over everything before it. It protects from
//! accidents and tells them apart; deliberate changes are found by the card's signatures.

use data_encoding::BASE64URL_NOPAD;
use thiserror::Error;

use super::{CARD_BYTES_MAX, Card, CardError};
use crate::wire::{Nonce, PROTOCOL_VERSION, RootKey};

const SCHEME: &str = "kith:";
const HEAD_BYTES: usize = 3;
const CHECK_BYTES: usize = 16;
const BYTES_MAX: usize = HEAD_BYTES + Nonce::LENGTH + CARD_BYTES_MAX + CHECK_BYTES;
/// The longest link there can be, in characters.
pub const LINK_CHARS_MAX: usize = SCHEME.len() + BYTES_MAX.div_ceil(3) * 4;

/// A card and the invitation that comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Who invites.
    pub card: Card,
    /// The invitation: who has it may interrupt.
    pub token: Nonce,
}

/// Why a link was refused; each says which it is.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LinkError {
    /// Not a Kith link.
    #[error("This is not a Kith link. A Kith link begins with “kith:”.")]
    Foreign,
    /// Longer than any link of ours.
    #[error("This link is longer than any Kith link ({LINK_CHARS_MAX} characters). Copy it again.")]
    Oversize,
    /// It ends too early.
    #[error("This link is cut off. Copy all of it again.")]
    Truncated,
    /// A character changed on its way, or a signature does not hold.
    #[error("This link was damaged or changed on its way. Ask for it again.")]
    Tampered,
    /// Made by a version that this program does not know.
    #[error("This link was made by a newer version of Kith. Update this one first.")]
    Newer,
    /// One's own.
    #[error("This is your own link. Give it to somebody else.")]
    Own,
}

impl Link {
    /// The link as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let card = self.card.bytes();
        let mut bytes = vec![PROTOCOL_VERSION];
        bytes.extend(u16::try_from(card.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend(self.token.as_bytes());
        bytes.extend(card);
        let check = check(&bytes);
        bytes.extend(check);
        format!("{SCHEME}{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// Reads a link and verifies the card in it; `own` is the reader's root key.
    ///
    /// # Errors
    /// Each kind of bad link has its own.
    pub fn parse(text: &str, own: Option<&RootKey>) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > LINK_CHARS_MAX {
            return Err(if text.starts_with(SCHEME) { LinkError::Oversize } else { LinkError::Foreign });
        }
        let encoded = text.strip_prefix(SCHEME).ok_or(LinkError::Foreign)?;
        if encoded.is_empty() {
            return Err(LinkError::Truncated);
        }
        let bytes = Self::decode(encoded)?;
        let (body, given) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(LinkError::Truncated)?;
        if check(body) != *given {
            return Err(if is_short(&bytes) { LinkError::Truncated } else { LinkError::Tampered });
        }
        let (head, rest) = body.split_first_chunk::<HEAD_BYTES>().ok_or(LinkError::Truncated)?;
        let [version, high, low] = *head;
        if version > PROTOCOL_VERSION {
            return Err(LinkError::Newer);
        }
        let (token, card) = rest.split_first_chunk::<{ Nonce::LENGTH }>().ok_or(LinkError::Truncated)?;
        // A link has one form: no version was 0, and the length is the card's.
        if version == 0 || card.len() != usize::from(u16::from_be_bytes([high, low])) {
            return Err(LinkError::Tampered);
        }
        let card = Card::verify(card).map_err(|error| match error {
            CardError::Newer(_) => LinkError::Newer,
            _ => LinkError::Tampered,
        })?;
        if own == Some(&card.root()) {
            return Err(LinkError::Own);
        }
        Ok(Self { card, token: Nonce(*token) })
    }

    /// Undoes base64url. A text that does not decode was cut off when it is shorter than its own head says; else somebody
    /// changed it.
    fn decode(encoded: &str) -> Result<Vec<u8>, LinkError> {
        if let Ok(bytes) = BASE64URL_NOPAD.decode(encoded.as_bytes()) {
            return Ok(bytes);
        }
        let whole = encoded.len() - encoded.len() % 4;
        let begin = encoded.as_bytes().get(..whole).unwrap_or_default();
        let begin = BASE64URL_NOPAD.decode(begin).map_err(|_| LinkError::Tampered)?;
        let cut = stated_length(&begin).is_none_or(|length| encoded.len() < (length * 4).div_ceil(3));
        Err(if cut { LinkError::Truncated } else { LinkError::Tampered })
    }
}

/// How long the whole is, as its head says; `None` when the head itself is cut off.
fn stated_length(bytes: &[u8]) -> Option<usize> {
    let ([_, high, low], _) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    Some(HEAD_BYTES + Nonce::LENGTH + usize::from(u16::from_be_bytes([*high, *low])) + CHECK_BYTES)
}

/// Whether the bytes are fewer than their own head says.
fn is_short(bytes: &[u8]) -> bool {
    stated_length(bytes).is_none_or(|length| bytes.len() < length && length <= BYTES_MAX)
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let mut check = [0; CHECK_BYTES];
    let mut hasher = blake3::Hasher::new_derive_key("kith 2026 link check");
    hasher.update(bytes);
    hasher.finalize_xof().fill(&mut check);
    check
}
