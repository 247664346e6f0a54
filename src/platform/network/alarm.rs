//! The kernel's socket that has something to say whenever the network changes.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram as Datagrams;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};
use tokio::net::UnixDatagram;

use super::addresses::Gone;

/// The kernel's messages are shorter; of a longer one the beginning is enough.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// The socket. It is no Unix socket, but one that gives a datagram for each read all the same; Tokio has no safe type that is
/// nearer.
#[derive(Debug)]
pub(super) struct Alarm {
    socket: UnixDatagram,
}

impl Alarm {
    /// Opens it. No privilege is needed; a sandbox may refuse it.
    pub(super) fn new() -> io::Result<Self> {
        let socket = Datagrams::from(open()?);
        socket.set_nonblocking(true)?;
        Ok(Self { socket: UnixDatagram::from_std(socket)? })
    }

    /// Over a socket of a test's own.
    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn over(socket: UnixDatagram) -> Self {
        Self { socket }
    }

    /// Comes when the kernel says something, and says what is gone, whatever the addresses are afterwards. Cancel safe.
    pub(super) async fn rings(&mut self) -> io::Result<Gone> {
        self.socket.readable().await?;
        let mut gone = Gone::default();
        let mut buffer = vec![0; MESSAGE_BYTES_MAX];
        loop {
            match self.socket.try_recv(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => note_gone(buffer.get(..length).unwrap_or_default(), &mut gone),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(gone),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // More has happened than the kernel keeps.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::NOBUFS) => gone.way_out = true,
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn open() -> io::Result<OwnedFd> {
    use rustix::net::netlink::SocketAddrNetlink;
    /// Interfaces, and addresses and routes of both families (`RTMGRP_LINK`, `RTMGRP_IPV4_IFADDR`, `…_ROUTE`,
    /// `RTMGRP_IPV6_IFADDR`, `…_ROUTE`). Interfaces, because the IPv4 routes of one that goes down vanish without a word of
    /// their own: it would be back with the same address, and nothing would have changed.
    const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;

    let socket =
        rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, rustix::net::SocketFlags::CLOEXEC, None)?;
    rustix::net::bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
use super::netlink::note_gone;

#[cfg(target_vendor = "apple")]
fn open() -> io::Result<OwnedFd> {
    let socket = rustix::net::socket(AddressFamily::ROUTE, SocketType::RAW, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

/// What has changed is seen in the addresses.
#[cfg(target_vendor = "apple")]
fn note_gone(_: &[u8], _: &mut Gone) {}
