//! The embedded broker and the MQTT driver, against each other.

mod driver;
mod settle;
mod shared;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::*;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A broker in memory, over TCP and WebSocket, at free ports.
async fn broker() -> Broker {
    Broker::start(Options { websocket: Some(ANY), ..Options::new(ANY) }).await.unwrap()
}

/// A broker that keeps its sessions in `folder`.
async fn kept(address: SocketAddr, folder: &Path) -> Broker {
    Broker::start(Options { storage: Some(folder.to_owned()), ..Options::new(address) }).await.unwrap()
}

fn url(broker: &Broker) -> String {
    format!("mqtt://{}", broker.tcp_addr())
}

/// An address in use, a folder in use and an impossible address are three different errors.
#[tokio::test]
async fn what_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let first = kept(ANY, folder.path()).await;
    let taken = first.tcp_addr();
    assert!(
        matches!(Broker::start(Options::new(taken)).await.err(), Some(BrokerError::AddressInUse(at)) if at == taken)
    );
    let ws = Options { websocket: Some(taken), ..Options::new(ANY) };
    assert!(matches!(Broker::start(ws).await.err(), Some(BrokerError::AddressInUse(at)) if at == taken));
    let again = Options { storage: Some(folder.path().to_owned()), ..Options::new(ANY) };
    assert!(matches!(Broker::start(again).await.err(), Some(BrokerError::StorageInUse(_))));
    let elsewhere = Options::new("192.0.2.1:18183".parse().unwrap());
    assert!(matches!(Broker::start(elsewhere).await.err(), Some(BrokerError::Listen { .. })));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let file = Options { storage: Some(file), ..Options::new(ANY) };
    assert!(matches!(Broker::start(file).await.err(), Some(BrokerError::Storage { .. })));
    first.shutdown().await;
}
