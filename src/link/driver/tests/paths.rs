//! Which paths there are and which are shown: restarts, and the policy.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::UdpSocket;
use webrtc::data_channel::DataChannel;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceCandidateInit, RTCPeerConnectionIceEvent,
    RTCSessionDescription, SettingEngineBuilder,
};

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
    assert_eq!(forward::without_addresses(&forward::without_candidates(sdp)), hidden);
}

/// Candidates of a peer are counted and looked at where they travel, so none comes in with a description, and none goes out with one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_description_brings_no_candidates() {
    let mut pair = Pair::new();
    pair.connect(id(1)).await;
    pair.command(0, DriverCommand::Restart { connection: id(1), generation: 1 });
    let offer = loop {
        if let (0, DriverEvent::OfferReady { sdp, .. }) = pair.event().await {
            break sdp;
        }
    };
    assert!(!offer.contains("candidate"), "{offer}");
    let planted = format!("{offer}a=candidate:1 1 udp 2130706431 192.0.2.7 9 typ host\r\na=end-of-candidates\r\n");
    assert_eq!(forward::without_candidates(&planted), offer);
    pair.end().await;
}

/// With one server that the library refuses it makes no connection at all: it takes whatever we take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_server_that_is_taken_can_be_used() {
    for url in [
        "stun:192.0.2.1",
        "stun:[2001:db8::1]:3478",
        "turn:u:p@192.0.2.1:1?transport=udp",
        "turn:s@[2001:db8::1]",
        "stun:a_b-c.example:1",
    ] {
        let bind = vec!["127.0.0.1:0".to_owned()];
        let settings =
            Settings { ice_servers: vec![url.parse().unwrap()], bind, names: silent(), ..Settings::default() };
        let mut pair = Pair::with(settings, 64);
        pair.command(0, DriverCommand::Offer { connection: id(1) });
        let (_, event) = pair.event().await;
        assert!(matches!(event, DriverEvent::OfferReady { .. }), "{url}: {event:?}");
        pair.end().await;
    }
}

/// A name server that never answers keeps no two devices apart that need none. The library asks for a name in the turn in which it
/// reads its sockets, and one attempt may take no longer than the machine allows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_name_server_keeps_nobody_apart() {
    let ice_servers = vec!["stun:one.example".parse().unwrap(), "stun:two.example".parse().unwrap()];
    let bind = vec!["127.0.0.1:0".to_owned()];
    let mut pair = Pair::with(Settings { ice_servers, bind, names: silent(), ..Settings::default() }, 64);
    pair.connect(id(1)).await;
    pair.deliver(0, id(1), b"hello").await;
    pair.end().await;
}

fn silent() -> Names {
    Names::new(|_| Box::pin(std::future::pending()))
}

/// Whoever opens a channel of their own fills it for nobody: what arrives there would wait in the library, without a limit that we
/// set. The link ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_opens_no_channel_of_its_own() {
    let mut pair = Pair::new();
    let (mut stranger, offer) = Box::pin(Stranger::new()).await;
    pair.command(1, DriverCommand::AcceptOffer { connection: id(2), sdp: offer, instead_of: None });
    loop {
        let (_, event) = tokio::select! {
            event = pair.event() => event,
            Some(candidate) = stranger.candidates.recv() => {
                pair.command(1, DriverCommand::AddCandidates { connection: id(2), candidates: vec![candidate] });
                continue;
            }
        };
        match event {
            DriverEvent::AnswerReady { sdp, .. } => stranger.accept(sdp).await,
            DriverEvent::CandidatesReady { candidates, .. } => stranger.add(candidates).await,
            DriverEvent::Closed { reason, .. } => {
                assert_eq!(reason, crate::link::CloseReason::Violation("a channel of its own"));
                break;
            }
            _ => {}
        }
    }
    stranger.peer.close().await.unwrap();
    pair.end().await;
}

/// The library without Kith, with a channel that is not negotiated.
struct Stranger {
    peer: Arc<dyn PeerConnection>,
    candidates: mpsc::Receiver<Candidate>,
    _channel: Arc<dyn DataChannel>,
}

struct Tell(mpsc::Sender<Candidate>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Tell {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        let init = event.candidate.to_json().unwrap();
        let candidate = Candidate { line: init.candidate, mid: init.sdp_mid, mline: init.sdp_mline_index };
        self.0.send(candidate).await.unwrap();
    }
}

impl Stranger {
    async fn new() -> (Self, String) {
        let (told, candidates) = mpsc::channel(64);
        let engine = SettingEngineBuilder::new().with_include_loopback_candidate(true).build();
        let builder = PeerConnectionBuilder::new()
            .with_setting_engine(engine)
            .with_handler(Arc::new(Tell(told)))
            .with_udp_addrs(vec!["127.0.0.1:0".to_owned()]);
        let peer: Arc<dyn PeerConnection> = Arc::new(Box::pin(builder.build()).await.unwrap());
        let channel = peer.create_data_channel("flood", None).await.unwrap();
        let offer = peer.create_offer(None).await.unwrap();
        peer.set_local_description(offer.clone()).await.unwrap();
        (Self { peer, candidates, _channel: channel }, offer.sdp)
    }

    async fn accept(&self, answer: String) {
        self.peer.set_remote_description(RTCSessionDescription::answer(answer).unwrap()).await.unwrap();
    }

    async fn add(&self, candidates: Vec<Candidate>) {
        for candidate in candidates {
            let Candidate { line, mid, mline } = candidate;
            let init =
                RTCIceCandidateInit { candidate: line, sdp_mid: mid, sdp_mline_index: mline, ..Default::default() };
            self.peer.add_ice_candidate(init).await.unwrap();
        }
    }
}

/// Only what a Kith tells of itself is tried: no connection over TCP is made to wherever a peer says.
#[test]
fn a_peer_cannot_make_us_connect_over_tcp() {
    assert!(forward::is_usable("candidate:1 1 udp 2130706431 192.0.2.7 9 typ host"));
    assert!(forward::is_usable("candidate:1 1 UDP 2130706431 192.0.2.7 9 typ relay raddr 0.0.0.0 rport 9"));
    assert!(!forward::is_usable("candidate:1 1 tcp 2130706431 192.0.2.7 9 typ host tcptype passive"));
    assert!(!forward::is_usable("candidate:1 1"));
}
