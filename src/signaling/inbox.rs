//! Inbox ids and MQTT client ids: capabilities, derived from secrets.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use hkdf::Hkdf;
use sha2::Sha256;
use uuid::Uuid;
use x25519_dalek::{PublicKey, StaticSecret};

use super::SessionKind;
use crate::wire::broker_url::BrokerUrl;
use crate::wire::{DeviceKey, ExchangeKey};

const SALT: &[u8] = b"kith/inbox";
/// For a later rotation of inboxes; independent of the protocol's version.
const EPOCH: u64 = 0;

/// Names the inbox of one device for the envelopes of one other. Who knows it can write to it; it follows from no card.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InboxId(pub Uuid);

impl fmt::Debug for InboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InboxId(…)")
    }
}

/// What two devices derive their inboxes from: the X25519 secret of both rendezvous keys, extracted.
pub struct Rendezvous(Hkdf<Sha256>);

impl Rendezvous {
    /// With the own secret and the other's key; `None` for a key of small order.
    #[must_use]
    pub fn between(own: &StaticSecret, theirs: &ExchangeKey) -> Option<Self> {
        let shared = own.diffie_hellman(&PublicKey::from(*theirs.as_bytes()));
        shared.was_contributory().then(|| Self(Hkdf::new(Some(SALT), shared.as_bytes())))
    }

    /// The inbox for envelopes from `from` to `to`; one of the two is ours, and both derive the same.
    ///
    /// HKDF-SHA256 (RFC 5869) over the shared secret, salt `kith/inbox`, info `from | to | epoch` (32, 32 and 8 bytes, big
    /// endian); 16 bytes as a UUID of version 8.
    #[must_use]
    pub fn inbox(&self, from: &DeviceKey, to: &DeviceKey) -> Option<InboxId> {
        let mut info = Vec::with_capacity(72);
        info.extend(from.as_bytes());
        info.extend(to.as_bytes());
        info.extend(EPOCH.to_be_bytes());
        let mut id = [0; 16];
        self.0.expand(&info, &mut id).ok()?;
        Some(InboxId(uuid::Builder::from_custom_bytes(id).into_uuid()))
    }
}

/// [`Rendezvous::inbox`], of one direction alone.
#[must_use]
pub fn inbox(own: &StaticSecret, theirs: &ExchangeKey, from: &DeviceKey, to: &DeviceKey) -> Option<InboxId> {
    Rendezvous::between(own, theirs)?.inbox(from, to)
}

/// The MQTT client id of one session: stable, and unguessable (who knows it can take the session over).
///
/// 13 bytes of BLAKE3, keyed with the device's secret, in base32: 21 characters, which every broker must take
/// (MQTT 3.1.1, MQTT-3.1.3-5).
#[must_use]
pub fn client_id(secret: &[u8; 32], broker: &BrokerUrl, kind: SessionKind) -> String {
    let text = format!("kith/client/{}/{}", kind.as_str(), broker.without_credentials());
    let hash = blake3::keyed_hash(secret, text.as_bytes());
    let bytes = hash.as_bytes().get(..13).unwrap_or_default();
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}
