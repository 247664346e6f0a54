//! The probes: they ask the network, note what they see, and decide nothing.
//!
//! All run at once, none is a task of its own, and each question has a limit, so that a whole checkup takes at most
//! [`TIME_MAX`].

mod broker;
mod name;
mod nat;
mod relay;
mod udp;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use tokio::net::UdpSocket;

use super::findings::{ClockFinding, Findings, Ipv6Finding, Name, NetworkFinding, UdpFinding};
use super::{BROKERS_MAX, Checkup, Report, SERVERS_MAX};
use crate::link::IceServer;

/// A checkup takes no longer: a person waits for it.
pub const TIME_MAX: Duration = Duration::from_secs(10);
/// Somewhere in the world where nobody is (RFC 5737, RFC 3849), at the discard port.
const NOWHERE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), 9),
];

/// A server and where it is.
#[derive(Clone, Debug)]
struct Place {
    server: IceServer,
    name: Name,
    ipv4: Option<SocketAddr>,
    ipv6: Option<SocketAddr>,
}

/// Checks everything and judges it.
pub async fn examine(checkup: &Checkup) -> Report {
    let brokers = join_all(checkup.brokers.iter().take(BROKERS_MAX).map(broker::check));
    let servers = async {
        let places = join_all(checkup.servers.iter().take(SERVERS_MAX).map(find)).await;
        let relays = join_all(places.iter().filter(|place| place.server.is_relay()).map(relay::check));
        tokio::join!(nat::check(&places), relays)
    };
    let (brokers, (paths, relays)) = tokio::join!(brokers, servers);
    let shows = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let seen = paths.stun.iter().find_map(|server| server.ipv6).map(|(address, _)| address.ip());
    let [outside4, outside6] = NOWHERE.map(address_towards);
    let (own4, own6) = tokio::join!(outside4, outside6);
    Report::of(Findings {
        network: NetworkFinding::of(own4.or(own6).is_some(), &brokers, &paths.stun, &relays),
        udp: UdpFinding::of(&paths.stun, &relays),
        ipv6: Ipv6Finding::of(own6.filter(is_of_the_world), paths.silent_ipv6, seen),
        clock: ClockFinding::of(shows, &brokers),
        nat: paths.nat,
        stun: paths.stun,
        brokers,
        relays,
    })
}

async fn find(server: &IceServer) -> Place {
    let (host, port) = server.place();
    let found = name::addresses(host.to_owned(), port).await;
    let (name, found) = found.map_or_else(|name| (name, vec![]), |found| (Name::Found, found));
    Place {
        server: server.clone(),
        name,
        ipv4: found.iter().find(|address| address.is_ipv4()).copied(),
        ipv6: found.iter().find(|address| address.is_ipv6()).copied(),
    }
}

/// The address from which this device would write there. Nothing is sent: a datagram socket that is connected only looks up
/// the route.
async fn address_towards(there: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if there.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    socket.connect(there).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Whether the world could reach this IPv6 address (2000::/3).
fn is_of_the_world(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(own) if own.segments().first().is_some_and(|first| first >> 13 == 1))
}

#[cfg(test)]
mod tests;
