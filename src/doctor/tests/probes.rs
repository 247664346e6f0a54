use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use rtc::stun::addr::MappedAddress;
use rtc::stun::attributes::{ATTR_CHANGE_REQUEST, ATTR_OTHER_ADDRESS};
use rtc::stun::message::{CLASS_SUCCESS_RESPONSE, METHOD_BINDING, Message, MessageType, Setter};
use rtc::stun::xoraddr::XorMappedAddress;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;

use crate::doctor::probe::{TIME_MAX, examine};
use crate::doctor::*;

/// A STUN server at an address of this computer.
pub(in crate::doctor) struct Stun {
    pub(in crate::doctor) port: u16,
    _task: JoinHandle<()>,
}

impl Drop for Stun {
    fn drop(&mut self) {
        self._task.abort();
    }
}

/// What a server does when it is asked to answer from elsewhere.
enum Asked {
    /// It says nothing.
    Silent,
    /// It answers all the same.
    Stays,
    /// It does: from its other port, and from its other address and port.
    Moves([UdpSocket; 2]),
}

/// It sees a partner's port changed by so much.
pub(in crate::doctor) async fn stun(address: Ipv4Addr, shift: u16) -> Stun {
    let socket = UdpSocket::bind((address, 0)).await.unwrap();
    serve(socket, shift, None, Asked::Silent)
}

/// It says that it has another address too.
async fn stun_with_two(asked: fn([UdpSocket; 2]) -> Asked) -> Stun {
    let (address, other) = (Ipv4Addr::new(127, 0, 7, 1), Ipv4Addr::new(127, 0, 7, 2));
    loop {
        let socket = UdpSocket::bind((address, 0)).await.unwrap();
        let elsewhere = UdpSocket::bind((other, 0)).await.unwrap();
        let other = elsewhere.local_addr().unwrap();
        // Somebody may have that port.
        let Ok(other_port) = UdpSocket::bind((address, other.port())).await else { continue };
        return serve(socket, 0, Some(other), asked([other_port, elsewhere]));
    }
}

fn serve(socket: UdpSocket, shift: u16, other: Option<SocketAddr>, asked_to_move: Asked) -> Stun {
    let port = socket.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let mut buffer = [0; 1_500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let mut asked = Message::new();
            if asked.unmarshal_binary(&buffer[..length]).is_err() {
                continue;
            }
            let change = asked.get(ATTR_CHANGE_REQUEST).ok();
            let by = match (&asked_to_move, change.as_deref()) {
                (_, None) | (Asked::Stays, _) => &socket,
                (Asked::Moves([port, _]), Some([.., 0b010])) => port,
                (Asked::Moves([_, both]), Some(_)) => both,
                (Asked::Silent, Some(_)) => continue,
            };
            by.send_to(&seen(&asked, from, shift, other), from).await.unwrap();
        }
    });
    Stun { port, _task: task }
}

/// The answer to who asks for their address.
pub(super) fn seen(asked: &Message, from: SocketAddr, shift: u16, other: Option<SocketAddr>) -> Vec<u8> {
    let mut answer = Message::new();
    answer.typ = MessageType::new(METHOD_BINDING, CLASS_SUCCESS_RESPONSE);
    answer.transaction_id = asked.transaction_id;
    answer.write_header();
    XorMappedAddress { ip: from.ip(), port: from.port().wrapping_add(shift) }.add_to(&mut answer).unwrap();
    if let Some(other) = other {
        MappedAddress { ip: other.ip(), port: other.port() }.add_to_as(&mut answer, ATTR_OTHER_ADDRESS).unwrap();
    }
    answer.raw
}

pub(super) fn servers(urls: &[String]) -> Checkup {
    Checkup { servers: urls.iter().map(|url| url.parse().unwrap()).collect(), ..Checkup::default() }
}

fn brokers(urls: &[&str]) -> Checkup {
    let check = |url: &&str| BrokerToCheck { url: url.parse().unwrap(), own: false };
    Checkup { brokers: urls.iter().map(check).collect(), ..Checkup::default() }
}

/// Two servers that see the same address: nothing translates, and UDP passes.
#[tokio::test(flavor = "multi_thread")]
async fn the_own_address_is_found() {
    let (one, two) = (stun(Ipv4Addr::LOCALHOST, 0).await, stun(Ipv4Addr::new(127, 0, 0, 2), 0).await);
    let urls = [format!("stun:127.0.0.1:{}", one.port), format!("stun:127.0.0.2:{}", two.port)];
    let Findings { stun, udp, nat, .. } = examine(&servers(&urls)).await.findings;
    assert_eq!(udp, UdpFinding::Passes);
    assert!(
        stun.iter().all(|server| server.ipv4.is_some_and(|(seen, _)| seen.ip() == Ipv4Addr::LOCALHOST)),
        "{stun:?}"
    );
    assert!(nat.untranslated, "{nat:?}");
    assert_eq!((nat.mapping, nat.filtering), (Some(Behaviour::Same), None));
}

