//! The probes: they ask the network, note what they see, and decide nothing.
//!
//! All run at once, none is a task of its own, and each question has a limit, so that a whole checkup takes at most
//! [`TIME_MAX`].

mod broker;
mod nat;
mod relay;
mod udp;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;

use super::findings::{ClockFinding, Findings, Ipv6Finding, UdpFinding};
use super::{BROKERS_MAX, Checkup, Report, SERVERS_MAX};
use crate::link::driver::IceServer;

/// A checkup takes no longer: a person waits for it.
pub const TIME_MAX: Duration = Duration::from_secs(10);
/// How long a name may take to become an address: a resolver asks again after 5 s, and nobody waits for that twice.
const RESOLVE_MAX: Duration = Duration::from_secs(3);

/// A server and where it is.
#[derive(Clone, Debug)]
struct Place {
    server: IceServer,
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
    Report::of(Findings {
        udp: UdpFinding::of(&paths.stun, &relays),
        ipv6: Ipv6Finding::of(own_ipv6().await, paths.asked_ipv6, seen),
        clock: ClockFinding::of(shows, &brokers),
        nat: paths.nat,
        stun: paths.stun,
        brokers,
        relays,
    })
}

async fn find(server: &IceServer) -> Place {
    let found: Vec<SocketAddr> = match server.place() {
        Some((host, port)) => match timeout(RESOLVE_MAX, lookup_host((host, port))).await {
            Ok(Ok(found)) => found.collect(),
            _ => vec![],
        },
        None => vec![],
    };
    Place {
        server: server.clone(),
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

/// This device's IPv6 address, if the world could reach it (2000::/3).
async fn own_ipv6() -> Option<IpAddr> {
    /// Somewhere in the world where nobody is (RFC 3849).
    const NOWHERE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    match address_towards(SocketAddr::new(NOWHERE.into(), 9)).await? {
        IpAddr::V6(own) if own.segments().first().is_some_and(|first| first >> 13 == 1) => Some(own.into()),
        _ => None,
    }
}
