use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rtc::crypto::default_provider;
use rtc::stun::attributes::{
    ATTR_ERROR_CODE, ATTR_LIFETIME, ATTR_NONCE, ATTR_REALM, ATTR_USERNAME, ATTR_XOR_RELAYED_ADDRESS,
};
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{
    CLASS_ERROR_RESPONSE, CLASS_SUCCESS_RESPONSE, METHOD_ALLOCATE, METHOD_BINDING, METHOD_REFRESH, Message, MessageType,
};
use rtc::stun::xoraddr::XorMappedAddress;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::probes::{seen, servers};
use crate::doctor::probe::examine;
use crate::doctor::*;

/// How a TURN server treats who asks it for a relay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// It wants user "alice" with password "word", and changes its nonce once.
    Login,
    /// It knows nobody.
    Nobody,
    /// It lets everybody in.
    Open,
}

const RELAY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), 50_000);

/// A TURN server that tells what it was asked: the question, and whether a login that it knows stood in it.
async fn turn(guard: Guard) -> (u16, mpsc::Receiver<(&'static str, bool)>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut buffer = [0; 1_500];
        let mut nonce = "first";
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let mut asked = Message::new();
            asked.unmarshal_binary(&buffer[..length]).unwrap();
            let known = asked.contains(ATTR_USERNAME) && knows(&mut asked);
            let fresh = asked.get(ATTR_NONCE).is_ok_and(|said| said == nonce.as_bytes());
            let error = match asked.typ.method {
                METHOD_BINDING => {
                    socket.send_to(&seen(&asked, from, 0, None), from).await.unwrap();
                    continue;
                }
                METHOD_REFRESH => {
                    assert_eq!(asked.get(ATTR_LIFETIME).unwrap(), [0; 4]);
                    tell.send(("refresh", known && fresh)).await.unwrap();
                    continue;
                }
                _ if guard == Guard::Open => None,
                _ if guard == Guard::Nobody || !known => Some([0, 0, 4, 1]),
                _ if nonce == "first" => {
                    nonce = "second";
                    Some([0, 0, 4, 38])
                }
                _ => (!fresh).then_some([0, 0, 4, 38]),
            };
            tell.send(("allocate", known && fresh)).await.unwrap();
            let mut answer = Message::new();
            answer.typ = MessageType::new(
                METHOD_ALLOCATE,
                if error.is_some() { CLASS_ERROR_RESPONSE } else { CLASS_SUCCESS_RESPONSE },
            );
            answer.transaction_id = asked.transaction_id;
            answer.write_header();
            match error {
                Some(error) => {
                    answer.add(ATTR_ERROR_CODE, &error);
                    answer.add(ATTR_REALM, b"kith.example");
                    answer.add(ATTR_NONCE, nonce.as_bytes());
                }
                None => {
                    let relay = XorMappedAddress { ip: RELAY.ip(), port: RELAY.port() };
                    relay.add_to_as(&mut answer, ATTR_XOR_RELAYED_ADDRESS).unwrap();
                }
            }
            socket.send_to(&answer.raw, from).await.unwrap();
        }
    });
    (port, told)
}

/// Whether its proof is that of alice's password.
fn knows(asked: &mut Message) -> bool {
    let provider = default_provider().unwrap();
    let (user, realm, word) = ("alice".to_owned(), "kith.example".to_owned(), "word".to_owned());
    let key = MessageIntegrity::long_term_integrity_key(user, realm, word, provider.crypto()).unwrap();
    MessageIntegrity::check(asked, &key, provider.crypto()).is_ok()
}

async fn next(told: &mut mpsc::Receiver<(&'static str, bool)>) -> (&'static str, bool) {
    timeout(Duration::from_secs(5), told.recv()).await.unwrap().unwrap()
}

/// A relay is asked for as who has a login, once more when the server wants another nonce, and is given back.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_is_taken_and_given_back() {
    let (port, mut told) = turn(Guard::Login).await;
    let report = examine(&servers(&[format!("turn:alice:word@127.0.0.1:{port}")])).await;
    assert_eq!(report.findings.relays[0].relay.map(|(address, _)| address), Ok(RELAY), "{report}");
    for expected in [("allocate", false), ("allocate", true), ("allocate", true), ("refresh", true)] {
        assert_eq!(next(&mut told).await, expected);
    }
    assert_eq!(told.try_recv(), Err(mpsc::error::TryRecvError::Empty));
}

/// Whom a server does not know is told which kind of login is wrong: a password, or a secret and perhaps the clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_no_wrong_password() {
    let (port, _told) = turn(Guard::Nobody).await;
    for (login, code) in [("alice:word", "relay-login"), ("hush", "relay-secret")] {
        let report = examine(&servers(&[format!("turn:{login}@127.0.0.1:{port}")])).await;
        let codes: Vec<_> = report.problems.iter().map(Problem::code).collect();
        assert_eq!(codes, ["no-broker", code], "{report}");
    }
}

/// A server that gives relays to everybody is told as one (Kith's links cannot use it), and does not keep the place.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_relay_is_told_and_given_back() {
    let (port, mut told) = turn(Guard::Open).await;
    let report = examine(&servers(&[format!("turn:alice:word@127.0.0.1:{port}")])).await;
    assert_eq!(report.findings.relays[0].relay, Err(RelayFault::Open));
    assert_eq!(next(&mut told).await, ("allocate", false));
    assert_eq!(next(&mut told).await, ("refresh", false));
}
