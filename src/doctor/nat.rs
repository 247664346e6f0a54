//! What kind of NAT stands between this device and the world, from the addresses that servers saw (RFC 4787, RFC 5780). Pure.

use std::net::SocketAddr;

use crate::wire::broker_url::is_near;

/// How something depends on where a packet goes or comes from (RFC 4787 §4.1 and §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It does not: the same for everybody.
    Same,
    /// On the other side's address.
    ByAddress,
    /// On the other side's address and port.
    ByAddressAndPort,
    /// On the other side's address, and perhaps on its port too: what was asked cannot tell.
    ByAddressAtLeast,
}

/// Where one server saw this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Whom we asked.
    pub server: SocketAddr,
    /// What it saw.
    pub seen: SocketAddr,
}

/// Of servers that answered, those whose answers can be compared. A server in this device's own network (or at the other end of
/// its VPN) sees another address than one in the internet, and no NAT is to blame for that; so where servers in the internet
/// answer, only they count. Of those in the own network only they count that see the same address as the first.
#[must_use]
pub fn comparable<T>(answers: Vec<T>, mapped: impl Fn(&T) -> Mapped) -> Vec<T> {
    let far = |answer: &T| !is_near(mapped(answer).server.ip());
    if answers.iter().any(far) {
        return answers.into_iter().filter(far).collect();
    }
    let first = answers.first().map(|answer| mapped(answer).seen.ip());
    answers.into_iter().filter(|answer| Some(mapped(answer).seen.ip()) == first).collect()
}

/// How outgoing packets of one socket are given an address, from what several servers saw of it. None when they were too few:
/// two at different addresses can tell.
///
/// With the three that RFC 5780 §4.3 asks (a server, its other address, its other address and port) the answer is exact.
#[must_use]
pub fn mapping(seen: &[Mapped]) -> Option<Behaviour> {
    let pairs =
        || seen.iter().enumerate().flat_map(|(index, one)| seen.iter().skip(index + 1).map(move |two| (one, two)));
    let elsewhere = |one: &Mapped, two: &Mapped| one.server.ip() != two.server.ip();
    let by_address = pairs().any(|(one, two)| elsewhere(one, two) && one.seen != two.seen);
    let asked = pairs().any(|(one, two)| elsewhere(one, two));
    let same_place: Vec<_> = pairs().filter(|(one, two)| !elsewhere(one, two) && one.server != two.server).collect();
    if same_place.iter().any(|(one, two)| one.seen != two.seen) {
        return Some(Behaviour::ByAddressAndPort);
    }
    match (asked, by_address) {
        (false, _) => None,
        (true, false) => Some(Behaviour::Same),
        (true, true) if same_place.is_empty() => Some(Behaviour::ByAddressAtLeast),
        (true, true) => Some(Behaviour::ByAddress),
    }
}

/// Whose packets are let in, from which answers came through (RFC 5780 §4.4): the one from the server's other address, and the
/// one from its other port.
#[must_use]
pub fn filtering(from_other_address: bool, from_other_port: bool) -> Behaviour {
    match (from_other_address, from_other_port) {
        (true, _) => Behaviour::Same,
        (false, true) => Behaviour::ByAddress,
        (false, false) => Behaviour::ByAddressAndPort,
    }
}
