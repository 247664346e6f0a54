//! Stopping while the disk stands still. The library gives up by the real clock, so these take seconds.

use std::sync::mpsc::{Sender, channel};

use mqtt5::QoS;
use mqtt5::broker::storage::{FileBackend, QueuedMessage, StorageBackend};
use mqtt5::packet::publish::PublishPacket;
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::signaling::mqtt::SessionKind;
use crate::signaling::mqtt::testing::TestClient;

/// A runtime with one thread for files: who holds it holds the disk.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap()
}

/// Holds the disk until what it gives is dropped.
fn hold_disk() -> Sender<()> {
    let (release, released) = channel();
    drop(tokio::task::spawn_blocking(move || released.recv()));
    release
}

/// The library's flush that gave up is asked again, and nothing is lost.
#[test]
fn a_flush_that_gave_up_is_not_believed() {
    /// Longer than the library's flush waits.
    const HELD: Duration = Duration::from_secs(7);
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let storage = FileBackend::new(folder.path()).await.unwrap();
        let disk = hold_disk();
        for number in 0..3 {
            let packet = PublishPacket::new("door", number.to_string(), QoS::AtLeastOnce);
            let message = QueuedMessage::new(packet, "bob".to_owned(), QoS::AtLeastOnce, None);
            storage.queue_message(message).await.unwrap();
        }
        let mut settling = Box::pin(super::super::settle::settle(Arc::new(DynamicStorage::File(storage))));
        assert!(tokio::time::timeout(HELD, &mut settling).await.is_err(), "settled before all was written");
        drop(disk);
        settling.await;
        let storage = FileBackend::new(folder.path()).await.unwrap();
        let kept = storage.get_queued_messages("bob").await.unwrap();
        let payloads: Vec<_> = kept.into_iter().map(|message| message.payload).collect();
        assert_eq!(payloads, [b"0", b"1", b"2"]);
    });
}

/// A broker that stops while the disk stands still waits for it; the next one can have the folder at once, with every
/// message in it.
#[test]
fn a_stopping_broker_waits_for_its_disk() {
    /// Longer than the library waits for its disk and its connections, and the flush after it.
    const HELD: Duration = Duration::from_secs(12);
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let broker = kept(ANY, folder.path()).await;
        let address = broker.tcp_addr();
        let (mut bob, _) = TestClient::connected(&url(&broker), "bob", SessionKind::Persistent).await;
        assert!(bob.subscribe("door").await);
        bob.leave().await;
        broker.shutdown().await;
        let broker = kept(address, folder.path()).await;
        let (mut alice, _) = TestClient::connected(&url(&broker), "alice", SessionKind::Clean).await;
        let disk = hold_disk();
        for token in 0..3 {
            alice.say(token, "door", token.to_string()).await;
        }
        let mut stopping = Box::pin(broker.shutdown());
        assert!(tokio::time::timeout(HELD, &mut stopping).await.is_err(), "stopped before all was written");
        drop(disk);
        stopping.await;
        let broker = kept(address, folder.path()).await;
        let (mut bob, present) = TestClient::connected(&url(&broker), "bob", SessionKind::Persistent).await;
        assert!(present);
        for expected in 0..3 {
            assert_eq!(bob.receive().await.1, expected.to_string());
        }
        broker.shutdown().await;
    });
}
