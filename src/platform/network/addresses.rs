//! The addresses at which others may reach this device, and those from which it would leave.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::NetworkChange;

/// What a look shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Addresses {
    /// By interface.
    pub(super) listed: BTreeSet<(String, IpAddr)>,
    /// Those from which the rest of the world is reached, over IPv4 and over IPv6.
    pub(super) ways: [Option<IpAddr>; 2],
}

/// What the system says is gone, although the same may be there again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gone {
    /// A way to everywhere, or nobody knows what.
    pub(super) way_out: bool,
    /// Addresses that others could see.
    pub(super) addresses: BTreeSet<IpAddr>,
}

/// Somewhere else: no machine has these (RFC 5737, RFC 3849), and nothing is sent there. Which address of ours the system
/// would take to go there says which way out it prefers.
const ELSEWHERE: [(IpAddr, IpAddr); 2] = [
    (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    (IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))),
];
/// The discard port. Some systems refuse port 0.
const PORT: u16 = 9;

impl Addresses {
    /// What has changed since that look.
    pub(super) fn change_since(&self, before: &Self) -> Option<NetworkChange> {
        let mut ways = before.ways.iter().zip(&self.ways);
        if ways.any(|(old, new)| self.is_another_way(*new, before, *old)) {
            return Some(NetworkChange::WayOut);
        }
        (self != before).then_some(NetworkChange::Beside)
    }

    /// What it means that this has gone since the look, whatever is there now.
    pub(super) fn change_without(&self, gone: &Gone) -> Option<NetworkChange> {
        let used = self.ways.iter().flatten().any(|way| gone.addresses.contains(way));
        if gone.way_out || used {
            return Some(NetworkChange::WayOut);
        }
        (!gone.addresses.is_empty()).then_some(NetworkChange::Beside)
    }

    /// An interface that has got one more address and prefers it, as IPv6's temporary ones are daily, leads to where it led: what
    /// began at the old address goes on while that is there.
    fn is_another_way(&self, new: Option<IpAddr>, before: &Self, old: Option<IpAddr>) -> bool {
        match (old, new) {
            (None, None) => false,
            (Some(old), Some(new)) => {
                let interface = before.interface(old);
                interface != self.interface(old)
                    || interface != self.interface(new)
                    || (interface.is_none() && old != new)
            }
            _ => true,
        }
    }

    fn interface(&self, wanted: IpAddr) -> Option<&str> {
        self.listed.iter().find(|(_, address)| *address == wanted).map(|(name, _)| name.as_str())
    }
}

/// Reads them; takes a fraction of a millisecond where the kernel is asked directly.
///
/// # Errors
///
/// The system cannot say it at the moment, because it lacks memory or this process descriptors. That is no change.
pub(super) fn read() -> io::Result<Addresses> {
    let listed = listed()?.filter(|(_, address)| counts(*address)).collect();
    let [(from, to), (from_6, to_6)] = ELSEWHERE;
    Ok(Addresses { listed, ways: [way_out(from, to)?, way_out(from_6, to_6)?] })
}

/// All addresses that the system lists, of use or not.
pub(super) fn listed() -> io::Result<impl Iterator<Item = (String, IpAddr)>> {
    let interfaces = rtc::shared::ifaces::ifaces()?;
    Ok(interfaces.into_iter().filter_map(|interface| Some((interface.name, interface.addr?.ip()))))
}

fn way_out(from: IpAddr, to: IpAddr) -> io::Result<Option<IpAddr>> {
    way_shown(UdpSocket::bind(SocketAddr::new(from, 0)).and_then(|socket| {
        socket.connect(SocketAddr::new(to, PORT))?;
        Ok(socket.local_addr()?.ip())
    }))
}

/// What the system's answer says of a way out. It has many words for there being none (no route, no address, a family that
/// is switched off, a route that forbids), and few for not being able to say.
pub(super) fn way_shown(answer: io::Result<IpAddr>) -> io::Result<Option<IpAddr>> {
    match answer {
        Ok(address) => Ok(Some(address).filter(|address| counts(*address))),
        Err(error) if is_shortage(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

#[cfg(unix)]
fn is_shortage(error: &io::Error) -> bool {
    use rustix::io::Errno;
    const SHORTAGES: [Errno; 4] = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| SHORTAGES.contains(&errno))
}

#[cfg(not(unix))]
fn is_shortage(error: &io::Error) -> bool {
    /// `WSA_NOT_ENOUGH_MEMORY`, `WSAEMFILE`, `WSAENOBUFS`.
    const SHORTAGES: [i32; 3] = [8, 10_024, 10_055];
    error.raw_os_error().is_some_and(|code| SHORTAGES.contains(&code))
}

/// Whether a path or a broker may depend on it. Link-local addresses come and go with virtual interfaces.
pub(super) fn counts(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !link_local && !address.is_loopback() && !address.is_unspecified()
}
