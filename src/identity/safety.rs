//! Safety numbers: what two contacts compare by voice.

use crate::wire::RootKey;

/// Groups of five digits; 60 digits are about 199 bits, the length people know from other messengers.
const GROUPS: usize = 12;

/// The safety number of two people: the same on both sides, twelve groups of five digits.
///
/// Each group is five bytes of BLAKE3's output over both root keys in ascending order, as a big-endian number modulo
/// 100,000.
#[must_use]
pub fn safety_number(one: &RootKey, other: &RootKey) -> String {
    let mut keys = [one, other];
    keys.sort();
    let mut hasher = blake3::Hasher::new_derive_key("kith 2026 safety number");
    for key in keys {
        hasher.update(key.as_bytes());
    }
    let mut bytes = [0; GROUPS * 5];
    hasher.finalize_xof().fill(&mut bytes);
    let groups: Vec<String> = bytes
        .chunks(5)
        .map(|chunk| format!("{:05}", chunk.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte)) % 100_000))
        .collect();
    groups.join(" ")
}
