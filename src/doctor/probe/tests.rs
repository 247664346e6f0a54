use std::net::{Ipv4Addr, SocketAddr};

use super::relay::way_to;
use super::*;

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
