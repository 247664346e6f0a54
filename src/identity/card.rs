//! Contact cards: everything that somebody needs to write to a person for the first time, signed.

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode};
use thiserror::Error;

use super::{Certificate, Context, DeviceList, DeviceListError, Name, NameError, UserId, sign, verify};
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{DeviceKey, ExchangeKey, PROTOCOL_VERSION, RootKey, Signature, cbor};

/// A card with eight devices and four long broker addresses fits, and a link of it is still a QR code.
pub const CARD_BYTES_MAX: usize = 2048;
/// Brokers that a card names: one's own, a second independent one, and two to spare.
pub const BROKERS_MAX: usize = 4;

#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    body: Vec<u8>,
    #[n(1)]
    signature: Signature,
}

#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
struct Body {
    #[n(0)]
    oldest: u8,
    #[n(1)]
    newest: u8,
    #[cbor(n(2), with = "minicbor::bytes")]
    devices: Vec<u8>,
    #[n(3)]
    devices_signature: Signature,
    #[n(4)]
    device: DeviceKey,
    #[n(5)]
    sealing: ExchangeKey,
    #[n(6)]
    counter: u64,
    #[n(7)]
    name: String,
    #[n(8)]
    brokers: Vec<String>,
}

/// What a card says beside the device list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFields {
    /// The key that requests are sealed to.
    pub sealing: ExchangeKey,
    /// Grows with every change of the card; the highest seen wins.
    pub counter: u64,
    /// What others see.
    pub name: Name,
    /// Where the person can be reached, at most [`BROKERS_MAX`]. Never the owner's password.
    pub brokers: Vec<BrokerUrl>,
}

/// A card whose signatures hold. Its bytes are kept as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    devices: DeviceList,
    device: Certificate,
    fields: CardFields,
    bytes: Vec<u8>,
}

/// Why a card was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CardError {
    /// Not a card.
    #[error("not a contact card: {0}")]
    Malformed(#[from] cbor::DecodeError),
    /// Its owner's Kith speaks no version that this one speaks.
    #[error("the card was made by a newer Kith (it needs protocol {0} or later)")]
    Newer(u8),
    /// The device list does not hold.
    #[error(transparent)]
    Devices(#[from] DeviceListError),
    /// The device that should have signed it has not.
    #[error("the card's signature does not hold")]
    Signature,
    /// The name cannot be shown.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Too many brokers, or one that is no broker's address.
    #[error("the card's broker addresses are wrong: {0}")]
    Brokers(String),
}

impl Card {
    /// Makes and signs a card.
    #[must_use]
    pub fn sign(device: &SigningKey, certificate: Certificate, devices: DeviceList, fields: CardFields) -> Self {
        Self::signed((PROTOCOL_VERSION, PROTOCOL_VERSION), device, certificate, devices, fields)
    }

    /// The card of somebody whose Kith speaks another range of versions, for tests.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn sign_speaking(
        versions: (u8, u8),
        device: &SigningKey,
        certificate: Certificate,
        devices: DeviceList,
        fields: CardFields,
    ) -> Self {
        Self::signed(versions, device, certificate, devices, fields)
    }

    fn signed(
        (oldest, newest): (u8, u8),
        device: &SigningKey,
        certificate: Certificate,
        devices: DeviceList,
        fields: CardFields,
    ) -> Self {
        let body = Body {
            oldest,
            newest,
            devices: devices.bytes().to_vec(),
            devices_signature: devices.signature(),
            device: certificate.device,
            sealing: fields.sealing,
            counter: fields.counter,
            name: fields.name.as_str().to_owned(),
            brokers: fields.brokers.iter().take(BROKERS_MAX).map(ToString::to_string).collect(),
        };
        let body = cbor::encode(&body);
        let signature = sign(device, Context::Card, &body);
        let bytes = cbor::encode(&Signed { body, signature });
        Self { devices, device: certificate, fields, bytes }
    }

    /// Reads a card and verifies it.
    ///
    /// # Errors
    /// When it is malformed, newer, or one of its signatures does not hold.
    pub fn verify(bytes: &[u8]) -> Result<Self, CardError> {
        Self::read(bytes, true)
    }

    /// Reads a card that was verified before it was kept here: its signatures are not looked at again.
    ///
    /// # Errors
    /// When it is malformed or newer.
    pub fn known(bytes: &[u8]) -> Result<Self, CardError> {
        Self::read(bytes, false)
    }

    fn read(bytes: &[u8], check: bool) -> Result<Self, CardError> {
        let signed: Signed = cbor::decode(bytes, CARD_BYTES_MAX)?;
        let body: Body = cbor::decode(&signed.body, CARD_BYTES_MAX)?;
        if body.oldest > PROTOCOL_VERSION {
            return Err(CardError::Newer(body.oldest));
        }
        let list = if check { DeviceList::verify } else { DeviceList::known };
        let devices = list(&body.devices, body.devices_signature)?;
        let device = devices.certificate(&body.device).cloned().ok_or(CardError::Signature)?;
        if check && !verify(device.device.as_bytes(), Context::Card, &signed.body, &signed.signature) {
            return Err(CardError::Signature);
        }
        if body.brokers.len() > BROKERS_MAX {
            return Err(CardError::Brokers(format!("at most {BROKERS_MAX} are allowed")));
        }
        let brokers = body.brokers.iter().map(|url| BrokerUrl::parse(url)).collect::<Result<Vec<_>, _>>();
        let brokers = brokers.map_err(|error| CardError::Brokers(error.to_string()))?;
        let name = Name::parse(&body.name)?;
        let fields = CardFields { sealing: body.sealing, counter: body.counter, name, brokers };
        Ok(Self { devices, device, fields, bytes: bytes.to_vec() })
    }

    /// The person.
    #[must_use]
    pub fn root(&self) -> RootKey {
        self.devices.root()
    }

    /// The person's id.
    #[must_use]
    pub fn user(&self) -> UserId {
        UserId::from(&self.root())
    }

    /// Whether this card replaces another of the same person: by the device list's counter, then by its own.
    #[must_use]
    pub fn is_newer_than(&self, other: &Self) -> bool {
        let counters = |card: &Self| (card.devices.counter(), card.fields.counter);
        counters(self) > counters(other)
    }

    /// The person's devices.
    #[must_use]
    pub fn devices(&self) -> &DeviceList {
        &self.devices
    }

    /// The device that made the card: requests are addressed to it.
    #[must_use]
    pub fn device(&self) -> &Certificate {
        &self.device
    }

    /// What else the card says.
    #[must_use]
    pub fn fields(&self) -> &CardFields {
        &self.fields
    }

    /// The card's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether every broker of the card is a loopback address: it works on this computer only.
    #[must_use]
    pub fn only_loopback(&self) -> bool {
        !self.fields.brokers.is_empty() && self.fields.brokers.iter().all(BrokerUrl::is_loopback)
    }
}
