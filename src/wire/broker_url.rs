//! The address of an MQTT broker, as a person types it and as a contact card carries it.
//!
//! Text comes from the command line and from strangers' cards; it becomes a [`BrokerUrl`] or a reason in plain words.
//! One address has one spelling ([`std::fmt::Display`]): lower-case scheme and host, no default port, percent-encoding
//! only where it is needed. Nothing here resolves a name or opens a connection.
//!
//! ```text
//! scheme "://" [ user [ ":" password ] "@" ] host [ ":" port ] [ path ]        path: ws and wss only
//! ```

use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;

/// The longest address, typed or written back: a DNS name may have 253 bytes and a card must stay small enough for a
/// QR code.
pub const BROKER_URL_BYTES_MAX: usize = 256;

/// The longest part between two dots of a host name (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// Why a text is no broker's address. No variant repeats the text: it may hold a password.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BrokerUrlError {
    /// More than [`BROKER_URL_BYTES_MAX`] bytes.
    #[error("a broker address has at most {BROKER_URL_BYTES_MAX} bytes")]
    TooLong,
    /// A space or a control character.
    #[error("a broker address holds no spaces and no control characters")]
    Control,
    /// No `scheme://`, or one that Kith does not speak.
    #[error("a broker address begins with mqtt://, mqtts://, ws:// or wss://")]
    Scheme,
    /// Nothing where the host should be, or something that is no host.
    #[error("the host of a broker address is a name (non-Latin names in their xn-- form) or an IP address")]
    Host,
    /// A port that is no number from 1 to 65535.
    #[error("the port of a broker address is a number from 1 to 65535")]
    Port,
    /// A user name or password with a broken percent code, or a password without a name.
    #[error("the user and password of a broker address are written user:password@, special characters as %XX")]
    Login,
    /// A path on `mqtt://` or `mqtts://`.
    #[error("only ws:// and wss:// addresses have a path")]
    PathNotAllowed,
    /// A path with a character that no path holds.
    #[error("the path of a broker address holds a character that must be written as %XX")]
    Path,
    /// A `?` or a `#`.
    #[error("a broker address has no ? and no #")]
    QueryOrFragment,
    /// A correct address, but not in its one spelling.
    #[error("the broker address is not written in its shortest form")]
    NotCanonical,
}

/// How a broker is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// MQTT over TCP, port 1883.
    Mqtt,
    /// MQTT over TLS, port 8883.
    Mqtts,
    /// MQTT over WebSocket, port 80.
    Ws,
    /// MQTT over WebSocket over TLS, port 443.
    Wss,
}

impl Scheme {
    /// The part before `://`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Mqtts => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The port when none is named.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Mqtt => 1883,
            Self::Mqtts => 8883,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// Whether it runs over WebSocket.
    #[must_use]
    pub fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// Whether it runs over TLS.
    #[must_use]
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Mqtts | Self::Wss)
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Mqtt, Self::Mqtts, Self::Ws, Self::Wss]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
    }
}

