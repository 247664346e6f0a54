//! Errors of rumqttc in words for a person, without anything secret and without what a stranger's server wrote.

use std::error::Error;
use std::io;

use rumqttc::{ConnectReturnCode, ConnectionError, StateError, mqttbytes};
use rustls::CertificateError;

/// Why a broker does not let us in (the CONNACK codes of MQTT 3.1.1).
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq, Hash)]
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
        ConnectionError::Tls(rumqttc::TlsError::Io(error)) => securing(&error),
        ConnectionError::Tls(_) => NO_TLS.to_owned(),
        ConnectionError::Websocket(error) => match io_cause(&error).filter(|error| is_about_tls(error)) {
            Some(error) => securing(error),
            None => "no MQTT over WebSocket at this address".to_owned(),
        },
        ConnectionError::WsConnect(_) | ConnectionError::InvalidUrl(_) | ConnectionError::ResponseValidation(_) => {
            "no MQTT over WebSocket at this address".to_owned()
        }
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

/// An error of the network's in words for a person.
#[must_use]
pub fn in_words(error: &io::Error) -> String {
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
        io::ErrorKind::InvalidData => NO_TLS.to_owned(),
        // The resolver's errors have no kind of their own.
        _ => error.to_string(),
    }
}

/// TLS failed, and there is nothing better to say.
pub(super) const NO_TLS: &str = "no secure connection could be agreed on with the broker";

/// The first error of the system's in a chain of causes.
fn io_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        next = error.source();
    }
    None
}

fn rustls_cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn is_about_tls(error: &io::Error) -> bool {
    rustls_cause(error).is_some()
}

/// What went wrong before the connection was secure.
pub(super) fn securing(error: &io::Error) -> String {
    let words = match rustls_cause(error) {
        Some(rustls::Error::InvalidCertificate(error)) => certificate(error),
        Some(rustls::Error::InvalidMessage(_)) => "the broker does not speak TLS at this port",
        Some(_) => NO_TLS,
        None if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            "the broker closed the connection: it may not speak TLS at this port"
        }
        None => return in_words(error),
    };
    words.to_owned()
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the broker's certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the broker's certificate is not valid yet: is this device's clock right?"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the broker's certificate is for another name"
        }
        // The second: its issuer has the name of one that is trusted, and is another.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "nobody whom this device trusts vouches for the broker's certificate"
        }
        CertificateError::ApplicationVerificationFailure => {
            "the broker shows another certificate than its address names"
        }
        CertificateError::Other(_) => {
            "the broker's certificate is of the wrong kind: one that signed itself must be named in the address"
        }
        _ => "the broker's certificate cannot be used",
    }
}
