//! For the simulated world: envelopes that look sealed and are not (see `identity::pretend`).
//!
//! They have the form and the length of real ones, and nobody can tell from their bytes what is in them. One that was made
//! here opens on the topic and with the secret that it was made for, for the device that it was made for; with anything else,
//! or with a byte changed, it goes the way of every envelope, and does not open.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rand::{CryptoRng, RngExt};
use x25519_dalek::{PublicKey, StaticSecret};

use super::Topic;
use super::envelope::{OpenError, Recipient};
use crate::identity::pretend::pretends;
use crate::wire::{DeviceKey, ExchangeKey, KeyKind};

/// What ChaCha20-Poly1305 adds.
const TAG_BYTES: usize = 16;

/// An envelope that was made on this thread.
struct Made {
    kind: KeyKind,
    to: DeviceKey,
    key: ExchangeKey,
    topic: Topic,
    inner: Vec<u8>,
}

/// An envelope as it was sent, and what it was made of.
type Sent = (Vec<u8>, Made);

thread_local! {
    /// By what stands in the place of the encapsulated key; each was drawn once. Of the present story only: an envelope is
    /// known by its bytes, which begin with this.
    static MADE: RefCell<BTreeMap<[u8; 32], Sent>> = const { RefCell::new(BTreeMap::new()) };
    static PUBLIC: RefCell<BTreeMap<[u8; 32], ExchangeKey>> = const { RefCell::new(BTreeMap::new()) };
}

/// Forgets all of them.
pub fn forget_envelopes() {
    MADE.take();
    PUBLIC.take();
}

/// What stands in the place of the encapsulated key; `None` on a thread that does not pretend.
pub(super) fn encapsulate(rng: &mut impl CryptoRng) -> Option<[u8; 32]> {
    pretends().then(|| rng.random())
}

/// What stands in the place of the ciphertext of `padded`.
pub(super) fn encrypt(encapsulated: [u8; 32], to: &Recipient, topic: &Topic, padded: Vec<u8>) -> Vec<u8> {
    let mut ciphertext = vec![0; padded.len() + TAG_BYTES];
    blake3::Hasher::new().update(&encapsulated).update(&padded).finalize_xof().fill(&mut ciphertext);
    let made = Made { kind: to.kind, to: to.device, key: to.key, topic: *topic, inner: padded };
    MADE.with_borrow_mut(|all| all.insert(encapsulated, (ciphertext.clone(), made)));
    ciphertext
}

/// What is in an envelope, padded, if it was made on this thread and this one still pretends.
pub(super) fn open(
    encapsulated: &[u8; 32],
    ciphertext: &[u8],
    kind: KeyKind,
    secret: &StaticSecret,
    to: &DeviceKey,
    topic: &Topic,
) -> Option<Result<Vec<u8>, OpenError>> {
    if !pretends() {
        return None;
    }
    MADE.with_borrow(|all| {
        let (bytes, made) = all.get(encapsulated).filter(|(bytes, _)| bytes == ciphertext)?;
        debug_assert_eq!(bytes.len(), made.inner.len() + TAG_BYTES);
        let fits = made.kind == kind && made.topic == *topic && made.key == public(secret);
        // The sender's signature names the device.
        Some(match (fits, made.to == *to) {
            (true, true) => Ok(made.inner.clone()),
            (true, false) => Err(OpenError::Forged),
            (false, _) => Err(OpenError::Sealed),
        })
    })
}

/// The public half of a secret: computed once.
fn public(secret: &StaticSecret) -> ExchangeKey {
    PUBLIC.with_borrow_mut(|known| {
        let made = || ExchangeKey(PublicKey::from(secret).to_bytes());
        *known.entry(secret.to_bytes()).or_insert_with(made)
    })
}