/// A second server that sees another address shows a strict NAT.
#[tokio::test(flavor = "multi_thread")]
async fn a_strict_nat_is_found() {
    let (one, two) = (stun(Ipv4Addr::LOCALHOST, 5).await, stun(Ipv4Addr::new(127, 0, 0, 2), 9).await);
    let urls = [format!("stun:127.0.0.1:{}", one.port), format!("stun:127.0.0.2:{}", two.port)];
    let report = examine(&servers(&urls)).await;
    assert_eq!(report.findings.nat.mapping, Some(Behaviour::ByAddressAtLeast));
    assert!(report.problems.contains(&Problem::StrictNat));
}

/// A server with two addresses tells whose packets come in: those of everybody, where its answers from elsewhere do; only those
/// of whom we wrote to, where they do not. One that answers from where it was asked all the same tells nothing.
#[tokio::test(flavor = "multi_thread")]
async fn whose_packets_come_in_is_found() {
    let open = stun_with_two(Asked::Moves).await;
    let closed = stun_with_two(|_| Asked::Silent).await;
    let stays = stun_with_two(|_| Asked::Stays).await;
    for (server, filtering) in
        [(open, Some(Behaviour::Same)), (closed, Some(Behaviour::ByAddressAndPort)), (stays, None)]
    {
        let report = examine(&servers(&[format!("stun:127.0.7.1:{}", server.port)])).await;
        assert_eq!(report.findings.nat.filtering, filtering, "{report}");
        assert_eq!(report.facts.contains(&Fact::FilterOpen), filtering == Some(Behaviour::Same), "{report}");
    }
}

/// Servers that hang, that are not there, and names that nobody has: the checkup ends within its time and says each.
#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_in_time() {
    let hole = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (hole, hangs) = (hole.local_addr().unwrap().port(), silent.local_addr().unwrap().port());
    let urls = [
        format!("stun:127.0.0.1:{hole}"),
        format!("turn:user:word@127.0.0.1:{hole}"),
        "stun:nobody.invalid".to_owned(),
    ];
    let broker = format!("mqtt://user:secret@127.0.0.1:{hangs}");
    let checkup = Checkup { servers: servers(&urls).servers, ..brokers(&[&broker, "mqtt://nobody.invalid"]) };
    let started = Instant::now();
    let report = examine(&checkup).await;
    assert!(started.elapsed() < TIME_MAX + Duration::from_secs(2), "{:?}", started.elapsed());
    let codes: Vec<_> = report.problems.iter().map(Problem::code).collect();
    // Whether nobody has that name, or nobody says so in time, is up to this computer's resolver.
    let late = |late: bool, code: &'static str| if late { "name-late" } else { code };
    let broker = report.findings.brokers[1].fault.as_ref().is_some_and(|fault| !fault.refused);
    let (broker, server) = (late(broker, "broker-unknown"), report.findings.stun[2].name == Name::Late);
    let server = late(server, "stun-unknown");
    assert_eq!(codes, ["broker-refuses", broker, "stun-silent", server, "relay-silent"], "{report}");
    let text = format!("{report}{:?}{}", report.findings, report.json());
    assert!(!text.contains("secret") && !text.contains("word@"), "{text}");
}

/// A broker that does all that it should, and a port where nobody listens.
#[cfg(feature = "embedded-broker")]
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_is_asked_for_everything() {
    use crate::broker::{Broker, Options};
    let broker = Broker::start(Options::new((Ipv4Addr::LOCALHOST, 0).into())).await.unwrap();
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let url = format!("mqtt://{}", broker.tcp_addr());
    let report = examine(&brokers(&[&url, &format!("mqtt://{closed}"), &url.replace("mqtt", "mqtts")])).await;
    let [well, nobody, not_secure] = report.findings.brokers.as_slice() else { panic!("{report:?}") };
    assert_eq!(well.fault, None);
    assert!(well.round_trip.is_some_and(|took| took < Duration::from_secs(1)));
    assert_eq!(nobody.fault.as_ref().map(|fault| fault.step), Some(Step::Reach));
    assert_eq!(not_secure.fault.as_ref().map(|fault| fault.step), Some(Step::Secure));
    broker.shutdown().await;
}
