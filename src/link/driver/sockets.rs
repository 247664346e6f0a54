//! The runtime that the library runs on: Tokio's, with names that are not waited for ([`names`](super::names)), and with sockets that
//! have room for a burst.
//!
//! While a device works through something else, what arrives waits in its socket, and what a full socket throws away is sent
//! again a second later. The system gives a socket less than it gives to whoever asks, and the peer has to know how much: a
//! description says it, in an attribute that others skip (RFC 8866 §6).

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime, TokioRuntime, UdpSockRef,
    UdpSocketState,
};

use super::Names;
use crate::link::window::ROOM_BYTES_MAX;

/// What is asked for. Linux gives at most `net.core.rmem_max`, which is 208 KiB as it comes, and doubles what it gives, since a
/// packet in memory takes more than its length; others give what is asked for.
const RECEIVE_BYTES: usize = ROOM_BYTES_MAX / 2;
/// In a description: how much room the sockets of whoever makes it have, in bytes.
const ROOM: &str = "a=kith-room:";

#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) names: Names,
}

/// A description that also says how much room the own sockets have; unchanged where the system does not tell.
pub(super) fn with_room(mut sdp: String) -> String {
    match UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| ask_for_room(&socket)) {
        Ok(room) => {
            // The attribute of a section stands at its end, and there is one section.
            sdp.push_str(&format!("{ROOM}{room}\r\n"));
        }
        Err(error) => tracing::debug!(%error, "how much room a socket has is not known"),
    }
    sdp
}

/// How much room the sockets of the maker of a description have, if it says so.
pub(super) fn room(sdp: &str) -> Option<usize> {
    sdp.lines().find_map(|line| line.strip_prefix(ROOM)?.parse().ok())
}

/// Asks for room, and says how much there is then.
fn ask_for_room(socket: &UdpSocket) -> io::Result<usize> {
    let state = UdpSocketState::new(UdpSockRef::from(socket))?;
    state.set_recv_buffer_size(UdpSockRef::from(socket), RECEIVE_BYTES)?;
    state.recv_buffer_size(UdpSockRef::from(socket))
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl Runtime for Sockets {
    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        // With less room everything works, only slower.
        if let Err(error) = ask_for_room(&socket) {
            tracing::debug!(%error, "a socket keeps the room that the system gives by itself");
        }
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        TokioRuntime.spawn(future)
    }

    fn spawn_reactor(&self, threads: usize, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        TokioRuntime.spawn_reactor(threads, future)
    }

    fn wrap_tcp_listener(&self, listener: TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        TokioRuntime.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(&'a self, to: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        TokioRuntime.connect_tcp(to)
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(self.names.resolve(host))
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }

    fn sleep(&self, time: Duration) -> Boxed<'static, ()> {
        TokioRuntime.sleep(time)
    }

    fn interval(&self, every: Duration) -> Box<dyn AsyncInterval> {
        TokioRuntime.interval(every)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        TokioRuntime.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        TokioRuntime.yield_now()
    }

    fn name(&self) -> &'static str {
        TokioRuntime.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::window::ROOM_BYTES_MIN;

    #[test]
    fn a_description_says_how_much_room_there_is() {
        let sdp = with_room("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n".to_owned());
        assert!(room(&sdp).unwrap() >= ROOM_BYTES_MIN, "{sdp}");
        assert!(sdp.ends_with("\r\n"));
    }

    #[test]
    fn what_is_no_number_says_nothing() {
        for line in
            ["", "a=kith-room:", "a=kith-room:-1", "a=kith-room:1e9", "a=kith-room:99999999999999999999999", "a=room:5"]
        {
            assert_eq!(room(&format!("v=0\r\n{line}\r\n")), None, "{line}");
        }
    }
}
