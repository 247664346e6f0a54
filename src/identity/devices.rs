//! A person's devices: one list, signed by the root key, with a counter. The highest counter seen wins.

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode};
use thiserror::Error;

use super::{Context, sign, verify};
use crate::wire::{DeviceKey, ExchangeKey, RootKey, Signature, cbor};

/// Devices of one person: several of each kind, and a card with all of them still fits a link.
pub const DEVICES_MAX: usize = 8;
const LIST_BYTES_MAX: usize = 1024;

/// What the root key says of one device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Certificate {
    /// The key that the device signs with.
    #[n(0)]
    pub device: DeviceKey,
    /// The key that inbox ids are derived from, and used for nothing else.
    #[n(1)]
    pub rendezvous: ExchangeKey,
}

#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
struct Body {
    #[n(0)]
    root: RootKey,
    #[n(1)]
    counter: u64,
    #[n(2)]
    devices: Vec<Certificate>,
}

/// A device list whose signature holds. Its bytes are kept as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceList {
    root: RootKey,
    counter: u64,
    devices: Vec<Certificate>,
    bytes: Vec<u8>,
    signature: Signature,
}

/// Why a device list was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DeviceListError {
    /// Not a device list.
    #[error("not a device list: {0}")]
    Malformed(#[from] cbor::DecodeError),
    /// The root key has not signed it.
    #[error("the device list's signature does not hold")]
    Signature,
    /// No device, too many, or one twice.
    #[error("a device list names 1 to {DEVICES_MAX} different devices")]
    Devices,
}

impl DeviceList {
    /// Signs a new list.
    #[must_use]
    pub fn sign(root: &SigningKey, counter: u64, devices: Vec<Certificate>) -> Self {
        let body = Body { root: RootKey(root.verifying_key().to_bytes()), counter, devices };
        let bytes = cbor::encode(&body);
        let signature = sign(root, Context::DeviceList, &bytes);
        Self { root: body.root, counter, devices: body.devices, bytes, signature }
    }

    /// Reads a list and verifies it.
    ///
    /// # Errors
    /// When it is malformed, not signed by the root key that it names, or names no or too many devices.
    pub fn verify(bytes: &[u8], signature: Signature) -> Result<Self, DeviceListError> {
        Self::read(bytes, signature, true)
    }

    /// Reads a list that was verified before it was kept here: its signature is not looked at again.
    ///
    /// # Errors
    /// When it is malformed, or names no or too many devices.
    pub(super) fn known(bytes: &[u8], signature: Signature) -> Result<Self, DeviceListError> {
        Self::read(bytes, signature, false)
    }

    fn read(bytes: &[u8], signature: Signature, check: bool) -> Result<Self, DeviceListError> {
        let body: Body = cbor::decode(bytes, LIST_BYTES_MAX)?;
        if check && !verify(body.root.as_bytes(), Context::DeviceList, bytes, &signature) {
            return Err(DeviceListError::Signature);
        }
        let mut keys: Vec<_> = body.devices.iter().map(|certificate| certificate.device).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() || keys.len() != body.devices.len() || keys.len() > DEVICES_MAX {
            return Err(DeviceListError::Devices);
        }
        let Body { root, counter, devices } = body;
        Ok(Self { root, counter, devices, bytes: bytes.to_vec(), signature })
    }

    /// The person.
    #[must_use]
    pub fn root(&self) -> RootKey {
        self.root
    }

    /// Grows with every change.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// The devices, in the list's order.
    #[must_use]
    pub fn devices(&self) -> &[Certificate] {
        &self.devices
    }

    /// The certificate of one device.
    #[must_use]
    pub fn certificate(&self, device: &DeviceKey) -> Option<&Certificate> {
        self.devices.iter().find(|certificate| certificate.device == *device)
    }

    /// The signed bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The root key's signature over them.
    #[must_use]
    pub fn signature(&self) -> Signature {
        self.signature
    }
}
