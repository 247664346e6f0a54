use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::broker::shared::{Role, Shared};
use crate::signaling::mqtt::testing::{DEADLINE, TestClient};
use crate::signaling::mqtt::{MqttCommand, MqttEvent, SessionKind};

/// One Kith process.
struct Process {
    shared: Shared,
    tracker: TaskTracker,
    cancel: CancellationToken,
}

impl Process {
    async fn start(address: SocketAddr, folder: &Path) -> Self {
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let shared = Shared::start(address, None, folder.to_owned(), &tracker, cancel.clone()).await.unwrap();
        Self { shared, tracker, cancel }
    }

    async fn stop(self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    fn role(&self) -> Role {
        self.shared.role().borrow().clone()
    }

    async fn becomes_owner(&self) {
        let mut role = self.shared.role();
        let owner = role.wait_for(|role| matches!(role, Role::Owner { .. }));
        tokio::time::timeout(DEADLINE, owner).await.expect("nobody took over").unwrap();
    }
}

/// A port that is free now.
async fn free() -> SocketAddr {
    TcpListener::bind(ANY).await.unwrap().local_addr().unwrap()
}

/// The first runs the broker, the second uses it; when the first ends the second takes over with every queue.
#[tokio::test]
async fn the_next_process_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let address = free().await;
    let first = Process::start(address, folder.path()).await;
    let second = Process::start(address, folder.path()).await;
    let third = Process::start(address, folder.path()).await;
    assert_eq!(first.role(), Role::Owner { tcp: address, websocket: None });
    assert_eq!((second.role(), third.role()), (Role::Guest, Role::Guest));
    assert_eq!(second.shared.url().to_string(), format!("mqtt://{address}"));

    let url = first.shared.url().to_string();
    let (mut bob, _) = TestClient::connected(&url, "bob", SessionKind::Persistent).await;
    assert!(bob.subscribe("mail").await);
    bob.leave().await;
    let (mut alice, _) = TestClient::connected(&url, "alice", SessionKind::Clean).await;
    alice.say(1, "mail", "kept").await;

    first.stop().await;
    let ended = Instant::now();
    tokio::select! {
        () = second.becomes_owner() => {}
        () = third.becomes_owner() => {}
    }
    assert!(ended.elapsed() < Duration::from_secs(1), "it took {:?}", ended.elapsed());
    let (mut bob, present) = TestClient::connected(&url, "bob", SessionKind::Persistent).await;
    assert!(present);
    assert_eq!(bob.receive().await.1, "kept");

    let (owner, guest) = if matches!(second.role(), Role::Owner { .. }) { (second, third) } else { (third, second) };
    assert_eq!(guest.role(), Role::Guest);
    owner.stop().await;
    guest.becomes_owner().await;
    guest.stop().await;
}

/// An owner that is killed, not stopped, is replaced as well.
#[test]
fn a_killed_owner_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (doomed, runtime) = (runtime(), runtime());
    let address = runtime.block_on(free());
    let _first = doomed.block_on(Process::start(address, folder.path()));
    runtime.block_on(async {
        let second = Process::start(address, folder.path()).await;
        let (mut client, _) = TestClient::connected(&format!("mqtt://{address}"), "c", SessionKind::Clean).await;
        assert_eq!(second.role(), Role::Guest);
        doomed.shutdown_background();
        second.becomes_owner().await;
        assert!(matches!(client.next().await, MqttEvent::Lost { .. }));
        client.send(MqttCommand::Connect);
        assert!(matches!(client.next().await, MqttEvent::Connected { .. }));
        second.stop().await;
    });
}

/// Something else at the address is said to be something else, whether it talks or is silent.
#[tokio::test]
async fn a_stranger_at_the_address_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stranger = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 64]).await;
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
        }
    });
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let error = Shared::start(address, None, folder.path().to_owned(), &tracker, cancel).await.unwrap_err();
    assert!(matches!(error, BrokerError::NotABroker { .. }), "{error}");
    assert!(error.to_string().contains("not an MQTT broker"), "{error}");
    stranger.abort();
}

/// A broker with a password at the address is a broker: the guest waits for its turn.
#[tokio::test]
async fn a_guarded_broker_is_no_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let login = Some(Login::new("ann", "secret"));
    let guarded = Broker::start(Options { login, ..Options::new(ANY) }).await.unwrap();
    let process = Process::start(guarded.tcp_addr(), folder.path()).await;
    assert_eq!(process.role(), Role::Guest);
    guarded.shutdown().await;
    process.shared.notify_lost();
    process.becomes_owner().await;
    process.stop().await;
}

/// A broker for this computer only does not become the network's by somebody else asking for it.
#[tokio::test]
async fn a_broker_for_this_computer_is_not_offered_to_the_network() {
    let Some(ip) = lan_address() else { return };
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(free().await, folder.path()).await;
    let port = first.shared.url().port();
    let all = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port);
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let error = Shared::start(all, None, folder.path().to_owned(), &tracker, cancel).await.unwrap_err();
    assert!(matches!(error, BrokerError::ForThisComputerOnly(_)), "{error}");
    first.stop().await;
    let process = Process::start(all, folder.path()).await;
    let url = process.shared.url();
    assert_eq!(url.to_string(), format!("mqtt://{ip}:{port}"));
    TestClient::connected(&url.to_string(), "c", SessionKind::Clean).await;
    process.stop().await;
}
