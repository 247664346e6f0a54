//! The one thing we read in a session description: that it binds exactly one certificate to exactly one data section.
//!
//! The library beside the link driver parses the rest. It never sees a description that fails here.

use thiserror::Error;

/// Ours are about 500 bytes; one with dozens of candidates inside stays below this.
pub const SDP_BYTES_MAX: usize = 8 * 1024;

/// Why a description was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SdpError {
    /// Longer than [`SDP_BYTES_MAX`].
    #[error("a description of {0} bytes, and at most {SDP_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// It holds something other than printable ASCII and line ends.
    #[error("a description that is not printable text")]
    NotText,
    /// No fingerprint, so that no certificate is bound to it.
    #[error("a description without a fingerprint")]
    NoFingerprint,
    /// More than one fingerprint: it could bind another certificate than the one that was checked.
    #[error("a description with several fingerprints")]
    SeveralFingerprints,
    /// The fingerprint is not 32 bytes of SHA-256 in the form of RFC 8122.
    #[error("a fingerprint that is not SHA-256")]
    BadFingerprint,
    /// It has a section for audio or video, or not exactly one for data.
    #[error("a description that is not for exactly one data section")]
    NotOneDataSection,
}

/// Checks a description and returns the SHA-256 fingerprint (RFC 8122 §5) of the certificate it binds.
///
/// # Errors
/// Names the first offence.
pub fn sdp_fingerprint(sdp: &str) -> Result<[u8; 32], SdpError> {
    if sdp.len() > SDP_BYTES_MAX {
        return Err(SdpError::TooLong(sdp.len()));
    }
    if !sdp.bytes().all(|byte| matches!(byte, b'\r' | b'\n' | 0x20..=0x7e)) {
        return Err(SdpError::NotText);
    }
    let (mut fingerprint, mut sections) = (None, 0);
    // A lone CR must not hide a line from us that another parser would see.
    for line in sdp.split(['\r', '\n']) {
        if let Some(section) = line.strip_prefix("m=") {
            sections += 1;
            if !section.starts_with("application ") {
                return Err(SdpError::NotOneDataSection);
            }
        } else if let Some(value) = attribute(line, "fingerprint") {
            if fingerprint.is_some() {
                return Err(SdpError::SeveralFingerprints);
            }
            fingerprint = Some(parse(value).ok_or(SdpError::BadFingerprint)?);
        }
    }
    if sections != 1 {
        return Err(SdpError::NotOneDataSection);
    }
    fingerprint.ok_or(SdpError::NoFingerprint)
}

/// The value of an attribute line. Case and spaces are ignored on the way to it: no parser, however lenient, may see an
/// attribute where we see none.
fn attribute<'s>(line: &'s str, name: &str) -> Option<&'s str> {
    let (head, value) = line.split_once(':').unwrap_or((line, ""));
    let head = head.bytes().filter(|byte| *byte != b' ').map(|byte| byte.to_ascii_lowercase());
    head.eq("a=".bytes().chain(name.bytes())).then_some(value)
}

fn parse(value: &str) -> Option<[u8; 32]> {
    let (hash, hex) = value.trim().split_once(' ')?;
    if !hash.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    let mut bytes = [0; 32];
    let mut pairs = hex.split(':');
    for byte in &mut bytes {
        let pair =
            pairs.next().filter(|pair| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(bytes)
}
