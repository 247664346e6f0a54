//! Whether a broker over TLS is the one that we mean: rustls with ring, and one of two answers to "whom do we trust".
//!
//! - Without a pin the system's own certificates decide.
//! - With one ([`Pin`], behind the `#` of an address) they do not count at all. **The broker's own certificate** is taken as it
//!   is when its SHA-256 is the pin: its name and its dates say nothing more (as DANE-EE does, RFC 7671 §5.1). **A certificate
//!   above it**, an operator's CA, is then the only one that may vouch, for the name and within the dates (DANE-TA, §5.2);
//!   the broker must send it as a part of its chain.
//!
//! In both cases the broker proves in the handshake that it has the certificate's key.

use std::sync::Arc;

use rumqttc::TlsConfiguration;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

use crate::wire::broker_url::Pin;

/// TLS for one address. rumqttc's own default panics when one of the system's certificates is odd.
pub(super) async fn configuration(pin: Option<Pin>) -> Result<TlsConfiguration, String> {
    let config = match pin {
        Some(pin) => pinned(pin),
        None => {
            tokio::task::spawn_blocking(system).await.map_err(|_| "cannot read the system's certificates".to_owned())?
        }
    };
    config.map(TlsConfiguration::from)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn system() -> Result<ClientConfig, String> {
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
    trusting(roots)
}

/// As [`system`], with these certificates in place of the system's.
pub(super) fn trusting(roots: RootCertStore) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn pinned(pin: Pin) -> Result<ClientConfig, String> {
    let provider = provider();
    let verifier = Pinned { pin, provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

#[derive(Debug)]
struct Pinned {
    pin: Pin,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn names(&self, certificate: &CertificateDer<'_>) -> bool {
        Sha256::digest(certificate).as_slice() == self.pin.0
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.names(end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        let Some(ca) = intermediates.iter().find(|above| self.names(above)) else {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        };
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let by_ca = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|_| Error::from(CertificateError::BadEncoding))?;
        by_ca.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
