//! MQTT over WebSocket for the embedded broker.
//!
//! The library shakes hands inside its accept loop, so that one client that connects and says nothing would keep out
//! all others. Here each handshake is a task of its own, with a deadline and a limit on how many run.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::broker::auth::AuthProvider;
use mqtt5::broker::client_handler::ClientHandler;
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::sys_topics::BrokerStats;
use mqtt5::broker::transport::BrokerTransport;
use mqtt5::broker::websocket_server::{WebSocketServerConfig, accept_websocket_connection};
use mqtt5::broker::{BrokerConfig, DynamicStorage, MqttBroker, ResourceMonitor};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast};
use tokio_util::task::TaskTracker;

/// The path of the WebSocket listener, as most brokers have it.
pub const WEBSOCKET_PATH: &str = "/mqtt";
/// The subprotocol of MQTT 3.1.1 over WebSocket (section 6 of its specification).
const SUBPROTOCOL: &str = "mqtt";
/// Handshakes at a time; the kernel holds further ones back.
const HANDSHAKES_MAX: usize = 32;
/// A handshake is one round trip.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);
/// Pause after a failed accept: without free descriptors it fails again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone)]
struct Parts {
    config: Arc<BrokerConfig>,
    websocket: WebSocketServerConfig,
    router: Arc<MessageRouter>,
    auth: Arc<dyn AuthProvider>,
    storage: Option<Arc<DynamicStorage>>,
    stats: Arc<BrokerStats>,
    monitor: Arc<ResourceMonitor>,
}

pub(super) struct Acceptor {
    listener: TcpListener,
    parts: Parts,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener, broker: &MqttBroker, config: BrokerConfig) -> Self {
        let parts = Parts {
            config: Arc::new(config),
            websocket: WebSocketServerConfig::new().with_path(WEBSOCKET_PATH).with_subprotocol(SUBPROTOCOL),
            router: broker.router(),
            auth: broker.auth_provider(),
            storage: broker.storage(),
            stats: broker.stats(),
            monitor: broker.resource_monitor(),
        };
        Self { listener, parts }
    }

    pub(super) fn run(self, stop: broadcast::Sender<()>, tasks: TaskTracker) -> impl Future<Output = ()> + Send {
        let mut stopped = stop.subscribe();
        async move {
            let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
            loop {
                let accepted = tokio::select! {
                    biased;
                    _ = stopped.recv() => return,
                    accepted = accept(&self.listener, &handshakes) => accepted,
                };
                let Some((stream, address, permit)) = accepted else { return };
                let (parts, stopped) = (self.parts.clone(), stop.subscribe());
                tasks.spawn(async move {
                    let connection = shake_hands(stream, address, &parts).await;
                    drop(permit);
                    if let Some(transport) = connection {
                        serve(transport, address, parts, stopped).await;
                    }
                });
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    handshakes: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(handshakes).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return Some((stream, address, permit)),
            Err(error) => {
                tracing::warn!(%error, "the embedded broker cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn shake_hands(stream: TcpStream, address: SocketAddr, parts: &Parts) -> Option<BrokerTransport> {
    if !parts.monitor.can_accept_connection(address.ip()).await {
        return None;
    }
    // Without it a small packet waits 40 ms for the acknowledgement of the one before.
    stream.set_nodelay(true).ok()?;
    let handshake = accept_websocket_connection(stream, &parts.websocket, address);
    let stream = tokio::time::timeout(HANDSHAKE_DEADLINE, handshake).await.ok()?.ok()?;
    Some(BrokerTransport::websocket(stream))
}

async fn serve(transport: BrokerTransport, address: SocketAddr, parts: Parts, stopped: broadcast::Receiver<()>) {
    let handler = ClientHandler::new(
        transport,
        address,
        parts.config,
        parts.router,
        parts.auth,
        parts.storage,
        parts.stats,
        parts.monitor,
        stopped,
    );
    if let Err(error) = Box::pin(handler.run()).await {
        tracing::debug!(%error, "a WebSocket connection ended");
    }
}
