//! Against servers whose certificates are made here, each with its own fault.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::super::testing::TestClient;
use super::super::{MqttCommand, MqttEvent, SessionKind};
use super::*;

/// What a broker shows, and the key to it.
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn ca_params() -> CertificateParams {
    let mut params = named("ca.example");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// A certificate that vouches for itself.
fn alone(params: &CertificateParams) -> Shown {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Shown { chain: vec![certificate.der().clone()], key }
}

/// A certificate for which a CA vouches, and the CA's behind it.
fn by_ca(params: &CertificateParams) -> Shown {
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let ca = ca_params().self_signed(&ca_key).unwrap();
    let leaf = params.signed_by(&key, &Issuer::new(ca_params(), ca_key)).unwrap();
    Shown { chain: vec![leaf.der().clone(), ca.der().clone()], key }
}

fn pin(certificate: &CertificateDer<'_>) -> Pin {
    Pin(Sha256::digest(certificate).into())
}

/// A server that shows this and answers the first thing it reads with CONNACK. It ends with the test's process.
fn serve(shown: &Shown) -> u16 {
    let key = PrivateKeyDer::try_from(shown.key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(shown.chain.clone(), key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream.unwrap());
            let mut heard = [0; 1024];
            if stream.read(&mut heard).is_ok_and(|bytes| bytes > 0) {
                let _ = stream.write_all(&[0x20, 2, 0, 0]);
                let _ = stream.read(&mut heard);
            }
        }
    });
    port
}

/// What becomes of an attempt: nothing when it connects, else the reason.
async fn attempt(url: &str) -> Result<(), String> {
    let mut client = TestClient::new(url, "c", SessionKind::Clean);
    client.send(MqttCommand::Connect);
    let ended = match client.next().await {
        MqttEvent::Connected { .. } => Ok(()),
        MqttEvent::Lost { reason } => Err(reason),
        other => panic!("{other:?}"),
    };
    client.stop().await;
    ended
}

async fn pinned_attempt(shown: &Shown, host: &str, pin: Pin) -> Result<(), String> {
    attempt(&format!("mqtts://{host}:{}#{pin}", serve(shown))).await
}

/// A certificate that an address names is taken as it is: signed by itself, expired, for another name, on a bare IP address.
#[tokio::test]
async fn a_named_certificate_is_taken_as_it_is() {
    let mut expired = named("elsewhere.example");
    expired.not_after = date_time_ymd(2020, 1, 1);
    for shown in [alone(&named("localhost")), alone(&ca_params()), alone(&expired), by_ca(&expired)] {
        for host in ["localhost", "127.0.0.1"] {
            let pin = pin(shown.chain.first().unwrap());
            assert_eq!(pinned_attempt(&shown, host, pin).await, Ok(()));
        }
    }
}

/// A CA that an address names vouches for brokers by name and within the dates, and nobody else does.
#[tokio::test]
async fn a_named_ca_vouches_for_names_and_dates() {
    let mut expired = named("localhost");
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut early = named("localhost");
    early.not_before = date_time_ymd(4000, 1, 1);
    for (params, result) in [
        (named("localhost"), Ok(())),
        (expired, Err("the broker's certificate has expired")),
        (early, Err("the broker's certificate is not valid yet: is this device's clock right?")),
        (named("elsewhere.example"), Err("the broker's certificate is for another name")),
    ] {
        let shown = by_ca(&params);
        let pin = pin(shown.chain.last().unwrap());
        assert_eq!(pinned_attempt(&shown, "localhost", pin).await, result.map_err(str::to_owned));
    }
}

/// Who shows the named CA and a certificate that it never signed is refused; so is who shows something else altogether.
#[tokio::test]
async fn an_impostor_is_refused() {
    let (honest, mut impostor) = (by_ca(&named("localhost")), by_ca(&named("localhost")));
    let ca = honest.chain.last().unwrap();
    let other = Err("the broker shows another certificate than its address names".to_owned());
    assert_eq!(pinned_attempt(&impostor, "localhost", pin(ca)).await, other);
    impostor.chain.push(ca.clone());
    let nobody = Err("nobody whom this device trusts vouches for the broker's certificate".to_owned());
    assert_eq!(pinned_attempt(&impostor, "localhost", pin(ca)).await, nobody);
    let leaf = honest.chain.first().unwrap();
    assert_eq!(pinned_attempt(&impostor, "localhost", pin(leaf)).await, other);
}

/// Without a pin only whom this device trusts may vouch, over MQTT and over WebSocket.
#[tokio::test]
async fn strangers_certificates_are_refused() {
    let nobody = "nobody whom this device trusts vouches for the broker's certificate";
    let itself = "the broker's certificate is of the wrong kind: one that signed itself must be named in the address";
    for (shown, reason) in [(by_ca(&named("localhost")), nobody), (alone(&ca_params()), itself)] {
        let port = serve(&shown);
        for url in [format!("mqtts://localhost:{port}"), format!("wss://localhost:{port}/mqtt")] {
            assert_eq!(attempt(&url).await, Err(reason.to_owned()), "{url}");
        }
    }
}

/// A server that speaks something else than TLS, or hangs up on it, is said to.
#[tokio::test]
async fn what_is_no_tls_is_said() {
    let other = "the broker does not speak TLS at this port";
    for (answer, over_tcp, over_websocket) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], other, other),
        (
            &b""[..],
            "the broker closed the connection: it may not speak TLS at this port",
            "no MQTT over WebSocket at this address",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut heard = [0; 1024];
                let _ = stream.read(&mut heard);
                let _ = stream.write_all(answer);
            }
        });
        assert_eq!(attempt(&format!("mqtts://localhost:{port}")).await, Err(over_tcp.to_owned()));
        assert_eq!(attempt(&format!("wss://localhost:{port}/mqtt")).await, Err(over_websocket.to_owned()));
    }
}
