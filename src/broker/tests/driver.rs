use std::collections::VecDeque;

use bytes::Bytes;
use tokio::net::TcpStream;

use super::*;
use crate::signaling::mqtt::testing::TestClient;
use crate::signaling::mqtt::{MqttCommand, MqttEvent, PAYLOAD_BYTES_MAX, Refusal, SendError, SessionKind};

const CLEAN: SessionKind = SessionKind::Clean;
const PERSISTENT: SessionKind = SessionKind::Persistent;

/// Over TCP and over WebSocket: subscribe, publish, the PUBACK's token, the message, the largest payload.
#[tokio::test]
async fn a_message_goes_through() {
    let broker = broker().await;
    let ws = format!("ws://{}{WEBSOCKET_PATH}", broker.ws_addr().unwrap());
    for url in [url(&broker), ws] {
        let (mut alice, present) = TestClient::connected(&url, "alice", CLEAN).await;
        let (mut bob, _) = TestClient::connected(&url, "bob", CLEAN).await;
        assert!(!present);
        assert!(bob.subscribe("user/bob/offer").await);
        for (token, payload) in [(7, Bytes::from_static(b"hello")), (8, vec![1; PAYLOAD_BYTES_MAX - 1024].into())] {
            alice.say(token, "user/bob/offer", payload.clone()).await;
            assert_eq!(bob.receive().await, (None, payload, false));
        }
        bob.send(MqttCommand::Unsubscribe { topics: vec!["user/bob/offer".to_owned()] });
        assert!(bob.subscribe("user/bob/answer").await);
        alice.say(9, "user/bob/offer", "nobody listens").await;
        alice.say(10, "user/bob/answer", "somebody does").await;
        assert_eq!(bob.receive().await.1, "somebody does");
        alice.leave().await;
        bob.leave().await;
    }
    broker.shutdown().await;
}

/// A broker that lives shows it when it is asked, over TCP and over WebSocket, and nothing else follows from that.
#[tokio::test]
async fn a_sign_of_life_can_be_asked_for() {
    let broker = broker().await;
    let ws = format!("ws://{}{WEBSOCKET_PATH}", broker.ws_addr().unwrap());
    for url in [url(&broker), ws] {
        let (mut client, _) = TestClient::connected(&url, "c", CLEAN).await;
        assert!(client.subscribe("user/c/offer").await);
        for token in 0..3 {
            client.send(MqttCommand::Probe);
            assert_eq!(client.next().await, MqttEvent::Alive);
            client.say(token, "user/nobody/offer", "still here").await;
        }
        client.leave().await;
    }
    broker.shutdown().await;
}

/// Who could subscribe with a wildcard would see every inbox: it is refused, alone and beside a good topic.
#[tokio::test]
async fn wildcards_are_refused() {
    let broker = broker().await;
    let (mut client, _) = TestClient::connected(&url(&broker), "c", CLEAN).await;
    for filter in ["#", "+", "user/#", "user/+/offer", "$SYS/#", "$SYS/broker/uptime", "$share/g/user/a"] {
        assert!(!client.subscribe(filter).await, "{filter} was granted");
    }
    client.send(MqttCommand::Subscribe { topics: ["a", "b/+", "c"].map(str::to_owned).to_vec() });
    for (topic, granted) in [("a", true), ("b/+", false), ("c", true)] {
        assert_eq!(client.next().await, MqttEvent::Subscribed { topic: topic.to_owned(), granted });
    }
}

/// What was not acknowledged comes again on the next connection, marked; what was does not.
#[tokio::test]
async fn only_what_is_acknowledged_is_gone() {
    let broker = broker().await;
    let (mut bob, present) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    assert!(!present);
    assert!(bob.subscribe("mail").await);
    let (mut alice, _) = TestClient::connected(&url(&broker), "alice", CLEAN).await;
    for (token, text) in [(1, "one"), (2, "two"), (3, "three")] {
        alice.say(token, "mail", text).await;
    }
    let (first, ..) = bob.receive().await;
    assert_eq!(bob.receive().await.1, "two");
    bob.receive().await;
    bob.send(MqttCommand::Ack { delivery: first.unwrap() });
    bob.send(MqttCommand::Disconnect);
    assert!(matches!(bob.next().await, MqttEvent::Lost { .. }));

    assert!(bob.connect().await, "the session was kept");
    for text in ["two", "three"] {
        let (delivery, payload, duplicate) = bob.receive().await;
        assert_eq!((payload, duplicate), (Bytes::from(text), true));
        bob.send(MqttCommand::Ack { delivery: delivery.unwrap() });
    }
    bob.leave().await;
    let (mut bob, _) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    alice.say(4, "mail", "four").await;
    assert_eq!(bob.receive().await.1, "four");
}

