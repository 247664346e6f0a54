//! Percent codes (RFC 3986): reading them leniently, writing them in one way.

use std::fmt::{self, Write as _};

/// RFC 3986 §2.3: characters that mean themselves everywhere.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 §2.2: characters that may stand for themselves in a user name, a password and a path.
fn is_sub_delimiter(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

pub(super) fn write_escaped(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        if is_unreserved(byte) {
            out.write_char(char::from(byte))?;
        } else {
            write!(out, "%{byte:02X}")?;
        }
    }
    Ok(())
}

/// Reads the two digits after a percent sign.
fn percent_code(bytes: &mut std::str::Bytes<'_>) -> Option<u8> {
    let mut digit = || char::from(bytes.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit()? << 4 | digit()?)
}

pub(super) fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => out.push(percent_code(&mut bytes)?),
            byte if is_unreserved(byte) || is_sub_delimiter(byte) => out.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(out).ok().filter(|text| !text.chars().any(char::is_control))
}

/// Checks a path and writes its percent codes in upper case, those that are not needed as the character itself.
pub(super) fn normal_path(path: &str) -> Option<String> {
    let mut out = String::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => match percent_code(&mut bytes)? {
                plain if is_unreserved(plain) => out.push(char::from(plain)),
                code => write!(out, "%{code:02X}").ok()?,
            },
            b'/' | b':' | b'@' => out.push(char::from(byte)),
            byte if is_unreserved(byte) || is_sub_delimiter(byte) => out.push(char::from(byte)),
            _ => return None,
        }
    }
    Some(out)
}
