//! Against hand-made servers; the tests against a broker are in `broker/tests/`.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::testing::{DEADLINE, TestClient};
use super::*;

async fn server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Reads one packet: its first byte and its body.
async fn packet(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.unwrap();
    let (mut length, mut shift) = (0usize, 0);
    loop {
        let byte = stream.read_u8().await.unwrap();
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (first, body)
}

/// Accepts a client and answers its CONNECT with `code`.
async fn let_in(listener: &TcpListener, code: u8) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    assert_eq!(packet(&mut stream).await.0, 0x10, "CONNECT comes first");
    stream.write_all(&[0x20, 2, 0, code]).await.unwrap();
    stream
}

/// A PUBLISH with QoS 1.
fn publish(packet: u16, topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = (topic.len() as u16).to_be_bytes().to_vec();
    body.extend(topic.as_bytes());
    body.extend(packet.to_be_bytes());
    body.extend(payload);
    let mut out = vec![0x32];
    let mut length = body.len();
    while length >= 0x80 {
        out.push((length as u8) | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(body);
    out
}

/// Each way of being refused has its own reason, and the connection waits to be told before it tries again.
#[tokio::test]
async fn a_refusal_says_why() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Clean);
    for (code, reason) in [
        (1, Refusal::Protocol),
        (2, Refusal::ClientId),
        (3, Refusal::Unavailable),
        (4, Refusal::Credentials),
        (5, Refusal::NotAuthorised),
    ] {
        client.send(MqttCommand::Connect);
        drop(let_in(&listener, code).await);
        assert_eq!(client.next().await, MqttEvent::Refused { reason });
    }
    client.stop().await;
}

/// A server that accepts and says nothing is given up after the deadline.
#[tokio::test]
async fn a_silent_server_is_given_up() {
    let (_listener, url) = server().await;
    let config = Config::new(BrokerUrl::parse(&url).unwrap(), "c".to_owned(), SessionKind::Clean, ());
    let mut client = TestClient::with(Config { deadline: Duration::from_millis(50), ..config });
    client.send(MqttCommand::Connect);
    assert_eq!(client.next().await, MqttEvent::Lost { reason: "the broker does not answer".to_owned() });
}

/// What is no broker is said to be none, and nothing that it wrote is repeated.
#[tokio::test]
async fn garbage_is_no_broker() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Clean);
    let answers: [&[u8]; 4] = [b"HTTP/1.1 400 Bad Request\r\n\r\n", &[0xff; 64], &[0x20, 0xff, 0xff, 0xff, 0xff], b""];
    for answer in answers {
        client.send(MqttCommand::Connect);
        let (mut stream, _) = listener.accept().await.unwrap();
        packet(&mut stream).await;
        stream.write_all(answer).await.unwrap();
        drop(stream);
        match client.next().await {
            MqttEvent::Lost { reason } => assert!(!reason.contains("HTTP") && !reason.contains("255"), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
}

/// Garbage in the middle of a connection ends it, once.
#[tokio::test]
async fn garbage_in_a_connection_ends_it() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Persistent);
    client.send(MqttCommand::Connect);
    let mut stream = let_in(&listener, 0).await;
    assert_eq!(client.next().await, MqttEvent::Connected { session_present: false });
    stream.write_all(&[0x40, 2, 0, 77]).await.unwrap(); // a PUBACK that nobody asked for
    let reason = "the other side does not speak proper MQTT".to_owned();
    assert_eq!(client.next().await, MqttEvent::Lost { reason });
    client.stop().await;
}

