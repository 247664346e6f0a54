//! TLS to a broker without MQTT: whoever looks for a fault wants to know which of the two fails.

use rumqttc::TlsConfiguration;
use rumqttc::tokio_rustls::TlsConnector;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use super::{reason, tls};
use crate::wire::broker_url::BrokerUrl;

/// Makes a connection secure as the broker's address asks, and ends it.
///
/// # Errors
/// Why not, in the words that a connection's [`Lost`](super::MqttEvent::Lost) would have.
pub async fn try_tls(url: &BrokerUrl, stream: TcpStream) -> Result<(), String> {
    let TlsConfiguration::Rustls(config) = tls::configuration(url.pin()).await? else {
        return Err(reason::NO_TLS.to_owned());
    };
    let name = ServerName::try_from(url.host().to_string()).map_err(|_| reason::NO_TLS.to_owned())?;
    match TlsConnector::from(config).connect(name, stream).await {
        Ok(_) => Ok(()),
        Err(error) => Err(reason::securing(&error)),
    }
}
