//! Errors of rumqttc in words for a person, without anything secret and without what a stranger's server wrote.

use std::io;

use rumqttc::{ConnectReturnCode, ConnectionError, StateError, mqttbytes};
use thiserror::Error;

/// Why a broker does not let us in (the CONNACK codes of MQTT 3.1.1).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Code 4.
    #[error("the broker refuses the user name or the password")]
    Credentials,
    /// Code 5.
    #[error("the broker does not authorise this client")]
    NotAuthorised,
    /// Code 2.
    #[error("the broker refuses the client id")]
    ClientId,
    /// Code 3: out of room, or starting.
    #[error("the broker is unavailable")]
    Unavailable,
    /// Code 1.
    #[error("the broker does not speak MQTT 3.1.1")]
    Protocol,
}

/// What ended a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Refused(Refusal),
    Lost(String),
    /// The announced size of a packet that is larger than may be read.
    Oversize(usize),
}

pub(super) fn end(error: ConnectionError) -> End {
    let words = match error {
        ConnectionError::ConnectionRefused(code) => return refused(code),
        ConnectionError::MqttState(error) => return state(error),
        ConnectionError::Io(error) => in_words(&error),
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => "the broker does not answer".to_owned(),
        ConnectionError::NotConnAck(_) => "not an MQTT broker".to_owned(),
        ConnectionError::Tls(error) => tls(&error),
        ConnectionError::Websocket(_)
        | ConnectionError::WsConnect(_)
        | ConnectionError::InvalidUrl(_)
        | ConnectionError::ResponseValidation(_) => "no MQTT over WebSocket at this address".to_owned(),
        ConnectionError::RequestsDone => "the connection was closed".to_owned(),
    };
    End::Lost(words)
}

fn refused(code: ConnectReturnCode) -> End {
    End::Refused(match code {
        ConnectReturnCode::BadUserNamePassword => Refusal::Credentials,
        ConnectReturnCode::NotAuthorized => Refusal::NotAuthorised,
        ConnectReturnCode::BadClientId => Refusal::ClientId,
        ConnectReturnCode::RefusedProtocolVersion => Refusal::Protocol,
        ConnectReturnCode::ServiceUnavailable | ConnectReturnCode::Success => Refusal::Unavailable,
    })
}

fn state(error: StateError) -> End {
    End::Lost(match error {
        StateError::Deserialization(mqttbytes::Error::PayloadSizeLimitExceeded(bytes)) => return End::Oversize(bytes),
        StateError::Deserialization(mqttbytes::Error::Io(error)) | StateError::Io(error) => in_words(&error),
        StateError::ConnectionAborted => "the broker closed the connection".to_owned(),
        StateError::AwaitPingResp | StateError::CollisionTimeout => "the broker does not answer".to_owned(),
        StateError::Deserialization(_)
        | StateError::InvalidState
        | StateError::Unsolicited(_)
        | StateError::WrongPacket
        | StateError::EmptySubscription => "the other side does not speak proper MQTT".to_owned(),
    })
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens at this address".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            "the broker closed the connection".to_owned()
        }
        io::ErrorKind::UnexpectedEof => "the broker closed the connection".to_owned(),
        io::ErrorKind::TimedOut => "the broker does not answer".to_owned(),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkDown => {
            "no network reaches the broker".to_owned()
        }
        // The resolver's errors have no kind of their own; rustls arrives as InvalidData.
        io::ErrorKind::InvalidData => "no secure connection: the broker's certificate or protocol is wrong".to_owned(),
        _ => error.to_string(),
    }
}

fn tls(error: &rumqttc::TlsError) -> String {
    match error {
        rumqttc::TlsError::Io(error) => in_words(error),
        rumqttc::TlsError::DNSName(_) => "a secure connection needs a host name, not an address".to_owned(),
        _ => "no secure connection: the broker's certificate or protocol is wrong".to_owned(),
    }
}
