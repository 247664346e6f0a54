//! For the simulated world: signatures that are none, so that thousands of stories need no elliptic curves.
//!
//! While a thread pretends, what it signs is known to be signed by that key in that context, and nothing else is: whatever was
//! not signed here, to the last byte, is verified as ever, and fails. Nobody pretends who does not ask for it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::wire::Signature;

thread_local! {
    static SIGNED: RefCell<Option<BTreeSet<[u8; 32]>>> = const { RefCell::new(None) };
}

/// Begins to pretend on this thread, or ends it. What was signed before is forgotten.
pub fn pretend(on: bool) {
    SIGNED.set(on.then(BTreeSet::new));
}

/// Whether this thread pretends.
#[must_use]
pub fn pretends() -> bool {
    SIGNED.with_borrow(Option::is_some)
}

fn name(key: &[u8; 32], bound: &[u8], signature: &Signature) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key).update(signature.as_bytes()).update(bound);
    *hasher.finalize().as_bytes()
}

/// What this key says under these bytes; `None` on a thread that does not pretend.
pub(super) fn sign(key: &[u8; 32], bound: &[u8]) -> Option<Signature> {
    SIGNED.with_borrow_mut(|signed| {
        let signed = signed.as_mut()?;
        let mut bytes = [0; 64];
        blake3::Hasher::new().update(key).update(bound).finalize_xof().fill(&mut bytes);
        let signature = Signature(bytes);
        signed.insert(name(key, bound, &signature));
        Some(signature)
    })
}

/// Whether this was signed here.
pub(super) fn verify(key: &[u8; 32], bound: &[u8], signature: &Signature) -> bool {
    SIGNED.with_borrow(|signed| signed.as_ref().is_some_and(|signed| signed.contains(&name(key, bound, signature))))
}
