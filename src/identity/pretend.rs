//! For the simulated world: signatures that are none, so that thousands of stories need no elliptic curves.
//!
//! While a thread pretends, what it signs is known to be signed by that key in that context, and nothing else is: whatever was
//! not signed here, to the last byte, is verified as ever, and fails. Nobody pretends who does not ask for it. Whoever asks for
//! the real thing gets it, and each signature is verified once: one that held holds again, to the last byte.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::wire::Signature;

thread_local! {
    /// What holds on this thread, which pretends or not; `None` on a thread that was never asked.
    static HOLDS: RefCell<Option<(bool, BTreeSet<[u8; 32]>)>> = const { RefCell::new(None) };
}

/// Begins to pretend on this thread, or ends it. What was signed and verified before is forgotten.
pub fn pretend(on: bool) {
    HOLDS.set(Some((on, BTreeSet::new())));
}

/// Whether this thread pretends.
#[must_use]
pub fn pretends() -> bool {
    HOLDS.with_borrow(|holds| holds.as_ref().is_some_and(|(pretends, _)| *pretends))
}

fn name(key: &[u8; 32], bound: &[u8], signature: &Signature) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key).update(signature.as_bytes()).update(bound);
    *hasher.finalize().as_bytes()
}

/// What this key says under these bytes; `None` on a thread that does not pretend.
pub(super) fn sign(key: &[u8; 32], bound: &[u8]) -> Option<Signature> {
    HOLDS.with_borrow_mut(|holds| {
        let (_, signed) = holds.as_mut().filter(|(pretends, _)| *pretends)?;
        let mut bytes = [0; 64];
        blake3::Hasher::new().update(key).update(bound).finalize_xof().fill(&mut bytes);
        let signature = Signature(bytes);
        signed.insert(name(key, bound, &signature));
        Some(signature)
    })
}

/// Whether this was signed here, or has held before.
pub(super) fn verify(key: &[u8; 32], bound: &[u8], signature: &Signature) -> bool {
    HOLDS.with_borrow(|holds| holds.as_ref().is_some_and(|(_, known)| known.contains(&name(key, bound, signature))))
}

/// This holds: it was verified.
pub(super) fn remember(key: &[u8; 32], bound: &[u8], signature: &Signature) {
    HOLDS.with_borrow_mut(|holds| {
        if let Some((_, known)) = holds {
            known.insert(name(key, bound, signature));
        }
    });
}
