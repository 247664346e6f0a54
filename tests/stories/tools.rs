//! The tools of the stories hold by themselves: a recorder that hears nothing would prove nothing.

use crate::support::mqtt::{self, Client, Watch, flood};
use crate::support::{Broker, Recorder, Skip, Transport, report_skip};

/// What is published through a proxy before a broker is recorded packet by packet, seen by a watcher, and a broker that
/// was stopped or killed comes back at its address.
#[test]
fn the_recorder_and_the_watcher_see_what_passes() {
    let dir = tempfile::tempdir().unwrap();
    let mut broker = match Broker::start(Transport::MosquittoWs, dir.path()) {
        Ok(broker) => broker,
        Err(Skip(reason)) => return report_skip("tools::the_recorder_and_the_watcher_see_what_passes", &reason),
    };
    let recorder = Recorder::before(broker.tcp_port());
    let port = recorder.url().rsplit(':').next().unwrap().parse().unwrap();
    let watch = Watch::new(broker.tcp_port());
    let sizes = [0, 1, 127, 128, 1024, 16_384, 65_536, 100 * 1024];
    let topic = "user/x/mailbox";
    assert_eq!(flood(port, 3, sizes.map(|size| (topic, vec![7; size]))), sizes.len());
    // The broker refuses what is over its limit by closing the connection; the rest still passes.
    assert_eq!(flood(port, 3, [10, 2 * 1024 * 1024, 20].map(|size| (topic, vec![8; size]))), 2);

    let expected: Vec<usize> = sizes.into_iter().chain([10, 20]).collect();
    let lengths = |payloads: Vec<usize>, of: u8, all: &[mqtt::Publish]| {
        let seen: Vec<usize> = all.iter().filter(|p| p.payload.first() == Some(&of)).map(|p| p.payload.len()).collect();
        assert!(payloads.iter().all(|length| seen.contains(length)), "{seen:?}");
    };
    let watched = watch.publishes();
    assert_eq!(watched.iter().filter(|publish| publish.payload.is_empty()).count(), 1);
    lengths(expected[1..8].to_vec(), 7, &watched);
    lengths(vec![10, 20], 8, &watched);
    assert_eq!(watch.inboxes(), ["user/x"]);
    let recorded: Vec<_> = recorder.packets().into_iter().filter_map(|(_, packet)| packet.publish()).collect();
    lengths(expected[1..8].to_vec(), 7, &recorded);
    assert!(recorder.packets().iter().any(|(from_node, packet)| *from_node && packet.kind == mqtt::CONNECT));

    broker.restart();
    Client::connect(port).and_then(|mut client| client.publish(topic, b"again")).unwrap();
    broker.kill();
    assert!(Client::connect(port).is_err());
    broker.up();
    Client::connect(port).and_then(|mut client| client.subscribe(topic)).unwrap();
    // The WebSocket listener answers too.
    let ws = broker.url().rsplit(':').next().unwrap().trim_end_matches("/mqtt").parse::<u16>().unwrap();
    std::net::TcpStream::connect(("127.0.0.1", ws)).unwrap();
}
