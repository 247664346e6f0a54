//! The address of an MQTT broker, as a person types it and as a contact card carries it.
//!
//! Text comes from the command line and from strangers' cards; it becomes a [`BrokerUrl`] or a reason in plain words.
//! One address has one spelling ([`std::fmt::Display`]): lower-case scheme and host, no default port, percent-encoding
//! only where it is needed. Nothing here resolves a name or opens a connection.
//!
//! ```text
//! scheme "://" [ user [ ":" password ] "@" ] host [ ":" port ] [ path ] [ "#sha256=" pin ]
//! ```
//! A path is for ws and wss only, a pin for mqtts and wss.

mod escape;
mod login;
mod pin;
mod place;

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;

use escape::{normal_path, unescape, write_escaped};

pub use login::without_login;
pub use pin::Pin;
pub use place::{Host, Scheme, is_near};

/// The longest address, typed or written back: a DNS name may have 253 bytes and a card must stay small enough for a
/// QR code.
pub const BROKER_URL_BYTES_MAX: usize = 256;

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
    /// A `?`.
    #[error("a broker address has no ?")]
    Query,
    /// A `#` with something else behind it than a certificate's SHA-256.
    #[error("behind the # of a broker address stands sha256= and the SHA-256 of its certificate")]
    Pin,
    /// A certificate's SHA-256 where there is no certificate.
    #[error("only mqtts:// and wss:// addresses name a certificate")]
    PinNotAllowed,
    /// A correct address, but not in its one spelling.
    #[error("the broker address is not written in its shortest form")]
    NotCanonical,
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
    pin: Option<Pin>,
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
        if text.contains('?') {
            return Err(BrokerUrlError::Query);
        }
        let (place, fragment) = text.split_once('#').map_or((text, None), |(place, pin)| (place, Some(pin)));
        let (scheme, rest) = place.split_once("://").ok_or(BrokerUrlError::Scheme)?;
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
        let pin = match fragment {
            None => None,
            Some(_) if !scheme.is_tls() => return Err(BrokerUrlError::PinNotAllowed),
            Some(fragment) => Some(Pin::parse(fragment).ok_or(BrokerUrlError::Pin)?),
        };
        let url = Self { scheme, credentials, host, port, path, pin };
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
        Self { scheme: Scheme::Mqtt, credentials: None, host, port: address.port(), path: String::new(), pin: None }
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

    /// The certificate that it must show; without one the system decides which it trusts.
    #[must_use]
    pub fn pin(&self) -> Option<Pin> {
        self.pin
    }

    /// Who logs in.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The same address without user and password: what may enter a card.
    #[must_use]
    pub fn without_credentials(&self) -> Cow<'_, Self> {
        match &self.credentials {
            None => Cow::Borrowed(self),
            Some(_) => Cow::Owned(Self { credentials: None, ..self.clone() }),
        }
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
        out.write_str(&self.path)?;
        match self.pin {
            Some(pin) => write!(out, "#{pin}"),
            None => Ok(()),
        }
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

#[cfg(test)]
mod tests;
