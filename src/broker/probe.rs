//! Asks who listens at an address: an MQTT broker, or something else.
//!
//! The question is one CONNECT of MQTT 3.1.1 with a clean session and no client id, which leaves nothing behind. The
//! answered connection is kept: the kernel closes it the moment the broker's process ends, however it ends, so that
//! holding it is a watch without polling.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A broker on the same machine answers in under a millisecond; one that is just starting reads its queues first.
const PROBE_DEADLINE: Duration = Duration::from_secs(3);

/// CONNECT: protocol "MQTT" level 4, clean session, keep-alive 0 (the connection may be silent), empty client id.
const CONNECT: [u8; 14] = [0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 0b10, 0, 0, 0, 0];
/// The first two bytes of every CONNACK.
const CONNACK: [u8; 2] = [0x20, 2];

/// Who answered.
pub(super) enum Answer {
    /// A broker that let us in; the connection ends when it does.
    Broker(TcpStream),
    /// A broker that wants a password or has no room.
    Guarded,
}

/// Why nobody answered as a broker would.
#[derive(Debug, Error)]
pub(super) enum ProbeError {
    /// Nobody listens there any more.
    #[error("nobody listens there")]
    Nobody,
    /// It closed the connection, as a broker does that is just stopping.
    #[error("it closed the connection")]
    Closed,
    /// No answer.
    #[error("it does not answer")]
    Silent,
    /// An answer that is not MQTT.
    #[error("it answers, but not in MQTT")]
    Foreign,
}

pub(super) async fn probe(address: SocketAddr) -> Result<Answer, ProbeError> {
    match tokio::time::timeout(PROBE_DEADLINE, ask(address)).await {
        Err(_) => Err(ProbeError::Silent),
        Ok(answer) => answer,
    }
}

async fn ask(address: SocketAddr) -> Result<Answer, ProbeError> {
    let closed = |_: io::Error| ProbeError::Closed;
    let mut stream = TcpStream::connect(address).await.map_err(|_| ProbeError::Nobody)?;
    stream.write_all(&CONNECT).await.map_err(closed)?;
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.map_err(closed)?;
    if head != CONNACK {
        return Err(ProbeError::Foreign);
    }
    let mut body = [0; 2];
    stream.read_exact(&mut body).await.map_err(closed)?;
    let [_, code] = body;
    Ok(if code == 0 { Answer::Broker(stream) } else { Answer::Guarded })
}

/// Waits until the broker at the other end is gone.
pub(super) async fn ended(stream: &mut TcpStream) {
    let mut ignored = [0; 64];
    while matches!(stream.read(&mut ignored).await, Ok(1..)) {}
}
