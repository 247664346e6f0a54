//! Which paths there are and which are shown: restarts, and the policy.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::UdpSocket;

use super::super::*;
use super::{DEADLINE, Pair, id, report};
use crate::link::Path;
use crate::wire::signal::Candidate;

/// ICE is restarted on an open connection, by either side and again and again: new addresses, the same connection, and what
/// is sent meanwhile arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_the_connection_and_loses_nothing() {
    let (mut times, mut waited) = (Vec::new(), Vec::new());
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    for generation in 1..=6 {
        let side = generation as usize % 2;
        let began = Instant::now();
        pair.described.clear();
        pair.command(side, DriverCommand::Restart { connection: id(1), generation });
        let number = generation.to_be_bytes();
        for side in [0, 1] {
            pair.handles[side].send(id(1), Bytes::copy_from_slice(&number)).unwrap();
        }
        let mut delivered = Duration::ZERO;
        let (mut again, mut arrived) = ([false; 2], [false; 2]);
        while again != [true; 2] || arrived != [true; 2] {
            let (at, event) = pair.event().await;
            match pair.carry(at, event, None) {
                Some(DriverEvent::Reconnected { path, .. }) => {
                    assert_eq!(path, Path::Direct);
                    again[at] = true;
                    if again == [true; 2] {
                        times.push(began.elapsed());
                    }
                }
                Some(DriverEvent::Frame { bytes, .. }) => {
                    assert_eq!(bytes, number.as_slice());
                    assert!(!std::mem::replace(&mut arrived[at], true), "it came twice");
                    if at != side {
                        delivered = began.elapsed();
                    }
                }
                Some(other) => panic!("{at}: {other:?}"),
                None => {}
            }
        }
        waited.push(delivered);
        // The library doubles its patience with each loss until something new is confirmed.
        for side in [0, 1] {
            pair.deliver(side, id(1), b"in between").await;
        }
    }
    report("ICE restarts on loopback", times);
    report("a frame of who restarts", waited);
    pair.end().await;
}

/// Who allows no link, or relays only and has none, tells no address: an offer is neither made nor answered, and it says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forbidden_link_is_never_made() {
    let settings = [Policy::Never, Policy::RelayOnly].map(|policy| Settings { policy, ..Settings::default() });
    let mut pair = Pair::of(settings, 64);
    pair.command(0, DriverCommand::Offer { connection: id(1) });
    let sdp = "v=0".to_owned();
    pair.command(1, DriverCommand::AcceptOffer { connection: id(2), sdp, instead_of: None });
    for _ in 0..2 {
        let (side, event) = pair.event().await;
        let connection = [id(1), id(2)][side];
        assert_eq!(event, DriverEvent::Closed { connection, reason: crate::link::CloseReason::Forbidden });
    }
    pair.end().await;
}

/// A driver that is dropped carries out nothing more of what it was told: it may have been made for somebody who hides by now.
#[tokio::test]
async fn a_dropped_driver_does_nothing_more() {
    let mut pair = Pair::new();
    pair.command(0, DriverCommand::Offer { connection: id(1) });
    let sdp = loop {
        if let (0, DriverEvent::OfferReady { sdp, .. }) = pair.event().await {
            break sdp;
        }
    };
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let (sender, mut events) = mpsc::channel(64);
    let settings = Settings { bind: vec!["127.0.0.1:0".to_owned()], ..Settings::default() };
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = peer.local_addr().unwrap().port();
    let line = format!("candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host");
    let candidates = vec![Candidate { line, mid: Some("0".to_owned()), mline: Some(0) }];
    let driver = spawn((), settings, &tracker, cancel, sender);
    driver.command(DriverCommand::AcceptOffer { connection: id(1), sdp, instead_of: None }).unwrap();
    driver.command(DriverCommand::AddCandidates { connection: id(1), candidates }).unwrap();
    drop(driver);
    tracker.close();
    tokio::time::timeout(DEADLINE, tracker.wait()).await.unwrap();
    assert_eq!(events.recv().await, None, "it answered");
    assert!(peer.try_recv(&mut [0; 1500]).is_err(), "it sent a packet");
    pair.end().await;
}

/// Who shows relays only tells the peer no other address, while the other tells all of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_relays_only_tells_no_other_address() {
    // Nobody answers there, so no relay is found.
    let ice_servers = vec!["turn:user:password@127.0.0.1:9".parse().unwrap()];
    let hidden = Settings { policy: Policy::RelayOnly, ice_servers, ..Settings::default() };
    let mut pair = Pair::of([hidden, Settings::default()], 64);
    pair.command(0, DriverCommand::Offer { connection: id(1) });
    let mut told = false;
    while !told {
        let (side, event) = pair.event().await;
        match &event {
            DriverEvent::OfferReady { sdp, .. } | DriverEvent::AnswerReady { sdp, .. } => {
                assert!(side == 1 || !sdp.contains("candidate"), "{sdp}");
            }
            DriverEvent::CandidatesReady { candidates, .. } => {
                assert!(side == 1 || candidates.is_empty(), "{candidates:?}");
                told |= !candidates.is_empty();
            }
            other => panic!("{other:?}"),
        }
        pair.carry(side, event, None);
    }
    pair.end().await;
}

/// What a relay's candidate says of where it was asked from is taken out, and nothing else.
#[test]
fn a_relay_does_not_tell_who_asked_it() {
    let line = "candidate:1 1 udp 41885439 192.0.2.7 50000 typ relay raddr 198.51.100.4 rport 1234 ufrag x";
    let hidden = "candidate:1 1 udp 41885439 192.0.2.7 50000 typ relay raddr 0.0.0.0 rport 9 ufrag x";
    assert_eq!(forward::without_related(line), hidden);
    assert_eq!(forward::without_related("candidate:1 typ host"), "candidate:1 typ host");
}

/// A description of who hides names no address, whatever the library has written into it, and stays a description.
#[test]
fn a_description_tells_no_address() {
    let sdp = "v=0\r\no=- 77 1 IN IP6 2001:db8::7\r\ns=-\r\na=fingerprint:sha-256 AB\r\n\
               m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 192.0.2.7\r\na=mid:0\r\n\
               a=candidate:1 1 udp 2130706431 192.0.2.7 9 typ host\r\na=end-of-candidates\r\na=setup:active\r\n";
    let hidden = "v=0\r\no=- 77 1 IN IP4 0.0.0.0\r\ns=-\r\na=fingerprint:sha-256 AB\r\n\
                  m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n\
                  a=setup:active\r\n";
    assert_eq!(forward::without_addresses(sdp), hidden);
}

/// Only what a Kith tells of itself is tried: no connection over TCP is made to wherever a peer says.
#[test]
fn a_peer_cannot_make_us_connect_over_tcp() {
    assert!(forward::is_usable("candidate:1 1 udp 2130706431 192.0.2.7 9 typ host"));
    assert!(forward::is_usable("candidate:1 1 UDP 2130706431 192.0.2.7 9 typ relay raddr 0.0.0.0 rport 9"));
    assert!(!forward::is_usable("candidate:1 1 tcp 2130706431 192.0.2.7 9 typ host tcptype passive"));
    assert!(!forward::is_usable("candidate:1 1"));
}
