//! Asks STUN servers where they see this device (RFC 8489), and those that can how its NAT behaves (RFC 5780 §4.3 and §4.4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

use super::udp::{Heard, Question, ask, transaction};
use super::{Place, address_towards};
use crate::doctor::findings::{NatFinding, StunFinding};
use crate::doctor::nat::{Behaviour, Mapped, comparable, filtering, mapping};
use crate::doctor::stun::{Change, binding};
use crate::wire::broker_url::is_near;

/// What was seen of the way to the world.
pub(super) struct Paths {
    pub(super) stun: Vec<StunFinding>,
    pub(super) nat: NatFinding,
    /// How many servers answered over IPv4, and were silent over IPv6.
    pub(super) silent_ipv6: usize,
}

/// Where one server saw us, and its other address if it has one.
struct Seen {
    mapped: Mapped,
    other: Option<SocketAddr>,
}

pub(super) async fn check(places: &[Place]) -> Paths {
    let ipv4 = async {
        let Ok(socket) = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await else { return Default::default() };
        let heard = where_am_i(&socket, places, |place| place.ipv4).await;
        let seen: Vec<Seen> = heard.iter().filter_map(|(server, heard)| saw(*server, heard.as_ref())).collect();
        let seen = comparable(seen, |seen| seen.mapped);
        let (nat, filtering) = tokio::join!(translation(&socket, &seen), letting_in(&seen));
        (heard, NatFinding { filtering, ..nat })
    };
    let ipv6 = async {
        let Ok(socket) = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await else { return Vec::new() };
        where_am_i(&socket, places, |place| place.ipv6).await
    };
    let ((heard4, nat), heard6) = tokio::join!(ipv4, ipv6);
    let stun = places.iter().map(|place| StunFinding {
        server: place.server.shown().to_owned(),
        name: place.name,
        ipv4: place.ipv4.and_then(|server| told(&heard4, server)),
        ipv6: place.ipv6.and_then(|server| told(&heard6, server)),
    });
    let stun: Vec<StunFinding> = stun.collect();
    let asked6 = |place: &Place| heard6.iter().any(|(asked, _)| Some(*asked) == place.ipv6);
    let silent = |(place, seen): &(&Place, &StunFinding)| seen.ipv4.is_some() && seen.ipv6.is_none() && asked6(place);
    let silent_ipv6 = places.iter().zip(&stun).filter(silent).count();
    Paths { stun, nat, silent_ipv6 }
}

async fn where_am_i(
    socket: &UdpSocket,
    places: &[Place],
    of: fn(&Place) -> Option<SocketAddr>,
) -> Vec<(SocketAddr, Option<Heard>)> {
    let mut servers: Vec<SocketAddr> = places.iter().filter_map(of).collect();
    servers.sort_unstable();
    servers.dedup();
    let questions: Vec<Question> = servers.iter().filter_map(|server| question(*server)).collect();
    let heard = ask(socket, &questions).await;
    questions.iter().map(|question| question.to).zip(heard).collect()
}

fn question(to: SocketAddr) -> Option<Question> {
    let transaction = transaction();
    Some(Question { to, bytes: binding(transaction, None).ok()?, transaction, elsewhere: None })
}

/// Asks for an answer from elsewhere.
fn question_answered_from(elsewhere: SocketAddr, to: SocketAddr, change: Change) -> Option<Question> {
    let transaction = transaction();
    Some(Question { to, bytes: binding(transaction, Some(change)).ok()?, transaction, elsewhere: Some(elsewhere) })
}

fn told(heard: &[(SocketAddr, Option<Heard>)], server: SocketAddr) -> Option<(SocketAddr, Duration)> {
    let (_, heard) = heard.iter().find(|(asked, _)| *asked == server)?;
    let heard = heard.as_ref()?;
    Some((heard.answer.mapped?, heard.took))
}

fn saw(server: SocketAddr, heard: Option<&Heard>) -> Option<Seen> {
    let answer = &heard?.answer;
    let mapped = Mapped { server, seen: answer.mapped? };
    Some(Seen { mapped, other: answer.other.filter(|other| may_ask(server, *other)) })
}

/// Whether a server may have us ask there. It could name any address: never one of this computer's, or of the network around
/// it, if it is not there itself.
fn may_ask(server: SocketAddr, other: SocketAddr) -> bool {
    let sound = |ip: IpAddr| !ip.is_unspecified() && !ip.is_multicast() && ip != IpAddr::V4(Ipv4Addr::BROADCAST);
    other.port() != 0
        && other.is_ipv4() == server.is_ipv4()
        && sound(other.ip())
        && other.ip().is_loopback() == server.ip().is_loopback()
        && (is_near(server.ip()) || !is_near(other.ip()))
        && other.ip() != server.ip()
}

/// How outgoing packets get their address: what several servers saw of one socket. One that has a second address is asked
/// there too, so that one server suffices, and the answer is exact.
async fn translation(socket: &UdpSocket, seen: &[Seen]) -> NatFinding {
    let Some(first) = seen.first() else { return NatFinding::default() };
    let mut all: Vec<Mapped> = seen.iter().map(|seen| seen.mapped).collect();
    if let Some((server, other)) = with_other(seen) {
        let places = [SocketAddr::new(other.ip(), server.port()), other];
        let questions: Vec<Question> = places.iter().filter_map(|place| question(*place)).collect();
        let heard = ask(socket, &questions).await;
        let more = questions.iter().zip(&heard).filter_map(|(question, heard)| saw(question.to, heard.as_ref()));
        all.extend(more.map(|seen| seen.mapped));
    }
    let local = address_towards(first.mapped.server).await;
    let port = socket.local_addr().map(|address| address.port()).ok();
    let untranslated = local == Some(first.mapped.seen.ip()) && port == Some(first.mapped.seen.port());
    NatFinding { local, public: Some(first.mapped.seen.ip()), untranslated, mapping: mapping(&all), filtering: None }
}

/// Whose packets are let in: a server with two addresses is asked to answer from where we never wrote to.
async fn letting_in(seen: &[Seen]) -> Option<Behaviour> {
    let (server, other) = with_other(seen).filter(|(server, other)| server.port() != other.port())?;
    // The other socket has written to the other address, or is about to.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.ok()?;
    let questions = [
        question(server)?,
        question_answered_from(other, server, Change::AddressAndPort)?,
        question_answered_from(SocketAddr::new(server.ip(), other.port()), server, Change::Port)?,
    ];
    let heard = ask(&socket, &questions).await;
    let worked = |heard: &Option<Heard>| heard.as_ref().is_some_and(|heard| heard.answer.error.is_none());
    // It says so, or answers from where it was asked all the same.
    let stays = |heard: &Option<Heard>| {
        heard.as_ref().is_some_and(|heard| heard.answer.error.is_some() || heard.from == server)
    };
    match heard.as_slice() {
        // A server that will not change its address tells nothing.
        [plain, address, port] if worked(plain) && !stays(address) && !stays(port) => {
            Some(filtering(worked(address), worked(port)))
        }
        _ => None,
    }
}

fn with_other(seen: &[Seen]) -> Option<(SocketAddr, SocketAddr)> {
    seen.iter().find_map(|seen| Some((seen.mapped.server, seen.other?)))
}
