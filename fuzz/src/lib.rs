//! What the targets share: fixed people, and what a stranger with keys of his own could do to an input.
//!
//! Mutation never finds a signature or a hash. So a target whose parser checks one reads its first byte as a choice: 0 gives the
//! parser the rest as it is, and other values sign or wrap the rest first, so that what lies behind the check is reached too.

use kith::identity::{Context, Secrets, sign};
use kith::wire::{Signature, cbor};
use minicbor::Encode;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A generator that says the same in every run.
pub fn generator(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// The same person in every run, and in the kept inputs.
pub fn secrets(seed: u64) -> Secrets {
    Secrets::generate(&mut generator(seed))
}

/// What an accepted value is written as: the same bytes, or fewer when a newer version's fields or an explicit null were
/// left out. Two inputs of one length never mean the same.
pub fn assert_one_form(read: &[u8], written: &[u8]) {
    assert!(
        written == read || written.len() < read.len(),
        "another form was accepted: {read:02x?}, not {written:02x?}"
    );
}

#[derive(Encode)]
#[cbor(map)]
struct Signed<'b> {
    #[cbor(n(0), with = "minicbor::bytes")]
    body: &'b [u8],
    #[n(1)]
    signature: Signature,
}

/// A card with this body, signed by this person's device.
pub fn sign_card(secrets: &Secrets, body: &[u8]) -> Vec<u8> {
    cbor::encode(&Signed { body, signature: sign(&secrets.device, Context::Card, body) })
}

/// The body of a signed card.
pub fn card_body(card: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = minicbor::Decoder::new(card);
    decoder.map().ok()?;
    decoder.u8().ok()?;
    Some(decoder.bytes().ok()?.to_vec())
}

/// The text of a link whose check holds.
pub fn wrap_link(bytes: &[u8]) -> String {
    let mut check = [0; 16];
    blake3::Hasher::new_derive_key("kith 2026 link check").update(bytes).finalize_xof().fill(&mut check);
    format!("kith:{}", data_encoding::BASE64URL_NOPAD.encode(&[bytes, &check].concat()))
}
