//! Turns a [`Config`](super::Config) into rumqttc's options.

use rumqttc::{MqttOptions, NetworkOptions, Transport};

use super::{CONNECT_DEADLINE, HEADER_BYTES_MAX, IN_FLIGHT_MAX, KEEP_ALIVE, PAYLOAD_BYTES_MAX, SessionKind, tls};
use crate::wire::broker_url::{BrokerUrl, Host, Scheme};

/// What is read of one packet at first: room to take, drop and acknowledge most of what is over the limit.
pub(super) const READ_BYTES_FIRST: usize = 1024 * 1024;
/// What is read at most, to take one packet that blocks a session off it: more than any broker takes that has a limit at all,
/// and little enough for a phone.
pub(super) const READ_BYTES_LAST: usize = 8 * 1024 * 1024;

/// Options for one attempt that reads packets of up to `read_max` bytes.
pub(super) async fn options(
    url: &BrokerUrl,
    client_id: &str,
    session: SessionKind,
    read_max: usize,
) -> Result<MqttOptions, String> {
    // rumqttc takes the brackets away where it should not.
    if matches!(url.host(), Host::V6(_)) && url.scheme() != Scheme::Mqtt {
        return Err("only mqtt:// reaches a numeric IPv6 address: give the broker a name".to_owned());
    }
    let address = match url.scheme() {
        Scheme::Mqtt | Scheme::Mqtts => url.host().to_string(),
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
            Scheme::Mqtts => Transport::Tls(tls::configuration(url.pin()).await?),
            Scheme::Ws => Transport::Ws,
            Scheme::Wss => Transport::Wss(tls::configuration(url.pin()).await?),
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
