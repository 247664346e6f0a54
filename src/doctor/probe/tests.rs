use std::net::{Ipv4Addr, SocketAddr};

use super::relay::way_to;
use super::*;
use crate::doctor::tests::probes::stun;

/// A relay is asked where this device has a way to: over IPv4 if it can, else over IPv6.
#[tokio::test]
async fn a_relay_is_asked_where_there_is_a_way() {
    // Nobody may write there without saying that it is meant for all, so the system knows no way.
    let nowhere = Some(SocketAddr::new(Ipv4Addr::BROADCAST.into(), 3478));
    let (here, there) = ("127.0.0.1:3478".parse().ok(), "127.0.0.2:3478".parse().ok());
    let place = |ipv4, ipv6| Place { server: "turn:u:p@relay".parse().unwrap(), name: Name::Found, ipv4, ipv6 };
    assert_eq!(way_to(&place(here, there)).await, here);
    assert_eq!(way_to(&place(nowhere, there)).await, there);
    assert_eq!(way_to(&place(None, there)).await, there);
    assert_eq!(way_to(&place(None, None)).await, None);
}

/// IPv6 is doubted only on the word of a server that answers over IPv4: one that is silent over both may be down.
#[tokio::test(flavor = "multi_thread")]
async fn silence_over_ipv6_counts_only_of_servers_that_answer() {
    let server = stun(Ipv4Addr::LOCALHOST, 0).await;
    let hole = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let nobody6 = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), hole.port());
    let place = |ipv4, ipv6| Place { server: "stun:a".parse().unwrap(), name: Name::Found, ipv4: Some(ipv4), ipv6 };
    let answers = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), server.port);
    let dead = nat::check(&[place(answers, None), place(hole, Some(nobody6))]).await;
    assert_eq!(dead.silent_ipv6, 0);
    // Where this system has no IPv6 at all, nobody can be asked over it.
    let has_ipv6 = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await.is_ok();
    let broken = nat::check(&[place(answers, Some(nobody6)), place(hole, Some(nobody6))]).await;
    assert_eq!(broken.silent_ipv6, usize::from(has_ipv6));
}
