//! The few messages of STUN (RFC 8489, RFC 5780) and TURN (RFC 8656) that a checkup needs, over the WebRTC library's codec.
//!
//! Pure: transaction ids come from outside. What is read comes from anybody who can send to an open port, so it has limits,
//! and counts only where its transaction id is one that we chose.

use std::net::SocketAddr;

use rtc::crypto::default_provider;
use rtc::shared::error::{Error, Result};
use rtc::stun::addr::MappedAddress;
use rtc::stun::attributes::{
    ATTR_CHANGE_REQUEST, ATTR_ERROR_CODE, ATTR_LIFETIME, ATTR_NONCE, ATTR_OTHER_ADDRESS, ATTR_REALM,
    ATTR_REQUESTED_TRANSPORT, ATTR_USERNAME, ATTR_XOR_RELAYED_ADDRESS, ATTR_XORMAPPED_ADDRESS, AttrType,
};
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{
    BINDING_REQUEST, CLASS_ERROR_RESPONSE, CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, METHOD_ALLOCATE, METHOD_BINDING,
    METHOD_REFRESH, Message, MessageType, Setter, TransactionId,
};
use rtc::stun::textattrs::TextAttribute;
use rtc::stun::xoraddr::XorMappedAddress;

/// The longest answer that is read: what fits one packet of every network. Answers have about 100 bytes.
pub const DATAGRAM_BYTES_MAX: usize = 1_500;
/// The longest realm and nonce (RFC 8489 §14.9 and §14.10: fewer than 128 characters, at most 763 bytes).
const TEXT_BYTES_MAX: usize = 763;
/// UDP as TURN numbers it (RFC 8656 §18.7), and three bytes that are zero.
const OVER_UDP: [u8; 4] = [17, 0, 0, 0];

/// Which question an answer belongs to; drawn by chance for each.
pub type Transaction = [u8; 12];

/// From where else a server is asked to answer (RFC 5780 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// From its other port.
    Port,
    /// From its other address and its other port.
    AddressAndPort,
}

impl Change {
    fn flags(self) -> [u8; 4] {
        match self {
            Self::Port => [0, 0, 0, 0b010],
            Self::AddressAndPort => [0, 0, 0, 0b110],
        }
    }
}

/// Who asks for a relay, and what the server said that must be said again to it.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
    /// From the server's refusal.
    pub realm: String,
    /// From the server's refusal.
    pub nonce: String,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One's own address.
    Binding,
    /// A relay.
    Allocate,
    /// To keep or give back a relay.
    Refresh,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Of the question.
    pub transaction: Transaction,
    /// Of the question.
    pub method: Method,
    /// The error's number (RFC 8489 §14.8); none when it worked.
    pub error: Option<u16>,
    /// Where the question came from, as the server saw it.
    pub mapped: Option<SocketAddr>,
    /// The server's other address and port, when it can answer from there.
    pub other: Option<SocketAddr>,
    /// The relay's address.
    pub relayed: Option<SocketAddr>,
    /// To be said again with a login.
    pub realm: Option<String>,
    /// To be said again with a login.
    pub nonce: Option<String>,
}

/// Asks for one's own address; with a change, from where else the server shall answer.
///
/// # Errors
/// Never, in practice: the codec may refuse to write.
pub fn binding(transaction: Transaction, change: Option<Change>) -> Result<Vec<u8>> {
    let mut message = begin(transaction, BINDING_REQUEST)?;
    if let Some(change) = change {
        message.add(ATTR_CHANGE_REQUEST, &change.flags());
    }
    Ok(message.raw)
}

/// Asks for a relay over UDP. Without a login the answer is a refusal that says what a login needs.
///
/// # Errors
/// When user, realm or nonce are longer than the protocol allows.
pub fn allocate(transaction: Transaction, login: Option<&Login>) -> Result<Vec<u8>> {
    let mut message = begin(transaction, MessageType::new(METHOD_ALLOCATE, CLASS_REQUEST))?;
    message.add(ATTR_REQUESTED_TRANSPORT, &OVER_UDP);
    if let Some(login) = login {
        sign(&mut message, login)?;
    }
    Ok(message.raw)
}

