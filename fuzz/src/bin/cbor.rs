//! The strict codec: arbitrary bytes are refused or accepted without a panic, and what is accepted has one form.
#![cfg_attr(not(test), no_main)]

use kith::wire::{Nonce, cbor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let strict = cbor::check(bytes).is_ok();
    // A type never accepts what the walk refuses, and what it accepts is written back as the same bytes.
    if let Ok(value) = cbor::decode::<u64>(bytes, bytes.len()) {
        assert!(strict);
        assert_eq!(cbor::encode(&value), bytes);
    }
    if let Ok(value) = cbor::decode::<Nonce>(bytes, bytes.len()) {
        assert!(strict);
        assert_eq!(cbor::encode(&value), bytes);
    }
    if let Ok(value) = cbor::decode::<String>(bytes, bytes.len()) {
        assert!(strict);
        assert_eq!(cbor::encode(&value), bytes);
    }
});
