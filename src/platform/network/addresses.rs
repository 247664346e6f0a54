//! The addresses at which others may reach this device, and those from which it would leave.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Addresses by interface; those without an interface are the ones from which the rest of the world is reached.
pub(super) type Addresses = BTreeSet<(String, IpAddr)>;

/// Somewhere else: no machine has these (RFC 5737, RFC 3849), and nothing is sent there. Which address of ours the system
/// would take to go there says which way out it prefers.
const ELSEWHERE: [(IpAddr, IpAddr); 2] = [
    (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
];
/// The discard port. Some systems refuse port 0.
const PORT: u16 = 9;

/// Reads them; takes a fraction of a millisecond.
pub(super) fn read() -> Addresses {
    let outwards = ELSEWHERE.iter().filter_map(|(from, to)| Some((String::new(), way_out(*from, *to)?)));
    listed().chain(outwards).filter(|(_, address)| counts(*address)).collect()
}

/// All addresses that the system lists, of use or not.
pub(super) fn listed() -> impl Iterator<Item = (String, IpAddr)> {
    let interfaces = rtc::shared::ifaces::ifaces().unwrap_or_else(|error| {
        tracing::debug!(%error, "the interfaces cannot be read");
        vec![]
    });
    interfaces.into_iter().filter_map(|interface| Some((interface.name, interface.addr?.ip())))
}

fn way_out(from: IpAddr, to: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind(SocketAddr::new(from, 0)).ok()?;
    socket.connect(SocketAddr::new(to, PORT)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// Whether a path or a broker may depend on it. Link-local addresses come and go with virtual interfaces.
pub(super) fn counts(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !link_local && !address.is_loopback() && !address.is_unspecified()
}
