//! The secret half of an identity.

use std::fmt;

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode};
use rand::{CryptoRng, RngExt};
use thiserror::Error;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

use super::{Certificate, DeviceId, DeviceList, UserId};
use crate::wire::{DeviceKey, ExchangeKey, RootKey, WorkingKey, cbor};

/// The encoded secrets: six keys of 32 bytes and their keys in the map.
pub const SECRETS_BYTES_MAX: usize = 512;
const FORMAT: u32 = 1;

/// Everything secret that this device has. The first device of a person also holds the root key.
#[derive(Clone)]
pub struct Secrets {
    /// Signs the device list.
    pub root: SigningKey,
    /// Signs cards, entries and envelopes.
    pub device: SigningKey,
    /// Names inboxes, and nothing else.
    pub rendezvous: StaticSecret,
    /// Opens requests.
    pub card_sealing: StaticSecret,
    /// Opens everything else.
    pub working_sealing: StaticSecret,
    /// The working key's counter.
    pub working_counter: u64,
    /// Where MQTT client ids come from.
    pub client: [u8; 32],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets of {}", self.user())
    }
}

/// Why secrets could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SecretsError {
    /// Not our format.
    #[error("the key file is damaged: {0}")]
    Malformed(#[from] cbor::DecodeError),
    /// A format that this program does not know.
    #[error("the key file was written by a newer Kith (format {0})")]
    Newer(u32),
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Stored {
    #[n(0)]
    format: u32,
    #[n(1)]
    root: RootKey,
    #[n(2)]
    device: RootKey,
    #[n(3)]
    rendezvous: RootKey,
    #[n(4)]
    card_sealing: RootKey,
    #[n(5)]
    working_sealing: RootKey,
    #[n(6)]
    working_counter: u64,
    #[n(7)]
    client: RootKey,
}

impl Drop for Stored {
    fn drop(&mut self) {
        for key in [&mut self.root, &mut self.device, &mut self.rendezvous, &mut self.card_sealing] {
            key.0.zeroize();
        }
        self.working_sealing.0.zeroize();
        self.client.0.zeroize();
    }
}

impl Secrets {
    /// Draws a new identity.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self {
            root: SigningKey::from_bytes(&rng.random()),
            device: SigningKey::from_bytes(&rng.random()),
            rendezvous: StaticSecret::from(rng.random::<[u8; 32]>()),
            card_sealing: StaticSecret::from(rng.random::<[u8; 32]>()),
            working_sealing: StaticSecret::from(rng.random::<[u8; 32]>()),
            working_counter: 1,
            client: rng.random(),
        }
    }

    /// The bytes of the key file.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(cbor::encode(&Stored {
            format: FORMAT,
            root: RootKey(self.root.to_bytes()),
            device: RootKey(self.device.to_bytes()),
            rendezvous: RootKey(self.rendezvous.to_bytes()),
            card_sealing: RootKey(self.card_sealing.to_bytes()),
            working_sealing: RootKey(self.working_sealing.to_bytes()),
            working_counter: self.working_counter,
            client: RootKey(self.client),
        }))
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// When it is damaged or newer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretsError> {
        let stored: Stored = cbor::decode(bytes, SECRETS_BYTES_MAX)?;
        if stored.format != FORMAT {
            return Err(SecretsError::Newer(stored.format));
        }
        Ok(Self {
            root: SigningKey::from_bytes(&stored.root.0),
            device: SigningKey::from_bytes(&stored.device.0),
            rendezvous: StaticSecret::from(stored.rendezvous.0),
            card_sealing: StaticSecret::from(stored.card_sealing.0),
            working_sealing: StaticSecret::from(stored.working_sealing.0),
            working_counter: stored.working_counter,
            client: stored.client.0,
        })
    }

    /// The person.
    #[must_use]
    pub fn root_key(&self) -> RootKey {
        RootKey(self.root.verifying_key().to_bytes())
    }

    /// This device.
    #[must_use]
    pub fn device_key(&self) -> DeviceKey {
        DeviceKey(self.device.verifying_key().to_bytes())
    }

    /// The person's id.
    #[must_use]
    pub fn user(&self) -> UserId {
        UserId::from(&self.root_key())
    }

    /// This device's id.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        DeviceId::from(&self.device_key())
    }

    /// What the root key says of this device.
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        let rendezvous = ExchangeKey(PublicKey::from(&self.rendezvous).to_bytes());
        Certificate { device: self.device_key(), rendezvous }
    }

    /// The list of this one device.
    #[must_use]
    pub fn device_list(&self) -> DeviceList {
        DeviceList::sign(&self.root, 1, vec![self.certificate()])
    }

    /// The key that requests are sealed to.
    #[must_use]
    pub fn card_key(&self) -> ExchangeKey {
        ExchangeKey(PublicKey::from(&self.card_sealing).to_bytes())
    }

    /// The key that everything else is sealed to.
    #[must_use]
    pub fn working_key(&self) -> WorkingKey {
        let key = ExchangeKey(PublicKey::from(&self.working_sealing).to_bytes());
        WorkingKey { key, counter: self.working_counter }
    }
}
