//! Turns a [`Config`](super::Config) into rumqttc's options.

use std::sync::Arc;

use rumqttc::{MqttOptions, NetworkOptions, TlsConfiguration, Transport};
use rustls::{ClientConfig, RootCertStore};

use super::{CONNECT_DEADLINE, HEADER_BYTES_MAX, IN_FLIGHT_MAX, KEEP_ALIVE, PAYLOAD_BYTES_MAX, SessionKind};
use crate::wire::broker_url::{BrokerUrl, Host, Scheme};

/// What is read of one packet at first: room to take, drop and acknowledge most of what is over the limit.
pub(super) const READ_BYTES_FIRST: usize = 1024 * 1024;
/// The largest packet that MQTT can express (section 2.2.3).
pub(super) const READ_BYTES_LAST: usize = 268_435_455;

/// Options for one attempt that reads packets of up to `read_max` bytes.
pub(super) async fn options(
    url: &BrokerUrl,
    client_id: &str,
    session: SessionKind,
    read_max: usize,
) -> Result<MqttOptions, String> {
    let address = match url.scheme() {
        Scheme::Mqtt | Scheme::Mqtts => host(url),
        // With the port spelled out: rumqttc knows the default ones, but the Host header should name ours.
        Scheme::Ws | Scheme::Wss => {
            format!("{}://{}:{}{}", url.scheme().as_str(), url.host(), url.port(), url.path())
        }
    };
    let mut options = MqttOptions::new(client_id, address, url.port());
    options
        .set_keep_alive(KEEP_ALIVE)
        // rumqttc panics on a persistent session without a client id; a clean one is at least a session.
        .set_clean_session(session == SessionKind::Clean || client_id.is_empty())
        .set_manual_acks(session == SessionKind::Persistent)
        .set_inflight(IN_FLIGHT_MAX)
        .set_max_packet_size(read_max, PAYLOAD_BYTES_MAX + HEADER_BYTES_MAX)
        .set_transport(match url.scheme() {
            Scheme::Mqtt => Transport::Tcp,
            Scheme::Mqtts => Transport::Tls(tls().await?),
            Scheme::Ws => Transport::Ws,
            Scheme::Wss => Transport::Wss(tls().await?),
        });
    if let Some(login) = url.credentials() {
        options.set_credentials(login.user.clone(), login.password.clone());
    }
    Ok(options)
}

pub(super) fn network() -> NetworkOptions {
    let mut options = NetworkOptions::new();
    // Without it a small packet waits 40 ms for the acknowledgement of the one before.
    options.set_tcp_nodelay(true);
    options.set_connection_timeout(CONNECT_DEADLINE.as_secs());
    options
}

/// rumqttc appends the port to the text; an IPv6 address needs its brackets then. TLS wants it without, and has no such
/// certificates anyway.
fn host(url: &BrokerUrl) -> String {
    match url.host() {
        Host::V6(address) if url.scheme().is_tls() => address.to_string(),
        host => host.to_string(),
    }
}

/// TLS by rustls with ring and the system's certificates; rumqttc's own default panics when one of them is odd.
async fn tls() -> Result<TlsConfiguration, String> {
    tokio::task::spawn_blocking(client_config).await.map_err(|_| "cannot read the system's certificates".to_owned())?
}

fn client_config() -> Result<TlsConfiguration, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    // iOS shows its certificates to nobody, and an Android phone may keep them elsewhere: then Mozilla's list, as it was when
    // this Kith was built.
    #[cfg(feature = "mobile")]
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if roots.is_empty() {
        return Err("this system has no trusted certificates".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config.into())
}