/// A subscriber is away, something is published, the broker restarts, the subscriber returns and gets it.
#[tokio::test]
async fn a_restart_keeps_sessions_and_queues() {
    let folder = tempfile::tempdir().unwrap();
    let broker = kept(ANY, folder.path()).await;
    let address = broker.tcp_addr();
    let (mut bob, _) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    assert!(bob.subscribe("mail").await);
    let (mut alice, _) = TestClient::connected(&url(&broker), "alice", CLEAN).await;
    alice.say(1, "mail", "in hand").await;
    bob.receive().await; // not acknowledged
    bob.leave().await;
    alice.say(2, "mail", "while away").await;
    broker.shutdown().await;
    assert!(matches!(alice.next().await, MqttEvent::Lost { .. }));

    let broker = kept(address, folder.path()).await;
    assert!(!alice.connect().await, "a clean session is not kept");
    let (mut bob, present) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    assert!(present);
    for text in ["in hand", "while away"] {
        let (delivery, payload, _) = bob.receive().await;
        assert_eq!(payload, text);
        bob.send(MqttCommand::Ack { delivery: delivery.unwrap() });
    }
    alice.say(3, "mail", "afterwards").await;
    assert_eq!(bob.receive().await.1, "afterwards");
    broker.shutdown().await;
}

/// A connected subscriber that had not acknowledged when the broker stopped gets it from the next broker.
#[tokio::test]
async fn a_restart_keeps_what_was_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let broker = kept(ANY, folder.path()).await;
    let address = broker.tcp_addr();
    let (mut bob, _) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    assert!(bob.subscribe("mail").await);
    let (mut alice, _) = TestClient::connected(&url(&broker), "alice", CLEAN).await;
    for token in 0..20 {
        alice.say(token, "mail", token.to_string()).await;
    }
    broker.shutdown().await;
    let broker = kept(address, folder.path()).await;
    let mut got = Vec::new();
    while got.len() < 20 {
        match bob.next().await {
            MqttEvent::Received { payload, .. } if !got.contains(&payload) => got.push(payload),
            MqttEvent::Received { .. } => {}
            MqttEvent::Lost { .. } => bob.send(MqttCommand::Connect),
            MqttEvent::Connected { session_present } => assert!(session_present),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(got, (0..20).map(|n| Bytes::from(n.to_string())).collect::<Vec<_>>());
    broker.shutdown().await;
}

/// Ten thousand publishes through a bounded channel, the publisher being its own subscriber: no deadlock, none lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_back_pressure_not_a_deadlock() {
    const FLOOD: u64 = 10_000;
    let broker = broker().await;
    let (mut client, _) = TestClient::connected(&url(&broker), "c", PERSISTENT).await;
    assert!(client.subscribe("t").await);
    let (mut token, mut published, mut received, mut waits) = (0, 0, 0, 0);
    let mut acks = VecDeque::new();
    while published < FLOOD || received < FLOOD {
        while let Some(delivery) = acks.pop_front() {
            if client.handle.try_send(MqttCommand::Ack { delivery }) == Err(SendError::Full) {
                acks.push_front(delivery);
                break;
            }
        }
        while token < FLOOD {
            match client.publish(token, "t", vec![0; 512]) {
                Ok(()) => token += 1,
                Err(error) => {
                    assert_eq!(error, SendError::Full);
                    waits += 1;
                    break;
                }
            }
        }
        match client.next().await {
            MqttEvent::Published { token } => {
                assert_eq!(token, published);
                published += 1;
            }
            MqttEvent::Received { delivery, .. } => {
                received += 1;
                acks.extend(delivery);
            }
            other => panic!("{other:?} after {published} of {token} published and {received} received"),
        }
    }
    assert!(waits > 0, "the channel was never full");
    broker.shutdown().await;
}

