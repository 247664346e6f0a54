//! Signatures. Each type has its own context, so that a signature over one can never pass for another.

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::wire::Signature;

/// What is being signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A person's device list, by the root key.
    DeviceList,
    /// A contact card, by a device.
    Card,
    /// An entry's header, by a device.
    Entry,
    /// An envelope, by a device.
    Envelope,
}

impl Context {
    fn text(self) -> &'static str {
        match self {
            Self::DeviceList => "kith/device-list/1",
            Self::Card => "kith/card/1",
            Self::Entry => "kith/entry/1",
            Self::Envelope => "kith/envelope/1",
        }
    }

    /// The signed bytes: context, a zero byte, message.
    fn bind(self, message: &[u8]) -> Vec<u8> {
        let text = self.text();
        let mut bound = Vec::with_capacity(text.len() + 1 + message.len());
        bound.extend(text.as_bytes());
        bound.push(0);
        bound.extend(message);
        bound
    }
}

/// Signs (Ed25519, RFC 8032).
#[must_use]
pub fn sign(key: &SigningKey, context: Context, message: &[u8]) -> Signature {
    let bound = context.bind(message);
    #[cfg(any(test, feature = "testing"))]
    if let Some(pretended) = super::pretend::sign(key.verifying_key().as_bytes(), &bound) {
        return pretended;
    }
    Signature(key.sign(&bound).to_bytes())
}

/// Verifies strictly: small-order keys and malleable signatures are refused.
#[must_use]
pub fn verify(key: &[u8; 32], context: Context, message: &[u8], signature: &Signature) -> bool {
    let bound = context.bind(message);
    #[cfg(any(test, feature = "testing"))]
    if super::pretend::verify(key, &bound, signature) {
        return true;
    }
    let Ok(verifying) = VerifyingKey::from_bytes(key) else { return false };
    let holds = verifying.verify_strict(&bound, &ed25519_dalek::Signature::from_bytes(signature.as_bytes())).is_ok();
    #[cfg(any(test, feature = "testing"))]
    if holds {
        super::pretend::remember(key, &bound, signature);
    }
    holds
}