/// Gives a relay back; without a login to a server that gave it without one.
///
/// # Errors
/// As [`allocate`].
pub fn give_back(transaction: Transaction, login: Option<&Login>) -> Result<Vec<u8>> {
    let mut message = begin(transaction, MessageType::new(METHOD_REFRESH, CLASS_REQUEST))?;
    message.add(ATTR_LIFETIME, &0_u32.to_be_bytes());
    if let Some(login) = login {
        sign(&mut message, login)?;
    }
    Ok(message.raw)
}

fn begin(transaction: Transaction, kind: MessageType) -> Result<Message> {
    let mut message = Message::new();
    message.typ = kind;
    message.transaction_id = TransactionId(transaction);
    message.write_header();
    Ok(message)
}

/// RFC 8489 §9.2: the last thing in a message is proof of the password, over all that stands before it.
fn sign(message: &mut Message, login: &Login) -> Result<()> {
    for (attribute, text) in [(ATTR_USERNAME, &login.user), (ATTR_REALM, &login.realm), (ATTR_NONCE, &login.nonce)] {
        TextAttribute { attr: attribute, text: text.clone() }.add_to(message)?;
    }
    let provider = default_provider().map_err(|error| Error::Crypto(error.to_string()))?;
    let Login { user, realm, password, .. } = login.clone();
    MessageIntegrity::new_long_term_integrity_with_provider(user, realm, password, provider.crypto())?.add_to(message)
}

/// Reads a datagram; none when it is no answer that a checkup can use.
#[must_use]
pub fn read(datagram: &[u8]) -> Option<Answer> {
    if datagram.len() > DATAGRAM_BYTES_MAX {
        return None;
    }
    let mut message = Message::new();
    message.unmarshal_binary(datagram).ok()?;
    let failed = match message.typ.class {
        CLASS_SUCCESS_RESPONSE => false,
        CLASS_ERROR_RESPONSE => true,
        _ => return None,
    };
    let method = match message.typ.method {
        METHOD_BINDING => Method::Binding,
        METHOD_ALLOCATE => Method::Allocate,
        METHOD_REFRESH => Method::Refresh,
        _ => return None,
    };
    // An error without its number is still one.
    let error = failed.then(|| error_number(&message).unwrap_or_default());
    Some(Answer {
        transaction: message.transaction_id.0,
        method,
        error,
        mapped: hidden_address(&message, ATTR_XORMAPPED_ADDRESS),
        other: plain_address(&message, ATTR_OTHER_ADDRESS),
        relayed: hidden_address(&message, ATTR_XOR_RELAYED_ADDRESS),
        realm: text(&message, ATTR_REALM),
        nonce: text(&message, ATTR_NONCE),
    })
}

fn error_number(message: &Message) -> Option<u16> {
    let value = message.get(ATTR_ERROR_CODE).ok()?;
    let (class, number) = (value.get(2)?, value.get(3)?);
    Some(u16::from(*class & 0b111) * 100 + u16::from(*number))
}

fn hidden_address(message: &Message, attribute: AttrType) -> Option<SocketAddr> {
    let mut address = XorMappedAddress::default();
    address.get_from_as(message, attribute).ok()?;
    Some(SocketAddr::new(address.ip.to_canonical(), address.port))
}

fn plain_address(message: &Message, attribute: AttrType) -> Option<SocketAddr> {
    let mut address = MappedAddress::default();
    address.get_from_as(message, attribute).ok()?;
    Some(SocketAddr::new(address.ip.to_canonical(), address.port))
}

fn text(message: &Message, attribute: AttrType) -> Option<String> {
    let value = message.get(attribute).ok()?;
    if value.len() > TEXT_BYTES_MAX {
        return None;
    }
    String::from_utf8(value).ok()
}

#[cfg(test)]
mod tests;
