//! Which address of this computer others on the network can reach.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// An address that is routed everywhere but never answers (RFC 5737, TEST-NET-1). No packet is sent to it.
const ELSEWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

/// The address that the system would use to reach the network: connecting a UDP socket asks the routing table and
/// sends nothing. None without a network.
#[must_use]
pub fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}
