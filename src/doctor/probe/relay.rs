//! Asks a TURN server for a relay with the credentials that Kith would use, and gives it back (RFC 8656 §7).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use super::udp::{Question, ask, transaction};
use super::{Place, address_towards};
use crate::doctor::findings::{Name, RelayFault, RelayFinding};
use crate::doctor::stun::{self, Answer, Login, Method, Transaction};
use crate::link::ice::{self, Admission};

/// All that is said with one server: what a checkup has left when its name was slow to become an address.
const RELAY_MAX: Duration = Duration::from_secs(6);
/// Unauthorised: who are you?
const WHO: u16 = 401;
/// The nonce is too old; the answer has a fresh one.
const STALE: u16 = 438;
/// Wrong credentials (for this relay).
const WRONG: u16 = 441;
/// The user has as many relays as they may, and nobody gets any more.
const FULL: [u16; 2] = [486, 508];

pub(super) async fn check(place: &Place) -> RelayFinding {
    let relay = timeout(RELAY_MAX, relay(place)).await.unwrap_or(Err(RelayFault::Silent));
    let relay = relay.map_err(|fault| match fault {
        RelayFault::Login if place.server.admission() == Admission::Secret => RelayFault::Secret,
        fault => fault,
    });
    RelayFinding { server: place.server.shown().to_owned(), relay }
}

async fn relay(place: &Place) -> Result<(SocketAddr, Duration), RelayFault> {
    let unknown = if place.name == Name::Late { RelayFault::Late } else { RelayFault::NoAddress };
    let server = way_to(place).await.ok_or(unknown)?;
    let bound = match server {
        SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await,
        SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await,
    };
    let socket = bound.map_err(|_| RelayFault::Silent)?;
    let started = Instant::now();
    let first = exchange(&socket, server, |transaction| stun::allocate(transaction, None)).await?;
    let (Some(WHO), Some(realm), Some(nonce)) = (first.error, first.realm, first.nonce) else {
        if first.error.is_none() && first.relayed.is_some() {
            give_back(&socket, server, None).await;
            return Err(RelayFault::Open);
        }
        return Err(first.error.filter(|number| *number != WHO).map_or(RelayFault::Strange, fault));
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let ice::Login { user, password } = place.server.login(now);
    let mut login = Login { user, password, realm, nonce };
    let mut answer = exchange(&socket, server, |transaction| stun::allocate(transaction, Some(&login))).await?;
    if let (Some(STALE), Some(nonce)) = (answer.error, answer.nonce.clone()) {
        login.nonce = nonce;
        answer = exchange(&socket, server, |transaction| stun::allocate(transaction, Some(&login))).await?;
    }
    match (answer.error, answer.relayed) {
        (Some(number), _) => Err(fault(number)),
        (None, None) => Err(RelayFault::Strange),
        (None, Some(relayed)) => {
            let took = started.elapsed();
            give_back(&socket, server, Some(&login)).await;
            Ok((relayed, took))
        }
    }
}

/// Where to ask: over IPv4 if this device has a way there, else over IPv6.
pub(super) async fn way_to(place: &Place) -> Option<SocketAddr> {
    for address in [place.ipv4, place.ipv6].into_iter().flatten() {
        if address_towards(address).await.is_some() {
            return Some(address);
        }
    }
    place.ipv4.or(place.ipv6)
}

/// Said once: what is not heard runs out by itself after ten minutes.
async fn give_back(socket: &UdpSocket, server: SocketAddr, login: Option<&Login>) {
    let said = match stun::give_back(transaction(), login) {
        Ok(bytes) => socket.send_to(&bytes, server).await.is_ok(),
        Err(_) => false,
    };
    if !said {
        tracing::debug!("a relay could not be given back; it runs out by itself");
    }
}

async fn exchange(
    socket: &UdpSocket,
    to: SocketAddr,
    write: impl Fn(Transaction) -> rtc::shared::error::Result<Vec<u8>>,
) -> Result<Answer, RelayFault> {
    let transaction = transaction();
    // What cannot be written is longer than a name and a password may be.
    let bytes = write(transaction).map_err(|_| RelayFault::Login)?;
    let heard = ask(socket, &[Question { to, bytes, transaction, elsewhere: None }]).await;
    let answer = heard.into_iter().next().flatten().ok_or(RelayFault::Silent)?.answer;
    if answer.method == Method::Allocate { Ok(answer) } else { Err(RelayFault::Strange) }
}

fn fault(number: u16) -> RelayFault {
    match number {
        WHO | WRONG | STALE => RelayFault::Login,
        number if FULL.contains(&number) => RelayFault::Full,
        number => RelayFault::Refused(number),
    }
}