/// The host of a broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A DNS name in lower case.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(Self::V6);
        }
        let last = text.rsplit('.').next()?;
        if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Self::V4);
        }
        let label = |label: &str| {
            (1..=LABEL_BYTES_MAX).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        text.split('.').all(label).then(|| Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Who logs in at a broker. Its `Debug` shows neither.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credentials {
    /// The user name, never empty.
    pub user: String,
    /// The password; empty when there is none.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// A broker's address. `Display` writes it with its password, [`BrokerUrl::redacted`] without; `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrokerUrl {
    scheme: Scheme,
    credentials: Option<Credentials>,
    host: Host,
    port: u16,
    path: String,
}

impl BrokerUrl {
    /// Reads an address as a person may write it (upper-case host, default port named).
    ///
    /// # Errors
    /// Says in plain words what is wrong, without repeating the text.
    pub fn parse(text: &str) -> Result<Self, BrokerUrlError> {
        if text.len() > BROKER_URL_BYTES_MAX {
            return Err(BrokerUrlError::TooLong);
        }
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(BrokerUrlError::Control);
        }
        if text.contains(['?', '#']) {
            return Err(BrokerUrlError::QueryOrFragment);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BrokerUrlError::Scheme)?;
        let scheme = Scheme::parse(scheme).ok_or(BrokerUrlError::Scheme)?;
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(credentials(login).ok_or(BrokerUrlError::Login)?), place),
            None => (None, authority),
        };
        let (host, port) = split_port(place);
        let host = Host::parse(host).ok_or(BrokerUrlError::Host)?;
        let port = match port {
            None => scheme.default_port(),
            Some(digits) => parse_port(digits).ok_or(BrokerUrlError::Port)?,
        };
        let path = match path {
            "" | "/" => String::new(),
            _ if !scheme.is_websocket() => return Err(BrokerUrlError::PathNotAllowed),
            path => normal_path(path).ok_or(BrokerUrlError::Path)?,
        };
        let url = Self { scheme, credentials, host, port, path };
        if url.to_string().len() > BROKER_URL_BYTES_MAX {
            return Err(BrokerUrlError::TooLong);
        }
        Ok(url)
    }

    /// Reads an address that a program wrote: only its one spelling is accepted.
    ///
    /// # Errors
    /// As [`BrokerUrl::parse`], and when the text is not what `Display` writes.
    pub fn parse_canonical(text: &str) -> Result<Self, BrokerUrlError> {
        let url = Self::parse(text)?;
        if url.to_string() == text { Ok(url) } else { Err(BrokerUrlError::NotCanonical) }
    }

    /// MQTT over TCP at a socket address.
    #[must_use]
    pub fn tcp(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(address) => Host::V4(address),
            IpAddr::V6(address) => Host::V6(address),
        };
        Self { scheme: Scheme::Mqtt, credentials: None, host, port: address.port(), path: String::new() }
    }

    /// How it is spoken to.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Where it is.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Its port, the default one if none was named.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The WebSocket path, beginning with `/`, or empty.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Who logs in.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The same address without user and password: what may enter a card.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        Self { credentials: None, ..self.clone() }
    }

    /// Whether it names this computer, so that it means something else on every other one.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let here = |address: IpAddr| address.is_loopback() || address.is_unspecified();
        match &self.host {
            Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::V4(address) => here((*address).into()),
            Host::V6(address) => here(IpAddr::V6(*address).to_canonical()),
        }
    }

    /// The address for logs and status lines: user and password are `***`.
    #[must_use]
    pub fn redacted(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, true);
        text
    }

    fn write(&self, out: &mut impl fmt::Write, redacted: bool) -> fmt::Result {
        write!(out, "{}://", self.scheme.as_str())?;
        match &self.credentials {
            None => {}
            Some(_) if redacted => out.write_str("***@")?,
            Some(Credentials { user, password }) => {
                write_escaped(out, user)?;
                if !password.is_empty() {
                    out.write_char(':')?;
                    write_escaped(out, password)?;
                }
                out.write_char('@')?;
            }
        }
        write!(out, "{}", self.host)?;
        if self.port != self.scheme.default_port() {
            write!(out, ":{}", self.port)?;
        }
        out.write_str(&self.path)
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, false)
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrokerUrl({})", self.redacted())
    }
}

impl FromStr for BrokerUrl {
    type Err = BrokerUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Splits `host:port`; a colon inside brackets belongs to the host.
fn split_port(place: &str) -> (&str, Option<&str>) {
    match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (place, None),
    }
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

fn credentials(login: &str) -> Option<Credentials> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (user, password) = (unescape(user)?, unescape(password)?);
    (!user.is_empty()).then_some(Credentials { user, password })
}

/// RFC 3986 §2.3: characters that mean themselves everywhere.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 §2.2: characters that may stand for themselves in a user name, a password and a path.
fn is_sub_delimiter(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

fn write_escaped(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
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

fn unescape(text: &str) -> Option<String> {
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
fn normal_path(path: &str) -> Option<String> {
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

#[cfg(test)]
mod tests;