/// Six thousand messages wait for an absent session, over a restart, and come once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absent_session_keeps_six_thousand() {
    const COUNT: u64 = 6_000;
    let folder = tempfile::tempdir().unwrap();
    let broker = kept(ANY, folder.path()).await;
    let address = broker.tcp_addr();
    let (mut bob, _) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    assert!(bob.subscribe("door").await);
    bob.leave().await;
    let (mut alice, _) = TestClient::connected(&url(&broker), "alice", CLEAN).await;
    let (mut token, mut published) = (0, 0);
    while published < COUNT {
        while token < COUNT && alice.publish(token, "door", token.to_string()).is_ok() {
            token += 1;
        }
        assert!(matches!(alice.next().await, MqttEvent::Published { .. }));
        published += 1;
    }
    broker.shutdown().await;
    let broker = kept(address, folder.path()).await;
    let (mut bob, present) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    assert!(present);
    for expected in 0..COUNT {
        let (delivery, payload, _) = bob.receive().await;
        assert_eq!(payload, expected.to_string());
        bob.send(MqttCommand::Ack { delivery: delivery.unwrap() });
    }
    broker.shutdown().await;
}

/// A broker with a password lets in who knows it, and tells the others why not.
#[tokio::test]
async fn a_password_is_asked_for() {
    let login = Some(Login::new("ann", "s3cret!"));
    let broker = Broker::start(Options { login, ..Options::new(ANY) }).await.unwrap();
    let at = broker.tcp_addr();
    let (client, _) = TestClient::connected(&format!("mqtt://ann:s3cret%21@{at}"), "c", CLEAN).await;
    client.leave().await;
    for url in [format!("mqtt://{at}"), format!("mqtt://ann:wrong@{at}"), format!("mqtt://bob:s3cret%21@{at}")] {
        let mut client = TestClient::new(&url, "c", CLEAN);
        client.send(MqttCommand::Connect);
        assert_eq!(client.next().await, MqttEvent::Refused { reason: Refusal::Credentials });
    }
    broker.shutdown().await;
}

/// Beyond the limit no further session is kept; those that are kept still get in.
#[tokio::test]
async fn sessions_are_limited() {
    let broker = broker().await;
    for number in 0..SESSIONS_MAX {
        let (client, _) = TestClient::connected(&url(&broker), &format!("c{number}"), PERSISTENT).await;
        client.leave().await;
    }
    let mut client = TestClient::new(&url(&broker), "one too many", PERSISTENT);
    client.send(MqttCommand::Connect);
    assert_eq!(client.next().await, MqttEvent::Refused { reason: Refusal::Unavailable });
    assert!(TestClient::connected(&url(&broker), "c0", PERSISTENT).await.1);
    TestClient::connected(&url(&broker), "guest", CLEAN).await;
}

/// Clients that connect and say nothing keep nobody out.
#[tokio::test]
async fn silent_clients_keep_nobody_out() {
    let broker = broker().await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(broker.tcp_addr()).await.unwrap());
        silent.push(TcpStream::connect(broker.ws_addr().unwrap()).await.unwrap());
    }
    let ws = format!("ws://{}{WEBSOCKET_PATH}", broker.ws_addr().unwrap());
    for url in [url(&broker), ws] {
        TestClient::connected(&url, "c", CLEAN).await;
    }
}

/// Who takes a session over by its client id ends the older connection; the message is not lost between them.
#[tokio::test]
async fn a_taken_session_ends_the_older_connection() {
    let broker = broker().await;
    let (mut old, _) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    assert!(old.subscribe("mail").await);
    let (mut alice, _) = TestClient::connected(&url(&broker), "alice", CLEAN).await;
    alice.say(1, "mail", "x").await;
    old.receive().await;
    let (mut new, present) = TestClient::connected(&url(&broker), "bob", PERSISTENT).await;
    assert!(present);
    assert!(matches!(old.next().await, MqttEvent::Lost { .. }));
    assert_eq!(new.receive().await.1, "x");
}