/// Nobody there, an unknown name, and plain TCP where TLS is wanted: each in words, none with the password.
#[tokio::test]
async fn every_failure_has_words() {
    let (listener, _) = server().await;
    let address = listener.local_addr().unwrap();
    let echo = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"hello\r\n").await.unwrap();
        }
    });
    for url in [
        "mqtt://ann:hunter2@127.0.0.1:1".to_owned(),
        "mqtt://ann:hunter2@nowhere.invalid".to_owned(),
        format!("mqtts://ann:hunter2@localhost:{}", address.port()),
        format!("ws://ann:hunter2@127.0.0.1:{}/mqtt", address.port()),
        format!("wss://ann:hunter2@localhost:{}/mqtt", address.port()),
    ] {
        let mut client = TestClient::new(&url, "c", SessionKind::Clean);
        client.send(MqttCommand::Connect);
        match client.next().await {
            MqttEvent::Lost { reason } => {
                assert!(!reason.is_empty() && !reason.contains("hunter2") && !reason.contains("ann"), "{reason}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
    echo.abort();
}

/// A packet over the limit is acknowledged and dropped, and what follows arrives: it cannot come back for ever.
#[tokio::test]
async fn an_oversize_packet_is_acknowledged_and_dropped() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Persistent);
    client.send(MqttCommand::Connect);
    let mut stream = let_in(&listener, 0).await;
    client.next().await;
    stream.write_all(&publish(9, "t", &vec![0; PAYLOAD_BYTES_MAX + 1])).await.unwrap();
    stream.write_all(&publish(10, "t", &vec![1; PAYLOAD_BYTES_MAX])).await.unwrap();
    let topic = "t".to_owned();
    assert_eq!(client.next().await, MqttEvent::Oversize { topic, bytes: PAYLOAD_BYTES_MAX + 1 });
    assert_eq!(packet(&mut stream).await, (0x40, vec![0, 9]));
    let (delivery, payload, _) = client.receive().await;
    assert_eq!(payload.len(), PAYLOAD_BYTES_MAX);
    client.send(MqttCommand::Ack { delivery: delivery.unwrap() });
    assert_eq!(packet(&mut stream).await, (0x40, vec![0, 10]));
}

/// A packet too large even to be read ends one connection only: the next one takes it, drops it and goes on.
#[tokio::test]
async fn a_huge_packet_ends_one_connection_only() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Persistent);
    let huge = publish(7, "t", &vec![0; 3 * 1024 * 1024]);
    for attempt in 0..2 {
        client.send(MqttCommand::Connect);
        let mut stream = let_in(&listener, 0).await;
        client.next().await;
        let huge = huge.clone();
        let sender = tokio::spawn(async move {
            let _ = stream.write_all(&huge).await;
            stream
        });
        match client.next().await {
            MqttEvent::Lost { reason } if attempt == 0 => assert!(reason.contains("31457"), "{reason}"),
            MqttEvent::Oversize { bytes, .. } if attempt == 1 => {
                assert_eq!(bytes, 3 * 1024 * 1024);
                assert_eq!(packet(&mut sender.await.unwrap()).await, (0x40, vec![0, 7]));
            }
            other => panic!("attempt {attempt}: {other:?}"),
        }
    }
}

/// A packet too large for any memory does not block a session for ever: the broker is told to forget it, once.
#[tokio::test]
async fn a_packet_too_large_for_memory_empties_the_session() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Persistent);
    let connects = async |listener: &TcpListener| {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (_, connect) = packet(&mut stream).await;
        stream.write_all(&[0x20, 2, 0, 0]).await.unwrap();
        (stream, connect[7] & 2 == 2)
    };
    client.send(MqttCommand::Connect);
    let (mut stream, clean) = connects(&listener).await;
    assert!(!clean);
    client.next().await;
    // 200 MiB are announced.
    stream.write_all(&[0x32, 0x80, 0x80, 0x80, 0x64, 0, 1, b't']).await.unwrap();
    assert!(matches!(client.next().await, MqttEvent::Lost { .. }));
    client.send(MqttCommand::Connect);
    let (_stream, clean) = connects(&listener).await;
    assert!(clean, "the broker keeps what blocks the session");
    assert!(matches!(client.next().await, MqttEvent::Lost { .. }));
    client.send(MqttCommand::Connect);
    let (_stream, clean) = connects(&listener).await;
    assert!(!clean, "the session is persistent again");
    assert!(matches!(client.next().await, MqttEvent::Connected { .. }));
}

