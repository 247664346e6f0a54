//! Which certificate a broker must show, when the system's own list of trusted ones does not decide.
//!
//! A pin is the SHA-256 of one whole certificate (DER). It names either the broker's own certificate, or one above it in the
//! chain that the broker shows: an operator's own CA. What follows from which is in `signaling/mqtt/tls.rs`.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};

/// What introduces a pin behind the `#`.
const NAME: &str = "sha256=";
/// SHA-256 as hexadecimal digits: what `openssl x509 -fingerprint -sha256` prints, without its colons.
const HEX_DIGITS: usize = 64;

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin(pub [u8; 32]);

impl Pin {
    /// Reads what stands behind the `#`: `sha256=` and 43 digits of base64url, or 64 hexadecimal ones with or without colons,
    /// as other programs print them.
    pub(super) fn parse(fragment: &str) -> Option<Self> {
        let digits = fragment.strip_prefix(NAME)?;
        let hex: String = digits.chars().filter(|digit| *digit != ':').collect();
        let bytes = if hex.len() == HEX_DIGITS {
            HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?
        } else {
            BASE64URL_NOPAD.decode(digits.as_bytes()).ok()?
        };
        bytes.try_into().ok().map(Self)
    }
}

/// The one spelling: base64url, the shortest.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}{}", BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