/// A broker that sends as fast as it can is read at a pace, and the connection still ends at once when it is told to.
#[tokio::test]
async fn a_flood_is_read_at_a_pace() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Clean);
    client.send(MqttCommand::Connect);
    let mut stream = let_in(&listener, 0).await;
    client.next().await;
    let flood: Vec<u8> = (0..10_000u16).flat_map(|number| publish(number + 1, "t", b"")).collect();
    let sender = tokio::spawn(async move {
        let _ = stream.write_all(&flood).await;
        // The acknowledgements are not read; the connection stays open.
        std::future::pending::<TcpStream>().await
    });
    let start = std::time::Instant::now();
    for _ in 0..PACE_BURST + PACE_UNITS {
        client.receive().await;
    }
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(900), "{took:?} for a burst and a second's worth");
    client.stop().await;
    sender.abort();
}

/// An ack for a delivery of an earlier connection is not sent: its number may name another packet by now.
#[tokio::test]
async fn an_old_ack_is_not_sent() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Persistent);
    let mut old = 0;
    for attempt in 0..2 {
        client.send(MqttCommand::Connect);
        let mut stream = let_in(&listener, 0).await;
        client.next().await;
        stream.write_all(&publish(1, "t", b"x")).await.unwrap();
        let delivery = client.receive().await.0.unwrap();
        if attempt == 0 {
            old = delivery;
            drop(stream);
            assert!(matches!(client.next().await, MqttEvent::Lost { .. }));
            continue;
        }
        assert_ne!(old, delivery);
        client.send(MqttCommand::Ack { delivery: old });
        client.send(MqttCommand::Publish { token: 1, topic: "t".to_owned(), payload: Bytes::new() });
        assert_eq!(packet(&mut stream).await.0, 0x32, "the old ack was sent");
        client.send(MqttCommand::Ack { delivery });
        client.send(MqttCommand::Ack { delivery });
        client.send(MqttCommand::Publish { token: 2, topic: "t".to_owned(), payload: Bytes::new() });
        assert_eq!(packet(&mut stream).await, (0x40, vec![0, 1]));
        assert_eq!(packet(&mut stream).await.0, 0x32, "the ack was sent twice");
    }
}

/// A server that never acknowledges fills the connection, which says so and still ends when it is told to.
#[tokio::test]
async fn a_stalled_broker_becomes_back_pressure() {
    let (listener, url) = server().await;
    let mut client = TestClient::new(&url, "c", SessionKind::Clean);
    client.send(MqttCommand::Connect);
    let _stream = let_in(&listener, 0).await;
    client.next().await;
    let mut sent = 0;
    let full = async {
        while client.publish(sent, "t", vec![0; 1024]).is_ok() {
            sent += 1;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, full).await.expect("it took publishes without end");
    assert!(sent >= u64::from(IN_FLIGHT_MAX), "only {sent} were taken");
    client.stop().await;
}

/// What MQTT cannot express is refused at once.
#[tokio::test]
async fn bad_commands_are_refused() {
    let client = TestClient::new("mqtt://127.0.0.1:1", "c", SessionKind::Clean);
    let long = "x".repeat(TOPIC_BYTES_MAX + 1);
    for topic in ["", "a/+", "#", "a\0", &long] {
        assert_eq!(client.publish(1, topic, ""), Err(SendError::Topic), "{topic}");
    }
    assert_eq!(client.publish(1, "t", vec![0; PAYLOAD_BYTES_MAX + 1]), Err(SendError::TooLarge));
    for topics in [vec![], vec!["a".to_owned(); TOPICS_MAX + 1], vec![String::new()], vec!["a#".to_owned()]] {
        assert_eq!(client.handle.try_send(MqttCommand::Subscribe { topics }), Err(SendError::Topic));
    }
    let handle = client.handle.clone();
    client.stop().await;
    assert_eq!(handle.try_send(MqttCommand::Connect), Err(SendError::Closed));
}
